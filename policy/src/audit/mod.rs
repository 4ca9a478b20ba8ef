//! Auditing: recorded commands replayed against a policy, judged one by one and added up.
//!
//! [`Entry`] is one recorded command, wherever it was read; [`Auditor`] judges it with `tree::judge`, like everything else;
//! [`Tally`] adds findings up in bounded memory. Tallies merge, and nothing in them depends on the order in which entries
//! came, so one pass, a resumed pass and many processes give the same sums. Nothing here reads a file or a clock.

mod bounded;
mod finding;
mod prompts;
mod tally;

use serde::{Deserialize, Serialize};

pub use bounded::{Add, Bounded};
pub use finding::{Asked, Auditor, Cause, Change, Finding};
pub use prompts::{By, Settled, settled};
pub use tally::{Grouped, LeftOut, Prompt, RuleCount, Session, Tally};

/// One recorded command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What was executed, or asked for.
    pub what: What,
    /// Where, if the record says so.
    pub cwd: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// When, in milliseconds since 1970.
    pub time: Option<i64>,
    /// What became of it.
    pub recorded: Recorded,
}

/// What a record says of a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The words that were executed.
    Argv {
        /// The words.
        words: Vec<String>,
        /// The file that was executed, where the record says so.
        program: Option<String>,
        /// Names that were shown to be that very file.
        certain: Vec<String>,
    },
    /// Words that a record has joined with blanks, so that it is not sure where one ends.
    Joined {
        /// The text.
        text: String,
    },
    /// Shell text.
    Script {
        /// The text.
        text: String,
        /// Who read it.
        shell: Shell,
    },
    /// A command of which the record does not tell enough.
    Unknown {
        /// What is missing, in words.
        why: String,
    },
}

/// Who reads shell text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shell {
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish, which is read as far as it is like bash; what is its own is a doubt.
    Fish,
}

/// What became of a recorded command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// It ran, and the record does not say that anybody was asked.
    Ran,
    /// Somebody was asked and agreed.
    Agreed,
    /// It was refused, by whomever.
    Refused,
    /// The record does not say.
    #[default]
    Unsaid,
}

impl Recorded {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Ran, Self::Agreed, Self::Refused, Self::Unsaid];

    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Agreed => "agreed",
            Self::Refused => "refused",
            Self::Unsaid => "unsaid",
        }
    }
}

#[cfg(test)]
mod tests;
