//! Lexemes become lines: statements with their level, what stands in brackets, and comments at what they are about.

use std::iter::Peekable;
use std::slice::Iter;

use crate::load::lex::{Kind, Lexeme};

/// A statement or a comment that has a line to itself.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: usize,
    /// Blank lines before it.
    pub(super) blank: usize,
    pub(super) items: Vec<Item>,
    /// Behind the statement; all there is on the line of a comment.
    pub(super) comment: Option<String>,
}

#[derive(Debug)]
pub(super) enum Item {
    Atom(Atom),
    Group(Group),
}

#[derive(Debug)]
pub(super) struct Atom {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// An operator with one operand: nothing stands between the two.
    pub(super) unary: bool,
}

/// What a pair of brackets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Arguments or parameters.
    Call,
    Subscript,
    /// A tuple, or an expression in parentheses.
    Round,
    /// A list, a dict or a comprehension.
    List,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) role: Role,
    pub(super) open: String,
    pub(super) close: String,
    /// Its first element stands on a line of its own.
    pub(super) opened: bool,
    /// Behind the opening bracket.
    pub(super) comment: Option<String>,
    pub(super) elements: Vec<Element>,
    /// On their own lines before the closing bracket.
    pub(super) last: Vec<Own>,
}

/// A comment on its own line.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) text: String,
    pub(super) blank: bool,
}

#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) before: Vec<Own>,
    pub(super) blank: bool,
    pub(super) items: Vec<Item>,
    pub(super) comma: bool,
    pub(super) comment: Option<String>,
}

/// Puts lexemes into lines.
pub(super) fn lines(text: &str, lexemes: &[Lexeme]) -> Vec<Line> {
    let mut reader = Reader { text, rest: lexemes.iter().peekable(), end: 0 };
    let mut lines: Vec<Line> = Vec::new();
    // Columns of the blocks around, and of those around the line before.
    let (mut blocks, mut before): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut waiting: Vec<(usize, usize, String)> = Vec::new();
    while let Some(lexeme) = reader.rest.peek().copied() {
        match lexeme.kind {
            Kind::Newline => _ = reader.rest.next(),
            Kind::Indent => {
                reader.rest.next();
                blocks.push(lexeme.end.saturating_sub(line_start(text, lexeme.end)));
            }
            Kind::Dedent => {
                reader.rest.next();
                blocks.pop();
            }
            Kind::Comment if reader.is_own(lexeme) => {
                let column = lexeme.start - line_start(text, lexeme.start);
                waiting.push((column, reader.blank(lexeme), reader.comment()));
            }
            Kind::Comment => {
                let comment = reader.comment();
                if let Some(line) = lines.last_mut() {
                    line.comment = Some(comment);
                }
            }
            _ => {
                put_comments(&mut lines, &mut waiting, &before, &blocks);
                let blank = reader.blank(lexeme);
                let (items, comments) = reader.items(false);
                let (level, comment) = (blocks.len(), None);
                for text in comments {
                    lines.push(Line { level, blank: 0, items: Vec::new(), comment: Some(text) });
                }
                lines.push(Line { level, blank, items, comment });
                before.clone_from(&blocks);
            }
        }
    }
    put_comments(&mut lines, &mut waiting, &before, &[]);
    let mut last = 0;
    for (number, line) in lines.iter_mut().enumerate() {
        let most = if number == 0 || line.level > last {
            0
        } else if line.level == 0 {
            2
        } else {
            1
        };
        (line.blank, last) = (line.blank.min(most), line.level);
    }
    lines
}

