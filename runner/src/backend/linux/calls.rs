//! The system-call filter: which calls each group refuses, and the program the kernel runs.
//!
//! seccompiler builds the chain of comparisons; it checks the architecture (foreign ones are killed) but not the x32 bit,
//! so that, an answer of ENOSYS to `clone3` and the questions for any bit of a mask are instructions of our own.
//! `clone3` takes its flags from memory a filter cannot read; ENOSYS makes the C library fall back to `clone`.

use std::collections::BTreeMap;

use policy::profile::{CallGroup, Network};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

/// One refused call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The group it belongs to.
    pub group: CallGroup,
    /// Its name, as in `syscalls(2)`.
    pub name: &'static str,
    /// Its number on this architecture.
    pub number: libc::c_long,
    /// When it is refused.
    pub when: When,
}

/// When a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// When argument `index` has any of these bits.
    AnyBit {
        /// Which argument, from 0.
        index: u8,
        /// The bits.
        bits: u32,
    },
    /// When argument `index` equals one of these in its low 32 bits.
    OneOf {
        /// Which argument, from 0.
        index: u8,
        /// The values.
        values: &'static [u32],
    },
    /// When argument `index` is none of these in its low 32 bits.
    NoneOf {
        /// Which argument, from 0.
        index: u8,
        /// The values.
        values: &'static [u32],
    },
}

const fn always(group: CallGroup, name: &'static str, number: libc::c_long) -> Call {
    Call { group, name, number, when: When::Always }
}

/// `CLONE_NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET`, one bit each.
const NEW_NAMESPACES: u32 =
    0x80 | 0x2_0000 | 0x200_0000 | 0x400_0000 | 0x800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

use CallGroup::{IoUring, Kernel, Keyrings, Mounts, Namespaces, Terminal, Tracing};

/// Every refused call, by group.
pub const SYSCALL_GROUPS: &[Call] = &[
    always(IoUring, "io_uring_setup", libc::SYS_io_uring_setup),
    always(IoUring, "io_uring_enter", libc::SYS_io_uring_enter),
    always(IoUring, "io_uring_register", libc::SYS_io_uring_register),
    always(Kernel, "acct", libc::SYS_acct),
    always(Kernel, "bpf", libc::SYS_bpf),
    always(Kernel, "clock_settime", libc::SYS_clock_settime),
    always(Kernel, "delete_module", libc::SYS_delete_module),
    always(Kernel, "fanotify_init", libc::SYS_fanotify_init),
    always(Kernel, "finit_module", libc::SYS_finit_module),
    always(Kernel, "init_module", libc::SYS_init_module),
    always(Kernel, "kexec_file_load", libc::SYS_kexec_file_load),
    always(Kernel, "kexec_load", libc::SYS_kexec_load),
    always(Kernel, "lookup_dcookie", libc::SYS_lookup_dcookie),
    always(Kernel, "open_by_handle_at", libc::SYS_open_by_handle_at),
    always(Kernel, "perf_event_open", libc::SYS_perf_event_open),
    // PER_LINUX and the query; everything else turns off address randomisation or emulates.
    Call {
        group: Kernel,
        name: "personality",
        number: libc::SYS_personality,
        when: When::NoneOf { index: 0, values: &[0, 0xffff_ffff] },
    },
    always(Kernel, "quotactl", libc::SYS_quotactl),
    always(Kernel, "quotactl_fd", 443),
    always(Kernel, "reboot", libc::SYS_reboot),
    // SECCOMP_FILTER_FLAG_NEW_LISTENER: answering other filters' calls.
    Call { group: Kernel, name: "seccomp", number: libc::SYS_seccomp, when: When::AnyBit { index: 1, bits: 8 } },
    always(Kernel, "settimeofday", libc::SYS_settimeofday),
    always(Kernel, "swapoff", libc::SYS_swapoff),
    always(Kernel, "swapon", libc::SYS_swapon),
    always(Kernel, "syslog", libc::SYS_syslog),
    always(Kernel, "userfaultfd", libc::SYS_userfaultfd),
    always(Kernel, "vhangup", libc::SYS_vhangup),
    #[cfg(target_arch = "x86_64")]
    always(Kernel, "ioperm", libc::SYS_ioperm),
    #[cfg(target_arch = "x86_64")]
    always(Kernel, "iopl", libc::SYS_iopl),
    #[cfg(target_arch = "x86_64")]
    always(Kernel, "modify_ldt", libc::SYS_modify_ldt),
    always(Keyrings, "add_key", libc::SYS_add_key),
    always(Keyrings, "keyctl", libc::SYS_keyctl),
    always(Keyrings, "request_key", libc::SYS_request_key),
    always(Mounts, "chroot", libc::SYS_chroot),
    always(Mounts, "fsconfig", libc::SYS_fsconfig),
    always(Mounts, "fsmount", libc::SYS_fsmount),
    always(Mounts, "fsopen", libc::SYS_fsopen),
    always(Mounts, "fspick", libc::SYS_fspick),
    always(Mounts, "mount", libc::SYS_mount),
    always(Mounts, "mount_setattr", libc::SYS_mount_setattr),
    always(Mounts, "move_mount", libc::SYS_move_mount),
    always(Mounts, "open_tree", libc::SYS_open_tree),
    always(Mounts, "open_tree_attr", 467),
    always(Mounts, "pivot_root", libc::SYS_pivot_root),
    always(Mounts, "umount2", libc::SYS_umount2),
    Call {
        group: Namespaces,
        name: "clone",
        number: libc::SYS_clone,
        when: When::AnyBit { index: 0, bits: NEW_NAMESPACES & !0x80 },
    },
    always(Namespaces, "setns", libc::SYS_setns),
    always(Namespaces, "unshare", libc::SYS_unshare),
    // TIOCSTI and TIOCLINUX, on the low half only: the kernel ignores the upper one (CVE-2019-10063).
    Call {
        group: Terminal,
        name: "ioctl",
        number: libc::SYS_ioctl,
        when: When::OneOf { index: 1, values: &[0x5412, 0x541c] },
    },
    always(Tracing, "kcmp", libc::SYS_kcmp),
    always(Tracing, "pidfd_getfd", libc::SYS_pidfd_getfd),
    always(Tracing, "process_madvise", libc::SYS_process_madvise),
    always(Tracing, "process_vm_readv", libc::SYS_process_vm_readv),
    always(Tracing, "process_vm_writev", libc::SYS_process_vm_writev),
    always(Tracing, "ptrace", libc::SYS_ptrace),
];

