use super::*;
use crate::pattern::{PatternElement, matches};
use crate::rule::{Length, NewRule, Origin};
use crate::ruleset::{HostExecutable, RuleSetBuilder};
use crate::source::{SourceId, Span};
use crate::verdict::RuleId;

fn origin() -> Origin {
    Origin { at: Span { source: SourceId(0), start: 0, end: 0 }, via: Vec::new() }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// A rule from words, `a|b` standing for alternatives.
fn rule(pattern: &str, decision: Decision) -> NewRule {
    let mut elements = pattern.split(' ').map(|element| {
        let alternatives: Vec<String> = element.split('|').map(str::to_owned).collect();
        match alternatives.as_slice() {
            [one] => PatternElement::Word(one.clone()),
            _ => PatternElement::AnyOf(alternatives),
        }
    });
    let heads = elements.next().map(|head| head.words().to_vec()).unwrap_or_default();
    NewRule {
        heads,
        rest: elements.collect(),
        decision,
        justification: None,
        comparison: Comparison::Exact,
        length: Length::AtLeast,
        reviewer: None,
        origin: origin(),
    }
}

fn set(rules: &[NewRule], hosts: &[(&str, &[&str])]) -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    for rule in rules {
        builder.rule(rule);
    }
    for (name, paths) in hosts {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        builder.host_executable((*name).to_owned(), HostExecutable { paths, origin: origin() });
    }
    builder.build()
}

fn found(path: &str) -> Identity {
    Identity {
        resolved: Some(path.to_owned()),
        real: Some(path.to_owned()),
        lookup: Some(path.to_owned()),
        ..Identity::default()
    }
}

fn decide(rules: &RuleSet, command: &str, identity: Option<&Identity>) -> Decision {
    let argv = words(command);
    judge(rules, &Request { argv: &argv, identity, matching: Matching::Strict, default: Decision::Prompt }).decision()
}

#[test]
fn a_forbidding_rule_follows_the_program_and_not_its_spelling() {
    let rules = set(&[rule("rm", Decision::Forbidden)], &[("rm", &["/usr/bin/rm"])]);
    for command in ["rm x", "/usr/bin/rm x", "./rm x", "/tmp/rm x", "sub/../rm x", "//bin//rm/ x"] {
        assert_eq!(decide(&rules, command, None), Decision::Forbidden, "{command}");
    }
    let link = Identity {
        resolved: Some("/home/me/erase".into()),
        real: Some("/usr/bin/rm".into()),
        lookup: Some("/home/me/erase".into()),
        ..Identity::default()
    };
    assert_eq!(decide(&rules, "erase x", Some(&link)), Decision::Forbidden);
    assert_eq!(decide(&rules, "erase x", None), Decision::Prompt);
}

#[test]
fn a_forbidding_rule_for_a_path_follows_a_bare_name_that_starts_it() {
    let rules = set(&[rule("/usr/bin/rm", Decision::Forbidden)], &[]);
    assert_eq!(decide(&rules, "rm x", Some(&found("/usr/bin/rm"))), Decision::Forbidden);
    assert_eq!(decide(&rules, "rm x", Some(&found("/opt/rm"))), Decision::Prompt);
}

#[test]
fn an_allowing_rule_needs_certainty() {
    let rules = set(&[rule("git", Decision::Allow)], &[]);
    let git = found("/usr/bin/git");
    assert_eq!(decide(&rules, "git status", None), Decision::Allow);
    assert_eq!(decide(&rules, "git status", Some(&git)), Decision::Allow);
    assert_eq!(decide(&rules, "/usr/bin/git status", Some(&git)), Decision::Allow);
    for command in ["./git status", "sub/git status", "/tmp/git status", "/usr/bin/../bin/git status", "GIT status"] {
        assert_eq!(decide(&rules, command, Some(&git)), Decision::Prompt, "{command}");
    }
    assert_eq!(decide(&rules, "/usr/bin/git status", None), Decision::Prompt);
    let through_here = Identity { through_relative_path: true, ..git };
    assert_eq!(decide(&rules, "git status", Some(&through_here)), Decision::Prompt);
    assert_eq!(decide(&rules, "/usr/bin/git status", Some(&through_here)), Decision::Prompt);
}

