//! Rules as they are written and as a rule set shows them.
//!
//! [`NewRule`] is what one `prefix_rule` call says; a rule set splits it into one rule per head. [`Rule`] is the view of
//! one such rule inside its set. A rule knows its place: the call that made it, and where a function or a loop made
//! it, the places that led there.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::pattern::{Comparison, PatternElement};
use crate::ruleset::RuleSet;
use crate::source::Span;
use crate::verdict::RuleId;

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The call of the builtin.
    pub at: Span,
    /// The calls that led to it, from the nearest outwards; empty when the builtin was called at the top level.
    pub via: Vec<Span>,
}

/// Who answers a `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// The person at the terminal.
    User,
    /// The automatic reviewer.
    AutoReview,
}

impl Reviewer {
    /// Reads the word of a rule file.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "user" => Some(Self::User),
            "auto_review" => Some(Self::AutoReview),
            _ => None,
        }
    }

    /// The word of a rule file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::AutoReview => "auto_review",
        }
    }
}

/// Which lengths of a command a rule matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Length {
    /// Its own and any longer one.
    #[default]
    AtLeast,
    /// Its own only.
    Exactly,
}

/// One `prefix_rule` call, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// The programs, in the order written, repeats included; one rule each.
    pub heads: Vec<String>,
    /// The positions after the program.
    pub rest: Vec<PatternElement>,
    /// What a match decides.
    pub decision: Decision,
    /// Why, in the author's words.
    pub justification: Option<String>,
    /// How words are compared.
    pub comparison: Comparison,
    /// Which lengths of a command it matches.
    pub length: Length,
    /// Who answers, for prompt rules that say so.
    pub reviewer: Option<Reviewer>,
    /// Where it was written.
    pub origin: Origin,
}

/// One rule inside its rule set.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) id: RuleId,
}

impl<'a> Rule<'a> {
    /// Its number in load order.
    #[must_use]
    pub const fn id(&self) -> RuleId {
        self.id
    }

    /// The program it is about, as written.
    #[must_use]
    pub fn head(&self) -> &'a str {
        self.set.head_of(self.id)
    }

    /// The positions after the program.
    #[must_use]
    pub fn rest(&self) -> Vec<PatternElement> {
        self.set.rest_of(self.id)
    }

    /// How many words it needs to match.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.set.length_of(self.id)
    }

    /// What a match decides.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.set.call_of(self.id).map_or(Decision::Forbidden, |call| call.decision)
    }

    /// Why, in the author's words.
    #[must_use]
    pub fn justification(&self) -> Option<&'a str> {
        self.set.justification_of(self.id)
    }

    /// How words are compared.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        self.set.call_of(self.id).map_or(Comparison::Exact, |call| call.comparison)
    }

    /// Whether it matches longer commands too.
    #[must_use]
    pub fn matches_lengths(&self) -> Length {
        self.set.call_of(self.id).map_or(Length::AtLeast, |call| call.length)
    }

    /// Who answers, for prompt rules that say so.
    #[must_use]
    pub fn reviewer(&self) -> Option<Reviewer> {
        self.set.call_of(self.id).and_then(|call| call.reviewer)
    }

    /// The call that made it. Rules of one call share it.
    #[must_use]
    pub fn at(&self) -> Option<Span> {
        self.set.call_of(self.id).map(|call| call.at)
    }

    /// The calls that led there, from the nearest outwards.
    #[must_use]
    pub fn via(&self) -> &'a [Span] {
        self.set.via_of(self.id)
    }

    /// Which `prefix_rule` call made it, counted in load order; rules with several heads share a call.
    #[must_use]
    pub fn call(&self) -> u32 {
        self.set.call_number_of(self.id)
    }
}
