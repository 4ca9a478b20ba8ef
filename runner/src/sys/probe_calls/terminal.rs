//! The calls of a terminal, all on standard input.

use nix::errno::Errno;

use super::{call, number};

const TIOCSTI: usize = 0x5412;
const TIOCLINUX: usize = 0x541c;
const TIOCSCTTY: usize = 0x540e;
const TIOCSWINSZ: usize = 0x5414;

/// `TIOCSTI`: types one byte.
///
/// # Errors
/// The errno of the call.
pub fn type_into(byte: u8) -> Result<(), Errno> {
    // SAFETY: the request reads one byte.
    unsafe { call(libc::SYS_ioctl, [0, TIOCSTI, std::ptr::from_ref(&byte) as usize, 0, 0, 0]) }.map(drop)
}

/// `TIOCLINUX` with the question which of shift, control and the like is held down.
///
/// # Errors
/// The errno of the call.
pub fn ask() -> Result<(), Errno> {
    let mut question = [6_u8; 1];
    // SAFETY: this question reads and writes one byte.
    unsafe { call(libc::SYS_ioctl, [0, TIOCLINUX, question.as_mut_ptr() as usize, 0, 0, 0]) }.map(drop)
}

/// `TIOCSCTTY`, without force.
///
/// # Errors
/// The errno of the call.
pub fn claim() -> Result<(), Errno> {
    // SAFETY: the request takes a number.
    unsafe { call(libc::SYS_ioctl, [0, TIOCSCTTY, number(0), 0, 0, 0]) }.map(drop)
}

/// `TIOCSWINSZ`.
///
/// # Errors
/// The errno of the call.
pub fn resize(rows: u16, columns: u16) -> Result<(), Errno> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request reads one struct winsize.
    unsafe { call(libc::SYS_ioctl, [0, TIOCSWINSZ, std::ptr::from_ref(&size) as usize, 0, 0, 0]) }.map(drop)
}
