//! Who a program is, from the surroundings to the verdict: one row a case.

use super::*;
use crate::identity::{Case, Surroundings, Tree, identify};

/// One case.
struct Row {
    path: &'static str,
    word: &'static str,
    expected: Decision,
    /// The name by which the rule was reached, where that is not the word; nothing where no rule speaks.
    program: Option<&'static str>,
}

fn forbidden(word: &'static str, program: &'static str) -> Row {
    Row { path: USUAL, word, expected: Decision::Forbidden, program: (program != word).then_some(program) }
}

fn no_rule(path: &'static str, word: &'static str) -> Row {
    Row { path, word, expected: Decision::Prompt, program: None }
}

fn allowed(path: &'static str, word: &'static str) -> Row {
    Row { path, word, expected: Decision::Allow, program: word.contains('/').then_some("git") }
}

const USUAL: &str = "/usr/local/bin:/usr/bin:/bin";

fn disk(case: Case) -> Tree {
    Tree::new(case)
        .link("/bin", "usr/bin")
        .program("/usr/bin/rm")
        .program("/usr/bin/git")
        .program("/usr/bin/Xctool")
        .program("/opt/git/bin/git")
        .program("/tmp/git")
        .link("/tmp/link", "/usr/bin/git")
        .program("/tmp/rm")
        .program("/home/me/bin/git")
        .link("/home/me/y", "/bin/rm")
        .program("/w/git")
        .program("/w/bin/git")
        .program("/w/rm")
        .link("/w/y", "/bin/rm")
        .link("/w/z", "y")
        .link("/w/links/git", "/usr/bin/git")
        .link("/opt/w/git", "/w/git")
        .link("/w/usr", "/usr/bin")
}

fn check(rules: &RuleSet, case: Case, arguments: &str, rows: &[Row]) {
    let files = disk(case);
    for Row { path, word, expected, program } in rows {
        let surroundings =
            Surroundings { path: Some(path), cwd: "/w", home: Some("/home/me"), workspace: None, files: &files, case };
        let identity = identify(word, &surroundings);
        let argv = words(&format!("{word} {arguments}"));
        let verdict = judge(rules, &Request { identity: identity.as_ref(), ..Request::strict(&argv) });
        assert_eq!(verdict.decision(), *expected, "{word} with {path}: {identity:#?}");
        match verdict.because() {
            [Reason::Rule { program: by, decision, .. }] => {
                assert_eq!((by.as_deref(), decision), (*program, expected), "{word} with {path}: {identity:#?}");
            }
            [Reason::NoRule { .. }] => assert!(program.is_none() && *expected == Decision::Prompt, "{word}"),
            other => panic!("{word}: {other:?}"),
        }
    }
}

#[test]
fn forbidding_follows_the_file_under_every_name() {
    let ungated = set(&[rule("rm", Decision::Forbidden)], &[]);
    // A gate that lists other places, or none that exists, loosens nothing.
    let gated = set(&[rule("rm", Decision::Forbidden)], &[("rm", &["/usr/bin/rm"])]);
    let elsewhere = set(&[rule("rm", Decision::Forbidden)], &[("rm", &["/nowhere/rm"])]);
    for rules in [&ungated, &gated, &elsewhere] {
        let words = [
            "rm",
            "/bin/rm",
            "//usr//bin/rm",
            "/usr/bin/../bin/rm",
            "./rm",
            "/tmp/rm",
            "../tmp/rm",
            "/none/rm",
            "./y",
            "z",
            "./z",
            "/w/z",
            "usr/../bin/rm",
            "~/y",
            "/proc/self/root/usr/bin/rm",
            "/proc/self/root/w/y",
            "/proc/self/cwd/z",
            "/proc/1/root/home/me/y",
        ];
        let row = |word| Row { path: "/usr/bin:/w", ..forbidden(word, "rm") };
        check(rules, Case::Exact, "-rf x", &words.map(row));
        check(rules, Case::Exact, "x", &[no_rule(USUAL, "z"), no_rule(USUAL, "RM"), no_rule(USUAL, "./git")]);
    }
    let by_path = set(&[rule("/bin/rm", Decision::Forbidden)], &[]);
    let words = ["rm", "/usr/bin/rm", "./y", "//bin/rm", "/proc/self/root/usr/bin/rm"];
    check(&by_path, Case::Exact, "x", &words.map(|word| forbidden(word, "/bin/rm")));
    check(&by_path, Case::Exact, "x", &[no_rule(USUAL, "./rm"), no_rule(USUAL, "/tmp/rm")]);
}

