//! Processes and their descriptors.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub use crate::sys::children::{in_child, inherited, is_open, moved_up, place};

/// A process that waits in a group of its own.
///
/// # Errors
/// The errno of the fork.
pub fn paused_in_a_group() -> Result<Pid, Errno> {
    let child = waiting()?;
    nix::unistd::setpgid(child, child)?;
    Ok(child)
}

/// A process that only waits.
fn waiting() -> Result<Pid, Errno> {
    // SAFETY: as in [`in_child`]; the child makes plain calls only, and ends without flushing anything.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            nix::unistd::alarm::set(8);
            loop {
                nix::unistd::pause();
            }
        }
    }
}

/// Starts this many processes that only wait, then ends them all: how many there were, and what stopped it early.
pub fn fork_many(most: u32) -> (u32, Option<Errno>) {
    let mut started = Vec::new();
    let mut stopped = None;
    for _ in 0..most {
        match waiting() {
            Ok(child) => started.push(child),
            Err(errno) => {
                stopped = Some(errno);
                break;
            }
        }
    }
    for child in &started {
        let _ = nix::sys::signal::kill(*child, nix::sys::signal::Signal::SIGKILL);
    }
    for child in &started {
        while waitpid(*child, None) == Err(Errno::EINTR) {}
    }
    (u32::try_from(started.len()).unwrap_or(u32::MAX), stopped)
}

/// A namespace of this process; there are none, and so nothing tells them apart.
///
/// # Errors
/// None here.
pub fn own_namespace(_kind: &str) -> std::io::Result<PathBuf> {
    Ok(PathBuf::new())
}

/// The signals that a process holds back and those that wait there; nobody tells of another process's.
#[must_use]
pub const fn held_signals(_pid: u32) -> Option<(u64, u64)> {
    None
}

/// A descriptor of a process.
///
/// # Errors
/// `ENOSYS`, always.
pub fn pidfd_open(_process: Pid) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A copy of another process's descriptor.
///
/// # Errors
/// `ENOSYS`, always.
pub fn pidfd_getfd(_process: &OwnedFd, _descriptor: i32) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A call by a door of Linux.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn getpid_by_int80() -> Result<i32, Errno> {
    Err(Errno::ENOSYS)
}

/// A socket by a door of Linux.
///
/// # Errors
/// `ENOSYS`, always.
pub fn socket_by_x32() -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A ring of Linux.
///
/// # Errors
/// `ENOSYS`, always.
pub fn io_uring() -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// Namespaces of its own.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn unshare(_flags: i32) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// The kernel's log.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn read_kernel_log() -> Result<usize, Errno> {
    Err(Errno::ENOSYS)
}

/// A key in a session keyring of its own.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn new_session_key(_ring: &std::ffi::CStr, _key: &std::ffi::CStr, _secret: &[u8]) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}
