//! Rules that can never decide: another one says as much or more wherever they would.

use super::{Finding, Level, Lint, Subject, first_spelling, shown};
use crate::decision::Decision;
use crate::index::Hits;
use crate::pattern::{Comparison, PatternElement, canonical, same_word};
use crate::programs;
use crate::request::last_component;
use crate::rule::{Length, Rule};
use crate::ruleset::RuleSet;
use crate::unfold;

pub(super) const DUPLICATE: Lint = Lint {
    code: "duplicate-rule",
    meaning: "a rule says what an earlier one says already",
    explain: "Every matching rule counts and the strictest decides, so a second copy changes nothing. Copies drift apart: \
who relaxes one of them wonders why nothing changes. Take one of them out; `--fix` does.",
    level: Level::On,
    find: |subject, found| dead(subject, DUPLICATE.code, found),
};

pub(super) const SUBSUMED: Lint = Lint {
    code: "subsumed-rule",
    meaning: "a wider rule with the same decision leaves nothing to a rule",
    explain: "A pattern is a prefix: `[\"git\"]` matches whatever `[\"git\", \"push\"]` matches. Where the wider rule has the \
same decision, the narrower one never decides. For a program whose options do more than its name says (`sort -o`), a \
longer allowing rule is not subsumed, since it allows the option by name. Take the narrower rule out (`--fix` does), or \
narrow the wider one.",
    level: Level::On,
    find: |subject, found| dead(subject, SUBSUMED.code, found),
};

pub(super) const SHADOWED: Lint = Lint {
    code: "shadowed-rule",
    meaning: "a wider and stricter rule decides wherever a rule would",
    explain: "The strictest matching rule decides, whatever the order and the length of the rules. A rule that allows \
`git status` below one that asks about `git` never allows anything: its author believes in an exception that is not \
there. Narrow the stricter rule, or take the milder one out (`--fix` does, since that changes no verdict).",
    level: Level::On,
    find: |subject, found| dead(subject, SHADOWED.code, found),
};

pub(super) const CONTRADICTORY: Lint = Lint {
    code: "contradictory-rules",
    meaning: "two rules for the same words decide differently",
    explain: "The strictest of them decides and the other never does. One of the two does not say what its author means; \
which one only the author can tell. Take one out.",
    level: Level::On,
    find: |subject, found| dead(subject, CONTRADICTORY.code, found),
};

/// Adds the rules that never decide for the reason named.
fn dead(subject: &Subject<'_>, wanted: &'static str, found: &mut Vec<Finding>) {
    let mut rules = subject.rules.rules().peekable();
    while let Some(first) = rules.next() {
        // The rules of one call stand together and are told of together.
        let mut of_call = vec![first];
        while let Some(next) = rules.next_if(|next| next.call() == first.call()) {
            of_call.push(next);
        }
        let mut dead: Vec<(Rule<'_>, Rule<'_>)> = Vec::new();
        for rule in &of_call {
            if let Some((code, other)) = stronger(subject.rules, rule)
                && code == wanted
            {
                dead.push((*rule, other));
            }
        }
        let Some((rule, other)) = dead.first() else {
            // Rules that nothing covers as they are may be covered one command at a time.
            let one_by_one = matches!(wanted, "shadowed-rule" | "subsumed-rule")
                && of_call.iter().all(|rule| stronger(subject.rules, rule).is_none());
            if one_by_one {
                found.extend(alternatives(subject.rules, &of_call, wanted));
            }
            continue;
        };
        let whole = dead.len() == of_call.len();
        let which = if whole {
            "this rule".to_owned()
        } else {
            let names: Vec<String> = dead.iter().map(|(rule, _)| format!("`{}`", rule.head())).collect();
            format!("for {} this rule", names.join(", "))
        };
        let (message, help) = match wanted {
            "duplicate-rule" => (format!("{which} says what another says already"), "take one of the two out"),
            "subsumed-rule" => (
                format!("{which} never decides: a wider one has the same decision"),
                "take it out, or narrow the other",
            ),
            "shadowed-rule" => (
                format!("{which} never decides `{}`: a wider one decides `{}`", rule.decision(), other.decision()),
                "narrow the stricter rule, or take this one out",
            ),
            _ => (
                format!("{which} decides `{}` and another `{}` for the same words", rule.decision(), other.decision()),
                "the stricter one counts; take one of the two out",
            ),
        };
        let Some(mut finding) = Finding::about(wanted, rule, message, help) else { continue };
        let witness = first_spelling(rule);
        finding.other = other.at().map(|at| (at, format!("this one decides about `{}`", shown(&witness))));
        finding.removable = whole && rule.via().is_empty() && wanted != "contradictory-rules";
        found.push(finding.shown_by(witness));
    }
}

/// Rules with more commands than this are not looked at one by one.
const MOST: usize = 512;

