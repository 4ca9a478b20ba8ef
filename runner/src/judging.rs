//! Judging on this machine: commands and scripts with everything they execute, and this machine's facts about programs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use policy::decision::Decision;
use policy::request::Identity;
use policy::ruleset::RuleSet;
use policy::shell::Dialect;
use policy::tree::{self, Subject, Surroundings, Tree};
use policy::word::{Word, known};

use crate::identity;

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// The words of a command.
    Command(&'a [String]),
    /// Shell text, read as bash reads it.
    Script(&'a str),
}

/// Judges a command or a script as it would run here.
#[must_use]
pub fn judge_here(rules: &RuleSet, what: What<'_>, cwd: &Path, default: Decision) -> Tree {
    let path = identity::search_path();
    // A script names the same few programs again and again.
    let seen: RefCell<HashMap<String, Option<Identity>>> = RefCell::default();
    let identify = |word: &str| {
        let mut seen = seen.borrow_mut();
        if let Some(known) = seen.get(word) {
            return known.clone();
        }
        let found = identity::of(word, cwd, &path);
        seen.insert(word.to_owned(), found.clone());
        found
    };
    let home = std::env::var("HOME").ok();
    let around = Surroundings { identify: &identify, home: home.as_deref(), default };
    match what {
        What::Script(text) => tree::judge(rules, Subject::Script { text, dialect: Dialect::Bash }, &around),
        What::Command(argv) => {
            let words: Vec<Word> = known(argv);
            tree::judge(rules, Subject::Command(&words), &around)
        }
    }
}
