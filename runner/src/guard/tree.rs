//! Who started whom: every traced process and thread, with the programs above it, also of those that have ended since.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use nix::unistd::Pid;

use super::origin::{Origin, Program};

#[derive(Clone, Debug)]
struct Task {
    /// The process this thread is of; its own number when it is the first.
    process: i32,
    /// The process that started it.
    parent: i32,
    /// What its process runs; none before the first exec.
    runs: Option<Arc<Program>>,
    /// What the process ran that started it.
    started_by: Option<Arc<Program>>,
    /// Whether the one that started it has told of it.
    announced: bool,
}

/// All traced processes and threads that are alive.
#[derive(Debug, Default)]
pub(super) struct Tree {
    tasks: HashMap<i32, Task>,
    /// Those that came and went before the one that started them told of it.
    early: HashSet<i32>,
}

impl Tree {
    pub(super) fn root(&mut self, pid: Pid) {
        let pid = pid.as_raw();
        self.tasks.insert(pid, Task { process: pid, parent: 0, runs: None, started_by: None, announced: true });
    }

    pub(super) fn holds(&self, pid: Pid) -> bool {
        self.tasks.contains_key(&pid.as_raw())
    }

    /// A process or thread has been started by `of`, which tells of it now; it may have come already, or have ended.
    pub(super) fn announced(&mut self, child: Pid, of: Pid, is_thread: bool) {
        if self.early.remove(&child.as_raw()) {
            return;
        }
        self.born(child, of, is_thread);
        if let Some(task) = self.tasks.get_mut(&child.as_raw()) {
            task.announced = true;
        }
    }

    /// A process or thread has come; `of` is the one that started it.
    pub(super) fn born(&mut self, child: Pid, of: Pid, is_thread: bool) {
        let child = child.as_raw();
        if self.tasks.contains_key(&child) {
            return;
        }
        let Some(maker) = self.tasks.get(&of.as_raw()).cloned() else { return };
        let task = if is_thread {
            Task { announced: false, ..maker }
        } else {
            let started_by = maker.runs.clone().or(maker.started_by);
            Task { process: child, parent: maker.process, runs: maker.runs, started_by, announced: false }
        };
        self.tasks.insert(child, task);
    }

    /// The process of a thread.
    pub(super) fn process_of(&self, pid: Pid) -> Pid {
        Pid::from_raw(self.tasks.get(&pid.as_raw()).map_or(pid.as_raw(), |task| task.process))
    }

    /// A process has a new program; `former` is the number of the thread that called exec.
    pub(super) fn executed(&mut self, pid: Pid, former: Pid, path: String, argv: Vec<String>) {
        if former != pid {
            self.tasks.remove(&former.as_raw());
        }
        let pid = pid.as_raw();
        let task = self.tasks.entry(pid).or_insert(Task {
            process: pid,
            parent: 0,
            runs: None,
            started_by: None,
            announced: true,
        });
        task.process = pid;
        task.runs = Some(Program::started(pid, path, argv, task.started_by.clone()));
    }

    /// A process or thread has ended; whether it was one of ours.
    pub(super) fn ended(&mut self, pid: Pid) -> bool {
        let task = self.tasks.remove(&pid.as_raw());
        // INVARIANT: no number stays here after its end, because the kernel gives it to others.
        if task.as_ref().is_none_or(|task| !task.announced) {
            self.early.insert(pid.as_raw());
        }
        task.is_some()
    }

    /// Who started this process.
    pub(super) fn origin(&self, pid: Pid) -> Origin {
        let task = self.tasks.get(&pid.as_raw());
        Origin { parent: task.map_or(0, |task| task.parent), started_by: task.and_then(|task| task.started_by.clone()) }
    }

    /// The program of a thread or process; empty before the first.
    pub(super) fn program_of(&self, pid: Pid) -> &str {
        let runs = self.tasks.get(&pid.as_raw()).and_then(|task| task.runs.as_ref());
        runs.map_or("", |program| program.path.as_str())
    }

    /// Every process that is alive.
    pub(super) fn processes(&self) -> Vec<Pid> {
        let mut all: Vec<i32> = self.tasks.values().map(|task| task.process).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(Pid::from_raw).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: i32) -> Pid {
        Pid::from_raw(number)
    }

    #[test]
    fn ancestors_are_remembered_after_their_end_and_threads_are_no_ancestors() {
        let mut tree = Tree::default();
        tree.root(pid(1));
        tree.born(pid(2), pid(1), false);
        tree.executed(pid(2), pid(2), "/bin/sh".into(), vec!["sh".into()]);
        tree.born(pid(3), pid(2), true);
        tree.born(pid(4), pid(3), false);
        assert_eq!((tree.process_of(pid(3)), tree.origin(pid(4)).parent), (pid(2), 2));
        tree.executed(pid(4), pid(4), "/usr/bin/make".into(), vec!["make".into()]);
        tree.born(pid(5), pid(4), false);
        tree.ended(pid(4));
        tree.ended(pid(2));
        let ancestry: Vec<_> =
            tree.origin(pid(5)).ancestry().into_iter().map(|ancestor| (ancestor.pid, ancestor.program)).collect();
        assert_eq!(ancestry, [(4, "/usr/bin/make".to_owned()), (2, "/bin/sh".to_owned())]);
        tree.executed(pid(5), pid(6), "/bin/true".into(), vec!["true".into()]);
        assert_eq!(tree.origin(pid(5)).started_by.map(|program| program.pid), Some(4));
    }

    #[test]
    fn who_ends_before_it_is_told_of_does_not_come_back() {
        let mut tree = Tree::default();
        tree.root(pid(1));
        tree.born(pid(2), pid(1), false);
        assert!(tree.ended(pid(2)));
        tree.announced(pid(2), pid(1), false);
        assert!(!tree.holds(pid(2)));
        assert!(!tree.ended(pid(3)), "killed before it came");
        tree.announced(pid(3), pid(1), false);
        assert_eq!(tree.processes(), [pid(1)]);
        tree.announced(pid(2), pid(1), false);
        assert!(tree.holds(pid(2)), "the number is used again");
    }
}
