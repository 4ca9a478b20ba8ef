//! `palisade seatbelt`, as a process: answers, statuses, what is said of bad input, and every case of tests/cases/seatbelt.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

fn palisade(args: &[&str], input: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("palisade starts");
    // A process that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let out = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { status: out.status.code().unwrap_or(-1), stdout: text(out.stdout), stderr: text(out.stderr) }
}

fn cases(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/seatbelt").join(name)
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.stdout, ended.stderr))
}

const PROFILE: &str = "(version 1)\n(deny default)\n(allow file-read* (subpath \"/d\"))\n(deny file-read* (subpath \"/d/s\"))\n(allow process-exec (literal \"/bin/ps\") (with no-sandbox))\n";

#[test]
fn every_case_is_decided_as_it_says() {
    let path = cases("cases.jsonl");
    let ended = palisade(&["seatbelt", "test", "--format", "json", path.to_str().unwrap()], "");
    let answer = json(&ended);
    assert_eq!(answer["failed"], 0, "{answer:#}");
    assert_eq!(answer["passed"], 154);
    assert_eq!(ended.status, 0);
}

/// Profiles with the constructs of those that browsers, build tools, package managers, daemons and agents have, old and new.
#[test]
fn profiles_of_every_age_are_read_and_decided() {
    let mut profiles = 0;
    for entry in fs::read_dir(cases("profiles")).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "sb") {
            continue;
        }
        profiles += 1;
        let rows = path.with_extension("jsonl");
        let args = ["seatbelt", "test", "--profile", path.to_str().unwrap(), rows.to_str().unwrap()];
        let ended = palisade(&args, "");
        assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
        let lint = palisade(&["seatbelt", "lint", path.to_str().unwrap(), "--format", "json"], "");
        assert!(json(&lint)["findings"].is_array(), "{}", lint.stderr);
    }
    assert_eq!(profiles, 13);
}

#[test]
fn the_hardened_layout_differs_from_codex_only_where_it_closes_a_gap() {
    let path = cases("cases.jsonl");
    let args = ["seatbelt", "test", "--layout", "hardened", "--format", "json", path.to_str().unwrap()];
    let answer = json(&palisade(&args, ""));
    let mut differ: Vec<(String, String)> = Vec::new();
    for case in answer["cases"].as_array().unwrap() {
        if case["expected"] != case["actual"] {
            differ.push((case["id"].as_str().unwrap().into(), case["actual"].as_str().unwrap().into()));
        }
    }
    let known = [
        // One ioctl of a terminal is denied, so that it matters which one is asked for.
        ("ro-19", "unknown"),
        // Moving the root away would leave the rules on its protected names behind.
        ("ww-18", "deny"),
        // A hard link is a second path, which the rules on the first do not reach.
        ("ww-21", "deny"),
        // Network on means addresses, not every Unix socket.
        ("net-02", "deny"),
        // Port 53 of any host is a way out.
        ("net-09", "deny"),
        // process-info* is closed but for the same sandbox, so the target decides.
        ("und-03", "unknown"),
    ];
    assert_eq!(differ, known.map(|(id, actual)| (id.to_owned(), actual.to_owned())));
}

