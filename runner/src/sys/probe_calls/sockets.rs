//! Socket calls with families, addresses and flags as plain numbers and bytes: a typed wrapper knows too few families.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;

use super::process::owned;
use super::{call, fd, number};

/// A socket address as the kernel reads it: family first, length known.
#[derive(Clone, Copy)]
pub struct Address {
    bytes: [u8; 128],
    length: usize,
}

impl Address {
    fn new(family: i32, body: &[u8]) -> Option<Self> {
        let mut bytes = [0; 128];
        let length = 2 + body.len();
        bytes.get_mut(..2)?.copy_from_slice(&u16::try_from(family).ok()?.to_ne_bytes());
        bytes.get_mut(2..length)?.copy_from_slice(body);
        Some(Self { bytes, length })
    }

    /// An IPv4 address and port.
    #[must_use]
    pub fn internet(host: [u8; 4], port: u16) -> Option<Self> {
        let mut body = [0; 14];
        body[..2].copy_from_slice(&port.to_be_bytes());
        body[2..6].copy_from_slice(&host);
        Self::new(libc::AF_INET, &body)
    }

    /// A unix socket by path; `None` when the path is too long for an address.
    #[must_use]
    pub fn path(path: &std::path::Path) -> Option<Self> {
        use std::os::unix::ffi::OsStrExt;
        let path = path.as_os_str().as_bytes();
        if path.len() > 107 {
            return None;
        }
        Self::new(libc::AF_UNIX, &[path, b"\0"].concat())
    }

    /// A unix socket by abstract name.
    #[must_use]
    pub fn abstract_name(name: &str) -> Option<Self> {
        if name.len() > 107 {
            return None;
        }
        Self::new(libc::AF_UNIX, &[b"\0", name.as_bytes()].concat())
    }

    /// A netlink address subscribed to multicast groups.
    #[must_use]
    pub fn netlink(groups: u32) -> Option<Self> {
        let mut body = [0; 10];
        body[6..].copy_from_slice(&groups.to_ne_bytes());
        Self::new(libc::AF_NETLINK, &body)
    }

    fn pointer(&self) -> usize {
        self.bytes.as_ptr() as usize
    }
}

/// `socket`.
///
/// # Errors
/// The errno of the call.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    let args = [number(family), number(kind | libc::SOCK_CLOEXEC), number(protocol), 0, 0, 0];
    // SAFETY: takes three numbers.
    owned(unsafe { call(libc::SYS_socket, args) }?)
}

/// `socketpair` of two stream sockets of the unix family.
///
/// # Errors
/// The errno of the call.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut ends = [0_i32; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    let args = [number(libc::AF_UNIX), number(kind), 0, ends.as_mut_ptr() as usize, 0, 0];
    // SAFETY: the kernel writes two ints into the array.
    unsafe { call(libc::SYS_socketpair, args) }?;
    Ok((owned(number(ends[0]))?, owned(number(ends[1]))?))
}

/// `connect`.
///
/// # Errors
/// The errno of the call.
pub fn connect(socket: &OwnedFd, to: &Address) -> Result<(), Errno> {
    // SAFETY: an address with its length.
    unsafe { call(libc::SYS_connect, [fd(socket), to.pointer(), to.length, 0, 0, 0]) }.map(drop)
}

/// `bind`.
///
/// # Errors
/// The errno of the call.
pub fn bind(socket: &OwnedFd, at: &Address) -> Result<(), Errno> {
    // SAFETY: an address with its length.
    unsafe { call(libc::SYS_bind, [fd(socket), at.pointer(), at.length, 0, 0, 0]) }.map(drop)
}

/// `listen` with room for one.
///
/// # Errors
/// The errno of the call.
pub fn listen(socket: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: takes two numbers.
    unsafe { call(libc::SYS_listen, [fd(socket), 1, 0, 0, 0, 0]) }.map(drop)
}

/// `accept4`.
///
/// # Errors
/// The errno of the call.
pub fn accept(socket: &OwnedFd) -> Result<OwnedFd, Errno> {
    // SAFETY: no address is asked for.
    owned(unsafe { call(libc::SYS_accept4, [fd(socket), 0, 0, number(libc::SOCK_CLOEXEC), 0, 0]) }?)
}

