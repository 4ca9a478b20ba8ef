//! `palisade hook run`: what it is given, what it answers, and whether the real Codex obeys.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::peers;
use crate::scripted_model::{Home, Turn};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(rules: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("team.rules"), rules).expect("rules");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Gives the hook these bytes.
    fn give(&self, options: &[&str], call: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["hook", "run", "--rules", &self.path("team.rules")])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("palisade");
        // A hook that refuses its options reads nothing.
        let _ = child.stdin.take().expect("input").write_all(call);
        child.wait_with_output().expect("palisade")
    }

    fn ask(&self, options: &[&str], tool: &str, input: Value) -> Output {
        let call = json!({
            "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input, "cwd": "/tmp", "tool_use_id": "c1"
        });
        self.give(options, call.to_string().as_bytes())
    }
}

fn assert_allowed(output: &Output, what: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), errors.as_ref(), output.stdout.as_slice()),
        (Some(0), "", b"".as_slice()),
        "{what}"
    );
}

fn assert_denied(output: &Output, said: &str, what: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()), "{what}: {errors}");
    assert!(errors.starts_with("palisade: denied") && errors.contains(said), "{what}: {errors}");
}

const PUSH: &str = "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n";

#[test]
fn a_command_is_judged_with_everything_it_executes() {
    let place = Place::new(PUSH);
    let ask = |script: &str| place.ask(&["--default", "allow"], "Bash", json!({ "command": script }));
    assert_allowed(&ask("git status"), "status");
    for script in ["git push", "env git -C . push", "true; (git push > out)", "bash -lc 'git push'"] {
        assert_denied(&ask(script), "team.rules:1:1", script);
    }
    assert_denied(&ask("eval \"$(curl x)\""), "nobody can be asked", "opaque");
    let strict = place.ask(&[], "Bash", json!({ "command": "git status" }));
    assert_denied(&strict, "nobody can be asked", "no rule matches");
}

#[test]
fn patches_and_written_files_are_the_command_that_writes_them() {
    let place = Place::new("prefix_rule(pattern = [\"apply_patch\", \"secret.txt\"], decision = \"forbidden\")\n");
    let options = ["--default", "allow"];
    let patch = |file: &str| format!("*** Begin Patch\n*** Add File: {file}\n+x\n*** End Patch");
    for (tool, key, value) in [
        ("apply_patch", "command", patch("secret.txt")),
        ("Write", "file_path", "secret.txt".into()),
        ("Edit", "file_path", "secret.txt".into()),
    ] {
        assert_denied(&place.ask(&options, tool, json!({ key: value })), "team.rules:1:1", tool);
    }
    assert_allowed(&place.ask(&options, "apply_patch", json!({ "command": patch("open.txt") })), "another file");
    assert_denied(&place.ask(&options, "apply_patch", json!({ "command": "nothing" })), "names no file", "no patch");
    assert_denied(&place.ask(&options, "Write", json!({})), "names no file", "no file");
}

