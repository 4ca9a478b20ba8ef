//! `palisade codex exec` and `resume` with the real Codex on a scripted model: two versions, three modes, no account.

use std::process::{Command, Output};

use serde_json::Value;

use crate::peers;
use crate::scripted_model::{Home, Turn};

const VERSIONS: [&str; 2] = ["0.125.0", "0.169.0"];

/// What a run gave.
struct Run {
    output: Output,
    report: Value,
}

impl Run {
    fn errors(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The deed of a call.
    fn deed(&self, id: &str) -> &Value {
        let deeds = self.report["deeds"].as_array().expect("deeds");
        deeds.iter().find(|deed| deed["id"] == id).unwrap_or_else(|| panic!("no deed {id}: {}", self.report))
    }
}

/// Runs `palisade codex VERB …` of a version in a home of its own.
fn run(home: &Home, version: &str, arguments: &[&str]) -> Run {
    let report = home.folder().join("report.json");
    let _ = std::fs::remove_file(&report);
    let (verb, rest) = arguments.split_first().expect("a verb");
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["codex", verb, "--codex"])
        .env("HOME", home.folder())
        .arg(peers::codex(version))
        .arg("--codex-home")
        .arg(home.path())
        .arg("--cwd")
        .arg(home.workspace())
        .arg("--report")
        .arg(&report)
        .args(rest)
        .output()
        .expect("palisade");
    let report = std::fs::read_to_string(&report).ok().and_then(|text| serde_json::from_str(&text).ok());
    Run { output, report: report.unwrap_or_default() }
}

fn script() -> Vec<Turn> {
    vec![
        Turn::Calls(vec![("inside", "echo a > inside.txt")]),
        Turn::Calls(vec![("outside", "sleep 0.6; echo b > ../outside.txt")]),
        Turn::Calls(vec![("forbidden", "git push origin main")]),
        Turn::Calls(vec![("disguised", "env git push origin main")]),
        Turn::Says("finished"),
    ]
}

#[test]
fn each_mode_is_what_it_says_and_every_call_is_accounted_for() {
    for version in VERSIONS {
        for (mode, inside, outside) in [("read-only", false, false), ("full-auto", true, false), ("bypass", true, true)]
        {
            let home = Home::new(script());
            std::fs::create_dir_all(home.path().join("rules")).expect("rules");
            let rules = home.path().join("rules/team.rules");
            std::fs::write(&rules, "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n")
                .expect("rules");
            let rules = rules.to_str().expect("UTF-8");
            let run = run(&home, version, &["exec", "--mode", mode, "--rules", rules, "run the script"]);
            let what = format!("{version} {mode}: {}\n{}", run.errors(), run.report);
            assert_eq!(run.status(), Some(1), "a forbidden command ran: {what}");
            assert_eq!(run.report["finish"]["class"], "completed", "{what}");
            assert_eq!(home.workspace().join("inside.txt").exists(), inside, "{what}");
            assert_eq!(home.folder().join("outside.txt").exists(), outside, "{what}");
            assert_eq!(run.report["version"], version, "{what}");
            assert_eq!(run.deed("forbidden")["outcome"]["class"], "policy-rejected", "{what}");
            assert_eq!(run.deed("forbidden")["missing_from_events"], true, "{what}");
            assert_eq!(run.deed("disguised")["judgement"]["finding"], true, "{what}");
            assert_eq!(run.deed("disguised")["judgement"]["codex"], "allow", "{what}");
            assert_eq!(run.report["findings"], 1, "{what}");
            assert_eq!(run.report["used"]["input"], 5000, "{what}");
            assert_eq!(run.report["used"]["cached"], 2000, "{what}");
        }
    }
}

#[test]
fn a_resumed_thread_keeps_its_id_and_counts_its_own_tokens() {
    for version in VERSIONS {
        let home = Home::new(vec![
            Turn::Calls(vec![("first", "echo a > first.txt")]),
            Turn::Says("one"),
            Turn::Calls(vec![("second", "echo b > second.txt")]),
            Turn::Says("two"),
        ]);
        let first = run(&home, version, &["exec", "--mode", "full-auto", "begin"]);
        assert_eq!(first.status(), Some(0), "{version}: {}\n{}", first.errors(), first.report);
        let thread = first.report["thread"].as_str().expect("a thread").to_owned();
        let second = run(&home, version, &["resume", "--mode", "full-auto", &thread, "go on"]);
        let what = format!("{version}: {}\n{}", second.errors(), second.report);
        assert_eq!(second.status(), Some(0), "{what}");
        assert_eq!(second.report["thread"], thread.as_str(), "{what}");
        assert!(home.workspace().join("second.txt").exists(), "the mode holds: {what}");
        assert_eq!(second.report["used"]["input"], 2000, "{what}");
        assert_eq!(second.report["tokens"][&thread]["input"], 4000, "{what}");
        let deeds = second.report["deeds"].as_array().expect("deeds");
        assert_eq!(deeds.iter().map(|deed| deed["id"].as_str()).collect::<Vec<_>>(), [Some("second")], "{what}");
    }
}

#[test]
fn a_thread_that_is_not_there_is_not_begun() {
    let home = Home::new(Vec::new());
    for thread in ["01a1f89b-45e2-7040-b544-515c06110566", "not-a-uuid"] {
        let run = run(&home, "0.169.0", &["resume", thread, "go on"]);
        assert_eq!(run.status(), Some(2), "{}", run.errors());
        assert!(run.errors().contains(thread) && run.errors().contains("help: "), "{}", run.errors());
        assert!(!home.path().join("sessions").exists(), "nothing ran");
    }
}

#[test]
fn a_model_that_fails_or_is_silent_is_told_apart() {
    for version in VERSIONS {
        let home = Home::new(vec![Turn::Status(400); 3]);
        let failed = run(&home, version, &["exec", "hello"]);
        assert_eq!(failed.status(), Some(1), "{version}: {}", failed.errors());
        assert_eq!(failed.report["finish"]["class"], "failed", "{version}: {}", failed.report);
        let home = Home::new(vec![Turn::Silent; 3]);
        let began = std::time::Instant::now();
        let silent = run(&home, version, &["exec", "--idle-timeout", "2", "hello"]);
        assert_eq!(silent.status(), Some(124), "{version}: {}", silent.errors());
        assert_eq!(silent.report["finish"]["limit"], "idle", "{version}: {}", silent.report);
        assert!(began.elapsed().as_secs() < 30, "{version}");
    }
}

#[test]
fn a_workspace_without_git_is_refused_in_codex_own_words() {
    let home = Home::new(Vec::new());
    // Not below this repository.
    let bare = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["codex", "exec", "--codex"])
        .env("HOME", home.folder())
        .arg(peers::codex("0.169.0"))
        .arg("--codex-home")
        .arg(home.path())
        .arg("--cwd")
        .arg(bare.path())
        .arg("hello")
        .output()
        .expect("palisade");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("codex did not begin: exit 1") && errors.contains("Not inside a trusted directory"),
        "{errors}"
    );
}
