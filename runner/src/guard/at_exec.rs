//! Following a sandbox from exec to exec: a listener tells of each program that is about to be put in place, and only then is
//! the process traced, to the moment when it is there and has run nothing. Between two programs nothing is slower.
//!
//! What a call asks for decides nothing, as the process can change it meanwhile; what is in place afterwards does. The
//! filter that tells is inherited and cannot be taken off, so nothing gets away; where palisade is gone, every exec fails.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::decide::{Desk, Fate};
use super::image::Image;
use super::lineage::{Before, Lineage};
use super::missing::Search;
use super::origin::Program;
use super::voice::{self, Hearing, Mouth, Voice};
use crate::sys::alarm::Alarm;
use crate::sys::hearing::{Call, Ear};
use crate::sys::process;
use crate::sys::trace::{self, Event, Patience};
use crate::terminal::Relay;

/// A sandbox that is followed.
#[derive(Debug)]
pub(super) struct AtExec {
    shared: Arc<Shared>,
    hearing: Hearing,
}

#[derive(Debug)]
struct Shared {
    ear: Ear,
    desk: Arc<Mutex<Desk>>,
    lineage: Mutex<Lineage>,
    /// The first process of the sandbox, which is ours and executes nothing.
    first_process: Pid,
    /// Whose turn it is to wait for calls. Kept while an exec is seen to its end, since waking another thread costs more than
    /// most take; one can take as long as a file system likes, so one that takes [`LONG`] is waited for by the side.
    turn: Mutex<Search>,
    /// How many threads wait for a turn.
    idle: AtomicUsize,
    /// Whatever executes from now on is killed.
    ending: AtomicBool,
    /// Whether it has been said that a process cannot be looked into.
    blind: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AtExec {
    /// Begins to follow all that the listener tells of.
    ///
    /// # Errors
    /// Why this host does not let us.
    pub(super) fn begin(listener: OwnedFd, desk: Arc<Mutex<Desk>>, first_process: Pid) -> Result<Self, String> {
        let wrong = |errno: Errno| format!("guard: following the command: {}", errno.desc());
        let (mouth, hearing) = voice::pair().map_err(wrong)?;
        process::leave_stops_of_children_unsaid().map_err(wrong)?;
        let shared = Arc::new(Shared {
            ear: Ear::new(listener).taking_turns(),
            desk,
            lineage: Mutex::default(),
            first_process,
            turn: Mutex::default(),
            idle: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
            blind: AtomicBool::new(false),
        });
        if !one_more(&shared, &mouth) {
            return Err(wrong(Errno::EAGAIN));
        }
        Ok(Self { shared, hearing })
    }

    /// Can be read when [`AtExec::speak`] has something to say.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.hearing.as_fd()
    }

    /// Says to the person what is to be said, and asks what is to be asked.
    pub(super) fn speak(&self, relay: &mut Option<Relay>) {
        self.hearing.speak(relay);
    }

    /// The sandbox is ending: nothing more is put in place, and what was decided is said.
    pub(super) fn finish(&self) {
        self.shared.ending.store(true, Ordering::Release);
        // Whoever is deciding may be asking, for a process that is no more.
        while matches!(self.shared.desk.try_lock(), Err(TryLockError::WouldBlock)) {
            self.hearing.end();
            std::thread::yield_now();
        }
        self.hearing.end();
    }
}

/// From when on an exec is not waited for alone.
const LONG: Duration = Duration::from_millis(20);

/// Starts one more thread; whether it could be had.
fn one_more(shared: &Arc<Shared>, mouth: &Mouth) -> bool {
    let (theirs, mouth) = (shared.clone(), mouth.clone());
    let started = std::thread::Builder::new().name("guard".to_owned()).spawn(move || serve(&theirs, &mouth));
    started.is_ok()
}

/// The life of such a thread: it ends with the process, or when nobody is left who could execute anything.
fn serve(shared: &Arc<Shared>, mouth: &Mouth) {
    let mut alarm = Alarm::new().ok();
    let mut turn = None;
    loop {
        // The kernel wakes all that wait for a call, so only one does.
        let mut held = turn.take().unwrap_or_else(|| {
            shared.idle.fetch_add(1, Ordering::AcqRel);
            let held = locked(&shared.turn);
            shared.idle.fetch_sub(1, Ordering::AcqRel);
            held
        });
        let Some(call) = shared.next_call(&mut held) else { return };
        turn = Some(held);
        shared.attend(&call, mouth, alarm.as_mut(), || {
            if turn.take().is_some() && shared.idle.load(Ordering::Acquire) == 0 {
                // Without another one it only takes longer.
                one_more(shared, mouth);
            }
        });
    }
}

