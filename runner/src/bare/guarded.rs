//! Bypass under the guard: the command is traced before it becomes itself.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;

use super::{Clock, ended, enter, stop_too};
use crate::backend::linux::inner;
use crate::command::{Command, become_command};
use crate::control::{self, Order, Report};
use crate::guard::Guard;
use crate::outcome::Outcome;
use crate::sys::process::{self, Fork};
use crate::sys::signals::Signals;

/// As [`super::run`], with every exec judged. The command is forked and waits until it is traced before it becomes itself.
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
        Ok(()) => Report::NotExecuted(become_command(command) as i32),
    };
    control::report(control, &said);
    process::end(125)
}
