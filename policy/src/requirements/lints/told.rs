//! Findings as they are told: the first of each kind one by one, and how many more there are, whatever a file is made of.

use std::collections::BTreeMap;

use super::table::find;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::Span;

/// How many findings of one kind are told one by one; a file may be megabytes of them.
pub(super) const MOST: usize = 200;

/// What was found so far.
#[derive(Default)]
pub(super) struct Told {
    kept: Vec<Diagnostic>,
    seen: BTreeMap<String, usize>,
}

impl Told {
    /// A finding of a kind; its words are made only if it is told.
    pub(super) fn add(&mut self, code: &str, make: impl FnOnce() -> Diagnostic) {
        let count = match self.seen.get_mut(code) {
            Some(count) => count,
            None => self.seen.entry(code.to_owned()).or_default(),
        };
        *count += 1;
        // One more than is told: in its place stands how many there are.
        if *count <= MOST + 1 {
            self.kept.push(make());
        }
    }

    /// A lint at a place: what it says, and the way out.
    pub(super) fn lint(&mut self, code: &str, at: Span, words: impl FnOnce() -> (String, Option<String>)) {
        self.add(code, || {
            let (message, help) = words();
            lint(code, message, at, help)
        });
    }

    /// Whether there is a finding of this kind.
    pub(super) fn has(&self, code: &str) -> bool {
        self.seen.contains_key(code)
    }

    /// Whether there is an error at this place.
    pub(super) fn error_at(&self, span: Span) -> bool {
        let here = |one: &&Diagnostic| one.labels.first().map(|label| label.span) == Some(span);
        self.kept.iter().filter(here).any(|one| one.severity == Severity::Error)
    }

    /// What is told, in the order of the texts.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        let mut nth: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &mut self.kept {
            let Some((code, count)) = self.seen.get_key_value(&one.code) else { continue };
            let nth = nth.entry(code).or_default();
            *nth += 1;
            if *nth > MOST {
                one.message = format!("and {} more of this kind", count - MOST);
                one.help = None;
            }
        }
        self.kept.sort_by_key(|one| one.labels.first().map(|label| (label.span.source, label.span.start)));
        self.kept
    }
}

/// A finding of a row of the table.
pub(super) fn lint(code: &str, message: impl Into<String>, at: Span, help: Option<String>) -> Diagnostic {
    let row = find(code);
    Diagnostic {
        code: code.to_owned(),
        severity: row.map_or(Severity::Warning, |row| row.severity),
        message: message.into(),
        labels: vec![Label { span: at, text: String::new() }],
        help,
    }
}
