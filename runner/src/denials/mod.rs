//! What a sandbox refused while a command ran: seen by the tracer at the end of each call that could be refused.
//!
//! A call that failed and would have worked outside is a denial; `asks` reads what it was about, `walls` tells who denied
//! it, `advice` which line of the profile would permit it. What the filter refuses is told by the filter itself.

mod advice;
mod asks;
mod hidden;
mod walls;

use std::collections::HashMap;
use std::fmt::Write;
use std::os::fd::OwnedFd;
use std::sync::PoisonError;

use nix::unistd::Pid;
use policy::profile::CallGroup;
use serde::Serialize;

use crate::plan::Plan;
use crate::sys::trace;
use crate::sys::watch::{self, Asked};

use advice::{Advice, advise};
use asks::{Act, Call, Target};
use walls::{Layer, Walls};

/// One thing that was denied, as often as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The system call.
    pub call: String,
    /// The path, the address or the process it was about.
    pub target: String,
    /// How it was refused.
    pub errno: String,
    /// Who refused.
    pub layer: &'static str,
    /// The program.
    pub program: String,
    /// The process, the first one that was denied it.
    pub pid: i32,
    /// How often.
    pub count: u64,
    /// The line of a profile that would permit it.
    pub permitted_by: Option<String>,
    /// Why that would be dangerous.
    pub danger: Option<&'static str>,
}

/// Different denials beyond this many are only counted.
const MOST_KEPT: usize = 10_000;

/// A call by its number: its name and its group.
pub type Named = (i64, &'static str, CallGroup);

/// What is denied, by what and how often.
#[derive(Debug)]
pub struct Denials {
    walls: Walls,
    names: Vec<Named>,
    /// Threads that stand in a watched call, with what they asked.
    asked: HashMap<i32, Asked>,
    found: Vec<Denial>,
    index: HashMap<(String, String, String, String), usize>,
    beyond: u64,
    /// What the listener has noted and nobody has taken in.
    notes: hidden::Notes,
}

impl Denials {
    /// For a run under this plan; `names` are the calls that its filter refuses.
    #[must_use]
    pub fn new(plan: &Plan, names: Vec<Named>) -> Self {
        Self {
            walls: Walls::of(plan),
            names,
            asked: HashMap::new(),
            found: Vec::new(),
            index: HashMap::new(),
            beyond: 0,
            notes: hidden::Notes::default(),
        }
    }

    /// Takes the place of the listener who is told of opens that only read.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn listen(&mut self, listener: OwnedFd) -> std::io::Result<()> {
        hidden::listen(listener, self.walls.readable_outside(), self.notes.clone())
    }

    /// A thread stands at the beginning of a watched call; it is let go to its end, or altogether where no wall stands in
    /// its way: a second stop costs as much as the first.
    ///
    /// # Errors
    /// When it is gone.
    pub fn calls(&mut self, pid: Pid) -> nix::Result<()> {
        let asked = watch::asked(pid)?;
        if self.walls.leaves_free(&Call::read(pid, &asked, |_| None)) {
            return trace::resume(pid, 0);
        }
        self.asked.insert(pid.as_raw(), asked);
        watch::resume_to_answer(pid)
    }

    /// A thread stands at the end of it.
    pub fn answered(&mut self, pid: Pid, program: &str) {
        let (Some(asked), Ok(Some(errno))) = (self.asked.remove(&pid.as_raw()), watch::answered(pid)) else { return };
        if !matches!(
            errno,
            nix::Error::EROFS
                | nix::Error::EBUSY
                | nix::Error::EXDEV
                | nix::Error::EACCES
                | nix::Error::EPERM
                | nix::Error::EINVAL
                | nix::Error::ESRCH
                | nix::Error::ECONNREFUSED
                | nix::Error::ENETUNREACH
                | nix::Error::EADDRNOTAVAIL
        ) {
            return;
        }
        let call = Call::read(pid, &asked, |_| None);
        if let Some(layer) = self.walls.denied(&call, errno) {
            self.add(pid, program, &call, &format!("{errno:?}"), layer, None);
        }
    }

    /// A thread is about to be told by SIGSYS that the sandbox's filter refused a call; true when that was all, and the
    /// signal is to be dropped.
    pub fn refused(&mut self, pid: Pid, program: &str) -> bool {
        let Ok(Some(asked)) = watch::refused(pid) else { return false };
        let named = self.names.iter().find(|(number, ..)| *number == asked.number).copied();
        let call = Call::read(pid, &asked, |_| named.map(|(_, name, _)| name));
        if self.walls.misses(&call) {
            self.add(pid, program, &call, "EPERM", "seccomp", named.map(|(.., group)| group));
        }
        true
    }

    /// A thread has ended; what the listener noted of it is complete.
    pub fn ended(&mut self, pid: Pid) {
        let noted = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        for refused in noted {
            let target = Target { paths: vec![refused.path], ..Target::default() };
            let call = Call { name: refused.call.to_owned(), act: Act::Read, target };
            self.add(refused.pid, &refused.program, &call, "EACCES", "mounts", None);
        }
        self.asked.remove(&pid.as_raw());
    }

    fn add(&mut self, pid: Pid, program: &str, call: &Call, errno: &str, layer: Layer, group: Option<CallGroup>) {
        let target = call.target.to_string();
        let key = (call.name.clone(), target.clone(), errno.to_owned(), program.to_owned());
        if let Some(known) = self.index.get(&key).and_then(|at| self.found.get_mut(*at)) {
            known.count += 1;
            return;
        }
        if self.found.len() >= MOST_KEPT {
            self.beyond += 1;
            return;
        }
        let Advice { line, danger } = advise(&self.walls, call, layer, group);
        self.index.insert(key, self.found.len());
        self.found.push(Denial {
            call: call.name.clone(),
            target,
            errno: errno.to_owned(),
            layer,
            program: program.to_owned(),
            pid: pid.as_raw(),
            count: 1,
            permitted_by: line,
            danger,
        });
    }

    /// Everything that was denied, in the order in which it was first.
    #[must_use]
    pub fn found(&self) -> &[Denial] {
        &self.found
    }

    /// Hidden directories that nobody is seen reading in: those of the agent's control sockets, where nothing else is
    /// hidden. Being told of every open of a compiler for their sake takes as long as compiling.
    #[must_use]
    pub fn unwatched(&self) -> &[std::path::PathBuf] {
        self.walls.unwatched()
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let total: u64 = self.found.iter().map(|denial| denial.count).sum::<u64>() + self.beyond;
        let mut out = format!("denials: {total}\n");
        for denial in &self.found {
            let Denial { call, target, errno, layer, program, pid, count, .. } = denial;
            let times = if *count == 1 { String::new() } else { format!("{count} times ") };
            let about = if target.is_empty() { String::new() } else { format!(" {}", printable(target)) };
            let who = printable(program);
            let _ = writeln!(out, "  {times}{call}{about}: {errno} by {layer}, in process {pid} ({who})");
            if let Some(line) = &denial.permitted_by {
                let danger = denial.danger.map(|why| format!("; dangerous: {why}")).unwrap_or_default();
                let _ = writeln!(out, "    would be permitted by {}{danger}", printable(line));
            }
        }
        if self.beyond > 0 {
            let _ = writeln!(out, "  and {} more", self.beyond);
        }
        for path in self.walls.unwatched() {
            let path = printable(&path.to_string_lossy());
            let _ = writeln!(out, "  reading below {path} is refused too, and not watched");
        }
        if !watch::SEES_REFUSED {
            out.push_str("  what the system-call filter refused cannot be seen on this architecture\n");
        }
        out
    }
}

/// Without anything that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
}
