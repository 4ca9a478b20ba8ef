//! Examples that do not show what the rule is for.

use super::{Finding, Level, Lint, Subject, first_spelling, shown};
use crate::decision::Decision;
use crate::pattern::{PatternElement, matches};
use crate::programs;
use crate::request::last_component;
use crate::rule::Rule;

pub(super) const WIDE: Lint = Lint {
    code: "wide-prefix",
    meaning: "all examples of an allowing rule go on with the same word, which the rule does not ask for",
    explain: "A rule `[\"cargo\"]` whose every example is `cargo test …` allows `cargo publish` too. If only what the examples \
show is meant, make the word they share part of the pattern. If more is meant, add an example that goes on otherwise.",
    level: Level::On,
    find: wide,
};

pub(super) const IDLE: Lint = Lint {
    code: "idle-examples",
    meaning: "the counter-examples of a rule would hold for a wider rule as well",
    explain: "A `not_match` example is worth something when it stands just outside of the rule: it goes red when somebody \
widens the pattern. One that an even shorter pattern would not match either shows nothing. Add a command that has all \
words of the pattern but the last.",
    level: Level::On,
    find: idle,
};

pub(super) const NO_COUNTER: Lint = Lint {
    code: "no-counter-example",
    meaning: "a rule has examples of what it matches and none of what it does not",
    explain: "`match` examples hold for every wider rule too, so they do not notice when a pattern is cut short. Add a \
`not_match` example. Many policies do without, so this is asked for by name: `--deny no-counter-example`.",
    level: Level::Off,
    find: |subject, found| {
        each_call(subject, |rule| {
            let examples = subject.examples.get(rule.call() as usize)?;
            (!examples.matching.is_empty() && examples.not_matching.is_empty()).then_some(())?;
            let message = "no example says what this rule does not match".to_owned();
            found.extend(Finding::about(NO_COUNTER.code, rule, message, "add a `not_match` example"));
            Some(())
        });
    },
};

/// The first rule of every call.
fn each_call<'a>(subject: &Subject<'a>, mut look: impl FnMut(&Rule<'a>) -> Option<()>) {
    let mut last = None;
    for rule in subject.rules.rules() {
        if last.replace(rule.call()) != Some(rule.call()) {
            let _ = look(&rule);
        }
    }
}

fn wide(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    each_call(subject, |rule| {
        let examples = &subject.examples.get(rule.call() as usize)?.matching;
        let at = rule.length() as usize;
        let next = examples.first()?.get(at)?;
        // One example of a program with sub-commands shows one of them.
        let enough = examples.len() > 1 || (at == 1 && programs::is_sub_command(rule.head(), next));
        if rule.decision() != Decision::Allow || !enough {
            return None;
        }
        if !examples.iter().all(|example| example.get(at) == Some(next)) {
            return None;
        }
        let mut narrower = first_spelling(rule);
        let allowed = narrower.clone();
        narrower.push(next.clone());
        let message = format!(
            "every example begins `{}`, and the rule allows `{}` with anything behind it",
            shown(&narrower),
            shown(&allowed)
        );
        let help = format!("add `\"{next}\"` to the pattern, or an example that goes on otherwise");
        let mut witness = allowed;
        witness.push(format!("not-{}", next.trim_start_matches('-')));
        found.extend(Finding::about(WIDE.code, rule, message, help).map(|finding| finding.shown_by(witness)));
        Some(())
    });
}

fn idle(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let calls: Vec<Rule<'_>> = subject.rules.rules().collect();
    each_call(subject, |rule| {
        let examples = &subject.examples.get(rule.call() as usize)?.not_matching;
        let rest = rule.rest();
        let (_, laxer) = rest.split_last()?;
        if examples.is_empty() {
            return None;
        }
        let from = rule.id().0 as usize;
        let of_call = calls.get(from..)?.iter().take_while(|other| other.call() == rule.call());
        let heads: Vec<&str> = of_call.map(|rule| rule.head()).collect();
        let hit = |example: &Vec<String>| heads.iter().any(|head| under(head, laxer, example, rule));
        if examples.iter().any(hit) {
            return None;
        }
        let mut shorter = first_spelling(rule);
        shorter.pop();
        let message = format!("no `not_match` example would notice if the rule were cut to `{}`", shown(&shorter));
        let help = format!("add one that begins `{}` and goes on otherwise", shown(&shorter));
        found.extend(Finding::about(IDLE.code, rule, message, help).map(|finding| finding.shown_by(shorter)));
        Some(())
    });
}

fn under(head: &str, rest: &[PatternElement], example: &[String], rule: &Rule<'_>) -> bool {
    let mut words: Vec<&str> = example.iter().map(String::as_str).collect();
    if let Some(first) = words.first_mut()
        && !head.contains('/')
    {
        *first = last_component(first).unwrap_or(first);
    }
    matches(head, rest, &words, rule.comparison())
}
