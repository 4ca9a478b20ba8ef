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

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use serde::Serialize;

pub use inside::inside;

/// The hidden verb.
pub const VERB: &str = "__passage";

/// A host that may be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Way {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Way {
    /// Reads `HOST` or `HOST:PORT`; 443 where no port is said.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no HOST or HOST:PORT");
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        if host.is_empty() || !host.chars().all(letter) {
            return Err(wrong());
        }
        let port = port.map_or(Ok(443), str::parse).map_err(|_| wrong())?;
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether it is on this machine, where a proxy is not asked.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

/// What was asked of the way out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// How many connections were passed on.
    pub passed: u64,
    /// Hosts that were asked for and are not among those that are named.
    pub refused: Vec<String>,
    /// Hosts that could not be reached, and why.
    pub failed: Vec<String>,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_with_and_without_its_port() {
        for (text, host, port, loopback) in [
            ("api.openai.com", "api.openai.com", 443, false),
            ("Model.Example:8443", "model.example", 8443, false),
            ("127.0.0.1:80", "127.0.0.1", 80, true),
            ("localhost:1", "localhost", 1, true),
            ("[::1]:5", "::1", 5, true),
        ] {
            let way = Way::parse(text).expect(text);
            assert_eq!((way.host.as_str(), way.port, way.is_loopback()), (host, port, loopback), "{text}");
        }
        for text in ["", ":80", "a b", "host:port", "host:99999", "http://x", "a/b"] {
            assert!(Way::parse(text).is_err(), "{text}");
        }
    }
}
