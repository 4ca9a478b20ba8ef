//! The verdict on one exec. The matching is `policy::judge`'s; what is decided here is which of its reasons count.

use policy::decision::Decision;
use policy::judge::judge;
use policy::request::{Matching, Request};
use policy::ruleset::RuleSet;
use policy::verdict::{Reason, Verdict};

use super::facts::{Facts, Subject};

/// A verdict with what led to it.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// The reasons that count, by the words they are about: the program, then its script, then what it starts in itself.
    pub(super) parts: Vec<(Vec<String>, Vec<Reason>)>,
    /// Reasons that were left aside, see [`judge_exec`].
    pub(super) aside: Vec<Reason>,
}

/// Judges an exec that has happened and has had no effect yet.
///
/// - Whatever restricts the program, its script, or what it starts within itself, counts.
/// - An allowing rule counts for the program and for its script, never for what a dynamic loader or a many-in-one program
///   starts within itself; the file must be the one the rule names, see [`super::facts`].
/// - **Program text is left aside.** A shell or an interpreter that is handed text is `prompt` elsewhere because nobody
///   knows what the text will start. Under the guard each program it starts is judged on its own, so the text does not
///   raise the verdict; what it does without starting a program is up to the sandbox. A many-in-one program can be a
///   hundred programs without an exec, so its text counts.
/// - A dynamic loader runs a file that the kernel has not seen, so it is never allowed, only asked for.
/// - Without a rule, and where the default is to allow, nothing is judged: the guard only records.
pub(super) fn judge_exec(rules: &RuleSet, facts: &Facts, default: Decision) -> Judgement {
    let mut parts = vec![part(rules, &facts.program, default)];
    if let Some(script) = &facts.script {
        parts.push(part(rules, script, default));
    }
    if let Some(within) = &facts.within {
        let (argv, mut because) = part(rules, within, default);
        because.retain(|reason| reason.decision() > Decision::Allow && matches!(reason, Reason::Rule { .. }));
        parts.push((argv, because));
    }
    let mut aside = Vec::new();
    let only_recording = rules.is_empty() && default == Decision::Allow;
    if !facts.many_in_one || only_recording {
        for (_, because) in &mut parts {
            aside.extend(because.extract_if(.., |reason| matches!(reason, Reason::Executes { .. })));
        }
    }
    // Where any rule has spoken, the default has nothing to say.
    let spoken = parts.iter().any(|(_, because)| because.iter().any(|reason| matches!(reason, Reason::Rule { .. })));
    let mut kept = false;
    for (_, because) in &mut parts {
        because.retain(|reason| {
            let default = matches!(reason, Reason::NoRule { .. });
            let keep = !default || !(spoken || kept);
            kept |= default;
            keep
        });
    }
    if facts.loader
        && !only_recording
        && let Some((_, because)) = parts.first_mut()
    {
        let what = "a program given to a dynamic loader".to_owned();
        because.push(Reason::Opaque { decision: Decision::Prompt, what });
    }
    let verdict = Verdict::new(parts.iter().flat_map(|(_, because)| because.iter().cloned()));
    parts.retain(|(_, because)| !because.is_empty());
    Judgement { verdict, parts, aside }
}

fn part(rules: &RuleSet, subject: &Subject, default: Decision) -> (Vec<String>, Vec<Reason>) {
    let request =
        Request { argv: &subject.argv, identity: Some(&subject.identity), matching: Matching::Strict, default };
    let mut because = judge(rules, &request).because().to_vec();
    // The first word is what the program calls itself unless it was shown to be its path; `judge` would believe it.
    let shown = subject.argv.first().is_some_and(|word| subject.identity.proven.contains(word));
    if !shown {
        let heads = &subject.identity.proven;
        because.retain(|reason| match reason {
            Reason::Rule { id, decision: Decision::Allow, .. } => {
                rules.rule(*id).is_some_and(|rule| heads.iter().any(|head| head == rule.head()))
            }
            _ => true,
        });
        if because.iter().all(|reason| matches!(reason, Reason::Executes { .. })) {
            because.push(Reason::NoRule { decision: default });
        }
    }
    (subject.argv.clone(), because)
}

#[cfg(test)]
mod tests;
