//! Watching the answers of system calls through a tracer: which calls stop, what they were asked and what they answered.
//!
//! A filter stops the calls that a sandbox may deny (`SECCOMP_RET_TRACE`), so that all others cost nothing. A call that
//! the sandbox's own filter refuses never gets there; that filter then raises SIGSYS instead of answering (`refused`), the
//! call is skipped by the kernel, and the tracer puts the answer in. Without a tracer both fail closed.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::unistd::Pid;

use super::check;

/// What a watched call was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub number: i64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// Calls that are stopped whatever they ask.
const ALWAYS: &[libc::c_long] = &[
    libc::SYS_openat2,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mknodat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    452,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_kill,
    libc::SYS_tgkill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_ptrace,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setresuid,
    libc::SYS_setgroups,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
];

/// Calls that are stopped where their first argument names somebody else: everybody asks for limits of their own.
const ABOUT_OTHERS: &[libc::c_long] = &[libc::SYS_prlimit64];

/// Which opens are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Those that write or create.
    Writing,
    /// Those, and of those that read a listener is told at their beginning (`hearing`), which costs a fraction of a stop.
    Told,
    /// All: anything in the sandbox may be impossible to read.
    All,
}

/// Opens, each with the argument that holds its flags.
const OPENS: &[(libc::c_long, u32)] = &[
    (libc::SYS_openat, 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, 1),
];

#[cfg(target_arch = "x86_64")]
pub(super) const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(not(target_arch = "x86_64"))]
pub(super) const ARCHITECTURE: u32 = 0xc000_00b7;

const TRACE: u32 = 0x7ff0_0000;
/// To a listener, which stands before the tracer: a call that it is told of stops for nobody else.
const TELL: u32 = 0x7fc0_0000;
const ALLOW: u32 = 0x7fff_0000;
const TRAP: u32 = 0x0003_0000;
const ERRNO: u32 = 0x0005_0000;
/// What our own filter says with SIGSYS: a filter of the command's may raise it too.
const OURS: u32 = 0x5a00;

/// Stops the watched calls of this process and all its descendants; gives what a listener hears of, where one is told.
///
/// # Errors
/// The errno of `seccomp(2)`; `EACCES` without `CAP_SYS_ADMIN` and without `no_new_privs`. With [`Opens::Told`] also
/// `EINVAL` before Linux 5.19 and `EBUSY` where somebody listens already, and nothing has been changed then.
pub fn stop_calls(opens: Opens) -> nix::Result<Option<OwnedFd>> {
    let mut program = filter(opens);
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    let flags = if opens == Opens::Told { super::hearing::LISTENED } else { 0 };
    // SAFETY: the kernel copies the program, whose instructions live across the call, and changes nothing in them.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    let answer = Errno::result(answer)?;
    if opens == Opens::Told { super::process::adopt(answer as i32).map(Some) } else { Ok(None) }
}

fn filter(opens: Opens) -> Vec<libc::sock_filter> {
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program =
        vec![step(0x20, 0, 0, 4), step(0x15, 1, 0, ARCHITECTURE), step(0x06, 0, 0, ALLOW), step(0x20, 0, 0, 0)];
    let writing = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u32;
    let reading = match opens {
        // No wall refuses to read.
        Opens::Writing => ALLOW,
        Opens::Told => TELL,
        Opens::All => TRACE,
    };
    for (number, index) in OPENS {
        program.extend([
            step(0x15, 0, 4, *number as u32),
            step(0x20, 0, 0, 16 + 8 * index),
            step(0x45, 0, 1, writing),
            step(0x06, 0, 0, TRACE),
            step(0x06, 0, 0, reading),
        ]);
    }
    for number in ABOUT_OTHERS {
        program.extend([
            step(0x15, 0, 4, *number as u32),
            step(0x20, 0, 0, 16),
            step(0x15, 1, 0, 0),
            step(0x06, 0, 0, TRACE),
            step(0x06, 0, 0, ALLOW),
        ]);
    }
    for number in ALWAYS {
        program.extend([step(0x15, 0, 1, *number as u32), step(0x06, 0, 0, TRACE)]);
    }
    program.push(step(0x06, 0, 0, ALLOW));
    program
}

/// What an instruction that answers EPERM becomes where a tracer listens: the call is skipped as before, and SIGSYS says so.
#[must_use]
pub const fn told(code: u16, value: u32) -> u32 {
    if code == 0x06 && value == ERRNO | libc::EPERM as u32 { TRAP | OURS | libc::EPERM as u32 } else { value }
}

/// Asks for the stop of the call's end, and lets it go on.
///
/// # Errors
/// `ESRCH` when it is gone, or not stopped.
pub fn resume_to_answer(pid: Pid) -> nix::Result<()> {
    // SAFETY: the request takes a number as data and touches no memory of this process.
    check(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid.as_raw(), std::ptr::null_mut::<libc::c_void>(), 0) })?;
    Ok(())
}

