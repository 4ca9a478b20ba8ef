//! Allowing rules that give more than they seem to: an option behind their words executes, writes or sends.
//!
//! What options do is asked of the same tables that judging asks. Candidates come from the rows' own examples and options;
//! each is put behind the words of the rule, and only what the tables then say of the whole command is told.

use super::{Finding, Level, Lint, Subject, first_spelling, shown};
use crate::ban;
use crate::decision::Decision;
use crate::inner::{Inner, Input};
use crate::programs;
use crate::request::last_component;
use crate::rule::{Length, Rule};
use crate::ruleset::RuleSet;
use crate::source::Span;
use crate::unfold;
use crate::word::{Word, known};

pub(super) const EXECUTION: Lint = Lint {
    code: "allows-execution",
    meaning: "an option behind the words of an allowing rule executes any program",
    explain: "A pattern is a prefix: whatever follows is allowed by Codex, without a sandbox. `[\"find\", \".\"]` allows \
`find . -exec sh -c …`, `[\"tar\", \"-tf\"]` allows `--to-command`. palisade itself asks about such an option unless a rule \
names it; Codex does not. Use `exact = True` for one command and nothing longer, ask about the program, or leave the \
command to be asked about. It follows from the tables of wrappers, interpreters and options.",
    level: Level::On,
    find: |subject, found| opens(subject, EXECUTION.code, found),
};

pub(super) const WRITING: Lint = Lint {
    code: "allows-writing",
    meaning: "an option behind the words of an allowing rule writes, deletes or sends anything",
    explain: "A pattern is a prefix: `[\"sort\"]` allows `sort -o FILE`, `[\"git\", \"log\"]` allows `git log --output=FILE`, \
without a sandbox in Codex. palisade itself asks about such an option unless a rule names it; Codex does not. Use \
`exact = True` for one command and nothing longer, or leave the command to be asked about. It follows from the table of \
options.",
    level: Level::On,
    find: |subject, found| opens(subject, WRITING.code, found),
};

/// A command that a banned rule allows, for what the loader says of the call at a place.
pub(super) fn banned_witness(rules: &RuleSet, at: Span) -> Option<Vec<String>> {
    for rule in rules.rules().filter(|rule| rule.at() == Some(at)) {
        let heads = [rule.head().to_owned()];
        let Some(ban) = ban::bans(&heads, &rule.rest()).into_iter().next() else { continue };
        let words = shlex::split(&ban.prefix).unwrap_or(heads.to_vec());
        let name = last_component(rule.head())?;
        let with = |more: &[&str]| -> Vec<String> {
            words.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect()
        };
        // Program text that is the last word; else a shell that is executed; else whatever the tables know of.
        let text = [&["id"][..], &["-c", "id"], &["-e", "id"], &["--eval", "id"]].map(with).into_iter();
        let shell =
            [&["sh", "-c", "id"][..], &["--", "sh", "-c", "id"], &["x", "sh", "-c", "id"]].map(with).into_iter();
        let other = [&["id"][..], &["script"]].map(with).into_iter();
        let other = other.chain(unfold::ways(name).into_iter().map(|more| [words.as_slice(), &more].concat()));
        let executes = |witness: &Vec<String>| behind(name, witness, 1).iter().any(|(code, _)| *code == EXECUTION.code);
        let found = text.chain(shell).find(|witness| reaches_id(&known(witness), 6));
        return found.or_else(|| other.into_iter().find(executes)).or_else(|| Some(with(&["x"])));
    }
    None
}

/// Whether what a command executes is, at last, the text `id`.
fn reaches_id(words: &[Word], deep: usize) -> bool {
    let (Some(head), Some(deep)) = (words.first().and_then(Word::text), deep.checked_sub(1)) else { return false };
    let Some(name) = last_component(head) else { return false };
    unfold::inner(name, words, Input::Inherited).iter().any(|one| match one {
        Inner::Script { text, .. } | Inner::Text { text, .. } => text.written() == "id",
        Inner::Command { words, .. } => reaches_id(words, deep),
        Inner::Executes { .. } | Inner::Touches { .. } => false,
    })
}

fn opens(subject: &Subject<'_>, wanted: &'static str, found: &mut Vec<Finding>) {
    let mut last = None;
    for rule in subject.rules.rules() {
        if rule.decision() != Decision::Allow || rule.matches_lengths() == Length::Exactly || last == Some(rule.call())
        {
            continue;
        }
        let Some((witness, what)) = worst(&rule, wanted) else { continue };
        last = Some(rule.call());
        let message = format!("this rule also allows `{}`: {what}", shown(&witness));
        let help = "`exact = True`, which Codex does not know, allows one command and nothing longer; or let it be asked about";
        found.extend(Finding::about(wanted, &rule, message, help).map(|finding| finding.shown_by(witness)));
    }
}

/// The worst of its kind that can follow a rule's words: a command that shows it, and what it does. Nothing for a rule
/// that is banned, or that names something that does the same: its author has seen that.
fn worst(rule: &Rule<'_>, wanted: &'static str) -> Option<(Vec<String>, String)> {
    let words = first_spelling(rule);
    let name = last_component(rule.head())?;
    if !ban::bans(std::slice::from_ref(&rule.head().to_owned()), &rule.rest()).is_empty() {
        return None;
    }
    // What the next word is, is open: the value of an option that executes, a command behind a wrapper.
    let next = [words.as_slice(), &["x".to_owned()]].concat();
    if let Some((_, what)) = behind(name, &next, words.len()).into_iter().find(|(code, _)| *code == wanted) {
        return Some((next, what));
    }
    let before = behind(name, &words, 0);
    if before.iter().any(|(code, _)| *code == EXECUTION.code || *code == wanted) {
        return None;
    }
    // The last word may be an option that waits for its value.
    let fillers = [&[][..], &["x".to_owned()]];
    let ways: Vec<Vec<String>> =
        unfold::ways(name).into_iter().chain(programs::ways(name, words.get(1).map(String::as_str))).collect();
    fillers.iter().flat_map(|filler| ways.iter().map(|more| [filler, more.as_slice()].concat())).find_map(|more| {
        let witness = [words.as_slice(), &more].concat();
        let (_, what) = behind(name, &witness, words.len()).into_iter().find(|(code, _)| *code == wanted)?;
        Some((witness, what))
    })
}

/// What a command does beyond its name, by words from `from` on.
fn behind(name: &str, words: &[String], from: usize) -> Vec<(&'static str, String)> {
    let words = known(words);
    let executed = |start: usize, what: String| (start >= from).then_some((EXECUTION.code, what));
    let text = |words: &[crate::word::Word]| words.iter().map(crate::word::Word::written).collect::<Vec<_>>().join(" ");
    unfold::inner(name, &words, Input::Inherited)
        .into_iter()
        .chain(programs::touches(name, &words))
        .filter_map(|inner| match inner {
            Inner::Command { words: inner, .. } => {
                executed(words.len().saturating_sub(inner.len()), format!("it executes `{}`", text(&inner)))
            }
            Inner::Script { text, .. } | Inner::Text { text, .. } => {
                let at = words.iter().position(|word| word.written().contains(text.written()));
                executed(at.unwrap_or(words.len()), format!("it executes the text `{}`", text.written()))
            }
            Inner::Executes { what, word } => executed(word, what),
            Inner::Touches { what, word } => (word >= from).then_some((WRITING.code, what)),
        })
        .collect()
}
