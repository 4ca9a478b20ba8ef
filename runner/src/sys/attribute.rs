//! Extended attributes of files (`xattr(7)`).

use std::ffi::CStr;
use std::path::Path;

use super::check;
use super::mount::c_path;

/// A short attribute of a file itself, not of what a link leads to; `None` when it has none of that name.
#[must_use]
pub fn short_attribute(path: &Path, name: &CStr) -> Option<Vec<u8>> {
    let path = c_path(path).ok()?;
    let mut value = [0_u8; 64];
    // SAFETY: both strings are null-terminated and live across the call; the length passed is that of `value`.
    let length = check(unsafe {
        libc::lgetxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) as libc::c_long
    })
    .ok()?;
    value.get(..usize::try_from(length).ok()?).map(<[u8]>::to_vec)
}
