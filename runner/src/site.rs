//! What lies on disk where a profile's words point: facts as a value, so that planning asks no file system.
//!
//! `survey` gathers a [`Site`]; `plan` reads it. Paths are real (no symbolic links) and carry the device and inode they
//! had, so that what is mounted later can be compared with what was judged.

mod survey;

use std::path::PathBuf;

use policy::profile::Tree;
use serde::{Deserialize, Serialize};

pub use survey::{CONTROL, Wish, is_control, survey};

/// How a note begins that says of something hidden that it can be read all the same.
const OTHER_NAMES: &str = "denied file";

/// Whether a note says that something asked for does not hold whole, so that it is told at each start.
#[must_use]
pub fn is_warning(note: &str) -> bool {
    note.starts_with(OTHER_NAMES)
}

/// The facts behind one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The real path of the workspace.
    pub workspace: PathBuf,
    /// The home directory's real path, if there is one.
    pub home: Option<PathBuf>,
    /// Writable trees that exist, outer before inner.
    pub writable: Vec<Root>,
    /// Readable trees that exist, when not everything is readable.
    pub readable: Vec<PathBuf>,
    /// What is to be hidden, or kept from coming into being.
    pub denied: Vec<Denied>,
    /// Interfaces of the kernel that are there and tell more than a sandboxed command should know.
    pub revealing: Vec<Revealing>,
    /// Anything worth telling in a report.
    pub notes: Vec<String>,
}

/// A file or directory with its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Real path.
    pub path: PathBuf,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// One writable tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The word of the profile it comes from.
    pub tree: Tree,
    /// What it is.
    pub object: Object,
    /// Whether the file system it lies on is mounted read-only already.
    pub mounted_read_only: bool,
    /// Mounts below it that are writable on the host.
    pub writable_mounts_below: Vec<PathBuf>,
    /// Protected names at its top, and what they lead to.
    pub names: Vec<Name>,
}

/// One protected path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Where it is or would be.
    pub path: PathBuf,
    /// What is there.
    pub state: State,
}

/// What is found at a protected path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing, or a mask that an earlier run left behind.
    Missing,
    /// A directory.
    Directory,
    /// Any other file.
    File,
    /// A symbolic link: cannot be protected by a mount.
    Link,
}

/// A path that is to be unreadable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// The real path, or the first missing component of it.
    pub path: PathBuf,
    /// What is there.
    pub state: State,
    /// How many links the file has: another name elsewhere stays readable.
    pub links: u64,
}

/// A path below `/proc` or `/sys` that is covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealing {
    /// The path.
    pub path: PathBuf,
    /// Whether it is a directory.
    pub directory: bool,
}
