//! Families and protocols of sockets that Linux alone has: numbers that are none, for which every kernel says so.

/// No family.
const NONE: i32 = -1;

/// Packets of a network interface.
pub const AF_PACKET: i32 = NONE;
/// The kernel's own messages.
pub const AF_NETLINK: i32 = NONE;
/// The host of a virtual machine.
pub const AF_VSOCK: i32 = NONE;
/// The kernel's ciphers.
pub const AF_ALG: i32 = NONE;
/// Bluetooth.
pub const AF_BLUETOOTH: i32 = NONE;
/// A bus of vehicles.
pub const AF_CAN: i32 = NONE;
/// Packets past the network stack.
pub const AF_XDP: i32 = NONE;
/// Clusters.
pub const AF_TIPC: i32 = NONE;
/// Keys of IPsec.
pub const AF_KEY: i32 = NONE;
/// Routes.
pub const NETLINK_ROUTE: i32 = NONE;
/// The audit log.
pub const NETLINK_AUDIT: i32 = NONE;
/// Sockets of everybody.
pub const NETLINK_SOCK_DIAG: i32 = NONE;
/// Devices that come and go.
pub const NETLINK_KOBJECT_UEVENT: i32 = NONE;
/// Several ways at once.
pub const IPPROTO_MPTCP: i32 = NONE;
/// Streams in one association.
pub const IPPROTO_SCTP: i32 = NONE;
/// Data in the first packet.
pub const MSG_FASTOPEN: i32 = 0;
/// A user and a net namespace.
pub const NEW_USER_AND_NET: i32 = 0;
/// A file without a name, where the system has such; else the mode of the folder has to answer.
pub const NAMELESS: Option<i32> = None;
