//! A profile as it was read: rules in the order of evaluation, and an index by operation.

use std::sync::Arc;

use serde::Serialize;

use super::Action;
use super::filters::Filter;
use super::index::Index;
use super::operations::{self, Operation};
use crate::source::Span;

/// A profile that macOS would load, as far as is known.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Its rules, in the order of evaluation.
    pub rules: Vec<Rule>,
    /// What is not here of what it includes.
    pub missing: Vec<Missing>,
    /// Parameters that it asked for, with the place of the first question.
    pub asked: Vec<(String, Span)>,
    /// Whether it filters messages, which no verdict here knows of.
    pub(super) filters_messages: bool,
    index: Vec<Entry>,
}

/// One `allow` or `deny` form.
#[derive(Clone, Debug)]
pub struct Rule {
    /// From 1, over all of them.
    pub number: usize,
    /// What it does.
    pub action: Action,
    /// What it names.
    pub operations: Vec<Operation>,
    /// What must hold; none for a rule without a filter.
    pub filter: Option<Arc<Filter>>,
    /// How many filters its own list has; they are alternatives.
    pub alternatives: usize,
    /// What is done besides; never changes the verdict.
    pub modifiers: Vec<Modifier>,
    /// Where it stands.
    pub span: Span,
}

/// `(with NAME …)`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Modifier {
    /// Its name.
    pub name: String,
    /// Its argument, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
}

/// Something a profile includes that is not here.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Where it is asked for.
    pub span: Span,
    /// How many rules stand before it.
    pub after: usize,
}

/// What a profile says of one operation, as places in its rules.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Rules with filters, the newest first.
    pub filtered: Vec<u32>,
    /// Rules without filters, the newest first.
    pub unfiltered: Vec<u32>,
    /// Which of the filtered ones may match a question.
    pub(super) guards: Index,
}

impl Profile {
    /// Puts the rules into the index; to be called once, when all are there.
    pub(super) fn finish(&mut self) {
        self.index = vec![Entry::default(); operations::all().count()];
        for (at, rule) in self.rules.iter().enumerate().rev() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            for operation in &rule.operations {
                let Some(entry) = self.index.get_mut(operation.index()) else { continue };
                let list = if rule.filter.is_some() { &mut entry.filtered } else { &mut entry.unfiltered };
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        for operation in operations::all() {
            let Some(entry) = self.index.get_mut(operation.index()) else { continue };
            let filters = entry.filtered.iter().map(|rule| self.rules.get(*rule as usize)?.filter.as_deref());
            entry.guards = Index::new(operation, filters);
        }
    }

    /// What it says of an operation.
    #[must_use]
    pub fn entry(&self, operation: Operation) -> Option<&Entry> {
        self.index.get(operation.index())
    }

    /// A rule by its place.
    #[must_use]
    pub fn rule(&self, at: u32) -> Option<&Rule> {
        self.rules.get(at as usize)
    }
}

impl Rule {
    /// Whether it lets a program start outside of the sandbox.
    #[must_use]
    pub fn leaves_the_sandbox(&self) -> bool {
        self.modifiers.iter().any(|modifier| matches!(modifier.name.as_str(), "no-sandbox" | "no-profile"))
    }
}
