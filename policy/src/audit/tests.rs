use super::*;
use crate::decision::Decision;
use crate::load::{File, Options, load};
use crate::ruleset::RuleSet;

fn rules(text: &str) -> RuleSet {
    let file = File { name: "t.rules".into(), text: Ok(text.into()) };
    load(vec![file], Options::in_directory("/")).ruleset
}

const RULES: &str = r#"
prefix_rule(pattern=["git", "status"])
prefix_rule(pattern=["git", "push"], decision="forbidden")
prefix_rule(pattern=["docker"], decision="prompt")
prefix_rule(pattern=["never"], decision="forbidden")
"#;

fn script(text: &str) -> What {
    What::Script { text: text.into(), shell: Shell::Bash }
}

fn argv(words: &[&str]) -> What {
    What::Argv { words: words.iter().map(|word| (*word).to_owned()).collect(), program: None, certain: Vec::new() }
}

fn entry(what: What, session: &str, time: i64, recorded: Recorded) -> Entry {
    Entry { what, cwd: None, session: Some(session.into()), time: Some(time), recorded }
}

fn tally(set: &RuleSet, against: Option<&RuleSet>, entries: &[Entry]) -> Tally {
    let auditor = Auditor { rules: set, against, default: Decision::Prompt };
    let mut tally = Tally::new(set.len());
    for entry in entries {
        let finding = auditor.judge(&entry.what);
        let mut often = [0; 4];
        often[entry.recorded as usize] = 1;
        tally.add(&finding, often, &format!("{:?}", entry.what));
        tally.enter(entry, &finding);
    }
    tally
}

fn entries() -> Vec<Entry> {
    vec![
        entry(argv(&["git", "status"]), "a", 5, Recorded::Ran),
        entry(argv(&["/usr/bin/git", "status"]), "a", 3, Recorded::Ran),
        entry(script("git status && git push"), "a", 9, Recorded::Ran),
        entry(script("cat $f | python3 -c 'print(1)'"), "b", 1, Recorded::Unsaid),
        entry(argv(&["cargo", "build", "--release"]), "b", 2, Recorded::Ran),
        entry(argv(&["cargo", "build"]), "b", 2, Recorded::Ran),
        entry(argv(&["docker", "ps"]), "b", 2, Recorded::Agreed),
        entry(argv(&["python3", "-c", "print(2)"]), "c", 2, Recorded::Refused),
    ]
}

#[test]
fn what_is_counted_is_what_was_judged() {
    let set = rules(RULES);
    let sums = tally(&set, None, &entries());
    assert_eq!(sums.decisions, [2, 5, 1]);
    assert_eq!(sums.rules[0], RuleCount { matched: 3, decided: 2 });
    assert_eq!(sums.rules[1], RuleCount { matched: 1, decided: 1 });
    assert_eq!(sums.rules[3], RuleCount::default());
    // Building is opaque too: who knows what a build script does.
    assert_eq!(sums.opaque, 4, "{:?}", sums.reasons);
    let reasons: Vec<&str> = sums.reasons.largest(|count| *count).iter().map(|(name, _)| *name).collect();
    assert!(reasons.iter().any(|what| what.contains("text: `…`")), "{reasons:?}");
    let programs = sums.programs.largest(|row| row.iter().sum());
    assert_eq!(programs[0], ("git", &[3, 0, 1]));
    let sessions = sums.sessions.largest(|session| session.decisions.iter().sum());
    assert_eq!(sessions[1].0, "a");
    assert_eq!((sessions[1].1.first, sessions[1].1.last, sessions[1].1.newly_refused), (Some(3), Some(9), 1));
    assert!(sums.changes.iter().any(|(key, group)| key == "ran>forbidden>r1" && group.count == 1));
}

#[test]
fn prompts_are_settled_by_rules_that_no_ban_hits() {
    let set = rules(RULES);
    let all = settled(&tally(&set, None, &entries()));
    let text = format!("{all:?}");
    let cargo = all.iter().find(|settled| matches!(&settled.by, By::Allowing(rule) if rule.pattern[0] == ["cargo"]));
    assert_eq!(cargo.map(|settled| (settled.count, settled.alone)), Some((2, 2)), "{text}");
    assert!(all.iter().any(|settled| matches!(settled.by, By::Changing(id) if id.0 == 2)), "{text}");
    for settled in &all {
        if let By::Allowing(rule) = &settled.by {
            assert_ne!(rule.pattern[0], ["python3"], "{text}");
        }
    }
    assert!(
        all.iter().any(|settled| matches!(&settled.by, By::Banned { prefix, .. } if prefix[0] == "python3")),
        "{text}"
    );
}

#[test]
fn parts_in_any_order_add_up_to_the_whole() {
    let set = rules(RULES);
    let other = rules("prefix_rule(pattern=[\"cargo\", \"build\"])");
    let entries = entries();
    let whole = tally(&set, Some(&other), &entries);
    assert_eq!(whole.against[1][0], 2);
    let mut merged = tally(&set, Some(&other), &entries[5..]);
    merged.merge(tally(&set, Some(&other), &entries[..2]));
    merged.merge(tally(&set, Some(&other), &entries[2..5]));
    assert_eq!(merged, whole);
    let mut again = Tally::new(set.len());
    let parts = merged.parts(2);
    assert!(parts.len() > 2);
    parts.into_iter().for_each(|part| again.merge(part));
    assert_eq!(again, whole);
}

#[test]
fn what_a_record_leaves_open_is_never_allowed() {
    let set = rules("prefix_rule(pattern=[\"ls\"])\nprefix_rule(pattern=[\"git\", \"push\"], decision=\"forbidden\")");
    let auditor = Auditor { rules: &set, against: None, default: Decision::Prompt };
    let decision = |what: What| auditor.judge(&what).decision;
    assert_eq!(decision(What::Joined { text: "ls -la".into() }), Decision::Allow);
    assert_eq!(decision(What::Joined { text: "bash -c ls -la".into() }), Decision::Prompt);
    assert_eq!(decision(What::Joined { text: "bash -c git push".into() }), Decision::Forbidden);
    assert_eq!(decision(What::Unknown { why: "no words".into() }), Decision::Prompt);
    let fish = |text: &str| decision(What::Script { text: text.into(), shell: Shell::Fish });
    assert_eq!(fish("ls -la"), Decision::Allow);
    assert_eq!(fish("ls (git push)"), Decision::Forbidden);
    assert_eq!(fish("ls; and ls"), Decision::Prompt);
}
