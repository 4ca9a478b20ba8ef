//! Using up memory and disk, within the bounds that a probe names.

use std::fs::File;

use nix::errno::Errno;

use super::{call, fd, number};

/// Maps this much memory and writes to every page of it; it is given back at the end.
///
/// # Errors
/// The errno of the mapping.
pub fn fill_memory(bytes: usize) -> Result<(), Errno> {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE);
    let args = [0, bytes, number(access), number(kind), number(-1), 0];
    // SAFETY: a fresh mapping at a place of the kernel's choice.
    let at = unsafe { call(libc::SYS_mmap, args) }?;
    // Filled by now, in far less time than by touching; where that was stopped silently, touching is not.
    for page in (0..bytes).step_by(4096) {
        // SAFETY: within the mapping, which is writable and which nothing else refers to.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(at + page).write_volatile(1) };
    }
    // SAFETY: exactly the mapping made above, which nothing refers to.
    unsafe { call(libc::SYS_munmap, [at, bytes, 0, 0, 0, 0]) }.map(drop)
}

/// `fallocate`: gives a file this many bytes of the disk.
///
/// # Errors
/// The errno of the call.
pub fn fill_file(file: &File, bytes: u64) -> Result<(), Errno> {
    let length = usize::try_from(bytes).map_err(|_| Errno::EFBIG)?;
    // SAFETY: a descriptor and numbers.
    unsafe { call(libc::SYS_fallocate, [fd(file), 0, 0, length, 0, 0]) }.map(drop)
}