/// Everything that can be left out of the filter by name.
#[must_use]
pub fn parts(refuse: &[CallGroup], network: Network) -> Vec<String> {
    let mut names = vec![FOREIGN];
    if cfg!(target_arch = "x86_64") {
        names.push(X32);
    }
    if refuse.contains(&CallGroup::Namespaces) {
        names.push(CLONE3);
    }
    names.extend(SYSCALL_GROUPS.iter().filter(|call| refuse.contains(&call.group)).map(|call| call.name));
    names.extend(sockets(network).iter().map(|rule| rule.name));
    names.into_iter().map(str::to_owned).collect()
}

/// The same filter where a tracer listens: what it refuses is skipped as before, and SIGSYS says so.
#[must_use]
pub fn told(program: BpfProgram) -> BpfProgram {
    let told = |step: sock_filter| sock_filter { k: crate::sys::watch::told(step.code, step.k), ..step };
    program.into_iter().map(told).collect()
}

/// The names of what stands in front of the chains.
const FOREIGN: &str = "calls of another architecture";
const X32: &str = "calls of x32";
const CLONE3: &str = "clone3";

/// The filter for these groups and this network, with everything but the rules left out by name.
///
/// The kernel evaluates a new filter once for every call number, so a long chain costs time at each start. seccompiler
/// builds one chain for each range of numbers, and a few branches in front lead to the right one.
///
/// # Errors
/// What seccompiler says; on an architecture it does not know, that.
pub fn filter(refuse: &[CallGroup], network: Network, without: &[String]) -> Result<BpfProgram, String> {
    let kept = |name: &str| !without.iter().any(|one| one == name);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let mut masks = Vec::new();
    for call in SYSCALL_GROUPS.iter().filter(|call| refuse.contains(&call.group) && kept(call.name)) {
        match call.when {
            // seccompiler can compare under a mask but not ask for any bit of one.
            When::AnyBit { index, bits } => masks.push((call.number, index, bits)),
            when => {
                rules.insert(call.number, conditions(when)?);
            }
        }
    }
    for rule in sockets(network).into_iter().filter(|rule| kept(rule.name)) {
        rule.add_to(&mut rules)?;
    }
    let mut program = prelude(refuse, &masks, &kept);
    let chains = RANGES
        .windows(2)
        .map(|range| match range {
            [from, to] => chain(rules.range(*from..*to).map(|(number, rules)| (*number, rules.clone())).collect()),
            _ => Err("a range has two ends".to_owned()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    branches(&chains, &mut program);
    Ok(program)
}

/// Where one chain ends and the next begins.
const RANGES: &[i64] = &[0, 48, 60, 160, 180, 256, 310, 420, i64::MAX];

/// Instructions of seccompiler's architecture check: load, compare, kill.
const ARCHITECTURE_CHECK: usize = 3;

/// seccompiler's program for some calls.
fn compile(rules: BTreeMap<i64, Vec<SeccompRule>>) -> Result<BpfProgram, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let refusal = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())?;
    let shape = program.iter().take(ARCHITECTURE_CHECK).map(|step| step.code).collect::<Vec<_>>();
    if shape != [0x20, 0x15, 0x06] {
        return Err("the filter does not begin with the architecture check it was built to have".into());
    }
    Ok(program)
}

/// One chain, without the architecture check that stands in front of all.
fn chain(rules: BTreeMap<i64, Vec<SeccompRule>>) -> Result<BpfProgram, String> {
    Ok(compile(rules)?.split_off(ARCHITECTURE_CHECK))
}

/// Leads each number to its chain: a tree of comparisons, then the chains one after the other.
fn branches(chains: &[BpfProgram], program: &mut BpfProgram) {
    let mut starts = Vec::new();
    let mut length = 0_u32;
    for chain in chains {
        starts.push(length);
        length += chain.len() as u32;
    }
    // One comparison and one jump for each chain but the first, from the highest number down.
    let heads = 2 * (chains.len() as u32 - 1) + 1;
    let mut at = 0;
    for index in (1..chains.len()).rev() {
        program.push(jump_if_at_least(RANGES[index] as u32, 1));
        program.push(jump(heads - (at + 2) + starts[index]));
        at += 2;
    }
    program.push(jump(heads - (at + 1)));
    program.extend(chains.iter().flatten().cloned());
}

/// The rules under which a call is refused; none means always.
fn conditions(when: When) -> Result<Vec<SeccompRule>, String> {
    match when {
        When::Always => Ok(Vec::new()),
        When::AnyBit { .. } => Err("asked for in the prelude".into()),
        When::OneOf { index, values } => values
            .iter()
            .map(|value| rule(&[(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, u64::from(*value))]))
            .collect(),
        When::NoneOf { index, values } => {
            let all: Vec<_> = values
                .iter()
                .map(|value| (index, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, u64::from(*value)))
                .collect();
            Ok(vec![rule(&all)?])
        }
    }
}

/// A rule whose conditions must all hold.
fn rule(conditions: &[(u8, SeccompCmpArgLen, SeccompCmpOp, u64)]) -> Result<SeccompRule, String> {
    let conditions = conditions
        .iter()
        .map(|(index, length, operator, value)| SeccompCondition::new(*index, length.clone(), operator.clone(), *value))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    SeccompRule::new(conditions).map_err(|error| error.to_string())
}

/// One rule about sockets: a call, refused when all conditions hold; always when there are none.
struct SocketRule {
    name: &'static str,
    call: libc::c_long,
    when: Vec<(u8, SeccompCmpArgLen, SeccompCmpOp, u64)>,
}

impl SocketRule {
    fn add_to(&self, rules: &mut BTreeMap<i64, Vec<SeccompRule>>) -> Result<(), String> {
        let refused = rules.entry(self.call).or_default();
        if !self.when.is_empty() {
            refused.push(rule(&self.when)?);
        }
        Ok(())
    }
}

/// What sockets may do. `type` is compared under the mask 0xf, because its upper bits carry flags; `AF_UNIX` takes
/// `SOCK_RAW` for `SOCK_DGRAM`, and a datagram socket (also one of a pair) can address any socket file of the host.
fn sockets(network: Network) -> Vec<SocketRule> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    const UNIX: u64 = libc::AF_UNIX as u64;
    let family = || (0, Dword, Ne, UNIX);
    let kind = |kind: libc::c_int| (1, Dword, MaskedEq(0xf), kind as u64);
    let one = |name, call, when| SocketRule { name, call, when };
    match network {
        Network::Off => vec![
            one("socket of a family but AF_UNIX", libc::SYS_socket, vec![family()]),
            one("socket for datagrams", libc::SYS_socket, vec![kind(libc::SOCK_DGRAM)]),
            one("socket for raw access", libc::SYS_socket, vec![kind(libc::SOCK_RAW)]),
            one("socketpair of a family but AF_UNIX", libc::SYS_socketpair, vec![family()]),
            one("socketpair for datagrams", libc::SYS_socketpair, vec![kind(libc::SOCK_DGRAM)]),
            one("socketpair for raw access", libc::SYS_socketpair, vec![kind(libc::SOCK_RAW)]),
            one("connect", libc::SYS_connect, Vec::new()),
            one("bind", libc::SYS_bind, Vec::new()),
            one("listen", libc::SYS_listen, Vec::new()),
            one("accept", libc::SYS_accept, Vec::new()),
            one("accept4", libc::SYS_accept4, Vec::new()),
            one("sendmmsg", libc::SYS_sendmmsg, Vec::new()),
            // `send(2)` is `sendto` without an address and works on a pair; with one it could reach elsewhere.
            one("sendto an address", libc::SYS_sendto, vec![(4, Qword, Ne, 0)]),
        ],
        Network::Host => {
            let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
            let other = families.iter().map(|family| (0, Dword, Ne, *family as u64)).collect();
            let netlink = vec![(0, Dword, Eq, libc::AF_NETLINK as u64), (2, Dword, Ne, libc::NETLINK_ROUTE as u64)];
            vec![
                one("socket of another family", libc::SYS_socket, other),
                one("socket for netlink but routes", libc::SYS_socket, netlink),
                one("socketpair of a family but AF_UNIX", libc::SYS_socketpair, vec![family()]),
            ]
        }
    }
}

