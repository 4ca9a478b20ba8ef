//! The decision: which rule of a profile answers a question, by which clause, and how sure that clause is.
//!
//! For an operation: its filtered rules, the newest first; then its unfiltered rule; then a verdict that is fixed for it;
//! then the same for its parent. At `default` the default statement, and without one, deny. "The last match wins" holds only among
//! filtered rules on the same operation. What a filter cannot know is kept: a verdict stands only if it would be the same
//! either way.

use std::collections::BTreeMap;

use super::Action;
use super::index::places;
use super::operations::{self, Basis, DEFAULT, Named, Operation};
use super::paths::{Resolved, resolve};
use super::profile::{Entry, Profile, Rule};
use super::query::Query;
use super::truth::{Confidence, Doubt, Notes, Truth};
use super::verdict::{By, Clause, Decided, Lost, Outcome, Step, Verdict};

/// Fixed verdicts that were measured.
const MEASURED: &[&str] =
    &["process-info*", "nvram*", "iokit-get-properties", "file-map-executable", "file-write-setugid"];

/// Operations that a filter of messages speaks of.
const MESSAGES: &[&str] = &[
    "mach-message-send",
    "xpc-message-send",
    "iokit-external-method",
    "iokit-async-external-method",
    "iokit-external-trap",
];

/// The order, clause by clause, so that tests can take each away. Everything else uses [`REAL`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) newest_first: bool,
    pub(super) filtered_before_unfiltered: bool,
    pub(super) exact_before_wider: bool,
    pub(super) parent_is_asked: bool,
    pub(super) last_unfiltered: bool,
    pub(super) fixed: bool,
    pub(super) rules_before_fixed: bool,
    pub(super) filtered_default: bool,
    pub(super) unfiltered_hides_parent: bool,
    pub(super) default_last: bool,
    pub(super) unknown_is_kept: bool,
    pub(super) deny_without_default: bool,
}

pub(super) const REAL: Order = Order {
    newest_first: true,
    filtered_before_unfiltered: true,
    exact_before_wider: true,
    parent_is_asked: true,
    last_unfiltered: true,
    fixed: true,
    rules_before_fixed: true,
    filtered_default: true,
    unfiltered_hides_parent: true,
    default_last: true,
    unknown_is_kept: true,
    deny_without_default: true,
};

/// Which filtered rules of an operation are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Each, so that the way can be shown.
    Each,
    /// Those that may match.
    Candidates,
}

/// Answers a question. `links` are followed first where they are given, with those every macOS has.
#[must_use]
pub fn decide(profile: &Profile, query: &Query, links: Option<&BTreeMap<String, String>>) -> Verdict {
    match links {
        None => answer(profile, query, REAL, Look::Candidates, &mut |_| ()),
        Some(links) => follow(profile, query, links),
    }
}

/// The way to a verdict on a question whose links are followed already, and every rule that matches and lost.
#[must_use]
pub fn explain(profile: &Profile, query: &Query) -> (Verdict, Vec<Step>, Vec<Lost>) {
    let mut steps = Vec::new();
    let verdict = answer(profile, query, REAL, Look::Each, &mut |step| steps.push(step));
    let mut lost = Vec::new();
    let winner = verdict.decided.and_then(|decided| decided.rule);
    let decided_at = verdict.decided.map(|decided| decided.at);
    let mut wider = false;
    let mut at = Some(query.operation);
    while let Some(operation) = at {
        if let Some(entry) = profile.entry(operation) {
            for (rule, filtered) in entry
                .filtered
                .iter()
                .map(|rule| (*rule, true))
                .chain(entry.unfiltered.iter().map(|rule| (*rule, false)))
            {
                let matches = profile.rule(rule).is_some_and(|found| {
                    found
                        .filter
                        .as_ref()
                        .is_none_or(|filter| filter.holds(query, operation, &mut Notes::default()) == Truth::True)
                });
                if !matches || Some(rule) == winner {
                    continue;
                }
                let why = match (wider, filtered) {
                    (true, _) => "it names a wider operation",
                    (false, true) => "a later rule on the same operation matches too",
                    (false, false) => "it has no filter, and is asked last on its operation",
                };
                lost.push(Lost { rule, at: operation, why });
            }
        }
        wider |= decided_at == Some(operation);
        at = operation.parent();
    }
    (verdict, steps, lost)
}

