//! The ledger through the built program: who writes it, what survives, what is told.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use palisade::ledger::{Connection, Durability, Entry, Kind, Ledger, reader, table, verify};
use serde_json::{Value, json};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("ledger.sqlite")
    }

    fn palisade(&self, words: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(words)
            .env("PALISADE_LEDGER", self.path())
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("palisade");
        // What reads nothing may be gone already.
        let _ = child.stdin.take().expect("input").write_all(input.as_bytes());
        child.wait_with_output().expect("palisade")
    }

    fn rows(&self, sql: &str) -> Vec<serde_json::Map<String, Value>> {
        let connection = reader(&self.path(), Duration::from_secs(5)).expect("a ledger");
        table(&connection, sql).expect("rows")
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The other half of the test below: appends and says each number once it is acknowledged, until it is killed.
#[test]
fn a_writer_that_is_killed() {
    let Some(path) = std::env::var_os("PALISADE_TEST_WRITER") else { return };
    let mut out = std::io::stdout();
    for number in 0.. {
        let mut ledger = Ledger::open(path.as_ref(), Durability::Kill, Duration::from_secs(20)).expect("a ledger");
        let body = json!({ "number": number, "pid": std::process::id(), "output": "x".repeat(number % 5000) });
        let head = ledger.append(&[Entry { run: "w".into(), kind: Kind::Command, body }]).expect("appended");
        writeln!(out, "acknowledged {}:{}", head.seq, head.hash).and_then(|()| out.flush()).expect("told");
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let place = Place::new();
    let mut acknowledged = Vec::new();
    for round in 0..10_u64 {
        let told: Vec<PathBuf> = (0..2).map(|writer| place.0.path().join(format!("told-{round}-{writer}"))).collect();
        let mut writers: Vec<_> = told
            .iter()
            .map(|told| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args(["--exact", "ledger::a_writer_that_is_killed", "--nocapture"])
                    .env("PALISADE_TEST_WRITER", place.path())
                    .stdout(std::fs::File::create(told).expect("a file"))
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("a writer")
            })
            .collect();
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let began = std::time::Instant::now();
        while !told.iter().any(|told| read(told).contains("acknowledged")) {
            assert!(began.elapsed() < Duration::from_secs(60), "nothing is acknowledged");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_micros(round * 9_711 + u64::from(std::process::id()) % 5000));
        for writer in &mut writers {
            writer.kill().expect("killed");
        }
        for mut writer in writers {
            writer.wait().expect("ended");
        }
        for told in &told {
            // A last line may be cut off; the harness writes in front of the first.
            let text = read(told);
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            acknowledged.extend(whole.lines().filter_map(|line| Some(line.split_once("acknowledged ")?.1.to_owned())));
        }
        let connection = reader(&place.path(), Duration::from_secs(20)).expect("a ledger");
        let checked = verify(&connection, &place.path(), None).expect("verified");
        assert_eq!(checked.wrong, 0, "round {round}: {checked:?}");
    }
    assert!(acknowledged.len() > 10, "only {} were acknowledged at all", acknowledged.len());
    let there: std::collections::BTreeSet<String> = place
        .rows("SELECT seq || ':' || hash AS head FROM records")
        .into_iter()
        .filter_map(|row| row["head"].as_str().map(str::to_owned))
        .collect();
    let lost: Vec<_> = acknowledged.iter().filter(|head| !there.contains(head.as_str())).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
}

#[test]
fn a_run_is_kept_with_verdict_hashes_and_end_and_an_edit_shows() {
    let place = Place::new();
    std::fs::write(
        place.0.path().join("a.rules"),
        "prefix_rule(pattern=[\"ls\"])\nprefix_rule(pattern=[\"rm\"], decision=\"forbidden\")\n",
    )
    .expect("rules");
    let ran = place.palisade(&["run", "--mode", "danger-full-access", "-r", "a.rules", "--", "ls"], "");
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let refused = place.palisade(&["run", "--mode", "danger-full-access", "-r", "a.rules", "--", "rm", "x"], "");
    assert_eq!(refused.status.code(), Some(126), "{}", said(&refused));
    let listed = place.palisade(&["ledger", "list"], "");
    assert!(said(&listed).contains("126") && said(&listed).contains("run"), "{}", said(&listed));
    let hashes: Value =
        serde_json::from_str(place.rows("SELECT hashes FROM runs")[0]["hashes"].as_str().expect("hashes"))
            .expect("json");
    for kind in ["rules", "profile", "program", "palisade"] {
        let one = hashes
            .as_array()
            .expect("a list")
            .iter()
            .find(|one| one["kind"] == kind)
            .unwrap_or_else(|| panic!("{kind}: {hashes}"));
        assert_eq!(one["blake3"].as_str().map(str::len), Some(64), "{one}");
    }
    assert_eq!(place.rows("SELECT who FROM denials")[0]["who"], "policy");
    let whole = place.palisade(&["ledger", "verify", "--files"], "");
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let head = said(&whole).split("head ").nth(1).expect("a head").trim().to_owned();
    assert_eq!(place.palisade(&["ledger", "verify", "--head", &head], "").status.code(), Some(0));
    // The rules are changed, and then a record.
    std::fs::write(place.0.path().join("a.rules"), "prefix_rule(pattern=[\"rm\"])\n").expect("rules");
    let files = place.palisade(&["ledger", "verify", "--files"], "");
    assert_eq!(files.status.code(), Some(1), "{}", said(&files));
    assert!(said(&files).contains("a.rules has changed"), "{}", said(&files));
    let by_hand = Connection::open(place.path()).expect("a database");
    by_hand.execute_batch("UPDATE records SET body = replace(body, 'forbidden', 'allow')").expect("an edit");
    let edited = place.palisade(&["ledger", "verify"], "");
    assert_eq!(edited.status.code(), Some(1), "{}", said(&edited));
    assert!(said(&edited).contains("is not as it was written"), "{}", said(&edited));
}

#[test]
fn the_hook_keeps_each_decision_and_a_ledger_that_cannot_be_written_denies() {
    let place = Place::new();
    std::fs::write(place.0.path().join("a.rules"), "prefix_rule(pattern=[\"ls\"])\n").expect("rules");
    let secret = format!("sk-{}", "abcdefghij0123456789");
    let call = |script: &str| {
        json!({ "hook_event_name": "PreToolUse", "session_id": "s-1", "tool_name": "Bash", "tool_input": { "command": script },
                "cwd": "/tmp", "tool_use_id": "c1" })
        .to_string()
    };
    assert_eq!(place.palisade(&["hook", "run", "-r", "a.rules"], &call("ls")).status.code(), Some(0));
    let denied = place.palisade(&["hook", "run", "-r", "a.rules"], &call(&format!("curl {secret}")));
    assert_eq!(denied.status.code(), Some(2), "{}", said(&denied));
    let rows = place.rows("SELECT run, decision, command FROM verdicts ORDER BY seq");
    let decisions: Vec<_> = rows.iter().map(|row| row["decision"].as_str().unwrap_or_default()).collect();
    assert_eq!((decisions, rows[0]["run"].as_str()), (vec!["allow", "deny"], Some("s-1")));
    assert_eq!(rows[1]["command"], "curl [masked: openai-key]");
    let holder = Connection::open(place.path()).expect("a database");
    holder.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let locked = place.palisade(&["hook", "run", "-r", "a.rules"], &call("ls"));
    assert_eq!(locked.status.code(), Some(2), "{}", said(&locked));
    assert!(said(&locked).contains("locked by another process"), "{}", said(&locked));
    let begun = place.palisade(&["run", "--mode", "danger-full-access", "--", "touch", "ran"], "");
    assert_eq!(begun.status.code(), Some(125), "{}", said(&begun));
    assert!(!place.0.path().join("ran").exists() && said(&begun).contains("nothing ran"), "{}", said(&begun));
}

#[test]
fn another_palisade_shows_though_its_hash_is_kept() {
    let place = Place::new();
    let copy = place.0.path().join("palisade");
    std::fs::copy(env!("CARGO_BIN_EXE_palisade"), &copy).expect("a copy");
    let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    std::fs::write(place.0.path().join("a.rules"), "prefix_rule(pattern=[\"ls\"])\n").expect("rules");
    let call = r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"},"cwd":"/tmp"}"#;
    let hook = || {
        let mut command = Command::new(&copy);
        command.args(["hook", "run", "-r", "a.rules"]).env("PALISADE_LEDGER", place.path());
        command.env("XDG_CACHE_HOME", cache.path()).current_dir(place.0.path()).stdin(Stdio::piped());
        let mut child = loop {
            match command.spawn() {
                // Another test has forked while the copy was open for writing.
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                child => break child.expect("palisade"),
            }
        };
        child.stdin.take().expect("input").write_all(call.as_bytes()).expect("given");
        assert_eq!(child.wait().expect("ended").code(), Some(0));
    };
    let real = || blake3::hash(&std::fs::read(&copy).expect("read")).to_hex().to_string();
    // What was written a moment ago may be written again at the same time, so nothing is kept of it.
    std::thread::sleep(Duration::from_millis(3100));
    let first = real();
    hook();
    hook();
    // The compiled rules, and this.
    assert_eq!(cache.path().join("palisade/rules").read_dir().expect("a cache").count(), 2);
    assert_eq!(place.palisade(&["ledger", "verify", "--files"], "").status.code(), Some(0));
    std::fs::OpenOptions::new().append(true).open(&copy).and_then(|mut file| file.write_all(b"x")).expect("changed");
    let changed = place.palisade(&["ledger", "verify", "--files"], "");
    assert_eq!(changed.status.code(), Some(1), "{}", said(&changed));
    assert!(said(&changed).contains("palisade has changed since it was used"), "{}", said(&changed));
    // At once, and when what is kept may be used again.
    hook();
    std::thread::sleep(Duration::from_millis(3100));
    hook();
    let rows = place.rows("SELECT blake3 FROM files WHERE kind = 'palisade' ORDER BY seq");
    let hashes: Vec<&str> = rows.iter().filter_map(|row| row["blake3"].as_str()).collect();
    assert_eq!(hashes, [first.as_str(), &first, &real(), &real()]);
}

#[test]
fn wrong_questions_are_answered_with_the_way_out() {
    let place = Place::new();
    let none = place.palisade(&["ledger", "list"], "");
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
    assert!(said(&none).contains("there is none") && !place.path().exists(), "{}", said(&none));
    let ran = place.palisade(&["run", "--mode", "danger-full-access", "--", "true"], "");
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    for (words, part) in [
        (&["ledger", "query", "SELECT nothing FROM nowhere"][..], "there are: runs ("),
        (&["ledger", "query", "DELETE FROM records"], "a query may only read"),
        (&["ledger", "show", "zzz"], "there is no run `zzz`"),
        (&["ledger", "verify", "--head", "x"], "is no head"),
    ] {
        let output = place.palisade(words, "");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(part), "{words:?}: {}", said(&output));
    }
    let exported = place.palisade(&["ledger", "export", "--format", "json"], "");
    assert!(String::from_utf8_lossy(&exported.stdout).lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(said(&place.palisade(&["ledger", "show", "last"], "")).contains("decision: allow"));
    let pruned = place.palisade(&["ledger", "prune", "--keep-days", "0"], "");
    assert_eq!(pruned.status.code(), Some(0), "{}", said(&pruned));
    assert_eq!(place.palisade(&["ledger", "verify"], "").status.code(), Some(0));
}
