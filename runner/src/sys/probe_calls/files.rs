//! Calls on files that have no faithful wrapper elsewhere: metadata by the newest numbers, handles, watches, maps.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::process::owned;
use super::{call, fd, number};

const AT_FDCWD: i32 = libc::AT_FDCWD;
const FCHMODAT2: libc::c_long = 452;
const SETXATTRAT: libc::c_long = 463;
const FILE_SETATTR: libc::c_long = 469;

/// `setxattr`.
///
/// # Errors
/// The errno of the call.
pub fn setxattr(path: &CStr, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    let args = [path.as_ptr() as usize, name.as_ptr() as usize, value.as_ptr() as usize, value.len(), 0, 0];
    // SAFETY: two terminated strings and a buffer with its length.
    unsafe { call(libc::SYS_setxattr, args) }.map(drop)
}

/// `setxattrat`, new in 6.13.
///
/// # Errors
/// The errno of the call.
pub fn setxattrat(path: &CStr, name: &CStr, value: &[u8]) -> Result<(), Errno> {
    #[repr(C)]
    struct XattrArgs {
        value: u64,
        size: u32,
        flags: u32,
    }
    let size = u32::try_from(value.len()).map_err(|_| Errno::E2BIG)?;
    let what = XattrArgs { value: value.as_ptr() as u64, size, flags: 0 };
    let length = size_of::<XattrArgs>();
    let pointer = std::ptr::from_ref(&what) as usize;
    let args = [number(AT_FDCWD), path.as_ptr() as usize, 0, name.as_ptr() as usize, pointer, length];
    // SAFETY: terminated strings, and a struct of the length given whose pointer and size describe `value`.
    unsafe { call(SETXATTRAT, args) }.map(drop)
}

/// `fchmodat2`, new in 6.6.
///
/// # Errors
/// The errno of the call.
pub fn fchmodat2(path: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: a terminated string and numbers.
    unsafe { call(FCHMODAT2, [number(AT_FDCWD), path.as_ptr() as usize, number(mode), 0, 0, 0]) }.map(drop)
}

/// `file_setattr`, new in 6.17: marks the file "no dump".
///
/// # Errors
/// The errno of the call.
pub fn file_setattr_nodump(path: &CStr) -> Result<(), Errno> {
    #[repr(C)]
    struct FileAttr {
        xflags: u64,
        extent_size: u32,
        next_extents: u32,
        project: u32,
        cow_extent_size: u32,
    }
    const XFLAG_NODUMP: u64 = 0x80;
    let what = FileAttr { xflags: XFLAG_NODUMP, extent_size: 0, next_extents: 0, project: 0, cow_extent_size: 0 };
    let pointer = std::ptr::from_ref(&what) as usize;
    let args = [number(AT_FDCWD), path.as_ptr() as usize, pointer, size_of::<FileAttr>(), 0, 0];
    // SAFETY: a terminated string and a struct of the length given, read only.
    unsafe { call(FILE_SETATTR, args) }.map(drop)
}

/// `FS_IOC_SETFLAGS` with "no dump" added to the flags the file has, through whatever descriptor is given. Leaving out what
/// it has would ask ext4 to convert the file too, which it refuses depending on where the blocks lie.
///
/// # Errors
/// The errno of the call.
pub fn set_flags_nodump(file: &OwnedFd) -> Result<(), Errno> {
    const NODUMP: libc::c_int = 0x40;
    let mut flags: libc::c_int = 0;
    let request = usize::try_from(libc::FS_IOC_GETFLAGS).map_err(|_| Errno::ENOTTY)?;
    // SAFETY: the request writes one int (the long in its name is historical) through the pointer.
    unsafe { call(libc::SYS_ioctl, [fd(file), request, std::ptr::from_mut(&mut flags) as usize, 0, 0, 0]) }?;
    flags |= NODUMP;
    let request = usize::try_from(libc::FS_IOC_SETFLAGS).map_err(|_| Errno::ENOTTY)?;
    // SAFETY: the request reads one int (the long in its name is historical) through the pointer.
    unsafe { call(libc::SYS_ioctl, [fd(file), request, std::ptr::from_ref(&flags) as usize, 0, 0, 0]) }.map(drop)
}

/// A file handle as `name_to_handle_at` fills it.
#[repr(C)]
pub struct Handle {
    bytes: u32,
    kind: i32,
    body: [u8; 128],
}

