//! The scene: what an attempt is told about the bait around it. It holds places and numbers, never a secret.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::attempt::{Setup, Stop};

/// What the driver tells the stages that run inside a subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scene {
    /// The fixture's directory.
    pub root: PathBuf,
    /// A word of this run, part of every name made outside the fixture.
    pub token: String,
    /// The user the subject runs as.
    pub uid: u32,
    /// The port of the TCP service on 127.0.0.1.
    pub tcp: u16,
    /// The port of the UDP service on 127.0.0.1.
    pub udp: u16,
    /// The driver's process.
    pub driver: u32,
    /// The process with a secret in its environment.
    pub victim: u32,
    /// The driver's pid namespace, to tell the host's pid 1 from a sandbox's.
    pub pid_namespace: PathBuf,
    /// The driver's mount namespace, to tell the host's mounts from a sandbox's.
    pub mount_namespace: PathBuf,
    /// The node of a terminal that is no bait of the session.
    pub pty: PathBuf,
    /// The node of the terminal that the attempts shall have as standard input, where they ask about one.
    pub terminal: Option<PathBuf>,
    /// Where the subject's launcher keeps its books, as a place.
    pub bookkeeping: String,
    /// What could not be baited on this host, by place, with the reason.
    pub missing: Vec<(String, String)>,
    /// The probes to run; all of them when empty.
    pub only: Vec<String>,
}

impl Scene {
    /// Whether a probe is to be run.
    #[must_use]
    pub fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }

    /// Where a place is: see [`place`].
    #[must_use]
    pub fn at(&self, template: &str) -> PathBuf {
        place(&self.root, &self.token, self.uid, template)
    }

    /// Where a place is, when the driver could put bait there.
    ///
    /// # Errors
    /// There is nothing to ask about, for the reason the driver gave.
    pub(super) fn bait(&self, template: &str) -> Result<PathBuf, Stop> {
        match self.missing.iter().find(|(place, _)| place == template) {
            Some((_, reason)) => Err(Stop::NoBait(reason.clone())),
            None => Ok(self.at(template)),
        }
    }

    /// Makes sure that pid 1 is the sandbox's own; the host's is never touched.
    ///
    /// # Errors
    /// The probe is skipped.
    pub(super) fn own_init(&self) -> Result<(), Stop> {
        let here = std::fs::read_link("/proc/self/ns/pid").setup("no look at the own pid namespace")?;
        if here == self.pid_namespace {
            return Err(Stop::Skip("pid 1 is the host's, not the sandbox's".to_owned()));
        }
        Ok(())
    }

    /// The name of the abstract stream (`"stream"`) or datagram (`"datagram"`) socket.
    #[must_use]
    pub fn abstract_name(&self, kind: &str) -> String {
        format!("palisade-{}-{kind}", self.token)
    }

    /// The keys of shared memory and queues of this run, by number.
    #[must_use]
    pub fn key_number(&self, number: i32) -> i32 {
        // Positive, never the key that means no key, and different for each of a few numbers.
        let word = u32::from_str_radix(&self.token, 16).unwrap_or(0x7061_6c69);
        ((word | 0x10) & 0x7fff_fff0).cast_signed() | number
    }

    /// The names of queues of this run, by number.
    #[must_use]
    pub fn queue_name(&self, number: i32) -> String {
        format!("palisade-{}-{number}", self.token)
    }

    /// The description of the key in the caller's session keyring.
    #[must_use]
    pub fn key(&self) -> String {
        format!("palisade-key-{}", self.token)
    }
}

/// A place: absolute, or relative to the fixture, with `{token}` and `{uid}` filled in.
#[must_use]
pub fn place(root: &Path, token: &str, uid: u32, template: &str) -> PathBuf {
    root.join(template.replace("{token}", token).replace("{uid}", &uid.to_string()))
}
