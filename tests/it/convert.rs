//! `palisade convert`: what it writes and tells, and what it says to bad input.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn palisade(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
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

const SETTINGS: &str = r#"{
  "permissions": {
    "allow": [
      "Bash(npm run test:*)",
      "Bash(git diff *)",
      "Bash(* --version)",
      "Read(./src/**)"
    ],
    "deny": ["Bash(git push --force:*)"]
  }
}
"#;

fn written() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("settings.json"), SETTINGS).expect("written");
    root
}

#[test]
fn settings_become_rules_and_each_line_that_is_lost_is_told() {
    let root = written();
    let output = palisade(root.path(), &["convert", "settings.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let wanted = r#"# Converted from settings.json: permissions of Claude Code.
# Of all rules that match a command the strictest decides, whatever their order.

# settings.json:4:7: Bash(npm run test:*)
prefix_rule(pattern = ["npm", "run", "test"], decision = "allow")

# settings.json:5:7: Bash(git diff *)
prefix_rule(pattern = ["git", "diff"], decision = "allow")

# settings.json:6:7: left out: Bash(* --version): `*` stands for any text, and a pattern is a prefix of whole words

# settings.json:7:7: left out: Read(./src/**): it is about the tool `Read`, and rules are about commands

# settings.json:9:14: Bash(git push --force:*)
prefix_rule(
"#;
    assert!(
        shown(&output).starts_with(wanted.trim_end_matches("\n").trim_end_matches("prefix_rule(")),
        "{}",
        shown(&output)
    );
    for part in ["settings.json:6:7", "warning[left-out]", "3 lines as they were; 0 findings stricter, 2 left out"] {
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
    // The way back, for the lines that were rules.
    fs::write(root.path().join("a.rules"), shown(&output)).expect("written");
    let lint = palisade(root.path(), &["lint", "a.rules", "--allow", "allows-writing", "--allow", "allows-execution"]);
    assert_eq!(lint.status.code(), Some(0), "{}", shown(&lint));
    let back = palisade(root.path(), &["convert", "a.rules"]);
    let settings: Value = serde_json::from_slice(&back.stdout).expect("json");
    assert_eq!(settings["permissions"]["allow"], serde_json::json!(["Bash(npm run test:*)", "Bash(git diff:*)"]));
    assert_eq!(settings["permissions"]["deny"], serde_json::json!(["Bash(git push --force:*)"]));
    assert!(said(&back).contains("walks around them"), "{}", said(&back));
}

#[test]
fn json_holds_the_rules_and_what_is_told() {
    let root = written();
    let output = palisade(root.path(), &["convert", "settings.json", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!((&answer["exact"], &answer["told"][0]["became"]), (&3.into(), &"left-out".into()));
    assert_eq!((&answer["told"][0]["line"], &answer["told"][1]["line"]), (&6.into(), &7.into()));
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("prefix_rule(")));
}

#[test]
fn each_format_is_told_by_its_name_and_a_result_is_never_written_over() {
    let root = written();
    let policy =
        "[[rule]]\ntoolName = \"run_shell_command\"\ncommandPrefix = \"ls\"\ndecision = \"allow\"\npriority = 1\n";
    fs::write(root.path().join("policy.toml"), policy).expect("written");
    fs::write(root.path().join("sudoers"), "alice ALL = NOPASSWD: /bin/ls\n").expect("written");
    for (file, command) in [("policy.toml", "ls"), ("sudoers", "/bin/ls")] {
        let output = palisade(root.path(), &["convert", file, "-o", &format!("{file}.rules")]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0), "{}", said(&output));
        let check =
            palisade(root.path(), &["check", "--rules", &format!("{file}.rules"), "--compat", "codex", "--", command]);
        assert!(shown(&check).starts_with("allow"), "{}", shown(&check));
        let output = palisade(root.path(), &["convert", file, "-o", &format!("{file}.rules")]);
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn bad_input_is_told_with_its_place() {
    let root = written();
    for (name, text, args, about) in [
        ("a.json", "{", &[][..], "a.json:1"),
        ("a.json", "{\"permissions\": {\"allow\": [7]}}", &[], "a.json:1:28"),
        ("a.toml", "[[rule]]\n", &[], "a.toml:1"),
        ("sudoers", "a ALL = /bin/ls\nb ALL = /bin/ls\n", &[], "`--user`"),
        ("sudoers", "a b c\n", &[], "sudoers:1:1"),
        ("a.rules", "prefix_rule([])\n", &[], "a.rules:1:1"),
        ("a.txt", "", &[], "`--from`"),
    ] {
        fs::write(root.path().join(name), text).expect("written");
        let output = palisade(root.path(), &[&["convert", name], args].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{name}: {text}");
        assert!(said(&output).contains(about), "{about}: {}", said(&output));
    }
    let output = palisade(root.path(), &["convert", "missing.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("missing.json"));
}
