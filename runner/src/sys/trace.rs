//! Tracing processes: `ptrace(2)` by PTRACE_SEIZE, and `wait(2)` with every status kept as the kernel gave it.
//!
//! The safe wrappers of `nix` lose a status that names a real-time signal, so the statuses are read here.

use nix::errno::Errno;
use nix::unistd::Pid;

use super::check;

/// Follow every way a process starts another, stop at each exec, and end with the tracer.
const OPTIONS: libc::c_int = libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_EXITKILL;

/// What a tracee, or a child, was reported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has ended; the status as `wait(2)` encodes it.
    Ended(i32),
    /// A signal is about to be delivered to it.
    Signal(i32),
    /// It has started a process.
    Forked,
    /// It has started a thread, or a process that tells its end in an unusual way.
    Cloned,
    /// Its new program is in place and has run no instruction.
    Executed,
    /// It stands at the beginning of a call that a filter stops (`watch`).
    Calls,
    /// It stands at the end of a call whose answer was asked for.
    Answered,
    /// It takes part in a stop of its whole process (`SIGSTOP`, job control).
    Stopped(i32),
    /// It begins its life under the tracer, or has been continued.
    Trap,
}

/// Begins to trace a process and everything it will start.
///
/// # Errors
/// The errno of `ptrace(2)`: `EPERM` where the caller may not, or where somebody else traces it already.
pub fn seize(pid: Pid, stops: Stops) -> nix::Result<()> {
    let more = match stops {
        Stops::Programs => 0,
        Stops::Calls => libc::PTRACE_O_TRACESECCOMP | libc::PTRACE_O_TRACESYSGOOD,
    };
    call(libc::PTRACE_SEIZE, pid, (OPTIONS | more) as usize)
}

/// Begins to trace one thread that is about to execute a program, and nothing it starts.
///
/// # Errors
/// As [`seize`].
pub fn seize_for_exec(thread: Pid) -> nix::Result<()> {
    call(libc::PTRACE_SEIZE, thread, (libc::PTRACE_O_TRACEEXEC | libc::PTRACE_O_EXITKILL) as usize)
}

/// Asks a tracee to stop as soon as it is about to go on in its own code.
///
/// # Errors
/// `ESRCH` when it is gone.
pub fn interrupt(thread: Pid) -> nix::Result<()> {
    call(libc::PTRACE_INTERRUPT, thread, 0)
}

/// Lets a stopped tracee go for good, with a signal delivered unless it is 0.
///
/// # Errors
/// `ESRCH` when it is gone, or not stopped.
pub fn let_go(pid: Pid, signal: i32) -> nix::Result<()> {
    call(libc::PTRACE_DETACH, pid, signal as usize)
}

/// What a tracee stops for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stops {
    /// Programs, processes and signals.
    Programs,
    /// Calls that a filter stops, too.
    Calls,
}

/// Lets a stopped tracee go on, with a signal delivered unless it is 0.
///
/// # Errors
/// `ESRCH` when it is gone, or not stopped.
pub fn resume(pid: Pid, signal: i32) -> nix::Result<()> {
    call(libc::PTRACE_CONT, pid, signal as usize)
}

/// Leaves a tracee in the stop of its process, so that SIGCONT and nothing else wakes it.
///
/// # Errors
/// `ESRCH` when it is gone, or not stopped.
pub fn listen(pid: Pid) -> nix::Result<()> {
    call(libc::PTRACE_LISTEN, pid, 0)
}

fn call(request: libc::c_uint, pid: Pid, data: usize) -> nix::Result<()> {
    // SAFETY: these requests take a number as data and touch no memory of this process.
    check(unsafe { libc::ptrace(request, pid.as_raw(), std::ptr::null_mut::<libc::c_void>(), data) })?;
    Ok(())
}

/// The number that comes with an event: the new process or thread of `Forked` and `Cloned`, the thread that called exec of `Executed`.
///
/// # Errors
/// `ESRCH` when the tracee is gone.
pub fn message(pid: Pid) -> nix::Result<Pid> {
    let mut number: libc::c_ulong = 0;
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel writes one long to a live one.
    check(unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, pid.as_raw(), null, &raw mut number) })?;
    Ok(Pid::from_raw(number as libc::pid_t))
}

/// Whether to wait for something to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until something does.
    Wait,
    /// Until something does, or a signal interrupts.
    Interrupted,
    /// Not at all.
    None,
    /// Until something happens to a tracee of this very thread, or a signal interrupts.
    OwnOnly,
}

