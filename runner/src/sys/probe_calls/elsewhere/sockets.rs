//! Sockets by the calls of the C library.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

/// An address as the kernel takes it.
#[derive(Clone, Debug)]
pub struct Address {
    bytes: [u8; 128],
    length: usize,
}

impl Address {
    /// Length and family come first.
    fn new(family: i32, body: &[u8]) -> Option<Self> {
        let length = body.len() + 2;
        let mut bytes = [0; 128];
        *bytes.first_mut()? = u8::try_from(length).ok()?;
        *bytes.get_mut(1)? = u8::try_from(family).ok()?;
        bytes.get_mut(2..length)?.copy_from_slice(body);
        Some(Self { bytes, length })
    }

    /// An address of the internet.
    #[must_use]
    pub fn internet(host: [u8; 4], port: u16) -> Option<Self> {
        let body = [&port.to_be_bytes()[..], &host, &[0; 8]].concat();
        Self::new(libc::AF_INET, &body)
    }

    /// A socket in the file system.
    #[must_use]
    pub fn path(path: &std::path::Path) -> Option<Self> {
        let path = path.as_os_str().as_bytes();
        (path.len() < 104).then(|| Self::new(libc::AF_UNIX, &[path, b"\0"].concat()))?
    }

    /// A socket without a file; there are none.
    #[must_use]
    pub const fn abstract_name(_name: &str) -> Option<Self> {
        None
    }

    /// The kernel's messages; there are none.
    #[must_use]
    pub const fn netlink(_groups: u32) -> Option<Self> {
        None
    }

    const fn pointer(&self) -> *const libc::sockaddr {
        self.bytes.as_ptr().cast()
    }

    fn size(&self) -> libc::socklen_t {
        libc::socklen_t::try_from(self.length).unwrap_or(0)
    }
}

fn owned(made: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: changes a flag of a descriptor that was just made.
    unsafe { libc::fcntl(made, libc::F_SETFD, libc::FD_CLOEXEC) };
    // SAFETY: the kernel just made this descriptor and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

/// `socket`.
///
/// # Errors
/// The errno of the call.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: passes numbers only.
    owned(Errno::result(unsafe { libc::socket(family, kind, protocol) })?)
}

/// `socketpair` of streams.
///
/// # Errors
/// The errno of the call.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut ends = [0; 2];
    // SAFETY: the kernel writes two ints to live ones.
    Errno::result(unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) })?;
    Ok((owned(ends[0])?, owned(ends[1])?))
}

/// `connect`.
///
/// # Errors
/// The errno of the call.
pub fn connect(socket: &OwnedFd, to: &Address) -> Result<(), Errno> {
    // SAFETY: the address lives across the call and the length passed is its own.
    Errno::result(unsafe { libc::connect(socket.as_raw_fd(), to.pointer(), to.size()) }).map(drop)
}

/// `bind`.
///
/// # Errors
/// The errno of the call.
pub fn bind(socket: &OwnedFd, at: &Address) -> Result<(), Errno> {
    // SAFETY: the address lives across the call and the length passed is its own.
    Errno::result(unsafe { libc::bind(socket.as_raw_fd(), at.pointer(), at.size()) }).map(drop)
}

/// `listen`.
///
/// # Errors
/// The errno of the call.
pub fn listen(socket: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: passes numbers only.
    Errno::result(unsafe { libc::listen(socket.as_raw_fd(), 1) }).map(drop)
}

/// `accept`.
///
/// # Errors
/// The errno of the call.
pub fn accept(socket: &OwnedFd) -> Result<OwnedFd, Errno> {
    // SAFETY: null pointers say that the address is not wanted.
    owned(Errno::result(unsafe { libc::accept(socket.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut()) })?)
}

/// `getsockname`.
///
/// # Errors
/// The errno of the call.
pub fn name(socket: &OwnedFd) -> Result<Address, Errno> {
    let mut address = Address { bytes: [0; 128], length: 0 };
    let mut length: libc::socklen_t = 128;
    // SAFETY: the kernel writes at most the length that is passed, which is that of the bytes.
    let told = unsafe { libc::getsockname(socket.as_raw_fd(), address.bytes.as_mut_ptr().cast(), &raw mut length) };
    Errno::result(told)?;
    address.length = length as usize;
    Ok(address)
}

/// `setsockopt` of the send buffer.
///
/// # Errors
/// The errno of the call.
pub fn set_send_buffer(socket: &OwnedFd, bytes: i32) -> Result<(), Errno> {
    let value = std::ptr::from_ref(&bytes).cast();
    // SAFETY: one int is passed, and its size.
    let told = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, value, size_of::<i32>() as u32)
    };
    Errno::result(told).map(drop)
}

/// `sendto`, or `send` without an address.
///
/// # Errors
/// The errno of the call.
pub fn send(socket: &impl AsRawFd, text: &[u8], flags: i32, to: Option<&Address>) -> Result<(), Errno> {
    let (address, length) = to.map_or((std::ptr::null(), 0), |to| (to.pointer(), to.size()));
    // SAFETY: the text and the address live across the call and the lengths passed are their own.
    let sent = unsafe { libc::sendto(socket.as_raw_fd(), text.as_ptr().cast(), text.len(), flags, address, length) };
    Errno::result(sent).map(drop)
}

/// `sendmsg`.
///
/// # Errors
/// The errno of the call.
pub fn send_message(socket: &OwnedFd, text: &[u8], to: &Address) -> Result<(), Errno> {
    let mut part = libc::iovec { iov_base: text.as_ptr().cast_mut().cast(), iov_len: text.len() };
    // SAFETY: a message of zeros is one without address, parts and control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = to.bytes.as_ptr().cast_mut().cast();
    message.msg_namelen = to.size();
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    // SAFETY: everything the message names lives across the call; the kernel only reads it.
    Errno::result(unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) }).map(drop)
}

/// Several messages in one call of Linux.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn send_messages(_socket: &OwnedFd, _text: &[u8], _to: &Address) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// A listener without a file.
///
/// # Errors
/// There are none.
pub fn abstract_listener(_name: &str) -> std::io::Result<std::os::unix::net::UnixListener> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// A receiver of datagrams without a file.
///
/// # Errors
/// There are none.
pub fn abstract_receiver(_name: &str) -> std::io::Result<std::os::unix::net::UnixDatagram> {
    Err(std::io::ErrorKind::Unsupported.into())
}
