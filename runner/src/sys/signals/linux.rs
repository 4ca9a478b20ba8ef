//! Signals by `signalfd(2)`: blocked, and read from the kernel's own queue.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::{WATCHED, milliseconds};

/// The signals of this process, read from a descriptor from now on. Make one before the sandbox is started, so that
/// none is lost.
#[derive(Debug)]
pub struct Signals(SignalFd);

impl Signals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// The errno of `signalfd(2)`.
    pub fn take() -> nix::Result<Self> {
        let mut set = SigSet::empty();
        WATCHED.iter().for_each(|signal| set.add(*signal));
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
        Ok(Self(SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// Leaves the changes of children to whoever waits for them.
    pub fn leave_children(&mut self) {
        let others = WATCHED.iter().filter(|signal| **signal != Signal::SIGCHLD);
        let _ = self.0.set_mask(&others.copied().collect());
    }

    /// Waits for a signal, at most this long.
    pub fn wait(&self, limit: Option<Duration>) {
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, limit.map_or(PollTimeout::NONE, milliseconds));
    }

    /// The next signal that has arrived, if one has.
    pub fn arrived(&mut self) -> Option<Signal> {
        let info = self.0.read_signal().ok()??;
        Signal::try_from(info.ssi_signo.cast_signed()).ok()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Some of the signals that are blocked because somebody reads them elsewhere: only whether one has come.
#[derive(Debug)]
pub struct Blocked(SignalFd);

impl Blocked {
    /// A descriptor that says so; none where it cannot be had.
    #[must_use]
    pub fn of(signals: &[Signal]) -> Option<Self> {
        let set: SigSet = signals.iter().copied().collect();
        SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC).ok().map(Self)
    }
}

impl AsFd for Blocked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