/// The next thing that happened to any child or tracee; `None` when a signal came first, or nothing has happened.
///
/// # Errors
/// `ECHILD` when there is neither child nor tracee.
pub fn next(patience: Patience) -> nix::Result<Option<(Pid, Event)>> {
    let mut status = 0;
    let how = match patience {
        Patience::None => libc::__WALL | libc::WNOHANG,
        Patience::OwnOnly => libc::__WALL | libc::__WNOTHREAD,
        Patience::Wait | Patience::Interrupted => libc::__WALL,
    };
    loop {
        // SAFETY: the kernel writes one int to a live one.
        match Errno::result(unsafe { libc::waitpid(-1, &raw mut status, how) }) {
            Ok(0) => return Ok(None),
            Ok(pid) => return Ok(Some((Pid::from_raw(pid), event(status)))),
            Err(Errno::EINTR) if matches!(patience, Patience::Interrupted | Patience::OwnOnly) => return Ok(None),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn event(status: i32) -> Event {
    if !libc::WIFSTOPPED(status) {
        return Event::Ended(status);
    }
    let signal = libc::WSTOPSIG(status);
    if signal == libc::SIGTRAP | 0x80 {
        return Event::Answered;
    }
    match status >> 16 {
        libc::PTRACE_EVENT_EXEC => Event::Executed,
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK => Event::Forked,
        libc::PTRACE_EVENT_CLONE => Event::Cloned,
        libc::PTRACE_EVENT_SECCOMP => Event::Calls,
        libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Event::Trap,
        libc::PTRACE_EVENT_STOP => Event::Stopped(signal),
        0 => Event::Signal(signal),
        _ => Event::Trap,
    }
}

/// Reads the NUL-terminated text at an address of a process (`process_vm_readv(2)`), at most this many bytes.
///
/// # Errors
/// The errno of the call; `EFAULT` when there is nothing at that address.
pub fn text_at(pid: Pid, address: usize, most: usize) -> nix::Result<Vec<u8>> {
    const PAGE: usize = 4096;
    let mut text = Vec::new();
    while text.len() < most {
        let from = address + text.len();
        // A read that crosses into a page that is not there fails as a whole.
        let mut part = vec![0_u8; PAGE - from % PAGE];
        let local = libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() };
        let remote = libc::iovec { iov_base: from as *mut libc::c_void, iov_len: part.len() };
        // SAFETY: the kernel writes at most the given length into `part`, which lives across the call.
        let read = unsafe { libc::process_vm_readv(pid.as_raw(), &raw const local, 1, &raw const remote, 1, 0) };
        let read = Errno::result(read)? as usize;
        part.truncate(read);
        if let Some(end) = part.iter().position(|byte| *byte == 0) {
            part.truncate(end);
            text.extend(part);
            return Ok(text);
        }
        if read == 0 {
            break;
        }
        text.extend(part);
    }
    Ok(text)
}

/// Refuses what would start a process outside of the tracer's sight, for this process and all its descendants:
/// `CLONE_UNTRACED`, in every way this machine lets it be said. `clone3` keeps its flags in memory, where a filter cannot
/// see them, and answers ENOSYS, on which the C libraries fall back to `clone`.
///
/// # Errors
/// The errno of `seccomp(2)`; `EACCES` without `CAP_SYS_ADMIN` and without `no_new_privs`.
pub fn refuse_untraced() -> nix::Result<()> {
    const CLONE3: u32 = 435;
    const X32: u32 = 0x4000_0000;
    /// Architectures this kernel may run, each with its number of `clone`.
    #[cfg(target_arch = "x86_64")]
    const ARCHITECTURES: [(u32, u32); 2] = [(0xc000_003e, 56), (0x4000_0003, 120)];
    #[cfg(not(target_arch = "x86_64"))]
    const ARCHITECTURES: [(u32, u32); 2] = [(0xc000_00b7, libc::SYS_clone as u32), (0x4000_0028, 120)];
    const LOAD: u16 = 0x20;
    const AND: u16 = 0x54;
    const EQUAL: u16 = 0x15;
    const ANY_BIT: u16 = 0x45;
    const RETURN: u16 = 0x06;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = Vec::new();
    for (architecture, clone) in ARCHITECTURES {
        program.extend([
            step(LOAD, 0, 0, 4),
            step(EQUAL, 0, 9, architecture),
            step(LOAD, 0, 0, 0),
            step(AND, 0, 0, !X32),
            step(EQUAL, 0, 1, CLONE3),
            step(RETURN, 0, 0, 0x0005_0000 | libc::ENOSYS as u32),
            step(EQUAL, 0, 3, clone),
            step(LOAD, 0, 0, 16),
            step(ANY_BIT, 0, 1, libc::CLONE_UNTRACED as u32),
            step(RETURN, 0, 0, 0x0005_0000 | libc::EPERM as u32),
            step(RETURN, 0, 0, 0x7fff_0000),
        ]);
    }
    // A program of an architecture that is not listed has no call we could name.
    program.push(step(RETURN, 0, 0, 0x8000_0000));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, whose instructions live across the call, and changes nothing in them.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart() {
        let stop = |signal: i32, event: i32| (event << 16) | (signal << 8) | 0x7f;
        assert_eq!(event(0x0300), Event::Ended(0x0300));
        assert_eq!(event(9), Event::Ended(9));
        assert_eq!(event(stop(libc::SIGTRAP, 0)), Event::Signal(libc::SIGTRAP));
        assert_eq!(event(stop(64, 0)), Event::Signal(64));
        assert_eq!(event(stop(libc::SIGTRAP, libc::PTRACE_EVENT_EXEC)), Event::Executed);
        assert_eq!(event(stop(libc::SIGTRAP, libc::PTRACE_EVENT_VFORK)), Event::Forked);
        assert_eq!(event(stop(libc::SIGTRAP, libc::PTRACE_EVENT_STOP)), Event::Trap);
        assert_eq!(event(stop(libc::SIGTRAP, libc::PTRACE_EVENT_SECCOMP)), Event::Calls);
        assert_eq!(event(stop(libc::SIGTRAP | 0x80, 0)), Event::Answered);
        assert_eq!(event(stop(libc::SIGTSTP, libc::PTRACE_EVENT_STOP)), Event::Stopped(libc::SIGTSTP));
    }

    #[test]
    fn text_is_read_across_a_page() {
        let words = vec![b'x'; 10_000];
        let text = std::ffi::CString::new(words.clone()).unwrap();
        let address = text.as_ptr() as usize;
        assert_eq!(text_at(Pid::this(), address, 1 << 20), Ok(words));
        assert_eq!(text_at(Pid::this(), 8, 10), Err(Errno::EFAULT));
    }
}
