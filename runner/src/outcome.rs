//! How a run ended, as data.

use serde::{Deserialize, Serialize};

use crate::exit;

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The command ended by itself.
    Exited {
        /// Its status.
        status: u8,
    },
    /// A signal ended the command.
    Signalled {
        /// Which.
        signal: i32,
    },
    /// The command ran out of time and was ended.
    TimedOut,
    /// The command could not be executed.
    NotExecuted {
        /// The errno of exec.
        errno: i32,
    },
    /// A step of the plan failed; nothing ran.
    NotStarted {
        /// Which step, and why.
        why: String,
    },
}

impl Outcome {
    /// The exit status this becomes (design: the child's own, or the codes of `exit`).
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Exited { status } => *status,
            Self::Signalled { signal } => exit::SIGNALLED.wrapping_add(u8::try_from(*signal).unwrap_or(0)),
            Self::TimedOut => exit::TIMED_OUT,
            Self::NotExecuted { errno } if *errno == libc::ENOENT || *errno == libc::ENOTDIR => exit::NOT_FOUND,
            Self::NotExecuted { .. } => exit::REFUSED,
            Self::NotStarted { .. } => exit::SETUP,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited { status } => write!(out, "exit {status}"),
            Self::Signalled { signal } => write!(out, "ended by signal {signal}"),
            Self::TimedOut => out.write_str("timed out"),
            Self::NotExecuted { errno } => {
                write!(out, "not executed: {}", nix::errno::Errno::from_raw(*errno).desc())
            }
            Self::NotStarted { why } => write!(out, "not started: {why}"),
        }
    }
}
