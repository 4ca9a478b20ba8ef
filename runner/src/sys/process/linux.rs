//! Processes as only Linux has them: new namespaces, descriptors of processes, capabilities, keyrings.
//!
//! Sources: `clone3(2)`, `prctl(2)`, `close_range(2)`, `keyctl(2)`, `environ(7)`.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

use super::super::check;
use super::changed;

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the new one's pid.
    Parent(Pid),
}

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Forks, the child in new namespaces. The caller must be single-threaded, so that the child may allocate.
///
/// # Errors
/// The errno of `clone3(2)`: `EPERM` or `ENOSPC` where namespaces are forbidden or used up; `EDEADLK` from us when
/// there is more than one thread.
pub fn fork_into(flags: CloneFlags) -> nix::Result<Fork> {
    if !alone() {
        return Err(Errno::EDEADLK);
    }
    let args = CloneArgs { flags: flags.bits() as u64, exit_signal: libc::SIGCHLD as u64, ..CloneArgs::default() };
    // SAFETY: no CLONE_VM, so the child has its own copy of everything; single-threaded, so no lock is held by another
    // thread in that copy; `args` lives across the call and the size passed is its own.
    let pid = match check(unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<CloneArgs>()) }) {
        // Where a filter refuses it, as our own guard does; no flag here needs more than the older call takes.
        Err(Errno::ENOSYS) => {
            let flags = flags.bits() as libc::c_long | libc::c_long::from(libc::SIGCHLD);
            // SAFETY: as above; a null stack means to go on with a copy of this one.
            check(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?
        }
        other => other?,
    };
    Ok(match pid {
        0 => Fork::Child,
        pid => Fork::Parent(Pid::from_raw(pid as libc::pid_t)),
    })
}

/// All processes below this one.
#[must_use]
pub fn descendants() -> Vec<Pid> {
    below(Pid::this())
}

/// All processes below another, from `/proc/PID/task/TID/children` of each of its threads (`proc(5)`).
fn below(top: Pid) -> Vec<Pid> {
    let mut found = Vec::new();
    let mut open = vec![top];
    while let Some(pid) = open.pop() {
        for thread in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            for child in text.split_whitespace().filter_map(|word| word.parse().ok()).map(Pid::from_raw) {
                found.push(child);
                open.push(child);
            }
        }
    }
    found
}

/// Ends all processes below another, which reaps those that are orphans.
pub fn end_below(top: Pid) {
    use nix::sys::signal::{Signal, kill};
    /// Nobody executes anything meanwhile, so what forks away is found in the next round.
    const ROUNDS: usize = 1000;
    let lives = |pid: &Pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
    };
    for _ in 0..ROUNDS {
        let living: Vec<_> = below(top).into_iter().filter(lives).collect();
        if living.is_empty() {
            return;
        }
        for pid in living {
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// From now on SIGCHLD says that a child has ended, and no longer that one has stopped (`SA_NOCLDSTOP`, `sigaction(2)`).
///
/// # Errors
/// The errno of the call.
pub fn leave_stops_of_children_unsaid() -> nix::Result<()> {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::SA_NOCLDSTOP, SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(Signal::SIGCHLD, &action) }.map(drop)
}

/// Ends all that is left below this process, which must be a child subreaper (`prctl(2)`): orphans become its children then, so the hunt
/// ends when there is no child left. Each round stops them first, so that none forks away.
pub fn hunt() {
    use nix::sys::signal::{Signal, kill};
    const ROUNDS: usize = 1000;
    for _ in 0..ROUNDS {
        let descendants = descendants();
        for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
            for pid in &descendants {
                let _ = kill(*pid, signal);
            }
        }
        loop {
            match changed(None) {
                Err(Errno::ECHILD) => return,
                Ok(None) | Err(_) => break,
                Ok(Some(_)) => {}
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Whether there is no other thread, once those that have been joined are gone: the kernel counts them for a moment more.
fn alone() -> bool {
    (0..50).any(|_| {
        single_threaded() || {
            std::thread::sleep(std::time::Duration::from_millis(1));
            false
        }
    })
}

/// Whether this process has exactly one thread (the link count of its task directory, `proc(5)`).
#[must_use]
pub fn single_threaded() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self/task").is_ok_and(|task| task.nlink() == 3)
}

/// Marks every descriptor from `first` on as to be closed at exec.
///
/// # Errors
/// The errno of `close_range(2)` (Linux 5.11 for the flag).
pub fn close_on_exec_from(first: RawFd) -> nix::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: marks descriptors only; nothing is closed and no memory is touched.
    check(unsafe {
        libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC)
    })?;
    Ok(())
}

/// Closes every descriptor in `first..=last`.
///
/// # Errors
/// The errno of `close_range(2)` (Linux 5.9).
pub fn close_range(first: RawFd, last: libc::c_uint) -> nix::Result<()> {
    // SAFETY: the callers give ranges that hold no descriptor a Rust value of theirs still owns and uses.
    check(unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, last, 0) })?;
    Ok(())
}

