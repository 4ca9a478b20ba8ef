//! How a run of Codex finished: what was observed, and the status that palisade gives for it. Pure.
//!
//! Codex ends with 0 whatever became of its commands, and in places also when it was interrupted. Success is a turn that was
//! completed *and* a clean exit.

use serde::{Deserialize, Serialize};

use super::account::End;
use crate::exit;

/// Which limit ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The whole run took too long.
    Hard,
    /// Nothing was said for too long.
    Idle,
    /// Nothing was said at all.
    FirstOutput,
}

/// Why palisade ended a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A limit ran out.
    Limit(Limit),
    /// It used more than it may, told in words.
    Budget(String),
    /// palisade was told to end, by this signal.
    Signal(i32),
    /// Nobody reads palisade's output any more.
    Closed,
}

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Signalled(i32),
}

/// How a run finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "kebab-case")]
pub enum Finish {
    /// The turn was completed.
    Completed,
    /// The turn failed: the model's server, the context, the configuration of the provider.
    Failed {
        /// Why, in Codex's words.
        message: String,
    },
    /// It ended with 0 or an error, and without the end of its turn.
    Interrupted {
        /// The status.
        exit: u8,
    },
    /// It refused to begin: no git repository, a broken configuration, rules that do not load.
    Refused {
        /// The status; 2 for options that this version does not know.
        exit: u8,
        /// Why, in Codex's words.
        message: String,
    },
    /// It ran out of time and was ended.
    TimedOut {
        /// Which time.
        limit: Limit,
    },
    /// It used more tokens or money than it may, and was ended.
    OverBudget {
        /// How much.
        why: String,
    },
    /// palisade was told to end, and ended it.
    Stopped {
        /// By which signal.
        signal: i32,
    },
    /// Somebody else ended it.
    Killed {
        /// With which signal.
        signal: i32,
    },
}

impl Finish {
    /// What was observed: why palisade ended it, if it did; how the process ended; what the stream says of the turn; whether
    /// it said anything; and what stood on standard error.
    #[must_use]
    pub fn of(stop: Option<Stop>, ended: Ended, end: &End, lines: u64, errors: &str) -> Self {
        match (stop, ended, end) {
            (Some(Stop::Limit(limit)), ..) => Self::TimedOut { limit },
            (Some(Stop::Budget(why)), ..) => Self::OverBudget { why },
            (Some(Stop::Signal(signal)), ..) => Self::Stopped { signal },
            (Some(Stop::Closed), ..) => Self::Stopped { signal: libc::SIGPIPE },
            (None, _, End::Failed { message }) => Self::Failed { message: message.clone() },
            (None, Ended::Exited(0), End::Completed) => Self::Completed,
            (None, Ended::Signalled(signal), _) => Self::Killed { signal },
            (None, Ended::Exited(exit), End::Open) if lines == 0 && exit != 0 => {
                Self::Refused { exit, message: errors.trim().to_owned() }
            }
            (None, Ended::Exited(exit), _) => Self::Interrupted { exit },
        }
    }

    /// The status palisade gives: Codex's own, and never 0 for what is no success.
    #[must_use]
    pub fn status(&self) -> u8 {
        let signalled = |signal: i32| exit::SIGNALLED.wrapping_add(u8::try_from(signal).unwrap_or_default());
        match self {
            Self::Completed => exit::OK,
            Self::Failed { .. } | Self::OverBudget { .. } => exit::FINDINGS,
            Self::Interrupted { exit } | Self::Refused { exit, .. } => (*exit).max(exit::FINDINGS),
            Self::TimedOut { .. } => exit::TIMED_OUT,
            Self::Stopped { signal } | Self::Killed { signal } => signalled(*signal),
        }
    }
}

impl std::fmt::Display for Finish {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Completed => out.write_str("completed"),
            Self::Failed { message } => write!(out, "the turn failed: {message}"),
            Self::Interrupted { exit } => write!(out, "interrupted: exit {exit} without the end of the turn"),
            Self::Refused { exit, message } => write!(out, "codex did not begin: exit {exit}: {message}"),
            Self::TimedOut { limit: Limit::Hard } => out.write_str("timed out: the run took too long"),
            Self::TimedOut { limit: Limit::Idle } => out.write_str("timed out: nothing was said for too long"),
            Self::TimedOut { limit: Limit::FirstOutput } => out.write_str("timed out: nothing was said at all"),
            Self::OverBudget { why } => write!(out, "over its budget: {why}"),
            Self::Stopped { signal } => write!(out, "stopped by signal {signal}"),
            Self::Killed { signal } => write!(out, "codex was ended by signal {signal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_completed_turn_and_a_clean_exit_are_success() {
        let failed = End::Failed { message: "no".into() };
        for (ended, end, lines, expected, status) in [
            (Ended::Exited(0), End::Completed, 6, Finish::Completed, 0),
            (Ended::Exited(1), failed.clone(), 4, Finish::Failed { message: "no".into() }, 1),
            // The older launchers end with 0 when they are interrupted.
            (Ended::Exited(0), End::Open, 3, Finish::Interrupted { exit: 0 }, 1),
            (Ended::Exited(0), End::Open, 0, Finish::Interrupted { exit: 0 }, 1),
            (Ended::Exited(3), End::Completed, 6, Finish::Interrupted { exit: 3 }, 3),
            (Ended::Exited(2), End::Open, 0, Finish::Refused { exit: 2, message: "why".into() }, 2),
            (Ended::Signalled(9), End::Completed, 6, Finish::Killed { signal: 9 }, 137),
        ] {
            let finish = Finish::of(None, ended, &end, lines, " why\n");
            assert_eq!((&finish, finish.status()), (&expected, status));
        }
        let late = Finish::of(Some(Stop::Limit(Limit::Idle)), Ended::Exited(0), &End::Completed, 9, "");
        assert_eq!((late.status(), late), (124, Finish::TimedOut { limit: Limit::Idle }));
        assert_eq!(Finish::of(Some(Stop::Signal(15)), Ended::Signalled(2), &failed, 9, "").status(), 143);
    }
}
