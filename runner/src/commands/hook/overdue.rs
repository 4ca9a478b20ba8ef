//! The hook's own end, before somebody else makes it: agents give a hook up after a time and let the call run, and do the same with one
//! that is ended by a signal. So it denies first.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::commands::sandbox::say;

/// How long a call is judged at most: well within what `hook install` asks agents to wait.
const PATIENCE: Duration = Duration::from_secs(40);

/// From now on ends the process with this status, and the reason, when it is told to end or takes too long.
pub(super) fn deny(status: u8) {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        signals.add(signal);
    }
    // Before any other thread is there, so that none of them takes the signal.
    if signals.thread_block().is_err() {
        return;
    }
    let _ = std::thread::Builder::new().name("overdue".into()).spawn(move || {
        if let Some(why) = overdue(&signals, PATIENCE) {
            say(why);
            std::process::exit(i32::from(status));
        }
    });
}

/// Waits for one of the signals, or so long; says what has come. Nothing, if it cannot wait.
fn overdue(signals: &SigSet, patience: Duration) -> Option<String> {
    let arrived = SignalFd::with_flags(signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK).ok()?;
    let began = std::time::Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Some(format!("denied: no verdict after {} seconds", patience.as_secs()));
        }
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(arrived.as_fd(), PollFlags::POLLIN)], timeout);
        if let Ok(Some(signal)) = arrived.read_signal() {
            return Some(format!("denied: the hook was told to end by signal {}", signal.ssi_signo));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_does_not_come_in_time_is_a_denial() {
        let why = overdue(&SigSet::empty(), Duration::from_millis(30)).expect("waited");
        assert!(why.starts_with("denied: no verdict after "), "{why}");
    }
}
