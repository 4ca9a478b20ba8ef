//! Simple commands: their words, their variables, the files opened for them, and who carries them out.

use shuck_ast::{
    ArrayElem, Assignment, AssignmentValue, DeclClause, DeclOperand, Redirect, RedirectKind, RedirectTarget,
};
use shuck_ast::{HeredocBodyMode, HeredocBodyPart, LiteralText, SimpleCommand, Span, WordPart};

use super::Dialect;
use super::environment::danger;
use super::expand::{Purpose, Quoting};
use super::part::{Access, Command, CommandInput, Redirection};
use super::piece::{Piece, assemble};
use super::state::Value;
use super::walk::{Text, Walk};
use crate::word::{Fields, Opaque, Word};

/// A simple command that was read, before anybody carries it out.
pub(super) struct Call {
    pub(super) words: Vec<Word>,
    pub(super) environment: Vec<(String, Word)>,
    pub(super) redirections: Vec<Redirection>,
    pub(super) input: CommandInput,
    pub(super) span: Span,
}

/// Who may carry a command out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A function, a builtin, or a program.
    Anyone,
    /// A builtin or a program: after `command`.
    NoFunction,
    /// A program: after `exec`.
    Program,
}

impl Walk<'_> {
    pub(super) fn simple(&mut self, text: &Text<'_>, simple: &SimpleCommand, redirects: &[Redirect], span: Span) {
        let mut words = Vec::new();
        // `! ! command`: the parser takes only the first for what it is.
        let negation = text.slice(simple.name.span) == "!";
        if !is_absent(&simple.name) && !negation {
            self.expand(text, &simple.name, Purpose::Command, &mut words);
        }
        for word in &simple.args {
            self.expand(text, word, Purpose::Command, &mut words);
        }
        self.simple_words(text, words, &simple.assignments, redirects, span);
    }

    pub(super) fn declaration(&mut self, text: &Text<'_>, node: &DeclClause, redirects: &[Redirect], span: Span) {
        let mut words = vec![Word::known(node.variant.as_str())];
        for operand in &node.operands {
            match operand {
                DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => {
                    self.expand(text, word, Purpose::Command, &mut words);
                }
                DeclOperand::Name(reference) => {
                    self.subscript(text, reference);
                    words.push(Word::known(text.slice(reference.span)));
                }
                DeclOperand::Assignment(assignment) => {
                    let (name, value) = self.assignment(text, assignment);
                    words.push(glued(&name, &value));
                }
            }
        }
        self.simple_words(text, words, &node.assignments, redirects, span);
    }

    /// A simple command whose words were expanded.
    pub(super) fn simple_words(
        &mut self,
        text: &Text<'_>,
        words: Vec<Word>,
        assignments: &[Assignment],
        redirects: &[Redirect],
        span: Span,
    ) {
        let environment = self.assignments(text, assignments, span, words.is_empty());
        let (redirections, input) = self.redirections(text, redirects);
        let input = input.unwrap_or_else(|| self.input.clone());
        let call = Call { words, environment, redirections, input, span };
        if call.words.is_empty() {
            self.only_redirections(text, call);
            return;
        }
        self.carry_out(text, call, Who::Anyone);
    }

    /// Passes a command to whoever carries it out.
    pub(super) fn carry_out(&mut self, text: &Text<'_>, call: Call, who: Who) {
        let Some(first) = call.words.first() else {
            self.only_redirections(text, call);
            return;
        };
        let Some(name) = first.text().map(str::to_owned) else {
            // It may be any builtin, and change anything.
            self.program(text, call, false);
            self.state.lost = true;
            self.state.arguments = None;
            return;
        };
        if who == Who::Anyone
            && let Some(function) = self.state.functions.get(name.as_str()).cloned()
        {
            for (name, _) in &call.environment {
                self.assign(name, Value::Unknown);
            }
            let outer = std::mem::replace(&mut self.input, nothing_twice(call.input.clone()));
            self.call(text, call.span, &function, &call.words);
            self.input = outer;
            if function.certain {
                self.only_redirections(text, call);
                return;
            }
        }
        if who == Who::Program {
            self.program(text, call, false);
        } else {
            self.builtin(text, &name, call);
        }
    }

    /// A program, or a builtin with no effect on the shell.
    pub(super) fn program(&mut self, text: &Text<'_>, call: Call, transparent: bool) {
        let doubts = call.environment.iter().filter_map(|(name, value)| danger(name, value.text())).collect();
        let Call { words, environment, redirections, input, span } = call;
        let at = text.place.of(span);
        self.emit(Command { words, environment, redirections, input, doubts, transparent, at });
    }

    /// Files are opened, and nothing else happens.
    pub(super) fn only_redirections(&mut self, text: &Text<'_>, call: Call) {
        if call.redirections.iter().any(|redirection| !redirection.is_harmless()) {
            self.program(text, Call { words: Vec::new(), environment: Vec::new(), ..call }, true);
        }
    }

    /// A compound command with its redirections.
    pub(super) fn redirected(
        &mut self,
        text: &Text<'_>,
        redirects: &[Redirect],
        span: Span,
        walk: impl FnOnce(&mut Self),
    ) {
        let (redirections, input) = self.redirections(text, redirects);
        let input = input.map(nothing_twice).unwrap_or_else(|| self.input.clone());
        let call = Call { words: Vec::new(), environment: Vec::new(), redirections, input: input.clone(), span };
        self.only_redirections(text, call);
        let outer = std::mem::replace(&mut self.input, input);
        walk(self);
        self.input = outer;
    }

    /// Sets a variable, and remembers when that puts later commands in doubt.
    pub(super) fn assign(&mut self, name: &str, value: Value) {
        if name == "BASH_ARGV0"
            && let Some(held) = &self.state.arguments
        {
            // It is another name of `$0`.
            let rest = held.iter().skip(1).cloned();
            self.state.arguments =
                Some(std::iter::once(super::parameter::zero()).chain(rest).collect::<Vec<_>>().into());
        }
        let known = match &value {
            Value::Known(text) => Some(&**text),
            Value::Integer | Value::Unknown => None,
        };
        if let Some(why) = danger(name, known) {
            self.state.doubt(why);
        }
        if name == "BASH_ARGV0" {
            self.state.arguments = None;
        }
        self.state.assign(name, value);
    }

    /// Assignments one after the other: each sees those before it. Before a command they do not last.
    fn assignments(
        &mut self,
        text: &Text<'_>,
        assignments: &[Assignment],
        span: Span,
        last: bool,
    ) -> Vec<(String, Word)> {
        let mut all = Vec::new();
        let mut before = Vec::new();
        for assignment in assignments {
            let (name, value) = self.assignment(text, assignment);
            self.calculated_value(text, span, &name, value.text());
            if last {
                let value = value.text().map_or(Value::Unknown, |text| Value::Known(text.into()));
                self.assign(&name, value);
            } else if assignments.len() > 1 {
                before.push((name.clone(), self.state.variable(&name)));
                self.state.assign(&name, Value::Unknown);
            }
            all.push((name, value));
        }
        for (name, value) in before.into_iter().rev() {
            self.state.restore(&name, value);
        }
        all
    }

    fn assignment(&mut self, text: &Text<'_>, assignment: &Assignment) -> (String, Word) {
        let name = assignment.target.name.as_str().to_owned();
        let unknown = |why: &str| {
            let written = text.slice(assignment.span).to_owned();
            Word::Opaque(Opaque { written, prefix: String::new(), fields: Fields::One, why: why.to_owned() })
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => self.value(text, word),
            AssignmentValue::Compound(array) => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, assignment.span, "an array");
                }
                for element in &array.elements {
                    if let ArrayElem::Keyed { key, .. } | ArrayElem::KeyedAppend { key, .. } = element {
                        match (&key.word_ast, &key.arithmetic_ast) {
                            (_, Some(node)) => self.arithmetic(text, Some(node), assignment.span),
                            (Some(word), None) => self.scan(text, word),
                            (None, None) => self.opaque(text, assignment.span, "a subscript that was not understood"),
                        }
                    }
                    self.expand(text, &element.value().word, Purpose::Command, &mut Vec::new());
                }
                unknown("an array")
            }
        };
        self.subscript(text, &assignment.target);
        if assignment.target.subscript.is_some() {
            return (name, unknown("an array"));
        }
        if assignment.append {
            if self.dialect == Dialect::Sh {
                self.foreign(text, assignment.span, "`+=`");
                return (name, unknown("an addition"));
            }
            let joined = match (self.state.variable(&name), value.text()) {
                (Some(Value::Known(before)), Some(after)) => Word::known(format!("{before}{after}")),
                _ => unknown("an addition to a value that is not known"),
            };
            return (name, joined);
        }
        (name, value)
    }

    /// The files that are opened, and what is read where that changes.
    fn redirections(&mut self, text: &Text<'_>, redirects: &[Redirect]) -> (Vec<Redirection>, Option<CommandInput>) {
        let mut opened = Vec::new();
        let mut input = None;
        for redirect in redirects {
            if let Some(variable) = &redirect.fd_var {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, redirect.span, "`{variable}>`");
                }
                self.assign(variable.as_str(), Value::Integer);
            }
            let standard = redirect.fd_var.is_none() && redirect.fd.unwrap_or(0) == 0;
            match (&redirect.kind, &redirect.target) {
                (_, RedirectTarget::Heredoc(heredoc)) => {
                    let body = self.heredoc(text, heredoc);
                    if standard {
                        input = Some(CommandInput::Text(body));
                    }
                }
                (RedirectKind::HereString, RedirectTarget::Word(word)) => {
                    if self.dialect == Dialect::Sh {
                        self.foreign(text, redirect.span, "`<<<`");
                    }
                    let value = self.value(text, word);
                    if standard {
                        input = Some(CommandInput::Text(value));
                    }
                }
                (kind, RedirectTarget::Word(word)) => {
                    let reads = matches!(kind, RedirectKind::Input | RedirectKind::ReadWrite | RedirectKind::DupInput);
                    if reads && standard {
                        input = Some(CommandInput::Unknown);
                    }
                    if *kind == RedirectKind::OutputBoth && self.dialect == Dialect::Sh {
                        self.foreign(text, redirect.span, "`&>`");
                    }
                    opened.extend(self.opened(text, *kind, word, redirect.span));
                }
            }
        }
        (opened, input)
    }

    fn opened(
        &mut self,
        text: &Text<'_>,
        kind: RedirectKind,
        word: &shuck_ast::Word,
        span: Span,
    ) -> Option<Redirection> {
        let mut words = Vec::new();
        // A descriptor's number has no place of its own in the tree.
        match word.parts.as_slice() {
            [part] => match &part.kind {
                WordPart::Literal(LiteralText::Owned(number)) if text.slice(part.span).is_empty() => {
                    words.push(Word::known(&**number));
                }
                _ => self.expand(text, word, Purpose::Command, &mut words),
            },
            _ => self.expand(text, word, Purpose::Command, &mut words),
        }
        let target = match <[Word; 1]>::try_from(words) {
            Ok([target]) => target,
            Err(_) => {
                let written = text.slice(span).to_owned();
                let why = "not one file name".into();
                Word::Opaque(Opaque { written, prefix: String::new(), fields: Fields::One, why })
            }
        };
        let network = ["/dev/tcp/", "/dev/udp/"].iter().any(|device| target.prefix().starts_with(device));
        let access = match kind {
            _ if network => Access::Network,
            RedirectKind::DupOutput | RedirectKind::DupInput => {
                let descriptor = |name: &str| {
                    let digits = name.strip_suffix('-').unwrap_or(name);
                    digits.bytes().all(|byte| byte.is_ascii_digit())
                };
                let number = match &target {
                    Word::Known(name) => descriptor(name),
                    Word::Opaque(_) => kind == RedirectKind::DupInput,
                };
                if number {
                    return None;
                }
                if kind == RedirectKind::DupInput { Access::Read } else { Access::Write }
            }
            RedirectKind::Input => Access::Read,
            _ => Access::Write,
        };
        Some(Redirection { access, target })
    }

    /// The text of a here-document, where it is known.
    fn heredoc(&mut self, text: &Text<'_>, heredoc: &shuck_ast::Heredoc) -> Word {
        let body = &heredoc.body;
        let raw = text.slice(body.span);
        let strip = |raw: &str| match heredoc.delimiter.strip_tabs {
            true => raw.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect(),
            false => raw.to_owned(),
        };
        if body.mode == HeredocBodyMode::Literal {
            return Word::known(strip(raw));
        }
        let mut pieces = vec![Piece::quoted("")];
        for (part, span) in body.parts_with_spans() {
            match part {
                HeredocBodyPart::Literal(_) => {
                    let raw = text.slice(span);
                    if !super::escape::unescape_double(&strip(raw), &['$', '`', '\\'], &mut pieces) {
                        self.opaque(text, span, "a here-document that was not understood");
                        pieces.push(Piece::gap("a text that was not understood", Fields::One));
                    }
                }
                HeredocBodyPart::Variable(name) => {
                    self.variable(text, name.as_str(), span, Quoting::Double, &mut pieces)
                }
                HeredocBodyPart::CommandSubstitution { body, syntax } => {
                    self.substitution(text, body, *syntax, span, Quoting::Double);
                    pieces.push(Piece::gap("the output of a command", Fields::One));
                }
                HeredocBodyPart::ArithmeticExpansion { expression_ast, .. } => {
                    self.arithmetic(text, expression_ast.as_deref(), span);
                    pieces.push(Piece::gap("the result of a calculation", Fields::One));
                }
                HeredocBodyPart::Parameter(expansion) => {
                    let part = WordPart::Parameter(expansion.clone());
                    self.parameter(text, &part, span, Quoting::Double, &mut pieces);
                }
            }
        }
        let mut words = Vec::new();
        assemble(&pieces, raw, false, &mut words);
        words.pop().unwrap_or_else(|| Word::known(""))
    }
}

/// A text that several commands may read from: none of them is sure to read it all.
fn nothing_twice(input: CommandInput) -> CommandInput {
    match input {
        CommandInput::Text(_) => CommandInput::Unknown,
        other => other,
    }
}

fn is_absent(name: &shuck_ast::Word) -> bool {
    match name.parts.as_slice() {
        [part] => {
            matches!(&part.kind, WordPart::Literal(LiteralText::Owned(text)) if text.is_empty())
                && name.span.start.offset() == name.span.end.offset()
        }
        _ => false,
    }
}

/// `name=value` as one word.
fn glued(name: &str, value: &Word) -> Word {
    match value {
        Word::Known(text) => Word::known(format!("{name}={text}")),
        Word::Opaque(opaque) => Word::Opaque(Opaque {
            written: if opaque.written.starts_with(name) {
                opaque.written.clone()
            } else {
                format!("{name}={}", opaque.written)
            },
            prefix: format!("{name}={}", opaque.prefix),
            fields: Fields::One,
            why: opaque.why.clone(),
        }),
    }
}
