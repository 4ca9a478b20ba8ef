//! Waiting for children and for descriptors at once: `wait(2)` blocks, and a thread that polls interrupts it with a signal.
//!
//! A `signalfd(2)` for SIGCHLD among the descriptors would be simpler. It costs twice as much where each stop of a tracee
//! is waited for (a build that starts three programs a file, Linux 6.18): the kernel wakes who is blocked in `wait(2)` on
//! the processor where the tracee has just stopped, and who polls on another one.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::interrupt::{self, INTERRUPT};

/// How soon it is sent again: the first may come in the moment before the call that it is to interrupt.
const AGAIN: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
struct State {
    /// What to poll next, and until when.
    task: Option<(Vec<OwnedFd>, Option<Instant>)>,
    /// One of them is ready, or the time has come.
    rung: bool,
    /// The other thread is in the call that is to be interrupted, or about to be.
    blocked: bool,
    over: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Ends a poll whose result nobody wants any more.
    enough: EventFd,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bell that interrupts the thread that made it.
#[derive(Debug)]
pub struct Bell {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Bell {
    /// Starts the thread. From now on this process is no longer single-threaded.
    ///
    /// # Errors
    /// The errno of the first call that failed.
    pub fn new() -> nix::Result<Self> {
        interrupt::let_in()?;
        let enough = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), enough });
        let theirs = shared.clone();
        // SAFETY: no memory is passed.
        let waiter = unsafe { libc::pthread_self() };
        let start = std::thread::Builder::new().name("bell".to_owned());
        let thread = start.spawn(move || watch(&theirs, waiter)).map_err(|_| nix::errno::Errno::EAGAIN)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Rings, from now on, as soon as one of these can be read or the time has come.
    ///
    /// # Errors
    /// The errno of duplicating a descriptor.
    pub fn set(&self, fds: &[BorrowedFd<'_>], until: Option<Instant>) -> nix::Result<()> {
        let own = fds.iter().map(BorrowedFd::try_clone_to_owned).collect::<Result<Vec<_>, _>>();
        let own = own.map_err(|_| nix::errno::Errno::EMFILE)?;
        let mut state = self.shared.lock();
        state.task = Some((own, until));
        state.rung = false;
        let _ = self.shared.enough.write(1);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Makes a call that blocks, unless it has rung; what it gives after it was interrupted is the call's own affair.
    pub fn until_rung<T>(&self, call: impl FnOnce() -> T) -> Option<T> {
        {
            let mut state = self.shared.lock();
            if state.rung {
                return None;
            }
            state.blocked = true;
        }
        let given = call();
        self.shared.lock().blocked = false;
        Some(given)
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        let _ = self.shared.enough.write(1);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: polls what it is told to, and rings until it is told what next.
fn watch(shared: &Shared, waiter: libc::pthread_t) {
    let mut state = shared.lock();
    loop {
        if state.over {
            return;
        }
        let Some((fds, until)) = state.task.take() else {
            state = if state.rung && state.blocked {
                // SAFETY: the waiter lives as long as its bell, which joins this thread before it is gone.
                unsafe { libc::pthread_kill(waiter, INTERRUPT as libc::c_int) };
                shared.changed.wait_timeout(state, AGAIN).unwrap_or_else(PoisonError::into_inner).0
            } else {
                shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
            continue;
        };
        let _ = shared.enough.read();
        drop(state);
        let ready = ready(shared, &fds, until);
        state = shared.lock();
        state.rung |= ready && state.task.is_none();
    }
}

/// Whether one of these became ready, or the time came, before it was enough.
fn ready(shared: &Shared, fds: &[OwnedFd], until: Option<Instant>) -> bool {
    let mut polled: Vec<_> = fds.iter().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
    polled.push(PollFd::new(shared.enough.as_fd(), PollFlags::POLLIN));
    let limit = until.map_or(PollTimeout::NONE, |until| {
        let left = until.saturating_duration_since(Instant::now());
        PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
    });
    while poll(&mut polled, limit) == Err(nix::errno::Errno::EINTR) {}
    polled.pop().and_then(|enough| enough.revents()).is_none_or(|events| events.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A call that blocks until it is interrupted.
    fn blocked() -> nix::Result<i32> {
        poll(&mut [], 20_000_u16)
    }

    #[test]
    fn it_rings_for_what_can_be_read_and_stays_rung_until_it_is_set_anew() {
        let bell = Bell::new().unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        for round in 0..200_u64 {
            bell.set(&[reader.as_fd()], None).unwrap();
            let wait = Duration::from_micros(round * 7 % 300);
            let written = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(wait);
                    writer.write_all(b"x").unwrap();
                });
                bell.until_rung(blocked)
            });
            assert!(matches!(written, None | Some(Err(nix::errno::Errno::EINTR))), "{round}: {written:?}");
            assert_eq!(bell.until_rung(|| ()), None);
            nix::unistd::read(&reader, &mut [0]).unwrap();
        }
    }

    #[test]
    fn it_rings_when_the_time_has_come_and_forgets_an_earlier_time() {
        let bell = Bell::new().unwrap();
        let (reader, _writer) = std::io::pipe().unwrap();
        let start = Instant::now();
        bell.set(&[reader.as_fd()], Some(start + Duration::from_secs(600))).unwrap();
        bell.set(&[reader.as_fd()], Some(start + Duration::from_millis(30))).unwrap();
        assert!(matches!(bell.until_rung(blocked), Some(Err(nix::errno::Errno::EINTR))));
        assert!((Duration::from_millis(30)..Duration::from_secs(10)).contains(&start.elapsed()));
    }
}
