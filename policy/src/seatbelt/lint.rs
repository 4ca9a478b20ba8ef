//! What is probably not as meant in a profile. Each finding names its rule; notes are worth knowing and no findings.

mod dead;

use std::collections::BTreeMap;

use super::filters::{Filter, Leaf, Side};
use super::operations::{self, DEFAULT, Operation};
use super::profile::{Profile, Rule};
use super::query::Query;
use super::{Action, Outcome, decide, last_match, paths};
use crate::diagnostic::{Diagnostic, Severity};

/// A lint: looks at a profile and says what it finds.
type Lint = fn(&Profile, &mut Vec<Diagnostic>);

/// Every lint on the rules alone, and whether it compares rules with each other.
const LINTS: &[(Lint, bool)] = &[
    (dead::dead_rules, true),
    (aliases, false),
    (alternatives, false),
    (narrowed_in_vain, false),
    (child_allows, true),
    (all_sockets, false),
    (leaves_the_sandbox, false),
    (moved_away, true),
    (unanchored, false),
    (other_case, false),
    (order_sensitive, true),
    (left_open, false),
];

/// How many leaves times rules are compared at most: some seconds.
const MOST_PAIRS: usize = 1 << 20;

fn pairs(profile: &Profile) -> usize {
    let mut leaves = 0;
    for filter in profile.rules.iter().filter_map(|rule| rule.filter.as_ref()) {
        filter.leaves(&mut |leaf, _| {
            leaves += match leaf {
                Leaf::Path(sides) => sides.len(),
                _ => 1,
            };
        });
    }
    leaves * profile.rules.len()
}

/// Everything that is found, in the order of the profile.
#[must_use]
pub fn lint(profile: &Profile, parameters: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if pairs(profile) > MOST_PAIRS {
        let message = "the profile is too large for all lints; rules are not compared with each other";
        found.push(note("seatbelt-limit", message));
    }
    for (look, compares) in LINTS {
        if !compares || pairs(profile) <= MOST_PAIRS {
            look(profile, &mut found);
        }
    }
    parameter_use(profile, parameters, &mut found);
    for missing in &profile.missing {
        let message = format!("{} is not available: little can be told of what stands before it", missing.what);
        found
            .push(note("seatbelt-import", message).at(missing.span, "").help("give its directory with `--import-dir`"));
    }
    found.sort_by_key(|found| {
        let at = found.labels.first().map(|label| (label.span.source, label.span.start));
        (at.is_none(), at, found.code.clone())
    });
    found.dedup();
    found
}

/// Whether it is more than a note.
#[must_use]
pub fn is_finding(found: &Diagnostic) -> bool {
    found.severity > Severity::Note
}

fn warning(code: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
}

fn note(code: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Note, ..Diagnostic::error(code, message) }
}

/// A question that this rule's own filter should match, for one of its operations; none where its filter cannot be turned round.
fn witnesses(rule: &Rule) -> Vec<Query> {
    let Some(filter) = &rule.filter else { return Vec::new() };
    let mut paths = Vec::new();
    filter.leaves(&mut |leaf, polarity| {
        if polarity == super::filters::Polarity::Asked
            && let Leaf::Path(sides) = leaf
        {
            for side in sides {
                match side {
                    Side::Literal(path) => paths.push(path.clone()),
                    Side::Subpath { path, .. } => {
                        paths.push(if path.is_empty() { "/".into() } else { path.clone() });
                        paths.push(format!("{path}/x"));
                    }
                    Side::Prefix(path) => paths.push(path.clone()),
                    Side::Regex { .. } | Side::Ancestors(_) => {}
                }
            }
        }
    });
    let file = operations::family("path");
    let mut found = Vec::new();
    for operation in rule.operations.iter().filter(|operation| operation.families() & file != 0) {
        if operation.families() & operations::family("network") != 0 {
            continue;
        }
        for path in &paths {
            if let Ok(mut query) = Query::new(operation.name()) {
                query.path = Some(path.clone());
                found.push(query);
            }
        }
    }
    found
}

