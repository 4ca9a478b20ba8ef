//! Thin wrappers over the kernel's calls: the only place in palisade where `unsafe` is written.
//!
//! Each wrapper does one thing and returns the kernel's errno; what it is for is decided by the caller.
#![cfg(target_os = "linux")]

pub mod attribute;
pub mod bell;
pub mod budget;
pub mod hearing;
pub mod mount;
pub mod net;
pub mod probe_calls;
pub mod process;
pub mod schedule;
pub mod seccomp;
pub mod spawn;
pub mod stack;
pub mod terminal;
pub mod trace;
pub mod trial;
pub mod watch;

use nix::errno::Errno;

/// Turns a raw system call's result into a value or its errno.
fn check(result: libc::c_long) -> nix::Result<libc::c_long> {
    Errno::result(result)
}