#[test]
fn where_case_folds_forbidding_follows_every_case() {
    let rules = set(&[rule("rm", Decision::Forbidden)], &[]);
    for word in ["RM", "/BIN/RM", "./Rm", "/tmp/RM", "./Y", "./Z"] {
        check(&rules, Case::Folds, "x", &[forbidden(word, "rm")]);
    }
    check(&rules, Case::Exact, "x", &[no_rule(USUAL, "RM"), no_rule(USUAL, "/tmp/RM"), no_rule(USUAL, "./Y")]);
    let written = set(&[rule("Xctool", Decision::Forbidden), rule("/usr/bin/Git", Decision::Forbidden)], &[]);
    for word in ["xctool", "XCTOOL", "/usr/bin/xctool"] {
        check(&written, Case::Folds, "x", &[forbidden(word, "Xctool")]);
    }
    for word in ["git", "GIT", "/bin/git"] {
        check(&written, Case::Folds, "x", &[forbidden(word, "/usr/bin/Git")]);
    }
    check(&written, Case::Exact, "x", &[no_rule(USUAL, "xctool"), no_rule(USUAL, "git")]);
}

#[test]
fn allowing_needs_certainty_about_the_file() {
    let rules = set(&[rule("git status", Decision::Allow)], &[]);
    let rows = [
        allowed(USUAL, "git"),
        allowed(USUAL, "/usr/bin/git"),
        allowed("/bin:/usr/bin", "/usr/bin/git"),
        allowed("/bin", "/bin/git"),
        allowed("/usr/bin:/w/bin:.", "git"),
        allowed("/tmp:/usr/bin", "git"),
        // Paths that are not what PATH gives, or are so by their text only.
        no_rule(USUAL, "./git"),
        no_rule(USUAL, "/w/git"),
        no_rule(USUAL, "/tmp/git"),
        no_rule(USUAL, "/tmp/link"),
        no_rule(USUAL, "~/bin/git"),
        no_rule(USUAL, "/home/me/bin/git"),
        no_rule(USUAL, "../usr/bin/git"),
        no_rule(USUAL, "//usr/bin/git"),
        no_rule(USUAL, "/usr/bin/../bin/git"),
        no_rule(USUAL, "/proc/self/root/usr/bin/git"),
        no_rule("/proc/self/root/usr/bin", "git"),
        no_rule("/proc/self/root/usr/bin", "/proc/self/root/usr/bin/git"),
        // The working directory decides.
        no_rule(".:/usr/bin", "git"),
        no_rule(":/usr/bin", "git"),
        no_rule("", "git"),
        no_rule("../usr/bin", "git"),
        no_rule("~/bin:/usr/bin", "git"),
        // A step in the sandbox could have put it there.
        no_rule("/w/bin:/usr/bin", "git"),
        no_rule("/w/bin:/usr/bin", "/w/bin/git"),
        no_rule("/w/bin:/usr/bin", "/usr/bin/git"),
        no_rule("/w/links:/usr/bin", "git"),
        no_rule("/opt/w:/usr/bin", "git"),
        no_rule("/w/usr", "git"),
        // What case folding would find is not what the rule says.
        no_rule(USUAL, "GIT"),
    ];
    check(&rules, Case::Exact, "status", &rows);
    let folded = [allowed(USUAL, "git"), no_rule(USUAL, "GIT"), no_rule("/W/bin", "git"), no_rule("/w/BIN", "git")];
    check(&rules, Case::Folds, "status", &folded);
}

#[test]
fn a_gate_narrows_what_is_allowed() {
    let rules = set(&[rule("git status", Decision::Allow)], &[("git", &["/usr/bin/git"])]);
    let rows = [
        allowed(USUAL, "git"),
        allowed(USUAL, "/usr/bin/git"),
        no_rule("/opt/git/bin:/usr/bin", "git"),
        no_rule("/opt/git/bin", "/opt/git/bin/git"),
        no_rule("/bin", "git"),
        no_rule("/w/bin", "git"),
        no_rule(USUAL, "/tmp/git"),
        no_rule(USUAL, "/usr/bin/../bin/git"),
    ];
    check(&rules, Case::Exact, "status", &rows);
    let inside = set(&[rule("git status", Decision::Allow)], &[("git", &["/w/bin/git", "/opt/w/git"])]);
    let rows = [no_rule("/w/bin", "git"), no_rule("/w/bin", "/w/bin/git"), no_rule("/opt/w", "/opt/w/git")];
    check(&inside, Case::Exact, "status", &rows);
}

#[test]
fn a_shadowed_program_is_still_forbidden_and_a_rule_for_the_path_still_allows() {
    let rules = set(&[rule("git", Decision::Forbidden)], &[]);
    let rows = ["git", "/w/bin/git"].map(|word| Row { path: "/w/bin:/usr/bin", ..forbidden(word, "git") });
    check(&rules, Case::Exact, "status", &rows);
    let named = set(&[rule("/w/bin/git status", Decision::Allow)], &[]);
    check(
        &named,
        Case::Exact,
        "status",
        &[Row { program: None, ..allowed(USUAL, "/w/bin/git") }, no_rule("/w/bin", "git")],
    );
}
