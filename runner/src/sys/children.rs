//! Children with a deadline and descriptors in their places: what every POSIX system has for the attempts.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// Runs `work` in a child with a deadline in seconds and waits for its end.
///
/// The caller must be single-threaded, as the probe stages are: the child goes on with the parent's locks.
///
/// # Errors
/// The errno of the fork or the wait.
pub fn in_child(seconds: u32, work: impl FnOnce() -> i32) -> Result<WaitStatus, Errno> {
    // SAFETY: this process has one thread (see above), so no lock can be held by a thread that the child lacks.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => loop {
            match waitpid(child, None) {
                Err(Errno::EINTR) => {}
                ended => return ended,
            }
        },
        ForkResult::Child => {
            nix::unistd::alarm::set(seconds);
            let status = work();
            // SAFETY: ends the process at once; nothing of the parent's is flushed or dropped a second time.
            unsafe { libc::_exit(status) }
        }
    }
}

/// Whether the descriptor of this number is open.
#[must_use]
pub fn is_open(descriptor: i32) -> bool {
    // SAFETY: F_GETFD takes no pointer and changes nothing.
    unsafe { libc::fcntl(descriptor, libc::F_GETFD) >= 0 }
}

/// Puts an open file at a descriptor number, to be inherited by what is executed next.
///
/// # Errors
/// The errno of the duplication.
pub fn place(file: &OwnedFd, at: i32) -> Result<(), Errno> {
    // SAFETY: both are plain numbers; whatever was open at `at` belongs to nobody in the launching stage.
    Errno::result(unsafe { libc::dup2(file.as_raw_fd(), at) }).map(drop)
}

/// A copy of a descriptor at a high number, out of the way of the numbers that are to be filled.
///
/// # Errors
/// The errno of the duplication.
pub fn moved_up(file: &impl AsRawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: F_DUPFD_CLOEXEC takes a number and no pointer.
    let copy = Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 64) })?;
    // SAFETY: the descriptor was made just now and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Borrows an inherited descriptor by number.
///
/// # Errors
/// `EBADF` when nothing is open there.
pub fn inherited(descriptor: i32) -> Result<BorrowedFd<'static>, Errno> {
    if !is_open(descriptor) {
        return Err(Errno::EBADF);
    }
    // SAFETY: it is open, as seen a line above, and no code of the probe stages closes a number it did not open.
    Ok(unsafe { BorrowedFd::borrow_raw(descriptor) })
}
