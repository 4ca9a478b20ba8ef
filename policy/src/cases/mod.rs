//! Case files: what a rule set is expected to decide, as data beside the rules; and which rules the cases reach.
//!
//! ```toml
//! rules = ["git.rules"]       # beside this file; without the key the rules of the same name, or all beside it
//! default = "prompt"          # what a command gets that no rule matches
//!
//! [[case]]
//! command = "git push --force"   # split as examples in rules are; or argv = [...], or script = "..."
//! decision = "forbidden"
//! rule = "git push --force"      # the deciding rule: words of its pattern, FILE:LINE, or "default"
//! note = "rewrites what others have"
//! ```
//!
//! Cases are judged like commands, wrappers and scripts opened, on a host as it should be: every bare name is the
//! program that the rules mean, wherever the rules say that it may live.

mod coverage;
mod raw;

use crate::decision::Decision;
use crate::request::Identity;
use crate::ruleset::RuleSet;
use crate::shell::Dialect;
use crate::source::{Sources, Span};
use crate::tree::{self, Subject, Surroundings, Tree};
use crate::verdict::{Reason, RuleId};
use crate::word::known;

pub use coverage::{Coverage, Row};
pub use raw::{parse, schema};

/// The cases of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// The rule files it is about, by their names from its own directory, each with its place.
    pub rules: Option<Vec<(String, Span)>>,
    /// What a command gets that no rule matches.
    pub default: Decision,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The words of a command.
    Command(Vec<String>),
    /// Shell text.
    Script(String),
}

/// Which rule is to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None.
    Default,
    /// The rule whose call begins in this line of a file of this name.
    Place {
        /// The end of the file's name.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A rule whose pattern is these words.
    Words(Vec<String>),
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is judged.
    pub what: What,
    /// The decision that is expected.
    pub decision: Decision,
    /// The rule that is to make it, if the case says so.
    pub rule: Option<Wanted>,
    /// What it is for, in the author's words.
    pub note: Option<String>,
    /// Where it is written.
    pub at: Span,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision.
    pub decision: Decision,
    /// The rules that make it; empty where the default or a doubt does.
    pub deciding: Vec<RuleId>,
    /// Whether both are what the case expects.
    pub passed: bool,
    /// All of what was judged.
    pub tree: Tree,
}

/// Judges a case.
#[must_use]
pub fn run(rules: &RuleSet, sources: &Sources, case: &Case, default: Decision) -> Outcome {
    let identify = |word: &str| {
        let place = rules.host_executables().get(word)?.paths.first()?.clone();
        Some(Identity { resolved: Some(place.clone()), lookup: Some(place), ..Identity::default() })
    };
    let around = Surroundings { identify: &identify, home: None, default };
    let tree = match &case.what {
        What::Command(words) => tree::judge(rules, Subject::Command(&known(words)), &around),
        What::Script(text) => tree::judge(rules, Subject::Script { text, dialect: Dialect::Bash }, &around),
    };
    let decision = tree.decision();
    let mut deciding: Vec<RuleId> = tree
        .deciding()
        .flat_map(|node| node.verdict.because())
        .filter_map(|reason| match reason {
            Reason::Rule { id, decision: asked, .. } if *asked == decision => Some(*id),
            _ => None,
        })
        .collect();
    deciding.sort_unstable();
    deciding.dedup();
    let as_wanted = match &case.rule {
        None => true,
        Some(Wanted::Default) => deciding.is_empty(),
        Some(wanted) => deciding.iter().any(|id| is_wanted(rules, sources, *id, wanted)),
    };
    Outcome { decision, passed: decision == case.decision && as_wanted, deciding, tree }
}

fn is_wanted(rules: &RuleSet, sources: &Sources, id: RuleId, wanted: &Wanted) -> bool {
    let Some(rule) = rules.rule(id) else { return false };
    match wanted {
        Wanted::Default => false,
        Wanted::Words(words) => {
            let Some((head, rest)) = words.split_first() else { return false };
            let elements = rule.rest();
            rule.head() == head
                && elements.len() == rest.len()
                && elements.iter().zip(rest).all(|(element, word)| element.words().contains(word))
        }
        Wanted::Place { file, line } => rule.at().map(|at| sources.place(at)).is_some_and(|place| {
            let of_file = place.file == *file
                || place.file.strip_suffix(file.as_str()).is_some_and(|before| before.ends_with(['/', ':']));
            of_file && place.line == *line
        }),
    }
}

#[cfg(test)]
mod tests;
