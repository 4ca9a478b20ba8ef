//! A network of its own for a command, with one way out: to the hosts that are named, and only through palisade.
//!
//! ```text
//! palisade codex ── relay: threads that accept, look at the host that is asked for, and pass bytes on
//!      └── __passage: enters a network namespace with nothing but loopback, listens there, hands the sockets over, becomes
//!               └── palisade run … -- the command
//! ```
//! A socket stays in the network it was made in, whoever holds it; so palisade answers inside and connects outside. A host on
//! the loopback of this machine answers under its own address, every other one through an HTTP proxy (`CONNECT`).

mod inside;
mod relay;
mod traffic;
mod way;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

pub use inside::inside;
pub use traffic::Traffic;
pub use way::Way;

/// The hidden verb.
pub const VERB: &str = "__passage";

/// A passage that is ready for its command.
#[derive(Debug)]
pub struct Passage {
    ways: Vec<Way>,
    theirs: OwnedFd,
    traffic: Arc<Mutex<Traffic>>,
}

impl Passage {
    /// Prepares one; it serves as soon as its command is inside.
    ///
    /// # Errors
    /// The error of the socket.
    pub fn open(ways: Vec<Way>) -> io::Result<Self> {
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let (told, out) = (Arc::clone(&traffic), ways.clone());
        std::thread::spawn(move || relay::serve(&ours, &out, &told));
        Ok(Self { ways, theirs, traffic })
    }

    /// The words that start a command inside.
    ///
    /// # Errors
    /// The error of finding this program.
    pub fn words(&self, program: PathBuf, words: Vec<String>) -> io::Result<(PathBuf, Vec<String>)> {
        let text =
            program.into_os_string().into_string().map_err(|_| io::Error::other("the program's path is not UTF-8"))?;
        let ports: Vec<String> =
            self.ways.iter().filter(|way| way.is_loopback()).map(|way| way.port.to_string()).collect();
        let mut all = vec![VERB.to_owned(), self.theirs.as_raw_fd().to_string(), ports.join(",")];
        all.push(text);
        all.extend(words);
        Ok((std::env::current_exe()?, all))
    }

    /// What was asked of it until now.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
