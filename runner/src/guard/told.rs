//! What the guard says of a run: the summary, the report, the denials.

use nix::unistd::Pid;
use serde_json::{Value, json};

use super::Guard;
use crate::denials::Denials;

impl Guard {
    /// Whether a SIGSYS only says that the sandbox's filter refused a call.
    pub(super) fn denies(&mut self, pid: Pid) -> bool {
        let program = self.tree.program_of(pid);
        self.denials.as_mut().is_some_and(|denials| denials.refused(pid, program))
    }

    /// Whether denials are looked for.
    #[must_use]
    pub fn wants_denials(&self) -> bool {
        self.denials.is_some()
    }

    /// What was denied, where that was looked for.
    #[must_use]
    pub fn denials(&self) -> Option<&Denials> {
        self.denials.as_ref()
    }

    /// What was done, in one line; nothing where nothing was stopped.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let mut parts = Vec::new();
        let (killed, execs) = {
            let desk = self.desk();
            (desk.killed, desk.execs)
        };
        if killed > 0 {
            parts.push(format!("killed {killed} of {execs} programs before they ran"));
        }
        if self.left_behind > 0 {
            parts.push(format!("ended {} processes that outlived the command", self.left_behind));
        }
        (!parts.is_empty()).then(|| format!("guard: {}", parts.join("; ")))
    }

    /// What was done, for the report.
    #[must_use]
    pub fn report(&self) -> Value {
        let desk = self.desk();
        json!({
            "execs": desk.execs,
            "asked": desk.asked,
            "killed": desk.killed,
            "left_behind": self.left_behind,
            "stopped": desk.kept,
        })
    }
}
