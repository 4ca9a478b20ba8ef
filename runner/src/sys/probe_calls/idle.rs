//! Calls that can do nothing, whoever makes them: their arguments are wrong in a way that the kernel sees first, or ask
//! for nothing. `1` stands for a pointer to nowhere, `-1` for a descriptor that is none.

use super::plain::Word::{N, Text};
use super::plain::{Plain, plain};

/// A flag that no call knows.
const UNKNOWN: i64 = 0x4000_0000;

macro_rules! idle {
    ($($name:ident = $number:expr, [$($word:expr),*];)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`, without effect.")]
            pub const $name: Plain = plain($number, &[$($word),*]);
        )*
    };
}

idle! {
    IO_URING_ENTER = libc::SYS_io_uring_enter, [N(-1), N(0), N(0), N(0), N(0), N(0)];
    IO_URING_REGISTER = libc::SYS_io_uring_register, [N(-1), N(UNKNOWN), N(0), N(0)];
    // A clock that there is not.
    CLOCK_SETTIME = libc::SYS_clock_settime, [N(0x7fff), N(1)];
    // Neither a time nor a zone.
    SETTIMEOFDAY = libc::SYS_settimeofday, [N(0), N(0)];
    KEXEC_FILE_LOAD = libc::SYS_kexec_file_load, [N(-1), N(-1), N(0), N(0), N(UNKNOWN)];
    LOOKUP_DCOOKIE = libc::SYS_lookup_dcookie, [N(0), N(0), N(0)];
    // A kind of quota that there is not.
    QUOTACTL = libc::SYS_quotactl, [N(0x8000_00ff), N(0), N(0), N(0)];
    QUOTACTL_FD = 443, [N(-1), N(0x8000_00ff), N(0), N(0)];
    // The size of the log.
    SYSLOG = libc::SYS_syslog, [N(10), N(0), N(0)];
    OPEN_BY_HANDLE_AT = libc::SYS_open_by_handle_at, [N(-1), N(1), N(0)];
    REQUEST_KEY = libc::SYS_request_key, [Text(c"user"), Text(c"palisade-no-such-key"), N(0), N(0)];
    // No such operation.
    KEYCTL = libc::SYS_keyctl, [N(UNKNOWN), N(0), N(0), N(0), N(0)];
    ADD_KEY = libc::SYS_add_key, [N(1), N(1), N(0), N(0), N(0)];
    MOUNT = libc::SYS_mount, [N(1), N(1), N(1), N(0), N(0)];
    UMOUNT = libc::SYS_umount2, [N(1), N(UNKNOWN)];
    FSOPEN = libc::SYS_fsopen, [N(1), N(UNKNOWN)];
    FSCONFIG = libc::SYS_fsconfig, [N(-1), N(UNKNOWN), N(0), N(0), N(0)];
    FSMOUNT = libc::SYS_fsmount, [N(-1), N(UNKNOWN), N(0)];
    FSPICK = libc::SYS_fspick, [N(-1), N(1), N(UNKNOWN)];
    MOUNT_SETATTR = libc::SYS_mount_setattr, [N(-1), N(1), N(UNKNOWN), N(0), N(0)];
    MOVE_MOUNT = libc::SYS_move_mount, [N(-1), N(1), N(-1), N(1), N(UNKNOWN)];
    OPEN_TREE = libc::SYS_open_tree, [N(-1), N(1), N(UNKNOWN)];
    OPEN_TREE_ATTR = 467, [N(-1), N(1), N(UNKNOWN), N(0), N(8)];
    PIVOT_ROOT = libc::SYS_pivot_root, [N(1), N(1)];
    // The process 0 that nobody sees.
    KCMP = libc::SYS_kcmp, [N(0), N(0), N(0), N(0), N(0)];
    PROCESS_MADVISE = libc::SYS_process_madvise, [N(-1), N(0), N(0), N(0), N(0)];
    PIDFD_GETFD = libc::SYS_pidfd_getfd, [N(-1), N(0), N(0)];
    PROCESS_VM_WRITEV = libc::SYS_process_vm_writev, [N(0), N(0), N(0), N(0), N(0), N(UNKNOWN)];
    PROCESS_VM_READV = libc::SYS_process_vm_readv, [N(0), N(0), N(0), N(0), N(0), N(UNKNOWN)];
    PTRACE = libc::SYS_ptrace, [N(UNKNOWN), N(0), N(0), N(0)];
    CHROOT = libc::SYS_chroot, [N(1)];
    SETNS = libc::SYS_setns, [N(-1), N(0)];
    // A user namespace with a shared working directory: the kernel makes no such thing.
    CLONE = libc::SYS_clone, [N(0x1000_0200), N(0), N(0), N(0), N(0)];
    TYPE = libc::SYS_ioctl, [N(-1), N(0x5412), N(0)];
    CONNECT = libc::SYS_connect, [N(-1), N(1), N(0)];
    BIND = libc::SYS_bind, [N(-1), N(1), N(0)];
    LISTEN = libc::SYS_listen, [N(-1), N(0)];
    ACCEPT = libc::SYS_accept, [N(-1), N(0), N(0)];
    ACCEPT4 = libc::SYS_accept4, [N(-1), N(0), N(0), N(0)];
    SENDMMSG = libc::SYS_sendmmsg, [N(-1), N(1), N(1), N(0)];
    // The kernel cannot tell where the pair is, and closes it again.
    DATAGRAM_PAIR = libc::SYS_socketpair, [N(1), N(2), N(0), N(1)];
    RAW_PAIR = libc::SYS_socketpair, [N(1), N(3), N(0), N(1)];
    INTERNET_PAIR = libc::SYS_socketpair, [N(2), N(1), N(0), N(1)];
}

/// An ioctl that no driver knows.
///
/// # Errors
/// `ENOTTY` from most drivers, `EACCES` from a wall before them.
pub fn unknown_ioctl(file: &std::fs::File) -> Result<usize, nix::errno::Errno> {
    // SAFETY: the number belongs to no driver and says that it takes no argument; none is given.
    unsafe { super::call(libc::SYS_ioctl, [super::fd(file), 0x7f00, 0, 0, 0, 0]) }
}

/// `ioperm` of no port at all; only x86 has any.
#[cfg(target_arch = "x86_64")]
pub const IOPERM: Plain = plain(libc::SYS_ioperm, &[N(0), N(0), N(0)]);
/// No such call on this architecture.
#[cfg(not(target_arch = "x86_64"))]
pub const IOPERM: Plain = plain(-1, &[]);
