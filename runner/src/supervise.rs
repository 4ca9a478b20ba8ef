//! Palisade's side of a running sandbox: it passes signals and time on, and gives the outcome.
//!
//! Single-threaded on purpose: the sandbox is forked from here, and the death of this very thread ends it. Only listeners,
//! which start nothing and take no signal, have threads beside it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};

use crate::backend::linux::native::Sandbox;
use crate::control::{self, Order, Report};
use crate::guard::Guard;
use crate::mask::Keeper;
use crate::outcome::Outcome;
use crate::sys::signals::{Signals, milliseconds};
use crate::terminal::Relay;

/// How long a command may take to end after it was told to, before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// How long a report may still be on its way after the process we wait for has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Follows a sandbox to its end, with a guard that judges every exec in it where there is one.
#[must_use]
pub fn follow(
    sandbox: Sandbox,
    signals: &mut Signals,
    timeout: Option<Duration>,
    mut guard: Option<&mut Guard>,
) -> Outcome {
    let Sandbox { control, pid, end, keeper } = sandbox;
    let mut following = Following {
        pid,
        end,
        deadline: timeout.map(|limit| Instant::now() + limit),
        killing: false,
        timed_out: false,
        orphaned: false,
    };
    let mut relay: Option<Relay> = None;
    let stdin = std::io::stdin();
    let outcome = loop {
        let terminal = relay.as_ref().map(Relay::output);
        let typing = relay.as_ref().is_some_and(Relay::wants_input);
        let mut watched = vec![control.as_fd(), signals.as_fd()];
        watched.extend(terminal.as_ref().map(AsFd::as_fd));
        watched.extend(typing.then(|| stdin.as_fd()));
        let voice = guard.as_ref().and_then(|guard| guard.voice()?.try_clone_to_owned().ok());
        watched.extend(voice.as_ref().map(AsFd::as_fd));
        let voice_at = voice.as_ref().map(|_| watched.len() - 1);
        let mut more = false;
        if let Some(guard) = &mut guard
            && guard.traces()
            && !following.orphaned
        {
            more = guard.wait(&watched, following.deadline, &mut relay);
            following.orphaned = guard.status_of(pid).is_some();
        }
        let mut fds: Vec<_> = watched.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, if more { PollTimeout::ZERO } else { following.wait() }) {
            Ok(0) if more => following.out_of_time(&control),
            Ok(0) if following.orphaned => break Outcome::NotStarted { why: "the sandbox ended early".into() },
            Ok(0) => {
                following.out_of_time(&control);
                continue;
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => break Outcome::NotStarted { why: format!("waiting for the sandbox: {}", errno.desc()) },
        }
        let spoke = |at: usize| fds.get(at).and_then(PollFd::revents).is_some_and(|events| !events.is_empty());
        let (reported, said) = (spoke(0), voice_at.is_some_and(spoke));
        let (wrote, typed) = (terminal.is_some() && spoke(2), typing && spoke(3));
        drop((fds, watched));
        if said && let Some(guard) = &guard {
            guard.speak(&mut relay);
        }
        if let Some(relay) = &mut relay {
            if wrote {
                relay.pass_output();
            }
            if typed {
                relay.pass_input();
            }
        }
        if reported {
            match control::read_report(&control) {
                Some(Report::Terminal(master)) => relay = Some(Relay::new(master)),
                Some(Report::Stopped(_)) => {
                    relay.iter_mut().for_each(Relay::pause);
                    let _ = raise(Signal::SIGSTOP);
                    relay.iter_mut().for_each(Relay::resume);
                    control::order(&control, Order::Group(libc::SIGCONT));
                }
                Some(Report::Ready(first)) => {
                    let begun = guard
                        .as_mut()
                        .map_or(Ok(()), |guard| guard.begin(nix::unistd::Pid::from_raw(first), following.deadline));
                    if let Err(why) = begun {
                        let _ = kill(pid, end);
                        break Outcome::NotStarted { why };
                    }
                    if guard.as_ref().is_some_and(|guard| guard.traces()) {
                        signals.leave_children();
                    }
                    control::order(&control, Order::Go);
                }
                Some(Report::Listener(listener)) => {
                    if let Some(Err(why)) = guard.as_mut().map(|guard| guard.listen(listener)) {
                        let _ = kill(pid, end);
                        break Outcome::NotStarted { why };
                    }
                }
                Some(report) => break of(report),
                None => break Outcome::NotStarted { why: "the sandbox's first process ended early".into() },
            }
        }
        while let Some(signal) = signals.arrived() {
            match (signal, &relay) {
                // Whoever held the sandbox up may have ended without a word, bubblewrap for one.
                (Signal::SIGCHLD, _) => following.orphaned = has_ended(pid),
                (Signal::SIGWINCH, Some(relay)) => relay.resize(),
                (signal, _) => following.pass_on(signal, &control),
            }
        }
    };
    if let Some(relay) = relay {
        relay.drain();
    }
    // The sandbox's first process ends with the command, and the kernel ends whatever else is left in it.
    let masks = keeper.map(Keeper::release);
    // It cannot end before those it holds are taken in, which under a guard is for us to do.
    if let Some(guard) = guard {
        guard.finish(pid);
    }
    while let Err(Errno::EINTR) | Ok(WaitStatus::Stopped(..)) = waitpid(pid, None) {}
    if let Some(masks) = masks {
        masks.wait();
    }
    if following.timed_out && !matches!(outcome, Outcome::NotExecuted { .. }) {
        return Outcome::TimedOut;
    }
    match outcome {
        Outcome::NotStarted { .. } if following.killing => Outcome::Signalled { signal: libc::SIGKILL },
        outcome => outcome,
    }
}

