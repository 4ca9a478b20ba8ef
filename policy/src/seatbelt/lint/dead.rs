//! Rules that never decide: others match all that they match and are asked before them.

use super::super::filters::{Filter, Leaf, Side};
use super::super::operations::Operation;
use super::super::profile::Profile;
use super::warning;
use crate::diagnostic::Diagnostic;

/// Whether a filter is nothing but paths that can be turned into questions, as alternatives.
fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::Any(parts) => parts.iter().all(|part| is_plain(part)),
        Filter::Leaf(Leaf::Path(sides)) => {
            sides.iter().all(|side| matches!(side, Side::Literal(_) | Side::Subpath { .. }))
        }
        _ => false,
    }
}

/// Rules of plain paths that decide nothing, for no path of their own and no operation below theirs.
pub(super) fn dead_rules(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for (at, rule) in profile.rules.iter().enumerate() {
        match &rule.filter {
            None => {
                let shadow = rule.operations.iter().all(|operation| {
                    profile.entry(*operation).and_then(|entry| entry.unfiltered.first()).copied()
                        != u32::try_from(at).ok()
                });
                if shadow && !rule.operations.is_empty() {
                    found.push(
                        warning(
                            "seatbelt-dead-rule",
                            "this rule never decides: a later one without a filter stands on the same operation",
                        )
                        .at(rule.span, "")
                        .help("remove one of them; that the later one wins is not even certain"),
                    );
                }
            }
            Some(filter) if is_plain(filter) => {
                let covered = rule.operations.iter().all(|operation| covered_by(profile, at, filter, *operation));
                if covered && !rule.operations.is_empty() {
                    found.push(
                        warning(
                            "seatbelt-dead-rule",
                            "this rule never decides: later rules on the same operations match all it matches",
                        )
                        .at(rule.span, "")
                        .help("put it after them, or remove it; a deeper path does not win by being deeper"),
                    );
                }
            }
            Some(_) => {}
        }
    }
}

/// Whether later rules on the same operation match every path that this filter matches.
fn covered_by(profile: &Profile, at: usize, filter: &Filter, operation: Operation) -> bool {
    let mut all = true;
    let mut any = false;
    filter.leaves(&mut |leaf, _| {
        let Leaf::Path(sides) = leaf else { return };
        for side in sides {
            any = true;
            let (path, tree) = match side {
                Side::Literal(path) => (path.as_str(), false),
                Side::Subpath { path, .. } => (path.as_str(), true),
                _ => continue,
            };
            let later = profile.entry(operation).into_iter().flat_map(|entry| &entry.filtered);
            let covers = later
                .filter(|rule| **rule as usize > at)
                .filter_map(|rule| profile.rule(*rule)?.filter.as_ref())
                .any(|filter| covers(filter, path, tree));
            all &= covers;
        }
    });
    any && all
}

/// Whether a filter surely matches a path, and with `tree` everything below it.
fn covers(filter: &Filter, path: &str, tree: bool) -> bool {
    match filter {
        Filter::Any(parts) => parts.iter().any(|part| covers(part, path, tree)),
        Filter::All(parts) => parts.iter().all(|part| covers(part, path, tree)),
        Filter::Not(_) => false,
        Filter::Leaf(Leaf::Path(sides)) => sides.iter().any(|side| match side {
            Side::Subpath { path: root, .. } => {
                path.strip_prefix(root.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Side::Literal(literal) => !tree && literal == path,
            Side::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Side::Regex { .. } | Side::Ancestors(_) => false,
        }),
        Filter::Leaf(_) => false,
    }
}
