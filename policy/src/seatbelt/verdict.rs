//! An answer: what happens, what decided, by which clause, and how sure all of that is.

use serde::Serialize;

use super::Action;
use super::operations::Operation;
use super::paths::Resolved;
use super::truth::{Confidence, Doubt, Truth};

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What happens.
    pub outcome: Outcome,
    /// What decided; none where nothing could.
    pub decided: Option<Decided>,
    /// What was assumed on the way; the lowest confidence of these and of the clause is that of the verdict.
    pub doubts: Vec<Doubt>,
    /// What would have to be known, where the outcome is not.
    pub missing: Vec<String>,
    /// How the path was followed, where it was asked for.
    pub resolved: Option<Resolved>,
    /// What reading the links on the way was answered with, in order.
    pub traversal: Vec<(String, Outcome)>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is let happen.
    Allow,
    /// It is refused.
    Deny,
    /// It cannot be told.
    Unknown,
}

impl From<Action> for Outcome {
    fn from(action: Action) -> Self {
        match action {
            Action::Allow => Self::Allow,
            Action::Deny => Self::Deny,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unknown => "unknown",
        })
    }
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What kind of thing.
    pub by: By,
    /// The rule, by its place, if it was one.
    pub rule: Option<u32>,
    /// The operation on which it was found.
    pub at: Operation,
    /// The clause of the order by which it did.
    pub clause: Clause,
}

/// What kind of thing decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A rule with a filter.
    Rule,
    /// A rule without a filter.
    Unfiltered,
    /// A verdict that is fixed for the operation.
    BuiltinDefault,
    /// The default statement of the profile.
    ProfileDefault,
    /// There is no default statement.
    NoDefault,
    /// A link on the way could not be read.
    Traversal,
}

impl By {
    /// Its name, as case files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Unfiltered => "unfiltered",
            Self::BuiltinDefault => "builtin-default",
            Self::ProfileDefault => "profile-default",
            Self::NoDefault => "no-default",
            Self::Traversal => "traversal",
        }
    }
}

/// A clause of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// The only filtered rule on the operation that matches.
    OnlyMatch,
    /// Of the filtered rules on the operation that match, the last.
    LastMatch,
    /// The unfiltered rule is the floor of its operation.
    Floor,
    /// The unfiltered rule, though a filtered one on a wider operation says otherwise.
    FloorHidesParent,
    /// The last of several unfiltered rules on the operation that disagree.
    LastFloor,
    /// A fixed verdict, measured.
    Fixed,
    /// A fixed verdict, from a table.
    FixedByTable,
    /// The default statement, wherever it stands.
    Default,
    /// No default statement: deny.
    NoDefault,
    /// Following a link reads the link.
    Traversal,
}

impl Clause {
    /// How sure it is.
    #[must_use]
    pub const fn confidence(self) -> Confidence {
        match self {
            Self::OnlyMatch | Self::LastMatch | Self::Floor | Self::Fixed | Self::Default => Confidence::High,
            Self::FloorHidesParent | Self::FixedByTable | Self::NoDefault | Self::Traversal => Confidence::Medium,
            Self::LastFloor => Confidence::Low,
        }
    }

    /// The clause as a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OnlyMatch => "the one filtered rule on this operation that matches decides",
            Self::LastMatch => "of the filtered rules on the same operation that match, the last decides",
            Self::Floor => {
                "no filtered rule on this operation matches, so its unfiltered rule decides, wherever it stands"
            }
            Self::FloorHidesParent => "an unfiltered rule on the operation hides the filtered rules on wider ones",
            Self::LastFloor => "of several unfiltered rules on one operation, the last decides",
            Self::Fixed => "the operation has a fixed verdict unless the profile names it; `default` does not reach it",
            Self::FixedByTable => "the operation has a fixed verdict by Apple's table; `default` does not reach it",
            Self::Default => "nothing more exact decides, so the default statement does, wherever it stands",
            Self::NoDefault => "nothing decides and the profile has no default statement: deny",
            Self::Traversal => "following a link reads the link itself",
        }
    }
}

/// What was seen on the way to a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The rules on this operation are looked at.
    At(Operation),
    /// A filtered rule, by its place, and whether it matches.
    Tried(u32, Truth),
    /// Nothing on this operation decides; its parent is asked.
    Up(Operation),
}

/// A rule that matches and does not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The rule, by its place.
    pub rule: u32,
    /// The operation it names.
    pub at: Operation,
    /// Why it does not decide.
    pub why: &'static str,
}

impl Verdict {
    /// The lowest confidence of what took part.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        let clause = self.decided.map_or(Confidence::High, |decided| decided.clause.confidence());
        self.doubts.iter().map(|doubt| doubt.confidence).fold(clause, Ord::min)
    }
}
