//! The calls of a terminal, all on standard input, as macOS numbers them.

use nix::errno::Errno;

/// `TIOCSTI`: types one byte.
///
/// # Errors
/// The errno of the call.
pub fn type_into(byte: u8) -> Result<(), Errno> {
    // SAFETY: the request reads one byte.
    Errno::result(unsafe { libc::ioctl(0, libc::TIOCSTI, std::ptr::from_ref(&byte)) }).map(drop)
}

/// A question to the console of Linux alone.
///
/// # Errors
/// `ENOTTY`, always.
pub const fn ask() -> Result<(), Errno> {
    Err(Errno::ENOTTY)
}

/// `TIOCSCTTY`.
///
/// # Errors
/// The errno of the call.
pub fn claim() -> Result<(), Errno> {
    // SAFETY: the request takes a number.
    Errno::result(unsafe { libc::ioctl(0, libc::c_ulong::from(libc::TIOCSCTTY), 0) }).map(drop)
}

/// `TIOCSWINSZ`.
///
/// # Errors
/// The errno of the call.
pub fn resize(rows: u16, columns: u16) -> Result<(), Errno> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request reads one struct winsize.
    Errno::result(unsafe { libc::ioctl(0, libc::TIOCSWINSZ, std::ptr::from_ref(&size)) }).map(drop)
}