/// Patterns on aliases match nothing.
fn aliases(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in &profile.rules {
        // Reading a link itself is what a rule on metadata of the bare alias is for.
        let reads_links = rule.operations.iter().all(|operation| operation.name().starts_with("file-read"));
        each_path(rule, &mut |side| {
            let path = match side {
                Side::Literal(path) if reads_links && path.matches('/').count() == 1 => return,
                Side::Literal(path) | Side::Subpath { path, .. } | Side::Prefix(path) | Side::Ancestors(path) => {
                    path.as_str()
                }
                Side::Regex { pattern, .. } => match pattern.written.strip_prefix('^') {
                    Some(rest) => rest,
                    None => return,
                },
            };
            let head: String = path.split_inclusive('/').take(2).collect();
            let head = if matches!(side, Side::Regex { .. }) { head.trim_end_matches('/') } else { path };
            if let Some(physical) = paths::physical(head) {
                found.push(
                    warning(
                        "seatbelt-alias",
                        format!("`{head}` matches nothing: the kernel compares the path behind the link"),
                    )
                    .at(rule.span, "")
                    .help(format!("write `{physical}`")),
                );
            }
        });
    }
}

fn each_path(rule: &Rule, visit: &mut dyn FnMut(&Side)) {
    if let Some(filter) = &rule.filter {
        filter.leaves(&mut |leaf, _| match leaf {
            Leaf::Path(sides) => sides.iter().for_each(&mut *visit),
            Leaf::End(end) => {
                if let Some(path) = &end.path {
                    path.leaves(&mut |leaf, _| {
                        if let Leaf::Path(sides) = leaf {
                            sides.iter().for_each(&mut *visit);
                        }
                    });
                }
            }
            _ => {}
        });
    }
}

/// A filter list of different kinds means "or", and mostly "and" was meant.
fn alternatives(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.alternatives > 1) {
        let mut narrows = None;
        let mut has_path = false;
        if let Some(Filter::Any(parts)) = rule.filter.as_deref() {
            for part in parts {
                match part.as_ref() {
                    Filter::Leaf(Leaf::Path(_)) => has_path = true,
                    Filter::Leaf(Leaf::Name(row, _)) if matches!(row.name, "vnode-type" | "file-mode") => {
                        narrows = Some(row.name);
                    }
                    Filter::Leaf(Leaf::Extension(_)) => narrows = Some("extension"),
                    Filter::Not(_) => narrows = Some("require-not"),
                    _ => {}
                }
            }
        }
        if let (Some(name), true) = (narrows, has_path) {
            found.push(
                warning(
                    "seatbelt-or",
                    format!("the filters of this rule are alternatives: `{name}` widens it to every path"),
                )
                .at(rule.span, "")
                .help("put them into one `(require-all …)` where all must hold"),
            );
        }
    }
}

/// A filtered allow on an operation that is open anyway.
fn narrowed_in_vain(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.action == Action::Allow && rule.filter.is_some()) {
        for operation in &rule.operations {
            let mut at = Some(*operation);
            let mut open = false;
            while let Some(here) = at {
                if profile.entry(here).is_some_and(|entry| !entry.unfiltered.is_empty()) {
                    break;
                }
                open = here.builtin() == Some(Action::Allow);
                at = here.parent().filter(|_| !open);
            }
            if open {
                found.push(
                    warning(
                        "seatbelt-open",
                        format!("`{operation}` is open whatever `default` says: this allow narrows nothing"),
                    )
                    .at(rule.span, "")
                    .help(format!("add `(deny {operation})`")),
                );
            }
        }
    }
}

