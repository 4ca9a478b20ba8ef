//! The reader of SBPL: text becomes forms with their places, and nothing is evaluated.
//!
//! The language is a small Scheme. Limits keep hostile input harmless: the reader keeps its own stack, and a text, an atom
//! or a nesting beyond them is refused with its place.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// The largest profile, in bytes.
pub const LARGEST: usize = 4 << 20;
/// The largest atom, in bytes.
pub const LONGEST_ATOM: usize = 64 << 10;
/// How deep lists may be nested.
pub const DEEPEST: usize = 256;

/// A form and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// What a form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `( … )`
    List(Vec<Form>),
    /// A name.
    Symbol(String),
    /// `"…"` or `#"…"`.
    Text {
        /// What it says.
        text: String,
        /// Whether a backslash was dropped before a character that is no escape.
        dropped: bool,
    },
    /// A number.
    Number(i64),
    /// `#t` or `#f`.
    Truth(bool),
    /// `#\a`
    Letter(char),
    /// `'x`
    Quoted(Box<Form>),
}

impl Form {
    /// The name, where the form is one.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        match &self.kind {
            Kind::Symbol(name) => Some(name),
            _ => None,
        }
    }

    /// The elements, where the form is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Form]> {
        match &self.kind {
            Kind::List(forms) => Some(forms),
            _ => None,
        }
    }
}

/// Reads every form of a text.
///
/// # Errors
/// What is not SBPL, or beyond the limits, with its place.
pub fn read(text: &str, source: SourceId) -> Result<Vec<Form>, Diagnostic> {
    let mut reader = Reader { text, at: 0, source };
    if text.len() > LARGEST {
        let message = format!("the profile is larger than {} MiB", LARGEST >> 20);
        return Err(Diagnostic::error("seatbelt-limit", message).at(reader.span(0, 0), ""));
    }
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    reader.forms()
}

/// What stands in the source of profiles that are built for several systems.
const DIRECTIVES: &[&str] = &["#if", "#ifdef", "#ifndef", "#else", "#elif", "#endif", "#define", "#undef"];

/// Characters that have a name.
const LETTERS: &[(&str, char)] =
    &[("space", ' '), ("newline", '\n'), ("tab", '\t'), ("return", '\r'), ("nul", '\0'), ("null", '\0')];

/// A list that is still open, or a quote of some kind that waits for its form.
struct Open {
    start: usize,
    forms: Vec<Form>,
    quote: Option<&'static str>,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    source: SourceId,
}

