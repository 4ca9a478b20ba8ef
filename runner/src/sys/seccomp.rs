//! Small filters that are no sandbox: one keeps a socket family out of reach that no network namespace confines, the other
//! plays a host that refuses calls.
//!
//! The filters of sandboxes are made by `backend`.

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

/// A call that is to fail.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// Its number.
    pub number: libc::c_long,
    /// How it fails.
    pub errno: Errno,
    /// Only when the first argument has any of these bits; always when there are none.
    pub bits: u32,
}

/// Makes calls fail for this process and its descendants, which gain no privileges any more either.
///
/// # Errors
/// The errno of `prctl(2)` or `seccomp(2)`.
pub fn refuse_calls(calls: &[Refused]) -> nix::Result<()> {
    nix::sys::prctl::set_no_new_privs()?;
    let load = |offset| instruction(0x20, 0, 0, offset);
    let give = |value| instruction(0x06, 0, 0, value);
    let mut program = vec![load(4), instruction(0x15, 1, 0, ARCHITECTURE), give(ALLOW), load(0)];
    for call in calls {
        program.push(instruction(0x15, 0, if call.bits == 0 { 1 } else { 4 }, call.number as u32));
        if call.bits != 0 {
            program.extend([load(16), instruction(0x45, 0, 1, call.bits)]);
        }
        program.push(give(ERRNO | call.errno as u32));
        if call.bits != 0 {
            program.push(load(0));
        }
    }
    program.push(give(ALLOW));
    let length = program.len() as u16;
    let program = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, which lives across the call, and changes nothing in it.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) })?;
    Ok(())
}

const fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}
