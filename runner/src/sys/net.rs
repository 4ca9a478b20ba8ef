//! The network of a namespace of our own: its loopback and its routes.
//!
//! Sources: `netdevice(7)`, `rtnetlink(7)`.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socket};

/// Brings `lo` up, which gives it its address.
///
/// # Errors
/// The errno of `socket(2)` or of the request; `EPERM` where the network is not ours.
pub fn loopback_up() -> nix::Result<()> {
    let socket = control_socket()?;
    let mut request = named("lo");
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: `request` lives across the call and holds a null-terminated name and the flags the request reads.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) })?;
    Ok(())
}

fn control_socket() -> nix::Result<OwnedFd> {
    socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
}

fn named(name: &str) -> libc::ifreq {
    // SAFETY: an all-zero `ifreq` is valid: an empty name and zero numbers.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

/// Makes every IPv4 address one of this host's own, so that what is sent anywhere arrives here (`local 0.0.0.0/0 dev lo`
/// in the table of local routes; `rtnetlink(7)`).
///
/// # Errors
/// The errno of the socket or of the request.
pub fn every_address_is_ours() -> nix::Result<()> {
    const LOOPBACK_INDEX: u32 = 1;
    const RTA_OIF: u16 = 4;
    let flags = libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let mut message = Vec::with_capacity(36);
    // struct nlmsghdr
    message.extend(36_u32.to_ne_bytes());
    message.extend(libc::RTM_NEWROUTE.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend([0; 8]);
    // struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags
    message.extend([libc::AF_INET as u8, 0, 0, 0, libc::RT_TABLE_LOCAL, libc::RTPROT_STATIC]);
    message.extend([libc::RT_SCOPE_HOST, libc::RTN_LOCAL, 0, 0, 0, 0]);
    // struct rtattr
    message.extend(8_u16.to_ne_bytes());
    message.extend(RTA_OIF.to_ne_bytes());
    message.extend(LOOPBACK_INDEX.to_ne_bytes());
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
    send(socket.as_raw_fd(), &message, MsgFlags::empty())?;
    let mut answer = [0; 256];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    // struct nlmsgerr behind the header: 0, or an errno as a negative number.
    let code = answer.get(16..20).filter(|_| length >= 20).and_then(|bytes| bytes.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(Errno::from_raw(-code)),
        None => Err(Errno::EBADMSG),
    }
}
