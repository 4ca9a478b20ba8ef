//! Which rules, and which of their alternatives, decide about any case.

use std::collections::{BTreeMap, BTreeSet};

use crate::pattern::same_word;
use crate::ruleset::RuleSet;
use crate::source::{Place, Sources};
use crate::tree::{Kind, Tree};
use crate::verdict::{By, Reason, RuleId};
use crate::word::Word;

/// One `prefix_rule` call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is written.
    pub place: Place,
    /// Its pattern, as a rule file has it.
    pub pattern: String,
    /// Whether it decided about a case.
    pub decided: bool,
    /// How many alternatives it has; a rule without a choice has none.
    pub alternatives: usize,
    /// Those that no case has.
    pub missing: BTreeSet<String>,
}

/// The rules of all files that were tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    rows: BTreeMap<(String, usize, usize, u32), Row>,
}

impl Coverage {
    /// Adds the rules of a set, decided by nothing yet.
    pub fn add(&mut self, rules: &RuleSet, sources: &Sources) {
        for rule in rules.rules() {
            let Some(key) = key(rules, sources, rule.id()) else { continue };
            let row = self.rows.entry(key).or_insert_with(|| Row {
                place: rule.at().map(|at| sources.place(at)).unwrap_or(Place { file: "?".into(), line: 1, column: 1 }),
                pattern: String::new(),
                decided: false,
                alternatives: 0,
                missing: BTreeSet::new(),
            });
            if !row.pattern.is_empty() {
                continue;
            }
            let of_call: Vec<_> =
                rules.rules().skip(rule.id().0 as usize).take_while(|other| other.call() == rule.call()).collect();
            let heads: Vec<String> = of_call.iter().map(|rule| rule.head().to_owned()).collect();
            let rest = rule.rest();
            let positions = std::iter::once(heads).chain(rest.iter().map(|element| element.words().to_vec()));
            let mut shown = Vec::new();
            for (number, words) in positions.enumerate() {
                let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                if let [one] = quoted.as_slice() {
                    shown.push(one.clone());
                    continue;
                }
                shown.push(format!("[{}]", quoted.join(", ")));
                row.alternatives += words.len();
                row.missing.extend(words.into_iter().map(|word| named(number, &word)));
            }
            row.pattern = format!("[{}]", shown.join(", "));
        }
    }

    /// Marks what decided in a tree.
    pub fn mark(&mut self, rules: &RuleSet, sources: &Sources, tree: &Tree) {
        for node in &tree.nodes {
            let Kind::Command { words, .. } = &node.kind else { continue };
            for reason in node.verdict.because() {
                let Reason::Rule { id, decision, by, .. } = reason else { continue };
                if *decision != node.verdict.decision() {
                    continue;
                }
                let Some(row) = key(rules, sources, *id).and_then(|key| self.rows.get_mut(&key)) else { continue };
                row.decided = true;
                let Some(rule) = rules.rule(*id) else { continue };
                row.missing.remove(&named(0, rule.head()));
                for (number, element) in rule.rest().iter().enumerate() {
                    for alternative in element.words() {
                        let is = |word: &Word| {
                            word.text().is_some_and(|text| same_word(alternative, text, rule.comparison()))
                        };
                        let there = match by {
                            By::Spelling => words.get(number + 1).is_some_and(is),
                            By::Meaning => words.iter().any(is),
                        };
                        if there {
                            row.missing.remove(&named(number + 1, alternative));
                        }
                    }
                }
            }
        }
    }

    /// The rules, in the order of their places.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rows.len()
    }

    /// How many of them decided.
    #[must_use]
    pub fn decided(&self) -> usize {
        self.rows.values().filter(|row| row.decided).count()
    }

    /// How many in a hundred decided, rounded down; none of none is none.
    #[must_use]
    pub fn percent(&self) -> usize {
        (self.decided() * 100).checked_div(self.rules()).unwrap_or(0)
    }

    /// How many alternatives there are, and how many of them a case has.
    #[must_use]
    pub fn alternatives(&self) -> (usize, usize) {
        let all: usize = self.rows.values().map(|row| row.alternatives).sum();
        let missing: usize = self.rows.values().map(|row| row.missing.len()).sum();
        (all, all.saturating_sub(missing))
    }
}

/// The name of an alternative: its word, and the position it stands at.
fn named(position: usize, word: &str) -> String {
    format!("{word:?} at position {}", position + 1)
}

/// What a call is known by over several loads of its file: its place, and its turn among the rules made there.
fn key(rules: &RuleSet, sources: &Sources, id: RuleId) -> Option<(String, usize, usize, u32)> {
    let rule = rules.rule(id)?;
    let place = sources.place(rule.at()?);
    // A call in a function or a loop makes a rule each time; the calls that led there tell most of them apart.
    let turn = rule.via().iter().fold(0_u32, |turn, via| turn.wrapping_mul(31).wrapping_add(via.start));
    Some((place.file, place.line, place.column, turn))
}