/// What the kernel tells of a stop at a call; the layout of `struct ptrace_syscall_info`.
#[repr(C)]
#[derive(Default)]
struct Info {
    op: u8,
    padding: [u8; 3],
    architecture: u32,
    instruction: u64,
    stack: u64,
    /// At a filter's stop: number, then arguments; at the end: the answer, then whether it is an error.
    words: [u64; 8],
}

fn info(pid: Pid) -> nix::Result<Info> {
    const GET_SYSCALL_INFO: libc::c_uint = 0x420e;
    let mut info = Info::default();
    // SAFETY: the kernel writes at most the given size to a live value that any bytes are valid for.
    check(unsafe { libc::ptrace(GET_SYSCALL_INFO, pid.as_raw(), size_of::<Info>(), &raw mut info) })?;
    Ok(info)
}

/// What the stopped call asks, at its beginning.
///
/// # Errors
/// `ESRCH` when it is gone; `EINVAL` when it does not stand at a call.
pub fn asked(pid: Pid) -> nix::Result<Asked> {
    let Info { op: 1 | 3, words: [number, arguments @ .., _], .. } = info(pid)? else { return Err(Errno::EINVAL) };
    Ok(Asked { number: number.cast_signed(), arguments })
}

/// The errno that the stopped call ends with; `None` when it succeeded.
///
/// # Errors
/// `ESRCH` when it is gone; `EINVAL` when it does not stand at the end of a call.
pub fn answered(pid: Pid) -> nix::Result<Option<Errno>> {
    let Info { op: 2, words: [answer, ..], .. } = info(pid)? else { return Err(Errno::EINVAL) };
    let answer = answer.cast_signed();
    Ok((-4095..0).contains(&answer).then(|| Errno::from_raw(-answer as i32)))
}

/// A call that the sandbox's filter has refused, at the delivery of the signal that says so; its answer, EPERM, is put in,
/// and the signal is to be dropped. `None` for any other SIGSYS.
///
/// # Errors
/// `ESRCH` when it is gone.
#[cfg(target_arch = "x86_64")]
pub fn refused(pid: Pid) -> nix::Result<Option<Asked>> {
    if !is_ours(pid)? {
        return Ok(None);
    }
    let null = std::ptr::null_mut::<libc::c_void>();
    let mut registers = std::mem::MaybeUninit::<libc::user_regs_struct>::zeroed();
    // SAFETY: the kernel writes one `user_regs_struct` to a live one.
    check(unsafe { libc::ptrace(libc::PTRACE_GETREGS, pid.as_raw(), null, registers.as_mut_ptr()) })?;
    // SAFETY: all zeroes is a value of it, and the kernel has filled it.
    let mut registers = unsafe { registers.assume_init() };
    let r = &registers;
    let number = r.rax.cast_signed();
    let asked = Asked { number, arguments: [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9] };
    registers.rax = i64::from(-libc::EPERM).cast_unsigned();
    // SAFETY: the kernel reads one `user_regs_struct` from a live one.
    check(unsafe { libc::ptrace(libc::PTRACE_SETREGS, pid.as_raw(), null, &raw const registers) })?;
    Ok(Some(asked))
}

/// Not known on this architecture: the filter is left to answer by itself.
///
/// # Errors
/// Never.
#[cfg(not(target_arch = "x86_64"))]
pub fn refused(_pid: Pid) -> nix::Result<Option<Asked>> {
    Ok(None)
}

/// Whether refused calls can be seen on this architecture.
pub const SEES_REFUSED: bool = cfg!(target_arch = "x86_64");

/// Whether the signal about to be delivered is the one that our filter raises.
#[cfg(target_arch = "x86_64")]
fn is_ours(pid: Pid) -> nix::Result<bool> {
    const SYS_SECCOMP: i32 = 1;
    let mut signal = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel writes one `siginfo_t` to a live one.
    check(unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, pid.as_raw(), null, signal.as_mut_ptr()) })?;
    // SAFETY: all zeroes is a value of it, and the kernel has filled it.
    let signal = unsafe { signal.assume_init() };
    Ok(signal.si_signo == libc::SIGSYS
        && signal.si_code == SYS_SECCOMP
        && signal.si_errno.cast_unsigned() == OURS | libc::EPERM as u32)
}

/// Reads bytes at an address of a process, as many as are there, at most this many.
///
/// # Errors
/// The errno of `process_vm_readv(2)`.
pub fn bytes_at(pid: Pid, address: u64, most: usize) -> nix::Result<Vec<u8>> {
    let mut bytes = vec![0_u8; most];
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: most };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: most };
    // SAFETY: the kernel writes at most the given length into `bytes`, which lives across the call.
    let read = unsafe { libc::process_vm_readv(pid.as_raw(), &raw const local, 1, &raw const remote, 1, 0) };
    bytes.truncate(Errno::result(read)? as usize);
    Ok(bytes)
}
