//! Section F: sockets of every family, services that wait outside, and ways round a filter.

mod ways;

use nix::errno::Errno::{EACCES, ECONNREFUSED, ENOSYS, EPERM};
use policy::profile::CallGroup;

use super::attempt::{Setup, Stop, worked};
use super::expect::{Expect, MAY, NOTED, REFUSE, SHOULD, WORKS, Wanted, refuse, should};
use super::services::Service;
use super::{Class, Effect, Need, Probe, Scene, Turn};
use crate::sys::probe_calls::names;
use crate::sys::probe_calls::sockets::Address;
use Effect::{Appears, Arrives, Unseen};

const DENY: Wanted = refuse(&[EPERM]);
const DENY_PATH: Wanted = refuse(&[EPERM, EACCES]);
const UNREACHED: Wanted = refuse(&[EPERM, EACCES, ECONNREFUSED]);

const INTERNET: Expect = Expect::new(DENY, DENY, WORKS, WORKS);
const CONTAINED: Expect = Expect::new(REFUSE, REFUSE, WORKS, WORKS);
const PRIVILEGED: Expect = Expect::always(DENY, REFUSE).root_bypass(WORKS);
const NETLINK: Expect = Expect::new(DENY, DENY, SHOULD, WORKS);
/// Families that few kernels have: without a sandbox, whatever this kernel says.
const RARE: Expect = Expect::new(DENY, DENY, SHOULD, NOTED);
const ABSTRACT: Expect =
    Expect::new(refuse(&[EPERM, ECONNREFUSED]), refuse(&[EPERM, ECONNREFUSED]), should(&[EPERM]), WORKS);

const AF_QIPCRTR: i32 = 42;
const AF_SMC: i32 = 43;

