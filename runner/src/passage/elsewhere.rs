//! Where no command can have a network of its own: what the command line says of it is read, and none is opened.

mod traffic;
mod way;

use std::io;
use std::path::PathBuf;

pub use traffic::Traffic;
pub use way::Way;

/// A passage; there is none.
#[derive(Debug)]
pub enum Passage {}

impl Passage {
    /// Opens none.
    ///
    /// # Errors
    /// Always.
    pub fn open(_ways: Vec<Way>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a network of its own is Linux's"))
    }

    /// The words that would start a command inside.
    ///
    /// # Errors
    /// Never asked for.
    pub fn words(&self, _program: PathBuf, _words: Vec<String>) -> io::Result<(PathBuf, Vec<String>)> {
        match *self {}
    }

    /// What was asked of it.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        match *self {}
    }
}
