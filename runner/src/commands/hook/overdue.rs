//! The hook's own end, before somebody else makes it: agents give a hook up after a time and let the call run, and do the same with one
//! that is ended by a signal. So it denies first.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::commands::sandbox::say;
use crate::sys::signals::Signals;

/// How long a call is judged at most: well within what `hook install` asks agents to wait.
const PATIENCE: Duration = Duration::from_secs(40);

/// The signals that ask a program to end.
const ENDS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// From now on ends the process with this status, and the reason, when it is told to end or takes too long.
pub(super) fn deny(status: u8) {
    // Before any other thread is there, so that none of them takes the signal.
    let Ok(mut signals) = Signals::take() else { return };
    let _ = std::thread::Builder::new().name("overdue".into()).spawn(move || {
        say(overdue(&mut signals, PATIENCE));
        std::process::exit(i32::from(status));
    });
}

/// Waits for one of the signals, or so long; says what has come.
fn overdue(signals: &mut Signals, patience: Duration) -> String {
    let began = Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return format!("denied: no verdict after {} seconds", patience.as_secs());
        }
        signals.wait(Some(left));
        while let Some(signal) = signals.arrived() {
            if ENDS.contains(&signal) {
                return format!("denied: the hook was told to end by signal {}", signal as i32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_does_not_come_in_time_is_a_denial() {
        let why = overdue(&mut Signals::take().expect("signals"), Duration::from_millis(30));
        assert!(why.starts_with("denied: no verdict after "), "{why}");
    }
}