const LOAD_NUMBER: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
const LOAD_ARCHITECTURE: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 4 };
const RETURN_KILL: sock_filter = sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x8000_0000 };
/// `AUDIT_ARCH_*` of this build.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
/// `AUDIT_ARCH_*` of this build.
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
const X32_BIT: u32 = 0x4000_0000;
const RETURN_ERRNO: u32 = 0x0005_0000;

const fn jump_if_at_least(value: u32, skip_unless: u8) -> sock_filter {
    sock_filter { code: 0x35, jt: 0, jf: skip_unless, k: value }
}

const fn jump_if_equal(value: u32, skip_unless: u8) -> sock_filter {
    sock_filter { code: 0x15, jt: 0, jf: skip_unless, k: value }
}

/// Any of these bits set: fall through; none: skip.
const fn jump_if_any(bits: u32, skip_unless: u8) -> sock_filter {
    sock_filter { code: 0x45, jt: 0, jf: skip_unless, k: bits }
}

const fn jump(ahead: u32) -> sock_filter {
    sock_filter { code: 0x05, jt: 0, jf: 0, k: ahead }
}

/// The low half of an argument (little-endian).
const fn load_argument(index: u8) -> sock_filter {
    sock_filter { code: 0x20, jt: 0, jf: 0, k: 16 + 8 * index as u32 }
}

