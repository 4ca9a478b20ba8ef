//! Shared memory and message queues, System V's by key and POSIX's by name.
//!
//! The kernel takes the name of a POSIX queue without the slash that the C library asks for.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::process::owned;
use super::{call, fd, number};

/// Made anew, for everybody to read and write; fails when the key is taken.
pub const NEW: i32 = libc::IPC_CREAT | libc::IPC_EXCL | 0o666;

/// `shmget`: the segment of this key.
///
/// # Errors
/// The errno of the call.
pub fn segment(key: i32, bytes: usize, flags: i32) -> Result<usize, Errno> {
    // SAFETY: takes three numbers.
    unsafe { call(libc::SYS_shmget, [number(key), bytes, number(flags), 0, 0, 0]) }
}

/// Attaches a segment of at least `room` bytes, lets `work` see them, and detaches it.
fn attached<T>(segment: usize, room: usize, work: impl FnOnce(&mut [u8]) -> T) -> Result<T, Errno> {
    // SAFETY: a fresh mapping at a place of the kernel's choice.
    let at = unsafe { call(libc::SYS_shmat, [segment, 0, 0, 0, 0, 0]) }?;
    // SAFETY: mapped a line above, and every segment of the probes has at least a page; nothing in this process refers to it.
    let bytes = unsafe { std::slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut::<u8>(at), room) };
    let done = work(bytes);
    // SAFETY: exactly what was attached, and no reference to it is left.
    unsafe { call(libc::SYS_shmdt, [at, 0, 0, 0, 0, 0]) }?;
    Ok(done)
}

/// How much of a segment is looked at.
const ROOM: usize = 64;

/// Attaches a segment and writes a short text to its start.
///
/// # Errors
/// The errno of the first call that failed.
pub fn write_segment(segment: usize, text: &[u8]) -> Result<(), Errno> {
    attached(segment, ROOM, |bytes| bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from))
}

/// Attaches a segment and reads its start.
///
/// # Errors
/// The errno of the first call that failed.
pub fn read_segment(segment: usize) -> Result<Vec<u8>, Errno> {
    attached(segment, ROOM, |bytes| bytes.to_vec())
}

/// `shmctl(IPC_RMID)`.
///
/// # Errors
/// The errno of the call.
pub fn remove_segment(segment: usize) -> Result<(), Errno> {
    // SAFETY: takes two numbers, and no room for this command.
    unsafe { call(libc::SYS_shmctl, [segment, number(libc::IPC_RMID), 0, 0, 0, 0]) }.map(drop)
}

/// `msgget`: the queue of this key.
///
/// # Errors
/// The errno of the call.
pub fn queue(key: i32, flags: i32) -> Result<usize, Errno> {
    // SAFETY: takes two numbers.
    unsafe { call(libc::SYS_msgget, [number(key), number(flags), 0, 0, 0, 0]) }
}

/// `msgctl(IPC_RMID)`.
///
/// # Errors
/// The errno of the call.
pub fn remove_queue(queue: usize) -> Result<(), Errno> {
    // SAFETY: takes two numbers, and no room for this command.
    unsafe { call(libc::SYS_msgctl, [queue, number(libc::IPC_RMID), 0, 0, 0, 0]) }.map(drop)
}

/// The longest message of a named queue of ours.
const MESSAGE: usize = 64;

/// `mq_open` of a new queue for a few short messages; fails when the name is taken.
///
/// # Errors
/// The errno of the call.
pub fn new_named_queue(name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // struct mq_attr: flags, messages, bytes of one, messages there, four reserved.
    let room = [0_i64, 4, MESSAGE as i64, 0, 0, 0, 0, 0];
    let args = [name.as_ptr() as usize, number(flags), 0o600, room.as_ptr() as usize, 0, 0];
    // SAFETY: a terminated string, numbers, and one struct mq_attr of 64 bytes.
    owned(unsafe { call(libc::SYS_mq_open, args) }?)
}

/// `mq_open` of a queue that is there, to send to it.
///
/// # Errors
/// The errno of the call.
pub fn named_queue(name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = libc::O_WRONLY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: a terminated string and numbers; no attributes where nothing is created.
    owned(unsafe { call(libc::SYS_mq_open, [name.as_ptr() as usize, number(flags), 0, 0, 0, 0]) }?)
}

/// `mq_unlink`.
///
/// # Errors
/// The errno of the call.
pub fn remove_named_queue(name: &CStr) -> Result<(), Errno> {
    // SAFETY: a terminated string.
    unsafe { call(libc::SYS_mq_unlink, [name.as_ptr() as usize, 0, 0, 0, 0, 0]) }.map(drop)
}

/// `mq_send`.
///
/// # Errors
/// The errno of the call.
pub fn send(queue: &OwnedFd, text: &[u8]) -> Result<(), Errno> {
    // SAFETY: a descriptor, a buffer with its length, a priority, and no time limit.
    unsafe { call(libc::SYS_mq_timedsend, [fd(queue), text.as_ptr() as usize, text.len(), 0, 0, 0]) }.map(drop)
}

/// `mq_receive`.
///
/// # Errors
/// The errno of the call.
pub fn receive(queue: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let mut text = vec![0; MESSAGE];
    let args = [fd(queue), text.as_mut_ptr() as usize, text.len(), 0, 0, 0];
    // SAFETY: a descriptor, room for the longest message with its length, no priority, and no time limit.
    let length = unsafe { call(libc::SYS_mq_timedreceive, args) }?;
    text.truncate(length);
    Ok(text)
}