/// A deny on a wide operation that an allow on a more exact one takes back, wherever both stand.
fn child_allows(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.action == Action::Deny && rule.filter.is_some()) {
        for query in witnesses(rule) {
            for child in operations::all().filter(|child| *child != query.operation && child.is_within(query.operation))
            {
                if profile.entry(child).is_none_or(|entry| entry.filtered.is_empty() && entry.unfiltered.is_empty()) {
                    continue;
                }
                let asked = Query { operation: child, ..query.clone() };
                let verdict = decide(profile, &asked, None);
                let Some(decided) = verdict.decided.filter(|decided| decided.at == child) else { continue };
                if verdict.outcome == Outcome::Allow
                    && let Some(winner) = decided.rule.and_then(|rule| profile.rule(rule))
                {
                    let path = asked.path.as_deref().unwrap_or_default();
                    let message = format!(
                        "this deny does not hold for `{child}`: `{path}` is allowed by a rule on the exact operation"
                    );
                    found.push(
                        warning("seatbelt-child", message)
                            .at(rule.span, "")
                            .at(winner.span, "this one decides, wherever it stands")
                            .help(format!("name `{child}` in the deny as well")),
                    );
                    break;
                }
            }
        }
    }
}

/// Network without a filter is every Unix socket too.
fn all_sockets(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.action == Action::Allow && rule.filter.is_none()) {
        if rule.operations.iter().any(|operation| matches!(operation.name(), "network*" | "network-outbound")) {
            found.push(
                warning(
                    "seatbelt-sockets",
                    "this opens every Unix socket of the machine, those of container daemons and agents included",
                )
                .at(rule.span, "")
                .help("allow `(remote ip \"*:*\")` and the sockets that are needed"),
            );
        }
    }
}

fn leaves_the_sandbox(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.leaves_the_sandbox()) {
        found.push(
            warning(
                "seatbelt-no-sandbox",
                "what this rule lets execute runs outside of the sandbox, with everything it starts",
            )
            .at(rule.span, "")
            .help("leave the modifier out; a set-id program cannot run inside at all"),
        );
    }
}

/// A protected path whose ancestors can be moved away with it.
fn moved_away(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in profile.rules.iter().filter(|rule| rule.action == Action::Deny) {
        if !rule.operations.iter().any(|operation| operation.name() == "file-write*") {
            continue;
        }
        let mut paths = Vec::new();
        each_path(rule, &mut |side| match side {
            Side::Literal(path) | Side::Subpath { path, .. } => paths.push(path.clone()),
            _ => {}
        });
        for path in paths {
            let mut parent = path.as_str();
            while let Some((above, _)) = parent.rsplit_once('/').filter(|(above, _)| !above.is_empty()) {
                parent = above;
                let Ok(mut query) = Query::new("file-write-unlink") else { break };
                query.path = Some(above.to_owned());
                if decide(profile, &query, None).outcome == Outcome::Allow {
                    found.push(
                        warning("seatbelt-moved", format!("`{path}` is protected, but `{above}` can be moved away, and the rule stays behind"))
                            .at(rule.span, "")
                            .help(format!("add `(deny file-write-unlink (literal \"{above}\"))`, and the same for every directory above that can be written")),
                    );
                    break;
                }
            }
        }
    }
}

/// A regex on files that may match anywhere in a path.
fn unanchored(profile: &Profile, found: &mut Vec<Diagnostic>) {
    for rule in &profile.rules {
        let mut loose = Vec::new();
        each_path(rule, &mut |side| {
            if let Side::Regex { pattern, dropped } = side {
                if !pattern.is_anchored() && !pattern.written.starts_with("^") {
                    let message = format!("`{}` matches anywhere in a path", pattern.written);
                    // That a deny denies more than it seems to is seldom a hole.
                    let found = match rule.action {
                        Action::Allow => warning("seatbelt-unanchored", message),
                        Action::Deny => note("seatbelt-unanchored", message),
                    };
                    loose.push(found.help("begin it with `^`"));
                }
                if *dropped {
                    let message =
                        format!("a backslash of `{}` was dropped by the reader: `.` matches any byte", pattern.written);
                    loose.push(
                        warning("seatbelt-cooked", message)
                            .help("write the pattern as `#\"…\"`, where backslashes stay"),
                    );
                }
            }
        });
        found.extend(loose.into_iter().map(|found| found.at(rule.span, "")));
    }
}

