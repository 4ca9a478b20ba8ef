//! A decision with its reasons, and the permit that only a verdict can make.
//!
//! The decision is computed from the reasons, so an explanation cannot drift from the truth.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;

/// Index of a rule in its rule set, in load order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleId(pub u32);

/// How a rule was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The command begins with the words of the rule.
    #[default]
    Spelling,
    /// The command says the same in other words: its options stand elsewhere, or are spelled otherwise.
    Meaning,
}

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    /// A rule matched.
    Rule {
        /// Which rule.
        id: RuleId,
        /// Its decision.
        decision: Decision,
        /// How many words of the command it matched, from the first.
        matched: u32,
        /// The program identity it matched under, when that is not the first word as written.
        program: Option<String>,
        /// How it was reached.
        #[serde(default)]
        by: By,
    },
    /// No rule matched; the caller's default applies.
    NoRule {
        /// The default that applies.
        decision: Decision,
    },
    /// The command's text cannot be known before it runs.
    Opaque {
        /// `prompt` or stricter: what cannot be known is not allowed.
        decision: Decision,
        /// Which construct, in words.
        what: String,
    },
    /// It executes something that cannot be known from its words: text it interprets, a file, standard input. Who sees
    /// every program that is started may leave such a reason aside.
    Executes {
        /// What, in words.
        what: String,
    },
    /// It executes other commands, and they decide.
    Carries,
    /// There was no command at all; never allowed.
    Empty,
}

impl Reason {
    /// The decision this reason asks for.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        match self {
            Self::Rule { decision, .. } | Self::NoRule { decision } | Self::Opaque { decision, .. } => *decision,
            Self::Executes { .. } => Decision::Prompt,
            Self::Carries => Decision::Allow,
            Self::Empty => Decision::Forbidden,
        }
    }
}

/// A decision with its reasons; `because` is never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    decision: Decision,
    because: smallvec::SmallVec<[Reason; 1]>,
}

/// Proof that a command may run. It can only be made from a verdict, and nothing runs without one.
#[derive(Debug)]
#[must_use = "a permit that is not used permits nothing"]
pub struct Permit(());

/// A person's answer to a `prompt` verdict. Only the code that asked should make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nobody was asked, or the answer was no.
    No,
    /// A person said yes to this very command.
    Yes,
}

impl Verdict {
    /// The strictest of the reasons decides; no reason at all is a refusal.
    #[must_use]
    pub fn new(because: impl IntoIterator<Item = Reason>) -> Self {
        Self::from_reasons(because.into_iter().collect())
    }

    pub(crate) fn from_reasons(mut because: smallvec::SmallVec<[Reason; 1]>) -> Self {
        if because.is_empty() {
            because.push(Reason::Empty);
        }
        let decision = because.iter().map(Reason::decision).max().unwrap_or(Decision::Forbidden);
        Self { decision, because }
    }

    /// The decision.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// The reasons, never empty.
    #[must_use]
    pub fn because(&self) -> &[Reason] {
        &self.because
    }

    /// The permit this verdict gives: always for `allow`, with a person's consent for `prompt`, never for `forbidden`.
    #[must_use]
    pub fn permit(&self, consent: Consent) -> Option<Permit> {
        match (self.decision, consent) {
            (Decision::Allow, _) | (Decision::Prompt, Consent::Yes) => Some(Permit(())),
            (Decision::Prompt, Consent::No) | (Decision::Forbidden, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_without_reasons_is_a_refusal() {
        assert_eq!(Verdict::new([]).decision(), Decision::Forbidden);
        assert!(Verdict::new([]).permit(Consent::Yes).is_none());
    }

    #[test]
    fn a_forbidden_command_gets_no_permit_even_with_consent() {
        let verdict = Verdict::new([
            Reason::NoRule { decision: Decision::Allow },
            Reason::Rule { id: RuleId(0), decision: Decision::Forbidden, matched: 1, program: None, by: By::Spelling },
        ]);
        assert!(verdict.permit(Consent::Yes).is_none());
    }
}
