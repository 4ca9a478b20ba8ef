//! Who started whom, where processes are looked at only as they execute a program.
//!
//! A process that has been started runs what its starter runs until it executes something itself, be the starter long gone. So
//! the image that it is about to leave says who started it. The kernel tells images apart: it places the stack of each by
//! chance.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use nix::unistd::Pid;

use super::origin::{Origin, Program};

/// What the kernel says of a process before it executes a program (`proc_pid_stat(5)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    parent: i32,
    /// When the process began.
    began: u64,
    /// Where the stack of its image begins; 0 where this user may not know.
    stack: usize,
}

impl Before {
    pub(super) fn of(thread: Pid) -> Option<Self> {
        // One line that no process makes longer, so one call reads it.
        let mut stat = [0; 2048];
        let length = File::open(format!("/proc/{thread}/stat")).ok()?.read(&mut stat).ok()?;
        Self::read(stat.get(..length)?)
    }

    fn read(stat: &[u8]) -> Option<Self> {
        // The name before may hold anything, blanks and parentheses too.
        let rest = stat.rsplit(|byte| *byte == b')').next()?;
        let rest = std::str::from_utf8(rest).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        // The third field of all is the first here, and each is counted from the one before.
        Some(Self {
            parent: fields.nth(4 - 3)?.parse().ok()?,
            began: fields.nth(22 - 5)?.parse().ok()?,
            stack: fields.nth(28 - 23)?.parse().ok()?,
        })
    }
}

#[derive(Debug)]
struct Running {
    program: Arc<Program>,
    /// When its process began: its number may be given to another one later.
    began: u64,
}

/// The programs that any process may still be running, by where their stacks begin.
#[derive(Debug)]
pub(super) struct Lineage {
    programs: HashMap<usize, Running>,
    /// From how many on those are forgotten that nobody runs any more.
    enough: usize,
}

/// As many programs as are never looked through.
const FEW: usize = 4096;

impl Default for Lineage {
    fn default() -> Self {
        Self { programs: HashMap::new(), enough: FEW }
    }
}

impl Lineage {
    /// Where the process comes from that has been like this.
    pub(super) fn origin(&self, pid: Pid, before: Before) -> Origin {
        let left = self.programs.get(&before.stack);
        let same = left.filter(|left| left.program.pid == pid.as_raw() && left.began == before.began);
        let started_by = match same {
            // The process has executed before: what started it, started it.
            Some(own) => own.program.starter(),
            None => left.map(|left| left.program.clone()),
        };
        Origin { parent: before.parent, started_by }
    }

    /// It runs this now.
    pub(super) fn executed(&mut self, stack: usize, before: Before, program: Arc<Program>) {
        if self.programs.len() >= self.enough {
            let run = run_by_anybody();
            self.programs.retain(|stack, _| run.contains(stack));
            self.enough = FEW.max(2 * self.programs.len());
        }
        self.programs.insert(stack, Running { program, began: before.began });
    }
}

/// The stacks of all images that are run.
fn run_by_anybody() -> HashSet<usize> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Before::of(Pid::from_raw(pid))).map(|before| before.stack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read_whatever_the_name_is() {
        let stat = b"7 (a) b) (c) S 5 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 10 11 12 13 14 140737 16 17";
        assert_eq!(Before::read(stat), Some(Before { parent: 5, began: 4242, stack: 140_737 }));
        assert_eq!(Before::read(b"7 (a"), None);
        let own = Before::of(Pid::this()).expect("of this process");
        assert!(own.parent > 0 && own.stack > 0, "{own:?}");
    }

    #[test]
    fn a_process_comes_from_the_image_it_leaves_and_keeps_its_origin_when_it_executes_again() {
        let mut lineage = Lineage::default();
        let program = |pid, path: &str, starter| Program::started(pid, path.into(), Vec::new(), starter);
        let before = |parent, began, stack| Before { parent, began, stack };
        assert!(lineage.origin(Pid::from_raw(2), before(1, 10, 77)).started_by.is_none(), "the command");
        lineage.executed(100, before(1, 10, 77), program(2, "/bin/sh", None));
        // Started twice over, and its parent is gone: it is still the shell that it runs.
        let orphan = lineage.origin(Pid::from_raw(4), before(1, 12, 100));
        assert_eq!((orphan.parent, orphan.started_by.as_ref().map(|by| by.pid)), (1, Some(2)));
        lineage.executed(200, before(1, 12, 100), program(4, "/usr/bin/env", orphan.started_by));
        let again = lineage.origin(Pid::from_raw(4), before(1, 12, 200));
        assert_eq!(again.started_by.map(|by| by.path.clone()), Some("/bin/sh".to_owned()));
        // Another process that got the same number later.
        let other = lineage.origin(Pid::from_raw(4), before(1, 99, 200));
        assert_eq!(other.started_by.map(|by| by.path.clone()), Some("/usr/bin/env".to_owned()));
    }

    #[test]
    fn what_nobody_runs_is_forgotten() {
        let mut lineage = Lineage::default();
        let own = Before::of(Pid::this()).expect("of this process");
        lineage.executed(own.stack, own, Program::started(1, "/own".into(), Vec::new(), None));
        for stack in 1..2 * FEW {
            lineage.executed(stack, own, Program::started(1, "/gone".into(), Vec::new(), None));
        }
        assert!(lineage.programs.len() <= FEW + 1 && lineage.programs.contains_key(&own.stack));
    }
}
