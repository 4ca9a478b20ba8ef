//! Forbidding rules that another spelling of the same command gets around in Codex's own matching.

use super::{Finding, Level, Lint, Subject, first_spelling, shown};
use crate::decision::Decision;
use crate::judge::judge;
use crate::programs;
use crate::request::{BasenameFallback, CodexMatching, Matching, Request, last_component};

pub(super) const LINT: Lint = Lint {
    code: "walked-around",
    meaning: "in Codex, another spelling of the same command is not forbidden",
    explain: "Codex compares words one by one. An option before the sub-command (`git -C . push`), a wrapper \
(`env git push`), a shell (`sh -c 'git push'`), a path outside of its `host_executable` says the same in other words, and the rule does not match. palisade follows \
the program and the meaning, so this is looked for under `--compat codex` only. Only commands are told that no other rule \
of the set stops. Forbid or ask about the options and wrappers too, or put palisade in front.",
    level: Level::UnderCodex,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let codex = CodexMatching { basename_fallback: BasenameFallback::On, cwd: "/", home: None };
    let decide = |argv: &[String]| {
        let request = Request { argv, identity: None, matching: Matching::Codex(codex), default: Decision::Allow };
        judge(subject.rules, &request).decision()
    };
    let mut last = None;
    for rule in subject.rules.rules() {
        if rule.decision() != Decision::Forbidden || last.replace(rule.call()) == Some(rule.call()) {
            continue;
        }
        let words = first_spelling(&rule);
        let mut others = spellings(&words);
        others.extend(own_paths(subject, &words));
        let Some((how, witness)) = others.into_iter().find(|(_, argv)| decide(argv) < Decision::Prompt) else {
            continue;
        };
        let message = format!("in Codex `{}` is not forbidden: {how}", shown(&witness));
        let help = "forbid or ask about what stands before it too, or put palisade in front";
        found.extend(Finding::about(LINT.code, &rule, message, help).map(|finding| finding.shown_by(witness)));
    }
}

/// The same command by a path that other rules name: of rules for the very word that is typed and rules for the program, Codex
/// asks the second only where the first are silent.
fn own_paths(subject: &Subject<'_>, words: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let Some((head, rest)) = words.split_first() else { return Vec::new() };
    let paths = subject
        .rules
        .rules()
        .map(|rule| rule.head())
        .filter(|path| path.contains('/') && path != head && last_component(path) == Some(head.as_str()));
    let argv = |path: &str| std::iter::once(path.to_owned()).chain(rest.iter().cloned()).collect();
    paths.map(|path| ("a rule for this path hides it", argv(path))).collect()
}

/// The same command in other words, with what is other about them.
fn spellings(words: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let mut all = Vec::new();
    let Some((head, rest)) = words.split_first() else { return all };
    let with = |before: &[&str]| -> Vec<String> {
        before.iter().map(|word| (*word).to_owned()).chain(words.iter().cloned()).collect()
    };
    if let Some(option) = last_component(head).and_then(programs::global_option)
        && rest.first().is_some_and(|word| !word.starts_with('-'))
    {
        let mut argv = vec![head.clone()];
        argv.extend(option);
        argv.extend(rest.iter().cloned());
        all.push(("an option stands before the sub-command", argv));
    }
    if all.is_empty() && rest.first().is_some_and(|word| !word.starts_with('-')) {
        let argv = [head.clone(), "-v".to_owned()].into_iter().chain(rest.iter().cloned()).collect();
        all.push(("an option stands before the next word", argv));
    }
    // A gate lets a rule of Codex miss a program that lives elsewhere.
    if let Some(name) = last_component(head).filter(|_| !head.contains('/')) {
        let mut argv = words.to_vec();
        if let Some(first) = argv.first_mut() {
            *first = format!("/tmp/{name}");
        }
        all.push(("it lives in a place that no `host_executable` lists", argv));
    }
    for wrapper in [&["env"][..], &["nohup"], &["timeout", "5"], &["xargs"]] {
        all.push(("a wrapper executes it", with(wrapper)));
    }
    for shell in ["sh", "bash"] {
        let script = vec![shell.to_owned(), "-c".to_owned(), format!("{} ;", shown(words))];
        all.push(("a shell executes it", script));
    }
    all
}
