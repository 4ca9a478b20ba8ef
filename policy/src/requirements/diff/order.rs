//! Which of two values of a key leaves more possible.

use std::collections::BTreeSet;

use serde::Serialize;

/// How a value changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is possible, or is done without asking.
    Looser,
    /// It is another value, and neither is certainly the stricter.
    Changed,
    /// Less is possible.
    Stricter,
}

/// Words of keys, strictest first.
const ORDERS: &[(&str, &[&str])] = &[
    ("approval_policy", &["untrusted", "on-request", "on-failure", "never"]),
    ("approvals_reviewer", &["user", "auto_review"]),
    ("sandbox_mode", &["read-only", "workspace-write", "external-sandbox", "danger-full-access"]),
    ("network_access", &["false", "true"]),
    ("web_search", &["disabled", "cached", "indexed", "live"]),
    ("exclude_slash_tmp", &["true", "false"]),
    ("exclude_tmpdir_env_var", &["true", "false"]),
    ("mcp_servers", &["none", "disabled", "enabled"]),
    ("enforce_residency", &["us", "none"]),
    ("command", &["forbidden", "prompt", "not judged"]),
];

/// The direction from `old` to `new`.
pub(super) fn direction(key: &str, old: &str, new: &str) -> Direction {
    if key == "starts" {
        return match (old == "yes", new == "yes") {
            (false, true) => Direction::Looser,
            (true, false) => Direction::Stricter,
            _ => Direction::Changed,
        };
    }
    let first = key.split(['.', ' ']).next().unwrap_or_default();
    match first {
        "writable_roots" => return sets(old, new),
        // More that is hidden is stricter.
        "deny_read" => return sets(new, old),
        _ => {}
    }
    let words = ORDERS.iter().find(|(name, _)| *name == first).map(|(_, words)| *words).unwrap_or_default();
    let rank = |word: &str| words.iter().position(|known| *known == word);
    match (rank(old), rank(new)) {
        (Some(old), Some(new)) if new > old => Direction::Looser,
        (Some(old), Some(new)) if new < old => Direction::Stricter,
        _ => Direction::Changed,
    }
}

/// Of two lists, whether the second has more.
fn sets(old: &str, new: &str) -> Direction {
    let of = |text: &str| -> BTreeSet<String> {
        text.split(", ").filter(|item| *item != "none").map(str::to_owned).collect()
    };
    let (old, new) = (of(old), of(new));
    if old.is_subset(&new) {
        Direction::Looser
    } else if new.is_subset(&old) {
        Direction::Stricter
    } else {
        Direction::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, direction};

    #[test]
    fn what_has_no_order_is_changed_and_never_stricter() {
        assert_eq!(direction("approval_policy", "never", "on-request"), Direction::Stricter);
        assert_eq!(direction("approval_policy", "{\"granular\":{}}", "on-request"), Direction::Changed);
        assert_eq!(direction("writable_roots", "none", "/srv"), Direction::Looser);
        assert_eq!(direction("deny_read", "none", "/srv"), Direction::Stricter);
        assert_eq!(direction("writable_roots", "/a", "/b"), Direction::Changed);
        assert_eq!(direction("features.undo", "true", "false"), Direction::Changed);
    }
}