const fn return_errno(errno: libc::c_int) -> sock_filter {
    sock_filter { code: 0x06, jt: 0, jf: 0, k: RETURN_ERRNO | errno as u32 }
}

/// What stands in front of the chains: the architecture, the x32 bit, `clone3`, and the calls refused by any bit of an
/// argument's low half.
fn prelude(refuse: &[CallGroup], masks: &[(libc::c_long, u8, u32)], kept: &dyn Fn(&str) -> bool) -> BpfProgram {
    let mut steps = Vec::new();
    if kept(FOREIGN) {
        steps.extend([LOAD_ARCHITECTURE, jump_if_equal(ARCHITECTURE, 1), jump(1), RETURN_KILL]);
    }
    steps.push(LOAD_NUMBER);
    if cfg!(target_arch = "x86_64") && kept(X32) {
        steps.extend([jump_if_at_least(X32_BIT, 1), return_errno(libc::ENOSYS)]);
    }
    if refuse.contains(&CallGroup::Namespaces) && kept(CLONE3) {
        steps.extend([jump_if_equal(libc::SYS_clone3 as u32, 1), return_errno(libc::ENOSYS)]);
    }
    for (number, index, bits) in masks {
        steps.extend([
            jump_if_equal(*number as u32, 4),
            load_argument(*index),
            jump_if_any(*bits, 1),
            return_errno(libc::EPERM),
            LOAD_NUMBER,
        ]);
    }
    steps
}

#[cfg(test)]
mod tests;
