//! Bypass: the command with nothing around it. Palisade only waits, and ends it when its time is up.

#[cfg(target_os = "linux")]
mod guarded;

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;

use crate::command::{Command, start};
use crate::outcome::Outcome;
use crate::sys::process::{self, Change};
use crate::sys::signals::Signals;
use crate::sys::spawn::Group;
#[cfg(target_os = "linux")]
pub use guarded::run_guarded;

/// How long the command may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the command in palisade's own session and process group, so that a terminal treats both alike.
pub fn run(command: &Command, signals: &mut Signals, timeout: Option<Duration>) -> Outcome {
    if let Err(why) = enter(command) {
        return why;
    }
    let child = match start(command, Group::Inherited) {
        Ok(child) => child,
        Err(errno) => return Outcome::NotExecuted { errno: errno as i32 },
    };
    let mut clock = Clock::new(timeout);
    loop {
        match process::changed(Some(child)) {
            Ok(Some((_, Change::Ended(_)))) if clock.told => return Outcome::TimedOut,
            Ok(Some((_, Change::Ended(status)))) => return ended(status),
            Ok(Some((_, Change::Stopped(_)))) => stop_too(child),
            Ok(None) => {}
            Err(errno) => return Outcome::NotStarted { why: format!("waiting: {}", errno.desc()) },
        }
        clock.wait(child, signals, false);
    }
}

fn enter(command: &Command) -> Result<(), Outcome> {
    nix::unistd::chdir(&command.cwd)
        .map_err(|errno| Outcome::NotStarted { why: format!("entering {}: {}", command.cwd.display(), errno.desc()) })
}

fn ended(status: i32) -> Outcome {
    if libc::WIFEXITED(status) {
        Outcome::Exited { status: libc::WEXITSTATUS(status) as u8 }
    } else {
        Outcome::Signalled { signal: libc::WTERMSIG(status) }
    }
}

/// The command was stopped: so is palisade, until somebody continues both.
fn stop_too(child: Pid) {
    let _ = raise(Signal::SIGSTOP);
    let _ = kill(child, Signal::SIGCONT);
}

/// How long the command may still take.
struct Clock {
    deadline: Option<Instant>,
    /// Whether it was told to end.
    told: bool,
}

impl Clock {
    fn new(timeout: Option<Duration>) -> Self {
        Self { deadline: timeout.map(|limit| Instant::now() + limit), told: false }
    }

    /// Waits for a signal, not at all where there is more to do `at_once`, and passes on what was meant for the command.
    fn wait(&mut self, child: Pid, signals: &mut Signals, at_once: bool) {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            let _ = kill(child, if self.told { Signal::SIGKILL } else { Signal::SIGTERM });
            self.told = true;
            self.deadline = Some(Instant::now() + GRACE);
            return;
        }
        signals.wait(if at_once { Some(Duration::ZERO) } else { left });
        while let Some(signal) = signals.arrived() {
            // A terminal sends these to the command as well; anything else was meant for it through us.
            if !matches!(signal, Signal::SIGCHLD | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTSTP) {
                let _ = kill(child, signal);
            }
        }
    }
}