/// A comment belongs to the deepest block that it stands in by its column.
fn put_comments(lines: &mut Vec<Line>, waiting: &mut Vec<(usize, usize, String)>, before: &[usize], now: &[usize]) {
    let deeper = if before.len() > now.len() { before } else { now };
    for (column, blank, text) in waiting.drain(..) {
        let level = deeper.iter().filter(|block| **block <= column).count();
        lines.push(Line { level, blank, items: Vec::new(), comment: Some(text) });
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<Iter<'a, Lexeme>>,
    /// Where the lexeme read last ends.
    end: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a Lexeme> {
        let next = self.rest.next()?;
        self.end = next.end;
        Some(next)
    }

    fn comment(&mut self) -> String {
        let text = self.text;
        self.next().and_then(|one| text.get(one.start..one.end)).unwrap_or_default().trim_end().to_owned()
    }

    fn is_own(&self, comment: &Lexeme) -> bool {
        let start = line_start(self.text, comment.start);
        self.text.get(start..comment.start).is_some_and(|before| before.trim().is_empty())
    }

    /// How many lines stand empty before a lexeme.
    fn blank(&self, next: &Lexeme) -> usize {
        let between = self.text.get(self.end..next.start).unwrap_or_default();
        between.matches('\n').count().saturating_sub(1)
    }

    /// Up to the end of the statement, or of the element of a bracket. Comments that stand inside come beside.
    fn items(&mut self, inside: bool) -> (Vec<Item>, Vec<String>) {
        let (mut items, mut comments) = (Vec::new(), Vec::new());
        while let Some(next) = self.rest.peek().copied() {
            match next.kind {
                Kind::Newline if !inside => break,
                Kind::Newline | Kind::Indent | Kind::Dedent => _ = self.rest.next(),
                Kind::Comment if !inside => break,
                Kind::Comment => {
                    if !self.goes_on() {
                        break;
                    }
                    comments.push(self.comment());
                }
                Kind::Symbol if matches!(next.value.as_str(), ")" | "]" | "}") => break,
                Kind::Symbol if inside && next.value == "," => break,
                Kind::Symbol if matches!(next.value.as_str(), "(" | "[" | "{") => {
                    self.next();
                    let operand = items.last().is_some_and(is_operand);
                    items.push(Item::Group(self.group(&next.value, operand)));
                }
                kind => {
                    self.next();
                    let unary = kind == Kind::Symbol
                        && matches!(next.value.as_str(), "-" | "+" | "*" | "**" | "~")
                        && !items.last().is_some_and(is_operand);
                    let text = self.written(next);
                    items.push(Item::Atom(Atom { kind, text, unary }));
                }
            }
        }
        (items, comments)
    }

    /// Whether the element goes on behind a comment.
    fn goes_on(&self) -> bool {
        let mut ahead = self.rest.clone().filter(|one| !matches!(one.kind, Kind::Comment | Kind::Newline));
        ahead.next().is_some_and(|one| !matches!(one.value.as_str(), "," | ")" | "]" | "}") || one.kind != Kind::Symbol)
    }

    /// A lexeme in its final spelling.
    fn written(&self, lexeme: &Lexeme) -> String {
        let text = self.text.get(lexeme.start..lexeme.end).unwrap_or_default();
        let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        match inner.filter(|_| lexeme.kind == Kind::Text) {
            Some(inner) if !inner.contains(['"', '\\', '\n', '\'']) => format!("\"{inner}\""),
            _ => text.to_owned(),
        }
    }

    fn group(&mut self, open: &str, operand: bool) -> Group {
        let role = match (open, operand) {
            ("(", true) => Role::Call,
            ("(", false) => Role::Round,
            ("[", true) => Role::Subscript,
            _ => Role::List,
        };
        let mut group = Group {
            role,
            open: open.to_owned(),
            close: String::new(),
            opened: self.breaks(),
            comment: None,
            elements: Vec::new(),
            last: Vec::new(),
        };
        let mut before: Vec<Own> = Vec::new();
        while let Some(next) = self.rest.peek().copied() {
            match next.kind {
                Kind::Newline | Kind::Indent | Kind::Dedent => _ = self.rest.next(),
                Kind::Comment => {
                    let (own, blank) = (self.is_own(next), self.blank(next) > 0);
                    let text = self.comment();
                    let place = match group.elements.last_mut() {
                        _ if own || !before.is_empty() => None,
                        Some(element) => Some(&mut element.comment),
                        None => Some(&mut group.comment),
                    };
                    match place {
                        Some(place) if place.is_none() => *place = Some(text),
                        _ => before.push(Own { text, blank }),
                    }
                }
                Kind::Symbol if matches!(next.value.as_str(), ")" | "]" | "}") => {
                    self.next();
                    group.close.clone_from(&next.value);
                    break;
                }
                Kind::Symbol if next.value == "," => {
                    self.next();
                    if let Some(element) = group.elements.last_mut() {
                        element.comma = true;
                    }
                }
                _ => {
                    let blank = self.blank(next) > 0;
                    let (items, comments) = self.items(true);
                    let mut element =
                        Element { before: std::mem::take(&mut before), blank, items, ..Element::default() };
                    element.before.extend(comments.into_iter().map(|text| Own { text, blank: false }));
                    group.elements.push(element);
                }
            }
        }
        group.last = before;
        group
    }

    /// Whether a line ends here.
    fn breaks(&self) -> bool {
        let rest = self.text.get(self.end..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\r']);
        rest.starts_with('\n') || rest.starts_with('#')
    }
}

/// Whether an operator behind an item has two operands, and a bracket calls or subscripts it.
fn is_operand(item: &Item) -> bool {
    match item {
        Item::Group(_) => true,
        Item::Atom(atom) => matches!(atom.kind, Kind::Name | Kind::Number | Kind::Text | Kind::Verbatim),
    }
}