fn follow(profile: &Profile, query: &Query, links: &BTreeMap<String, String>) -> Verdict {
    let Some(path) = query.path.as_deref() else { return answer(profile, query, REAL, Look::Candidates, &mut |_| ()) };
    // What takes a name away takes the link's own and follows links only before it.
    let own_name = query.operation.name() == "file-write-unlink";
    let (start, last) = match path.rsplit_once('/').filter(|(_, last)| own_name && !last.is_empty()) {
        Some((directory, last)) => (directory, Some(last)),
        None => (path, None),
    };
    let resolved = match resolve(start, links) {
        Ok(resolved) => match last {
            Some(last) => {
                let path = format!("{}/{last}", resolved.path.trim_end_matches('/'));
                Resolved { path, ..resolved }
            }
            None => resolved,
        },
        Err(at) => {
            return Verdict {
                missing: vec![format!("where `{at}` leads: there are more links than the kernel follows")],
                ..unknown()
            };
        }
    };
    let mut traversal = Vec::new();
    let mut verdict = None;
    if let Some(Named::Operation(metadata)) = operations::find("file-read-metadata") {
        for crossed in &resolved.crossed {
            let mut asked = query.clone();
            asked.operation = metadata;
            asked.path = Some(crossed.link.clone());
            asked.facts.remove("vnode-type");
            if let Ok((name, value)) = super::filters::fact("vnode-type", "SYMLINK") {
                asked.facts.insert(name, value);
            }
            let read = answer(profile, &asked, REAL, Look::Candidates, &mut |_| ());
            traversal.push((crossed.link.clone(), read.outcome));
            if read.outcome != Outcome::Allow {
                verdict = Some(match read.outcome {
                    Outcome::Deny => Verdict {
                        decided: read.decided.map(|decided| Decided {
                            by: By::Traversal,
                            clause: Clause::Traversal,
                            ..decided
                        }),
                        ..read
                    },
                    _ => read,
                });
                break;
            }
        }
    }
    let mut verdict = verdict.unwrap_or_else(|| {
        let asked = Query { path: Some(resolved.path.clone()), ..query.clone() };
        answer(profile, &asked, REAL, Look::Candidates, &mut |_| ())
    });
    if resolved.shortened {
        verdict.doubts.push(Doubt {
            confidence: Confidence::Medium,
            assumed: "the data-volume spelling of a firmlinked path is matched in its short form",
        });
    }
    verdict.traversal = traversal;
    verdict.resolved = Some(resolved);
    verdict
}

fn unknown() -> Verdict {
    Verdict {
        outcome: Outcome::Unknown,
        decided: None,
        doubts: Vec::new(),
        missing: Vec::new(),
        resolved: None,
        traversal: Vec::new(),
    }
}

/// What unknown filters would have decided.
#[derive(Clone, Copy, Default)]
struct Pending {
    allow: bool,
    deny: bool,
}