/// `name_to_handle_at` by path.
///
/// # Errors
/// The errno of the call.
pub fn name_to_handle(path: &CStr) -> Result<Handle, Errno> {
    let mut handle = Handle { bytes: 128, kind: 0, body: [0; 128] };
    let mut mount = 0_i32;
    let args = [
        number(AT_FDCWD),
        path.as_ptr() as usize,
        std::ptr::from_mut(&mut handle) as usize,
        std::ptr::from_mut(&mut mount) as usize,
        0,
        0,
    ];
    // SAFETY: a terminated string, a handle that says its capacity, and room for the mount's number.
    unsafe { call(libc::SYS_name_to_handle_at, args) }?;
    Ok(handle)
}

/// `open_by_handle_at` with these flags; `mount` is any descriptor of the file system.
///
/// # Errors
/// The errno of the call.
pub fn open_by_handle(mount: &OwnedFd, handle: &mut Handle, flags: i32) -> Result<OwnedFd, Errno> {
    let args = [fd(mount), std::ptr::from_mut(handle) as usize, number(flags | libc::O_CLOEXEC), 0, 0, 0];
    // SAFETY: the handle was filled by the kernel and says its length.
    owned(unsafe { call(libc::SYS_open_by_handle_at, args) }?)
}

/// Maps one page shared and readable, then asks for it to become writable, and writes `byte` into it.
///
/// # Errors
/// `Err(Ok(errno))` when the map itself failed, `Err(Err(errno))` when making it writable did.
pub fn make_map_writable(file: &OwnedFd, byte: u8) -> Result<(), Result<Errno, Errno>> {
    const PAGE: usize = 4096;
    let (readable, writable) = (number(libc::PROT_READ), number(libc::PROT_READ | libc::PROT_WRITE));
    let args = [0, PAGE, readable, number(libc::MAP_SHARED), fd(file), 0];
    // SAFETY: a fresh mapping at a place of the kernel's choice.
    let map = unsafe { call(libc::SYS_mmap, args) }.map_err(Ok)?;
    // SAFETY: exactly the page mapped a line above, which nothing else refers to.
    unsafe { call(libc::SYS_mprotect, [map, PAGE, writable, 0, 0, 0]) }.map_err(Err)?;
    // SAFETY: the page is mapped, now writable, and the file is not empty (the caller's bait).
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(map).write_volatile(byte) };
    Ok(())
}

/// An inotify watch for changes below `path`.
///
/// # Errors
/// The errno of the first call that fails.
pub fn inotify_watch(path: &CStr) -> Result<OwnedFd, Errno> {
    // SAFETY: takes a number.
    let queue = owned(unsafe { call(libc::SYS_inotify_init1, [number(libc::IN_CLOEXEC), 0, 0, 0, 0, 0]) }?)?;
    let events = libc::IN_CREATE | libc::IN_MODIFY | libc::IN_DELETE;
    let args = [fd(&queue), path.as_ptr() as usize, number(events), 0, 0, 0];
    // SAFETY: a descriptor, a terminated string and a number.
    unsafe { call(libc::SYS_inotify_add_watch, args) }?;
    Ok(queue)
}

/// `fanotify_init` in the form open to everybody: reports file identifiers.
///
/// # Errors
/// The errno of the call.
pub fn fanotify_by_identifier() -> Result<OwnedFd, Errno> {
    let flags = libc::FAN_CLASS_NOTIF | libc::FAN_REPORT_FID | libc::FAN_CLOEXEC;
    // SAFETY: takes two numbers.
    owned(unsafe { call(libc::SYS_fanotify_init, [number(flags), number(libc::O_RDONLY), 0, 0, 0, 0]) }?)
}

/// `F_SETLEASE` for reading; the lease ends with the descriptor.
///
/// # Errors
/// The errno of the call.
pub fn lease(file: &impl std::os::fd::AsRawFd) -> Result<(), Errno> {
    const F_SETLEASE: i32 = 1024;
    // SAFETY: takes three numbers.
    unsafe { call(libc::SYS_fcntl, [fd(file), number(F_SETLEASE), number(libc::F_RDLCK), 0, 0, 0]) }.map(drop)
}

