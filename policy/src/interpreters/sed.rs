//! sed: its script is read, and what executes, writes or reads files is told; the rest is harmless.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, executes, mixed, script, tool};
use crate::word::Word;

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[tool(
    &["sed", "gsed", "ssed"],
    mixed("n,quiet,silent debug e,expression= f,file= E,r,regexp-extended i,in-place? l,line-length= s,separate u,unbuffered z,null-data \
           follow-symlinks posix sandbox a b help version"),
    &[("f", Means::Executes("runs the sed script in")), ("i", Means::Touches("changes the files it names"))],
    Form::Special(0, sed),
    &[
        ("sed -n 1,5p f", &[]),
        ("sed 's/a|b/c/g;y/abc/def/;/x/!d;$!N' f", &[]),
        ("sed -e 's/a/b/' -e '1e rm x' f", &["sh: rm x"]),
        ("sed '1e rm x' f", &["sh: rm x"]),
        ("sed e f", &["executes 1"]),
        ("sed 's/x/y/e' f", &["executes 1"]),
        ("sed 's,a/w,b\\,e,gw out' f", &["touches 1"]),
        ("sed 's/a/e/;s,[/]e,w,' f", &[]),
        ("sed 'w out' f", &["touches 1"]),
        ("sed '/x/,$W out' f", &["touches 1"]),
        ("sed '/a/{s/b/c/;w out\n}' f", &["touches 1"]),
        ("sed 'r other' f", &["touches 1"]),
        ("sed -i 's/a/b/' f", &["touches 1"]),
        ("sed '1i\\\ne rm' f", &[]),
        ("sed '$a e rm' f", &[]),
        ("sed '\\,w x,p;:e;be;te' f", &[]),
        ("sed -f x.sed f", &["executes 2"]),
        ("sed 's/a/b' f", &["text sed: s/a/b"]),
        ("sed $X f", &["text sed: $X", "executes 1"]),
        ("sed --version", &[]),
    ],
)];

fn sed(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut by_option = call.reading.has("f");
    for found in call.reading.options.iter().filter(|found| found.name == "e") {
        by_option = true;
        if let Some(text) = &found.value {
            read(text, found.value_at, out);
        }
    }
    if !by_option && let (Some(text), Some(at)) = (call.operand(0), call.operand_at(0)) {
        read(text, at, out);
    }
    if let Some((at, why)) = &call.reading.unsure {
        // An unknown option of sed executes nothing.
        let opaque = call.words.get(*at).is_some_and(|word| word.text().is_none());
        let before_end = call.words.iter().take(*at).all(|word| word.text() != Some("--"));
        if opaque && before_end {
            out.push(executes(format!("may run another script: {why}"), *at));
        }
    }
}

fn read(text: &Word, at: usize, out: &mut Vec<Inner>) {
    let Some(known) = text.text() else {
        out.push(Inner::Text { language: "sed", text: text.clone() });
        return;
    };
    // Whether a delimiter may stand in a bracket expression differs from sed to sed: what either reads is told.
    let readings = [Brackets::Hold, Brackets::AreNothing].map(|brackets| {
        let mut reader = Reader { rest: known, brackets, effects: Vec::new() };
        reader.script().map(|()| reader.effects)
    });
    if readings.iter().all(Option::is_none) {
        out.push(Inner::Text { language: "sed", text: text.clone() });
        return;
    }
    for effect in readings.into_iter().flatten().flatten() {
        let told = match effect {
            Effect::Executes(command) if command.is_empty() => executes("executes the text it reads as a command", at),
            Effect::Executes(command) => script("sh", Word::Known(command)),
            Effect::Writes(file) => Inner::Touches { what: format!("writes the file `{file}`"), word: at },
            Effect::Reads(file) => Inner::Touches { what: format!("reads the file `{file}`"), word: at },
        };
        if !out.contains(&told) {
            out.push(told);
        }
    }
}

/// What a bracket expression does to a delimiter in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brackets {
    Hold,
    AreNothing,
}

enum Effect {
    Executes(String),
    Writes(String),
    Reads(String),
}

