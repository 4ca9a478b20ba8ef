//! Words of the syntax tree become words of a command, as far as their value can be known.
//!
//! The text of each piece is taken from the script itself and checked: a literal in which something special is left
//! unquoted was not understood, and is opaque.

use shuck_ast::{CommandSubstitutionSyntax, LiteralText, Span, StmtSeq, WordPart, WordPartNode};

use super::escape::{ansi_c, unescape, unescape_backquotes, unescape_double};
use super::piece::{Kind, Piece, assemble, split_value};
use super::state::Value;
use super::walk::{Text, Walk};
use super::{Dialect, brace};
use crate::word::{Fields, Opaque, Word};

/// Where pieces stand, which decides what is special in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// In a word of the script.
    None,
    /// Between double quotes, or in a here-document.
    Double,
    /// In the operand of an expansion, where blanks and operators are ordinary.
    Operand,
}

/// What a word is for, which decides what is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A word of a command: everything.
    Command,
    /// A value: no braces, no splitting, no file names.
    Value,
}

impl Walk<'_> {
    /// Adds the words that a word becomes.
    pub(super) fn expand(&mut self, text: &Text<'_>, word: &shuck_ast::Word, purpose: Purpose, words: &mut Vec<Word>) {
        self.spend(1);
        if let [WordPartNode { kind: WordPart::Literal(literal), span }] = word.parts.as_slice() {
            let raw = text.slice(*span);
            if raw.bytes().all(is_plain) && is_faithful(literal, raw) && !raw.is_empty() {
                words.push(Word::known(raw));
                return;
            }
        }
        let mut pieces = Vec::new();
        let continued = text.slice(word.span).contains("\\\n");
        if !continued && !tiles(&word.parts, word.span.start.offset(), word.span.end.offset()) {
            self.opaque(text, word.span, "this word was not understood");
            pieces.push(Piece::gap("a text that was not understood", Fields::Many));
        }
        self.pieces(text, &word.parts, Quoting::None, &mut pieces);
        let written = text.slice(word.span);
        let braces = |piece: &Piece| matches!(piece, Piece::Text { text, kind: Kind::Plain } if text.contains('{'));
        if purpose == Purpose::Value {
            self.tilde(&mut pieces, true);
            assemble(&pieces, written, false, words);
        } else if pieces.iter().any(braces) {
            let expanded = if self.state.braces_unsure { None } else { brace::expand(pieces) };
            // Some shells leave braces as they are.
            match expanded.filter(|all| self.dialect != Dialect::Sh || all.len() == 1) {
                Some(all) => {
                    for mut pieces in all {
                        self.tilde(&mut pieces, false);
                        assemble(&pieces, written, true, words);
                    }
                }
                None => words.push(Word::Opaque(Opaque {
                    written: written.to_owned(),
                    prefix: String::new(),
                    fields: Fields::Many,
                    why: "braces whose expansion is not known".into(),
                })),
            }
        } else {
            self.tilde(&mut pieces, false);
            assemble(&pieces, written, true, words);
        }
    }

    /// The one word of a value: of an assignment, of a here-string.
    pub(super) fn value(&mut self, text: &Text<'_>, word: &shuck_ast::Word) -> Word {
        let mut words = Vec::new();
        self.expand(text, word, Purpose::Value, &mut words);
        if words.len() > 1 {
            let written = text.slice(word.span).to_owned();
            let why = "several words in one value".into();
            return Word::Opaque(Opaque { written, prefix: String::new(), fields: Fields::One, why });
        }
        words.pop().unwrap_or_else(|| Word::known(""))
    }

    /// Finds what a word would execute by being expanded; its value does not matter.
    pub(super) fn scan(&mut self, text: &Text<'_>, word: &shuck_ast::Word) {
        self.pieces(text, &word.parts, Quoting::Operand, &mut Vec::new());
    }

    /// Replaces a leading `~`, in values also one after `:`.
    fn tilde(&mut self, pieces: &mut Vec<Piece>, value: bool) {
        let mut at = 0;
        let mut start = true;
        while let Some(piece) = pieces.get(at) {
            if let Piece::Text { text, kind: Kind::Plain } = piece {
                // In a word of a command bash expands it also where the word looks like an assignment.
                let place = if start && text.starts_with('~') {
                    Some(0)
                } else {
                    text.match_indices('~').map(|(place, _)| place).find(|place| {
                        let before = text.get(..*place).unwrap_or("");
                        before.ends_with(':') || (before.ends_with('=') && !value)
                    })
                };
                if let Some(place) = place {
                    let (before, rest) = text.split_at(place);
                    let (before, rest) = (before.to_owned(), rest.get(1..).unwrap_or("").to_owned());
                    let alone = rest.is_empty() && pieces.get(at + 1).is_none();
                    let mut with = Vec::new();
                    if !before.is_empty() {
                        with.push(Piece::Text { text: before, kind: Kind::Plain });
                    }
                    match self.home() {
                        Some(home) if place == 0 && start && (alone || rest.starts_with('/')) => {
                            with.push(Piece::quoted(home))
                        }
                        _ => with.push(Piece::gap("a home directory", Fields::One)),
                    }
                    with.push(Piece::Text { text: rest, kind: Kind::Plain });
                    let skip = with.len();
                    pieces.splice(at..=at, with);
                    at += skip;
                    start = false;
                    continue;
                }
            }
            start = matches!(piece, Piece::Break);
            at += 1;
        }
    }

    fn home(&self) -> Option<String> {
        match self.state.variable("HOME") {
            None => self.settings.home.map(str::to_owned),
            Some(Value::Known(home)) => Some(home.to_string()),
            Some(_) => None,
        }
    }

    /// The pieces of parts of a word, in order.
    pub(super) fn pieces(
        &mut self,
        text: &Text<'_>,
        parts: &[WordPartNode],
        quoting: Quoting,
        pieces: &mut Vec<Piece>,
    ) {
        if !self.deeper(text, parts.first().map(|part| part.span)) {
            pieces.push(Piece::gap("nested too deeply", Fields::Many));
            return;
        }
        for part in parts {
            self.piece(text, part, quoting, pieces);
        }
        self.shallower();
    }

    fn piece(&mut self, text: &Text<'_>, part: &WordPartNode, quoting: Quoting, pieces: &mut Vec<Piece>) {
        let span = part.span;
        match &part.kind {
            WordPart::Literal(literal) => self.literal(text, literal, span, quoting, pieces),
            WordPart::SingleQuoted { dollar, .. } => {
                // Inside `"${x:-…}"` these quotes are ordinary letters, and what they hold is expanded.
                if quoting == Quoting::Operand && text.slice(span).contains(['$', '`']) && !dollar {
                    self.opaque(text, span, "quotes inside an expansion may quote nothing");
                }
                self.single_quoted(text, *dollar, span, pieces);
            }
            WordPart::DoubleQuoted { parts, dollar } => {
                if *dollar && self.dialect != Dialect::Bash {
                    self.foreign(text, span, "`$\"…\"`");
                    pieces.push(Piece::gap("a translated text", Fields::One));
                }
                let before = pieces.len();
                let quotes = if *dollar { 2 } else { 1 };
                if !tiles(parts, span.start.offset() + quotes, span.end.offset().saturating_sub(1)) {
                    self.opaque(text, span, "these quotes were not understood");
                    pieces.push(Piece::gap("a text that was not understood", one_if(true)));
                }
                self.pieces(text, parts, Quoting::Double, pieces);
                // An empty `"$@"` is no word; any other quotes are.
                if !parts.iter().any(|part| is_all_arguments(&part.kind)) {
                    pieces.insert(before, Piece::quoted(""));
                }
            }
            WordPart::Variable(name) => self.variable(text, name.as_str(), span, quoting, pieces),
            WordPart::CommandSubstitution { body, syntax } => {
                self.substitution(text, body, *syntax, span, quoting);
                pieces.push(Piece::gap("the output of a command", one_if(quoting == Quoting::Double)));
            }
            WordPart::ArithmeticExpansion { expression_ast, syntax, .. } => {
                if matches!(syntax, shuck_ast::ArithmeticExpansionSyntax::LegacyBracket)
                    && self.dialect != Dialect::Bash
                {
                    self.foreign(text, span, "`$[…]`");
                }
                self.arithmetic(text, expression_ast.as_deref(), span);
                let fields = one_if(quoting == Quoting::Double || self.splits_as_usual());
                pieces.push(Piece::Gap { why: "the result of a calculation".into(), fields, number: true });
            }
            WordPart::ProcessSubstitution { body, .. } => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, span, "process substitution");
                }
                if !says_all(text, body, span) {
                    self.opaque(text, span, "this substitution was not understood");
                }
                self.in_subshell(|walk| {
                    walk.reads_unknown();
                    walk.sequence(text, body);
                });
                pieces.push(Piece::quoted("/dev/fd/"));
                pieces.push(Piece::gap("a pipe to a command", Fields::One));
            }
            WordPart::ZshQualifiedGlob(_) => {
                self.opaque(text, span, "a file name pattern with qualifiers can execute code");
                pieces.push(Piece::gap("a pattern of file names", Fields::Many));
            }
            other => self.parameter(text, other, span, quoting, pieces),
        }
    }

    fn literal(
        &mut self,
        text: &Text<'_>,
        literal: &LiteralText,
        span: Span,
        quoting: Quoting,
        pieces: &mut Vec<Piece>,
    ) {
        let raw = text.slice(span);
        let understood = is_faithful(literal, raw)
            && match quoting {
                Quoting::Double => unescape_double(raw, &['$', '`', '"', '\\'], pieces),
                Quoting::None => unescape(raw, false, pieces),
                Quoting::Operand => unescape(raw, true, pieces),
            };
        if !understood {
            self.opaque(text, span, "this text was not understood");
            pieces.push(Piece::gap("a text that was not understood", Fields::Many));
        }
    }

    fn single_quoted(&mut self, text: &Text<'_>, dollar: bool, span: Span, pieces: &mut Vec<Piece>) {
        let raw = text.slice(span);
        let inner = if dollar { raw.strip_prefix("$'") } else { raw.strip_prefix('\'') };
        let Some(inner) = inner.and_then(|inner| inner.strip_suffix('\'')) else {
            self.opaque(text, span, "these quotes were not understood");
            pieces.push(Piece::gap("a text that was not understood", Fields::Many));
            return;
        };
        if !dollar {
            pieces.push(Piece::quoted(inner));
        } else if self.dialect == Dialect::Sh {
            pieces.push(Piece::gap("`$'…'` is no quoting of every shell", Fields::One));
        } else {
            match ansi_c(inner) {
                Some(decoded) => pieces.push(Piece::quoted(decoded)),
                None => pieces.push(Piece::gap("an escape that is not text", Fields::One)),
            }
        }
    }

    /// What a substituted command executes.
    pub(super) fn substitution(
        &mut self,
        text: &Text<'_>,
        body: &StmtSeq,
        syntax: CommandSubstitutionSyntax,
        span: Span,
        quoting: Quoting,
    ) {
        let raw = text.slice(span);
        match syntax {
            CommandSubstitutionSyntax::DollarParen
                if raw.starts_with("$(") && raw.ends_with(')') && says_all(text, body, span) =>
            {
                self.in_subshell(|walk| walk.sequence(text, body));
            }
            // Backquotes take one layer of backslashes away before their text is read; so it is read here, afresh.
            CommandSubstitutionSyntax::Backtick if raw.len() > 1 && raw.starts_with('`') && raw.ends_with('`') => {
                let inner = raw.get(1..raw.len() - 1).unwrap_or("");
                let script = unescape_backquotes(inner, quoting == Quoting::Double);
                self.in_subshell(|walk| walk.nested(text, span, &script));
            }
            _ => self.opaque(text, span, "this substitution was not understood"),
        }
    }

    /// Whether unquoted values are split at blanks.
    pub(super) fn splits_as_usual(&self) -> bool {
        self.dialect != Dialect::Zsh && self.state.variable("IFS").is_none()
    }

    /// The pieces of a variable or parameter without operator.
    pub(super) fn variable(
        &mut self,
        text: &Text<'_>,
        name: &str,
        span: Span,
        quoting: Quoting,
        pieces: &mut Vec<Piece>,
    ) {
        let quoted = quoting == Quoting::Double;
        let gap = |name: &str| Piece::gap(format!("the value of `${name}`"), one_if(quoted && name != "@"));
        let number = |fields| Piece::Gap { why: format!("the value of `${name}`"), fields, number: true };
        let number_fields = one_if(quoted || self.splits_as_usual());
        if self.dialect == Dialect::Zsh {
            pieces.push(gap(name));
            return;
        }
        match name {
            "@" | "*" => {
                let Some(arguments) = self.state.arguments.clone() else {
                    pieces.push(gap(name));
                    return;
                };
                let usual = self.splits_as_usual();
                for (at, word) in arguments.iter().skip(1).enumerate() {
                    match (at, name, quoted) {
                        (0, ..) => {}
                        (_, "*", true) if usual => pieces.push(Piece::quoted(" ")),
                        (_, "*", true) => pieces.push(Piece::gap("the first letter of `$IFS`", Fields::One)),
                        _ => pieces.push(Piece::Break),
                    }
                    self.argument(word, quoted, pieces);
                }
            }
            "#" | "?" | "$" | "!" => pieces.push(number(number_fields)),
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                let arguments = self.state.arguments.clone();
                let Some(arguments) = arguments else {
                    pieces.push(gap(name));
                    return;
                };
                let word = name.parse().ok().and_then(|at: usize| arguments.get(at));
                match word {
                    Some(word) => self.argument(word, quoted, pieces),
                    // A shell has a name also where nobody gave it one.
                    None if name == "0" => pieces.push(gap(name)),
                    None if quoted => pieces.push(Piece::quoted("")),
                    None => {}
                }
            }
            _ => match self.state.variable(name) {
                Some(Value::Known(value)) => self.known_value(&value, quoted, pieces),
                Some(Value::Integer) => pieces.push(number(number_fields)),
                Some(Value::Unknown) | None => pieces.push(gap(name)),
            },
        }
        let _ = (text, span);
    }

    fn argument(&self, word: &Word, quoted: bool, pieces: &mut Vec<Piece>) {
        match word {
            Word::Known(value) => self.known_value(value, quoted, pieces),
            Word::Opaque(opaque) => {
                if quoted && !opaque.prefix.is_empty() {
                    pieces.push(Piece::quoted(opaque.prefix.clone()));
                }
                let fields = if opaque.fields == Fields::One { one_if(quoted) } else { Fields::Many };
                pieces.push(Piece::gap(opaque.why.clone(), fields));
            }
        }
    }

    fn known_value(&self, value: &str, quoted: bool, pieces: &mut Vec<Piece>) {
        if quoted {
            pieces.push(Piece::quoted(value));
        } else if self.splits_as_usual() {
            split_value(value, pieces);
        } else if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && self.state.variable("IFS").is_none()
        {
            pieces.push(Piece::Text { text: value.to_owned(), kind: Kind::Value });
        } else {
            pieces.push(Piece::gap("a value that is split at `$IFS`", Fields::Many));
        }
    }
}

