//! The guard: judges every program that a run puts in place, at the one moment when it is there and has run nothing.
//!
//! `ptrace(2)` stops a process at each exec and at each start of another, so nothing is raced and nothing gets away: new
//! processes are traced from their first instruction. What is refused is killed before its own. The guard owns who is
//! traced and what was seen; how a sandbox is followed is `supervise`'s business, what a verdict says is `policy`'s.

mod alone;
mod facts;
mod image;
mod judge;
mod kill;
mod known;
mod record;
mod told;
mod tree;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use policy::decision::Decision;
use policy::ruleset::RuleSet;
use policy::source::Sources;
use policy::verdict::Consent;
use serde_json::Value;

use crate::consent;
use crate::denials::Denials;
use crate::identity;
use crate::sys::bell::Bell;
use crate::sys::schedule;
use crate::sys::trace::{self, Event, Patience, Stops};
use crate::terminal::Relay;

pub use alone::without_what_it_executes;
use facts::Facts;
use image::{FileId, Image};
use judge::{Judgement, judge_exec};
pub use kill::Kill;
use known::Known;
use record::{Action, Record};
pub use tree::Ancestor;
use tree::Tree;

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

/// How many killed programs are kept for the report; all are counted.
const MOST_KEPT: usize = 1000;

/// How many verdicts are remembered.
const MOST_REMEMBERED: usize = 4096;

/// A program as verdicts are remembered: its file, its words, the path it was called by.
type Key = (FileId, Vec<u8>, Vec<u8>);

/// The guard of one run.
#[derive(Debug)]
pub struct Guard {
    settings: Settings,
    known: Known,
    record: Option<Record>,
    tree: Tree,
    /// From the time when something is traced.
    bell: Option<Rc<Bell>>,
    /// The first process of a sandbox, which is ours and is never judged.
    first_process: Option<Pid>,
    /// The command, where there is no first process.
    command: Option<Pid>,
    command_stopped: bool,
    /// Children and the command, with the status of each that has ended.
    ended: HashMap<i32, i32>,
    verdicts: HashMap<Key, Rc<(Facts, Judgement)>>,
    answers: HashMap<(Option<FileId>, Vec<u8>), Consent>,
    refused: HashSet<i32>,
    /// New processes that are held until the one that started them tells of them.
    unannounced: HashSet<i32>,
    /// Whether the person said yes to the command before it started.
    agreed: Consent,
    until: Option<Instant>,
    /// Whatever stops from now on is killed.
    ending: bool,
    execs: u64,
    asked: u64,
    killed: u64,
    left_behind: usize,
    kept: Vec<Value>,
    record_failed: bool,
}

impl Guard {
    /// Made before the run; looks up the programs that the rules restrict.
    #[must_use]
    pub fn new(mut settings: Settings, agreed: Consent) -> Self {
        let known = Known::new(&settings.rules, identity::search_path(), settings.cwd.clone());
        let record = settings.record.take().map(Record::new);
        Self {
            settings,
            known,
            record,
            tree: Tree::default(),
            bell: None,
            first_process: None,
            command: None,
            command_stopped: false,
            ended: HashMap::new(),
            verdicts: HashMap::new(),
            answers: HashMap::new(),
            refused: HashSet::new(),
            unannounced: HashSet::new(),
            agreed,
            until: None,
            ending: false,
            execs: 0,
            asked: 0,
            killed: 0,
            left_behind: 0,
            kept: Vec::new(),
            record_failed: false,
        }
    }

    /// Begins to trace the first process of a sandbox, which waits to be told so.
    ///
    /// # Errors
    /// Why this host does not let us.
    pub fn begin(&mut self, first_process: Pid, until: Option<Instant>) -> Result<(), String> {
        self.first_process = Some(first_process);
        self.seize(first_process, until)
    }

    /// Begins to trace the command itself, which waits to be told so.
    ///
    /// # Errors
    /// Why this host does not let us.
    pub fn begin_with_command(&mut self, command: Pid, until: Option<Instant>) -> Result<(), String> {
        self.command = Some(command);
        self.seize(command, until)
    }

