//! Files: what macOS has by another name.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;

/// `setxattr`.
///
/// # Errors
/// The errno of the call.
pub fn setxattr(path: &CStr, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    // SAFETY: both strings are terminated and the length passed is that of `value`; all live across the call.
    let done = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0, 0) };
    Errno::result(done).map(drop)
}

/// An attribute by a call of Linux alone.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn setxattrat(_path: &CStr, _name: &CStr, _value: &[u8]) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// A mode by a call of Linux alone.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn fchmodat2(_path: &CStr, _mode: u32) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// Flags by a call of Linux alone.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn file_setattr_nodump(_path: &CStr) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// The flag that keeps a file out of dumps (`fchflags(2)`).
///
/// # Errors
/// The errno of the call.
pub fn set_flags_nodump(file: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: a descriptor that is open across the call, and a number.
    Errno::result(unsafe { libc::fchflags(file.as_raw_fd(), libc::UF_NODUMP) }).map(drop)
}

/// Exchanges two files (`renamex_np(2)`).
///
/// # Errors
/// The errno of the call.
pub fn exchange(one: &CStr, other: &CStr) -> Result<(), Errno> {
    // SAFETY: both strings are terminated and live across the call.
    Errno::result(unsafe { libc::renamex_np(one.as_ptr(), other.as_ptr(), libc::RENAME_SWAP) }).map(drop)
}

/// Reserves space.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn allocate(_file: &OwnedFd, _bytes: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// Punches a hole at the beginning.
///
/// # Errors
/// `ENOSYS`, always.
pub const fn punch(_file: &OwnedFd, _bytes: i64) -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// A descriptor that only names a file.
///
/// # Errors
/// `ENOSYS`, always.
pub fn only_named(_path: &std::path::Path) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A file without a name in a directory.
///
/// # Errors
/// `ENOSYS`, always.
pub fn nameless(_directory: &std::path::Path) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A handle of a file.
#[derive(Debug)]
pub struct Handle;

/// A file's handle.
///
/// # Errors
/// `EOPNOTSUPP`, always.
pub const fn name_to_handle(_path: &CStr) -> Result<Handle, Errno> {
    Err(Errno::EOPNOTSUPP)
}

/// Opens a file by its handle.
///
/// # Errors
/// `ENOSYS`, always.
pub fn open_by_handle(_mount: &OwnedFd, _handle: &mut Handle, _flags: i32) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// Makes a shared map of a file opened for reading writable.
///
/// # Errors
/// `ENOSYS` as a step before the question, always.
pub const fn make_map_writable(_file: &OwnedFd, _byte: u8) -> Result<(), Result<Errno, Errno>> {
    Err(Ok(Errno::ENOSYS))
}

/// A watch of Linux alone.
///
/// # Errors
/// `ENOSYS`, always.
pub fn inotify_watch(_path: &CStr) -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// A watch queue of Linux alone.
///
/// # Errors
/// `ENOSYS`, always.
pub fn fanotify_by_identifier() -> Result<OwnedFd, Errno> {
    Err(Errno::ENOSYS)
}

/// The node of the disk that holds the root file system.
#[must_use]
pub fn root_disk() -> Option<PathBuf> {
    Some(PathBuf::from("/dev/rdisk0"))
}

/// The number of a device.
#[must_use]
pub const fn device(major: u64, minor: u64) -> libc::dev_t {
    ((major << 24) | minor) as libc::dev_t
}
