//! The mount interface of Linux 5.2 and later: trees as descriptors, attributes set on whole trees (5.12).
//!
//! Sources: `open_tree(2)`, `move_mount(2)`, `mount_setattr(2)`, `openat2(2)`.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;

use super::check;

/// `MOUNT_ATTR_RDONLY`.
pub const READ_ONLY: u64 = 0x1;
/// `MOUNT_ATTR_NOSUID`.
pub const NO_SUID: u64 = 0x2;
/// `MOUNT_ATTR_NODEV`.
pub const NO_DEV: u64 = 0x4;

const OPEN_TREE_CLONE: libc::c_uint = 1;
const AT_RECURSIVE: libc::c_int = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH: libc::c_uint = 0x40;
const RESOLVE_NO_MAGICLINKS: u64 = 0x2;
const RESOLVE_NO_SYMLINKS: u64 = 0x4;

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// A path as the kernel wants it.
///
/// # Errors
/// `EINVAL` when the path holds a NUL.
pub fn c_path(path: &Path) -> nix::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)
}

/// Whether an operation takes in the mounts below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// This mount only.
    Top,
    /// With every mount below it.
    Recursive,
}

impl Depth {
    const fn flag(self) -> libc::c_int {
        match self {
            Self::Top => 0,
            Self::Recursive => AT_RECURSIVE,
        }
    }
}

/// Opens a path for reference only (`O_PATH`), refusing symbolic links anywhere in it.
///
/// # Errors
/// The errno of `openat2(2)`; `ELOOP` when a component is a symbolic link.
pub fn open_exact(path: &Path) -> nix::Result<OwnedFd> {
    let path = c_path(path)?;
    let how = OpenHow {
        flags: (libc::O_PATH | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
    };
    // SAFETY: `path` and `how` live across the call, and the size passed is that of `how`.
    let fd = check(unsafe {
        libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path.as_ptr(), &raw const how, size_of::<OpenHow>())
    })?;
    // SAFETY: the kernel just returned this descriptor and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// A detached copy of the mount at `fd`, to be put somewhere with [`place`].
///
/// # Errors
/// The errno of `open_tree(2)`.
pub fn copy_of(fd: impl AsFd, depth: Depth) -> nix::Result<OwnedFd> {
    let flags =
        OPEN_TREE_CLONE | libc::O_CLOEXEC as libc::c_uint | (libc::AT_EMPTY_PATH | depth.flag()) as libc::c_uint;
    // SAFETY: the empty path is a valid C string and the descriptor is open across the call.
    let tree = check(unsafe { libc::syscall(libc::SYS_open_tree, fd.as_fd().as_raw_fd(), c"".as_ptr(), flags) })?;
    // SAFETY: the kernel just returned this descriptor and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(tree as RawFd) })
}

/// Mounts a detached tree on the file or directory behind `target`.
///
/// # Errors
/// The errno of `move_mount(2)`.
pub fn place(tree: impl AsFd, target: impl AsFd) -> nix::Result<()> {
    // SAFETY: both descriptors are open across the call and both paths are valid empty C strings.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            target.as_fd().as_raw_fd(),
            c"".as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
        )
    })?;
    Ok(())
}

/// Sets and clears mount attributes of the mount behind a descriptor.
///
/// # Errors
/// The errno of `mount_setattr(2)`; `EPERM` when a locked attribute would be cleared.
pub fn change(fd: impl AsFd, depth: Depth, set: u64, clear: u64) -> nix::Result<()> {
    let attr = MountAttr { set, clear, propagation: 0, user_namespace: 0 };
    // SAFETY: `attr` lives across the call and the size passed is its own.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | depth.flag(),
            &raw const attr,
            size_of::<MountAttr>(),
        )
    })?;
    Ok(())
}
