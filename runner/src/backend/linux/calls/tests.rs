//! The compiled filter is asked what it would answer, with an interpreter for the instructions seccompiler emits.

use super::*;

const X86_64: u32 = 0xc000_003e;
const I386: u32 = 0x4000_0003;
const ALL: &[CallGroup] = &[IoUring, Kernel, Keyrings, Mounts, Namespaces, Terminal, Tracing];

/// Runs a classic BPF program on one call (`seccomp(2)`, struct seccomp_data).
fn answer(program: &[sock_filter], arch: u32, number: u32, args: [u64; 6]) -> u32 {
    run(program, arch, number, args).0
}

/// How many instructions a call runs through.
fn trace(program: &[sock_filter], number: u32) -> usize {
    run(program, X86_64, number, [0; 6]).1
}

fn run(program: &[sock_filter], arch: u32, number: u32, args: [u64; 6]) -> (u32, usize) {
    let mut data = Vec::new();
    data.extend(number.to_le_bytes());
    data.extend(arch.to_le_bytes());
    data.extend(0_u64.to_le_bytes());
    for arg in args {
        data.extend(arg.to_le_bytes());
    }
    let (mut accumulator, mut at, mut steps) = (0_u32, 0, 0);
    loop {
        steps += 1;
        let step = &program[at];
        at += 1;
        let jump = |hit: bool| usize::from(if hit { step.jt } else { step.jf });
        match step.code {
            0x20 => {
                let offset = step.k as usize;
                accumulator = u32::from_le_bytes(data[offset..offset + 4].try_into().unwrap());
            }
            0x05 => at += step.k as usize,
            0x06 => return (step.k, steps),
            0x15 => at += jump(accumulator == step.k),
            0x25 => at += jump(accumulator > step.k),
            0x35 => at += jump(accumulator >= step.k),
            0x45 => at += jump(accumulator & step.k != 0),
            0x54 => accumulator &= step.k,
            code => panic!("unknown instruction {code:#x}"),
        }
    }
}

const ALLOW: u32 = 0x7fff_0000;
const KILL: u32 = 0x8000_0000;
const EPERM: u32 = RETURN_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = RETURN_ERRNO | libc::ENOSYS as u32;

fn ask(network: Network, number: libc::c_long, args: [u64; 6]) -> u32 {
    answer(&filter(ALL, network, &[]).unwrap(), X86_64, number as u32, args)
}

#[test]
fn foreign_architectures_are_killed_and_x32_is_unknown() {
    let program = filter(ALL, Network::Off, &[]).unwrap();
    assert_eq!(answer(&program, I386, 4, [0; 6]), KILL);
    assert_eq!(answer(&program, X86_64, libc::SYS_write as u32 | X32_BIT, [0; 6]), ENOSYS);
}

#[test]
fn each_refused_call_is_refused_and_usual_ones_are_not() {
    for call in SYSCALL_GROUPS.iter().filter(|call| call.when == When::Always) {
        assert_eq!(ask(Network::Off, call.number, [0; 6]), EPERM, "{}", call.name);
    }
    for number in [libc::SYS_read, libc::SYS_openat, libc::SYS_execve, libc::SYS_wait4, libc::SYS_recvfrom] {
        assert_eq!(ask(Network::Off, number, [0; 6]), ALLOW);
    }
    assert_eq!(ask(Network::Off, libc::SYS_clone3, [0; 6]), ENOSYS);
}

#[test]
fn a_group_left_out_is_not_refused() {
    let without: Vec<_> = ALL.iter().copied().filter(|group| *group != Tracing).collect();
    let program = filter(&without, Network::Off, &[]).unwrap();
    assert_eq!(answer(&program, X86_64, libc::SYS_ptrace as u32, [0; 6]), ALLOW);
}

#[test]
fn clone_is_refused_with_any_namespace_flag_and_allowed_without() {
    for bit in (0..32).map(|bit| 1_u64 << bit) {
        let expected = if bit & u64::from(NEW_NAMESPACES & !0x80) != 0 { EPERM } else { ALLOW };
        assert_eq!(ask(Network::Off, libc::SYS_clone, [bit | 17, 0, 0, 0, 0, 0]), expected, "{bit:#x}");
    }
}

#[test]
fn only_local_streams_are_left_without_a_network() {
    let socket = |family: i32, kind: i32| ask(Network::Off, libc::SYS_socket, [family as u64, kind as u64, 0, 0, 0, 0]);
    assert_eq!(socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC), ALLOW);
    assert_eq!(socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_NONBLOCK), ALLOW);
    for (family, kind) in
        [(libc::AF_UNIX, libc::SOCK_DGRAM), (libc::AF_UNIX, libc::SOCK_RAW), (libc::AF_INET, libc::SOCK_STREAM)]
    {
        assert_eq!(socket(family, kind | libc::SOCK_CLOEXEC), EPERM);
    }
    assert_eq!(ask(Network::Off, libc::SYS_sendto, [0, 0, 0, 0, 0, 0]), ALLOW);
    assert_eq!(ask(Network::Off, libc::SYS_sendto, [0, 0, 0, 0, 1 << 40, 16]), EPERM);
}

