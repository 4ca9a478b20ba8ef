//! Hearing of calls at their beginning through a seccomp listener, and letting each go on as it was asked.
//!
//! Nothing is decided here (`seccomp_unotify(2)`: the process can change its memory meanwhile); who listens only takes
//! notes. Cheaper than a tracer's stop: both sides take turns on one processor, and nobody waits for a second report.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::Pid;

use super::watch::Asked;

const RECEIVE: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const SET_FLAGS: libc::c_ulong = 0x4008_2104;

/// Who hears of calls.
#[derive(Debug)]
pub struct Ear(OwnedFd);

impl Ear {
    /// From what `watch::stop_calls` gave.
    #[must_use]
    pub fn new(listener: OwnedFd) -> Self {
        const TAKE_TURNS: libc::c_ulong = 1;
        // SAFETY: the request takes a number and touches no memory. Before Linux 6.6 it is refused, which costs time only.
        unsafe { libc::ioctl(listener.as_raw_fd(), SET_FLAGS as _, TAKE_TURNS) };
        Self(listener)
    }

    /// Waits for the next call and shows it; it goes on afterwards. False when nobody is left who could call.
    pub fn next(&self, mut show: impl FnMut(Pid, &Asked)) -> bool {
        // A call that was given up meanwhile is ENOENT, and so is, on some kernels, the end of all; the hang-up says which.
        while !self.hung_up() {
            let mut call = std::mem::MaybeUninit::<libc::seccomp_notif>::zeroed();
            // SAFETY: the kernel wants a zeroed `seccomp_notif`, which it fills and which lives across the call.
            match Errno::result(unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE as _, call.as_mut_ptr()) }) {
                Ok(_) => {}
                Err(Errno::EINTR | Errno::ENOENT) => continue,
                Err(_) => return false,
            }
            // SAFETY: all zeroes is a value of it, and the kernel has filled it.
            let call = unsafe { call.assume_init() };
            let asked = Asked { number: i64::from(call.data.nr), arguments: call.data.args };
            show(Pid::from_raw(call.pid.cast_signed()), &asked);
            const GO_ON: u32 = 1;
            let answer = libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: GO_ON };
            // SAFETY: the kernel reads one live `seccomp_notif_resp`. Who has been killed meanwhile needs no answer.
            unsafe { libc::ioctl(self.0.as_raw_fd(), SEND as _, &raw const answer) };
            return true;
        }
        false
    }

    fn hung_up(&self) -> bool {
        let mut fd = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        loop {
            // SAFETY: the kernel reads and writes one live `pollfd`.
            match Errno::result(unsafe { libc::poll(&raw mut fd, 1, -1) }) {
                Err(Errno::EINTR) => {}
                Err(_) => return true,
                Ok(_) => return fd.revents & libc::POLLIN == 0,
            }
        }
    }
}
