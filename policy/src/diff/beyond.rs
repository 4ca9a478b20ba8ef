//! What can differ though the words of the rules say the same: where programs may live, network rules, and how far rules
//! that prompt or forbid reach into other spellings.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Connection, Entry, Gate, Unproven, Way, World};
use crate::decision::Decision;
use crate::index::Hits;
use crate::network::Protocol;
use crate::pattern::{Comparison, PatternElement, canonical};
use crate::rule::{Length, Rule};
use crate::ruleset::RuleSet;
use crate::verdict::RuleId;

/// How many spellings of one rule are looked at; a rule with more counts as not shown.
const MOST_SPELLINGS: usize = 4096;

/// The programs whose places differ and matter to a rule.
pub(super) fn gates(old: &RuleSet, new: &RuleSet, world: World) -> Vec<Gate> {
    let mut heads: Vec<&str> = [old, new]
        .into_iter()
        .flat_map(|set| set.rules())
        .filter(|rule| world == World::Codex || rule.decision() == Decision::Allow)
        .map(|rule| rule.head())
        .collect();
    heads.sort_unstable();
    heads.dedup();
    let mut found = Vec::new();
    for name in heads {
        let places = |set: &RuleSet| {
            set.host_executables().get(name).map(|host| {
                let mut paths = host.paths.clone();
                paths.sort();
                paths
            })
        };
        let (old, new) = (places(old), places(new));
        // Whether each place of the first is one of the second, where none named means every place.
        let within = |one: &Option<Vec<String>>, other: &Option<Vec<String>>| match (one, other) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(one), Some(other)) => one.iter().all(|path| other.contains(path)),
        };
        let mut ways = Vec::new();
        if !within(&new, &old) {
            ways.push(Way::Looser);
        }
        if !within(&old, &new) {
            ways.push(Way::Stricter);
        }
        // Codex's restrictive rules miss a program that lives elsewhere.
        if world == World::Codex && !ways.is_empty() {
            ways = vec![Way::Looser, Way::Stricter];
        }
        if !ways.is_empty() {
            found.push(Gate { name: name.to_owned(), ways, old, new });
        }
    }
    found
}

/// The hosts whose connections are decided otherwise. The last rule for a host and a protocol is the one that counts.
pub(super) fn connections(old: &RuleSet, new: &RuleSet) -> Vec<Connection> {
    type Known<'a> = BTreeMap<(&'a str, u8), (Protocol, Option<Decision>, Option<Decision>)>;
    let mut known: Known<'_> = BTreeMap::new();
    for (set, is_old) in [(old, true), (new, false)] {
        for rule in set.network_rules() {
            let number = Protocol::ALL.iter().position(|protocol| *protocol == rule.protocol).unwrap_or_default();
            let key = (rule.host.as_str(), u8::try_from(number).unwrap_or_default());
            let entry = known.entry(key).or_insert((rule.protocol, None, None));
            if is_old { entry.1 = Some(rule.decision) } else { entry.2 = Some(rule.decision) }
        }
    }
    let changed = known.into_iter().filter(|(_, (_, old, new))| old != new);
    changed
        .map(|((host, _), (protocol, old, new))| {
            // A host without a rule is not let through unasked, and not refused for good: as strict as asking.
            let strictness = |decision: Option<Decision>| decision.unwrap_or(Decision::Prompt);
            let looser = strictness(new) < strictness(old) || (new, old) == (None, Some(Decision::Prompt));
            let way = if looser { Way::Looser } else { Way::Stricter };
            Connection { way, host: host.to_owned(), protocol, old, new }
        })
        .collect()
}

/// The rules that prompt or forbid and have no counterpart in the other set that restricts each of their spellings.
///
/// Such a rule follows the meaning of a command: its options may stand anywhere behind the program. A rule whose words are
/// the beginning of another's follows it wherever that one goes, so a counterpart is looked for by words.
pub(super) fn unproven(old: &RuleSet, new: &RuleSet, entries: &[Entry]) -> Vec<Unproven> {
    let mut found = Vec::new();
    let mut by_head: FxHashMap<&str, Vec<&Entry>> = FxHashMap::default();
    let mut of_any_case: Vec<&Entry> = Vec::new();
    for entry in entries {
        let Some(first) = entry.prefix.positions.first() else { continue };
        if !first.any_case.is_empty() {
            of_any_case.push(entry);
        }
        for word in &first.words {
            by_head.entry(word).or_default().push(entry);
        }
    }
    for (set, other, way) in [(old, new, Way::Looser), (new, old, Way::Stricter)] {
        let told = |rule: &Rule<'_>| {
            let words: Vec<String> = std::iter::once(rule.head().to_owned())
                .chain(rule.rest().iter().filter_map(|element| element.words().first().cloned()))
                .collect();
            let named = by_head.get(rule.head()).into_iter().flatten();
            named.chain(&of_any_case).any(|entry| entry.way == way && entry.holds(&words))
        };
        let alone = set
            .rules()
            .filter(|rule| rule.decision() > Decision::Allow && rule.matches_lengths() == Length::AtLeast)
            .filter(|rule| !has_counterpart(rule, other));
        // What is told of in a group need not be told twice.
        found.extend(alone.filter(|rule| !told(rule)).map(|rule| Unproven { way, rule: rule.id() }));
    }
    found
}

/// Whether each spelling of a rule begins with the words of a rule that is as strict and compares as widely.
fn has_counterpart(rule: &Rule<'_>, other: &RuleSet) -> bool {
    let rest = rule.rest();
    let count = rest.iter().fold(1_usize, |count, element| count.saturating_mul(element.words().len()));
    if count > MOST_SPELLINGS {
        return false;
    }
    (0..count).all(|number| {
        let words = spelling(rule.head(), &rest, number);
        let mut hits = Hits::new();
        if rule.comparison() == Comparison::Exact {
            other.exact().walk(|at| other.find(words.get(at)?), &mut hits);
        }
        if !other.canonical().is_empty() {
            other.canonical().walk(|at| other.find(&canonical(words.get(at)?)), &mut hits);
        }
        hits.iter().any(|hit| as_strict(other, hit.id, rule.decision()))
    })
}

fn as_strict(set: &RuleSet, id: RuleId, decision: Decision) -> bool {
    set.call_of(id).is_some_and(|call| call.decision >= decision && call.length == Length::AtLeast)
}

/// One of the commands that a pattern stands for, by its number.
fn spelling<'a>(head: &'a str, rest: &'a [PatternElement], mut number: usize) -> Vec<&'a str> {
    let mut words = vec![head];
    for element in rest {
        let all = element.words();
        if let Some(word) = all.get(number % all.len().max(1)) {
            words.push(word);
        }
        number /= all.len().max(1);
    }
    words
}