/// Reads a script as sed(1) says; every function gives nothing where it does not understand.
struct Reader<'a> {
    rest: &'a str,
    brackets: Brackets,
    effects: Vec<Effect>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        Some(letter)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn line(&mut self) -> &'a str {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }

    /// The lines of `a`, `i` and `c`: a backslash at the end of one takes the next.
    fn text(&mut self) {
        let mut escaped = false;
        while let Some(letter) = self.peek() {
            if letter == '\n' && !escaped {
                return;
            }
            escaped = letter == '\\' && !escaped;
            self.next();
        }
    }

    /// Up to a delimiter; a backslash takes the next character, a bracket expression holds any.
    fn until(&mut self, delimiter: char, brackets: bool) -> Option<()> {
        while let Some(letter) = self.next() {
            match letter {
                '\\' => {
                    self.next()?;
                }
                _ if letter == delimiter => return Some(()),
                '\n' if brackets && delimiter != '\n' => return None,
                '[' if brackets && self.brackets == Brackets::Hold => self.bracket()?,
                _ => {}
            }
        }
        None
    }

    /// The rest of a bracket expression.
    fn bracket(&mut self) -> Option<()> {
        if self.peek() == Some('^') {
            self.next();
        }
        if self.peek() == Some(']') {
            self.next();
        }
        loop {
            match self.next()? {
                ']' => return Some(()),
                '[' if matches!(self.peek(), Some(':' | '.' | '=')) => {
                    let kind = self.next()?;
                    loop {
                        if self.next()? == kind && self.peek() == Some(']') {
                            self.next();
                            break;
                        }
                    }
                }
                '\n' => return None,
                _ => {}
            }
        }
    }

    fn address(&mut self) -> Option<bool> {
        match self.peek() {
            Some('0'..='9') => {
                self.rest = self.rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '~');
            }
            Some('$') => {
                self.next();
            }
            Some('+' | '~') => {
                self.next();
                self.rest = self.rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
            }
            Some('/') => {
                self.next();
                self.until('/', true)?;
                self.rest = self.rest.trim_start_matches(['I', 'M']);
            }
            Some('\\') => {
                self.next();
                let delimiter = self.next()?;
                self.until(delimiter, true)?;
                self.rest = self.rest.trim_start_matches(['I', 'M']);
            }
            _ => return Some(false),
        }
        Some(true)
    }

    fn script(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == ';');
            if self.rest.is_empty() {
                return Some(());
            }
            if self.address()? {
                self.blanks();
                if self.peek() == Some(',') {
                    self.next();
                    self.blanks();
                    if !self.address()? {
                        return None;
                    }
                }
            }
            self.blanks();
            while self.peek() == Some('!') {
                self.next();
                self.blanks();
            }
            self.command()?;
        }
    }

    fn command(&mut self) -> Option<()> {
        match self.next()? {
            '{' | '}' => return Some(()),
            '#' => {
                self.line();
            }
            'a' | 'i' | 'c' => self.text(),
            ':' | 'b' | 't' | 'T' => {
                let end = self.rest.find(['\n', ';', '}']).unwrap_or(self.rest.len());
                self.rest = self.rest.get(end..)?;
            }
            '=' | 'd' | 'D' | 'F' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' => {}
            'q' | 'Q' | 'l' | 'L' | 'v' => {
                self.blanks();
                self.rest = self.rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
            }
            'e' => {
                let line = self.line().trim();
                // A brace after it would belong to the command, as with a file name.
                self.effects.push(Effect::Executes(line.to_owned()));
            }
            'w' | 'W' => {
                let file = self.line().trim().to_owned();
                self.effects.push(Effect::Writes(file));
            }
            'r' | 'R' => {
                let file = self.line().trim().to_owned();
                self.effects.push(Effect::Reads(file));
            }
            'y' => {
                let delimiter = self.next()?;
                self.until(delimiter, false)?;
                self.until(delimiter, false)?;
            }
            's' => {
                let delimiter = self.next().filter(|letter| !matches!(letter, '\n' | '\\'))?;
                self.until(delimiter, true)?;
                self.until(delimiter, false)?;
                return self.flags();
            }
            _ => return None,
        }
        self.end()
    }

    fn flags(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => {
                    self.next();
                }
                Some('e') => {
                    self.next();
                    self.effects.push(Effect::Executes(String::new()));
                }
                Some('w') => {
                    self.next();
                    let file = self.line().trim().to_owned();
                    self.effects.push(Effect::Writes(file));
                }
                _ => return self.end(),
            }
        }
    }

    /// What may follow a command.
    fn end(&mut self) -> Option<()> {
        self.blanks();
        matches!(self.peek(), None | Some('\n' | ';' | '}' | '#')).then_some(())
    }
}
