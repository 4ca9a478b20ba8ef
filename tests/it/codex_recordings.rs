//! The recordings of the real Codex in `tests/cases/codex/recordings.tar.gz` (136 runs of 0.42 to 0.169), read whole.
//!
//! `index.json` in it says what was observed from outside of Codex; each test compares what palisade makes of the traces.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use palisade::codex::account::Account;
use palisade::codex::deed::{Deed, deeds};
use palisade::codex::lines::Lines;
use palisade::codex::outcome::{Outcome, Spoken};
use palisade::codex::read::Generation;
use serde_json::Value;

/// One row of the index.
struct Recording(Value);

impl Recording {
    fn name(&self) -> String {
        ["version", "mode", "name"].map(|key| self.0[key].as_str().unwrap_or_default()).join("/")
    }

    /// The trace of this kind, if there is one.
    fn file(&self, kind: &str) -> Option<PathBuf> {
        self.0["files"][kind].as_str().map(|name| folder().join(name))
    }

    fn account(&self, kind: &str) -> Option<Account> {
        self.file(kind).map(|file| account(&file))
    }
}

/// Where the recordings are unpacked, once.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // Of one name, since what a static holds is never dropped.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recordings");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/codex/recordings.tar.gz");
        let status = Command::new("tar").arg("-xzf").arg(&packed).arg("-C").arg(&folder).status();
        assert!(status.expect("tar").success(), "{} cannot be unpacked", packed.display());
        folder
    })
}

fn recordings() -> Vec<Recording> {
    let text = std::fs::read_to_string(folder().join("index.json")).expect("index.json");
    let index: Value = serde_json::from_str(&text).expect("JSON");
    let all: Vec<Recording> =
        index["recordings"].as_array().expect("recordings").iter().cloned().map(Recording).collect();
    assert_eq!(all.len(), 136);
    all
}

/// Reads a trace in chunks that fit no line.
fn account(file: &Path) -> Account {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut account = Account::default();
    let mut lines = Lines::default();
    for chunk in bytes.chunks(1013) {
        lines.push(chunk, |line| account.take(line, |_| {}));
    }
    lines.finish(|line| account.take(line, |_| {}));
    account
}

/// An outcome in the words of the index.
fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ran { exit, read_only: Spoken::Yes } => format!("ran exit={exit} eros"),
        Outcome::Ran { exit, read_only: Spoken::No } => format!("ran exit={exit}"),
        Outcome::Running { .. } => "running".into(),
        Outcome::SandboxDenied { exit } => format!("ran exit={} sandbox-denied", exit.unwrap_or(i64::MIN)),
        // The index does not tell the two apart.
        Outcome::PolicyRejected { .. } | Outcome::DangerRejected => "policy-rejected".into(),
        Outcome::PromptRefused => "prompt-refused".into(),
        Outcome::EscalationRefused => "escalation-refused".into(),
        Outcome::HookDenied { .. } => "hook-denied".into(),
        Outcome::ReviewerDenied => "reviewer-denied".into(),
        Outcome::PatchRejected => "patch-rejected".into(),
        Outcome::PatchInvalid => "patch-invalid".into(),
        Outcome::BadCall => "bad-call".into(),
        Outcome::Answered => "other".into(),
        Outcome::Declined | Outcome::Unknown => "unknown".into(),
    }
}

/// What the index says of the calls: id, outcome, and whether the events show it.
fn expected(recording: &Recording) -> Vec<(String, String, Option<bool>)> {
    let calls = recording.0["calls"].as_array().cloned().unwrap_or_default();
    let word = |call: &Value, key: &str| call[key].as_str().unwrap_or_default().to_owned();
    calls.iter().map(|call| (word(call, "call_id"), word(call, "outcome"), call["in_jsonl"].as_bool())).collect()
}

fn found(deeds: &[Deed]) -> Vec<(String, String, Option<bool>)> {
    let with_id = deeds.iter().filter(|deed| deed.id.is_some() && deed.tool.is_some());
    with_id
        .map(|deed| {
            let shown = deed.missing_from_events.map(|missing| !missing);
            (deed.id.clone().unwrap_or_default(), in_words(&deed.outcome), shown)
        })
        .collect()
}

#[test]
fn every_line_of_every_recording_is_understood() {
    for recording in recordings() {
        for kind in ["jsonl", "rollout.jsonl", "rollout2.jsonl", "tools.jsonl", "hooks.jsonl"] {
            let Some(account) = recording.account(kind) else { continue };
            let name = format!("{} {kind}", recording.name());
            let left = &account.leftovers;
            assert_eq!((left.preamble, left.unknown, left.cut), (0, 0, 0), "{name}: {:?}", left.first);
            assert_eq!(left.unknown_items, 0, "{name}: {:?}", left.first);
            assert!(account.generations.len() <= 1, "{name}: {:?}", account.generations);
        }
    }
}

#[test]
fn the_generation_is_told_from_the_lines() {
    for recording in recordings() {
        let Some(account) = recording.account("jsonl").filter(|account| account.lines > 0) else { continue };
        let early = recording.0["version"] == "0.42.0";
        let expected = match recording.0["name"].as_str() {
            Some("basic-experimental") if early => Generation::Early,
            Some("basic") if early => Generation::Envelope,
            _ => Generation::Current,
        };
        assert_eq!(account.generations.into_iter().collect::<Vec<_>>(), [expected], "{}", recording.name());
    }
}