#[test]
fn a_host_executable_gates_what_is_allowed_and_never_loosens_what_is_not() {
    let rules = set(&[rule("git", Decision::Allow), rule("git push", Decision::Forbidden)], &[("git", &["/opt/git"])]);
    assert_eq!(decide(&rules, "git status", None), Decision::Prompt);
    assert_eq!(decide(&rules, "git status", Some(&found("/usr/bin/git"))), Decision::Prompt);
    assert_eq!(decide(&rules, "git status", Some(&found("/opt/git"))), Decision::Allow);
    assert_eq!(decide(&rules, "/opt/git status", None), Decision::Allow);
    assert_eq!(decide(&rules, "/usr/bin/git status", Some(&found("/usr/bin/git"))), Decision::Prompt);
    assert_eq!(decide(&rules, "/tmp/git push", None), Decision::Forbidden);
}

#[test]
fn an_allow_for_an_exact_path_does_not_hide_a_stricter_rule_for_the_name() {
    let rules = set(&[rule("/usr/bin/rm", Decision::Allow), rule("rm", Decision::Forbidden)], &[]);
    assert_eq!(decide(&rules, "/usr/bin/rm x", None), Decision::Forbidden);
    let alone = set(&[rule("/usr/bin/ls", Decision::Allow)], &[]);
    assert_eq!(decide(&alone, "/usr/bin/ls x", None), Decision::Allow);
    assert_eq!(decide(&alone, "ls x", Some(&found("/usr/bin/ls"))), Decision::Prompt);
}

#[test]
fn a_canonical_allow_is_for_the_spelling_it_was_written_in() {
    let canonical = |decision| NewRule { comparison: Comparison::Canonical, ..rule("git status", decision) };
    let allow = set(&[canonical(Decision::Allow)], &[]);
    assert_eq!(decide(&allow, "git STATUS", None), Decision::Allow);
    assert_eq!(decide(&allow, "GIT status", None), Decision::Prompt);
    let forbid = set(&[canonical(Decision::Forbidden)], &[]);
    assert_eq!(decide(&forbid, "/x/GIT STATUS", None), Decision::Forbidden);
}

#[test]
fn a_canonical_rule_reached_under_two_names_is_named_once() {
    let canonical = NewRule { comparison: Comparison::Canonical, ..rule("rm", Decision::Forbidden) };
    let argv = words("RM x");
    let identity = found("/usr/bin/rm");
    let rules = set(&[canonical], &[]);
    assert_eq!(judge(&rules, &Request::strict(&argv).with_identity(&identity)).because().len(), 1);
}

#[test]
fn program_text_given_to_a_shell_is_never_allowed() {
    let rules = [
        rule("bash|sh|zsh", Decision::Allow),
        rule("bash script.sh", Decision::Allow),
        rule("sh -c evil", Decision::Forbidden),
    ];
    let rules = set(&rules, &[]);
    for command in ["bash -c ls", "bash -lc ls", "sh -ec ls", "zsh --login -c ls", "/bin/bash -c ls"] {
        assert_eq!(decide(&rules, command, Some(&found("/bin/bash"))), Decision::Prompt, "{command}");
    }
    assert_eq!(decide(&rules, "bash script.sh", None), Decision::Allow);
    assert_eq!(decide(&rules, "bash other.sh", None), Decision::Prompt);
    assert_eq!(decide(&rules, "sh -c evil", None), Decision::Forbidden);
}

#[test]
fn no_command_is_refused_and_no_rule_gives_the_default() {
    let rules = set(&[], &[]);
    assert_eq!(judge(&rules, &Request::strict(&[])).decision(), Decision::Forbidden);
    let argv = words("ls");
    let allowed = Request { default: Decision::Allow, ..Request::strict(&argv) };
    assert_eq!(judge(&rules, &allowed).decision(), Decision::Allow);
}

#[test]
fn every_matching_rule_is_named_once_in_load_order() {
    let rules =
        [rule("git", Decision::Allow), rule("x|git push|pull", Decision::Prompt), rule("git|git", Decision::Prompt)];
    let argv = words("git push");
    let verdict = judge(&set(&rules, &[]), &Request::strict(&argv));
    let ids: Vec<u32> = verdict
        .because()
        .iter()
        .map(|reason| match reason {
            Reason::Rule { id: RuleId(id), .. } => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [0, 2, 3, 4]);
}

/// A small deterministic generator of numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }
}

