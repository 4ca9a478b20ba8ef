//! The first process of a sandbox while the command runs: it reaps, passes signals on, and ends when palisade is gone.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::control::{self, Order, Report};
use crate::plan::Step;
use crate::sys::process::{self, Change};

/// Which processes are ended with the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The kernel ends the process table this is the first process of.
    Namespace,
    /// There is none; descendants are hunted down one by one.
    Descendants,
}

impl Reach {
    /// What a plan's steps give.
    #[must_use]
    pub fn of(steps: &[Step]) -> Self {
        let own = steps.iter().any(|step| matches!(step, Step::Namespaces { process: true, .. }));
        if own { Self::Namespace } else { Self::Descendants }
    }
}

/// Blocks every signal of this process; they are read from a descriptor instead.
pub fn block_signals() {
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None);
}

/// Waits for the command and reports its end; then everything that is left of it is ended.
pub fn until_end(child: Pid, control: &OwnedFd, reach: Reach) -> ! {
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    let Ok(signals) = SignalFd::with_flags(&children, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) else {
        control::report(control, &Report::Failed("watching the command: no descriptor for signals".into()));
        finish(reach)
    };
    loop {
        reap(child, control, reach);
        let mut fds =
            [PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            Err(_) => finish(reach),
            Ok(_) => {}
        }
        let said = fds[1].revents().is_some_and(|events| !events.is_empty());
        while let Ok(Some(_)) = signals.read_signal() {}
        if said {
            match control::read_order(control) {
                Some(Order::Signal(signal)) => send(child, signal),
                Some(Order::Group(signal)) => {
                    // The command leads a group, or, with a terminal of its own, is in ours; our signals are blocked.
                    send(Pid::from_raw(-child.as_raw()), signal);
                    send(Pid::from_raw(0), signal);
                }
                Some(Order::Go) => {}
                None => finish(reach),
            }
        }
    }
}

fn send(target: Pid, signal: i32) {
    if let Ok(signal) = Signal::try_from(signal) {
        let _ = kill(target, signal);
    }
}

/// Takes in every process that has changed; ends this one when the command itself has ended.
fn reap(child: Pid, control: &OwnedFd, reach: Reach) {
    loop {
        match process::changed(None) {
            Ok(Some((pid, Change::Ended(status)))) if pid == child => {
                // Without the bit that says whether memory was dumped.
                control::report(control, &Report::Ended(status & !0x80));
                finish(reach)
            }
            Ok(Some((pid, Change::Stopped(signal)))) if pid == child => {
                control::report(control, &Report::Stopped(signal));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
}

/// Ends whatever the command left and this process with it.
fn finish(reach: Reach) -> ! {
    if reach == Reach::Descendants {
        process::hunt();
    }
    process::end(0)
}
