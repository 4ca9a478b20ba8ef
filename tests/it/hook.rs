//! `palisade hook run`: what it is given, what it answers, and whether the real Codex obeys.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::codex_run::{for_each, run};
use crate::peers;
use crate::sandboxed::as_user;
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

#[test]
fn a_hook_that_is_told_to_end_or_that_nobody_hears_denies() {
    use nix::sys::signal::{Signal, kill};
    let place = Place::new(PUSH);
    let hook = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.args(["hook", "run", "--rules", &place.path("team.rules"), "--default", "allow"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut child = hook().spawn().expect("palisade");
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        // Its input stays open: it waits for the rest of the call, once it waits for signals too.
        let input = child.stdin.take();
        let blocked = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let mask =
                status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap_or_default().trim().to_owned();
            u64::from_str_radix(&mask, 16).unwrap_or_default() != 0
        };
        let began = std::time::Instant::now();
        while !blocked() {
            assert!(began.elapsed().as_secs() < 20, "it never watches");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        kill(pid, signal).expect("told");
        let output = child.wait_with_output().expect("ended");
        drop(input);
        assert_denied(&output, &format!("told to end by signal {}", signal as i32), signal.as_str());
    }
    // Nobody reads the reason, or the disk under it is full: it is a denial all the same.
    let call = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": "git push" }, "cwd": "/tmp" });
    let (read, write) = nix::unistd::pipe().expect("a pipe");
    drop(read);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    for errors in [Stdio::from(write), Stdio::from(full)] {
        let mut child = hook().stderr(errors).spawn().expect("palisade");
        child.stdin.take().expect("input").write_all(call.to_string().as_bytes()).expect("given");
        assert_eq!(child.wait().expect("ended").code(), Some(2));
    }
}

#[test]
fn a_ledger_or_log_on_a_full_disk_denies() {
    let place = Place::new("prefix_rule(pattern = [\"ls\"])\n");
    let small = place.path("small");
    std::fs::create_dir(&small).expect("a folder");
    let call = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": "ls" }, "cwd": "/tmp" });
    let own: &[&str] = if nix::unistd::geteuid().is_root() { &["-m"] } else { &["-Urm"] };
    for option in ["--ledger=SMALL/ledger.sqlite", "--log=SMALL/calls.ndjson"] {
        let line = format!(
            "mount -t tmpfs -o size=4k none {small} && head -c 4096 /dev/zero > {small}/full; exec {} hook run --rules {} {}",
            env!("CARGO_BIN_EXE_palisade"),
            place.path("team.rules"),
            option.replace("SMALL", &small)
        );
        let mut child = Command::new("unshare")
            .args(own)
            .args(["sh", "-c", &line])
            .env("PALISADE_LEDGER", if option.starts_with("--log") { "off" } else { "" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare");
        let _ = child.stdin.take().expect("input").write_all(call.to_string().as_bytes());
        let output = child.wait_with_output().expect("ended");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{option}: {errors}");
        assert!(errors.contains("denied") && errors.to_lowercase().contains("no space left"), "{option}: {errors}");
    }
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
    let spellings = spellings();
    assert_eq!(spellings.len(), 35);
    for_each(|user, version| {
        for mode in ["full-auto", "bypass"] {
            let mut turns: Vec<Turn> = spellings.chunks(7).map(|calls| Turn::Calls(calls.to_vec())).collect();
            turns.push(Turn::Calls(vec![("permitted", "echo a > permitted.txt")]));
            let home = Home::of(user, turns);
            let rules = home.folder().join("team.rules");
            std::fs::write(&rules, PUSH).expect("rules");
            let installed = as_user(user)
                .args(["hook", "install", "--for", "codex", "--default", "allow", "--rules"])
                .arg(rules)
                .arg("--codex")
                .arg(peers::codex_for(user, version))
                .arg("--codex-home")
                .arg(home.path())
                .env("HOME", home.folder())
                .output()
                .expect("palisade");
            assert_eq!(installed.status.code(), Some(0), "{}", String::from_utf8_lossy(&installed.stderr));
            let run = run(&home, version, &["exec", "--mode", mode, "run the script"]);
            let what = format!("{user:?} {version} {mode}: {}", run.what());
            let deeds = run.report["deeds"].as_array().expect("deeds");
            let others: Vec<&Value> = deeds.iter().filter(|deed| deed["outcome"]["class"] != "hook-denied").collect();
            assert_eq!((deeds.len(), others.len()), (36, 1), "{what}");
            assert_eq!((&others[0]["id"], &others[0]["outcome"]["exit"]), (&"permitted".into(), &0.into()), "{what}");
            assert!(home.workspace().join("permitted.txt").exists(), "{what}");
        }
    });
}
