//! Calls that name another process, a key, or a filter.

use std::ffi::CStr;

use nix::errno::Errno;

use super::{call, number};

/// A call whose first argument is a process and whose others are numbers; each changes nothing, or only its victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// `tgkill` of its first thread with this signal.
    ThreadSignal(i32),
    /// `rt_sigqueueinfo` with this signal.
    QueuedSignal(i32),
    /// `PTRACE_SEIZE`; the end of the caller detaches.
    Seize,
    /// `PTRACE_ATTACH`.
    Attach,
    /// `process_vm_readv` of one byte of a constant, where this very program has it.
    ReadMemory,
    /// `process_vm_writev` of one byte, at an address that only the caller has.
    WriteMemory,
    /// `prlimit64`, reading the limit of open files.
    Limit,
    /// `setpriority` to 5.
    Renice,
    /// `sched_getaffinity`.
    Affinity,
    /// `move_pages` of no pages.
    MovePages,
}

/// What is read of another process.
static CONSTANT: &CStr = c"palisade";

/// Touches a process.
///
/// # Errors
/// The errno of the call.
pub fn touch(process: i32, how: Touch) -> Result<usize, Errno> {
    let pid = number(process);
    let mut byte = 0_u8;
    let here = std::ptr::from_mut(&mut byte) as u64;
    let mut room = [0_u64; 16];
    let content = match how {
        // siginfo_t: the signal without an error, and a negative code as user space must give.
        Touch::QueuedSignal(signal) => [u64::from(signal.unsigned_abs()), u64::from(u32::MAX), 0, 0],
        // Two structs iovec: here and there.
        Touch::ReadMemory => [here, 1, CONSTANT.as_ptr() as u64, 1],
        Touch::WriteMemory => [here, 1, here, 1],
        _ => [0; 4],
    };
    room[..4].copy_from_slice(&content);
    let pointer = room.as_mut_ptr() as usize;
    let (call_number, args) = match how {
        Touch::ThreadSignal(signal) => (libc::SYS_tgkill, [pid, pid, number(signal), 0, 0, 0]),
        Touch::QueuedSignal(signal) => (libc::SYS_rt_sigqueueinfo, [pid, number(signal), pointer, 0, 0, 0]),
        Touch::Seize => (libc::SYS_ptrace, [0x4206, pid, 0, 0, 0, 0]),
        Touch::Attach => (libc::SYS_ptrace, [16, pid, 0, 0, 0, 0]),
        Touch::ReadMemory => (libc::SYS_process_vm_readv, [pid, pointer, 1, pointer + 16, 1, 0]),
        Touch::WriteMemory => (libc::SYS_process_vm_writev, [pid, pointer, 1, pointer + 16, 1, 0]),
        Touch::Limit => (libc::SYS_prlimit64, [pid, 7, 0, pointer, 0, 0]),
        Touch::Renice => (libc::SYS_setpriority, [0, pid, 5, 0, 0, 0]),
        Touch::Affinity => (libc::SYS_sched_getaffinity, [pid, size_of_val(&room), pointer, 0, 0, 0]),
        Touch::MovePages => (libc::SYS_move_pages, [pid, 0, 0, 0, 0, 0]),
    };
    // SAFETY: numbers, null pointers, and one room of 128 bytes: a siginfo_t, a limit, a set of processors, or two
    // structs iovec, the first of which names `byte`.
    unsafe { call(call_number, args) }
}

