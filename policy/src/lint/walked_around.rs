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
        let others = spellings(&words);
        let Some((how, witness)) = others.into_iter().find(|(_, argv)| decide(argv) < Decision::Prompt) else {
            continue;
        };
        let message = format!("in Codex `{}` is not forbidden: {how}", shown(&witness));
        let help = "forbid or ask about what stands before it too, or put palisade in front";
        found.extend(Finding::about(LINT.code, &rule, message, help).map(|finding| finding.shown_by(witness)));
    }
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
    // A gate lets a rule of Codex miss a program that lives elsewhere.
    if let Some(name) = last_component(head).filter(|_| !head.contains('/')) {
        let mut argv = words.to_vec();
        if let Some(first) = argv.first_mut() {
            *first = format!("/tmp/{name}");
        }
        all.push(("it lives in a place that no `host_executable` lists", argv));
    }
    all.push(("a wrapper executes it", with(&["env"])));
    let script = vec!["sh".to_owned(), "-c".to_owned(), format!("{} ;", shown(words))];
    all.push(("a shell executes it", script));
    all
}
