//! The network of a namespace of our own: its loopback.
//!
//! Sources: `netdevice(7)`.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

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