#[test]
fn the_index_finds_what_matching_rule_by_rule_finds() {
    let pool = ["a", "b", "c", "A", "é", "É", ""];
    let mut dice = Dice(1);
    for round in 0..300 {
        let rules: Vec<NewRule> = (0..1 + dice.below(40))
            .map(|_| {
                let positions: Vec<String> = (0..1 + dice.below(4))
                    .map(|_| (0..1 + dice.below(3)).map(|_| pool[dice.below(7)]).collect::<Vec<_>>().join("|"))
                    .collect();
                let mut made = rule(&positions.join(" "), Decision::Prompt);
                if dice.below(3) == 0 {
                    made.comparison = Comparison::Canonical;
                }
                made
            })
            .collect();
        let built = set(&rules, &[]);
        for _ in 0..20 {
            let argv: Vec<String> = (0..1 + dice.below(5)).map(|_| pool[dice.below(7)].to_owned()).collect();
            let plain: Vec<&str> = argv.iter().map(String::as_str).collect();
            let by_hand: Vec<u32> = rules
                .iter()
                .flat_map(|rule| rule.heads.iter().map(move |head| (head, rule)))
                .enumerate()
                .filter(|(_, (head, rule))| matches(head, &rule.rest, &plain, rule.comparison))
                .map(|(id, _)| u32::try_from(id).expect("few"))
                .collect();
            let mut hits = Hits::new();
            hits_under(&built, plain[0], argv.as_slice(), &mut hits);
            let by_index: Vec<u32> = hits.iter().map(|hit| hit.id.0).collect();
            assert_eq!(by_index, by_hand, "round {round}: {argv:?} against {rules:#?}");
            assert!(hits.iter().all(|hit| Some(hit.matched) == built.rule(hit.id).map(|rule| rule.length())));
        }
    }
}

