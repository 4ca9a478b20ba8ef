use super::*;
use crate::decision::Decision;
use crate::judge::judge;
use crate::load::{File, Options, load_on_this_thread};
use crate::request::{Identity, Matching, Request};
use crate::ruleset::RuleSet;

fn seen(lines: &[&str]) -> Vec<Seen> {
    lines.iter().map(|line| Seen { argv: shlex::split(line).unwrap() }).collect()
}

fn loaded(lesson: &Lesson) -> RuleSet {
    let file = File { name: "learned.rules".into(), text: Ok(lesson.rules()) };
    let loaded = load_on_this_thread(vec![file], Options::in_directory("/"));
    assert!(!loaded.has_errors(), "{:?}\n{}", loaded.diagnostics, lesson.rules());
    loaded.ruleset
}

fn allows(rules: &RuleSet, argv: &[String]) -> bool {
    let identity = Identity { proven: argv.first().into_iter().cloned().collect(), ..Identity::default() };
    let request = Request { argv, identity: Some(&identity), matching: Matching::Strict, default: Decision::Prompt };
    let text_aside = judge(rules, &request);
    text_aside
        .because()
        .iter()
        .filter(|reason| !matches!(reason, crate::verdict::Reason::Executes { .. }))
        .all(|r| r.decision() == Decision::Allow)
}

fn patterns(lesson: &Lesson) -> Vec<String> {
    lesson.rules().lines().filter_map(|line| line.trim().strip_prefix("pattern = ").map(str::to_owned)).collect()
}

#[test]
fn sub_commands_become_alternatives_and_many_files_are_cut() {
    let mut commands = seen(&["git status", "git log", "git diff", "ls", "make -j2 all", "make -j2 test"]);
    commands.extend((0..40).map(|n| Seen { argv: ["cc", "-c", &format!("a{n}.c")].map(str::to_owned).to_vec() }));
    let lesson = learn(commands);
    assert_eq!(
        patterns(&lesson),
        [
            r#"["cc", "-c"],"#,
            r#"["git", ["diff", "log", "status"]],"#,
            r#"["ls"],"#,
            r#"["make", "-j2", ["all", "test"]],"#
        ]
    );
    let rules = loaded(&lesson);
    assert!(!allows(&rules, &["git".to_owned(), "push".to_owned()]));
    assert!(!allows(&rules, &["make".to_owned(), "install".to_owned()]));
}

#[test]
fn a_rule_ends_before_a_temporary_file() {
    let lesson = learn(seen(&["as -o /tmp/ccXkP2aF.o /tmp/ccZZ12ab.s", "cat /tmp/notes.txt"]));
    assert_eq!(patterns(&lesson), [r#"["as", "-o"],"#, r#"["cat", "/tmp/notes.txt"],"#]);
}

#[test]
fn what_would_allow_anything_is_named_and_not_proposed() {
    let lesson = learn(seen(&[
        "bash -c 'make all'",
        "bash -lc x",
        "python3 -c 'print(1)'",
        "/usr/bin/python3.11 -c 1",
        "env make all",
        "python3 tool.py",
        "git",
        "node --eval 1",
        "sudo -n true",
    ]));
    let text = lesson.rules();
    assert_eq!(
        patterns(&lesson),
        [r#"["env", "make", "all"],"#, r#"["python3", "tool.py"],"#, r#"["sudo", "-n", "true"],"#]
    );
    for line in [
        r#"# not proposed: ["bash", "-c"]"#,
        r#"#   exactly: ["bash", "-c", "make all"]"#,
        r#"# not proposed: ["python3", "-c"]"#,
        r#"# not proposed: ["/usr/bin/python3.11", "-c"]"#,
        r#"# not proposed: ["git"]"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    loaded(&lesson);
}

#[test]
fn bare_heads_that_run_anything_are_banned_by_every_spelling() {
    for banned_one in
        ["sh", "/usr/bin/bash", "python3.11", "python3 -m", "perl -E", "xargs", "find", "env -S", "awk", "git -C"]
    {
        assert!(banned(&shlex::split(banned_one).unwrap()).is_some(), "{banned_one}");
    }
    for fine in ["ls", "git status", "python3 setup.py", "cargo build", "cc -c"] {
        assert!(banned(&shlex::split(fine).unwrap()).is_none(), "{fine}");
    }
}

#[test]
fn whatever_was_seen_loads_and_is_allowed_unless_it_was_refused() {
    let mut state = 20_261_120_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let heads = ["git", "ls", "cc", "bash", "python3", "make", "/opt/tool", "env", "héad", "xargs", "tar"];
    let words = [
        "status", "-c", "a b", "", "\"q\"", "-", "x\ny", "\\", "ü", "--all", "run", "\u{2028}", "\u{1}", "#", "'",
        "{}", "$(x)",
    ];
    for _ in 0..300 {
        let commands: Vec<Seen> = (0..next(60))
            .map(|_| {
                let mut argv = vec![heads[next(heads.len() as u64) as usize].to_owned()];
                argv.extend((0..next(5)).map(|_| words[next(words.len() as u64) as usize].to_owned()));
                if next(4) == 0 {
                    argv.push(format!("file{}", next(100)));
                }
                Seen { argv }
            })
            .collect();
        let lesson = learn(commands.clone());
        let rules = loaded(&lesson);
        for Seen { argv } in &commands {
            let refused = lesson.refused.iter().any(|refused| refused.commands.contains(argv));
            assert_ne!(refused, allows(&rules, argv), "{argv:?}\n{}", lesson.rules());
        }
        for rule in &lesson.rules {
            let prefix: Vec<String> = rule.pattern.iter().map(|words| words[0].clone()).collect();
            assert_eq!(banned(&prefix), None, "{prefix:?}");
        }
    }
}
