//! Calls that need nothing of their caller: numbers, fixed texts, and room for the kernel to read from and write to.
//!
//! A [`Plain`] can only be made here, where each row is seen to fit its call; so making one is safe anywhere.

use std::ffi::CStr;

use nix::errno::Errno;

use super::{call, number};

/// One call with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    number: libc::c_long,
    words: &'static [Word],
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// A number; 0 is the null pointer as well.
    N(i64),
    /// A terminated text.
    Text(&'static CStr),
    /// Bytes to read, copied for each call.
    Bytes(&'static [u8]),
    /// This many zeroed bytes, to read or to write.
    Room(usize),
}

use Word::{Bytes, N, Room, Text};

pub(super) const fn plain(number: libc::c_long, words: &'static [Word]) -> Plain {
    Plain { number, words }
}

/// Makes the call and gives the kernel's answer. A descriptor it makes stays open until the process ends.
///
/// # Errors
/// The errno of the call.
pub fn make(one: Plain) -> Result<usize, Errno> {
    let mut rooms: Vec<Vec<u8>> = one
        .words
        .iter()
        .map(|word| match word {
            Bytes(bytes) => bytes.to_vec(),
            Room(length) => vec![0; *length],
            N(_) | Text(_) => Vec::new(),
        })
        .collect();
    let mut args = [0; 6];
    for ((arg, word), room) in args.iter_mut().zip(one.words).zip(&mut rooms) {
        *arg = match word {
            N(value) => number(*value),
            Text(text) => text.as_ptr() as usize,
            Bytes(_) | Room(_) => room.as_mut_ptr() as usize,
        };
    }
    // SAFETY: each row below fits its call; texts are static, and every room lives until the call is over.
    unsafe { call(one.number, args) }
}

/// `struct perf_event_attr`, first version: software, cpu-clock, disabled, without kernel and hypervisor.
const PERF_SELF: &[u8; 64] = &perf(0x61);
/// The same with the kernel.
const PERF_ALL: &[u8; 64] = &perf(1);

const fn perf(flags: u8) -> [u8; 64] {
    let mut attributes = [0; 64];
    attributes[0] = 1;
    attributes[4] = 64;
    attributes[40] = flags;
    attributes
}

/// `union bpf_attr` for an array of one number.
const BPF_ARRAY: &[u8; 16] = &[2, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0];

/// A flag that `kexec_load` does not know, so that it loads and unloads nothing.
const KEXEC_UNKNOWN: i64 = 0x8000;

pub const NO_NEW_PRIVS: Plain = plain(libc::SYS_prctl, &[N(39), N(0), N(0), N(0), N(0)]);
pub const AMBIENT_RAISE: Plain = plain(libc::SYS_prctl, &[N(47), N(2), N(0), N(0), N(0)]);
pub const SET_MM: Plain = plain(libc::SYS_prctl, &[N(35), N(6), N(0x1000), N(0), N(0)]);
pub const PERSONALITY: Plain = plain(libc::SYS_personality, &[N(0x0004_0000)]);
pub const BPF_LOAD: Plain = plain(libc::SYS_bpf, &[N(5), Room(64), N(64)]);
pub const BPF_MAP: Plain = plain(libc::SYS_bpf, &[N(0), Bytes(BPF_ARRAY), N(16)]);
pub const PERF_OWN: Plain = plain(libc::SYS_perf_event_open, &[Bytes(PERF_SELF), N(0), N(-1), N(-1), N(0)]);
pub const PERF_SYSTEM: Plain = plain(libc::SYS_perf_event_open, &[Bytes(PERF_ALL), N(-1), N(0), N(-1), N(0)]);
pub const USERFAULTFD: Plain = plain(libc::SYS_userfaultfd, &[N(0)]);
pub const USERFAULTFD_USER: Plain = plain(libc::SYS_userfaultfd, &[N(1)]);
pub const KEXEC_LOAD: Plain = plain(libc::SYS_kexec_load, &[N(0), N(0), N(0), N(KEXEC_UNKNOWN)]);
pub const INIT_MODULE: Plain = plain(libc::SYS_init_module, &[N(0), N(0), Text(c"")]);
pub const FINIT_MODULE: Plain = plain(libc::SYS_finit_module, &[N(-1), Text(c""), N(0)]);
pub const DELETE_MODULE: Plain = plain(libc::SYS_delete_module, &[Text(c"palisade_no_such_module"), N(0x800)]);
/// With magic numbers that are none.
pub const REBOOT: Plain = plain(libc::SYS_reboot, &[N(0), N(0), N(0), N(0)]);
pub const SWAPON: Plain = plain(libc::SYS_swapon, &[Text(c"/palisade-no-such-file"), N(0)]);
pub const SWAPOFF: Plain = plain(libc::SYS_swapoff, &[Text(c"/palisade-no-such-file")]);
pub const ACCT: Plain = plain(libc::SYS_acct, &[Text(c"/palisade-no-such-file")]);
#[cfg(target_arch = "x86_64")]
pub const IO_PORTS: Plain = plain(libc::SYS_iopl, &[N(3)]);
/// A number that no table has: this machine has no ports.
#[cfg(not(target_arch = "x86_64"))]
pub const IO_PORTS: Plain = plain(-1, &[]);
#[cfg(target_arch = "x86_64")]
pub const READ_LDT: Plain = plain(libc::SYS_modify_ldt, &[N(0), Room(16), N(16)]);
/// A number that no table has: this machine has no such table.
#[cfg(not(target_arch = "x86_64"))]
pub const READ_LDT: Plain = plain(-1, &[]);
pub const FANOTIFY: Plain = plain(libc::SYS_fanotify_init, &[N(4), N(0)]);
pub const MEMFD_SECRET: Plain = plain(447, &[N(0)]);
pub const WRITE_AND_EXECUTE: Plain = plain(libc::SYS_mmap, &[N(0), N(4096), N(7), N(0x22), N(-1), N(0)]);
pub const LANDLOCK_ABI: Plain = plain(444, &[N(0), N(0), N(1)]);
pub const USER_KEYRING: Plain = plain(libc::SYS_keyctl, &[N(0), N(-4), N(1), N(0), N(0)]);
/// Goes on twice, as a fork does. `struct clone_args` asks for a new user namespace and SIGCHLD.
pub(super) const CLONE3_USER: Plain = plain(libc::SYS_clone3, &[Bytes(CLONE_USER), N(64)]);
const CLONE_USER: &[u8; 64] = &{
    let mut args = [0; 64];
    args[3] = 0x10;
    args[32] = 17;
    args
};
pub const FSOPEN: Plain = plain(libc::SYS_fsopen, &[Text(c"tmpfs"), N(1)]);
pub const NICE: Plain = plain(libc::SYS_setpriority, &[N(0), N(0), N(-5)]);
pub const REAL_TIME: Plain = plain(libc::SYS_sched_setscheduler, &[N(0), N(1), Bytes(&[1, 0, 0, 0])]);
pub const REAL_TIME_IO: Plain = plain(libc::SYS_ioprio_set, &[N(1), N(0), N(1 << 13)]);
pub const TRACE_ME: Plain = plain(libc::SYS_ptrace, &[N(0), N(0), N(0), N(0)]);
/// Of a size of which no level can be: whoever may change the level hears about the size.
pub const LOG_LEVEL: Plain = plain(libc::SYS_syslog, &[N(8), N(0), N(0)]);
pub const HANG_UP: Plain = plain(libc::SYS_vhangup, &[]);
/// `listmount` of the own namespace: `struct mnt_id_req` asks below its root.
pub const LIST_MOUNTS: Plain = plain(458, &[Bytes(ALL_MOUNTS), Room(512), N(64), N(0)]);
const ALL_MOUNTS: &[u8; 24] = &{
    let mut request = [0; 24];
    request[0] = 24;
    let mut at = 8;
    while at < 16 {
        request[at] = 0xff;
        at += 1;
    }
    request
};
