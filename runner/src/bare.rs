//! Bypass: the command with nothing around it. Palisade only waits, and ends it when its time is up.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::backend::linux::inner::{self, Command, start};
use crate::control::{self, Order, Report};
use crate::guard::Guard;
use crate::outcome::Outcome;
use crate::supervise::Signals;
use crate::sys::process::{self, Change, Fork};
use crate::sys::spawn::Group;

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

/// As [`run`], with every exec judged. The command is forked and waits until it is traced before it becomes itself.
pub fn run_guarded(command: &Command, signals: &mut Signals, timeout: Option<Duration>, guard: &mut Guard) -> Outcome {
    if let Err(why) = enter(command) {
        return why;
    }
    let not_started = |step: &str, errno: Errno| Outcome::NotStarted { why: format!("{step}: {}", errno.desc()) };
    let (ours, theirs) = match control::pair() {
        Ok(pair) => pair,
        Err(errno) => return not_started("control socket", errno),
    };
    let child = match process::fork_into(nix::sched::CloneFlags::empty()) {
        Err(errno) => return not_started("starting the command", errno),
        Ok(Fork::Parent(child)) => child,
        Ok(Fork::Child) => {
            drop(ours);
            become_guarded(command, &theirs)
        }
    };
    drop(theirs);
    let mut clock = Clock::new(timeout);
    let begun = match control::read_report(&ours) {
        Some(Report::Ready(_)) => guard.begin_with_command(child, clock.deadline),
        _ => Err("the command ended before it began".into()),
    };
    if let Err(why) = begun {
        let _ = kill(child, Signal::SIGKILL);
        while waitpid(child, None) == Err(Errno::EINTR) {}
        return Outcome::NotStarted { why };
    }
    signals.leave_children();
    control::order(&ours, Order::Go);
    let status = loop {
        let more = guard.wait(&[signals.as_fd()], clock.deadline, &mut None);
        if let Some(status) = guard.status_of(child) {
            break status;
        }
        if guard.command_stopped() {
            stop_too(child);
        }
        clock.wait(child, signals, more);
    };
    guard.end_rest();
    // The socket closes at exec, so whatever it says was said instead of one.
    match control::read_report(&ours) {
        Some(Report::NotExecuted(errno)) => Outcome::NotExecuted { errno },
        Some(Report::Failed(why)) => Outcome::NotStarted { why },
        _ if clock.told => Outcome::TimedOut,
        _ => ended(status),
    }
}

fn become_guarded(command: &Command, control: &std::os::fd::OwnedFd) -> ! {
    inner::await_guard(command, control);
    let said = match inner::stay_in_sight() {
        Err(error) => Report::Failed(error.to_string()),
        Ok(()) => Report::NotExecuted(inner::become_command(command) as i32),
    };
    control::report(control, &said);
    process::end(125)
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