#[test]
fn a_wrong_expectation_fails_with_its_place() {
    let case = r#"{"id": "a", "profile": "(version 1)(deny default)", "op": "signal", "arg": {}, "expect": "allow", "decided_by": "rule", "why": "it should"}"#;
    let ended = palisade(&["seatbelt", "test", "-"], &format!("\n{case}\n"));
    assert_eq!(ended.status, 1);
    for said in [
        "SIMULATED",
        "FAILED standard input:2: a: it should",
        "expected allow, got deny",
        "1 cases, 0 passed, 1 failed",
    ] {
        assert!(ended.stdout.contains(said), "{}", ended.stdout);
    }
    for (wrong, says) in [
        ("", "there are no cases"),
        ("{\"id\": 1}", "standard input:1:8"),
        ("{\"id\": \"x\", \"op\": \"signal\", \"expect\": \"allow\"}", "neither a `profile` nor a `mode`"),
        ("{\"id\": \"x\", \"profile\": \"\", \"op\": \"sginal\", \"expect\": \"allow\"}", "did you mean `signal`"),
        ("{\"id\": \"x\", \"profile\": \"\", \"op\": \"signal\", \"expect\": \"maybe\"}", "unknown variant `maybe`"),
    ] {
        let ended = palisade(&["seatbelt", "test", "-"], wrong);
        assert_eq!(ended.status, 2, "{wrong}");
        assert!(ended.stderr.contains(says), "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn an_answer_names_rule_clause_and_confidence_and_is_labelled() {
    let ended = palisade(&["seatbelt", "check", "-", "file-read-data", "/d/s/k"], PROFILE);
    assert_eq!(ended.status, 1);
    for said in [
        "SIMULATED",
        "\ndeny\n",
        "standard input:4:1  rule 3  (deny file-read* (subpath \"/d/s\"))",
        "the last decides",
        "confidence: high",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let ended = palisade(&["seatbelt", "check", "-", "file-read-data", "/d/x", "--format", "json"], PROFILE);
    let answer = json(&ended);
    assert_eq!((ended.status, &answer["decision"], &answer["simulated"]), (0, &"allow".into(), &true.into()));
    assert_eq!((&answer["rule"]["line"], &answer["rule"]["column"]), (&3.into(), &1.into()));
    let ended = palisade(&["seatbelt", "check", "-", "process-exec*", "/bin/ps"], PROFILE);
    assert!(ended.stdout.contains("WARNING") && ended.stdout.contains("modifier:   no-sandbox"), "{}", ended.stdout);
}

#[test]
fn an_explanation_shows_the_way_and_what_lost() {
    let ended = palisade(&["seatbelt", "explain", "-", "file-read-data", "/d/s/k"], PROFILE);
    for said in [
        "nothing decides here; `file-read*` is asked",
        "matches         standard input:4:1",
        "rules that match and lost:\n  standard input:3:1",
        "not accounted for:",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
}

#[test]
fn what_is_not_told_is_not_known_and_no_success() {
    let profile = "(version 1)(deny default)(allow signal (target self))";
    let ended = palisade(&["seatbelt", "check", "-", "signal"], profile);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("\nunknown\n") && ended.stdout.contains("not known:  target"), "{}", ended.stdout);
    assert_eq!(palisade(&["seatbelt", "check", "-", "signal", "self"], profile).status, 0);
}

#[test]
fn parameters_links_and_imports_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("system.sb"), "(version 1)(allow sysctl-read)").unwrap();
    let profile = "(version 1)(deny default)(import \"system.sb\")(allow file-read-metadata (literal \"/tmp\"))(allow file-read* (subpath (param \"ROOT\")))";
    let imports = folder.path().to_str().unwrap();
    let status = |rest: &[&str]| {
        let args = ["seatbelt", "check", "-", "-DROOT=/private/tmp", "--import-dir", imports];
        palisade(&[&args[..], rest].concat(), profile).status
    };
    assert_eq!(status(&["--resolve", "file-read-data", "/tmp/x"]), 0);
    assert_eq!(status(&["file-read-data", "/tmp/x"]), 1);
    assert_eq!(status(&["--link", "/private/tmp/l=/etc/x", "file-read-data", "/private/tmp/l"]), 1);
    assert_eq!(status(&["sysctl-read", "kern.x"]), 0);
    // Without the directory the import is missing, and what it may say is not known.
    let ended = palisade(&["seatbelt", "check", "-", "-DROOT=/x", "sysctl-read", "kern.x"], profile);
    assert!(ended.stdout.contains("import `system.sb` is not available"), "{}", ended.stdout);
    // An import never leads out of the directories given.
    let out = format!("(version 1)(import \"../{}\")(deny default)", folder.path().join("system.sb").display());
    assert!(
        palisade(&["seatbelt", "check", "-", "--import-dir", imports, "sysctl-read"], &out)
            .stdout
            .contains("not available")
    );
}

#[test]
fn bad_input_is_answered_with_place_and_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let missing = folder.path().join("no.sb").to_str().unwrap().to_owned();
    let wrapper = b"#include <sandbox.h>\nconst char *profile = \"(version 1)\";\n";
    for (path, says) in [
        (missing, "No such file"),
        (folder.path().to_str().unwrap().to_owned(), "name a file in it"),
        (file("latin.sb", b"(version 1)\n; \xe9\n"), "line 2"),
        (file("big.sb", &vec![b' '; (4 << 20) + 10]), "larger than 4 MiB"),
        (file("wrapper.sb", wrapper), "not a sandbox profile"),
        (file("host.sb", b"(version 1)\n(allow network-outbound\n  (remote ip \"10.0.0.1:80\"))\n"), "host.sb:3:14"),
        (file("syntax.sb", b"(version 1)(define-syntax x 1)"), "not simulated"),
    ] {
        for verb in ["check", "explain", "lint"] {
            let mut args = vec!["seatbelt", verb, &path];
            if verb != "lint" {
                args.push("signal");
            }
            let ended = palisade(&args, "");
            assert_eq!(ended.status, 2, "{verb} {path}: {}", ended.stderr);
            let said = format!("{}{}", ended.stderr, ended.stdout);
            assert!(said.contains(says), "{verb} {path}: {said}");
        }
    }
    for (args, says) in [
        (vec!["file-raed-data", "/x"], "did you mean `file-read-data`"),
        (vec!["file-read-data", "x"], "no absolute path"),
        (vec!["signal", "colour=blue"], "there is no fact `colour`"),
        (vec!["network-outbound", "example.com:80"], "is no end of a connection"),
        (vec!["--link", "x=/y", "signal"], "no absolute path"),
    ] {
        let ended = palisade(&[&["seatbelt", "check", "-"][..], &args].concat(), PROFILE);
        assert_eq!(ended.status, 2, "{args:?}");
        assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn lint_gives_findings_a_status_and_notes_none() {
    let ended =
        palisade(&["seatbelt", "lint", "-"], "(version 1)\n(deny default)\n(allow file-write* (subpath \"/tmp/x\"))\n");
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("standard input:3:1") && ended.stdout.contains("/private/tmp/x"), "{}", ended.stdout);
    let ended = palisade(&["seatbelt", "lint", "-", "--format", "json"], "(version 1)(deny default)");
    assert_eq!(ended.status, 0);
    assert_eq!(json(&ended)["findings"][0]["severity"], "note");
}

#[test]
fn a_profile_becomes_sbpl_that_decides_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("work/.git")).unwrap();
    fs::create_dir_all(folder.path().join("work/sub/.git")).unwrap();
    let work = folder.path().join("work").canonicalize().unwrap();
    let show = |mode: &str| {
        let args =
            ["profile", "--backend", "seatbelt", "--mode", mode, "--cwd", work.to_str().unwrap(), "--format", "json"];
        let ended = palisade(&args, "");
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        json(&ended)
    };
    let shown = show("workspace-write");
    let sbpl = shown["sbpl"].as_str().unwrap();
    let parameters: Vec<String> = shown["parameters"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("-D{name}={}", value.as_str().unwrap()))
        .collect();
    let decided = |operation: &str, argument: &str| {
        let mut args = vec!["seatbelt", "check", "-"];
        args.extend(parameters.iter().map(String::as_str));
        args.extend(["--resolve", operation, argument]);
        palisade(&args, sbpl).status
    };
    let below = |name: &str| format!("{}/{name}", work.display());
    assert_eq!(decided("file-write-create", &below("new")), 0);
    assert_eq!(decided("file-write-create", &below(".git/hooks/x")), 1);
    assert_eq!(decided("file-write-create", &below("sub/.git/hooks/x")), 1);
    assert_eq!(decided("file-write-create", &below(".codex")), 1);
    assert_eq!(decided("file-write-create", "/etc/x"), 1);
    assert_eq!(decided("file-write-unlink", &below("sub")), 1);
    assert_eq!(decided("network-outbound", "tcp:198.51.100.7:443"), 1);
    assert_eq!(decided("file-read-data", "/etc/hosts"), 0);
    assert!(sbpl.contains("; files.write :workspace: ") && sbpl.contains("; files.protect: "), "{sbpl}");
    assert!(shown["gaps"].as_array().unwrap().iter().any(|gap| gap["line"] == "private.processes"));
    // What is printed for people is a profile as well.
    let text = palisade(&["profile", "--backend", "seatbelt", "--mode", "read-only"], "");
    let applied = text.stdout.lines().find(|line| line.starts_with("; /usr/bin/sandbox-exec -f FILE")).unwrap();
    let given: Vec<&str> = applied.split(' ').filter(|word| word.starts_with("-D")).collect();
    let status = |operation| {
        palisade(&[&["seatbelt", "check", "-"], &given[..], &[operation, "/x"]].concat(), &text.stdout).status
    };
    assert_eq!((status("file-write-create"), status("file-read-data")), (1, 0));
    assert!(show("danger-full-access")["sbpl"].is_null());
}

