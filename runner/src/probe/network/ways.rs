//! The attempts on the network. A socket that is refused is the attempt refused: for each of these rows the catalogue
//! counts the making of the socket as part of the question.

use std::net::ToSocketAddrs;
use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::super::Scene;
use super::super::attempt::{Attempt, Setup, Step, Stop, worked};
use crate::sys::probe_calls::names;
use crate::sys::probe_calls::process::{getpid_by_int80, io_uring, socket_by_x32, unshare};
use crate::sys::probe_calls::sockets::{self, Address};

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

pub(super) fn made(family: i32, kind: i32, protocol: i32) -> Attempt {
    sockets::socket(family, kind, protocol)?;
    worked()
}

pub(super) fn device_events(_: &Scene) -> Attempt {
    let socket = sockets::socket(names::AF_NETLINK, libc::SOCK_RAW, names::NETLINK_KOBJECT_UEVENT).step("socket")?;
    sockets::bind(&socket, &Address::netlink(1).setup("no address")?).step("bind")?;
    worked()
}

pub(super) fn tcp(scene: &Scene) -> Attempt {
    let socket = internet(libc::SOCK_STREAM)?;
    sockets::connect(&socket, &host(scene.tcp)?).step("connect")?;
    sockets::send(&socket, b"NW-22", 0, None).step("send")?;
    worked()
}

pub(super) fn tcp_fast_open(scene: &Scene) -> Attempt {
    let socket = internet(libc::SOCK_STREAM)?;
    sockets::send(&socket, b"NW-23", names::MSG_FASTOPEN, Some(&host(scene.tcp)?)).step("sendto")?;
    worked()
}

pub(super) fn udp(scene: &Scene) -> Attempt {
    let socket = internet(libc::SOCK_DGRAM)?;
    sockets::send(&socket, b"NW-24", 0, Some(&host(scene.udp)?)).step("sendto")?;
    worked()
}

pub(super) fn udp_message(scene: &Scene) -> Attempt {
    let socket = internet(libc::SOCK_DGRAM)?;
    sockets::send_message(&socket, b"NW-25", &host(scene.udp)?).step("sendmsg")?;
    worked()
}

pub(super) fn resolve() -> Attempt {
    match ("example.com", 443).to_socket_addrs() {
        Ok(found) => Ok(format!("{} addresses", found.count())),
        // The resolver has its own numbers; in its words, and without one of the kernel's.
        Err(error) => Err(Stop::Denied(Errno::UnknownErrno, error.to_string())),
    }
}

pub(super) fn talk_to_itself() -> Attempt {
    let listener = internet(libc::SOCK_STREAM)?;
    sockets::bind(&listener, &host(0)?).step("bind")?;
    sockets::listen(&listener).step("listen")?;
    let name = sockets::name(&listener).step("getsockname")?;
    let caller = internet(libc::SOCK_STREAM)?;
    sockets::connect(&caller, &name).step("connect")?;
    sockets::accept(&listener).step("accept")?;
    worked()
}

pub(super) fn listen_everywhere() -> Attempt {
    let listener = internet(libc::SOCK_STREAM)?;
    sockets::bind(&listener, &Address::internet([0; 4], 0).setup("no address")?).step("bind")?;
    sockets::listen(&listener).step("listen")?;
    worked()
}

pub(super) fn stream(to: &Address, text: &[u8]) -> Attempt {
    let socket = unix(libc::SOCK_STREAM)?;
    sockets::connect(&socket, to).step("connect")?;
    sockets::send(&socket, text, 0, None).step("send")?;
    worked()
}

pub(super) fn datagram(to: &Address, text: &[u8]) -> Attempt {
    sockets::send(&unix(libc::SOCK_DGRAM)?, text, 0, Some(to)).step("sendto")?;
    worked()
}

pub(super) fn message(to: &Address, text: &[u8]) -> Attempt {
    sockets::send_message(&unix(libc::SOCK_DGRAM)?, text, to).step("sendmsg")?;
    worked()
}

pub(super) fn messages(to: &Address, text: &[u8]) -> Attempt {
    sockets::send_messages(&unix(libc::SOCK_DGRAM)?, text, to).step("sendmmsg")?;
    worked()
}

pub(super) fn pair_by_write() -> Attempt {
    let (near, far) = sockets::pair().step("socketpair")?;
    nix::unistd::write(&near, b"NW-36").step("write")?;
    received(&far, b"NW-36")
}

pub(super) fn pair_by_send() -> Attempt {
    let (near, far) = sockets::pair().setup("socketpair")?;
    sockets::send(&near, b"NW-37", 0, None).step("send")?;
    received(&far, b"NW-37")
}

fn received(socket: &OwnedFd, expected: &[u8]) -> Attempt {
    use std::os::fd::AsRawFd;
    let mut text = [0; 16];
    let length =
        nix::sys::socket::recv(socket.as_raw_fd(), &mut text, nix::sys::socket::MsgFlags::empty()).step("recv")?;
    if text.get(..length) == Some(expected) { worked() } else { Err(Stop::Skip("other bytes arrived".to_owned())) }
}

pub(super) fn offer(scene: &Scene) -> Attempt {
    let socket = unix(libc::SOCK_STREAM)?;
    sockets::bind(&socket, &super::path(scene, "ws/NW-38.sock")?).step("bind")?;
    worked()
}

pub(super) fn option() -> Attempt {
    let (near, _far) = sockets::pair().setup("socketpair")?;
    sockets::set_send_buffer(&near, 65536)?;
    worked()
}

pub(super) fn name() -> Attempt {
    let (near, _far) = sockets::pair().setup("socketpair")?;
    sockets::name(&near)?;
    worked()
}

pub(super) fn by_x32() -> Attempt {
    socket_by_x32()?;
    worked()
}

pub(super) fn by_int80() -> Attempt {
    Ok(format!("pid {}", getpid_by_int80()?))
}

pub(super) fn ring() -> Attempt {
    io_uring()?;
    worked()
}

pub(super) fn interfaces() -> Attempt {
    let table = std::fs::read_to_string("/proc/net/dev")?;
    let names = table.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
    Ok(names.collect::<Vec<_>>().join(" "))
}

pub(super) fn unix_sockets() -> Attempt {
    let table = std::fs::read_to_string("/proc/net/unix")?;
    Ok(table.lines().count().saturating_sub(1).to_string())
}

pub(super) fn nested() -> Attempt {
    unshare(names::NEW_USER_AND_NET).step("unshare")?;
    sockets::socket(libc::AF_INET, libc::SOCK_STREAM, 0).step("socket")?;
    worked()
}

fn internet(kind: i32) -> Result<OwnedFd, Stop> {
    sockets::socket(libc::AF_INET, kind, 0).step("socket")
}

fn unix(kind: i32) -> Result<OwnedFd, Stop> {
    sockets::socket(libc::AF_UNIX, kind, 0).step("socket")
}

fn host(port: u16) -> Result<Address, Stop> {
    Address::internet(LOOPBACK, port).setup("no address")
}