const ROW: Probe = Probe {
    id: "",
    class: Class::Network,
    asks: "",
    expect: INTERNET,
    layer: "seccomp",
    effect: Unseen,
    turn: Turn::Any,
    need: Need::Network,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "NW-01",
        asks: "can it make an IPv4 stream socket?",
        layer: "seccomp; a net namespace makes it useless",
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_STREAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-02",
        asks: "can it make an IPv6 stream socket?",
        attempt: |_| ways::made(libc::AF_INET6, libc::SOCK_STREAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-03",
        asks: "can it make an IPv4 datagram socket?",
        layer: "seccomp (Landlock has no right for UDP up to ABI 9)",
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_DGRAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-04",
        asks: "can it make a socket for echo requests?",
        expect: Expect::new(DENY, DENY, MAY, refuse(&[EACCES])),
        layer: "seccomp, ping_group_range",
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
        ..ROW
    },
    Probe {
        id: "NW-05",
        asks: "can it make a raw ICMP socket?",
        expect: PRIVILEGED,
        layer: "seccomp, capability",
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
        ..ROW
    },
    Probe {
        id: "NW-06",
        asks: "can it make a packet socket, which sees every frame?",
        expect: PRIVILEGED,
        layer: "seccomp, capability",
        attempt: |_| ways::made(names::AF_PACKET, libc::SOCK_RAW, 0),
        ..ROW
    },
    Probe {
        id: "NW-07",
        asks: "can it make a routing netlink socket?",
        expect: Expect::new(DENY, DENY, MAY, WORKS),
        attempt: |_| ways::made(names::AF_NETLINK, libc::SOCK_RAW, names::NETLINK_ROUTE),
        ..ROW
    },
    Probe {
        id: "NW-08",
        asks: "can it listen to the kernel's device events?",
        expect: NETLINK,
        attempt: ways::device_events,
        ..ROW
    },
    Probe {
        id: "NW-09",
        asks: "can it make an audit netlink socket?",
        expect: NETLINK,
        attempt: |_| ways::made(names::AF_NETLINK, libc::SOCK_RAW, names::NETLINK_AUDIT),
        ..ROW
    },
    Probe {
        id: "NW-10",
        asks: "can it make the netlink socket that lists the host's sockets?",
        expect: NETLINK,
        layer: "seccomp, net namespace",
        attempt: |_| ways::made(names::AF_NETLINK, libc::SOCK_RAW, names::NETLINK_SOCK_DIAG),
        ..ROW
    },
    Probe {
        id: "NW-11",
        asks: "can it make a socket to the virtual machine's host?",
        expect: Expect::always(DENY, WORKS),
        layer: "seccomp (a net namespace does not contain vsock)",
        attempt: |_| ways::made(names::AF_VSOCK, libc::SOCK_STREAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-12",
        asks: "can it reach the kernel's crypto sockets (AF_ALG)?",
        expect: RARE,
        attempt: |_| ways::made(names::AF_ALG, libc::SOCK_SEQPACKET, 0),
        ..ROW
    },
    Probe {
        id: "NW-13",
        asks: "can it make a Bluetooth socket?",
        expect: RARE,
        attempt: |_| ways::made(names::AF_BLUETOOTH, libc::SOCK_RAW, 1),
        ..ROW
    },
    Probe {
        id: "NW-14",
        asks: "can it make a CAN bus socket?",
        expect: RARE,
        attempt: |_| ways::made(names::AF_CAN, libc::SOCK_RAW, 1),
        ..ROW
    },
    Probe {
        id: "NW-15",
        asks: "can it make an express data path socket (AF_XDP)?",
        expect: PRIVILEGED,
        layer: "seccomp, capability",
        attempt: |_| ways::made(names::AF_XDP, libc::SOCK_RAW, 0),
        ..ROW
    },
    Probe {
        id: "NW-16",
        asks: "can it make a cluster socket (AF_TIPC)?",
        expect: RARE,
        attempt: |_| ways::made(names::AF_TIPC, libc::SOCK_STREAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-17",
        asks: "can it make a key management socket (AF_KEY)?",
        expect: Expect::new(DENY, DENY, REFUSE, NOTED),
        attempt: |_| ways::made(names::AF_KEY, libc::SOCK_RAW, 2),
        ..ROW
    },
    Probe {
        id: "NW-18",
        asks: "can it make a multipath TCP socket?",
        expect: Expect::new(DENY, DENY, MAY, WORKS),
        layer: "seccomp (Landlock's TCP rights do not cover it)",
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_STREAM, names::IPPROTO_MPTCP),
        ..ROW
    },
    Probe {
        id: "NW-19",
        asks: "can it make an SCTP socket?",
        expect: Expect::new(DENY, DENY, MAY, NOTED),
        attempt: |_| ways::made(libc::AF_INET, libc::SOCK_STREAM, names::IPPROTO_SCTP),
        ..ROW
    },
    Probe {
        id: "NW-20",
        asks: "can it make a shared memory communication socket (AF_SMC)?",
        expect: RARE,
        attempt: |_| ways::made(AF_SMC, libc::SOCK_STREAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-21",
        asks: "can it make a modem router socket (AF_QIPCRTR)?",
        expect: RARE,
        attempt: |_| ways::made(AF_QIPCRTR, libc::SOCK_DGRAM, 0),
        ..ROW
    },
    Probe {
        id: "NW-22",
        asks: "can it reach a TCP service of the host?",
        expect: Expect::new(UNREACHED, UNREACHED, WORKS, WORKS),
        layer: "net namespace, seccomp, Landlock ABI 4",
        effect: Arrives(Service::Tcp),
        attempt: ways::tcp,
        ..ROW
    },
    Probe {
        id: "NW-23",
        asks: "can it reach a TCP service with data in its first packet, without connect?",
        expect: CONTAINED,
        layer: "net namespace, seccomp; Landlock before 7.2 misses it",
        effect: Arrives(Service::Tcp),
        attempt: ways::tcp_fast_open,
        ..ROW
    },
    Probe {
        id: "NW-24",
        asks: "can a datagram reach a UDP service of the host?",
        expect: CONTAINED,
        layer: "net namespace, seccomp",
        effect: Arrives(Service::Udp),
        attempt: ways::udp,
        ..ROW
    },
    Probe {
        id: "NW-25",
        asks: "can a datagram sent as a message reach a UDP service of the host?",
        expect: CONTAINED,
        layer: "net namespace, seccomp on socket",
        effect: Arrives(Service::Udp),
        attempt: ways::udp_message,
        ..ROW
    },
    Probe {
        id: "NW-26",
        asks: "can it resolve a name of the internet?",
        expect: CONTAINED,
        layer: "net namespace, seccomp",
        attempt: |_| ways::resolve(),
        ..ROW
    },
    Probe {
        id: "NW-27",
        asks: "can it talk to itself over 127.0.0.1?",
        expect: Expect::new(MAY, MAY, WORKS, WORKS),
        layer: "policy: useful in a private net namespace",
        attempt: |_| ways::talk_to_itself(),
        ..ROW
    },
    Probe {
        id: "NW-28",
        asks: "can it listen on every address of the host?",
        expect: Expect::new(REFUSE, REFUSE, MAY, WORKS),
        layer: "net namespace, seccomp, Landlock ABI 4",
        attempt: |_| ways::listen_everywhere(),
        ..ROW
    },
    Probe {
        id: "NW-29",
        asks: "can it reach a host service by a unix socket outside the writable roots?",
        expect: Expect::new(DENY_PATH, DENY_PATH, MAY, WORKS),
        layer: "seccomp on connect; Landlock ABI 9",
        effect: Arrives(Service::Stream),
        attempt: |scene| ways::stream(&path(scene, "fix/stream.sock")?, b"NW-29"),
        ..ROW
    },
    Probe {
        id: "NW-30",
        asks: "can it reach a host service by a unix socket inside the workspace?",
        expect: Expect::new(REFUSE, REFUSE, MAY, WORKS),
        layer: "seccomp; Landlock ABI 9",
        effect: Arrives(Service::WorkspaceStream),
        attempt: |scene| ways::stream(&path(scene, "ws/host.sock")?, b"NW-30"),
        ..ROW
    },
    Probe {
        id: "NW-31",
        asks: "can it reach a host service by an abstract unix socket?",
        expect: ABSTRACT,
        layer: "net namespace, seccomp, Landlock ABI 6 scope",
        effect: Arrives(Service::AbstractStream),
        attempt: |scene| ways::stream(&hidden(scene, "stream")?, b"NW-31"),
        ..ROW
    },
    Probe {
        id: "NW-32",
        asks: "can a message reach a host service by an abstract datagram socket?",
        expect: ABSTRACT,
        layer: "net namespace, Landlock ABI 6 scope",
        effect: Arrives(Service::AbstractDatagram),
        attempt: |scene| ways::message(&hidden(scene, "datagram")?, b"NW-32"),
        ..ROW
    },
    Probe {
        id: "NW-33",
        asks: "can it send to a host service by a unix datagram socket?",
        expect: Expect::new(DENY, DENY, MAY, WORKS),
        effect: Arrives(Service::Datagram),
        attempt: |scene| ways::datagram(&path(scene, "fix/datagram.sock")?, b"NW-33"),
        ..ROW
    },
    Probe {
        id: "NW-34",
        asks: "can it send an addressed message to a host service by a unix datagram socket?",
        expect: Expect::new(DENY_PATH, DENY_PATH, MAY, WORKS),
        layer: "seccomp on socket (datagram); Landlock ABI 9",
        effect: Arrives(Service::Datagram),
        attempt: |scene| ways::message(&path(scene, "fix/datagram.sock")?, b"NW-34"),
        ..ROW
    },
    Probe {
        id: "NW-35",
        asks: "can it send several addressed messages at once to a host service?",
        expect: Expect::new(DENY, DENY, MAY, WORKS),
        effect: Arrives(Service::Datagram),
        attempt: |scene| ways::messages(&path(scene, "fix/datagram.sock")?, b"NW-35"),
        ..ROW
    },
    Probe {
        id: "NW-36",
        asks: "can its processes talk over a pair of sockets?",
        expect: Expect::always(WORKS, WORKS),
        layer: "none: programs need it",
        need: Need::Sandbox,
        attempt: |_| ways::pair_by_write(),
        ..ROW
    },
    Probe {
        id: "NW-37",
        asks: "can its processes use send on a pair of sockets?",
        expect: Expect::always(WORKS, WORKS),
        layer: "none: programs need it",
        need: Need::Sandbox,
        attempt: |_| ways::pair_by_send(),
        ..ROW
    },
    Probe {
        id: "NW-38",
        asks: "can it offer a unix socket in the workspace?",
        expect: Expect::new(SHOULD, MAY, WORKS, WORKS),
        layer: "seccomp; Landlock (sockets)",
        effect: Appears("ws/NW-38.sock"),
        attempt: ways::offer,
        ..ROW
    },
    Probe {
        id: "NW-39",
        asks: "can it set an option on a unix socket?",
        expect: Expect::new(MAY, MAY, WORKS, WORKS),
        layer: "none: programs need it",
        attempt: |_| ways::option(),
        ..ROW
    },
    Probe {
        id: "NW-40",
        asks: "can it ask for the name of a unix socket?",
        expect: Expect::new(MAY, MAY, WORKS, WORKS),
        layer: "none: programs need it",
        attempt: |_| ways::name(),
        ..ROW
    },
    Probe {
        id: "NW-41",
        asks: "can it make a socket through the x32 numbers, which a filter may overlook?",
        expect: Expect::always(refuse(&[ENOSYS, EPERM]), NOTED),
        layer: "seccomp (bit 30)",
        need: Need::Sandbox,
        attempt: |_| ways::by_x32(),
        ..ROW
    },
    Probe {
        id: "NW-42",
        asks: "can it make any call through the 32-bit door, round the filter's numbers?",
        expect: Expect::always(DENY, WORKS),
        layer: "seccomp (architecture): SIGSYS or EPERM",
        need: Need::Sandbox,
        attempt: |_| ways::by_int80(),
        ..ROW
    },
    Probe {
        id: "NW-43",
        asks: "can it make a ring that does input and output past the filter (io_uring)?",
        expect: Expect::always(refuse(&[EPERM, ENOSYS]), WORKS),
        need: Need::Calls(CallGroup::IoUring),
        attempt: |_| ways::ring(),
        ..ROW
    },
    Probe {
        id: "NW-44",
        asks: "which network interfaces does it see?",
        expect: Expect::always(NOTED, NOTED),
        layer: "net namespace",
        attempt: |_| ways::interfaces(),
        ..ROW
    },
    Probe {
        id: "NW-45",
        asks: "how many unix sockets of the host does it see?",
        expect: Expect::always(NOTED, NOTED),
        layer: "net namespace",
        attempt: |_| ways::unix_sockets(),
        ..ROW
    },
    Probe {
        id: "NW-46",
        asks: "can it make namespaces of its own and a socket in them?",
        expect: Expect::new(DENY, DENY, MAY, WORKS),
        attempt: |_| ways::nested(),
        ..ROW
    },
];

/// The address of a unix socket in the fixture.
fn path(scene: &Scene, place: &str) -> Result<Address, Stop> {
    Address::path(&scene.at(place)).setup("the fixture's path is too long for a socket address")
}

/// The address of an abstract unix socket of the fixture.
fn hidden(scene: &Scene, kind: &str) -> Result<Address, Stop> {
    Address::abstract_name(&scene.abstract_name(kind)).setup("the name is too long for a socket address")
}