impl Reader<'_> {
    fn forms(&mut self) -> Result<Vec<Form>, Diagnostic> {
        let mut top = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        while let Some(letter) = self.skip_blanks() {
            let start = self.at;
            let form = match letter {
                '(' | '\'' | '`' | ',' => {
                    if open.len() >= DEEPEST {
                        let message = format!("lists are nested deeper than {DEEPEST}");
                        return Err(Diagnostic::error("seatbelt-limit", message).at(self.span(start, start + 1), ""));
                    }
                    self.at += 1;
                    let spliced = letter == ',' && self.text.get(self.at..).is_some_and(|rest| rest.starts_with('@'));
                    self.at += usize::from(spliced);
                    let quote = match letter {
                        '\'' => Some("quote"),
                        '`' => Some("quasiquote"),
                        ',' if spliced => Some("unquote-splicing"),
                        ',' => Some("unquote"),
                        _ => None,
                    };
                    open.push(Open { start, forms: Vec::new(), quote });
                    continue;
                }
                ')' => {
                    self.at += 1;
                    match open.pop() {
                        Some(list) if list.quote.is_none() => {
                            Form { kind: Kind::List(list.forms), span: self.span(list.start, self.at) }
                        }
                        _ => {
                            let found = Diagnostic::error("seatbelt-syntax", "`)` closes nothing");
                            return Err(found.at(self.span(start, self.at), "").help("remove it, or open its list"));
                        }
                    }
                }
                _ => self.atom(start, letter, open.is_empty() && top.is_empty())?,
            };
            self.place(form, &mut open, &mut top)?;
        }
        match open.last() {
            None => Ok(top),
            Some(list) => {
                let message =
                    if list.quote.is_some() { "`'` quotes nothing" } else { "the list that begins here is not closed" };
                let found = Diagnostic::error("seatbelt-syntax", message);
                Err(found.at(self.span(list.start, list.start + 1), "").help("close it with `)`"))
            }
        }
    }

    /// Puts a finished form where it belongs.
    fn place(&self, form: Form, open: &mut Vec<Open>, top: &mut Vec<Form>) -> Result<(), Diagnostic> {
        let mut form = form;
        while let Some(name) = open.last().and_then(|list| list.quote) {
            let start = open.pop().map_or(0, |quote| quote.start);
            let span = self.span(start, self.at);
            form = if name == "quote" {
                Form { kind: Kind::Quoted(Box::new(form)), span }
            } else {
                let word = Form { kind: Kind::Symbol(name.to_owned()), span };
                Form { kind: Kind::List(vec![word, form]), span }
            };
        }
        match open.last_mut() {
            Some(list) => list.forms.push(form),
            None if matches!(form.kind, Kind::List(_)) => top.push(form),
            None => return Err(self.no_profile(form.span)),
        }
        Ok(())
    }

    fn no_profile(&self, span: Span) -> Diagnostic {
        let word: String =
            self.text.get(span.start as usize..span.end as usize).unwrap_or("").chars().take(40).collect();
        Diagnostic::error("seatbelt-no-profile", format!("not a sandbox profile: `{word}` stands outside of any list"))
            .at(span, "a profile is a sequence of lists such as `(version 1)`")
            .help("if the profile is inside of a program, cut it out into a file of its own")
    }

    /// Moves to the next letter that is neither blank nor comment.
    fn skip_blanks(&mut self) -> Option<char> {
        loop {
            let rest = self.text.get(self.at..)?;
            let letter = rest.chars().next()?;
            if letter.is_whitespace() {
                self.at += letter.len_utf8();
            } else if letter == ';' || rest.starts_with("#!") {
                // `#!` as well: a profile may name the program that applies it.
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return Some(letter);
            }
        }
    }

    fn atom(&mut self, start: usize, letter: char, first: bool) -> Result<Form, Diagnostic> {
        let rest = self.text.get(start..).unwrap_or("");
        if letter == '"' {
            return self.cooked(start);
        }
        if rest.starts_with("#\"") {
            return self.raw(start);
        }
        if rest.starts_with("#|") {
            let found = Diagnostic::error("seatbelt-syntax", "`#|` comments are not read the same everywhere");
            return Err(found.at(self.span(start, start + 2), "").help("begin each line of the comment with `;`"));
        }
        if rest.starts_with("#;") {
            let found = Diagnostic::error("seatbelt-syntax", "`#;` is nothing that SBPL has");
            return Err(found.at(self.span(start, start + 2), "").help("begin each line of the comment with `;`"));
        }
        if rest.starts_with("#(") {
            let found = Diagnostic::error("seatbelt-unsupported", "vectors are not simulated");
            return Err(found.at(self.span(start, start + 2), "").help("write it as a list: `'(…)`"));
        }
        if rest.starts_with("#\\") {
            return self.letter(start);
        }
        let length = rest
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '"' | ';' | '\'' | '`' | ','))
            .unwrap_or(rest.len())
            .max(letter.len_utf8());
        self.bounded(start, start + length)?;
        self.at = start + length;
        let span = self.span(start, self.at);
        let word = rest.get(..length).unwrap_or("");
        let kind = match word {
            "#t" => Kind::Truth(true),
            "#f" => Kind::Truth(false),
            _ if word.starts_with('#') => match number(word) {
                Some(value) => Kind::Number(value),
                None if DIRECTIVES.contains(&word) => {
                    let found =
                        Diagnostic::error("seatbelt-syntax", format!("`{word}` is a line of the C preprocessor"));
                    return Err(found
                        .at(span, "")
                        .help("run the file through the preprocessor first: `cc -E -P -x c FILE`"));
                }
                None if first => return Err(self.no_profile(span)),
                None => {
                    let found = Diagnostic::error("seatbelt-syntax", format!("`{word}` is nothing that SBPL has"));
                    return Err(found.at(span, "").help("after `#` comes `t`, `f`, `o…`, `x…`, `b…` or a raw string"));
                }
            },
            _ => match number(word) {
                Some(value) => Kind::Number(value),
                None => Kind::Symbol(word.to_owned()),
            },
        };
        Ok(Form { kind, span })
    }

    /// `#\a`, `#\space`, `#\x41`.
    fn letter(&mut self, start: usize) -> Result<Form, Diagnostic> {
        let rest = self.text.get(start + 2..).unwrap_or("");
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let more = rest.get(first..).unwrap_or("");
        let name = first
            + match more.find(|letter: char| !letter.is_alphanumeric()) {
                Some(end) if rest.starts_with(char::is_alphanumeric) => end,
                None if rest.starts_with(char::is_alphanumeric) => more.len(),
                _ => 0,
            };
        self.bounded(start, start + 2 + name)?;
        self.at = start + 2 + name;
        let span = self.span(start, self.at);
        let word = rest.get(..name).unwrap_or("");
        let mut letters = word.chars();
        let only = letters.next().filter(|_| letters.next().is_none());
        let named = || LETTERS.iter().find(|(known, _)| *known == word).map(|(_, letter)| *letter);
        let coded = || u8::from_str_radix(word.strip_prefix('x')?, 16).ok().filter(u8::is_ascii).map(char::from);
        match only.or_else(named).or_else(coded) {
            Some(letter) => Ok(Form { kind: Kind::Letter(letter), span }),
            None => {
                let message = format!("`#\\{word}` is no character");
                Err(Diagnostic::error("seatbelt-syntax", message).at(span, "").help("write it as `#\\a` or `#\\space`"))
            }
        }
    }

    /// `"…"`: a backslash escapes; before a letter that is no escape it is dropped.
    fn cooked(&mut self, start: usize) -> Result<Form, Diagnostic> {
        let (mut text, mut dropped) = (String::new(), false);
        let mut letters = self.text.get(start + 1..).unwrap_or("").char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = start + 1 + at + 1;
                    self.bounded(start, self.at)?;
                    return Ok(Form { kind: Kind::Text { text, dropped }, span: self.span(start, self.at) });
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other)) => {
                        dropped |= !matches!(other, '"' | '\\');
                        text.push(other);
                    }
                    None => break,
                },
                letter => text.push(letter),
            }
        }
        Err(self.unclosed(start))
    }

    /// `#"…"`: backslashes stay, only `\"` stands for a quote.
    fn raw(&mut self, start: usize) -> Result<Form, Diagnostic> {
        let mut text = String::new();
        let mut letters = self.text.get(start + 2..).unwrap_or("").char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at = start + 2 + at + 1;
                    self.bounded(start, self.at)?;
                    return Ok(Form { kind: Kind::Text { text, dropped: false }, span: self.span(start, self.at) });
                }
                '\\' => match letters.peek() {
                    Some((_, '"')) => {
                        letters.next();
                        text.push('"');
                    }
                    Some((_, '\\')) => {
                        letters.next();
                        text.push_str("\\\\");
                    }
                    _ => text.push('\\'),
                },
                letter => text.push(letter),
            }
        }
        Err(self.unclosed(start))
    }

    fn unclosed(&self, start: usize) -> Diagnostic {
        Diagnostic::error("seatbelt-syntax", "the string that begins here is not closed")
            .at(self.span(start, start + 1), "")
            .help("close it with `\"`")
    }

    fn bounded(&self, start: usize, end: usize) -> Result<(), Diagnostic> {
        if end - start <= LONGEST_ATOM {
            return Ok(());
        }
        let message = format!("a word or string of more than {} KiB", LONGEST_ATOM >> 10);
        Err(Diagnostic::error("seatbelt-limit", message).at(self.span(start, start + 1), ""))
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: clamp(start), end: clamp(end) }
    }
}

fn number(word: &str) -> Option<i64> {
    let (digits, radix) = match word.get(..2) {
        Some("#o") => (word.get(2..)?, 8),
        Some("#x") => (word.get(2..)?, 16),
        Some("#b") => (word.get(2..)?, 2),
        Some("#d") => (word.get(2..)?, 10),
        _ => (word, 10),
    };
    let begins = digits.trim_start_matches(['-', '+']).starts_with(|letter: char| letter.is_digit(radix));
    if begins { i64::from_str_radix(digits, radix).ok() } else { None }
}

#[cfg(test)]
mod tests;