/// Protected names that are not there yet can be made in another case, where the file system does not tell cases apart.
fn other_case(profile: &Profile, found: &mut Vec<Diagnostic>) {
    let makes = |operation: &Operation| matches!(operation.name(), "file-write*" | "file-write-create");
    for rule in profile.rules.iter().filter(|rule| rule.action == Action::Deny && rule.operations.iter().any(makes)) {
        let mut name = None;
        each_path(rule, &mut |side| {
            if let Side::Literal(path) | Side::Subpath { path, .. } = side {
                let last = path.rsplit('/').next().unwrap_or_default();
                name = name
                    .take()
                    .or_else(|| last.contains(|one: char| one.is_ascii_alphabetic()).then(|| last.to_owned()));
            }
        });
        if let Some(name) = name {
            let turned: String = name
                .chars()
                .map(|one| if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() })
                .collect();
            let message = format!(
                "while `{name}` is not there it can be made as `{turned}`, if case is folded where it lies: rules compare byte by byte"
            );
            found.push(note("seatbelt-case", message).at(rule.span, "").help("make the names beforehand"));
            return;
        }
    }
}

/// Paths about which "the last match wins" says something else.
fn order_sensitive(profile: &Profile, found: &mut Vec<Diagnostic>) {
    let children: Vec<Operation> =
        operations::all().filter(|operation| operation.name().starts_with("file-")).collect();
    for rule in profile.rules.iter().filter(|rule| rule.filter.is_some()) {
        for query in witnesses(rule) {
            let real = decide(profile, &query, None);
            let believed = last_match(profile, &query);
            if let (Some(decided), Some(believed)) = (real.decided, believed)
                && children.contains(&query.operation)
                && real.outcome != Outcome::Unknown
                && believed != real.outcome
                && decided
                    .rule
                    .is_some_and(|winner| profile.rule(winner).is_some_and(|winner| winner.number == rule.number))
            {
                let path = query.path.as_deref().unwrap_or_default();
                let message = format!(
                    "`{}` of `{path}` is decided here, though a later rule matches: it says {}, not {believed}",
                    query.operation, real.outcome
                );
                found.push(note("seatbelt-order", message).at(rule.span, "").help(decided.clause.sentence()));
                break;
            }
        }
    }
}

/// What a closed default leaves open, in one note.
fn left_open(profile: &Profile, found: &mut Vec<Diagnostic>) {
    let Some(default) =
        profile.entry(DEFAULT).and_then(|entry| entry.unfiltered.first()).and_then(|rule| profile.rule(*rule))
    else {
        if profile.missing.is_empty() {
            found.push(
                note("seatbelt-no-default", "the profile has no default statement; deny is taken")
                    .help("add `(deny default)`"),
            );
        }
        return;
    };
    if default.action != Action::Deny {
        return;
    }
    let open: Vec<&str> = operations::all()
        .filter(|operation| operation.builtin() == Some(Action::Allow))
        .filter(|operation| profile.entry(*operation).is_none_or(|entry| entry.unfiltered.is_empty()))
        .map(|operation| operation.name())
        .collect();
    if !open.is_empty() {
        let message = format!("`(deny default)` leaves open: {}", open.join(", "));
        found.push(
            note("seatbelt-left-open", message).at(default.span, "").help("name them, each with `allow` or `deny`"),
        );
    }
}

fn parameter_use(profile: &Profile, parameters: &BTreeMap<String, String>, found: &mut Vec<Diagnostic>) {
    for name in parameters.keys() {
        if !profile.asked.iter().any(|(asked, _)| asked == name) {
            found.push(warning("seatbelt-parameter", format!("the parameter `{name}` is given and never used")));
        }
    }
    for (name, span) in &profile.asked {
        if !parameters.contains_key(name) {
            found.push(
                note("seatbelt-parameter", format!("the parameter `{name}` is asked for and not given")).at(*span, ""),
            );
        }
    }
}

#[cfg(test)]
mod tests;
