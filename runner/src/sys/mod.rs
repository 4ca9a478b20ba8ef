//! Thin wrappers over the kernel's calls: the only place in palisade where `unsafe` is written.
//!
//! Each wrapper does one thing and returns the kernel's errno; what it is for is decided by the caller. What only Linux has
//! is behind a gate here.

#[cfg(target_os = "linux")]
pub mod alarm;
pub mod attribute;
#[cfg(target_os = "linux")]
pub mod bell;
pub mod budget;
pub mod children;
pub mod heap;
#[cfg(target_os = "linux")]
pub mod hearing;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
#[path = "memory/linux.rs"]
pub mod memory;
#[cfg(not(target_os = "linux"))]
#[path = "memory/elsewhere.rs"]
pub mod memory;
#[cfg(target_os = "linux")]
pub mod mount;
#[cfg(target_os = "linux")]
pub mod net;
#[cfg(target_os = "linux")]
pub mod probe_calls;
#[cfg(not(target_os = "linux"))]
#[path = "probe_calls/elsewhere/mod.rs"]
pub mod probe_calls;
pub mod process;
#[cfg(target_os = "linux")]
pub mod schedule;
#[cfg(target_os = "linux")]
pub mod seccomp;
pub mod signals;
pub mod spawn;
#[cfg(target_os = "linux")]
pub mod stack;
pub mod terminal;
#[cfg(target_os = "linux")]
pub mod trace;
pub mod trial;
#[cfg(target_os = "linux")]
pub mod watch;

/// Turns a raw system call's result into a value or its errno.
#[cfg(target_os = "linux")]
fn check(result: libc::c_long) -> nix::Result<libc::c_long> {
    nix::errno::Errno::result(result)
}