/// The answer by an order of clauses.
pub(super) fn answer(
    profile: &Profile,
    query: &Query,
    order: Order,
    look: Look,
    see: &mut impl FnMut(Step),
) -> Verdict {
    let mut notes = Notes::default();
    let mut pending = Pending::default();
    let decided = walk(profile, query, order, look, see, &mut notes, &mut pending);
    if profile.filters_messages && MESSAGES.contains(&query.operation.name()) {
        notes.missing.push("what `apply-message-filter` lets through".to_owned());
        return Verdict { missing: notes.missing, doubts: notes.doubts, ..unknown() };
    }
    if let Some(first) = profile.missing.first() {
        let certain = decided.by == By::Rule
            && decided.at == query.operation
            && decided.rule.is_some_and(|rule| profile.missing.iter().all(|missing| rule as usize >= missing.after));
        if !certain {
            let mut missing = vec![format!("{} is not available", first.what)];
            missing.append(&mut notes.missing);
            return Verdict { missing, doubts: notes.doubts, ..unknown() };
        }
    }
    let action = match decided.rule.and_then(|rule| profile.rule(rule)) {
        Some(rule) => rule.action,
        None if decided.by == By::BuiltinDefault => decided.at.builtin().unwrap_or(Action::Deny),
        None if order.deny_without_default => Action::Deny,
        None => Action::Allow,
    };
    let doubtful = match action {
        Action::Allow => pending.deny,
        Action::Deny => pending.allow,
    };
    if doubtful && order.unknown_is_kept {
        return Verdict { missing: notes.missing, doubts: notes.doubts, ..unknown() };
    }
    if query.operation.basis() == Basis::Inferred && decided.at != query.operation {
        notes.doubt(Confidence::Low, "the parent of this operation is inferred from its name");
    }
    if decided.by == By::BuiltinDefault && action == Action::Allow && narrows_nothing(profile, query.operation) {
        notes.doubt(Confidence::Medium, "a filtered allow narrows nothing while the fixed verdict is allow");
    }
    Verdict {
        outcome: action.into(),
        decided: Some(decided),
        doubts: notes.doubts,
        missing: Vec::new(),
        resolved: None,
        traversal: Vec::new(),
    }
}

/// The first thing that decides.
fn walk(
    profile: &Profile,
    query: &Query,
    order: Order,
    look: Look,
    see: &mut impl FnMut(Step),
    notes: &mut Notes,
    pending: &mut Pending,
) -> Decided {
    let start = if order.exact_before_wider { query.operation } else { widest(profile, query.operation) };
    let mut at = start;
    loop {
        see(Step::At(at));
        let passed_over =
            (!order.rules_before_fixed && at.builtin().is_some()) || (!order.filtered_default && at == DEFAULT);
        if let Some(entry) = profile.entry(at) {
            if !order.default_last
                && at != DEFAULT
                && let Some(rule) = default_rule(profile)
            {
                return Decided { by: By::ProfileDefault, rule: Some(rule), at: DEFAULT, clause: Clause::Default };
            }
            if !order.filtered_before_unfiltered
                && let Some(rule) = entry.unfiltered.first()
            {
                return Decided { by: By::Unfiltered, rule: Some(*rule), at, clause: Clause::Floor };
            }
            let count = entry.filtered.len();
            for nth in tried(entry, query, look).filter(|_| !passed_over) {
                let nth = if order.newest_first { nth } else { count - 1 - nth };
                let Some(rule) = entry.filtered.get(nth).copied() else { continue };
                let truth = match profile.rule(rule).and_then(|found| found.filter.as_ref()) {
                    Some(filter) => filter.holds(query, at, notes),
                    None => Truth::False,
                };
                see(Step::Tried(rule, truth));
                match truth {
                    Truth::True => {
                        let rest = entry.filtered.get(nth + 1..).unwrap_or_default();
                        let clause = if rest.is_empty() { Clause::OnlyMatch } else { Clause::LastMatch };
                        return Decided { by: By::Rule, rule: Some(rule), at, clause };
                    }
                    Truth::Unknown => match profile.rule(rule).map(|found| found.action) {
                        Some(Action::Allow) => pending.allow = true,
                        Some(Action::Deny) => pending.deny = true,
                        None => {}
                    },
                    Truth::False => {}
                }
            }
            let unfiltered = if order.last_unfiltered { entry.unfiltered.first() } else { entry.unfiltered.last() };
            if let Some(rule) = unfiltered
                && (order.rules_before_fixed || at.builtin().is_none())
                && (order.unfiltered_hides_parent || at == DEFAULT)
            {
                return floor(profile, query, at, *rule, &entry.unfiltered);
            }
        }
        if order.fixed && at.builtin().is_some() {
            let clause = if MEASURED.contains(&at.name()) { Clause::Fixed } else { Clause::FixedByTable };
            return Decided { by: By::BuiltinDefault, rule: None, at, clause };
        }
        match at.parent().filter(|_| order.parent_is_asked && order.exact_before_wider) {
            Some(parent) => {
                see(Step::Up(parent));
                at = parent;
            }
            None => return Decided { by: By::NoDefault, rule: None, at: DEFAULT, clause: Clause::NoDefault },
        }
    }
}

