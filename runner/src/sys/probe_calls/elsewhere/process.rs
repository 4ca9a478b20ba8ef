//! Processes and their descriptors.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

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

/// A copy of a descriptor with a number above those that are given a place.
///
/// # Errors
/// The errno of the duplication.
pub fn moved_up(file: &impl AsRawFd) -> Result<OwnedFd, Errno> {
    const ABOVE: i32 = 64;
    // SAFETY: takes numbers, and makes a descriptor.
    let made = Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, ABOVE) })?;
    // SAFETY: the kernel just made this descriptor and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
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
