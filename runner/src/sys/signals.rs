//! The signals of this process, read from a descriptor, so that whoever waits for something else waits for them too.
//!
//! Linux has `signalfd(2)`; elsewhere a handler writes to a pipe of our own.

#[cfg(not(target_os = "linux"))]
#[path = "signals/elsewhere.rs"]
mod host;
#[cfg(target_os = "linux")]
#[path = "signals/linux.rs"]
mod host;

use std::time::Duration;

use nix::poll::PollTimeout;
use nix::sys::signal::Signal;

pub use host::{Blocked, Signals};

/// Signals that are passed on or acted upon.
const WATCHED: &[Signal] = &[
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGTSTP,
    Signal::SIGCONT,
    Signal::SIGCHLD,
    Signal::SIGWINCH,
];

/// A time limit as `poll(2)` takes it, rounded up so that it has really passed afterwards.
#[must_use]
pub fn milliseconds(limit: Duration) -> PollTimeout {
    PollTimeout::try_from(limit + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}