/// `request_key` of a user key by its description, in the caller's session.
///
/// # Errors
/// The errno of the call.
pub fn find_key(description: &CStr) -> Result<usize, Errno> {
    let args = [c"user".as_ptr() as usize, description.as_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: two terminated strings; no further information and no destination.
    unsafe { call(libc::SYS_request_key, args) }
}

/// `add_key` to the caller's session.
///
/// # Errors
/// The errno of the call.
pub fn add_key(description: &CStr) -> Result<usize, Errno> {
    let (kind, secret) = (c"user".as_ptr() as usize, b"bait");
    let args = [kind, description.as_ptr() as usize, secret.as_ptr() as usize, secret.len(), number(-3), 0];
    // SAFETY: two terminated strings and a buffer with its length.
    unsafe { call(libc::SYS_add_key, args) }
}

/// Installs a system-call filter that allows everything, with these flags.
///
/// # Errors
/// The errno of the call.
pub fn install_filter(flags: usize) -> Result<usize, Errno> {
    // One instruction: return SECCOMP_RET_ALLOW.
    let allow = [libc::sock_filter { code: 6, jt: 0, jf: 0, k: 0x7fff_0000 }];
    let program = libc::sock_fprog { len: 1, filter: allow.as_ptr().cast_mut() };
    let args = [1, flags, std::ptr::from_ref(&program) as usize, 0, 0, 0];
    // SAFETY: the program holds as many instructions as it says and outlives the call.
    unsafe { call(libc::SYS_seccomp, args) }
}

/// Sets the clock's tick to what it is.
///
/// # Errors
/// The errno of the second call.
pub fn keep_tick() -> Result<(), Errno> {
    const ADJ_TICK: u32 = 0x4000;
    let mut now = std::mem::MaybeUninit::<libc::timex>::zeroed();
    let args = [now.as_mut_ptr() as usize, 0, 0, 0, 0, 0];
    // SAFETY: the kernel reads and writes one struct timex, which is zeroed: no mode, so nothing is changed.
    unsafe { call(libc::SYS_adjtimex, args) }?;
    // SAFETY: every field is a number, and the kernel has filled them.
    let mut now = unsafe { now.assume_init() };
    now.modes = ADJ_TICK;
    let args = [std::ptr::from_mut(&mut now) as usize, 0, 0, 0, 0, 0];
    // SAFETY: as above.
    unsafe { call(libc::SYS_adjtimex, args) }.map(drop)
}

/// Sets the host's NIS domain name.
///
/// # Errors
/// The errno of the call.
pub fn set_domain_name(name: &CStr) -> Result<(), Errno> {
    // SAFETY: a buffer with its length.
    unsafe { call(libc::SYS_setdomainname, [name.as_ptr() as usize, name.count_bytes(), 0, 0, 0, 0]) }.map(drop)
}

/// Starts a process in a new user namespace by `clone3`; it ends at once.
///
/// # Errors
/// The errno of the call.
pub fn clone_into_user_namespace() -> Result<(), Errno> {
    match super::plain::make(super::plain::CLONE3_USER)? {
        // SAFETY: the new process ends at once; nothing of the caller's is flushed or dropped a second time.
        0 => unsafe { libc::_exit(0) },
        _ => Ok(()),
    }
}

/// `NS_GET_PARENT` of the own user namespace; what it gives stays open until the process ends.
///
/// # Errors
/// The errno of the call.
pub fn parent_of_user_namespace() -> Result<usize, Errno> {
    const NS_GET_PARENT: usize = 0xb702;
    let own = std::fs::File::open("/proc/self/ns/user").map_err(|_| Errno::ENOENT)?;
    // SAFETY: the request takes nothing and gives a descriptor.
    unsafe { call(libc::SYS_ioctl, [super::fd(&own), NS_GET_PARENT, 0, 0, 0, 0]) }
}

/// `clock_settime` of the wall clock to what it says at this moment.
///
/// # Errors
/// The errno of the second call.
pub fn set_clock_to_itself() -> Result<(), Errno> {
    let mut now = [0_i64; 2];
    // SAFETY: the kernel writes one struct timespec of 16 bytes.
    unsafe { call(libc::SYS_clock_gettime, [0, now.as_mut_ptr() as usize, 0, 0, 0, 0]) }?;
    // SAFETY: the kernel reads one struct timespec.
    unsafe { call(libc::SYS_clock_settime, [0, now.as_ptr() as usize, 0, 0, 0, 0]) }.map(drop)
}

/// `quotactl(Q_SYNC)` for users' quotas of a block device.
///
/// # Errors
/// The errno of the call.
pub fn sync_quotas(device: &CStr) -> Result<usize, Errno> {
    const Q_SYNC: usize = 0x0080_0001 << 8;
    // SAFETY: a number, a terminated string, and nothing to read or to write.
    unsafe { call(libc::SYS_quotactl, [Q_SYNC, device.as_ptr() as usize, 0, 0, 0, 0]) }
}

/// Has the signals of a descriptor sent to a process (`F_SETOWN`).
///
/// # Errors
/// The errno of the call.
pub fn send_signals_to(descriptor: &impl std::os::fd::AsRawFd, process: i32) -> Result<usize, Errno> {
    const F_SETOWN: i32 = 8;
    // SAFETY: takes three numbers.
    unsafe { call(libc::SYS_fcntl, [super::fd(descriptor), number(F_SETOWN), number(process), 0, 0, 0]) }
}
