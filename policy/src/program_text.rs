//! What a command executes beyond its words, as reasons: program text, and what cannot be known from the words.
//!
//! A rule set can still forbid such a command. Text is never allowed by a rule; something that cannot be known is, by a
//! rule that matches as far as the word that says so.

use crate::decision::Decision;
use crate::inner::{Inner, Input};
use crate::unfold;
use crate::verdict::Reason;
use crate::word::known;

/// How much of a text is shown.
const SHOWN: usize = 80;

/// The reasons to distrust a command for what it executes. `names` is what its program is known by, `because` the
/// reasons of the rules.
pub(crate) fn opaque(argv: &[String], names: &[&str], because: &[Reason]) -> Vec<Reason> {
    let Some(name) = names.iter().find(|name| !name.contains('/') && unfold::is_listed(name)) else {
        return Vec::new();
    };
    let accepted = |word: usize| {
        because.iter().any(|reason| {
            matches!(reason, Reason::Rule { decision: Decision::Allow, matched, .. } if *matched as usize > word)
        })
    };
    let mut reasons = Vec::new();
    for inner in unfold::inner(name, &known(argv), Input::Inherited) {
        let what = match inner {
            Inner::Script { shell, text, .. } => format!("shell text given to `{shell}`: `{}`", line(text.written())),
            Inner::Text { language, text } => format!("{language} text given to `{name}`: `{}`", line(text.written())),
            Inner::Executes { what, word } if !accepted(word) => format!("`{name}` {what}"),
            Inner::Executes { .. } | Inner::Command { .. } | Inner::Touches { .. } => continue,
        };
        let reason = Reason::Executes { what };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// A text as one short line.
pub(crate) fn line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or("");
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{By, RuleId};

    fn allowed(matched: u32) -> Vec<Reason> {
        vec![Reason::Rule { id: RuleId(0), decision: Decision::Allow, matched, program: None, by: By::Spelling }]
    }

    fn reasons(command: &[&str], because: &[Reason]) -> usize {
        let argv: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        opaque(&argv, &[command[0]], because).len()
    }

    #[test]
    fn text_is_never_allowed_and_a_file_is_by_a_rule_that_names_it() {
        assert_eq!(reasons(&["python3", "-c", "x"], &allowed(3)), 1);
        assert_eq!(reasons(&["bash", "-c", "x"], &allowed(3)), 1);
        assert_eq!(reasons(&["python3", "x.py"], &allowed(1)), 1);
        assert_eq!(reasons(&["python3", "x.py"], &allowed(2)), 0);
        assert_eq!(reasons(&["npm", "install"], &allowed(2)), 0);
        assert_eq!(reasons(&["git", "status"], &[]), 0);
        assert_eq!(reasons(&["ls", "-c"], &[]), 0);
    }

    #[test]
    fn a_text_is_shown_as_one_line() {
        assert_eq!(line("a\nb"), "a…");
        assert_eq!(line(&"ä".repeat(100)).chars().count(), SHOWN + 1);
        assert_eq!(line(" a "), "a");
    }
}
