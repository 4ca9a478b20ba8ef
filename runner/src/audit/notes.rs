//! What is worth knowing of each source: how much of it was read, what was not understood, and what went wrong.

use serde::{Deserialize, Serialize};

use super::input::{Malformed, Out};

/// How many malformed lines are shown.
const SHOWN: usize = 20;

/// One source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    /// Its name.
    pub name: String,
    /// The format it was read as.
    pub format: Option<String>,
    /// How many lines were read.
    pub lines: u64,
    /// How many commands they hold.
    pub commands: u64,
    /// How many lines hold none.
    pub asides: u64,
    /// How many were not understood.
    pub malformed: u64,
    /// What went wrong with it.
    pub problem: Option<String>,
    /// What else should be said.
    pub remark: Option<String>,
    /// How large it was when it had been read, in bytes on disk.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<u64>,
}

/// A malformed line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shown {
    /// The number of its source.
    pub source: usize,
    /// Its own number, from 1.
    pub line: u64,
    /// Why it was not understood.
    pub why: String,
    /// How it begins.
    pub begins: String,
}

/// All sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// In the order in which they are read.
    pub sources: Vec<SourceNote>,
    /// The first malformed lines.
    pub first: Vec<Shown>,
}

impl Notes {
    /// Takes in what lines of a source have given.
    pub fn take(&mut self, source: usize, out: &mut Out, commands: u64) {
        let Some(note) = self.sources.get_mut(source) else { return };
        note.commands += commands;
        note.asides += out.asides;
        note.malformed += out.malformed.len() as u64;
        if let Some(remark) = out.remark.take() {
            note.remark = Some(remark.to_owned());
        }
        for Malformed { line, why, begins } in out.malformed.drain(..).take(SHOWN) {
            self.first.push(Shown { source, line, why, begins });
        }
        // Workers tell in any order; the first ones are kept.
        self.first.sort();
        self.first.truncate(SHOWN);
    }

    /// How many lines of all sources were not understood.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.sources.iter().map(|note| note.malformed).sum()
    }

    /// The sources with which something went wrong.
    pub fn problems(&self) -> impl Iterator<Item = &SourceNote> {
        self.sources.iter().filter(|note| note.problem.is_some())
    }
}
