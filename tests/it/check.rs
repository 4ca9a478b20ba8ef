//! `palisade check`: its answers, and what it says to bad input.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn check(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("check")
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

const RULES: &str = "def never(name):\n    prefix_rule(pattern=[name], decision=\"forbidden\", justification=\"gone for good\")\n\nnever(\"rm\")\nprefix_rule(pattern=[\"git\", \"status\"])\n";

#[test]
fn a_verdict_names_the_rule_its_line_and_why() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a.rules"), RULES).expect("written");
    let output = check(root.path(), &["-r", "a.rules", "--", "/usr/bin/rm", "x y"]);
    assert_eq!(output.status.code(), Some(1));
    let wanted = "forbidden\n  command: /usr/bin/rm 'x y'\n\nforbidden  a.rules:2:5\n  2 |     prefix_rule(pattern=[name], decision=\"forbidden\", justification=\"gone for good\")\n    |     ^";
    assert!(shown(&output).starts_with(wanted), "{}", shown(&output));
    for part in
        ["  called from a.rules:4:1\n", "  matched: /usr/bin/rm  (the program is `rm`)\n", "  because: gone for good\n"]
    {
        assert!(shown(&output).contains(part), "{part}\n{}", shown(&output));
    }
}

#[test]
fn json_has_the_decision_at_the_top_and_the_place_of_each_reason() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a.rules"), RULES).expect("written");
    let output = check(root.path(), &["-r", "a.rules", "--format", "json", "--fail-on", "never", "rm", "x"]);
    assert_eq!(output.status.code(), Some(0));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!(answer["decision"], "forbidden");
    assert_eq!(answer["command"], serde_json::json!(["rm", "x"]));
    let reason = &answer["reasons"][0];
    assert_eq!(reason["kind"], "rule");
    assert_eq!((reason["line"].as_u64(), reason["column"].as_u64()), (Some(2), Some(5)));
    assert_eq!(reason["via"], serde_json::json!(["a.rules:4:1"]));
    assert_eq!(reason["matched"], serde_json::json!(["rm"]));
}

#[test]
fn the_exit_status_follows_fail_on_default_and_compat() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a.rules"), RULES).expect("written");
    let status = |args: &[&str]| check(root.path(), &[&["-r", "a.rules"], args].concat()).status.code();
    assert_eq!(status(&["unknown-program"]), Some(0));
    assert_eq!(status(&["--fail-on", "prompt", "unknown-program"]), Some(1));
    assert_eq!(status(&["--default", "forbidden", "unknown-program"]), Some(1));
    assert_eq!(status(&["--fail-on", "prompt", "--default", "allow", "unknown-program"]), Some(0));
    assert_eq!(status(&["/bin/rm", "x"]), Some(1));
    assert_eq!(status(&["--compat", "codex", "/bin/rm", "x"]), Some(0));
    assert_eq!(status(&["--compat", "codex", "--resolve-host-executables", "/bin/rm", "x"]), Some(1));
    assert_eq!(status(&["--fail-on", "prompt", "--default", "allow", "--script", "ls"]), Some(0));
    assert_eq!(status(&["--fail-on", "prompt", "--default", "allow", "--script", "ls; $X"]), Some(1));
    assert_eq!(status(&["--default", "allow", "--script", "ls; (rm x)"]), Some(1));
    assert_eq!(status(&["--default", "maybe", "ls"]), Some(2));
    assert_eq!(status(&["--format", "codex", "git", "status"]), Some(0));
    let codex = check(root.path(), &["-r", "a.rules", "--format", "codex", "./rm"]);
    assert_eq!(shown(&codex), "{\"matchedRules\":[]}\n");
}

#[test]
fn bad_input_is_answered_with_its_place_and_status_two() {
    let root = tempfile::tempdir().expect("a directory");
    let file = |name: &str, bytes: &[u8]| fs::write(root.path().join(name), bytes).expect("written");
    fs::create_dir(root.path().join("empty")).expect("made");
    file("bytes.rules", b"# ok\nprefix_rule(pattern=[\"\xff\"])\n");
    file("syntax.rules", b"# one\nprefix_rule(pattern=[\"a\"\n");
    file("decision.rules", b"prefix_rule(pattern=[\"a\"], decision=\"forbid\")\n");
    file("example.rules", b"\nprefix_rule(pattern=[\"a\"], match=[\"b c\"])\n");
    file("good.rules", b"prefix_rule(pattern=[\"a\"])\n");
    let cases: &[(&[&str], &[&str])] = &[
        (&["-r", "missing.rules", "a"], &["error[read-missing]", "missing.rules"]),
        (&["-r", "empty", "a"], &["error[no-rules]", "`empty`"]),
        (&["-r", "bytes.rules", "a"], &["error[read-not-utf8]", "offset 27", "0xff", "line 2"]),
        (&["-r", "syntax.rules", "a"], &["error[syntax]", "syntax.rules:2:26"]),
        (
            &["-r", "decision.rules", "a"],
            &["error[invalid-decision]", "decision.rules:1:1", "did you mean `forbidden`?"],
        ),
        (&["-r", "example.rules", "a"], &["error[example-unmatched]", "example.rules:2:1", "`b c`"]),
        (&["--pack", "nothing", "a"], &["error[unknown-pack]", "`git`"]),
        (&["-r", "syntax.rules", "-r", "decision.rules", "a"], &["error[syntax]", "error[invalid-decision]"]),
        (&["-r", "good.rules", "-r", "missing.rules", "a"], &["error[read-missing]"]),
        (&["-r", "good.rules"], &["there is no command"]),
        (&["a"], &["there are no rules"]),
    ];
    for (args, parts) in cases {
        let output = check(root.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}\n{}", said(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
        for part in *parts {
            assert!(said(&output).contains(part), "{args:?} does not say {part}:\n{}", said(&output));
        }
    }
}

