//! The signals of this process, read from a descriptor, so that whoever waits for something else waits for them too.
//!
//! Linux has `signalfd(2)`; elsewhere a handler writes to a pipe of our own.

#[cfg(not(target_os = "linux"))]
#[path = "signals/elsewhere.rs"]
mod host;
#[cfg(target_os = "linux")]
#[path = "signals/linux.rs"]
mod host;

/// The room of other systems, which does nothing that this one could not: tried here, used there.
#[cfg(all(test, target_os = "linux"))]
#[path = "signals/elsewhere.rs"]
pub mod elsewhere;

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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use nix::sys::signal::{Signal, raise};

    use super::elsewhere::Signals;

    const ALONE: &str = "PALISADE_TEST_SIGNALS";

    /// In a process of its own, since a handler is the whole process's.
    #[test]
    fn signals_come_through_the_pipe_in_their_order() {
        if std::env::var_os(ALONE).is_none() {
            let name = "sys::signals::tests::signals_come_through_the_pipe_in_their_order";
            let ended = Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(ALONE, "1").output();
            let ended = ended.unwrap();
            let said = String::from_utf8_lossy(&ended.stdout);
            assert!(ended.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        let mut signals = Signals::take().unwrap();
        assert_eq!(signals.arrived(), None);
        for signal in [Signal::SIGUSR1, Signal::SIGTERM, Signal::SIGUSR1] {
            raise(signal).unwrap();
        }
        signals.wait(None);
        assert_eq!(signals.arrived(), Some(Signal::SIGUSR1));
        assert_eq!(signals.arrived(), Some(Signal::SIGTERM));
        assert_eq!(signals.arrived(), Some(Signal::SIGUSR1));
        assert_eq!(signals.arrived(), None);
        let began = Instant::now();
        signals.wait(Some(Duration::from_millis(20)));
        assert!(began.elapsed() >= Duration::from_millis(20));
        // The end of a child is one too, and the child is still there to be waited for.
        let mut child = Command::new("true").spawn().unwrap();
        signals.wait(None);
        assert_eq!(signals.arrived(), Some(Signal::SIGCHLD));
        assert!(child.wait().unwrap().success());
    }
}