    fn seize(&mut self, pid: Pid, until: Option<Instant>) -> Result<(), String> {
        self.until = until;
        let own = std::fs::read_link("/proc/self").ok();
        if own.is_none_or(|own| own.to_string_lossy() != std::process::id().to_string()) {
            return Err(
                "guard: /proc is not that of palisade's own process table, so programs cannot be told apart".into()
            );
        }
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
        // What runs as this user outside of a sandbox could otherwise reach into the tracer itself.
        nix::sys::prctl::set_dumpable(false).map_err(|errno| format!("guard: {}", errno.desc()))
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
                self.settings.denials.iter_mut().for_each(|denials| denials.ended(pid));
                Ok(())
            }
            _ if self.refused.contains(&self.tree.process_of(pid).as_raw()) => Ok(()),
            _ if self.ending && self.first_process != Some(pid) => kill(self.tree.process_of(pid), Signal::SIGKILL),
            Event::Signal(libc::SIGSYS) if self.denies(pid) => trace::resume(pid, 0),
            Event::Signal(signal) => trace::resume(pid, signal),
            Event::Calls => match &mut self.settings.denials {
                Some(denials) => denials.calls(pid),
                None => trace::resume(pid, 0),
            },
            Event::Answered => {
                if self.first_process != Some(pid)
                    && let Some(denials) = &mut self.settings.denials
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
        let judged = self.judge(&image);
        let (facts, judgement) = &*judged;
        let path = image.program.as_ref().map_or_else(String::new, |path| path.to_string_lossy().into_owned());
        let argv: Vec<String> =
            image.words().into_iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        self.tree.executed(pid, former, path, argv);
        let first = self.execs == 0;
        self.execs += 1;
        let action = match judgement.verdict.decision() {
            Decision::Allow => Action::Ran,
            Decision::Forbidden => Action::Killed,
            Decision::Prompt => {
                let yes = (first && self.agreed == Consent::Yes) || self.ask(&image, judgement, relay) == Consent::Yes;
                Action::Asked { yes }
            }
        };
        let refused = matches!(action, Action::Killed | Action::Asked { yes: false });
        // Before anything is written: whoever waits for the record to grow must find it dead.
        let killed = if refused { kill(pid, Signal::SIGKILL) } else { Ok(()) };
        self.write(&image, facts, judgement, action);
        if refused {
            // INVARIANT: a refused process is never resumed, also where it could not be killed.
            self.refused.insert(pid.as_raw());
            self.tell_refused(&image, facts, judgement, action, relay);
            if self.settings.kill == Kill::Tree {
                self.kill_all();
            }
            return killed;
        }
        trace::resume(pid, 0)
    }

    fn judge(&mut self, image: &Image) -> Rc<(Facts, Judgement)> {
        let key = image.file.map(|file| (file, image.line.clone(), image.called.clone()));
        if let Some(judged) = key.as_ref().and_then(|key| self.verdicts.get(key)) {
            return judged.clone();
        }
        let facts = Facts::of(image, &mut self.known);
        let judgement = judge_exec(&self.settings.rules, &facts, self.settings.default);
        // What depends on a second file is looked at again each time.
        let lasting = facts.script.is_none() && facts.within.is_none();
        let judged = Rc::new((facts, judgement));
        if let Some(key) = key.filter(|_| lasting) {
            if self.verdicts.len() >= MOST_REMEMBERED {
                self.verdicts.clear();
            }
            self.verdicts.insert(key, judged.clone());
        }
        judged
    }

    /// Asks the person while the process is held; the answer holds for the same program with the same words.
    fn ask(&mut self, image: &Image, judgement: &Judgement, relay: &mut Option<Relay>) -> Consent {
        let key = (image.file, image.line.clone());
        if let Some(answer) = self.answers.get(&key) {
            return *answer;
        }
        self.asked += 1;
        let text =
            format!("\npalisade: guard: process {} is held\n{}{}", image.pid, self.text(judgement), self.chain(image));
        relay.iter_mut().for_each(Relay::pause);
        let answer = consent::ask(&text, self.until);
        relay.iter_mut().for_each(Relay::resume);
        self.answers.insert(key, answer);
        answer
    }
}

/// Says something on standard error, on a terminal in the state its owner left it in.
fn tell(text: &str, relay: &mut Option<Relay>) {
    use std::io::Write;
    relay.iter_mut().for_each(Relay::pause);
    let _ = std::io::stderr().write_all(text.as_bytes());
    relay.iter_mut().for_each(Relay::resume);
}
