//! A text in memory that programs this process starts can read by a path.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use nix::sys::memfd::{MFdFlags, memfd_create};

/// Keeps a text until the process ends, and tells where it is read.
///
/// # Errors
/// The errno of `memfd_create(2)`, or of the writing.
pub fn kept(text: &str) -> std::io::Result<PathBuf> {
    let mut file = File::from(memfd_create(c"profile", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    // It is read until the last program has started.
    std::mem::forget(file);
    Ok(path)
}