#[test]
fn a_rule_that_allows_anything_is_refused_unless_it_is_accepted_by_name_or_option() {
    let root = tempfile::tempdir().expect("a directory");
    let rule = "prefix_rule(pattern=[\"python3\"])\n";
    fs::write(root.path().join("wide.rules"), rule).expect("written");
    let named = format!("# palisade: accept-banned \"python3\"\n{rule}");
    fs::write(root.path().join("named.rules"), named).expect("written");
    let ask = |args: &[&str]| check(root.path(), &[args, &["--fail-on", "prompt", "python3", "--version"]].concat());

    let refused = ask(&["-r", "wide.rules"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    for part in ["error[banned-rule]", "wide.rules:1:1", "`[\"python3\", \"script\"]`", "accept-banned \"python3\""] {
        assert!(said(&refused).contains(part), "{part}:\n{}", said(&refused));
    }
    let warned = ask(&["-r", "wide.rules", "--accept-banned"]);
    assert_eq!(warned.status.code(), Some(0), "{}", said(&warned));
    assert!(said(&warned).contains("warning[banned-rule]"), "{}", said(&warned));
    for args in [&["-r", "named.rules"][..], &["-r", "wide.rules", "--compat", "codex"]] {
        let quiet = ask(args);
        assert_eq!((quiet.status.code(), said(&quiet).as_str()), (Some(0), ""), "{args:?}");
    }
    // What was accepted once, or read as Codex reads it, is not accepted for good.
    assert_eq!(ask(&["-r", "wide.rules"]).status.code(), Some(2));
    let text = check(root.path(), &["-r", "named.rules", "--fail-on", "prompt", "python3", "-c", "x"]);
    assert_eq!(text.status.code(), Some(1), "{}", shown(&text));
}

#[test]
fn a_directory_gives_its_rule_files_sorted_links_included() {
    let root = tempfile::tempdir().expect("a directory");
    let rules = root.path().join("rules");
    fs::create_dir(&rules).expect("made");
    fs::write(rules.join("b.rules"), "prefix_rule(pattern=[\"x\"], justification=\"second\")").expect("written");
    fs::write(root.path().join("real"), "prefix_rule(pattern=[\"x\"], justification=\"first\")").expect("written");
    std::os::unix::fs::symlink(root.path().join("real"), rules.join("a.rules")).expect("linked");
    fs::write(rules.join("c.rules.bak"), "broken(").expect("written");
    let output = check(root.path(), &["-r", "rules", "--format", "json", "x"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
    let whys: Vec<&str> = answer["reasons"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|reason| reason["justification"].as_str())
        .collect();
    assert_eq!(whys, ["first", "second"]);
}

/// Files that want to take the process down: each ends in a diagnostic, soon.
#[test]
fn hostile_rule_files_end_in_a_diagnostic() {
    let root = tempfile::tempdir().expect("a directory");
    let repeat = |text: &str, times: usize| text.repeat(times);
    let cases = [
        ("for i in range(1000000000):\n    pass\n".to_owned(), "too-many-steps"),
        ("x = \"a\" * 1000000000\n".to_owned(), "too-much-memory"),
        ("x = [1] * 1000000000\n".to_owned(), "too-much-memory"),
        ("x = \"a\"\nx *= 2000000000\n".to_owned(), "too-much-memory"),
        (format!("x = \"aaaaaaaaaa\"\n{}", repeat("x = x + x\n", 60)), "too-much-memory"),
        ("x = \"a\" * 100000\ny = x.replace(\"a\", x)\n".to_owned(), "too-much-memory"),
        ("x = list(range(2000000000))\n".to_owned(), "eval"),
        ("x = 1 << 1000000000\n".to_owned(), "eval"),
        ("x = 12345678901234567890\nfor i in range(60):\n    x = x * x\n".to_owned(), "too-many-steps"),
        ("x = max(range(2000000000))\n".to_owned(), "too-many-steps"),
        (format!("x = {}1{}", repeat("(", 1_000_000), repeat(")", 1_000_000)), "nesting-too-deep"),
        (format!("x = {}1", repeat("lambda a, b: ", 100_000)), "nesting-too-deep"),
        (
            "x = [\"abcdefgh\"] * 100000\nfor i in range(100000):\n    prefix_rule(pattern=x)\n".to_owned(),
            "too-many-rules",
        ),
    ];
    for (text, code) in cases {
        fs::write(root.path().join("h.rules"), &text).expect("written");
        let output = check(root.path(), &["-r", "h.rules", "a"]);
        let start: String = text.chars().take(60).collect();
        assert_eq!(output.status.code(), Some(2), "{start}\n{}", said(&output));
        assert!(said(&output).contains(&format!("error[{code}]")), "{start}\n{}", said(&output));
        assert!(said(&output).contains("h.rules"), "{start}\n{}", said(&output));
    }
}
