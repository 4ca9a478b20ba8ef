//! Rules that never decide: others match all that they match and are asked before them.

use super::super::filters::{Filter, Leaf, Row, Scalar, Side, Value};
use super::super::operations::Operation;
use super::super::profile::Profile;
use super::warning;
use crate::diagnostic::Diagnostic;

/// Rules that decide nothing, for nothing that they match and no operation below theirs.
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
            Some(filter) => {
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
        }
    }
}

/// Whether later rules on the same operation match all that this filter matches, each part of it by one of them.
fn covered_by(profile: &Profile, at: usize, filter: &Filter, operation: Operation) -> bool {
    if !is_known(filter) {
        return false;
    }
    let later: Vec<&Filter> = profile
        .entry(operation)
        .into_iter()
        .flat_map(|entry| &entry.filtered)
        .filter(|rule| **rule as usize > at)
        .filter_map(|rule| profile.rule(*rule)?.filter.as_deref())
        .collect();
    !later.is_empty() && implied(filter, &later)
}

/// Whether all that a filter asks is simulated: what is not has lost its arguments, and may differ.
fn is_known(filter: &Filter) -> bool {
    let mut known = true;
    filter.leaves(&mut |leaf, _| known &= !matches!(leaf, Leaf::Unmodelled(_)));
    known
}

/// Whether one of some filters matches wherever this one does.
fn implied(filter: &Filter, later: &[&Filter]) -> bool {
    if later.iter().any(|other| *other == filter || within_alternatives(filter, other)) {
        return true;
    }
    match filter {
        Filter::Any(parts) => parts.iter().all(|part| implied(part, later)),
        Filter::All(parts) => parts.iter().any(|part| implied(part, later)),
        Filter::Leaf(Leaf::Path(sides)) => sides.iter().all(|side| {
            let (path, tree) = match side {
                Side::Literal(path) => (path.as_str(), false),
                Side::Subpath { path, .. } => (path.as_str(), true),
                _ => return false,
            };
            later.iter().any(|other| covers(other, path, tree))
        }),
        Filter::Leaf(Leaf::Name(row, scalars)) => {
            scalars.iter().all(|scalar| later.iter().any(|other| names(other, row, scalar)))
        }
        Filter::Not(_) | Filter::Leaf(_) => false,
    }
}

/// Whether a filter is one of several alternatives.
fn within_alternatives(filter: &Filter, other: &Filter) -> bool {
    matches!(other, Filter::Any(parts) if parts.iter().any(|part| **part == *filter))
}

/// Whether a filter surely matches where this name or number is the value of this fact.
fn names(filter: &Filter, row: &Row, scalar: &Scalar) -> bool {
    match filter {
        Filter::Any(parts) => parts.iter().any(|part| names(part, row, scalar)),
        Filter::All(parts) => parts.iter().all(|part| names(part, row, scalar)),
        Filter::Leaf(Leaf::Name(other, scalars)) if *other == row => scalars.iter().any(|one| match (one, scalar) {
            (Scalar::Prefix(prefix), Scalar::Is(Value::Text(text)) | Scalar::Prefix(text)) => text.starts_with(prefix),
            (one, scalar) => one == scalar,
        }),
        Filter::Not(_) | Filter::Leaf(_) => false,
    }
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
