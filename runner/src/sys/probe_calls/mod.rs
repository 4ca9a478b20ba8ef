//! The calls probes make by number, because a C library may refuse, emulate or rearrange them.
//!
//! Every wrapper takes owned or borrowed values and makes exactly one kernel call, so that the errno seen is the
//! kernel's answer to that call. Nothing here knows what a refusal means; `probe` does. Files are in [`files`],
//! sockets in [`sockets`], shared memory and queues in [`ipc`], terminals in [`terminal`], processes and odd entries to the
//! kernel in [`process`] and [`others`], what needs nothing of its caller in [`plain`], and what can do nothing at all in
//! [`idle`].

pub mod files;
pub mod idle;
pub mod ipc;
pub mod names;
pub mod others;
pub mod plain;
pub mod process;
pub mod room;
pub mod sockets;
pub mod terminal;

use nix::errno::Errno;

/// One kernel call by number.
///
/// # Safety
/// The arguments must be what the call of that number expects; pointers among them must be valid for it.
unsafe fn call(number: libc::c_long, args: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller vouches for the arguments; unused ones are ignored by the kernel.
    let answer = unsafe { libc::syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]) };
    usize::try_from(answer).map_err(|_| Errno::last())
}

/// A descriptor as a call's argument.
fn fd(descriptor: &impl std::os::fd::AsRawFd) -> usize {
    number(descriptor.as_raw_fd())
}

/// A signed number as a call's argument, sign kept.
#[expect(clippy::cast_sign_loss, reason = "the kernel reads the register as the signed number it was")]
fn number(value: impl Into<i64>) -> usize {
    value.into() as usize
}
