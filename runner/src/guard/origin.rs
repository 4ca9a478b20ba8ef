//! Who started a program: the chain of programs above it, also of those that have ended since.

use std::sync::Arc;

use serde::Serialize;

/// A program that ran in a process, as its descendants remember it.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) pid: i32,
    pub(super) path: String,
    pub(super) argv: Vec<String>,
    starter: Option<Arc<Program>>,
    depth: u32,
}

/// Ancestors beyond this many are forgotten.
const DEEPEST: u32 = 64;

impl Program {
    /// One that `starter` has started.
    pub(super) fn started(pid: i32, path: String, argv: Vec<String>, starter: Option<Arc<Self>>) -> Arc<Self> {
        let depth = starter.as_ref().map_or(0, |starter| starter.depth + 1);
        let near = depth < DEEPEST;
        Arc::new(Self { pid, path, argv, starter: starter.filter(|_| near), depth: if near { depth } else { 0 } })
    }

    /// What started it.
    pub(super) fn starter(&self) -> Option<Arc<Self>> {
        self.starter.clone()
    }
}

/// One ancestor, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ancestor {
    /// Its process.
    pub pid: i32,
    /// The file of its program.
    pub program: String,
    /// Its words.
    pub argv: Vec<String>,
}

/// Where a process comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// The process above it.
    pub(super) parent: i32,
    /// The program that started it; none for the command.
    pub(super) started_by: Option<Arc<Program>>,
}

impl Origin {
    /// Who started it, from the nearest outwards.
    pub(super) fn ancestry(&self) -> Vec<Ancestor> {
        std::iter::successors(self.started_by.clone(), |program| program.starter())
            .map(|program| Ancestor { pid: program.pid, program: program.path.clone(), argv: program.argv.clone() })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_without_end_is_cut() {
        let mut last = None;
        for number in 0..1000 {
            last = Some(Program::started(number, "/bin/x".into(), Vec::new(), last));
        }
        let ancestry = Origin { parent: 0, started_by: last }.ancestry();
        assert!((1..=DEEPEST as usize).contains(&ancestry.len()), "{}", ancestry.len());
        assert_eq!(ancestry[0].pid, 999);
    }
}