fn by(rules: &RuleSet, command: &str) -> Vec<(Decision, By)> {
    let argv = words(command);
    let verdict = judge(rules, &Request::strict(&argv));
    let reasons = verdict.because().iter();
    reasons
        .filter_map(|reason| match reason {
            Reason::Rule { decision, by, .. } => Some((*decision, *by)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_restrictive_rule_follows_the_meaning_and_an_allowing_one_does_not() {
    let forbid = set(&[rule("git push", Decision::Forbidden), rule("rm -rf", Decision::Prompt)], &[]);
    assert_eq!(by(&forbid, "git -C /p push"), [(Decision::Forbidden, By::Meaning)]);
    assert_eq!(by(&forbid, "/usr/bin/git -C /p push"), [(Decision::Forbidden, By::Meaning)]);
    assert_eq!(by(&forbid, "git push -f"), [(Decision::Forbidden, By::Spelling)]);
    assert_eq!(by(&forbid, "rm x -fr"), [(Decision::Prompt, By::Meaning)]);
    assert_eq!(by(&forbid, "git stash push -m x"), []);
    let allow = set(&[rule("git push", Decision::Allow), rule("rm -rf", Decision::Allow)], &[]);
    for command in ["git -C /p push", "rm -fr x", "rm x -rf", "git --no-pager push"] {
        assert_eq!(by(&allow, command), [], "{command}");
    }
}

#[test]
fn a_rule_reached_by_meaning_says_how_far_it_looked_and_stands_in_its_place() {
    let rules =
        set(&[rule("git", Decision::Allow), rule("git push", Decision::Prompt), rule("git -C", Decision::Prompt)], &[]);
    let argv = words("git -C /p push origin");
    let seen: Vec<(u32, u32, By)> = judge(&rules, &Request::strict(&argv))
        .because()
        .iter()
        .filter_map(|reason| match reason {
            Reason::Rule { id, matched, by, .. } => Some((id.0, *matched, *by)),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [(0, 1, By::Spelling), (1, 4, By::Meaning), (2, 2, By::Spelling)]);
}

#[test]
fn a_canonical_rule_follows_the_meaning_under_every_spelling() {
    let canonical = |pattern| NewRule { comparison: Comparison::Canonical, ..rule(pattern, Decision::Forbidden) };
    let rules = set(&[canonical("git Push --force"), canonical("chmod -R 777")], &[]);
    for command in ["GIT -C x PUSH --FORCE", "git push o --Force", "chmod 777 -R x"] {
        assert_eq!(by(&rules, command), [(Decision::Forbidden, By::Meaning)], "{command}");
    }
    let exact = set(&[rule("git push", Decision::Forbidden), canonical("x")], &[]);
    assert_eq!(by(&exact, "GIT -C x PUSH"), []);
}

/// Random commands of a program, with the options as a list so that they can be written in other ways.
fn command(dice: &mut Dice, head: &str) -> (Vec<String>, Vec<String>) {
    let operands = (0..dice.below(4)).map(|_| ["push", "x", "run", "777"][dice.below(4)].to_owned()).collect();
    let pool: &[&str] = if head == "rm" { &["-r", "-f", "-v", "--force"] } else { &["-a", "-b", "--force", "--all=x"] };
    let options = (0..dice.below(4)).map(|_| pool[dice.below(pool.len())].to_owned()).collect();
    (operands, options)
}

fn written(head: &str, operands: &[String], options: &[String]) -> Vec<String> {
    std::iter::once(head.to_owned()).chain(operands.iter().cloned()).chain(options.iter().cloned()).collect()
}

#[test]
fn other_spellings_never_lose_a_restriction_nor_gain_a_permission() {
    let mut dice = Dice(7);
    let strictest = |rules: &RuleSet, argv: &[String]| judge(rules, &Request::strict(argv)).decision();
    for round in 0..4_000 {
        let head = ["rm", "unheard"][dice.below(2)];
        let patterns: Vec<NewRule> = (0..1 + dice.below(6))
            .map(|_| {
                let (operands, options) = command(&mut dice, head);
                let pattern = written(head, &operands, &options).join(" ");
                rule(&pattern, [Decision::Allow, Decision::Prompt, Decision::Forbidden][dice.below(3)])
            })
            .collect();
        let rules = set(&patterns, &[]);
        let (operands, options) = command(&mut dice, head);
        let argv = written(head, &operands, &options);
        let verdict = judge(&rules, &Request::strict(&argv));
        let plain: Vec<&str> = argv.iter().map(String::as_str).collect();
        // What matches word by word is still there, as such; what is there by meaning never allows.
        for (id, pattern) in patterns.iter().enumerate() {
            let spelled = matches(&pattern.heads[0], &pattern.rest, &plain, Comparison::Exact);
            let named = verdict
                .because()
                .iter()
                .any(|reason| matches!(reason, Reason::Rule { id: at, by: By::Spelling, .. } if at.0 as usize == id));
            assert_eq!(spelled, named, "round {round}: {argv:?} and {pattern:?}");
        }
        for reason in verdict.because() {
            if let Reason::Rule { decision, by: By::Meaning, .. } = reason {
                assert!(*decision > Decision::Allow, "round {round}: {argv:?}");
            }
        }
        // The same options in another order, in clusters, and in front of the operands.
        let before = strictest(&rules, &argv);
        if before == Decision::Forbidden {
            let mut shuffled = options.clone();
            for at in (1..shuffled.len()).rev() {
                shuffled.swap(at, dice.below(at + 1));
            }
            let letters: String =
                options.iter().filter(|option| option.len() == 2).map(|option| &option[1..]).collect();
            let mut clustered: Vec<String> = options.iter().filter(|option| option.len() != 2).cloned().collect();
            if !letters.is_empty() {
                clustered.push(format!("-{letters}"));
            }
            for options in [&shuffled, &clustered] {
                let again = written(head, &operands, options);
                assert_eq!(strictest(&rules, &again), before, "round {round}: {argv:?} as {again:?}: {patterns:?}");
                let mut front = vec![head.to_owned()];
                front.extend(options.iter().cloned().chain(operands.iter().cloned()));
                assert_eq!(strictest(&rules, &front), before, "round {round}: {argv:?} as {front:?}: {patterns:?}");
            }
        }
    }
}

#[test]
fn an_exact_rule_matches_nothing_longer() {
    let exact = |pattern, decision| NewRule { length: Length::Exactly, ..rule(pattern, decision) };
    let rules = set(&[exact("rm -rf build|dist", Decision::Allow), exact("git push", Decision::Forbidden)], &[]);
    assert_eq!(decide(&rules, "rm -rf build", None), Decision::Allow);
    assert_eq!(decide(&rules, "git push", None), Decision::Forbidden);
    for command in ["rm -rf build /", "rm -rf", "rm -fr build", "git push origin", "git -C x push"] {
        assert_eq!(decide(&rules, command, None), Decision::Prompt, "{command}");
    }
    let wider = set(&[exact("git push", Decision::Forbidden), rule("git", Decision::Prompt)], &[]);
    assert_eq!(decide(&wider, "git push x", None), Decision::Prompt);
}

mod identity;
