//! The services of the bait: something to reach on the network, on sockets in the file tree and in the abstract names.
//!
//! They accept, read, answer a few bytes and record what arrived. All are polled by the first process; none has a thread.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::Path;

use super::{Failed, names};
use crate::compare::effect::Effect;

/// How much of what arrives is kept.
const KEPT: usize = 256;
/// How many connections are served at once.
const MOST: usize = 64;

/// Where the bait listens; the demonstration's commands name the same.
const TCP: &str = "127.0.0.1:8080";
const UDP: &str = "127.0.0.1:8125";
const ABSTRACT: &str = "palisade-demo";
/// Ports that answer at every other address: few, and none that a program under development would want for itself.
const ANYWHERE: &[u16] = &[22, 80, 443];

trait ReadWrite: Read + Write + AsFd {}
impl<T: Read + Write + AsFd> ReadWrite for T {}

struct Connection {
    stream: Box<dyn ReadWrite>,
    service: String,
    start: Vec<u8>,
    bytes: u64,
    open: bool,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
    Udp(UdpSocket),
    Datagram(UnixDatagram),
    /// A service at every address that has none of its own.
    Anywhere(TcpListener),
    /// The name server.
    Names(UdpSocket),
}

/// All services and what has arrived so far.
pub(super) struct Services {
    listeners: Vec<(String, Listener)>,
    connections: Vec<Connection>,
    datagrams: Vec<Effect>,
}

impl Services {
    /// None at all.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { listeners: Vec::new(), connections: Vec::new(), datagrams: Vec::new() }
    }

    /// Opens them; pathname sockets in this directory, which is shown at `/demo/run`.
    pub(super) fn open(run: &Path) -> Result<Self, Failed> {
        let step = "the bait's services";
        Failed::at(step, crate::sys::net::loopback_up())?;
        let tcp = Failed::at(step, TcpListener::bind(TCP))?;
        let udp = Failed::at(step, UdpSocket::bind(UDP))?;
        let stream = Failed::at(step, UnixListener::bind(run.join("agent.sock")))?;
        let datagram = Failed::at(step, UnixDatagram::bind(run.join("log.sock")))?;
        let name = Failed::at(step, SocketAddr::from_abstract_name(ABSTRACT))?;
        let hidden = Failed::at(step, UnixListener::bind_addr(&name))?;
        for result in [
            tcp.set_nonblocking(true),
            udp.set_nonblocking(true),
            stream.set_nonblocking(true),
            datagram.set_nonblocking(true),
            hidden.set_nonblocking(true),
        ] {
            Failed::at(step, result)?;
        }
        let listeners = vec![
            (format!("the TCP service at {TCP}"), Listener::Tcp(tcp)),
            (format!("the UDP service at {UDP}"), Listener::Udp(udp)),
            ("the stream socket /demo/run/agent.sock".into(), Listener::Unix(stream)),
            ("the datagram socket /demo/run/log.sock".into(), Listener::Datagram(datagram)),
            (format!("the abstract socket @{ABSTRACT}"), Listener::Unix(hidden)),
        ];
        Ok(Self { listeners, connections: Vec::new(), datagrams: Vec::new() })
    }

    /// Adds the rest of the world: a name server that knows every name, and services at every address.
    pub(super) fn open_world(&mut self) -> Result<(), Failed> {
        let step = "a network behind the loopback";
        Failed::at(step, crate::sys::net::every_address_is_ours())?;
        for port in ANYWHERE {
            let listener = Failed::at(step, TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)))?;
            Failed::at(step, listener.set_nonblocking(true))?;
            self.listeners.push(("an address outside".into(), Listener::Anywhere(listener)));
        }
        for server in name_servers() {
            // The server that is asked must be the one that answers, so each has a socket.
            let socket = Failed::at(step, UdpSocket::bind((server, 53)))?;
            Failed::at(step, socket.set_nonblocking(true))?;
            self.listeners.push(("the name service".into(), Listener::Names(socket)));
        }
        Ok(())
    }

    /// Everything worth waiting for.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let listeners = self.listeners.iter().map(|(_, listener)| match listener {
            Listener::Tcp(socket) | Listener::Anywhere(socket) => socket.as_fd(),
            Listener::Unix(socket) => socket.as_fd(),
            Listener::Udp(socket) | Listener::Names(socket) => socket.as_fd(),
            Listener::Datagram(socket) => socket.as_fd(),
        });
        let open = self.connections.iter().filter(|connection| connection.open);
        listeners.chain(open.map(|connection| connection.stream.as_fd()))
    }

    /// Takes in all that is ready; says whether there was anything.
    pub(super) fn serve(&mut self) -> bool {
        let mut any = false;
        for (service, listener) in &self.listeners {
            let mut buffer = [0; 4096];
            let room = self.connections.len() < MOST;
            let mut accept = |stream: Box<dyn ReadWrite>, service: String| {
                any = true;
                self.connections.push(Connection { stream, service, start: Vec::new(), bytes: 0, open: true });
            };
            match listener {
                Listener::Tcp(socket) if room => {
                    if let Ok((stream, _)) = socket.accept()
                        && stream.set_nonblocking(true).is_ok()
                    {
                        accept(Box::new(stream), service.clone());
                    }
                }
                Listener::Unix(socket) if room => {
                    if let Ok((stream, _)) = socket.accept()
                        && stream.set_nonblocking(true).is_ok()
                    {
                        accept(Box::new(stream), service.clone());
                    }
                }
                Listener::Anywhere(socket) if room => {
                    if let Ok((stream, _)) = socket.accept()
                        && stream.set_nonblocking(true).is_ok()
                    {
                        // Every address is ours here, so ours is the one that was meant.
                        let meant = stream.local_addr().map_or(service.clone(), |meant| meant.to_string());
                        accept(Box::new(stream), meant);
                    }
                }
                Listener::Names(socket) => {
                    if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                        any = true;
                        if let Some((name, reply)) = names::answer(buffer.get(..length).unwrap_or_default()) {
                            let _ = socket.send_to(&reply, from);
                            let asked = Effect::Asked { name };
                            // A resolver asks for several kinds of address.
                            if !self.datagrams.contains(&asked) {
                                self.datagrams.push(asked);
                            }
                        }
                    }
                }
                Listener::Udp(socket) => {
                    if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                        any = true;
                        let _ = socket.send_to(b"ok\n", from);
                        self.datagrams.push(arrived(service, length as u64, buffer.get(..length).unwrap_or_default()));
                    }
                }
                Listener::Datagram(socket) => {
                    if let Ok(length) = socket.recv(&mut buffer) {
                        any = true;
                        self.datagrams.push(arrived(service, length as u64, buffer.get(..length).unwrap_or_default()));
                    }
                }
                Listener::Tcp(_) | Listener::Unix(_) | Listener::Anywhere(_) => {}
            }
        }
        for connection in self.connections.iter_mut().filter(|connection| connection.open) {
            any |= connection.serve();
        }
        any
    }

    /// What has arrived.
    pub(super) fn effects(self) -> Vec<Effect> {
        let streams = self.connections.iter().map(|one| arrived(&one.service, one.bytes, &one.start));
        streams.chain(self.datagrams.iter().cloned()).collect()
    }
}

