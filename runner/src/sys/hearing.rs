//! Hearing of calls at their beginning through a seccomp listener, and letting each go on as it was asked.
//!
//! Nothing is decided by what a call asks for (`seccomp_unotify(2)`: the process can change its memory meanwhile): who
//! listens takes notes, or sees to it that the process is looked at later. Cheaper than a tracer's stop: both sides take
//! turns on one processor, and nobody waits for a second report.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::Pid;

use super::watch::Asked;

const RECEIVE: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const SET_FLAGS: libc::c_ulong = 0x4008_2104;

/// A listener, and no signal interrupts a call that it has heard of (Linux 5.19).
pub(super) const LISTENED: libc::c_uint = 1 << 3 | 1 << 5;

/// Who hears of calls.
#[derive(Debug)]
pub struct Ear(OwnedFd);

/// A call that waits at its beginning for an answer.
#[derive(Clone, Debug)]
pub struct Call {
    id: u64,
    /// The thread that calls.
    pub thread: Pid,
    /// What it asks for.
    pub asked: Asked,
    /// Whether number and arguments are those of this machine's own programs.
    pub native: bool,
}

impl Ear {
    /// From what gave a listener.
    #[must_use]
    pub fn new(listener: OwnedFd) -> Self {
        Self(listener)
    }

    /// Both sides take turns on one processor. Before Linux 6.6 it is refused, which costs time only.
    #[must_use]
    pub fn taking_turns(self) -> Self {
        const TAKE_TURNS: libc::c_ulong = 1;
        // SAFETY: the request takes a number and touches no memory.
        unsafe { libc::ioctl(self.0.as_raw_fd(), SET_FLAGS as _, TAKE_TURNS) };
        self
    }

    /// Waits for the next call and shows it; it goes on afterwards. False when nobody is left who could call.
    pub fn next(&self, mut show: impl FnMut(Pid, &Asked)) -> bool {
        // A call that was given up meanwhile is ENOENT, and so is, on some kernels, the end of all; the hang-up says which.
        while !self.hung_up() {
            match self.receive() {
                Ok(call) => {
                    show(call.thread, &call.asked);
                    self.go_on(&call);
                    return true;
                }
                Err(Errno::EINTR | Errno::ENOENT) => {}
                Err(_) => return false,
            }
        }
        false
    }

    /// Waits for the next call.
    ///
    /// # Errors
    /// `EINTR` when a signal came, `ENOENT` when the call was given up meanwhile or, on some kernels, nobody is left who could call.
    pub fn receive(&self) -> nix::Result<Call> {
        let mut call = std::mem::MaybeUninit::<libc::seccomp_notif>::zeroed();
        // SAFETY: the kernel wants a zeroed `seccomp_notif`, which it fills and which lives across the call.
        Errno::result(unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE as _, call.as_mut_ptr()) })?;
        // SAFETY: all zeroes is a value of it, and the kernel has filled it.
        let call = unsafe { call.assume_init() };
        Ok(Call {
            id: call.id,
            thread: Pid::from_raw(call.pid.cast_signed()),
            asked: Asked { number: i64::from(call.data.nr), arguments: call.data.args },
            native: call.data.arch == super::watch::ARCHITECTURE,
        })
    }

    /// Lets a call go on as it was asked. Who has been killed meanwhile needs no answer.
    pub fn go_on(&self, call: &Call) {
        const GO_ON: u32 = 1;
        self.answer(&libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: GO_ON });
    }

    /// Answers a call with an error; nothing of it is done.
    pub fn refuse(&self, call: &Call, errno: Errno) {
        self.answer(&libc::seccomp_notif_resp { id: call.id, val: 0, error: -(errno as i32), flags: 0 });
    }

    fn answer(&self, answer: &libc::seccomp_notif_resp) {
        // SAFETY: the kernel reads one live `seccomp_notif_resp`.
        unsafe { libc::ioctl(self.0.as_raw_fd(), SEND as _, std::ptr::from_ref(answer)) };
    }

    /// Whether nobody is left who could call.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let mut fd = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the kernel reads and writes one live `pollfd`.
        let ready = unsafe { libc::poll(&raw mut fd, 1, 0) };
        ready == 1 && fd.revents & libc::POLLIN == 0
    }

    /// Waits until there is a call, or nobody left who could make one; whether the latter.
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

/// Tells a listener of each program that this process and its descendants are about to execute, in every way this machine
/// lets it be said.
///
/// # Errors
/// The errno of `seccomp(2)`; `EACCES` without `CAP_SYS_ADMIN` and without `no_new_privs`, `EINVAL` before Linux 5.19,
/// `EBUSY` where somebody listens already. Nothing has been changed then.
pub fn of_programs() -> nix::Result<OwnedFd> {
    /// Architectures this kernel may run, each with its numbers of `execve` and `execveat`, and what x32 has instead.
    #[cfg(target_arch = "x86_64")]
    const CALLS: [(u32, &[u32]); 2] =
        [(0xc000_003e, &[59, 322, 0x4000_0000 + 520, 0x4000_0000 + 545]), (0x4000_0003, &[11, 358])];
    #[cfg(not(target_arch = "x86_64"))]
    const CALLS: [(u32, &[u32]); 2] = [(0xc000_00b7, &[221, 281]), (0x4000_0028, &[11, 387])];
    const TELL: u32 = 0x7fc0_0000;
    const ALLOW: u32 = 0x7fff_0000;
    const KILL: u32 = 0x8000_0000;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = Vec::new();
    for (architecture, calls) in CALLS {
        program.extend([
            step(0x20, 0, 0, 4),
            step(0x15, 0, 2 + 2 * calls.len() as u8, architecture),
            step(0x20, 0, 0, 0),
        ]);
        for call in calls {
            program.extend([step(0x15, 0, 1, *call), step(0x06, 0, 0, TELL)]);
        }
        program.push(step(0x06, 0, 0, ALLOW));
    }
    // A program of an architecture that is not listed has no call we could name.
    program.push(step(0x06, 0, 0, KILL));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, whose instructions live across the call, and changes nothing in them.
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, LISTENED, &raw const program) };
    super::process::adopt(Errno::result(answer)? as i32)
}
