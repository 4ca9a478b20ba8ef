//! Lines to text. A bracket stays on one line where it fits and its author did not open it up; else each element gets a
//! line. What is decided here hangs on nothing that the result does not show again, so a second pass changes nothing.

use super::WIDTH;
use super::lines::{Atom, Element, Group, Item, Line, Own, Role};
use crate::load::lex::Kind;

/// The text of lines.
pub(super) fn written(lines: &[Line], line_end: &'static str) -> String {
    let mut writer = Writer { out: String::new(), column: 0, line_end };
    for line in lines {
        (0..line.blank).for_each(|_| writer.end_line());
        writer.indent(line.level * 4);
        writer.items(&line.items, line.level * 4, false, 0);
        if let Some(comment) = &line.comment {
            writer.push(if line.items.is_empty() { "" } else { "  " });
            writer.push(comment);
        }
        writer.end_line();
    }
    writer.out
}

struct Writer {
    out: String,
    column: usize,
    line_end: &'static str,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rfind('\n') {
            Some(at) => text.get(at + 1..).map_or(0, |rest| rest.chars().count()),
            None => self.column + text.chars().count(),
        };
    }

    fn end_line(&mut self) {
        self.out.push_str(self.line_end);
        self.column = 0;
    }

    fn indent(&mut self, columns: usize) {
        self.push(&" ".repeat(columns));
    }

    /// Whether a text and what must follow it on its line fit.
    fn fits(&self, text: &str, tail: usize) -> bool {
        let mut lines = text.split('\n');
        let first = self.column + lines.next().map_or(0, |line| line.chars().count());
        let mut widths =
            lines.map(|line| line.chars().count()).fold((first, first), |(most, _), width| (most.max(width), width));
        widths.1 += tail;
        widths.0.max(widths.1) <= WIDTH
    }

    fn items(&mut self, items: &[Item], indent: usize, subscript: bool, tail: usize) {
        if let Some(flat) = flat(items, subscript).filter(|flat| self.fits(flat, tail)) {
            self.push(&flat);
            return;
        }
        for (at, item) in items.iter().enumerate() {
            if gap(items, at, subscript) {
                self.push(" ");
            }
            match item {
                Item::Atom(atom) => self.push(&atom.text),
                Item::Group(group) => {
                    let behind = behind(items, at, subscript);
                    let tail = behind.unwrap_or(tail);
                    match flat_group(group).filter(|flat| self.fits(flat, tail)) {
                        Some(flat) => self.push(&flat),
                        None => self.group(group, indent),
                    }
                }
            }
        }
    }

    /// A bracket with a line for each element.
    fn group(&mut self, group: &Group, indent: usize) {
        self.push(&group.open);
        if group.elements.is_empty() && group.last.is_empty() && group.comment.is_none() {
            self.push(&group.close);
            return;
        }
        if let Some(comment) = &group.comment {
            self.push("  ");
            self.push(comment);
        }
        self.end_line();
        let inner = indent + 4;
        for (at, element) in group.elements.iter().enumerate() {
            self.own(&element.before, inner, at == 0);
            if element.blank && (at > 0 || !element.before.is_empty()) {
                self.end_line();
            }
            let comma = comma_when_broken(group, at);
            self.element(element, group.role, inner, usize::from(comma));
            if comma {
                self.push(",");
            }
            if let Some(comment) = &element.comment {
                self.push("  ");
                self.push(comment);
            }
            self.end_line();
        }
        self.own(&group.last, inner, group.elements.is_empty());
        self.indent(indent);
        self.push(&group.close);
    }

    fn own(&mut self, comments: &[Own], indent: usize, first: bool) {
        for (at, comment) in comments.iter().enumerate() {
            if comment.blank && (at > 0 || !first) {
                self.end_line();
            }
            self.indent(indent);
            self.push(&comment.text);
            self.end_line();
        }
    }

    /// An element on lines of its own, broken before its weakest operators where it does not fit on one.
    fn element(&mut self, element: &Element, role: Role, indent: usize, tail: usize) {
        self.indent(indent);
        let subscript = role == Role::Subscript;
        let whole = flat(&element.items, subscript);
        let breaks = if whole.is_none_or(|flat| !self.fits(&flat, tail)) { breaks(&element.items) } else { Vec::new() };
        let mut from = 0;
        for at in breaks {
            self.items(element.items.get(from..at).unwrap_or_default(), indent, subscript, 0);
            self.end_line();
            self.indent(indent);
            from = at;
        }
        self.items(element.items.get(from..).unwrap_or_default(), indent, subscript, tail);
    }
}