impl Connection {
    /// Reads what is there; answers the first part of it.
    fn serve(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => {
                self.open = false;
                true
            }
            Ok(length) => {
                let got = buffer.get(..length).unwrap_or_default();
                if self.bytes == 0 {
                    let http = got.windows(5).any(|part| part == b"HTTP/");
                    let reply: &[u8] = if http { b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n" } else { b"ok\n" };
                    let _ = self.stream.write_all(reply);
                    let fd = self.stream.as_fd().as_raw_fd();
                    let _ = nix::sys::socket::shutdown(fd, nix::sys::socket::Shutdown::Write);
                }
                self.bytes += length as u64;
                self.start.extend(got.iter().take(KEPT.saturating_sub(self.start.len())));
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => false,
            Err(_) => {
                self.open = false;
                true
            }
        }
    }
}

/// The name servers that programs here will ask (`resolv.conf(5)`); the default is this host.
fn name_servers() -> Vec<Ipv4Addr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let mut servers: Vec<Ipv4Addr> = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver")?.split_whitespace().next()?.parse().ok())
        .take(3)
        .collect();
    servers.push(Ipv4Addr::LOCALHOST);
    servers.sort();
    servers.dedup();
    servers
}

fn arrived(service: &str, bytes: u64, start: &[u8]) -> Effect {
    let start = start.get(..start.len().min(KEPT)).unwrap_or_default();
    Effect::Arrived { service: service.into(), bytes, start: String::from_utf8_lossy(start).into_owned() }
}
