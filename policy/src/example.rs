//! Examples inside rules: what an author says a rule must and must not match, tried when the rules are loaded.
//!
//! An example is tried against the rules of its own call only, always with Codex's fallback to the last component,
//! under the `host_executable` definitions known when its file ends.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::judge::codex_path;
use crate::pattern::{Comparison, matches, same_word};
use crate::request::{CodexMatching, last_component};
use crate::rule::{Length, NewRule, Origin};
use crate::ruleset::HostExecutable;

/// The examples of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    /// Commands the rule must match.
    pub matching: Vec<Vec<String>>,
    /// Commands it must not match.
    pub not_matching: Vec<Vec<String>>,
}

/// Splits an example into words.
///
/// # Errors
/// Says in words why it is not a command.
pub fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let words = shlex::split(text).ok_or("the example has an open quote or ends in a backslash")?;
    if words.is_empty() {
        return Err("the example has no words");
    }
    Ok(words)
}

/// Tries the examples of one call: all that must not match and do, then all that must and do not.
pub fn check(
    rule: &NewRule,
    examples: &Examples,
    hosts: &BTreeMap<String, HostExecutable>,
    place: CodexMatching<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let hit = |example: &&Vec<String>| reaches(rule, example, hosts, place);
    let matched: Vec<&Vec<String>> = examples.not_matching.iter().filter(hit).collect();
    let missed: Vec<&Vec<String>> = examples.matching.iter().filter(|example| !hit(example)).collect();
    if !matched.is_empty() {
        let message = format!("this rule must not match {}, and does", shown(&matched));
        found.push(placed("example-matched", message, &rule.origin).help("narrow the pattern, or drop the example"));
    }
    if !missed.is_empty() {
        let message = format!("this rule must match {}, and does not", shown(&missed));
        let help = "examples are tried against the rule of their own call only; widen the pattern, or drop the example";
        found.push(placed("example-unmatched", message, &rule.origin).help(help));
    }
}

fn placed(code: &str, message: String, origin: &Origin) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, message).at(origin.at, "");
    debug_assert_eq!(diagnostic.severity, Severity::Error);
    for place in &origin.via {
        diagnostic = diagnostic.at(*place, "called from here");
    }
    diagnostic
}

fn shown(examples: &[&Vec<String>]) -> String {
    let one = |words: &&Vec<String>| {
        let joined = shlex::try_join(words.iter().map(String::as_str));
        format!("`{}`", joined.unwrap_or_else(|_| format!("{words:?}")))
    };
    examples.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Whether any rule of the call matches the example.
fn reaches(
    rule: &NewRule,
    example: &[String],
    hosts: &BTreeMap<String, HostExecutable>,
    place: CodexMatching<'_>,
) -> bool {
    let mut words: Vec<&str> = example.iter().map(String::as_str).collect();
    let under = |words: &[&str], head: &String| {
        matches(head, &rule.rest, words, rule.comparison)
            && (rule.length == Length::AtLeast || words.len() == rule.rest.len() + 1)
    };
    if rule.heads.iter().any(|head| under(&words, head)) {
        return true;
    }
    let path = codex_path(words.first().copied().unwrap_or(""), place);
    let Some(key) = last_component(&path) else { return false };
    if let Some(first) = words.first_mut() {
        *first = key;
    }
    let listed = |name: &str| hosts.get(name).is_none_or(|gate| gate.paths.contains(&path));
    rule.heads.iter().any(|head| {
        same_word(head, key, rule.comparison)
            && listed(key)
            && (rule.comparison == Comparison::Exact || listed(head))
            && under(&words, head)
    })
}

/// Whether trying the example gives the same answer whatever the working and home directories are.
pub(crate) fn is_placeless(example: &[String]) -> bool {
    example.first().is_some_and(|word| {
        word.starts_with('/') || (!word.is_empty() && !word.contains('/') && !matches!(word.as_str(), "~" | "." | ".."))
    })
}