/// Where an element that does not fit is broken.
fn breaks(items: &[Item]) -> Vec<usize> {
    // What a lambda says belongs together.
    if items.iter().any(|item| is(item, "lambda")) {
        return Vec::new();
    }
    for operators in [&["for"][..], &["if", "else"], &["or"], &["and"], &["+", "|"]] {
        let found = |(at, item): (usize, &Item)| {
            let here = at > 0 && operators.iter().any(|operator| is(item, operator)) && !is_unary(item);
            here.then_some(at)
        };
        let all: Vec<usize> = items.iter().enumerate().filter_map(found).collect();
        if !all.is_empty() {
            return all;
        }
    }
    Vec::new()
}

fn is(item: &Item, text: &str) -> bool {
    matches!(item, Item::Atom(Atom { text: own, kind: Kind::Keyword | Kind::Symbol, .. }) if own == text)
}

fn is_unary(item: &Item) -> bool {
    matches!(item, Item::Atom(Atom { unary: true, .. }))
}

/// Items on one line; nothing where one of them must be opened up.
fn flat(items: &[Item], subscript: bool) -> Option<String> {
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if gap(items, at, subscript) {
            out.push(' ');
        }
        match item {
            Item::Atom(atom) => out.push_str(&atom.text),
            Item::Group(group) => out.push_str(&flat_group(group)?),
        }
    }
    Some(out)
}

fn flat_group(group: &Group) -> Option<String> {
    let empty = group.elements.is_empty();
    let commented = |element: &Element| element.comment.is_some() || !element.before.is_empty();
    if (group.opened && !empty)
        || group.comment.is_some()
        || !group.last.is_empty()
        || group.elements.iter().any(commented)
    {
        return None;
    }
    let mut out = group.open.clone();
    for (at, element) in group.elements.iter().enumerate() {
        out.push_str(if at > 0 { ", " } else { "" });
        out.push_str(&flat(&element.items, group.role == Role::Subscript)?);
    }
    if must_have_comma(group) {
        out.push(',');
    }
    out.push_str(&group.close);
    Some(out)
}

/// A tuple of one is one by its comma.
fn must_have_comma(group: &Group) -> bool {
    matches!(group.role, Role::Round | Role::Subscript)
        && group.elements.len() == 1
        && group.elements.iter().all(|element| element.comma)
}

/// Whether a comma stands behind an element of an opened bracket.
fn comma_when_broken(group: &Group, at: usize) -> bool {
    if at + 1 < group.elements.len() || must_have_comma(group) {
        return true;
    }
    let starred = |element: &Element| {
        element.items.first().is_some_and(|item| is_unary(item) && (is(item, "*") || is(item, "**")))
    };
    match group.role {
        Role::Call => !group.elements.iter().any(starred),
        Role::List => !group.elements.iter().any(|element| element.items.iter().any(|item| is(item, "for"))),
        Role::Round => group.elements.len() > 1,
        Role::Subscript => false,
    }
}

/// How wide what follows a bracket is, up to where the line can be broken next; nothing when the line ends before.
fn behind(items: &[Item], at: usize, subscript: bool) -> Option<usize> {
    let mut width = 0;
    for (next, item) in items.iter().enumerate().skip(at + 1) {
        width += usize::from(gap(items, next, subscript));
        match item {
            Item::Atom(atom) => width += atom.text.chars().count(),
            Item::Group(_) => return Some(width + 1),
        }
    }
    (at + 1 < items.len()).then_some(width)
}

/// Whether a blank stands before an item.
fn gap(items: &[Item], at: usize, subscript: bool) -> bool {
    let Some((before, next)) = at.checked_sub(1).and_then(|before| items.get(before).zip(items.get(at))) else {
        return false;
    };
    if [",", ":", ";"].iter().any(|text| is(next, text)) || is(before, ".") || is_unary(before) {
        return false;
    }
    let number = matches!(before, Item::Atom(Atom { kind: Kind::Number, .. }));
    if is(next, ".") {
        return number;
    }
    if is(before, ":") {
        return !subscript;
    }
    match (before, next) {
        (Item::Atom(atom), Item::Group(group)) => {
            !matches!(atom.kind, Kind::Name | Kind::Text | Kind::Verbatim | Kind::Number) || group.open == "{"
        }
        (Item::Group(_), Item::Group(_)) => false,
        _ => true,
    }
}
