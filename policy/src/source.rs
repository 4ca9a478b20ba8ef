//! Source texts and places in them: the only module that knows about lines and columns.
//!
//! A [`Span`] is bytes in one named text; [`Sources`] owns the texts and turns a span into a [`Place`] for people.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Which text of a [`Sources`] a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// One text with the name it is shown under (usually the path as the user gave it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name shown to people.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A half-open range of bytes `start..end` in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A span as people read it: name, line and column counted from one, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The source's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The texts of one load, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    texts: Vec<Source>,
    /// Where the lines of each text are, looked for once.
    #[serde(skip)]
    lines: Vec<Lines>,
}

/// How many bytes of a text have one number in [`Lines`].
const STRIDE: usize = 4096;

/// How many lines end before each stride of a text. It follows from the text, so it makes no difference between two collections.
#[derive(Clone, Debug, Default)]
struct Lines(OnceLock<Vec<u32>>);

impl PartialEq for Lines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lines {}

impl Lines {
    /// How many lines of this text end before a byte of it.
    fn before(&self, text: &str, at: usize) -> usize {
        let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        let counted = || {
            let mut count: usize = 0;
            let mut before = |stride: &[u8]| {
                let here = u32::try_from(count).unwrap_or(u32::MAX);
                count += ends(stride);
                here
            };
            text.as_bytes().chunks(STRIDE).map(&mut before).collect()
        };
        let stride = (at / STRIDE).min(text.len() / STRIDE);
        let counts = self.0.get_or_init(counted);
        // A byte behind a last whole stride has none of its own.
        let (stride, count) = match counts.get(stride) {
            Some(count) => (stride, *count),
            None => (stride.saturating_sub(1), counts.last().copied().unwrap_or(0)),
        };
        count as usize + ends(text.as_bytes().get(stride * STRIDE..at).unwrap_or_default())
    }
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.texts.push(source);
        // One for each text, also of a collection that was read back without them.
        self.lines.resize_with(self.texts.len(), Lines::default);
        SourceId(u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX))
    }

    /// The text behind an id, if this collection holds it.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.texts.get(id.0 as usize)
    }

    /// All texts in load order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.texts.iter()
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Where a span begins, for people; a span into a text that is not here is placed at `?:1:1`.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let Some(source) = self.get(span.source) else {
            return Place { file: "?".into(), line: 1, column: 1 };
        };
        let text = source.text.as_str();
        let start = text.floor_char_boundary(span.start as usize);
        let alone = Lines::default();
        let line = self.lines.get(span.source.0 as usize).unwrap_or(&alone).before(text, start) + 1;
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let before = text.get(line_start..start);
        Place { file: source.name.clone(), line, column: before.map_or(0, |before| before.chars().count()) + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_not_bytes() {
        let mut sources = Sources::default();
        let id = sources.add(Source { name: "a.rules".into(), text: "one\näö x".into() });
        let place = sources.place(Span { source: id, start: 9, end: 10 });
        assert_eq!(place.to_string(), "a.rules:2:4");
    }

    #[test]
    fn lines_are_counted_over_every_stride() {
        let text: String = (0..3000).map(|number| format!("line {number}\n")).collect();
        let mut sources = Sources::default();
        let id = sources.add(Source { name: "a".into(), text: text.clone() });
        for start in (0..=text.len()).step_by(7).chain([STRIDE - 1, STRIDE, STRIDE + 1, text.len()]) {
            let before = &text[..start];
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            let at = u32::try_from(start).expect("small");
            let place = sources.place(Span { source: id, start: at, end: at });
            assert_eq!((place.line, place.column), (before.matches('\n').count() + 1, column), "{start}");
        }
        let whole = "\n".repeat(STRIDE * 2);
        let id = sources.add(Source { name: "b".into(), text: whole });
        let end = u32::try_from(STRIDE * 2).expect("small");
        assert_eq!(sources.place(Span { source: id, start: end, end }).line, STRIDE * 2 + 1);
    }

    #[test]
    fn a_span_past_the_end_is_placed_and_does_not_panic() {
        let mut sources = Sources::default();
        let id = sources.add(Source { name: "a".into(), text: "é".into() });
        assert_eq!(sources.place(Span { source: id, start: 1, end: 900 }).line, 1);
        assert_eq!(sources.place(Span { source: SourceId(7), start: 0, end: 0 }).file, "?");
    }
}
