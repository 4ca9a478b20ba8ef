//! The report of an attempt: one JSON object per line on standard output, the only descriptor sure to survive.

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, Stop};

/// The name of the line that says the subject started at all.
pub const CONTROL: &str = "control";

/// What an attempt came to, as its own process saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Result {
    /// It worked.
    Allowed,
    /// It was refused.
    Denied,
    /// Its process was ended by a signal.
    Signal,
    /// The attempt, or the subject under it, broke.
    Broken,
    /// The question could not be put.
    Skip,
    /// There is nothing to ask about on this host.
    NoBait,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which probe, or [`CONTROL`].
    pub id: String,
    /// What it came to.
    pub result: Result,
    /// The errno of a refusal, the number of a signal, else 0.
    pub number: i32,
    /// Words for people, and what was read.
    pub detail: String,
}

impl Line {
    /// The line of an attempt that came to its own end.
    #[must_use]
    pub fn of(id: &str, attempt: Attempt) -> Self {
        let (result, number, detail) = match attempt {
            Ok(detail) => (Result::Allowed, 0, detail),
            Err(Stop::Denied(errno, detail)) => (Result::Denied, errno as i32, detail),
            Err(Stop::NoBait(reason)) => (Result::NoBait, 0, reason),
            Err(Stop::Skip(reason)) => (Result::Skip, 0, reason),
        };
        Self { id: id.to_owned(), result, number, detail }
    }

    /// The errno of a refusal.
    #[must_use]
    pub fn errno(&self) -> Errno {
        Errno::from_raw(self.number)
    }
}
