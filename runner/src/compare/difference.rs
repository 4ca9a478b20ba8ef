//! Puts the two sides of a command together: what full-auto denied, what came out otherwise than expected.

use serde::Serialize;

use super::effect::{Effect, outermost};
use super::list::{Entry, Fate};
use super::told::Side;
use crate::outcome::Outcome;

/// What the policy says about a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The decision in one word, or `no rule`.
    pub word: String,
    /// The reasons as text, may be empty.
    pub reasons: String,
}

impl Judged {
    /// What is said where no rules were given.
    #[must_use]
    pub fn without_rules() -> Self {
        Self { word: "no rule".into(), reasons: String::new() }
    }
}

/// One command on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Its words.
    pub argv: Vec<String>,
    /// The act that full-auto should deny.
    pub denies: Option<String>,
    /// What the policy says about it.
    pub policy: Judged,
    /// What became of it under full-auto.
    pub full_auto_fate: Fate,
    /// What became of it under bypass.
    pub bypass_fate: Fate,
    /// What happened under full-auto.
    pub full_auto: Side,
    /// What happened under bypass.
    pub bypass: Side,
    /// In what they differ, in words; empty when they do not.
    pub differences: Vec<String>,
    /// Expectations that failed, in words.
    pub failed: Vec<String>,
}

/// Compares the two sides.
#[must_use]
pub fn compare(entry: &Entry, policy: Judged, full_auto: Side, bypass: Side) -> Compared {
    let only = |these: &[Effect], those: &[Effect]| -> Vec<Effect> {
        these.iter().filter(|effect| !those.contains(effect)).cloned().collect()
    };
    let denied = only(&bypass.effects, &full_auto.effects);
    let added = only(&full_auto.effects, &bypass.effects);
    let mut differences: Vec<String> = outermost(&denied).map(|effect| format!("full-auto denied: {effect}")).collect();
    let worse = succeeded(&bypass.outcome) && !succeeded(&full_auto.outcome);
    if differences.is_empty() && worse {
        let act = entry.denies.clone().unwrap_or_else(|| format!("`{}`", entry.name));
        differences.push(format!("full-auto denied: {act}"));
    } else if differences.is_empty() && full_auto.outcome != bypass.outcome {
        differences.push(format!("ends otherwise: {} and {}", full_auto.outcome, bypass.outcome));
    }
    differences.extend(outermost(&added).map(|effect| format!("only under full-auto: {effect}")));
    let fate = |denied: bool| if denied { Fate::Denied } else { Fate::Permitted };
    let full_auto_fate = fate(!denied.is_empty() || !succeeded(&full_auto.outcome));
    let bypass_fate = fate(!succeeded(&bypass.outcome));
    let expectations = [
        ("full-auto", entry.expect.full_auto, full_auto_fate, &full_auto),
        ("bypass", entry.expect.bypass, bypass_fate, &bypass),
    ];
    let failed = expectations
        .into_iter()
        .filter_map(|(side, expected, got, what)| {
            let expected = expected.filter(|expected| *expected != got)?;
            let line = what.stderr.lines().next_back().unwrap_or_default();
            let said = if line.is_empty() { String::new() } else { format!(", `{line}`") };
            Some(format!("{side}: expected {expected}, got {got} ({}{said})", what.outcome))
        })
        .collect();
    Compared {
        name: entry.name.clone(),
        argv: entry.argv.clone(),
        denies: entry.denies.clone(),
        policy,
        full_auto_fate,
        bypass_fate,
        full_auto,
        bypass,
        differences,
        failed,
    }
}

fn succeeded(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Exited { status: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::effect::Kind;
    use crate::compare::list::Expect;

    fn side(status: u8, effects: &[&str]) -> Side {
        Side {
            outcome: Outcome::Exited { status },
            effects: effects.iter().map(|path| Effect::Created { path: (*path).into(), kind: Kind::File }).collect(),
            unlisted: 0,
            stdout: String::new(),
            stderr: String::new(),
            gaps: Vec::new(),
            milliseconds: 1,
        }
    }

    fn entry(full_auto: Fate) -> Entry {
        Entry {
            name: "x".into(),
            argv: vec!["x".into()],
            denies: Some("doing x".into()),
            expect: Expect { full_auto: Some(full_auto), bypass: Some(Fate::Permitted) },
        }
    }

    #[test]
    fn what_only_bypass_did_was_denied() {
        let got = compare(&entry(Fate::Denied), Judged::without_rules(), side(1, &["/a"]), side(0, &["/a", "/b"]));
        assert_eq!(got.differences, ["full-auto denied: creating /b"]);
        assert!(got.failed.is_empty());
    }

    #[test]
    fn without_effects_the_act_itself_is_named() {
        let got = compare(&entry(Fate::Denied), Judged::without_rules(), side(1, &[]), side(0, &[]));
        assert_eq!(got.differences, ["full-auto denied: doing x"]);
    }

    #[test]
    fn a_denial_that_did_not_happen_fails_its_expectation() {
        let got = compare(&entry(Fate::Denied), Judged::without_rules(), side(0, &["/b"]), side(0, &["/b"]));
        assert!(got.differences.is_empty());
        assert_eq!(got.failed, ["full-auto: expected denied, got permitted (exit 0)"]);
    }
}