/// Closes every descriptor but these; the caller no longer uses the others.
///
/// # Errors
/// The errno of `close_range(2)`.
pub fn close_all_but(kept: &[RawFd]) -> nix::Result<()> {
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    let mut next = 0;
    for fd in kept {
        if fd > next {
            close_range(next, (fd - 1) as libc::c_uint)?;
        }
        next = next.max(fd + 1);
    }
    close_range(next, libc::c_uint::MAX)
}

/// Joins a new anonymous session keyring, so that the caller's keys are out of reach.
///
/// # Errors
/// The errno of `keyctl(2)`; `ENOSYS` on a kernel without keyrings.
pub fn fresh_session_keyring() -> nix::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: a null name asks for an anonymous keyring; no memory is passed.
    check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) })?;
    Ok(())
}

/// Overwrites the strings this process was started with as its environment: `/proc/PID/environ` shows this memory.
pub fn wipe_environment() {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    // SAFETY: reads the pointer the C library keeps; single-threaded callers only, as for every use of `environ`.
    let mut entry = unsafe { environ };
    if entry.is_null() {
        return;
    }
    loop {
        // SAFETY: `entry` walks the null-terminated array.
        let text = unsafe { *entry };
        if text.is_null() {
            return;
        }
        // SAFETY: each element is a NUL-terminated string.
        let length = unsafe { libc::strlen(text) };
        // SAFETY: the strings lie in writable memory of this process; exactly their length is overwritten.
        unsafe { std::ptr::write_bytes(text, 0, length) };
        // SAFETY: the array ends with the null element that stops this loop.
        entry = unsafe { entry.add(1) };
    }
}

/// A descriptor of a process (`pidfd_open(2)`, Linux 5.3).
///
/// # Errors
/// The errno of the call; `ESRCH` when there is no such process.
pub fn pidfd_open(pid: libc::pid_t) -> nix::Result<OwnedFd> {
    // SAFETY: no memory is passed.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel just returned this descriptor (close-on-exec always) and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Sends a signal through a process descriptor (`pidfd_send_signal(2)`, Linux 5.1).
///
/// # Errors
/// The errno of the call.
pub fn pidfd_kill(pidfd: BorrowedFd<'_>, signal: libc::c_int) -> nix::Result<()> {
    // SAFETY: the null information pointer asks for what `kill(2)` would send.
    check(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, std::ptr::null::<libc::c_void>(), 0)
    })?;
    Ok(())
}

/// Sets and locks the secure bits under which uid 0 has no powers of its own (`capabilities(7)`): NOROOT,
/// NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE with their locks, KEEP_CAPS locked off.
///
/// # Errors
/// The errno of `prctl(2)`; `EPERM` without `CAP_SETPCAP`.
pub fn lock_secure_bits() -> nix::Result<()> {
    const BITS: libc::c_ulong = 0b1110_1111;
    // SAFETY: passes a number only.
    check(libc::c_long::from(unsafe { libc::prctl(libc::PR_SET_SECUREBITS, BITS, 0, 0, 0) }))?;
    Ok(())
}

/// Drops every capability the kernel knows from the bounding set, also those newer than this program.
///
/// # Errors
/// The errno of `prctl(2)`; `EPERM` without `CAP_SETPCAP`.
pub fn empty_bounding_set() -> nix::Result<()> {
    for capability in 0..64 {
        // SAFETY: passes numbers only.
        match check(libc::c_long::from(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) })) {
            Err(Errno::EINVAL) if capability > 0 => break,
            result => result.map(drop)?,
        }
    }
    Ok(())
}

/// Makes processes whose starters have ended the children of this one (`PR_SET_CHILD_SUBREAPER`, `prctl(2)`).
///
/// # Errors
/// The errno of the call.
pub fn adopt_orphans() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Has the kernel send this process a signal when its parent ends (`PR_SET_PDEATHSIG`, `prctl(2)`).
///
/// # Errors
/// The errno of the call.
pub fn told_of_parents_end(signal: nix::sys::signal::Signal) -> nix::Result<()> {
    nix::sys::prctl::set_pdeathsig(signal)
}

/// Gives a pipe more room, where that is permitted (`F_SETPIPE_SZ`, `fcntl(2)`).
pub fn enlarge_pipe(pipe: BorrowedFd<'_>, bytes: libc::c_int) {
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(bytes));
}
