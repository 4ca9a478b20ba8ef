//! Bypass: the command with nothing around it. Palisade only waits, and ends it when its time is up.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use crate::backend::linux::inner::{Command, start};
use crate::outcome::Outcome;
use crate::supervise::Signals;
use crate::sys::spawn::Group;

/// How long the command may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the command in palisade's own session and process group, so that a terminal treats both alike.
pub fn run(command: &Command, signals: &mut Signals, timeout: Option<Duration>) -> Outcome {
    if let Err(errno) = nix::unistd::chdir(&command.cwd) {
        return Outcome::NotStarted { why: format!("entering {}: {}", command.cwd.display(), errno.desc()) };
    }
    let child = match start(command, Group::Inherited) {
        Ok(child) => child,
        Err(errno) => return Outcome::NotExecuted { errno: errno as i32 },
    };
    let mut deadline = timeout.map(|limit| Instant::now() + limit);
    let mut told = false;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(_, _) | WaitStatus::Signaled(..)) if told => return Outcome::TimedOut,
            Ok(WaitStatus::Exited(_, code)) => return Outcome::Exited { status: code as u8 },
            Ok(WaitStatus::Signaled(_, signal, _)) => return Outcome::Signalled { signal: signal as i32 },
            Ok(WaitStatus::Stopped(..)) => {
                let _ = raise(Signal::SIGSTOP);
                let _ = kill(child, Signal::SIGCONT);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Outcome::NotStarted { why: format!("waiting: {}", errno.desc()) },
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            let _ = kill(child, if told { Signal::SIGKILL } else { Signal::SIGTERM });
            told = true;
            deadline = Some(Instant::now() + GRACE);
            continue;
        }
        signals.wait(left);
        while let Some(signal) = signals.arrived() {
            // A terminal sends these to the command as well; anything else was meant for it through us.
            if !matches!(signal, Signal::SIGCHLD | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTSTP) {
                let _ = kill(child, signal);
            }
        }
    }
}
