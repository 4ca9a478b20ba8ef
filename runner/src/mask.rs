//! Masks: empty directories that stand where a protected name is missing, for the time of a run.
//!
//! A mask carries its mark in its own modification time and its users in `flock(2)` locks on itself, so there is no
//! register that could be lost or forged: an empty directory with the mark that nobody has locked is a leftover. It is made
//! with a mode that nobody gives a directory, so that it is known in the moment before it has its mark.

#[cfg(target_os = "linux")]
mod keeper;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

#[cfg(target_os = "linux")]
pub use keeper::{Keeper, Ready, Watch};

/// The modification time of a mask: seconds and nanoseconds since 1970.
const MARK: (i64, i64) = (978_307_200, 707_165_105);

/// The mode of a mask: nobody writes it.
const MODE: u32 = 0o555;

/// The mode with which it is made (`mkdir(2)` takes the sticky bit): until it has its mark, this says what it is.
const MAKING: u32 = 0o1555;

/// Whether this is a mask, by its mark: an empty directory that palisade made.
#[must_use]
pub fn is_mask(data: &Metadata) -> bool {
    data.is_dir() && (data.mtime(), data.mtime_nsec()) == MARK && data.mode() & 0o7777 == MODE
}

/// Whether this is a mask that has not got its mark yet. Below a set-group-id directory it has that bit too.
fn is_being_made(data: &Metadata) -> bool {
    data.is_dir() && data.mode() & 0o5777 == MAKING
}

/// Whether a directory is a mask that a run is using or making, or has left behind; also one that was taken away since it
/// was looked at.
#[must_use]
pub fn is_leftover(data: &Metadata, path: &Path) -> bool {
    let empty = || match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    (is_mask(data) || is_being_made(data)) && empty()
}
