//! `palisade test`: cases, examples, coverage and formats; the shipped packs hold with every rule covered.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn test(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("test")
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

const RULES: &str = "prefix_rule(pattern=[\"git\", \"push\"], decision=\"prompt\", match=[\"git push\"])
prefix_rule(pattern=[\"git\", [\"log\", \"status\"]])
";

const CASES: &str = "[[case]]
command = \"git push origin\"
decision = \"prompt\"
rule = \"git push\"

[[case]]
script = \"git push; ls\"
decision = \"allow\"
note = \"it should be free\"
";

fn written() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("git.rules"), RULES).expect("written");
    fs::write(root.path().join("git.cases.toml"), CASES).expect("written");
    root
}

#[test]
fn the_shipped_packs_hold_and_every_rule_of_them_is_covered() {
    let root = tempfile::tempdir().expect("a directory");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let output = test(root.path(), &["--coverage-min", "100", rules.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(0), "{}{}", shown(&output), said(&output));
    for pack in palisade::packs::names() {
        assert!(rules.join(format!("{pack}.cases.toml")).is_file(), "{pack} has no cases");
    }
}

#[test]
fn a_failure_shows_expected_and_got_with_both_places() {
    let root = written();
    for paths in [&["git.rules"][..], &["git.cases.toml"], &["."], &["git.rules", "git.cases.toml"]] {
        let output = test(root.path(), paths);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let text = shown(&output).replace("./", "");
        let wanted = "fail  git.cases.toml:6:1  git push; ls
  expected allow
  got prompt by git.rules:1:1, no rule; the default
  note: it should be free

1 cases passed, 1 failed; 1 examples held, 0 rules have one that did not
";
        assert_eq!(text, wanted, "{paths:?}");
    }
}

#[test]
fn coverage_names_what_no_case_decided_and_can_be_asked_for() {
    let root = written();
    let good = CASES.replace("decision = \"allow\"", "decision = \"prompt\"");
    fs::write(root.path().join("git.cases.toml"), &good).expect("written");
    assert_eq!(test(root.path(), &["git.rules"]).status.code(), Some(0));
    assert_eq!(test(root.path(), &["git.rules", "--coverage-min", "50"]).status.code(), Some(0));
    let output = test(root.path(), &["git.rules", "--coverage-min", "51"]);
    assert_eq!(output.status.code(), Some(1));
    let text = shown(&output);
    assert!(text.contains("never decided: git.rules:2:1  [\"git\", [\"log\", \"status\"]]\n"), "{text}");
    assert!(text.contains("coverage: 1 of 2 rules (50 %), 0 of 2 alternatives\n"), "{text}");
    let more = format!("{good}\n[[case]]\ncommand = \"git log\"\ndecision = \"allow\"\n");
    fs::write(root.path().join("git.cases.toml"), more).expect("written");
    let text = shown(&test(root.path(), &["git.rules", "--coverage"]));
    assert!(text.contains("never had: git.rules:2:1  \"status\" at position 2\n"), "{text}");
}

#[test]
fn cases_may_name_their_rules_or_be_about_all_of_a_directory() {
    let root = written();
    fs::remove_file(root.path().join("git.cases.toml")).expect("removed");
    fs::write(root.path().join("rm.rules"), "prefix_rule(['rm'], 'forbidden', justification = 'no')\n")
        .expect("written");
    let case = "[[case]]\nscript = 'git status; rm x'\ndecision = 'forbidden'\nrule = 'rm.rules:1'\n";
    fs::write(root.path().join("all.cases.toml"), case).expect("written");
    let output = test(root.path(), &["."]);
    assert_eq!(output.status.code(), Some(0), "{}{}", shown(&output), said(&output));
    fs::write(root.path().join("all.cases.toml"), format!("rules = ['git.rules']\n{case}")).expect("written");
    let output = test(root.path(), &["all.cases.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", shown(&output), said(&output));
}

#[test]
fn an_example_that_does_not_hold_fails() {
    let root = written();
    fs::write(root.path().join("bad.rules"), "\nprefix_rule(['git', 'log'], match = ['git status'])\n")
        .expect("written");
    let output = test(root.path(), &["bad.rules"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(shown(&output).starts_with("fail  bad.rules:2:1\n  this rule must match `git status`, and does not\n"));
}

#[test]
fn a_ci_reads_the_cases() {
    let root = written();
    let text = |format: &str| shown(&test(root.path(), &["git.rules", "--format", format]));
    let answer: Value = serde_json::from_str(&text("json")).expect("json");
    assert_eq!((&answer["passed"], &answer["cases"][1]["got"]), (&false.into(), &"prompt".into()));
    assert_eq!(answer["coverage"]["percent"], 50);
    let junit = text("junit");
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    assert!(junit.contains("expected allow, got prompt by git.rules:1:1"), "{junit}");
    assert!(text("tap").starts_with("TAP version 14\n1..2\nok 1 - git.cases.toml: git push origin\nnot ok 2"));
    assert!(text("github").starts_with("::error file=git.cases.toml,line=6,col=1,"));
    let sarif: Value = serde_json::from_str(&text("sarif")).expect("json");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(1));
}

#[test]
fn input_that_cannot_be_used_is_named() {
    let root = written();
    let write = |name: &str, text: &[u8]| fs::write(root.path().join(name), text).expect("written");
    write("syntax.rules", b"prefix_rule(\n");
    write("none.rules", b"# nothing\n");
    write("bad.cases.toml", b"[[case]]\ncomand = 'x'\ndecision = 'allow'\n");
    write("bytes.cases.toml", b"\xff");
    write("lost.cases.toml", b"rules = ['gone.rules']\n[[case]]\ncommand = 'x'\ndecision = 'allow'\n");
    fs::create_dir(root.path().join("empty")).expect("made");
    for (path, about) in [
        ("syntax.rules", "syntax.rules:"),
        ("none.rules", "no rule to test"),
        ("bad.cases.toml", "bad.cases.toml:2:1"),
        ("bytes.cases.toml", "not UTF-8"),
        ("lost.cases.toml", "gone.rules"),
        ("missing.rules", "missing.rules"),
        ("empty", "no rule files"),
    ] {
        let output = test(root.path(), &[path]);
        assert_eq!(output.status.code(), Some(2), "{path}: {}", shown(&output));
        assert!(said(&output).contains(about), "{path}: {}", said(&output));
    }
}

#[test]
fn watch_tests_again_after_each_change_and_ends_with_130() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let root = written();
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["test", "--watch", "git.rules"])
        .current_dir(root.path())
        .env("HOME", root.path())
        .env_remove("XDG_CACHE_HOME")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // A test that is stuck fails: the end of the program ends the reading.
    let pid = child.id();
    let (done, over) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if over.recv_timeout(std::time::Duration::from_secs(120)).is_err() {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
    });
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut summary = || {
        let mut next = || lines.next().expect("the program goes on").expect("text");
        let mut line = next();
        while !line.contains("cases passed") {
            assert!(!line.contains('\u{1b}'), "{line:?}");
            line = next();
        }
        line
    };
    assert!(summary().starts_with("1 cases passed, 1 failed"));
    fs::write(root.path().join("git.cases.toml"), CASES.replace("\"allow\"", "\"prompt\"")).expect("written");
    assert!(summary().starts_with("2 cases passed, 0 failed"));
    // What cannot be read does not end it.
    fs::write(root.path().join("git.rules"), "prefix_rule(").expect("written");
    std::thread::sleep(std::time::Duration::from_millis(600));
    fs::write(root.path().join("git.rules"), RULES).expect("written");
    assert!(summary().starts_with("2 cases passed, 0 failed"));
    assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().expect("kill starts").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let _ = done.send(());
    guard.join().expect("it ends");
}
