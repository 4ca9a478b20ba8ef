//! What becomes of a command in a turn of Codex: its decision table as data.
//!
//! Three steps: a segment that no rule matches gets a decision from the approval policy and the sandbox ([`unmatched`]), the
//! strictest of all segments counts, and [`outcome`] says what that means: run with or without a sandbox, ask, refuse.

use super::version::{Leaves, Version};
use crate::decision::Decision;

/// Whom Codex asks, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// For everything it does not know to be safe.
    Untrusted,
    /// When the model or a rule asks for it.
    OnRequest,
    /// After a sandbox failure (0.117.0 and 0.125.0).
    OnFailure,
    /// By category.
    Granular {
        /// Whether prompts of rules are shown.
        rules: Granted,
        /// Whether prompts about the sandbox are shown.
        sandbox_approval: Granted,
    },
    /// Never.
    Never,
}

/// Whether a category of prompts is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Codex's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// `read-only` and `workspace-write`.
    On,
    /// `danger-full-access`.
    Off,
}

/// Whether the call asks to leave the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// It does.
    Asked,
    /// It does not.
    None,
}

/// What Codex's built-in lists say of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// On the list of dangerous commands.
    Dangerous,
    /// On the list of known-safe commands.
    KnownSafe,
    /// On none.
    No,
}

/// The decision on a segment that no rule matches; none where the version has no such approval policy.
#[must_use]
pub fn unmatched(
    version: Version,
    approval: Approval,
    sandbox: Sandbox,
    escalation: Escalation,
    listed: Listed,
) -> Option<Decision> {
    let traits = version.traits();
    let escalates = escalation == Escalation::Asked && sandbox == Sandbox::On;
    let decision = match (approval, listed) {
        (Approval::OnFailure, _) if !traits.on_failure => return None,
        (Approval::Never, Listed::Dangerous) => match sandbox {
            Sandbox::Off if traits.danger_runs_unasked => Decision::Allow,
            Sandbox::On | Sandbox::Off => Decision::Forbidden,
        },
        (_, Listed::Dangerous) => Decision::Prompt,
        (_, Listed::KnownSafe) if traits.known_safe => Decision::Allow,
        (Approval::Untrusted, _) => Decision::Prompt,
        (Approval::OnRequest | Approval::Granular { .. }, _) if escalates => Decision::Prompt,
        (Approval::OnRequest | Approval::Granular { .. } | Approval::OnFailure | Approval::Never, _) => Decision::Allow,
    };
    Some(decision)
}

/// What happens to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It runs without a sandbox.
    Unsandboxed,
    /// It runs in the turn's sandbox.
    Sandboxed,
    /// A person is asked.
    Asked,
    /// It does not run.
    Refused,
}

/// One segment: its decision, and whether a rule or a heuristic made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The decision.
    pub decision: Decision,
    /// Who made it.
    pub by: By,
}

/// Who made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule.
    Rule,
    /// [`unmatched`].
    Heuristic,
}

