//! Families, protocols and flags that Linux alone has, by the names other rooms give a meaning of their own.

pub use libc::{
    AF_ALG, AF_BLUETOOTH, AF_CAN, AF_KEY, AF_NETLINK, AF_PACKET, AF_TIPC, AF_VSOCK, AF_XDP, IPPROTO_MPTCP,
    IPPROTO_SCTP, MSG_FASTOPEN, NETLINK_AUDIT, NETLINK_KOBJECT_UEVENT, NETLINK_ROUTE, NETLINK_SOCK_DIAG,
};

/// A user and a net namespace.
pub const NEW_USER_AND_NET: i32 = libc::CLONE_NEWUSER | libc::CLONE_NEWNET;
/// A file without a name.
pub const NAMELESS: Option<i32> = Some(libc::O_TMPFILE);
