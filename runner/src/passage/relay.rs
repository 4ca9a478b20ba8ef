//! The other end of a passage: takes connections from inside, looks at where they want to go, and passes them on or not.

use std::io::{self, IoSliceMut, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

use super::{Traffic, Way};
use crate::sys::process::adopt;

/// How long a host may take to answer, and a client to say where it wants to go.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what a client says of that may be, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// How many refused hosts are remembered.
const KEPT: usize = 50;
/// How many sockets may come.
const MOST: usize = 64;

/// Waits for the sockets and serves them for as long as this process lives.
pub(super) fn serve(control: &OwnedFd, ways: &[Way], traffic: &Arc<Mutex<Traffic>>) {
    let listeners = sockets(control).unwrap_or_default();
    // The first is the proxy; the others are as many as there are ways on loopback, in their order.
    let straight = ways.iter().filter(|way| way.is_loopback()).map(|way| Some(way.clone()));
    for (listener, way) in listeners.into_iter().zip(std::iter::once(None).chain(straight)) {
        let (ways, traffic) = (ways.to_vec(), Arc::clone(traffic));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (way, ways, traffic) = (way.clone(), ways.clone(), Arc::clone(&traffic));
                std::thread::spawn(move || {
                    // A connection that breaks is the business of its two ends.
                    let _ = match way {
                        Some(way) => straight_on(stream, &way, &traffic),
                        None => asked(stream, &ways, &traffic),
                    };
                });
            }
        });
    }
}

fn sockets(control: &OwnedFd) -> io::Result<Vec<TcpListener>> {
    let mut byte = [0; 1];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; MOST]);
    let mut words = [IoSliceMut::new(&mut byte)];
    let message = recvmsg::<()>(control.as_raw_fd(), &mut words, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut found = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = part {
            found.extend(fds.into_iter().filter_map(|fd| adopt(fd).ok()).map(TcpListener::from));
        }
    }
    Ok(found)
}

/// A connection to a host on this machine.
fn straight_on(client: TcpStream, way: &Way, traffic: &Mutex<Traffic>) -> io::Result<()> {
    match connect(way) {
        Ok(server) => pass(traffic, client, server, &[]),
        Err(error) => {
            note(traffic, |traffic| &mut traffic.failed, format!("{way}: {error}"));
            Err(error)
        }
    }
}

/// A connection to the proxy: it says where it wants to go.
fn asked(mut client: TcpStream, ways: &[Way], traffic: &Mutex<Traffic>) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD || client.read(&mut byte)? == 0 {
            return refuse(&mut client, "400 Bad Request", "a request that palisade does not understand");
        }
        head.extend_from_slice(&byte);
    }
    client.set_read_timeout(None)?;
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let tunnel = method == "CONNECT";
    let named =
        if tunnel { Some(target) } else { target.strip_prefix("http://").and_then(|rest| rest.split('/').next()) };
    let wanted = named.and_then(|named| {
        let has_port = named.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Way::parse(&if has_port || tunnel { named.to_owned() } else { format!("{named}:80") }).ok()
    });
    let Some(wanted) = wanted else {
        return refuse(&mut client, "400 Bad Request", "a request that palisade does not understand");
    };
    if !ways.contains(&wanted) {
        note(traffic, |traffic| &mut traffic.refused, wanted.to_string());
        return refuse(&mut client, "403 Forbidden", "palisade lets only the model's host through");
    }
    match connect(&wanted) {
        Ok(server) if tunnel => {
            client.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")?;
            pass(traffic, client, server, &[])
        }
        // Whatever follows on this connection goes to the same host.
        Ok(server) => pass(traffic, client, server, &head),
        Err(error) => {
            note(traffic, |traffic| &mut traffic.failed, format!("{wanted}: {error}"));
            refuse(&mut client, "502 Bad Gateway", "the host cannot be reached")
        }
    }
}

fn refuse(client: &mut TcpStream, status: &str, why: &str) -> io::Result<()> {
    let length = why.len() + 1;
    client.write_all(
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{why}\n").as_bytes(),
    )
}

fn note(traffic: &Mutex<Traffic>, list: impl Fn(&mut Traffic) -> &mut Vec<String>, what: String) {
    let mut traffic = traffic.lock().unwrap_or_else(PoisonError::into_inner);
    let list = list(&mut traffic);
    if list.len() < KEPT && !list.contains(&what) {
        list.push(what);
    }
}

/// Both directions until both have ended.
fn pass(traffic: &Mutex<Traffic>, client: TcpStream, mut server: TcpStream, first: &[u8]) -> io::Result<()> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner).passed += 1;
    server.write_all(first)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let there = std::thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let copied = io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Write);
    let _ = there.join();
    copied.map(drop)
}

fn connect(way: &Way) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no such host");
    for address in addresses(&way.host)? {
        match TcpStream::connect_timeout(&SocketAddr::new(address, way.port), PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The addresses of a host. palisade is linked static, and a static program cannot load what the C library looks names up with.
fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    if host == "localhost" {
        return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
    }
    let output = Command::new("getent").args(["ahosts", host]).stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found: Vec<IpAddr> = text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    found.dedup();
    Ok(found)
}