#[test]
fn a_run_without_sandbox_exec_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let witness = folder.path().join("ran");
    let touch = ["--", "touch", witness.to_str().unwrap()];
    let run = |rest: &[&str]| palisade(&[&["run", "--backend", "seatbelt"], rest, &touch].concat(), "");
    let refused = run(&[]);
    assert_eq!(refused.status, 125);
    assert!(
        refused.stderr.contains("Seatbelt cannot carry") && refused.stderr.contains("--degrade"),
        "{}",
        refused.stderr
    );
    if !Path::new("/usr/bin/sandbox-exec").exists() {
        let missing = run(&["--degrade"]);
        assert_eq!(missing.status, 125);
        assert!(
            missing.stderr.contains("is not here") && missing.stderr.contains("gap: private.processes"),
            "{}",
            missing.stderr
        );
    }
    assert_eq!(run(&["--degrade", "--guard"]).status, 2);
    let shown = run(&["--dry-run"]);
    assert!(shown.status == 0 && shown.stdout.contains("(deny default)"), "{}", shown.stdout);
    // What a protected name leads to must be there to be held.
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    std::os::unix::fs::symlink("nowhere", work.join(".git")).unwrap();
    let told = run(&["--cwd", work.to_str().unwrap(), "--degrade"]);
    assert!(told.status == 125 && told.stderr.contains("leads nowhere"), "{}", told.stderr);
    // What would open far more than it seems is refused here as elsewhere.
    for dangerous in [&["--cwd", "/"][..], &["--cwd", "/usr/lib"], &["--writable", "/etc"]] {
        let told = run(&[dangerous, &["--degrade"]].concat());
        assert!(told.status == 125 && told.stderr.contains("is dangerous"), "{dangerous:?}: {}", told.stderr);
        let told = palisade(&[&["profile", "--backend", "seatbelt"], dangerous].concat(), "");
        assert!(told.status == 125 && told.stderr.contains("is dangerous"), "{dangerous:?}: {}", told.stderr);
    }
    assert!(!witness.exists());
}