/// Whether a child has ended; it can still be waited for afterwards.
fn has_ended(pid: nix::unistd::Pid) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    !matches!(waitid(Id::Pid(pid), flags), Ok(WaitStatus::StillAlive))
}

fn of(report: Report) -> Outcome {
    match report {
        Report::Failed(why) => Outcome::NotStarted { why },
        Report::NotExecuted(errno) => Outcome::NotExecuted { errno },
        Report::Ended(status) if status & 0x7f == 0 => Outcome::Exited { status: (status >> 8) as u8 },
        Report::Ended(status) => Outcome::Signalled { signal: status & 0x7f },
        Report::Stopped(_) | Report::Terminal(_) | Report::Listener(_) | Report::Ready(_) => {
            Outcome::NotStarted { why: "an unexpected report".into() }
        }
    }
}

struct Following {
    /// The process we wait for, and what ends it and the sandbox.
    pid: nix::unistd::Pid,
    end: Signal,
    deadline: Option<Instant>,
    killing: bool,
    timed_out: bool,
    /// The process we wait for has ended; what it reported, if anything, is still to be read.
    orphaned: bool,
}

impl Following {
    fn wait(&self) -> PollTimeout {
        if self.orphaned {
            return milliseconds(LAST_WORDS);
        }
        let Some(deadline) = self.deadline else { return PollTimeout::NONE };
        milliseconds(deadline.saturating_duration_since(Instant::now()))
    }

    /// First asks the command to end, then ends the sandbox.
    fn out_of_time(&mut self, control: impl AsFd) {
        if self.deadline.is_none_or(|deadline| deadline > Instant::now()) {
            return;
        }
        if self.killing {
            let _ = kill(self.pid, self.end);
            self.deadline = None;
            return;
        }
        self.killing = true;
        self.timed_out = true;
        self.deadline = Some(Instant::now() + GRACE);
        control::order(control, Order::Group(libc::SIGTERM));
    }

    fn pass_on(&mut self, signal: Signal, control: impl AsFd) {
        match signal {
            Signal::SIGCHLD | Signal::SIGWINCH => {}
            // From a terminal these go to the whole group; the command is in a session of its own.
            Signal::SIGINT | Signal::SIGQUIT | Signal::SIGCONT => control::order(control, Order::Group(signal as i32)),
            // A group without a controlling terminal ignores SIGTSTP; SIGSTOP is what the user means.
            Signal::SIGTSTP => control::order(control, Order::Group(libc::SIGSTOP)),
            Signal::SIGTERM | Signal::SIGHUP => {
                control::order(control, Order::Signal(signal as i32));
                if !self.killing {
                    self.killing = true;
                    self.deadline = Some(Instant::now() + GRACE);
                }
            }
            signal => control::order(control, Order::Signal(signal as i32)),
        }
    }
}
