//! What of processes other systems have not: each says so, and whoever needs it does not start.

use nix::errno::Errno;
use nix::sys::signal::Signal;

/// Orphans go to init here.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn adopt_orphans() -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

/// No process is told of the end of its parent here.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn told_of_parents_end(_signal: Signal) -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

/// Ends all that is left below this process; without orphans of its own there is nothing it could find.
pub const fn hunt() {}

/// A pipe has the room that it has.
pub const fn enlarge_pipe(_pipe: std::os::fd::BorrowedFd<'_>, _bytes: libc::c_int) {}