#[test]
fn with_the_network_only_known_families_are_left() {
    let socket =
        |family: i32, protocol: u64| ask(Network::Host, libc::SYS_socket, [family as u64, 2, protocol, 0, 0, 0]);
    for family in [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6] {
        assert_eq!(socket(family, 0), ALLOW);
    }
    assert_eq!(socket(libc::AF_NETLINK, 0), ALLOW);
    assert_eq!(socket(libc::AF_NETLINK, libc::NETLINK_AUDIT as u64), EPERM);
    assert_eq!(socket(libc::AF_VSOCK, 0), EPERM);
}

#[test]
fn typing_into_a_terminal_is_refused_whatever_the_upper_half_says() {
    for request in [0x5412_u64, 0x541c, 0x1_0000_0000 | 0x5412] {
        assert_eq!(ask(Network::Off, libc::SYS_ioctl, [0, request, 0, 0, 0, 0]), EPERM);
    }
    assert_eq!(ask(Network::Off, libc::SYS_ioctl, [0, 0x5401, 0, 0, 0, 0]), ALLOW);
}

#[test]
fn the_program_stays_short() {
    let length = filter(ALL, Network::Off, &[]).unwrap().len();
    assert!(length < 420, "{length} instructions");
}

#[test]
fn every_number_gets_the_same_answer_as_from_one_long_chain() {
    for network in [Network::Off, Network::Host] {
        let ours = filter(ALL, network, &[]).unwrap();
        let mut rules = BTreeMap::new();
        for call in SYSCALL_GROUPS.iter().filter(|call| !matches!(call.when, When::AnyBit { .. })) {
            rules.insert(call.number, conditions(call.when).unwrap());
        }
        sockets(network).iter().for_each(|rule| rule.add_to(&mut rules).unwrap());
        let long = compile(rules).unwrap();
        let by_hand = [libc::SYS_clone3, libc::SYS_clone, libc::SYS_seccomp];
        for number in (0..600).filter(|number| !by_hand.contains(number)) {
            for args in [[0; 6], [u64::MAX; 6], [2, 2, 9, 1, 1, 1]] {
                let number = number as u32;
                assert_eq!(answer(&ours, X86_64, number, args), answer(&long, X86_64, number, args), "{number}");
            }
        }
    }
}

/// How many instructions the kernel runs for all calls when it installs the filter.
#[test]
fn a_usual_call_passes_few_instructions() {
    let program = filter(ALL, Network::Off, &[]).unwrap();
    for number in [libc::SYS_read, libc::SYS_openat, libc::SYS_execve, libc::SYS_futex, libc::SYS_statx] {
        let steps = trace(&program, number as u32);
        assert!(steps < 70, "{number}: {steps}");
    }
}

#[test]
fn each_part_can_be_left_out_and_leaves_the_others() {
    let whole = |network| filter(ALL, network, &[]).unwrap();
    for network in [Network::Off, Network::Host] {
        let parts = parts(ALL, network);
        for part in &parts {
            let less = filter(ALL, network, std::slice::from_ref(part)).unwrap();
            assert!(less.len() < whole(network).len(), "{part}");
        }
        let mut sorted = parts.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), parts.len(), "names are unique");
    }
    let program = filter(ALL, Network::Off, &["connect".to_owned(), "ptrace".to_owned(), FOREIGN.to_owned()]).unwrap();
    let ask = |number: libc::c_long| answer(&program, X86_64, number as u32, [0; 6]);
    assert_eq!([libc::SYS_connect, libc::SYS_ptrace, libc::SYS_bind].map(ask), [ALLOW, ALLOW, EPERM]);
    assert_eq!(answer(&program, I386, libc::SYS_read as u32, [0; 6]), ALLOW);
    // A call with several rules keeps the others, and is not refused always when the last one goes.
    let kinds = ["socketpair of a family but AF_UNIX", "socketpair for datagrams", "socketpair for raw access"];
    let without: Vec<String> = kinds.iter().map(|name| (*name).to_owned()).collect();
    let socketpair = |without: &[String]| {
        let program = filter(ALL, Network::Off, without).unwrap();
        answer(&program, X86_64, libc::SYS_socketpair as u32, [libc::AF_UNIX as u64, 2, 0, 0, 0, 0])
    };
    assert_eq!([socketpair(&[]), socketpair(&without[..1]), socketpair(&without)], [EPERM, EPERM, ALLOW]);
}