/// Whether the statements of a substitution are all that stands between its parentheses. What the parser cannot read there
/// it drops without a word.
fn says_all(text: &Text<'_>, body: &StmtSeq, span: Span) -> bool {
    let blank = |start: usize, end: usize| {
        let between = text.source.get(start..end).unwrap_or("");
        between
            .lines()
            .map(|line| line.trim_matches([' ', '\t', ';', '&']))
            .all(|line| line.is_empty() || line.starts_with('#'))
    };
    let (start, end) = (span.start.offset() + 2, span.end.offset().saturating_sub(1));
    // The text of a here-document stands behind its command.
    if text.slice(span).contains("<<") {
        return !body.is_empty();
    }
    let mut at = start;
    for statement in body.iter() {
        if !blank(at, statement.span.start.offset()) {
            return false;
        }
        at = at.max(statement.span.end.offset());
    }
    blank(at, end)
}

/// Whether parts are all there is between two places: none of the text fell between them.
fn tiles(parts: &[WordPartNode], start: usize, end: usize) -> bool {
    let last = parts.iter().try_fold(start, |at, part| {
        (part.span.start.offset() == at && part.span.end.offset() >= at).then_some(part.span.end.offset())
    });
    last == Some(end)
}

/// One word, or any number of them.
pub(super) const fn one_if(one: bool) -> Fields {
    if one { Fields::One } else { Fields::Many }
}

fn is_all_arguments(part: &WordPart) -> bool {
    match part {
        WordPart::Variable(name) => name.as_str() == "@",
        WordPart::Literal(_) | WordPart::CommandSubstitution { .. } | WordPart::ArithmeticExpansion { .. } => false,
        // `"${array[@]}"`, `"${@:2}"`: opaque, and possibly no word at all.
        _ => true,
    }
}

/// A byte that means itself wherever it stands in a word.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'/' | b',' | b'+' | b'@' | b'%' | b':')
        || byte >= 0x80
}

/// Whether the text the parser holds for a literal is the text of the script; where it made another, it is read afresh.
fn is_faithful(literal: &LiteralText, raw: &str) -> bool {
    match literal {
        LiteralText::Source | LiteralText::CookedSource(_) => true,
        LiteralText::Owned(text) => &**text == raw,
    }
}
