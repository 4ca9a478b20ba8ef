//! One small filter that is not for a sandbox: it keeps a socket family out of reach that no network namespace confines.
//!
//! The filters of sandboxes are made by `backend`; installing them there takes away privileges too, this does not.

use nix::errno::Errno;

use super::check;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCHITECTURE: u32 = 0;

const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;

/// Makes `socket(family, …)` fail with EAFNOSUPPORT for this process and its descendants, as on a kernel without it.
/// Programs of other architectures are not covered.
///
/// # Errors
/// The errno of `seccomp(2)`; `EACCES` without `CAP_SYS_ADMIN` in the user namespace.
pub fn refuse_family(family: libc::c_int) -> nix::Result<()> {
    let load = |offset| instruction(0x20, 0, 0, offset);
    let unless = |value, skip| instruction(0x15, 0, skip, value);
    let give = |value| instruction(0x06, 0, 0, value);
    let program = [
        load(4),
        unless(ARCHITECTURE, 5),
        load(0),
        unless(libc::SYS_socket as u32, 3),
        load(16),
        unless(family as u32, 1),
        give(ERRNO | Errno::EAFNOSUPPORT as u32),
        give(ALLOW),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the program, which lives across the call, and changes nothing in it.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) })?;
    Ok(())
}

const fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}
