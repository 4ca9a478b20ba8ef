//! The guard: judges every program that a run puts in place, at the one moment when it is there and has run nothing.
//!
//! `ptrace(2)` stops a process at its exec, so nothing is raced; what is refused is killed before its first instruction. A
//! sandbox is followed from exec to exec ([`at_exec`]). Without one, or where denials are looked for, every process is
//! traced from its beginning to its end, as nothing else would end those that outlive the command. The guard owns who is
//! traced; [`decide`] says what becomes of a program, how a sandbox is followed is `supervise`'s business.

mod alone;
mod at_exec;
mod decide;
mod facts;
mod image;
mod judge;
mod kill;
mod known;
mod lineage;
mod missing;
mod origin;
mod record;
mod told;
mod tree;
mod voice;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use policy::decision::Decision;
use policy::ruleset::RuleSet;
use policy::source::Sources;
use policy::verdict::Consent;

use crate::denials::Denials;
use crate::sys::bell::Bell;
use crate::sys::schedule;
use crate::sys::trace::{self, Event, Patience, Stops};
use crate::terminal::Relay;

pub use alone::without_what_it_executes;
use at_exec::AtExec;
use decide::{Desk, Fate};
use image::Image;
pub use kill::Kill;
pub use origin::Ancestor;
use tree::Tree;
use voice::{Voice, tell};

/// What to judge by, and what to do about it.
#[derive(Debug)]
pub struct Settings {
    /// The rules.
    pub rules: RuleSet,
    /// Their texts, for places.
    pub sources: Sources,
    /// What a program gets that no rule matches.
    pub default: Decision,
    /// What is killed.
    pub kill: Kill,
    /// Where every exec is written, one line each.
    pub record: Option<File>,
    /// Who looks for denials.
    pub denials: Option<Denials>,
    /// The directory that relative names in the rules are taken from.
    pub cwd: PathBuf,
}

/// The guard of one run.
#[derive(Debug)]
pub struct Guard {
    desk: Arc<Mutex<Desk>>,
    denials: Option<Denials>,
    /// From the time when a sandbox is followed from exec to exec.
    at_exec: Option<AtExec>,
    tree: Tree,
    /// From the time when something is traced from its beginning.
    bell: Option<Rc<Bell>>,
    /// The first process of a sandbox, which is ours and is never judged.
    first_process: Option<Pid>,
    /// The command, where there is no first process.
    command: Option<Pid>,
    command_stopped: bool,
    /// Children and the command, with the status of each that has ended.
    ended: HashMap<i32, i32>,
    refused: HashSet<i32>,
    /// New processes that are held until the one that started them tells of them.
    unannounced: HashSet<i32>,
    /// Whatever stops from now on is killed.
    ending: bool,
    left_behind: usize,
}