/// What others leave of a call whose alternatives are looked at one by one.
fn alternatives(set: &RuleSet, of_call: &[Rule<'_>], wanted: &str) -> Option<Finding> {
    let first = of_call.first()?;
    let rest = first.rest();
    let count = rest.iter().fold(of_call.len(), |count, element| count.saturating_mul(element.words().len()));
    if !(2..=MOST).contains(&count) {
        return None;
    }
    let (mut lost, mut kept): (Vec<(Vec<String>, Rule<'_>)>, usize) = (Vec::new(), 0);
    for rule in of_call {
        for number in 0..count / of_call.len() {
            let words = spelling(rule, &rest, number);
            let other = matching(set, &words).into_iter().find(|other| {
                let stricter = other.decision() > rule.decision();
                let as_strict = other.decision() == rule.decision()
                    && (rule.decision() > Decision::Allow || !does_more(rule.head()))
                    && !covers(rule, other);
                other.call() != rule.call() && (stricter || as_strict) && covers_words(other, rule, &words)
            });
            match other {
                Some(other) => lost.push((words, other)),
                None => kept += 1,
            }
        }
    }
    let stricter = |(_, other): &&(Vec<String>, Rule<'_>)| other.decision() > first.decision();
    let (code, (words, other), message, help) = match (kept, lost.iter().find(stricter)) {
        (0, None) => (
            SUBSUMED.code,
            lost.first()?,
            "this rule never decides: others have the same decision for each of its commands".to_owned(),
            "take it out, or narrow the others",
        ),
        (0, Some(one)) => (
            SHADOWED.code,
            one,
            format!("this rule never decides `{}`: others decide for each of its commands", first.decision()),
            "narrow the stricter rules, or take this one out",
        ),
        (_, Some(one)) => {
            let shown: Vec<String> =
                lost.iter().filter(stricter).map(|(words, _)| format!("`{}`", shown(words))).take(4).collect();
            let message = format!(
                "for {} this rule never decides `{}`: another decides `{}`",
                shown.join(", "),
                first.decision(),
                one.1.decision()
            );
            (SHADOWED.code, one, message, "take the alternative out, or narrow the stricter rule")
        }
        (_, None) => return None,
    };
    if code != wanted {
        return None;
    }
    let mut finding = Finding::about(code, first, message, help)?;
    finding.other = other.at().map(|at| (at, format!("this one decides about `{}`", shown(words))));
    finding.removable = kept == 0 && first.via().is_empty();
    Some(finding.shown_by(words.clone()))
}

/// One of the commands that a rule is written for, by its number.
fn spelling(rule: &Rule<'_>, rest: &[PatternElement], mut number: usize) -> Vec<String> {
    let mut words = vec![rule.head().to_owned()];
    for element in rest {
        let all = element.words();
        words.extend(all.get(number % all.len().max(1)).cloned());
        number /= all.len().max(1);
    }
    words
}

/// The rule that leaves nothing to another, and what that is called.
fn stronger<'a>(set: &'a RuleSet, rule: &Rule<'a>) -> Option<(&'static str, Rule<'a>)> {
    let words = first_spelling(rule);
    let mut best: Option<(&'static str, Rule<'a>)> = None;
    for other in matching(set, &words) {
        if other.id() == rule.id() || other.decision() < rule.decision() || !covers(&other, rule) {
            continue;
        }
        let same = covers(rule, &other);
        let code = match (other.decision() > rule.decision(), same) {
            (true, true) => CONTRADICTORY.code,
            (true, false) => SHADOWED.code,
            // Of two copies the later one is told of.
            (false, true) if other.id() < rule.id() => DUPLICATE.code,
            (false, false) if rule.decision() > Decision::Allow || !does_more(rule.head()) => SUBSUMED.code,
            _ => continue,
        };
        let rank = |code: &str| {
            [DUPLICATE.code, CONTRADICTORY.code, SHADOWED.code, SUBSUMED.code].iter().position(|known| *known == code)
        };
        if best.as_ref().is_none_or(|(known, _)| rank(code) < rank(known)) {
            best = Some((code, other));
        }
    }
    best
}

/// The rules that match words, in load order.
fn matching<'a>(set: &'a RuleSet, words: &[String]) -> Vec<Rule<'a>> {
    let mut hits = Hits::new();
    set.exact().walk(|at| set.find(words.get(at)?), &mut hits);
    if !set.canonical().is_empty() {
        set.canonical().walk(|at| set.find(&canonical(words.get(at)?)), &mut hits);
    }
    hits.sort_unstable_by_key(|hit| hit.id);
    hits.iter().filter_map(|hit| set.rule(hit.id)).collect()
}

fn does_more(head: &str) -> bool {
    let name = last_component(head).unwrap_or(head);
    unfold::is_listed(name) || programs::has_effects(name)
}

/// Whether every command that `inner` matches by these words is matched by `outer`.
fn covers_words(outer: &Rule<'_>, inner: &Rule<'_>, words: &[String]) -> bool {
    let rest: Vec<PatternElement> = words.iter().skip(1).cloned().map(PatternElement::Word).collect();
    covers_rest(outer, inner, &rest)
}

/// Whether every command that `inner` matches is matched by `outer`.
fn covers(outer: &Rule<'_>, inner: &Rule<'_>) -> bool {
    covers_rest(outer, inner, &inner.rest())
}

fn covers_rest(outer: &Rule<'_>, inner: &Rule<'_>, rest: &[PatternElement]) -> bool {
    let comparison = outer.comparison();
    if inner.comparison() == Comparison::Canonical && comparison == Comparison::Exact {
        return false;
    }
    let lengths = match (outer.matches_lengths(), inner.matches_lengths()) {
        (Length::AtLeast, _) => outer.length() <= inner.length(),
        (Length::Exactly, Length::Exactly) => outer.length() == inner.length(),
        (Length::Exactly, Length::AtLeast) => false,
    };
    // An allowing rule needs the program in its own spelling.
    let heads = if outer.decision() == Decision::Allow {
        outer.head() == inner.head()
    } else {
        same_word(outer.head(), inner.head(), comparison)
    };
    lengths
        && heads
        && outer.rest().iter().zip(rest).all(|(wide, narrow)| {
            narrow.words().iter().all(|word| wide.words().iter().any(|known| same_word(known, word, comparison)))
        })
}
