//! What a table may hold, as data, and the one function that compares a tree with it.
//!
//! A row says from which release a key or word exists, so that one table serves all of them. What no shape can say, such as
//! a list that must name `read-only`, is in `demands.rs`.

use super::release::Release;
use super::value::{Node, Table, Value};
use crate::source::Span;

/// A kind of value.
#[derive(Debug)]
pub enum Shape {
    /// Anything; what stands below is not looked at.
    Any,
    /// True or false.
    Bool,
    /// A string.
    Text,
    /// A whole number of this range.
    Integer(i64, i64),
    /// One of these words.
    Words(&'static [Word]),
    /// An array of one kind.
    List(&'static Shape),
    /// A table of free names.
    Map(&'static Shape),
    /// A table of these keys; others are ignored by Codex.
    Table(&'static [Field]),
    /// A table of these keys; others are refused by Codex.
    Closed(&'static [Field]),
    /// The first of these that fits.
    Either(&'static [Shape]),
}

/// A word with the releases that know it.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// The releases.
    pub known: Known,
}

/// A key of a table.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// The releases that know it.
    pub known: Known,
}

/// From which release to which, both included; the numbers are places in `release::RELEASES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(pub usize, pub usize);

/// Known to every release.
pub const ALWAYS: Known = Known(0, usize::MAX);
/// Since 0.125.0.
pub const SINCE_125: Known = Known(1, usize::MAX);
/// Since 0.169.0.
pub const SINCE_169: Known = Known(2, usize::MAX);
/// Only in 0.117.0.
pub const ONLY_117: Known = Known(0, 0);
/// Up to 0.125.0.
pub const UNTIL_125: Known = Known(0, 1);

impl Known {
    /// Whether a release knows it.
    #[must_use]
    pub const fn to(self, release: &Release) -> bool {
        self.0 <= release.ordinal && release.ordinal <= self.1
    }
}

/// A word every release knows.
pub const fn word(word: &'static str) -> Word {
    Word { word, known: ALWAYS }
}

/// A word of some releases.
pub const fn word_of(word: &'static str, known: Known) -> Word {
    Word { word, known }
}

/// A key that may be left out.
pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, known: ALWAYS }
}

/// A key of some releases that may be left out.
pub const fn field_of(name: &'static str, shape: Shape, known: Known) -> Field {
    Field { name, shape, required: false, known }
}

/// A key that must be there.
pub const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true, known: ALWAYS }
}

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The way out.
    pub help: Option<String>,
}

/// A key that the release ignores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The keys from the root, joined by dots.
    pub path: String,
    /// Where the key stands.
    pub span: Span,
    /// What it was compared with, nearest first in meaning: a known key, if one is like it.
    pub nearest: Option<&'static str>,
    /// Whether another release knows it here.
    pub elsewhere: bool,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Values that stop the release.
    pub misfits: Vec<Misfit>,
    /// Keys it does not know, in the order of their names, as Codex names them.
    pub unknown: Vec<Unknown>,
}

/// Compares a table with its fields as a release does.
#[must_use]
pub fn compare(table: &Table, fields: &'static [Field], release: &Release) -> Findings {
    let mut found = Findings::default();
    let place = table.values().next().map(|node| node.key);
    table_fits(table, fields, false, place, "", release, &mut found);
    found
}

/// Whether one value fits, and if not, the first reason.
///
/// # Errors
/// The first misfit.
pub fn fits(node: &Node, shape: &'static Shape, release: &Release) -> Result<(), Misfit> {
    let mut found = Findings::default();
    value_fits(node, shape, "", release, &mut found);
    found.misfits.into_iter().next().map_or(Ok(()), Err)
}

fn table_fits(
    table: &Table,
    fields: &'static [Field],
    closed: bool,
    place: Option<Span>,
    path: &str,
    release: &Release,
    found: &mut Findings,
) {
    for (key, node) in table {
        let named = || fields.iter().filter(|field| field.name == key);
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match named().find(|field| field.known.to(release)) {
            Some(field) => value_fits(node, &field.shape, &path, release, found),
            None if closed => found.misfits.push(Misfit {
                message: format!("unknown field `{key}`"),
                span: node.key,
                help: Some(format!("known here: {}", names(fields, release))),
            }),
            None => found.unknown.push(Unknown {
                path,
                span: node.key,
                nearest: nearest(key, fields.iter().filter(|field| field.known.to(release)).map(|field| field.name)),
                elsewhere: named().next().is_some(),
            }),
        }
    }
    for field in fields.iter().filter(|field| field.required && field.known.to(release)) {
        if let (false, Some(span)) = (table.contains_key(field.name), place) {
            let at = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
            let help = Some(format!("write `{} = …` there", field.name));
            found.misfits.push(Misfit { message: format!("missing field `{}`{at}", field.name), span, help });
        }
    }
}