impl Guard {
    /// Made before the run; looks up the programs that the rules restrict.
    #[must_use]
    pub fn new(mut settings: Settings, agreed: Consent) -> Self {
        let (denials, record) = (settings.denials.take(), settings.record.take());
        Self {
            desk: Arc::new(Mutex::new(Desk::new(settings, record, agreed))),
            denials,
            at_exec: None,
            tree: Tree::default(),
            bell: None,
            first_process: None,
            command: None,
            command_stopped: false,
            ended: HashMap::new(),
            refused: HashSet::new(),
            unannounced: HashSet::new(),
            ending: false,
            left_behind: 0,
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns of the first process of a sandbox, which waits to be told so. It is traced with all it starts where denials are
    /// looked for, or where it says a second time that it waits, because nobody could listen to it instead.
    ///
    /// # Errors
    /// Why this host does not let us.
    pub fn begin(&mut self, first_process: Pid, until: Option<Instant>) -> Result<(), String> {
        let again = self.first_process.replace(first_process).is_some();
        if self.wants_denials() || again {
            return self.seize(first_process, until);
        }
        self.prepare(until)
    }

    /// Takes the listener that tells of programs, or of calls where denials are looked for.
    ///
    /// # Errors
    /// Why nobody can listen.
    pub fn listen(&mut self, listener: Arc<OwnedFd>) -> Result<(), String> {
        let listener = Arc::into_inner(listener).ok_or("guard: the listener has another owner")?;
        if let Some(denials) = &mut self.denials {
            return denials.listen(listener).map_err(|error| format!("denials: listening: {error}"));
        }
        let first_process = self.first_process.ok_or("guard: nobody waits to be followed")?;
        self.at_exec = Some(AtExec::begin(listener, self.desk.clone(), first_process)?);
        Ok(())
    }

    /// Whether processes are traced from their beginning, so that their ends are told to the guard alone.
    #[must_use]
    pub const fn traces(&self) -> bool {
        self.bell.is_some()
    }

    /// Can be read when [`Guard::speak`] has something to say.
    #[must_use]
    pub fn voice(&self) -> Option<BorrowedFd<'_>> {
        self.at_exec.as_ref().map(AtExec::as_fd)
    }

    /// Says to the person what is to be said, and asks what is to be asked.
    pub fn speak(&self, relay: &mut Option<Relay>) {
        self.at_exec.iter().for_each(|at_exec| at_exec.speak(relay));
    }

    /// Begins to trace the command itself, which waits to be told so.
    ///
    /// # Errors
    /// Why this host does not let us.
    pub fn begin_with_command(&mut self, command: Pid, until: Option<Instant>) -> Result<(), String> {
        self.command = Some(command);
        self.seize(command, until)
    }

    /// What has to be so before anything is followed.
    fn prepare(&mut self, until: Option<Instant>) -> Result<(), String> {
        self.desk().until = until;
        let own = std::fs::read_link("/proc/self").ok();
        if own.is_none_or(|own| own.to_string_lossy() != std::process::id().to_string()) {
            return Err(
                "guard: /proc is not that of palisade's own process table, so programs cannot be told apart".into()
            );
        }
        // What runs as this user outside of a sandbox could otherwise reach into the tracer itself.
        nix::sys::prctl::set_dumpable(false).map_err(|errno| format!("guard: {}", errno.desc()))
    }

    fn seize(&mut self, pid: Pid, until: Option<Instant>) -> Result<(), String> {
        self.prepare(until)?;
        let stops = if self.wants_denials() { Stops::Calls } else { Stops::Programs };
        trace::seize(pid, stops).map_err(|errno| {
            format!(
                "guard: tracing the command: {}; palisade may be traced itself, or `kernel.yama.ptrace_scope` or a security \
                 module forbids ptrace",
                errno.desc()
            )
        })?;
        self.tree.root(pid);
        // Whatever is stopped waits for this thread; where the kernel does not let it hurry, it is only slower.
        let _ = schedule::short_slices();
        self.bell = Some(Rc::new(Bell::new().map_err(|errno| format!("guard: {}", errno.desc()))?));
        Ok(())
    }

    /// Takes in what happens until one of these can be read, the time has come, or a child or the command has changed. True
    /// when it is to be called again soon: what could be read may have been read meanwhile, by whoever asked a person.
    /// False when nothing is traced, so that others may wait as long as they like.
    pub fn wait(&mut self, fds: &[BorrowedFd<'_>], until: Option<Instant>, relay: &mut Option<Relay>) -> bool {
        let Some(bell) = self.bell.clone() else { return false };
        if let Err(errno) = bell.set(fds, until) {
            // Nobody could interrupt the wait, so nothing may be waited for.
            tell(&format!("palisade: guard: waiting: {}; the command is ended\n", errno.desc()), relay);
            self.kill_all();
        }
        let known = self.ended.len();
        while self.ended.len() == known && !self.command_stopped {
            let next = match self.already() {
                Some(next) => Some(Ok(Some(next))),
                None => bell.until_rung(|| trace::next(Patience::Interrupted)),
            };
            match next {
                Some(Ok(Some((pid, event)))) => self.handle(pid, event, relay),
                Some(Ok(None)) => {}
                None => return true,
                Some(Err(_)) => return false,
            }
        }
        true
    }

    /// The status with which a child of palisade's, or the command, has ended.
    #[must_use]
    pub fn status_of(&self, pid: Pid) -> Option<i32> {
        self.ended.get(&pid.as_raw()).copied()
    }

    /// Whether the command has been stopped since this was asked last; only where there is no first process.
    pub fn command_stopped(&mut self) -> bool {
        std::mem::take(&mut self.command_stopped)
    }

    /// The sandbox is ending: nothing more is put in place, and the traced are taken in until `pid` has ended.
    pub fn finish(&mut self, pid: Pid) {
        if let Some(at_exec) = &self.at_exec {
            return at_exec.finish();
        }
        self.ending = true;
        self.bell = None;
        while self.status_of(pid).is_none() && self.take_in_next() {}
    }

    /// The command has ended: whatever it left is ended with it, because nobody would judge it any more.
    pub fn end_rest(&mut self) {
        self.left_behind = self.tree.processes().len();
        self.bell = None;
        self.kill_all();
        while !(self.tree.is_empty() && self.unannounced.is_empty()) && self.take_in_next() {}
    }

    /// Waits for what happens next; false when nothing can.
    fn take_in_next(&mut self) -> bool {
        let next = match self.already() {
            Some(next) => Ok(Some(next)),
            None => trace::next(Patience::Wait),
        };
        match next {
            Ok(Some((pid, event))) => self.handle(pid, event, &mut None),
            Ok(None) => {}
            Err(_) => return false,
        }
        true
    }

    /// What has happened already, where somebody is held for it. Whoever starts a process tells of it at once, unless it was
    /// killed; so where nothing has happened nobody is held any longer, at the price of asking `/proc`.
    fn already(&mut self) -> Option<(Pid, Event)> {
        if self.unannounced.is_empty() {
            return None;
        }
        if let Ok(Some(next)) = trace::next(Patience::None) {
            return Some(next);
        }
        for pid in std::mem::take(&mut self.unannounced) {
            let pid = Pid::from_raw(pid);
            self.adopt(pid);
            let _ = if self.ending { kill(pid, Signal::SIGKILL) } else { trace::resume(pid, 0) };
        }
        None
    }

    fn kill_all(&mut self) {
        self.ending = true;
        let unannounced = self.unannounced.iter().map(|pid| Pid::from_raw(*pid));
        for pid in self.tree.processes().into_iter().chain(unannounced) {
            if Some(pid) != self.first_process {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }

    fn handle(&mut self, pid: Pid, event: Event, relay: &mut Option<Relay>) {
        // A tracee that is gone meanwhile reports its end next, so a request that fails is no error.
        let _: nix::Result<()> = match event {
            Event::Ended(status) => {
                if !self.tree.ended(pid) || self.command == Some(pid) || self.first_process == Some(pid) {
                    self.ended.insert(pid.as_raw(), status);
                }
                self.refused.remove(&pid.as_raw());
                self.unannounced.remove(&pid.as_raw());
                self.denials.iter_mut().for_each(|denials| denials.ended(pid));
                Ok(())
            }
            _ if self.refused.contains(&self.tree.process_of(pid).as_raw()) => Ok(()),
            _ if self.ending && self.first_process != Some(pid) => kill(self.tree.process_of(pid), Signal::SIGKILL),
            Event::Signal(libc::SIGSYS) if self.denies(pid) => trace::resume(pid, 0),
            Event::Signal(signal) => trace::resume(pid, signal),
            Event::Calls => match &mut self.denials {
                Some(denials) => denials.calls(pid),
                None => trace::resume(pid, 0),
            },
            Event::Answered => {
                if self.first_process != Some(pid)
                    && let Some(denials) = &mut self.denials
                {
                    denials.answered(pid, self.tree.program_of(pid));
                }
                trace::resume(pid, 0)
            }
            Event::Forked | Event::Cloned => {
                if let Ok(child) = trace::message(pid) {
                    let of = self.tree.process_of(pid);
                    let is_thread = event == Event::Cloned
                        && std::fs::exists(format!("/proc/{of}/task/{child}")).unwrap_or_default();
                    self.tree.announced(child, pid, is_thread);
                    if self.unannounced.remove(&child.as_raw()) {
                        let _ = trace::resume(child, 0);
                    }
                }
                trace::resume(pid, 0)
            }
            Event::Trap => {
                // A new process may report before the one that started it does, which is about to.
                if self.tree.holds(pid) {
                    trace::resume(pid, 0)
                } else {
                    self.unannounced.insert(pid.as_raw());
                    Ok(())
                }
            }
            Event::Stopped(_) => {
                self.command_stopped |= self.command == Some(pid);
                trace::listen(pid)
            }
            Event::Executed => match trace::message(pid) {
                Ok(former) => self.executed(pid, former, relay),
                Err(errno) => Err(errno),
            },
        };
    }

    /// Learns from `/proc` who started a process.
    fn adopt(&mut self, pid: Pid) {
        let status = image::content(&format!("/proc/{pid}/status")).unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok().map(Pid::from_raw)
        };
        match (number("Tgid:"), number("PPid:")) {
            (Some(process), _) if process != pid => self.tree.born(pid, process, true),
            (_, Some(parent)) => self.tree.born(pid, parent, false),
            _ => {}
        }
    }

    /// A program is in place and has run nothing.
    fn executed(&mut self, pid: Pid, former: Pid, relay: &mut Option<Relay>) -> nix::Result<()> {
        let image = Image::read(pid);
        if image.line.is_empty() && image.program.is_none() {
            // Killed by somebody else at this very moment; whatever else it is, it does not run.
            return kill(pid, Signal::SIGKILL);
        }
        self.tree.executed(pid, former, image.path(), image.argv());
        let origin = self.tree.origin(pid);
        let fate = self.desk().decide(&image, &origin, &mut Voice::Own(relay));
        if fate == Fate::Runs {
            return trace::resume(pid, 0);
        }
        // INVARIANT: a refused process is never resumed, also where it could not be killed.
        self.refused.insert(pid.as_raw());
        if fate == Fate::KilledWithAll {
            self.kill_all();
        }
        Ok(())
    }
}
