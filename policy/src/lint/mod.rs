//! What is wrong with a policy that loads: rules that never decide, rules that give more than they seem to, rules that are
//! walked around, examples that show nothing.
//!
//! Each lint is a file and a row of [`LINTS`]. A finding names a place, a command that shows it, and a way out. Where a
//! lint follows from the words of the rules it is a proof; where it follows from the tables of programs, it is as good as
//! their rows; the one that reads text says that it guesses.

mod dead;
mod dict_order;
mod examples;
mod justification;
mod network;
mod opens;
mod unknown_program;
mod walked_around;

use crate::example::Examples;
use crate::rule::Rule;
use crate::ruleset::RuleSet;
use crate::source::{Sources, Span};

/// Whether a lint is asked for when nothing is said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is.
    On,
    /// Only under `--compat codex`: what it finds holds for Codex's own matching alone.
    UnderCodex,
    /// Only by name.
    Off,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// The examples of each `prefix_rule` call, by its number.
    pub examples: &'a [Examples],
    /// The texts.
    pub sources: &'a Sources,
    /// Whether a bare name is a program on the machine that lints.
    pub is_program: &'a dyn Fn(&str) -> bool,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The lint.
    pub code: &'static str,
    /// What is wrong, as a diagnostic says it.
    pub message: String,
    /// Where.
    pub at: Span,
    /// The calls that led there, from the nearest outwards.
    pub via: Vec<Span>,
    /// Another place that it is about, and what is to be said of it.
    pub other: Option<(Span, String)>,
    /// A command that shows it.
    pub witness: Option<Vec<String>>,
    /// The way out.
    pub help: String,
    /// Whether taking out the whole call that made the rule mends it, for certain.
    pub removable: bool,
}

impl Finding {
    fn about(code: &'static str, rule: &Rule<'_>, message: String, help: impl Into<String>) -> Option<Self> {
        Some(Self {
            code,
            message,
            at: rule.at()?,
            via: rule.via().to_vec(),
            other: None,
            witness: None,
            help: help.into(),
            removable: false,
        })
    }

    fn shown_by(mut self, witness: Vec<String>) -> Self {
        self.witness = Some(witness);
        self
    }
}

/// One kind of finding.
#[derive(Clone, Copy)]
pub struct Lint {
    /// Its stable name.
    pub code: &'static str,
    /// What it means, in one sentence without a full stop.
    pub meaning: &'static str,
    /// Why it matters, what it follows from, and what to do: the text of `--explain`.
    pub explain: &'static str,
    /// Whether it is asked for.
    pub level: Level,
    find: fn(&Subject<'_>, &mut Vec<Finding>),
}

/// Every lint, sorted by name.
pub const LINTS: &[Lint] = &[
    opens::EXECUTION,
    opens::WRITING,
    dead::CONTRADICTORY,
    network::DEAD,
    dict_order::LINT,
    dead::DUPLICATE,
    examples::IDLE,
    justification::LINT,
    network::IN_CODEX,
    examples::NO_COUNTER,
    dead::SHADOWED,
    dead::SUBSUMED,
    unknown_program::LINT,
    walked_around::LINT,
    examples::WIDE,
];

/// The lint of a name.
#[must_use]
pub fn find(code: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.code == code)
}

/// Everything that the lints asked for find, in the order of the places.
#[must_use]
pub fn lint(subject: &Subject<'_>, wanted: impl Fn(&Lint) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for lint in LINTS.iter().filter(|lint| wanted(lint)) {
        (lint.find)(subject, &mut found);
    }
    found.sort_by_key(|finding| (finding.at.source, finding.at.start, finding.code));
    found
}

/// A command that the banned rule made at a place allows.
#[must_use]
pub fn banned_witness(rules: &RuleSet, at: Span) -> Option<Vec<String>> {
    opens::banned_witness(rules, at)
}

/// The first of the commands a rule is written for.
fn first_spelling(rule: &Rule<'_>) -> Vec<String> {
    let rest = rule.rest();
    let words = rest.iter().filter_map(|element| element.words().first().cloned());
    std::iter::once(rule.head().to_owned()).chain(words).collect()
}

/// Words as a sentence shows them.
fn shown(words: &[String]) -> String {
    let joined = shlex::try_join(words.iter().map(String::as_str));
    joined.unwrap_or_else(|_| format!("{words:?}"))
}

#[cfg(test)]
mod tests;