fn names(fields: &[Field], release: &Release) -> String {
    fields.iter().filter(|field| field.known.to(release)).map(|field| field.name).collect::<Vec<_>>().join(", ")
}

fn value_fits(node: &Node, shape: &'static Shape, path: &str, release: &Release, found: &mut Findings) {
    match (shape, &node.value) {
        (Shape::Any, _) | (Shape::Bool, Value::Bool(_)) | (Shape::Text, Value::Text(_)) => {}
        (Shape::Integer(least, most), Value::Integer(number)) if (*least..=*most).contains(number) => {}
        (Shape::Integer(least, most), Value::Integer(number)) => {
            found.misfits.push(misfit(node, format!("`{path}` is {number}, and must be from {least} to {most}")));
        }
        (Shape::Words(words), Value::Text(text)) => {
            if !words.iter().any(|word| word.word == text && word.known.to(release)) {
                found.misfits.push(unknown_word(node, text, words, path, release));
            }
        }
        (Shape::List(shape), Value::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                value_fits(item, shape, &format!("{path}.{at}"), release, found);
            }
        }
        (Shape::Map(shape), Value::Table(table)) => {
            for (key, node) in table {
                value_fits(node, shape, &format!("{path}.{key}"), release, found);
            }
        }
        (Shape::Table(fields), Value::Table(table)) => {
            table_fits(table, fields, false, Some(node.key), path, release, found);
        }
        (Shape::Closed(fields), Value::Table(table)) => {
            table_fits(table, fields, true, Some(node.key), path, release, found);
        }
        (Shape::Either(shapes), _) => either_fits(node, shapes, path, release, found),
        _ => found.misfits.push(misfit(
            node,
            format!("`{path}` is of type {}, and must be {}", node.value.kind(), expected(shape, release)),
        )),
    }
}

fn either_fits(node: &Node, shapes: &'static [Shape], path: &str, release: &Release, found: &mut Findings) {
    let mut first = None;
    for shape in shapes {
        let mut tried = Findings::default();
        value_fits(node, shape, path, release, &mut tried);
        if tried.misfits.is_empty() {
            return;
        }
        // The alternative of the same type says best what is wrong.
        let closer = matches!(
            (shape, &node.value),
            (Shape::Words(_) | Shape::Text, Value::Text(_))
                | (Shape::Table(_) | Shape::Closed(_), Value::Table(_))
                | (Shape::List(_), Value::List(_))
        );
        if first.is_none() || closer {
            first = Some(tried.misfits);
        }
    }
    found.misfits.extend(first.unwrap_or_default().into_iter().take(1));
}

fn misfit(node: &Node, message: String) -> Misfit {
    Misfit { message, span: node.span, help: None }
}

fn unknown_word(node: &Node, text: &str, words: &'static [Word], path: &str, release: &Release) -> Misfit {
    let known = || words.iter().filter(|word| word.known.to(release)).map(|word| word.word);
    let all: Vec<_> = known().map(|word| format!("`{word}`")).collect();
    let help = match nearest(text, known()) {
        Some(word) => format!("did you mean `{word}`? known: {}", all.join(", ")),
        None => format!("known: {}", all.join(", ")),
    };
    let message = if words.iter().any(|word| word.word == text) {
        format!("`{text}` is a word that Codex {} does not know for `{path}`", release.name)
    } else {
        format!("unknown word `{text}` for `{path}`")
    };
    Misfit { message, span: node.span, help: Some(help) }
}

fn expected(shape: &Shape, release: &Release) -> String {
    match shape {
        Shape::Any => "anything".into(),
        Shape::Bool => "`true` or `false`".into(),
        Shape::Text => "a string".into(),
        Shape::Integer(..) => "a whole number".into(),
        Shape::Words(words) => {
            let known: Vec<_> = words.iter().filter(|word| word.known.to(release)).map(|word| word.word).collect();
            format!("one of {}", known.join(", "))
        }
        Shape::List(_) => "an array".into(),
        Shape::Map(_) | Shape::Table(_) | Shape::Closed(_) => "a table".into(),
        Shape::Either(shapes) => shapes.iter().map(|shape| expected(shape, release)).collect::<Vec<_>>().join(", or "),
    }
}

/// The known name most like this one, if any is like it.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}