#[test]
fn probes_are_decided_without_a_mac_and_every_line_says_so() {
    let simulate = |rest: &[&str]| palisade(&[&["verify", "--backend", "seatbelt", "--simulate"], rest].concat(), "");
    let text = simulate(&[]);
    assert_eq!(text.status, 0, "{}{}", text.stdout, text.stderr);
    assert!(text.stdout.lines().all(|line| line.starts_with("simulated")), "{}", text.stdout);
    assert!(text.stdout.contains("SIMULATED: not enforced") && text.stdout.contains("workspace-write-network"));
    let answer = json(&simulate(&["--format", "json", "--only", "FW-03", "--mode", "read-only"]));
    let told = &answer["runs"][0]["answers"][0];
    assert_eq!(
        (&answer["simulated"], &told["simulated"], &told["result"]),
        (&true.into(), &true.into(), &"pass".into())
    );
    assert!(told["happened"].as_str().unwrap().contains("is denied by rule"), "{told}");
    for (format, begins) in
        [("junit", "<testcase "), ("tap", "ok "), ("tap", "not ok "), ("github", "::"), ("sarif", "\"text\"")]
    {
        let told = simulate(&["--format", format]);
        let records = told.stdout.lines().map(str::trim_start).filter(|line| line.starts_with(begins));
        assert!(records.clone().all(|line| line.contains("simulated")), "{format}: {}", told.stdout);
    }
    // A profile of one's own that gives more than it is held to cannot be: what it grants is what it owes.
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    let open = include_str!("../../sandbox-profiles/read-only.toml").replace("write = []", "write = [\"/\"]");
    fs::write(&own, open).unwrap();
    let told = simulate(&["--profile", own.to_str().unwrap(), "--only", "FW-03", "--format", "json"]);
    assert_eq!(json(&told)["runs"][0]["answers"][0]["expected"], "must work");
    assert_eq!(told.status, 0, "{}", told.stdout);
    for wrong in [&["verify", "--simulate"][..], &["verify", "--backend", "native", "--simulate"]] {
        let told = palisade(wrong, "");
        assert_eq!(told.status, 2);
        assert!(told.stderr.contains("add `--backend seatbelt`"), "{}", told.stderr);
    }
    if !Path::new("/usr/bin/sandbox-exec").exists() {
        let told = palisade(&["verify", "--backend", "seatbelt"], "");
        assert!(told.status == 2 && told.stderr.contains("`--simulate` decides"), "{}", told.stderr);
    }
}
