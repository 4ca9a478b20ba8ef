//! `palisade diff`: files, directories, revisions and packs; what it prints and what it says to bad input.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn diff(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("diff")
        .args(args)
        .current_dir(cwd)
        .env("HOME", cwd)
        .env_remove("XDG_CACHE_HOME")
        .output()
        .expect("it starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const OLD: &str = "prefix_rule(pattern=[\"git\", \"push\"], decision=\"prompt\")\n";
const NEW: &str = "prefix_rule(pattern=[\"git\", \"status\"])\n\
prefix_rule(pattern=[\"git\", \"push\"], decision=\"allow\")\n\
prefix_rule(pattern=[\"git\", \"push\", [\"-f\", \"--force\"]], decision=\"forbidden\", justification=\"it is gone\")\n";

fn written() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("old.rules"), OLD).expect("written");
    fs::write(root.path().join("new.rules"), NEW).expect("written");
    root
}

#[test]
fn each_group_has_its_prefix_its_witness_and_both_rules() {
    let root = written();
    let output = diff(root.path(), &["old.rules", "new.rules"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let wanted = "looser and stricter

looser  prompt -> allow
  git push …
    but not git push [--force|-f] …
  witness: git push
  old: old.rules:1:1  prompt
  new: new.rules:2:1  allow

looser  prompt -> allow
  git status …
  witness: git status
  old: no rule; the default
  new: new.rules:1:1  allow

stricter  prompt -> forbidden
  git push [--force|-f] …
  witness: git push --force
  old: old.rules:1:1  prompt
  new: new.rules:3:1  forbidden  (it is gone)

2 looser and 1 stricter groups of commands (1 rules against 3, default prompt)
";
    assert_eq!(shown(&output), wanted);
}

#[test]
fn json_tells_the_same() {
    let root = written();
    let output = diff(root.path(), &["old.rules", "new.rules", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!((answer["result"].as_str(), answer["equal"].as_bool()), (Some("looser and stricter"), Some(false)));
    assert_eq!(answer["groups"].as_array().map(Vec::len), Some(3));
    let force = &answer["groups"][1];
    assert_eq!(force["way"], "stricter");
    assert_eq!(force["prefix"]["positions"][2]["words"][1], "-f");
    assert_eq!(force["prefix"]["extent"], "at_least");
    assert_eq!((&force["new"]["rule"]["file"], &force["new"]["rule"]["line"]), (&"new.rules".into(), &3.into()));
}

#[test]
fn a_ci_reads_the_changes_and_only_those_that_fail_are_errors() {
    let root = written();
    let text = |args: &[&str]| shown(&diff(root.path(), &[&["old.rules", "new.rules"], args].concat()));
    let github = text(&["--fail-on", "stricter", "--format", "github"]);
    let lines: Vec<&str> = github.lines().map(|line| line.split("::").nth(1).expect("a command")).collect();
    let wanted = [
        "warning file=new.rules,line=2,col=1,title=palisade diff%3A looser",
        "error file=new.rules,line=3,col=1,title=palisade diff%3A stricter",
        "warning file=new.rules,line=1,col=1,title=palisade diff%3A looser",
    ];
    assert_eq!(lines, wanted);
    assert!(text(&["--format", "junit"]).contains("failures=\"3\""));
    let sarif: Value = serde_json::from_str(&text(&["--format", "sarif"])).expect("json");
    assert_eq!(sarif["runs"][0]["results"][1]["ruleId"], "stricter");
    let output = diff(root.path(), &["old.rules", "old.rules", "--format", "tap"]);
    assert_eq!(shown(&output), "TAP version 14\n1..1\nok 1 - equal\n");
}

#[test]
fn equal_is_said_as_a_proof_and_fails_nothing() {
    let root = written();
    fs::write(root.path().join("same.rules"), format!("# the same\n{OLD}{OLD}")).expect("written");
    let output = diff(root.path(), &["old.rules", "same.rules"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(shown(&output).starts_with("equal\n  proven: no command, script or connection gets another decision"));
}

#[test]
fn fail_on_names_the_way_that_fails() {
    let root = written();
    fs::write(root.path().join("strict.rules"), OLD.replace("prompt", "forbidden")).expect("written");
    let status = |old: &str, new: &str, on: &str| diff(root.path(), &[old, new, "--fail-on", on]).status.code();
    assert_eq!(status("old.rules", "strict.rules", "looser"), Some(0));
    assert_eq!(status("strict.rules", "old.rules", "looser"), Some(1));
    assert_eq!(status("old.rules", "strict.rules", "stricter"), Some(1));
    assert_eq!(status("old.rules", "strict.rules", "any"), Some(1));
    assert_eq!(status("old.rules", "new.rules", "never"), Some(0));
}

#[test]
fn a_revision_is_compared_with_what_is_on_disk() {
    let root = tempfile::tempdir().expect("a directory");
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(root.path())
            .env("HOME", root.path())
            .output()
            .expect("git starts");
        assert!(output.status.success(), "{}", said(&output));
    };
    git(&["init", "-q"]);
    fs::create_dir(root.path().join("rules")).expect("made");
    fs::write(root.path().join("rules/git.rules"), OLD).expect("written");
    fs::write(root.path().join("rules/notes.txt"), "no rules").expect("written");
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    fs::write(root.path().join("rules/git.rules"), NEW).expect("written");
    for (old, new) in [("HEAD:rules", "rules"), ("HEAD:rules/git.rules", "rules/git.rules"), ("main:rules/", "rules")] {
        let output = diff(root.path(), &[old, new]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(shown(&output).contains("git.rules:1:1  prompt"), "{}", shown(&output));
    }
    assert_eq!(diff(root.path(), &["HEAD:rules", "HEAD:rules/git.rules"]).status.code(), Some(0));
    for bad in ["HEAD:nothing", "nowhere:rules", "HEAD:", "-x:rules"] {
        let output = diff(root.path(), &["--", bad, "rules"]);
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(said(&output).contains(bad) && said(&output).contains("help"), "{}", said(&output));
    }
}

#[test]
fn packs_are_compared_by_name_and_with_codex_matching() {
    let root = written();
    let output = diff(root.path(), &["pack:git", "pack:git"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = diff(root.path(), &["pack:git", "pack:network", "--compat", "codex"]);
    assert!(shown(&output).contains("\nstricter  prompt -> forbidden\n  [nc|ncat|netcat|socat|telnet] …\n"));
}

#[test]
fn bad_input_is_named_and_nothing_is_compared() {
    let root = written();
    fs::write(root.path().join("bad.rules"), "prefix_rule(pattern=[])\n").expect("written");
    fs::write(root.path().join("wide.rules"), "prefix_rule(pattern=[\"bash\"])\n").expect("written");
    fs::write(root.path().join("bytes.rules"), b"\xff\n").expect("written");
    fs::create_dir(root.path().join("empty")).expect("made");
    for (bad, about) in [
        ("missing.rules", "missing.rules"),
        ("bad.rules", "bad.rules:1:1"),
        ("wide.rules", "banned-rule"),
        ("bytes.rules", "not UTF-8"),
        ("empty", "no rule files"),
        ("pack:none", "no pack `none`"),
    ] {
        let output = diff(root.path(), &["old.rules", bad]);
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(said(&output).contains(about), "{bad}: {}", said(&output));
        assert_eq!(shown(&output), "", "{bad}");
    }
    let output = diff(root.path(), &["old.rules", "wide.rules", "--accept-banned"]);
    assert_eq!(output.status.code(), Some(1));
}

/// Rules as a large organisation has them.
fn many(count: usize, decision: impl Fn(usize) -> &'static str) -> policy::ruleset::RuleSet {
    let mut text = String::new();
    for number in 0..count {
        let (program, word, option) = (number % 200, number % 77, number % 5);
        let decision = decision(number);
        text.push_str(&format!(
            "prefix_rule(pattern=[\"p{program}\", [\"s{word}\", \"t{number}\"], \"-o{option}\"], decision=\"{decision}\")\n"
        ));
    }
    let file = policy::load::File { name: "many.rules".to_owned(), text: Ok(text) };
    let loaded = policy::load::load(vec![file], policy::load::Options::in_directory("/"));
    assert_eq!(loaded.diagnostics, []);
    loaded.ruleset
}

#[test]
fn ten_thousand_rules_against_ten_thousand_take_under_a_second() {
    use policy::diff::{Settings, Way, World, diff};
    let old = many(10_000, |_| "prompt");
    let new = many(10_000, |number| if number % 2 == 0 { "forbidden" } else { "prompt" });
    let settings = Settings { world: World::Strict, default: policy::decision::Decision::Prompt };
    // Time on a processor, so that a busy machine makes nothing slow: the first number of what the scheduler counts.
    let spent = || -> u64 {
        let counted = fs::read_to_string("/proc/thread-self/schedstat").expect("the scheduler counts");
        counted.split(' ').next().and_then(|number| number.parse().ok()).expect("nanoseconds")
    };
    let start = spent();
    let difference = diff(&old, &new, settings).expect("few places");
    let took = std::time::Duration::from_nanos(spent() - start);
    assert!(difference.goes(Way::Stricter) && !difference.goes(Way::Looser));
    assert!(difference.entries.len() > 1_000);
    // Without optimisation it may take longer.
    let most = if cfg!(debug_assertions) { 4.0 } else { 1.0 };
    assert!(took.as_secs_f64() < most, "{took:?}");
}
