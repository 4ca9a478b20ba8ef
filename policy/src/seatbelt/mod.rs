//! Seatbelt, simulated: what a macOS sandbox profile would decide, told without a Mac.
//!
//! The way through: `reader` (text to forms) → `scheme` (forms to a [`Profile`]) → [`decide`] (a profile and a
//! [`Query`] to a [`Verdict`]). `operations` is the tree, `filters` and `pattern` say what matches, `paths` follows links,
//! `lint` finds what is probably not as meant. Nothing here was ever enforced or verified on macOS: who shows an answer says so.
//! An answer is about an operation, not about a system call, and about one profile alone.

mod decide;
pub mod filters;
mod index;
pub mod lint;
pub mod operations;
mod paths;
mod pattern;
mod profile;
mod query;
pub mod reader;
mod scheme;
mod truth;
mod verdict;

pub use decide::{decide, explain, last_match};
pub use paths::{Crossed, Resolved, resolve};
pub use profile::{Entry, Missing, Modifier, Profile, Rule};
pub use query::{Endpoint, Protocol, Query, Where, address};
pub use scheme::{Loaded, Refusal, Refused, Settings, load};
pub use truth::{Confidence, Doubt, Truth};
pub use verdict::{By, Clause, Decided, Lost, Outcome, Step, Verdict};

use serde::{Deserialize, Serialize};

/// The version of the model: what verdicts depend on beside profile and question.
pub const MODEL: &str = "1 (operation tree of macOS 10.15, names of 14.4)";

/// What stands on every answer.
pub const LABEL: &str = "SIMULATED: not enforced, not verified on macOS";

/// What no answer accounts for.
pub const ASSUMPTIONS: &[&str] = &[
    "the answer is about the operation; which operations a system call asks is not simulated",
    "one profile: no platform policy, App Sandbox or outer sandbox, which could only take away",
    "no SIP, TCC, file permissions or access control lists",
    "a set-id program is refused at exec whatever the rules say",
    "paths are compared byte by byte: names that differ in case, hard links and races are not seen",
];

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lets it happen.
    Allow,
    /// Refuses it.
    Deny,
}

impl std::fmt::Display for Action {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

#[cfg(test)]
mod tests;
