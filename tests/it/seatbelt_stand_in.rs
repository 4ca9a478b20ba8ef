//! Seatbelt as a backend of `run`, `compare` and `verify`, with a stand-in for `sandbox-exec` that records what it is given.
//!
//! The program has one place, `/usr/bin/sandbox-exec`, and is looked up nowhere else; a mount namespace of its own puts the
//! stand-in there, beside links to everything else of `/usr/bin`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Writes its words and variables down, one file a start; then what `then` says.
fn stand_in(folder: &Path, name: &str, then: &str) {
    let out = folder.display();
    let script = format!("#!/bin/sh\nprintf '%s\\0' \"$@\" > '{out}/words.'$$\nenv > '{out}/env.'$$\n{then}\n");
    program(folder, name, &script);
}

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join("programs").join(name);
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder with links to every program of `/usr/bin`, as that is seen from inside.
fn ground() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::create_dir(folder.path().join("programs")).unwrap();
    fs::create_dir(folder.path().join("host")).unwrap();
    for entry in fs::read_dir("/usr/bin").unwrap().flatten() {
        let there = folder.path().join("host").join(entry.file_name());
        symlink(there, folder.path().join("programs").join(entry.file_name())).unwrap();
    }
    folder
}

/// Runs palisade where `/usr/bin` is the stand-ins' folder.
fn palisade(folder: &Path, args: &[&str]) -> Output {
    let script = "mount --bind /usr/bin \"$1/host\" && mount --bind \"$1/programs\" /usr/bin && shift && exec \"$@\"";
    Command::new("timeout")
        .args(["60", "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([folder.as_os_str(), env!("CARGO_BIN_EXE_palisade").as_ref()])
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// What each start of the stand-in was given.
fn given(folder: &Path) -> Vec<(Vec<String>, String)> {
    let mut starts = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let Some(number) = name.strip_prefix("words.") else { continue };
        let words = fs::read_to_string(entry.path()).unwrap();
        let words = words.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
        starts.push((words, fs::read_to_string(folder.join(format!("env.{number}"))).unwrap()));
    }
    starts
}

/// The words are a profile, its parameters, and the command behind `--`; gives the command.
fn checked(words: &[String], env: &str) -> Vec<String> {
    assert_eq!(words[0], "-p");
    assert!(words[1].contains("(version 1)\n(deny ") && words[1].contains("default)"), "{}", words[1]);
    let split = words.iter().position(|word| word == "--").unwrap();
    for word in &words[2..split] {
        let (name, path) = word.strip_prefix("-D").and_then(|word| word.split_once('=')).unwrap();
        assert!(words[1].contains(&format!("(param \"{name}\")")), "{name}");
        assert!(path.starts_with('/') && !path.contains("/../"), "{path}");
        // Paths are physical as macOS has them: /tmp and /var are links there.
        assert!(!["/tmp/", "/var/", "/etc/"].iter().any(|alias| path.starts_with(alias)), "{path}");
    }
    for mark in ["PALISADE_SANDBOX=seatbelt", "CODEX_SANDBOX=seatbelt", "CODEX_SANDBOX_NETWORK_DISABLED=1"] {
        assert!(env.lines().any(|line| line == mark), "{mark}: {env}");
    }
    words[split + 1..].to_vec()
}

/// Goes on with the command, so that what stands behind it runs; nothing is confined.
const PASS_ON: &str = "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"";

fn stderr(ended: &Output) -> String {
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

#[test]
fn run_hands_the_profile_to_sandbox_exec() {
    let folder = ground();
    stand_in(folder.path(), "sandbox-exec", "exit 71");
    let ended = palisade(
        folder.path(),
        &["run", "--backend", "seatbelt", "--mode", "read-only", "--degrade", "--", "echo", "a b", "-D"],
    );
    assert_eq!(ended.status.code(), Some(71), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("status 71 may be sandbox-exec's own"), "{}", stderr(&ended));
    let starts = given(folder.path());
    assert_eq!(starts.len(), 1);
    assert_eq!(checked(&starts[0].0, &starts[0].1), ["echo", "a b", "-D"]);
}

#[test]
fn run_tells_what_the_system_log_says_was_refused() {
    let folder = ground();
    stand_in(folder.path(), "sandbox-exec", "sleep 0.3; exit 1");
    let out = folder.path().display();
    // Listens until it is ended, as `log stream` does, and repeats the tag of the run it hears of.
    let log = format!(
        r#"#!/bin/sh
printf '%s\0' "$@" > '{out}/log'
echo 'Filtering the log data using "processID == 0"'
until ls '{out}'/words.* >/dev/null 2>&1; do sleep 0.01; done
tag=$(cat '{out}'/words.* | tr '\0' '\n' | grep -o 'palisade-[0-9a-f]*-[0-9a-f]*' | head -n 1)
record() {{ printf '{{"processID":0,"senderImagePath":"/S/Sandbox.kext/Contents/MacOS/Sandbox","eventMessage":"%s\\n%s"}}\n' "$1" "$2"; }}
record 'Sandbox: touch(42) deny(1) file-write-create /private/etc/x' "$tag"
record 'Sandbox: touch(42) deny(1) file-write-create /private/etc/other' palisade-0-0
exec sleep 60
"#
    );
    program(folder.path(), "log", &log);
    let report = folder.path().join("report.json");
    let args = ["run", "--backend", "seatbelt", "--mode", "read-only", "--degrade", "--denials", "--report"];
    let ended = palisade(folder.path(), &[&args[..], &[report.to_str().unwrap(), "--", "touch", "/etc/x"]].concat());
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    assert!(
        stderr(&ended).contains("refused: file-write-create /private/etc/x (touch, process 42)"),
        "{}",
        stderr(&ended)
    );
    assert!(!stderr(&ended).contains("/private/etc/other"), "{}", stderr(&ended));
    let told: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(told["denials"].as_array().unwrap().len(), 1);
    let words = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(words.starts_with("stream\0--style\0ndjson\0--predicate\0"), "{words}");
    // Without the log the command runs, and that nothing is known is said.
    fs::remove_file(folder.path().join("programs/log")).unwrap();
    let ended = palisade(folder.path(), &[&args[..7], &["--", "touch", "/etc/x"]].concat());
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr(&ended).contains("what is refused cannot be told"), "{}", stderr(&ended));
}

#[test]
fn compare_runs_one_side_under_sandbox_exec() {
    let folder = ground();
    stand_in(folder.path(), "sandbox-exec", PASS_ON);
    let args = [
        "compare",
        "--backend",
        "seatbelt",
        "--on-host",
        "--yes",
        "--format",
        "json",
        "--",
        "echo $CODEX_SANDBOX > made",
    ];
    let ended = palisade(folder.path(), &args);
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    let starts = given(folder.path());
    assert_eq!(starts.len(), 1, "one of the two sides");
    let command = checked(&starts[0].0, &starts[0].1);
    assert_eq!(command, ["sh", "-c", "echo $CODEX_SANDBOX > made"].map(str::to_owned));
    // The copy is not in a temporary directory, which the profile lets be written as a whole.
    assert!(starts[0].0.iter().any(|word| word.contains("=/private/var/tmp/palisade-compare-")), "{:?}", starts[0].0);
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let text = report.to_string();
    assert!(text.contains("/demo/project/made"), "{report:#}");
    assert!(stderr(&ended).contains("gap: private.processes"), "{}", stderr(&ended));
    // Nothing runs without leave, nor without the program.
    assert_eq!(palisade(folder.path(), &["compare", "--backend", "seatbelt", "--", "true"]).status.code(), Some(2));
    fs::remove_file(folder.path().join("programs/sandbox-exec")).unwrap();
    let ended = palisade(folder.path(), &["compare", "--backend", "seatbelt", "--on-host", "--yes", "--", "true"]);
    assert_eq!(ended.status.code(), Some(125), "{}", stderr(&ended));
}

#[test]
fn verify_puts_its_probes_behind_sandbox_exec() {
    let folder = ground();
    stand_in(folder.path(), "sandbox-exec", PASS_ON);
    let args = [
        "verify",
        "--backend",
        "seatbelt",
        "--mode",
        "read-only",
        "--only",
        "FW-03",
        "--only",
        "FR-01",
        "--format",
        "json",
    ];
    let ended = palisade(folder.path(), &args);
    // The stand-in confines nothing: what must be refused is seen to work.
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let answers = report["runs"][0]["answers"].as_array().unwrap();
    let result = |id: &str| answers.iter().find(|answer| answer["id"] == id).unwrap()["result"].clone();
    assert_eq!((result("FW-03"), result("FR-01")), ("fail".into(), "pass".into()), "{report:#}");
    let starts = given(folder.path());
    assert!(!starts.is_empty());
    for (words, env) in &starts {
        assert!(checked(words, env)[0].contains("palisade"), "{words:?}");
    }
}
