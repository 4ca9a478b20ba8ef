//! Processes, their descriptors, and the unusual doors into the kernel.

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub use crate::sys::children::{in_child, inherited, is_open, moved_up, place};

use super::{call, fd, number};

/// `getpid` through the 32-bit door, `int 0x80`.
///
/// # Errors
/// The errno the call gave; `ENOSYS` on machines that never had this door.
pub fn getpid_by_int80() -> Result<i32, Errno> {
    #[cfg(target_arch = "x86_64")]
    {
        let mut answer: i64 = 20;
        // SAFETY: number 20 is getpid in the 32-bit table: no argument, no memory; r8 to r11 may be lost.
        unsafe {
            std::arch::asm!("int 0x80", inout("rax") answer, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        }
        let answer = i32::try_from(answer).unwrap_or(i32::MIN);
        if answer < 0 { Err(Errno::from_raw(answer.saturating_neg())) } else { Ok(answer) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    Err(Errno::ENOSYS)
}

/// `socket(AF_UNIX, SOCK_STREAM)` by its number of the x32 table (bit 30 set).
///
/// # Errors
/// The errno of the call.
pub fn socket_by_x32() -> Result<OwnedFd, Errno> {
    let args = [number(libc::AF_UNIX), number(libc::SOCK_STREAM), 0, 0, 0, 0];
    // SAFETY: socket takes three plain numbers in either table.
    let made = unsafe { call(0x4000_0000 | libc::SYS_socket, args) }?;
    owned(made)
}

/// `io_uring_setup` with one entry.
///
/// # Errors
/// The errno of the call.
pub fn io_uring() -> Result<OwnedFd, Errno> {
    let mut parameters = [0_u64; 15];
    let args = [1, parameters.as_mut_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: the kernel reads and writes struct io_uring_params, 120 bytes, which the array holds.
    owned(unsafe { call(libc::SYS_io_uring_setup, args) }?)
}

/// `unshare`.
///
/// # Errors
/// The errno of the call.
pub fn unshare(flags: i32) -> Result<(), Errno> {
    // SAFETY: takes a number; the calling probe has a process of its own.
    unsafe { call(libc::SYS_unshare, [number(flags), 0, 0, 0, 0, 0]) }.map(drop)
}

/// `pidfd_open`.
///
/// # Errors
/// The errno of the call.
pub fn pidfd_open(process: Pid) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two numbers.
    owned(unsafe { call(libc::SYS_pidfd_open, [number(process.as_raw()), 0, 0, 0, 0, 0]) }?)
}

/// `pidfd_getfd`: a copy of another process's descriptor.
///
/// # Errors
/// The errno of the call.
pub fn pidfd_getfd(process: &OwnedFd, descriptor: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes three numbers.
    owned(unsafe { call(libc::SYS_pidfd_getfd, [fd(process), number(descriptor), 0, 0, 0, 0]) }?)
}

/// The kernel log, read without consuming it (`syslog(2)`, action 3); the number of bytes.
///
/// # Errors
/// The errno of the call.
pub fn read_kernel_log() -> Result<usize, Errno> {
    let mut text = vec![0_u8; 4096];
    // SAFETY: the kernel writes at most the length given, which is the buffer's.
    unsafe { call(libc::SYS_syslog, [3, text.as_mut_ptr() as usize, text.len(), 0, 0, 0]) }
}

/// Joins a fresh session keyring of this name and puts one key into it, described as named.
///
/// # Errors
/// The errno of the first call that fails.
pub fn new_session_key(keyring: &std::ffi::CStr, key: &std::ffi::CStr, secret: &[u8]) -> Result<(), Errno> {
    const JOIN_SESSION_KEYRING: usize = 1;
    const SESSION_KEYRING: i32 = -3;
    // SAFETY: the name is a terminated string that outlives the call.
    unsafe { call(libc::SYS_keyctl, [JOIN_SESSION_KEYRING, keyring.as_ptr() as usize, 0, 0, 0, 0]) }?;
    let (kind, description) = (c"user".as_ptr() as usize, key.as_ptr() as usize);
    let args = [kind, description, secret.as_ptr() as usize, secret.len(), number(SESSION_KEYRING), 0];
    // SAFETY: two terminated strings and a buffer with its length, all outliving the call.
    unsafe { call(libc::SYS_add_key, args) }.map(drop)
}

/// Takes over a descriptor that a call has just made.
pub(super) fn owned(made: usize) -> Result<OwnedFd, Errno> {
    let made = i32::try_from(made).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel made it in this very call and nobody else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

/// Starts a process that only waits, in a process group of its own; it ends with its parent, and after eight seconds.
///
/// # Errors
/// The errno of the fork.
pub fn paused_in_a_group() -> Result<Pid, Errno> {
    let child = waiting()?;
    // Before it may be named; the child does nothing until its end.
    nix::unistd::setpgid(child, child)?;
    Ok(child)
}

/// A process that only waits.
fn waiting() -> Result<Pid, Errno> {
    // SAFETY: as in [`in_child`]; the child makes plain calls only, and ends without flushing anything.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
            nix::unistd::alarm::set(8);
            loop {
                nix::unistd::pause();
            }
        }
    }
}

/// Starts this many processes that only wait, then ends them all: how many there were, and what stopped it early.
pub fn fork_many(most: u32) -> (u32, Option<Errno>) {
    let mut children = Vec::new();
    let mut stopped = None;
    for _ in 0..most {
        match waiting() {
            Ok(child) => children.push(child),
            Err(errno) => {
                stopped = Some(errno);
                break;
            }
        }
    }
    for child in &children {
        let _ = nix::sys::signal::kill(*child, nix::sys::signal::Signal::SIGKILL);
    }
    for child in &children {
        let _ = waitpid(*child, None);
    }
    (children.len() as u32, stopped)
}

/// A namespace of this process, as a name that is alike only for processes in the same one.
///
/// # Errors
/// The error of reading it.
pub fn own_namespace(kind: &str) -> std::io::Result<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/self/ns/{kind}"))
}

/// The signals that a process holds back and those that wait there, as bits; none where they cannot be told.
#[must_use]
pub fn held_signals(pid: u32) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let set = |name: &str| {
        let set = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(set.trim(), 16).ok()
    };
    Some((set("SigBlk:")?, set("SigPnd:")? | set("ShdPnd:")?))
}