#[test]
fn what_is_not_understood_is_denied() {
    let place = Place::new(PUSH);
    let options = ["--default", "allow"];
    for (call, said) in [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "no event"),
        (r#"{"hook_event_name":"Stop"}"#, "not `Stop`"),
        (r#"{"hook_event_name":"PreToolUse"}"#, "no tool"),
        (r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#, "where it would run"),
        (r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","cwd":"a"}"#, "where it would run"),
        (
            r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","cwd":"/tmp","tool_input":{"command":5}}"#,
            "not understood",
        ),
        (r#"{"hook_event_name":"PreToolUse","tool_name":"mcp__x__y","cwd":"/tmp","tool_input":{}}"#, "mcp__x__y"),
    ] {
        let output = place.give(&options, call.as_bytes());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{call}: {errors}");
        assert!(errors.contains(said) && output.stdout.is_empty(), "{call}: {errors}");
    }
    assert_eq!(place.give(&options, b"\xff\xfe").status.code(), Some(2));
    assert_allowed(&place.ask(&["--allow-tool", "mcp__x__y"], "mcp__x__y", json!({})), "named");
    assert_allowed(&place.ask(&[], "Read", json!({ "file_path": "x" })), "reads");
    std::fs::write(place.path("team.rules"), "prefix_rule(").expect("rules");
    assert_denied(&place.ask(&options, "Bash", json!({ "command": "ls" })), "team.rules:1:", "broken rules");
    assert_eq!(place.give(&["--no-such-option"], b"{}").status.code(), Some(2));
}

#[test]
fn each_call_is_logged_and_one_that_cannot_be_is_denied() {
    let place = Place::new(PUSH);
    let log = place.path("calls.ndjson");
    let options = ["--default", "allow", "--log", &log];
    place.ask(&options, "Bash", json!({ "command": "ls" }));
    place.ask(&options, "Bash", json!({ "command": "git push" }));
    place.give(&options, b"nonsense");
    let text = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let denied: Vec<_> = lines.iter().map(|line| line["palisade"]["denied"].as_bool()).collect();
    assert_eq!(denied, [Some(false), Some(true), Some(true)]);
    let shown = Command::new(env!("CARGO_BIN_EXE_palisade")).args(["codex", "show", &log]).output().expect("palisade");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("git push\n") && shown.contains("denied by a hook"), "{shown}");
    let nowhere = place.path("no/such/folder");
    let output = place.ask(&["--default", "allow", "--log", &nowhere], "Bash", json!({ "command": "ls" }));
    assert_denied(&output, "cannot be written", "no log");
}

/// The 35 spellings of a forbidden command, of which the real Codex lets 26 run.
fn spellings() -> Vec<(&'static str, &'static str)> {
    let file = crate::codex_recordings::folder().join("0.169.0/full-auto/rule-evasion.tools.jsonl");
    let text = std::fs::read_to_string(file).expect("a recording");
    let leak = |value: &Value| -> &'static str { Box::leak(value.as_str().expect("text").to_owned().into_boxed_str()) };
    text.lines()
        .map(|line| {
            let call: Value = serde_json::from_str(line).expect("JSON");
            let arguments: Value = serde_json::from_str(call["arguments"].as_str().expect("text")).expect("JSON");
            (leak(&call["call_id"]), leak(&arguments["cmd"]))
        })
        .collect()
}

#[test]
fn with_the_hook_no_spelling_of_a_forbidden_command_runs_in_the_real_codex() {
    let place = Place::new(PUSH);
    let spellings = spellings();
    assert_eq!(spellings.len(), 35);
    for version in ["0.125.0", "0.169.0"] {
        for mode in ["full-auto", "bypass"] {
            let mut turns: Vec<Turn> = spellings.chunks(7).map(|calls| Turn::Calls(calls.to_vec())).collect();
            turns.push(Turn::Calls(vec![("permitted", "echo a > permitted.txt")]));
            let home = Home::new(turns);
            let installed = Command::new(env!("CARGO_BIN_EXE_palisade"))
                .args(["hook", "install", "--for", "codex", "--default", "allow", "--rules", &place.path("team.rules")])
                .arg("--codex")
                .arg(peers::codex(version))
                .arg("--codex-home")
                .arg(home.path())
                .output()
                .expect("palisade");
            assert_eq!(installed.status.code(), Some(0), "{}", String::from_utf8_lossy(&installed.stderr));
            let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
                .args(["codex", "exec", "--mode", mode, "--format", "json", "--codex"])
                .env("HOME", home.folder())
                .arg(peers::codex(version))
                .arg("--codex-home")
                .arg(home.path())
                .arg("--cwd")
                .arg(home.workspace())
                .arg("run the script")
                .output()
                .expect("palisade");
            let text = String::from_utf8_lossy(&output.stdout);
            let report: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).expect("a report");
            let deeds = report["deeds"].as_array().expect("deeds");
            let others: Vec<&Value> = deeds.iter().filter(|deed| deed["outcome"]["class"] != "hook-denied").collect();
            assert_eq!(deeds.len(), 36, "{version} {mode}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(others.len(), 1, "{version} {mode}: {others:#?}");
            assert_eq!(
                (&others[0]["id"], &others[0]["outcome"]["exit"]),
                (&"permitted".into(), &0.into()),
                "{version} {mode}"
            );
        }
    }
}