/// What happens to a command of these segments; none where there is no segment.
#[must_use]
pub fn outcome(version: Version, approval: Approval, segments: &[Judged]) -> Option<Outcome> {
    let traits = version.traits();
    let by_rule = |decision| move |one: &Judged| *one == Judged { decision, by: By::Rule };
    let outcome = match segments.iter().map(|one| one.decision).max()? {
        Decision::Forbidden => Outcome::Refused,
        Decision::Prompt if segments.iter().any(by_rule(Decision::Prompt)) => match approval {
            Approval::Never | Approval::Granular { rules: Granted::No, .. } => Outcome::Refused,
            _ => Outcome::Asked,
        },
        Decision::Prompt => match approval {
            Approval::Never => Outcome::Refused,
            Approval::Granular { sandbox_approval: Granted::No, .. } if traits.granular_refuses => Outcome::Refused,
            _ => Outcome::Asked,
        },
        Decision::Allow => {
            let mut allowed = segments.iter().map(by_rule(Decision::Allow));
            let leaves = match traits.leaves_sandbox {
                Leaves::AnyAllowed => allowed.any(|it| it),
                Leaves::AllAllowed => allowed.all(|it| it),
            };
            if leaves { Outcome::Unsandboxed } else { Outcome::Sandboxed }
        }
    };
    Some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Approval::{Never, OnFailure, OnRequest, Untrusted};
    use Decision::{Allow, Forbidden, Prompt};

    const NEW: Version = Version::V0_169_0;
    const OLD: Version = Version::V0_125_0;
    const GRANULAR: Approval = Approval::Granular { rules: Granted::Yes, sandbox_approval: Granted::No };

    #[test]
    fn each_cell_of_the_table_of_unmatched_segments() {
        use Listed::{Dangerous, KnownSafe, No};
        // Decisions for dangerous, known-safe, other, and other with escalation.
        let rows = [
            (NEW, Untrusted, Sandbox::On, [Prompt, Prompt, Prompt, Prompt]),
            (OLD, Untrusted, Sandbox::Off, [Prompt, Allow, Prompt, Prompt]),
            (NEW, OnRequest, Sandbox::On, [Prompt, Allow, Allow, Prompt]),
            (OLD, GRANULAR, Sandbox::On, [Prompt, Allow, Allow, Prompt]),
            (NEW, GRANULAR, Sandbox::Off, [Prompt, Allow, Allow, Allow]),
            (OLD, OnFailure, Sandbox::On, [Prompt, Allow, Allow, Allow]),
            (NEW, Never, Sandbox::On, [Forbidden, Allow, Allow, Allow]),
            (NEW, Never, Sandbox::Off, [Forbidden, Allow, Allow, Allow]),
            (OLD, Never, Sandbox::On, [Forbidden, Allow, Allow, Allow]),
            (OLD, Never, Sandbox::Off, [Allow, Allow, Allow, Allow]),
        ];
        for (version, approval, sandbox, wanted) in rows {
            let ask = |listed, escalation| unmatched(version, approval, sandbox, escalation, listed);
            let got = [
                ask(Dangerous, Escalation::None),
                ask(KnownSafe, Escalation::None),
                ask(No, Escalation::None),
                ask(No, Escalation::Asked),
            ];
            assert_eq!(got, wanted.map(Some), "{version} {approval:?} {sandbox:?}");
        }
        assert_eq!(unmatched(NEW, OnFailure, Sandbox::On, Escalation::None, No), None);
        assert_eq!(unmatched(NEW, OnRequest, Sandbox::On, Escalation::Asked, KnownSafe), Some(Prompt));
        assert_eq!(unmatched(OLD, OnRequest, Sandbox::On, Escalation::Asked, KnownSafe), Some(Allow));
    }

    #[test]
    fn each_row_of_the_table_of_outcomes() {
        let rule = |decision| Judged { decision, by: By::Rule };
        let own = |decision| Judged { decision, by: By::Heuristic };
        let no_rules = Approval::Granular { rules: Granted::No, sandbox_approval: Granted::Yes };
        let rows = [
            (NEW, OnRequest, vec![rule(Forbidden), rule(Allow)], Outcome::Refused),
            (NEW, Never, vec![own(Forbidden)], Outcome::Refused),
            (NEW, Never, vec![rule(Prompt)], Outcome::Refused),
            (NEW, no_rules, vec![rule(Prompt), own(Prompt)], Outcome::Refused),
            (NEW, OnRequest, vec![rule(Prompt)], Outcome::Asked),
            (NEW, GRANULAR, vec![own(Prompt)], Outcome::Asked),
            (OLD, GRANULAR, vec![own(Prompt)], Outcome::Refused),
            (NEW, Untrusted, vec![own(Prompt), rule(Allow)], Outcome::Asked),
            (NEW, Never, vec![rule(Allow), rule(Allow)], Outcome::Unsandboxed),
            (NEW, Never, vec![rule(Allow), own(Allow)], Outcome::Sandboxed),
            (OLD, Never, vec![rule(Allow), own(Allow)], Outcome::Sandboxed),
            (Version::V0_117_0, Never, vec![rule(Allow), own(Allow)], Outcome::Unsandboxed),
            (Version::V0_117_0, Never, vec![own(Allow)], Outcome::Sandboxed),
        ];
        for (version, approval, segments, wanted) in rows {
            assert_eq!(outcome(version, approval, &segments), Some(wanted), "{version} {approval:?} {segments:?}");
        }
        assert_eq!(outcome(NEW, Never, &[]), None);
    }
}