/// `open_tree_attr`, new in 6.15: a detached copy of the tree here, made writable.
///
/// # Errors
/// The errno of the call.
pub fn open_tree_writable(path: &CStr) -> Result<OwnedFd, Errno> {
    const OPEN_TREE_ATTR: libc::c_long = 467;
    /// `OPEN_TREE_CLONE`, `AT_RECURSIVE`, `O_CLOEXEC`.
    const FLAGS: i32 = 1 | 0x8000 | libc::O_CLOEXEC;
    // struct mount_attr: nothing set, MOUNT_ATTR_RDONLY cleared, propagation and user namespace left alone.
    let attributes = [0_u64, 1, 0, 0];
    let pointer = attributes.as_ptr() as usize;
    let args = [number(AT_FDCWD), path.as_ptr() as usize, number(FLAGS), pointer, size_of_val(&attributes), 0];
    // SAFETY: a terminated string, numbers, and a struct of the length given, read only.
    owned(unsafe { call(OPEN_TREE_ATTR, args) }?)
}

/// `FS_IOC_SETFLAGS` with "case does not count" for an empty directory.
///
/// # Errors
/// The errno of the call.
pub fn fold_case(directory: &OwnedFd) -> Result<(), Errno> {
    let flags: libc::c_int = 0x4000_0000;
    let request = usize::try_from(libc::FS_IOC_SETFLAGS).map_err(|_| Errno::ENOTTY)?;
    // SAFETY: the request reads one int (the long in its name is historical) through the pointer.
    unsafe { call(libc::SYS_ioctl, [fd(directory), request, std::ptr::from_ref(&flags) as usize, 0, 0, 0]) }.map(drop)
}

/// Exchanges two files (`renameat2`).
///
/// # Errors
/// The errno of the call.
pub fn exchange(one: &CStr, other: &CStr) -> Result<(), Errno> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)
}

/// Reserves space (`fallocate`).
///
/// # Errors
/// The errno of the call.
pub fn allocate(file: &OwnedFd, bytes: i64) -> Result<(), Errno> {
    nix::fcntl::fallocate(file, nix::fcntl::FallocateFlags::empty(), 0, bytes)
}

/// Punches a hole at the beginning (`fallocate`).
///
/// # Errors
/// The errno of the call.
pub fn punch(file: &OwnedFd, bytes: i64) -> Result<(), Errno> {
    use nix::fcntl::FallocateFlags;
    let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    nix::fcntl::fallocate(file, hole, 0, bytes)
}

/// A descriptor that only names a file (`O_PATH`).
///
/// # Errors
/// The errno of the opening.
pub fn only_named(path: &std::path::Path) -> Result<OwnedFd, Errno> {
    use nix::fcntl::OFlag;
    nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty())
}

/// A file without a name in a directory (`O_TMPFILE`).
///
/// # Errors
/// The errno of the opening.
pub fn nameless(directory: &std::path::Path) -> Result<OwnedFd, Errno> {
    use nix::fcntl::OFlag;
    let mode = nix::sys::stat::Mode::from_bits_truncate(0o600);
    nix::fcntl::open(directory, OFlag::O_TMPFILE | OFlag::O_WRONLY, mode)
}

/// The device node of the disk that `/` lies on; else of the first disk that is no memory.
#[must_use]
pub fn root_disk() -> Option<std::path::PathBuf> {
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use nix::sys::stat::{major, minor};
    let named = |folder: &Path| {
        let told = std::fs::read_to_string(folder.join("uevent")).ok()?;
        Some(Path::new("/dev").join(told.lines().find_map(|line| line.strip_prefix("DEVNAME="))?))
    };
    let root = Path::new("/").metadata().ok()?.dev();
    let root = named(Path::new(&format!("/sys/dev/block/{}:{}", major(root), minor(root))));
    root.or_else(|| {
        let mut disks: Vec<PathBuf> = std::fs::read_dir("/sys/block").ok()?.flatten().map(|disk| disk.path()).collect();
        disks.sort();
        let memory = |disk: &PathBuf| {
            let name = disk.file_name().unwrap_or_default().to_string_lossy();
            ["loop", "ram", "zram"].iter().any(|kind| name.starts_with(kind))
        };
        disks.iter().filter(|disk| !memory(disk)).find_map(|disk| named(disk))
    })
}

/// The number of a device.
#[must_use]
pub const fn device(major: u64, minor: u64) -> libc::dev_t {
    nix::sys::stat::makedev(major, minor)
}
