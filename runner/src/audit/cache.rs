//! Findings of commands that come again, in bounded memory.
//!
//! Two generations: when the young one is full, the old one is given up and the young one becomes the old. What is asked for
//! again moves to the young one, so what comes often stays. A finding counts how often it was made, and is added up when it
//! is given up.

use policy::audit::{Finding, What};
use rustc_hash::FxHashMap;

/// What longer text says is not kept, in bytes.
const LONGEST: usize = 4 << 10;

/// A finding with how often it was made, by what the records say.
#[derive(Debug)]
pub struct Made {
    /// The finding.
    pub finding: Finding,
    /// How often.
    pub often: [u64; 4],
    /// The command, as people see it.
    pub text: String,
}

/// The findings.
#[derive(Debug)]
pub struct Cache {
    young: FxHashMap<What, Made>,
    old: FxHashMap<What, Made>,
    bytes: usize,
    most: usize,
}

impl Cache {
    /// Holds so many bytes, about, in all.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self { young: FxHashMap::default(), old: FxHashMap::default(), bytes: 0, most: bytes / 2 }
    }

    /// The finding of a command: known, or made by `judge`. Each one that is given up goes to `full`.
    pub fn with<T>(
        &mut self,
        what: What,
        judge: impl FnOnce(&What) -> Made,
        look: impl FnOnce(&mut Made) -> T,
        mut full: impl FnMut(Made),
    ) -> T {
        if let Some(made) = self.young.get_mut(&what) {
            return look(made);
        }
        let mut made = self.old.remove(&what).unwrap_or_else(|| judge(&what));
        let seen = look(&mut made);
        let size = size(&what);
        if size > LONGEST {
            full(made);
            return seen;
        }
        self.bytes += size + made.finding.size() + made.text.len() + 64;
        self.young.insert(what, made);
        if self.bytes > self.most {
            self.old.drain().for_each(|(_, made)| full(made));
            std::mem::swap(&mut self.young, &mut self.old);
            self.bytes = 0;
        }
        seen
    }

    /// How often each was made since this was last asked.
    pub fn settle(&mut self, mut add: impl FnMut(&Finding, [u64; 4], &str)) {
        for made in self.young.values_mut().chain(self.old.values_mut()) {
            add(&made.finding, std::mem::take(&mut made.often), &made.text);
        }
    }
}

/// How much text a command is, in bytes.
fn size(what: &What) -> usize {
    match what {
        What::Argv { words, program, certain } => {
            let words = words.iter().chain(program).chain(certain);
            words.map(|word| word.len() + 24).sum::<usize>() + 96
        }
        What::Joined { text } | What::Script { text, .. } | What::Unknown { why: text } => text.len() + 96,
    }
}
