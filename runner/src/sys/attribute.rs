//! Extended attributes of files (`xattr(7)`).

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A short attribute of a file itself, not of what a link leads to; `None` when it has none of that name.
#[must_use]
pub fn short_attribute(path: &Path, name: &CStr) -> Option<Vec<u8>> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut value = [0_u8; 64];
    let length = usize::try_from(read(&path, name, &mut value)).ok()?;
    value.get(..length).map(<[u8]>::to_vec)
}

#[cfg(target_os = "linux")]
fn read(path: &CStr, name: &CStr, value: &mut [u8]) -> isize {
    // SAFETY: both strings are null-terminated and live across the call; the length passed is that of `value`.
    unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) }
}

#[cfg(not(target_os = "linux"))]
fn read(path: &CStr, name: &CStr, value: &mut [u8]) -> isize {
    let (room, length) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: both strings are null-terminated and live across the call; the length passed is that of `value`.
    unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), room, length, 0, libc::XATTR_NOFOLLOW) }
}
