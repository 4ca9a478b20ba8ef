//! Logical lines of a sudoers file: joined where a backslash ends a line, without comments, each letter with its place.

use crate::convert::span;
use crate::source::{SourceId, Span};

/// Letters with their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece(pub(super) Vec<(char, usize)>);

impl Piece {
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(letter, _)| letter).collect()
    }

    pub(super) fn at(&self, source: SourceId) -> Span {
        let start = self.0.first().map_or(0, |(_, at)| *at);
        let end = self.0.last().map_or(start, |(letter, at)| at + letter.len_utf8());
        span(source, start..end)
    }

    pub(super) fn trimmed(&self) -> Self {
        let blank = |(letter, _): &&(char, usize)| letter.is_whitespace();
        let before = self.0.iter().take_while(blank).count();
        let behind = self.0.iter().rev().take_while(blank).count();
        Self(self.0.iter().skip(before).take(self.0.len().saturating_sub(before + behind)).copied().collect())
    }

    pub(super) fn from(&self, start: usize) -> Self {
        Self(self.0.iter().skip(start).copied().collect()).trimmed()
    }

    pub(super) fn until(&self, end: usize) -> Self {
        Self(self.0.iter().take(end).copied().collect()).trimmed()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a letter stands first that is neither escaped nor in quotes or parentheses.
    pub(super) fn find(&self, wanted: impl Fn(char) -> bool) -> Option<usize> {
        let (mut escaped, mut quoted, mut deep) = (false, false, 0_usize);
        for (at, (letter, _)) in self.0.iter().enumerate() {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' => deep += 1,
                ')' => deep = deep.saturating_sub(1),
                letter if deep == 0 && wanted(*letter) => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// The parts between letters that are neither escaped nor in quotes or parentheses.
    pub(super) fn split(&self, at: char) -> Vec<Self> {
        let (mut parts, mut rest) = (Vec::new(), self.clone());
        while let Some(end) = rest.find(|letter| letter == at) {
            parts.push(rest.until(end));
            rest = rest.from(end + 1);
        }
        parts.push(rest.trimmed());
        parts
    }
}

/// The logical lines of a text.
pub(super) fn lines(text: &str) -> Vec<Piece> {
    let (mut lines, mut line) = (Vec::new(), Piece::default());
    let mut letters = text.char_indices().peekable();
    let mut comment = false;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if !comment && matches!(letters.peek(), Some((_, '\n'))) => {
                letters.next();
                line.0.push((' ', at));
            }
            '\\' if !comment && text.get(at..).is_some_and(|rest| rest.starts_with("\\\r\n")) => {
                letters.next();
                letters.next();
                line.0.push((' ', at));
            }
            '\n' => {
                comment = false;
                lines.push(std::mem::take(&mut line));
            }
            '#' if !comment && begins_comment(&line, letters.peek().map(|(_, letter)| *letter), text.get(at..)) => {
                comment = true
            }
            letter if !comment => line.0.push((letter, at)),
            _ => {}
        }
    }
    lines.push(line);
    lines.into_iter().map(|line| line.trimmed()).filter(|line| !line.is_empty()).collect()
}

/// Whether `#` begins a comment: not where it is escaped, names a user by number, or is an old include.
fn begins_comment(before: &Piece, next: Option<char>, rest: Option<&str>) -> bool {
    let written = before.text();
    let previous = written.chars().next_back();
    if previous == Some('\\') || written.matches('"').count() % 2 == 1 {
        return false;
    }
    if written.trim().is_empty() && rest.is_some_and(|rest| rest.starts_with("#include")) {
        return false;
    }
    let names = previous.is_none_or(|letter| letter.is_whitespace() || matches!(letter, ',' | '%' | '!' | '(' | '='));
    !(names && next.is_some_and(|letter| letter.is_ascii_digit()))
}