/// What the tracee of this thread stops for; none when there is no tracee.
fn next_stop(mut interrupted: impl FnMut()) -> Option<(Pid, Event)> {
    loop {
        match trace::next(Patience::OwnOnly) {
            Ok(None) => interrupted(),
            Ok(stop) => return stop,
            Err(_) => return None,
        }
    }
}

impl Shared {
    /// The next exec that takes more than a moment; none when nobody is left who could make one.
    fn next_call(&self, search: &mut Search) -> Option<Call> {
        loop {
            match self.ear.receive() {
                Ok(call) if self.ending.load(Ordering::Acquire) => {
                    let _ = kill(call.thread, Signal::SIGKILL);
                    self.ear.refuse(&call, Errno::EPERM);
                }
                Ok(call) if search.is_missing(&call) => self.ear.refuse(&call, Errno::ENOENT),
                Ok(call) => return Some(call),
                Err(Errno::EINTR) => {}
                // Given up meanwhile; at the end of all it would be said again and again.
                Err(Errno::ENOENT) if !self.ear.is_over() => {}
                Err(_) => return None,
            }
        }
    }

    /// Sees an exec to its end; says so when it takes long.
    fn attend(&self, call: &Call, mouth: &Mouth, mut alarm: Option<&mut Alarm>, mut takes_long: impl FnMut()) {
        let thread = call.thread;
        let before = Before::of(thread);
        if let Err(errno) = trace::seize_for_exec(thread) {
            // Somebody else traces it, or it lets nobody look into it: nobody could judge what it becomes.
            if !self.blind.swap(true, Ordering::Relaxed) {
                Voice::Lent(mouth).tell(format!(
                    "palisade: guard: process {thread} may not execute a program, because nobody could see which: tracing it: {}; \
                     is it traced already, or palisade itself?\n",
                    errno.desc()
                ));
            }
            return self.ear.refuse(call, Errno::EPERM);
        }
        // Exactly one stop follows: in the new program, or, where there is none, on the way back into the old one. Asked for before
        // the call goes on, for one that fails at once may be followed by the next.
        let _ = trace::interrupt(thread);
        if alarm.as_mut().is_none_or(|alarm| alarm.set(LONG).is_err()) {
            takes_long();
        }
        self.ear.go_on(call);
        let mut stop = next_stop(&mut takes_long);
        alarm.iter_mut().for_each(|alarm| alarm.rest());
        while let Some((pid, event)) = stop {
            let over = match event {
                Event::Executed if self.may_run(pid, before, mouth) => trace::let_go(pid, 0).is_ok(),
                // INVARIANT: what is refused is never let go, also where it could not be killed.
                Event::Executed => false,
                Event::Ended(_) => true,
                Event::Signal(signal) => trace::let_go(pid, signal).is_ok(),
                _ => trace::let_go(pid, 0).is_ok(),
            };
            if over {
                return;
            }
            // Whoever is killed is waited for, and nobody knows how long it takes to die.
            takes_long();
            stop = next_stop(&mut takes_long);
        }
    }

    /// Decides about the program that is in place in a process.
    fn may_run(&self, pid: Pid, before: Option<Before>, mouth: &Mouth) -> bool {
        let image = Image::read(pid);
        let seen = !(image.line.is_empty() && image.program.is_none());
        if !seen || self.ending.load(Ordering::Acquire) {
            let _ = kill(pid, Signal::SIGKILL);
            return false;
        }
        let origin = {
            let mut lineage = locked(&self.lineage);
            let origin = before.map(|before| lineage.origin(pid, before)).unwrap_or_default();
            if let (Some(before), Some(stack)) = (before, image.stack) {
                let starter = origin.started_by.clone();
                let program = Program::started(pid.as_raw(), image.path(), image.argv(), starter);
                lineage.executed(stack, before, program);
            }
            origin
        };
        let fate = locked(&self.desk).decide(&image, &origin, &mut Voice::Lent(mouth));
        match fate {
            Fate::Runs => true,
            Fate::Killed => false,
            Fate::KilledWithAll => {
                self.ending.store(true, Ordering::Release);
                process::end_below(self.first_process);
                false
            }
        }
    }
}
