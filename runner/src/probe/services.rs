//! The services that wait outside: they only listen, and remember who said what.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Result};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::sys::probe_calls::sockets::{abstract_listener, abstract_receiver};

/// Who can hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// TCP on 127.0.0.1.
    Tcp,
    /// UDP on 127.0.0.1.
    Udp,
    /// A unix stream socket outside the workspace.
    Stream,
    /// A unix stream socket inside the workspace.
    WorkspaceStream,
    /// A unix datagram socket outside the workspace.
    Datagram,
    /// A unix stream socket with an abstract name.
    AbstractStream,
    /// A unix datagram socket with an abstract name.
    AbstractDatagram,
    /// A terminal: what is written to its node comes out at its other end.
    Terminal,
}

/// What was said to whom.
pub type Heard = HashMap<Service, Vec<u8>>;

/// The services of one fixture, running until [`Services::stop`].
pub struct Services {
    /// The port of the TCP service.
    pub tcp: u16,
    /// The port of the UDP service.
    pub udp: u16,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<Heard>>,
}

impl Services {
    /// Starts listening at the given places, and at the end of a terminal if there is one.
    ///
    /// # Errors
    /// What the kernel said when a socket could not be made.
    pub fn start(
        stream: &Path,
        inside: &Path,
        datagram: &Path,
        names: [&str; 2],
        terminal: Option<OwnedFd>,
    ) -> Result<Self> {
        let tcp = TcpListener::bind(("127.0.0.1", 0))?;
        let udp = UdpSocket::bind(("127.0.0.1", 0))?;
        let ports = (tcp.local_addr()?.port(), udp.local_addr()?.port());
        let mut ears = Ears {
            tcp,
            udp,
            streams: vec![
                (Service::Stream, UnixListener::bind(stream)?),
                (Service::WorkspaceStream, UnixListener::bind(inside)?),
            ],
            datagrams: vec![(Service::Datagram, UnixDatagram::bind(datagram)?)],
            callers: terminal
                .map(|end| (Service::Terminal, Box::new(File::from(end)) as Box<dyn Read + Send>))
                .into_iter()
                .collect(),
            heard: Heard::new(),
        };
        if let Some(listener) = there(abstract_listener(names[0]))? {
            ears.streams.push((Service::AbstractStream, listener));
        }
        if let Some(receiver) = there(abstract_receiver(names[1]))? {
            ears.datagrams.push((Service::AbstractDatagram, receiver));
        }
        ears.never_wait()?;
        let ending = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ending);
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Acquire) {
                ears.listen();
                std::thread::sleep(Duration::from_millis(5));
            }
            // Once more for what came last, and once more for those who were only let in by that.
            ears.listen();
            ears.listen();
            ears.heard
        });
        Ok(Self { tcp: ports.0, udp: ports.1, ending, thread: Some(thread) })
    }

    /// Stops listening and tells what was heard.
    #[must_use]
    pub fn stop(mut self) -> Heard {
        self.ending.store(true, Ordering::Release);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
    }
}

struct Ears {
    tcp: TcpListener,
    udp: UdpSocket,
    streams: Vec<(Service, UnixListener)>,
    datagrams: Vec<(Service, UnixDatagram)>,
    callers: Vec<(Service, Box<dyn Read + Send>)>,
    heard: Heard,
}

impl Ears {
    fn never_wait(&mut self) -> Result<()> {
        self.tcp.set_nonblocking(true)?;
        self.udp.set_nonblocking(true)?;
        self.streams.iter().try_for_each(|(_, socket)| socket.set_nonblocking(true))?;
        self.datagrams.iter().try_for_each(|(_, socket)| socket.set_nonblocking(true))
    }

    fn listen(&mut self) {
        while let Ok((caller, _)) = self.tcp.accept() {
            let _ = caller.set_nonblocking(true);
            self.callers.push((Service::Tcp, Box::new(caller)));
        }
        for (service, socket) in &self.streams {
            while let Ok((caller, _)) = socket.accept() {
                let _ = caller.set_nonblocking(true);
                self.callers.push((*service, Box::new(caller)));
            }
        }
        let heard = &mut self.heard;
        let mut text = [0; 512];
        while let Ok(length) = self.udp.recv(&mut text) {
            note(heard, Service::Udp, &text[..length]);
        }
        for (service, socket) in &self.datagrams {
            while let Ok(length) = socket.recv(&mut text) {
                note(heard, *service, &text[..length]);
            }
        }
        self.callers.retain_mut(|(service, caller)| {
            loop {
                match caller.read(&mut text) {
                    Ok(0) => return false,
                    Ok(length) => note(heard, *service, &text[..length]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return error.kind() == ErrorKind::WouldBlock,
                }
            }
        });
    }
}

/// What this system has no kind of is not missed.
fn there<T>(made: Result<T>) -> Result<Option<T>> {
    match made {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        made => made.map(Some),
    }
}

fn note(heard: &mut Heard, service: Service, text: &[u8]) {
    let all = heard.entry(service).or_default();
    all.extend_from_slice(text);
    all.push(b'\n');
}
