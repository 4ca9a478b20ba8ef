//! Terminals: size, and becoming the controlling one (`ioctl_tty(2)`).

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::pty::Winsize;

/// The request that makes a terminal the controlling one.
#[cfg(target_os = "linux")]
const CONTROLLING: libc::c_ulong = libc::TIOCSCTTY;
#[cfg(not(target_os = "linux"))]
const CONTROLLING: libc::c_ulong = libc::TIOCSCTTY as libc::c_ulong;

/// The size of a terminal.
///
/// # Errors
/// `ENOTTY` when it is none.
pub fn size(terminal: BorrowedFd<'_>) -> nix::Result<Winsize> {
    let mut size = Winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes one winsize to a live one.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) })?;
    Ok(size)
}

/// Sets the size of a terminal.
///
/// # Errors
/// `ENOTTY` when it is none.
pub fn set_size(terminal: BorrowedFd<'_>, size: &Winsize) -> nix::Result<()> {
    // SAFETY: the kernel reads one winsize from a live one.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, std::ptr::from_ref(size)) })?;
    Ok(())
}

/// Makes a terminal the controlling one of this session, which must have none yet.
///
/// # Errors
/// `EPERM` when this process leads no session or the terminal belongs to another.
pub fn make_controlling(terminal: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: passes a number only.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), CONTROLLING, 0) })?;
    Ok(())
}

/// Lets reads return at once when there is nothing.
pub fn set_nonblocking(fd: RawFd) {
    // SAFETY: changes a flag of the open file only.
    unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_RDWR | libc::O_NONBLOCK) };
}
