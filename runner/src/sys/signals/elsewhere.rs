//! Signals by a handler that writes each one's number to a pipe. A handler is gone after exec, so that no command inherits it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::{WATCHED, milliseconds};

/// Where the handler writes; -1 before there is a pipe.
static PIPE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn heard(signal: libc::c_int) {
    let before = Errno::last_raw();
    let number = signal as u8;
    // SAFETY: `write(2)` may be called from a handler; one byte of a live value is passed. A full pipe holds enough already.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), std::ptr::from_ref(&number).cast(), 1) };
    Errno::set_raw(before);
}

/// The signals of this process, read from a descriptor from now on. Make one before the command is started, so that
/// none is lost.
#[derive(Debug)]
pub struct Signals {
    read: OwnedFd,
    _write: OwnedFd,
}

impl Signals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// The errno of `pipe(2)` or of `sigaction(2)`.
    pub fn take() -> nix::Result<Self> {
        let (read, write) = nix::unistd::pipe()?;
        for end in [&read, &write] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        PIPE.store(write.as_raw_fd(), Ordering::Relaxed);
        let action = SigAction::new(SigHandler::Handler(heard), SaFlags::SA_RESTART, SigSet::empty());
        for signal in WATCHED {
            // SAFETY: the handler calls nothing that a handler may not call.
            unsafe { sigaction(*signal, &action) }?;
        }
        Ok(Self { read, _write: write })
    }

    /// Waits for a signal, at most this long.
    pub fn wait(&self, limit: Option<Duration>) {
        let mut fds = [PollFd::new(self.read.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, limit.map_or(PollTimeout::NONE, milliseconds));
    }

    /// The next signal that has arrived, if one has.
    pub fn arrived(&mut self) -> Option<Signal> {
        let mut number = [0];
        match nix::unistd::read(&self.read, &mut number) {
            Ok(1) => Signal::try_from(i32::from(number[0])).ok(),
            _ => None,
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let none: RawFd = -1;
        PIPE.store(none, Ordering::Relaxed);
    }
}

/// Signals that are blocked because somebody reads them elsewhere; here nobody blocks any.
#[derive(Debug)]
pub enum Blocked {}

impl Blocked {
    /// None.
    #[must_use]
    pub const fn of(_signals: &[Signal]) -> Option<Self> {
        None
    }
}

impl AsFd for Blocked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}