#[test]
fn outcomes_and_what_the_events_leave_out_are_as_observed() {
    let (mut calls, mut missing) = (0, 0);
    for recording in recordings() {
        let (Some(events), Some(model)) = (recording.account("jsonl"), recording.account("tools.jsonl")) else {
            continue;
        };
        let deeds = deeds(&[events, model]);
        assert_eq!(found(&deeds), expected(&recording), "{}", recording.name());
        let left_out: Vec<&str> = deeds
            .iter()
            .filter(|deed| deed.missing_from_events == Some(true))
            .filter_map(|deed| deed.id.as_deref())
            .collect();
        let told = recording.0["calls_missing_from_jsonl"].as_array().cloned().unwrap_or_default();
        assert_eq!(left_out, told.iter().filter_map(Value::as_str).collect::<Vec<_>>(), "{}", recording.name());
        calls += deeds.len();
        missing += left_out.len();
    }
    assert!(calls > 1100 && missing > 200, "{calls} {missing}");
}

#[test]
fn session_files_tell_the_same() {
    for recording in recordings() {
        let (Some(events), Some(session)) = (recording.account("jsonl"), recording.account("rollout.jsonl")) else {
            continue;
        };
        let mut accounts = vec![events, session];
        accounts.extend(recording.account("rollout2.jsonl"));
        let mut found = found(&deeds(&accounts));
        let mut expected = expected(&recording);
        // A sub-agent's calls stand in its own file.
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", recording.name());
    }
}

#[test]
fn three_generations_tell_the_same_story() {
    let story = |file: &str| {
        let account = account(&folder().join(file));
        let deeds = deeds(&[account]);
        let one = |deed: &Deed| (deed.what.script().map(str::to_owned), deed.outcome.clone());
        deeds.iter().map(one).collect::<Vec<_>>()
    };
    let current = story("legacy/0.44.0/bypass/basic.jsonl");
    assert!(current.len() > 2, "{current:?}");
    assert_eq!(story("legacy/0.42.0/bypass/basic-experimental.jsonl"), current);
    assert_eq!(story("legacy/0.42.0/bypass/basic.jsonl"), current);
}

#[test]
fn hooks_see_what_the_events_leave_out() {
    for version in ["0.117.0", "0.125.0", "0.169.0"] {
        let all = recordings();
        let wanted = |recording: &&Recording| recording.name() == format!("{version}/full-auto/hook-deny");
        let recording = all.iter().find(wanted).expect("a recording with hooks");
        let accounts = ["jsonl", "hooks.jsonl"].map(|kind| recording.account(kind).expect(kind));
        let deeds = deeds(&accounts);
        let denied: Vec<_> = recording.0["calls_missing_from_jsonl"].as_array().cloned().unwrap_or_default();
        let found = |id: &Value| deeds.iter().find(|deed| deed.id.as_deref() == id.as_str());
        let seen = denied.iter().filter_map(found).collect::<Vec<_>>();
        assert!(seen.len() >= 3, "{version}: {} of {}", seen.len(), denied.len());
        assert!(seen.iter().all(|deed| deed.missing_from_events == Some(true)), "{version}");
    }
}

/// Runs `palisade codex show`.
fn show(arguments: &[&str]) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_palisade");
    Command::new(program).args(["codex", "show"]).args(arguments).output().expect("palisade")
}

#[test]
fn every_spelling_of_a_forbidden_command_that_ran_is_a_finding() {
    let rules = folder().join("push.rules");
    std::fs::write(&rules, "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n").expect("rules");
    for recording in recordings().iter().filter(|recording| recording.0["name"] == "rule-evasion") {
        let files = ["jsonl", "rollout.jsonl"].map(|kind| recording.file(kind).expect(kind));
        let files: Vec<&str> = files.iter().map(|file| file.to_str().expect("UTF-8")).collect();
        let rules = rules.to_str().expect("UTF-8");
        let output = show(&["--rules", rules, "--format", "json", files[0], files[1]]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let deeds = report["deeds"].as_array().expect("deeds");
        let count = |key: &str, value: &Value| deeds.iter().filter(|deed| deed["judgement"][key] == *value).count();
        assert_eq!((deeds.len(), count("decision", &"forbidden".into())), (35, 35), "{}", recording.name());
        assert_eq!(count("finding", &true.into()), 26, "{}", recording.name());
        // Codex' own reading stops exactly the others.
        assert_eq!(count("codex", &"forbidden".into()), 9, "{}", recording.name());
        let place = deeds[0]["judgement"]["rules"][0].as_str().expect("a place");
        assert!(place.ends_with("push.rules:1:1"), "{place}");
    }
}

#[test]
fn the_report_for_people_names_what_the_events_leave_out() {
    let [events, session] = ["core.jsonl", "core.rollout.jsonl"]
        .map(|name| folder().join("0.169.0/full-auto").join(name).to_str().expect("UTF-8").to_owned());
    let output = show(&[&events, &session]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("codex 0.169.0, "), "{text}");
    assert!(
        text.contains("git push origin main\n    rejected by a rule: pushing is done by a person; told only by session file\n    not in the events\n"),
        "{text}"
    );
    assert!(text.ends_with("the turn was completed\n"), "{text}");
    let alone = show(&[&events]);
    let text = String::from_utf8_lossy(&alone.stdout);
    assert!(text.contains("the events alone leave out") && !text.contains("not in the events"), "{text}");
}

#[test]
fn a_file_that_is_no_trace_is_refused_by_name() {
    let other = folder().join("other.txt");
    std::fs::write(&other, "hello\nworld\n").expect("a file");
    for (name, said) in [
        (other.to_str().expect("UTF-8"), "holds no line that Codex"),
        ("/no/such/file", "No such file"),
        ("/", "Is a directory"),
    ] {
        let output = show(&[name]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {errors}");
        assert!(errors.contains(name) && errors.contains(said) && errors.contains("help: "), "{errors}");
    }
}
