//! What a decomposer would say that does not know one construct: the oracle must notice.

use policy::shell::Part;
use policy::word::Word;

/// A construct, and which parts of a script's text are within it.
type Construct = (&'static str, fn(&Place<'_>) -> bool);

/// A part in its script.
pub(super) struct Place<'a> {
    /// The text before it, without blanks at the end.
    before: &'a str,
    /// Its own text, or that of the word it was read from.
    text: &'a str,
    /// Its first word, where that is known.
    program: &'a str,
    /// Whether an earlier part has the same place.
    again: bool,
}

pub(super) const CONSTRUCTS: &[Construct] = &[
    ("command substitution", |place| place.before.ends_with("$(")),
    ("backquotes", |place| place.text.starts_with('`')),
    ("functions", |place| place.before.ends_with("() {")),
    ("eval", |place| place.text.starts_with("eval ") && place.program != "eval"),
    ("trap", |place| place.text.starts_with("trap ") && place.program != "trap"),
    ("every round of a loop but the first", |place| place.again),
    ("the right side of a pipeline", |place| place.before.ends_with('|')),
    ("subshells", |place| place.before.ends_with('(') && !place.before.ends_with("$(")),
    ("branches", |place| place.before.ends_with("then")),
    ("lists", |place| place.before.ends_with("&&")),
];

/// The parts without those of a construct.
pub(super) fn without(parts: &[Part], script: &str, within: fn(&Place<'_>) -> bool) -> Vec<Part> {
    let mut seen = Vec::new();
    let mut left = Vec::new();
    for part in parts {
        let (at, program) = match part {
            Part::Command(command) => (&command.at, command.words.first().and_then(Word::text).unwrap_or("")),
            Part::Opaque(opaque) => (&opaque.at, ""),
        };
        let start = (at.start as usize).min(script.len());
        let before = script[..start].trim_end();
        let text = script.get(start..at.end as usize).unwrap_or("");
        if !within(&Place { before, text, program, again: seen.contains(at) }) {
            left.push(part.clone());
        }
        seen.push(at.clone());
    }
    left
}
