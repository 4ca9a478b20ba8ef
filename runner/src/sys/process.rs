//! Processes: how a child has changed, what a started program inherits; `linux` has what other systems have not.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::unistd::Pid;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::*;
#[cfg(target_os = "linux")]
pub use linux::*;

/// How a child has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has ended; the status as `wait(2)` encodes it.
    Ended(i32),
    /// A signal has stopped it.
    Stopped(i32),
}

/// Takes in a child that has changed, without waiting: this one, or any. The wrapper of `nix` takes an ended child in and
/// then loses it when the signal that ended it is a real-time one.
///
/// # Errors
/// `ECHILD` when there is none.
pub fn changed(child: Option<Pid>) -> nix::Result<Option<(Pid, Change)>> {
    let mut status = 0;
    let which = child.map_or(-1, Pid::as_raw);
    loop {
        // SAFETY: the kernel writes one int to a live one.
        match Errno::result(unsafe { libc::waitpid(which, &raw mut status, libc::WNOHANG | libc::WUNTRACED) }) {
            Ok(0) => return Ok(None),
            Ok(pid) if libc::WIFSTOPPED(status) => {
                return Ok(Some((Pid::from_raw(pid), Change::Stopped(libc::WSTOPSIG(status)))));
            }
            Ok(pid) => return Ok(Some((Pid::from_raw(pid), Change::Ended(status)))),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Ends this process at once, without running anything registered for its end.
pub fn end(status: i32) -> ! {
    // SAFETY: `_exit` only ends the process.
    unsafe { libc::_exit(status) }
}

/// Sets a signal to be ignored.
pub fn ignore(signal: libc::c_int) {
    // SAFETY: SIG_IGN installs no handler of ours.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Lets a descriptor pass through exec.
///
/// # Errors
/// `EBADF` when it is not open.
pub fn pass_on(fd: RawFd) -> nix::Result<()> {
    // SAFETY: changes a flag of the descriptor only.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) })?;
    Ok(())
}

/// Owns a descriptor that came through exec, and marks it to be closed at the next one.
///
/// # Errors
/// `EBADF` when it is not open.
pub fn adopt(fd: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: changes a flag of the descriptor only.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, as the call above has shown, and came from the process before exec, so nothing here owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Puts an open file at a number under which started programs inherit it.
///
/// # Errors
/// The errno of `dup2(2)`.
pub fn inherit_as(file: impl Into<OwnedFd>, number: RawFd) -> nix::Result<()> {
    let file = file.into();
    // SAFETY: duplicates a descriptor that is open across the call; the callers choose a number that nothing owns.
    Errno::result(unsafe { libc::dup2(file.as_raw_fd(), number) })?;
    Ok(())
}