/// `getsockname`: the local address.
///
/// # Errors
/// The errno of the call.
pub fn name(socket: &OwnedFd) -> Result<Address, Errno> {
    let mut found = Address { bytes: [0; 128], length: 0 };
    let mut length: u32 = 128;
    let args = [fd(socket), found.bytes.as_mut_ptr() as usize, std::ptr::from_mut(&mut length) as usize, 0, 0, 0];
    // SAFETY: room of the length said, which the kernel overwrites with the true one.
    unsafe { call(libc::SYS_getsockname, args) }?;
    found.length = usize::try_from(length).unwrap_or(128).min(128);
    Ok(found)
}

/// `setsockopt(SOL_SOCKET, SO_SNDBUF)`.
///
/// # Errors
/// The errno of the call.
pub fn set_send_buffer(socket: &OwnedFd, bytes: i32) -> Result<(), Errno> {
    let value = std::ptr::from_ref(&bytes) as usize;
    let args = [fd(socket), number(libc::SOL_SOCKET), number(libc::SO_SNDBUF), value, size_of::<i32>(), 0];
    // SAFETY: the option reads one int of the length given.
    unsafe { call(libc::SYS_setsockopt, args) }.map(drop)
}

/// `sendto`; without an address it is what `send` becomes.
///
/// # Errors
/// The errno of the call.
pub fn send(socket: &impl AsRawFd, text: &[u8], flags: i32, to: Option<&Address>) -> Result<(), Errno> {
    let (address, length) = to.map_or((0, 0), |to| (to.pointer(), to.length));
    let flags = number(flags | libc::MSG_NOSIGNAL);
    // SAFETY: a buffer with its length, and an address with its length or none.
    unsafe { call(libc::SYS_sendto, [fd(socket), text.as_ptr() as usize, text.len(), flags, address, length]) }
        .map(drop)
}

/// `sendmsg` with one buffer and an address.
///
/// # Errors
/// The errno of the call.
pub fn send_message(socket: &OwnedFd, text: &[u8], to: &Address) -> Result<(), Errno> {
    let mut part = part(text);
    let message = message(&mut part, to);
    let args = [fd(socket), std::ptr::from_ref(&message) as usize, number(libc::MSG_NOSIGNAL), 0, 0, 0];
    // SAFETY: the header's pointers lead to `to`, `part` and `text`, which outlive the call; it only reads them.
    unsafe { call(libc::SYS_sendmsg, args) }.map(drop)
}

/// `sendmmsg` with one message, as [`send_message`].
///
/// # Errors
/// The errno of the call.
pub fn send_messages(socket: &OwnedFd, text: &[u8], to: &Address) -> Result<(), Errno> {
    let mut part = part(text);
    let mut messages = [libc::mmsghdr { msg_hdr: message(&mut part, to), msg_len: 0 }];
    let args = [fd(socket), messages.as_mut_ptr() as usize, 1, number(libc::MSG_NOSIGNAL), 0, 0];
    // SAFETY: one header as in `send_message`; the kernel writes only its `msg_len`.
    unsafe { call(libc::SYS_sendmmsg, args) }.map(drop)
}

fn part(text: &[u8]) -> libc::iovec {
    libc::iovec { iov_base: text.as_ptr().cast_mut().cast(), iov_len: text.len() }
}

fn message(part: &mut libc::iovec, to: &Address) -> libc::msghdr {
    // SAFETY: msghdr is plain numbers and pointers, for which all zeroes mean "none".
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = to.bytes.as_ptr().cast_mut().cast();
    message.msg_namelen = u32::try_from(to.length).unwrap_or(0);
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message
}

/// A listener whose name is in no file system.
///
/// # Errors
/// The error of the binding.
pub fn abstract_listener(name: &str) -> std::io::Result<std::os::unix::net::UnixListener> {
    use std::os::linux::net::SocketAddrExt;
    std::os::unix::net::UnixListener::bind_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
}

/// A receiver of datagrams whose name is in no file system.
///
/// # Errors
/// The error of the binding.
pub fn abstract_receiver(name: &str) -> std::io::Result<std::os::unix::net::UnixDatagram> {
    use std::os::linux::net::SocketAddrExt;
    std::os::unix::net::UnixDatagram::bind_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
}