/// The places of the filtered rules to be tried, the newest first.
fn tried(entry: &Entry, query: &Query, look: Look) -> impl Iterator<Item = usize> {
    let set = if look == Look::Candidates { entry.guards.candidates(query) } else { None };
    let each = if set.is_some() { 0..0 } else { 0..entry.filtered.len() };
    set.into_iter().flat_map(places).chain(each)
}

/// An unfiltered rule as what decides, with the clause that this takes.
fn floor(profile: &Profile, query: &Query, at: Operation, rule: u32, all: &[u32]) -> Decided {
    let action = |rule: u32| profile.rule(rule).map(|found| found.action);
    let disagree = all.iter().any(|other| action(*other) != action(rule));
    if at == DEFAULT {
        let clause = if disagree { Clause::LastFloor } else { Clause::Default };
        return Decided { by: By::ProfileDefault, rule: Some(rule), at, clause };
    }
    let clause = if disagree {
        Clause::LastFloor
    } else if hides(profile, query, at, action(rule)) {
        Clause::FloorHidesParent
    } else {
        Clause::Floor
    };
    Decided { by: By::Unfiltered, rule: Some(rule), at, clause }
}

/// Whether a filtered rule on a wider operation would have said otherwise.
fn hides(profile: &Profile, query: &Query, at: Operation, action: Option<Action>) -> bool {
    let mut up = at.parent();
    while let Some(wider) = up {
        let otherwise = |rule: &Rule| {
            Some(rule.action) != action
                && rule
                    .filter
                    .as_ref()
                    .is_some_and(|filter| filter.holds(query, wider, &mut Notes::default()) != Truth::False)
        };
        if profile.entry(wider).is_some_and(|entry| {
            tried(entry, query, Look::Candidates)
                .filter_map(|nth| profile.rule(*entry.filtered.get(nth)?))
                .any(otherwise)
        }) {
            return true;
        }
        up = wider.parent();
    }
    false
}

/// Whether the profile has filtered allows on the way to a fixed allow.
fn narrows_nothing(profile: &Profile, operation: Operation) -> bool {
    let mut at = Some(operation);
    while let Some(here) = at {
        if profile.entry(here).is_some_and(|entry| !entry.filtered.is_empty()) {
            return true;
        }
        at = here.parent().filter(|_| here.builtin().is_none());
    }
    false
}

fn default_rule(profile: &Profile) -> Option<u32> {
    profile.entry(DEFAULT).and_then(|entry| entry.unfiltered.first().copied())
}

/// The widest operation above that has rules.
fn widest(profile: &Profile, operation: Operation) -> Operation {
    let mut found = operation;
    let mut at = Some(operation);
    while let Some(here) = at {
        if here != DEFAULT && profile.entry(here).is_some_and(|entry| !entry.filtered.is_empty()) {
            found = here;
        }
        at = here.parent();
    }
    found
}

/// What "the last match wins" would say, which is what many authors believe; none where no rule matches.
#[must_use]
pub fn last_match(profile: &Profile, query: &Query) -> Option<Outcome> {
    let matching = profile.rules.iter().rev().find(|rule| {
        let named = rule.operations.iter().find(|operation| query.operation.is_within(**operation));
        named.is_some_and(|named| {
            rule.filter.as_ref().is_none_or(|filter| filter.holds(query, *named, &mut Notes::default()) == Truth::True)
        })
    });
    matching.map(|rule| rule.action.into())
}
