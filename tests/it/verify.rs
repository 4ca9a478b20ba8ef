//! `palisade verify`, the whole program: that it passes where a sandbox stands, fails where none does, and leaves nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandboxed::{BACKENDS, SOMEBODY, User, program, tmp_alone, users};

/// How long the kernel and the keeper may take to clear up.
const PATIENCE: Duration = Duration::from_secs(5);

fn command(user: User, arguments: &[&str]) -> Command {
    let mut command = match user {
        User::Own => Command::new(program()),
        User::Ordinary => {
            let mut command = Command::new("setpriv");
            let id = SOMEBODY.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program());
            command
        }
    };
    command.arg("verify").args(arguments).current_dir("/").stdin(Stdio::null());
    command
}

/// Every class that is asked inside and takes little: what most tests are about.
const INSIDE: [&str; 13] = [
    "files-write",
    "files-read",
    "protected",
    "network",
    "descriptors",
    "kernel-files",
    "devices",
    "processes",
    "namespaces",
    "privilege",
    "kernel",
    "ipc",
    "terminal",
];

/// The options that ask for those.
fn inside() -> Vec<&'static str> {
    INSIDE.iter().flat_map(|class| ["--class", class]).collect()
}

/// Run as the user, `/tmp` to itself.
fn verify(user: User, arguments: &[&str]) -> Output {
    let _tmp = tmp_alone();
    command(user, arguments).output().expect("palisade can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    let said = text(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The answers of a word, each with its profile.
fn whole_answers<'a>(report: &'a Value, word: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    report["runs"].as_array().expect("runs").iter().flat_map(move |run| {
        let answers = run["answers"].as_array().expect("answers").iter().filter(move |answer| answer["result"] == word);
        answers.map(|answer| (run["profile"].as_str().unwrap(), answer))
    })
}

/// The answers of a word, as `profile id`.
fn answers(report: &Value, word: &str) -> Vec<String> {
    whole_answers(report, word)
        .map(|(profile, answer)| format!("{profile} {}", answer["id"].as_str().unwrap()))
        .collect()
}

/// Fixtures that are still there, of this test's own directory.
fn fixtures(below: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(below).expect("a directory").flatten().map(|entry| entry.path()).collect()
}

fn scratch() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::Builder::new().prefix("palisade-verify-").tempdir_in("/var/tmp").expect("a directory");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o1777)).expect("mode");
    place
}

#[test]
fn our_sandboxes_pass_in_every_mode_for_every_user() {
    for user in users() {
        for backend in BACKENDS {
            let modes = ["--mode", "read-only", "--mode", "workspace-write", "--mode", "workspace-write-network"];
            let bypass = ["--mode", "danger-full-access", "--format", "json", "--subject", backend];
            let output = verify(user, &[&modes[..], &bypass, &inside()].concat());
            let report = json(&output);
            assert_eq!(answers(&report, "fail"), Vec::<String>::new(), "{backend} {user:?}");
            assert_eq!(answers(&report, "error"), Vec::<String>::new(), "{backend} {user:?}");
            assert_eq!(answers(&report, "weak"), Vec::<String>::new(), "{backend} {user:?}");
            assert_eq!(output.status.code(), Some(0), "{backend} {user:?}");
            let runs = report["runs"].as_array().unwrap();
            let counted: u64 =
                runs.iter().flat_map(|run| run["counts"].as_object().unwrap().values()).map(number).sum();
            assert_eq!(runs.len(), 4);
            assert_eq!(counted, report["summary"].as_object().unwrap().values().map(number).sum::<u64>());
            assert!(number(&report["summary"]["pass"]) > 400, "{}", report["summary"]);
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn where_nothing_stands_in_the_way_the_verification_fails() {
    for user in users() {
        let bare = ["--subject", "none", "--mode", "read-only", "--format", "json"];
        let output = verify(user, &[&bare[..], &inside()].concat());
        assert_eq!(output.status.code(), Some(1), "{user:?}");
        let failed = answers(&json(&output), "fail");
        let broad = [
            "FW-03", "FW-13", "FR-07", "PM-01", "PM-03", "NW-22", "NW-34", "FD-01", "PS-23", "PT-02", "PT-04", "CP-01",
            "KS-01",
        ];
        for id in broad {
            assert!(failed.contains(&format!("read-only {id}")), "{user:?} {id}: {failed:?}");
        }
    }
}

#[test]
fn a_subject_that_does_not_start_is_in_error_and_refuses_nothing() {
    // A kernel setting that forbids user namespaces, for this test alone: inside a user namespace one may set it.
    let _tmp = tmp_alone();
    let place = scratch();
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" verify --scratch \"$1\" --mode read-only --class files-write --format json";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--", "sh", "-c", script])
        .args([program(), place.path()])
        .output()
        .expect("unshare of util-linux can be started");
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(report["runs"][0]["not_started"].as_str().is_some_and(|why| why.contains("namespace")), "{report}");
    assert_eq!(answers(&report, "error").len(), report["runs"][0]["answers"].as_array().unwrap().len());
}

#[test]
fn a_profile_of_ones_own_is_held_to_what_it_says() {
    let place = scratch();
    let (own, shipped) = (place.path().join("own.toml"), include_str!("../../sandbox-profiles/workspace-write.toml"));
    let changed = shipped.replace("name = \"workspace-write\"", "name = \"own\"");
    let changed = changed.replace("protect = [\".git\", \".codex\", \".agents\", \".aws\"]", "protect = [\".aws\"]");
    let changed = changed.replace("write = [\":workspace\", \"/tmp\", \":tmpdir\"]", "write = [\":workspace\"]");
    let changed = changed.replace("deny_read = []", "deny_read = [\"~/.ssh\"]");
    std::fs::write(&own, &changed).expect("a profile");
    let file = own.to_str().unwrap();
    for user in users() {
        for backend in BACKENDS {
            let own = ["--profile", file, "--subject", backend, "--format", "json"];
            let output = verify(user, &[&own[..], &inside()].concat());
            let report = json(&output);
            assert_eq!(answers(&report, "fail"), Vec::<String>::new(), "{backend} {user:?}");
            for id in ["PM-01", "PM-08", "FR-03", "FW-40", "FW-41"] {
                assert!(answers(&report, "pass").contains(&format!("own {id}")), "{backend} {user:?} {id}: {report}");
            }
        }
        // The same claims with nobody to keep them.
        let none = ["--profile", file, "--subject", "none", "--format", "json"];
        let failed = answers(&json(&verify(user, &[&none[..], &inside()].concat())), "fail");
        for id in ["PM-08", "FR-03", "FW-40", "FW-41"] {
            assert!(failed.contains(&format!("own {id}")), "{user:?} {id}: {failed:?}");
        }
        assert!(!failed.contains(&"own PM-01".to_owned()), "{user:?}: {failed:?}");
    }
}

#[test]
fn a_part_of_the_catalogue_is_answered_as_in_the_whole() {
    let report = json(&verify(User::Own, &["--class", "protected", "--format", "json"]));
    assert_eq!(answers(&report, "unproven"), Vec::<String>::new());
    assert_eq!(report["runs"][0]["answers"].as_array().unwrap().len(), 15);
    let report = json(&verify(User::Own, &["--only", "FW-03", "--only", "NW-22", "--format", "json"]));
    assert_eq!(answers(&report, "pass").len(), 6);
    assert_eq!(number(&report["summary"]["pass"]), 6);
}

#[test]
fn the_text_tells_what_is_wrong_first_and_every_number_last() {
    let page = text(
        &verify(User::Own, &["--subject", "none", "--mode", "read-only", "--only", "FW-03", "--only", "FR-01"]).stdout,
    );
    let expected = "\
fail  FW-03  can it create a file outside every writable root?
      under     read-only
      expected  must be refused (EROFS or EACCES): `files.write` does not cover it
      happened  it worked, seen outside
      refuses   mount, Landlock

passed       read-only
files-write  0/1 1 fail
files-read   1/1

";
    assert!(page.starts_with(expected), "{page}");
    let last = "2 probes: 1 pass, 0 noted, 0 not-applicable, 0 skip, 0 unproven, 0 weak, 0 error, 1 fail\n";
    assert!(page.ends_with(last), "{page}");
}

#[test]
fn a_skip_fails_only_when_none_is_accepted() {
    let about_init = ["--subject", "none", "--mode", "read-only", "--only", "FD-06"];
    let output = verify(User::Own, &about_init);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("1 skip"));
    assert_eq!(verify(User::Own, &[&about_init[..], &["--no-skip"]].concat()).status.code(), Some(1));
}

#[test]
fn wrong_usage_is_answered_with_the_way_out() {
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--only", "XX-99"], 2, "--list"),
        (&["--explain", "fw-3"], 2, "no probe is named `fw-3`"),
        (&["--only", "FW-01", "--class", "network"], 2, "no probe is both"),
        (&["--profile", "/nowhere.toml"], 2, "cannot be read"),
        (&["--profile", "/dev"], 2, "cannot be read"),
        (&["--scratch", "/nowhere"], 125, "--scratch DIR"),
    ];
    for (arguments, status, words) in cases {
        let output = verify(User::Own, arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_probe_is_listed_and_explained() {
    let listed = text(&verify(User::Own, &["--list"]).stdout);
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids, palisade::probe::catalogue().map(|probe| probe.id).collect::<Vec<_>>());
    let page = text(&verify(User::Own, &["--explain", "PM-01"]).stdout);
    for words in
        ["change the repository's configuration", "matters", "files.protect", "must be refused (EROFS)", "githooks"]
    {
        assert!(page.contains(words), "{words} in {page}");
    }
}

#[test]
fn the_real_codex_is_verified_by_each_versions_own_arguments() {
    let _tmp = tmp_alone();
    // Everybody; what was closed between the versions; what is refused in both.
    let (always, closed) = (["FD-01", "KS-01", "NW-34"], ["CP-02", "FR-08", "PM-08"]);
    for (version, runs, open) in [("0.125.0", 2, true), ("0.169.0", 3, false)] {
        let subject = format!("codex={}", crate::peers::codex(version).display());
        let arguments = [&["--subject", &subject, "--format", "json"], &inside()[..]].concat();
        let output = command(User::Own, &arguments).output().unwrap();
        let report = json(&output);
        assert_eq!(output.status.code(), Some(1), "{version}");
        assert_eq!(report["subject"], format!("codex {version}"));
        assert_eq!(report["runs"].as_array().unwrap().len(), runs, "{version}");
        assert_eq!(answers(&report, "error"), Vec::<String>::new(), "{version}");
        let (failed, passed) = (answers(&report, "fail"), answers(&report, "pass"));
        for id in always {
            assert!(failed.contains(&format!("workspace-write {id}")), "{version} {id}: {failed:?}");
        }
        // As an ordinary user there are no capabilities to keep.
        let root = nix::unistd::geteuid().is_root();
        for id in closed.into_iter().filter(|id| root || *id != "CP-02") {
            assert_eq!(failed.contains(&format!("workspace-write {id}")), open, "{version} {id}: {failed:?}");
        }
        for id in ["FW-03", "FW-40", "PM-01", "NW-22", "PT-02", "DV-15"] {
            assert!(passed.contains(&format!("workspace-write {id}")), "{version} {id}: {passed:?}");
        }
    }
    let subject = format!("codex={}", crate::peers::codex("0.125.0").display());
    let output = command(User::Own, &["--subject", &subject, "--mode", "workspace-write-network"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("can only be asked for read-only and workspace-write"));
}

#[test]
fn any_launcher_is_verified_by_its_command_line() {
    let bare = "bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all --die-with-parent -- {}";
    let workspace =
        "bwrap --ro-bind / / --bind {workspace} {workspace} --dev /dev --proc /proc --unshare-all -- sh -c 'exec {}'";
    for user in users() {
        for (launcher, mode, own) in [(bare, "read-only", "FW-03"), (workspace, "workspace-write", "FW-01")] {
            let arguments = ["--mode", mode, "--subject-command", launcher, "--format", "json"];
            let output = verify(user, &[&arguments[..], &inside()].concat());
            let report = json(&output);
            assert_eq!(answers(&report, "error"), Vec::<String>::new(), "{user:?} {launcher}");
            let (failed, passed) = (answers(&report, "fail"), answers(&report, "pass"));
            // bubblewrap alone contains files and processes, and knows nothing of descriptors and unix sockets.
            for id in ["FW-13", "PT-02", "NW-22", own] {
                assert!(passed.contains(&format!("{mode} {id}")), "{user:?} {id}: {passed:?}");
            }
            for id in ["FD-01", "NW-29", "KS-01"] {
                assert!(failed.contains(&format!("{mode} {id}")), "{user:?} {id}: {failed:?}");
            }
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

#[test]
fn another_launcher_is_verified_where_it_lets_programs_be_executed() {
    use std::os::unix::fs::PermissionsExt;
    // firejail forbids programs below /var/tmp and /home, whatever it is told, and /tmp is the profile's to write.
    let made = |folder| tempfile::Builder::new().prefix("palisade-verify-").tempdir_in(folder);
    let place = made("/opt").or_else(|_| made("/dev/shm")).expect("a directory");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o1777)).expect("mode");
    let launcher = "firejail --quiet --noprofile --net=none --read-only=/ --read-only=/tmp --read-only=/dev/shm \
         --read-write={workspace} -- {}";
    let scratch = ["--scratch", place.path().to_str().unwrap()];
    let arguments = ["--mode", "workspace-write", "--subject-command", launcher, "--format", "json"];
    // It runs for users with an account only.
    let report = json(&verify(User::Own, &[&arguments[..], &scratch, &inside()].concat()));
    assert_eq!(report["runs"][0]["not_started"], Value::Null);
    let (failed, passed) = (answers(&report, "fail"), answers(&report, "pass"));
    for id in ["FW-01", "FW-03", "NW-22", "PT-02"] {
        assert!(passed.contains(&format!("workspace-write {id}")), "{id}: {failed:?}");
    }
    // It knows of no protected names, and leaves keys and the caller's terminal as they are.
    for id in ["PM-01", "KS-01", "TT-02"] {
        assert!(failed.contains(&format!("workspace-write {id}")), "{id}: {passed:?}");
    }
}

#[test]
fn a_launcher_that_is_a_program_of_node_is_verified_too() {
    let place = scratch();
    let settings = place.path().join("settings.json");
    let text = r#"{"network": {"allowedDomains": [], "deniedDomains": []},
                   "filesystem": {"denyRead": [], "allowWrite": ["."], "denyWrite": []}}"#;
    std::fs::write(&settings, text).unwrap();
    let launcher = format!("{} -s {} {{}}", crate::peers::sandbox_runtime().display(), settings.display());
    let arguments = ["--mode", "workspace-write", "--subject-command", &launcher, "--format", "json"];
    let report = json(&verify(User::Own, &[&arguments[..], &inside()].concat()));
    assert_eq!(report["runs"][0]["not_started"], Value::Null);
    let (failed, passed) = (answers(&report, "fail"), answers(&report, "pass"));
    for id in ["FW-01", "FW-03", "NW-22", "PT-02", "PM-01", "FD-01"] {
        assert!(passed.contains(&format!("workspace-write {id}")), "{id}: {failed:?}");
    }
    // Its network is a proxy's, it protects other names than Codex, and leaves keys as they are.
    for id in ["PM-03", "KS-01", "NW-07"] {
        assert!(failed.contains(&format!("workspace-write {id}")), "{id}: {passed:?}");
    }
}

#[test]
fn a_subject_that_cannot_be_used_is_answered_with_the_reason() {
    let cases: [(&[&str], &str); 8] = [
        (&["--subject", "gvisor"], "the subjects are"),
        (&["--subject", "codex=/nowhere"], "cannot be verified"),
        (&["--subject", "codex=/bin/false"], "`--version` failed"),
        (&["--subject-command", "bwrap {}"], "--mode"),
        (&["--mode", "read-only", "--subject-command", "bwrap --ro-bind / /"], "write `{}` there"),
        (&["--mode", "read-only", "--subject-command", "no-such-box {}"], "no such program"),
        (&["--mode", "read-only", "--subject-command", "bwrap 'x {}"], "a quote is not closed"),
        (&["--mode", "read-only", "--subject-command", "{}"], "names no program"),
    ];
    for (arguments, words) in cases {
        let output = verify(User::Own, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_baseline_accepts_what_it_names_and_nothing_new_or_expired() {
    let place = scratch();
    let file = place.path().join("known.toml");
    let accept = |id: &str, until: &str| format!("[[accept]]\nid = \"{id}\"\nreason = \"known\"\nuntil = {until}\n");
    let bare = ["--subject", "none", "--mode", "read-only", "--only", "FW-03", "--only", "FW-05"];
    let run = |text: String, more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        verify(User::Own, &[&bare[..], &["--baseline", file.to_str().unwrap()], more].concat())
    };
    let both = accept("FW-03", "2999-01-01") + &accept("FW-05", "2999-01-01");
    let output = run(both, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).ends_with("2 fail (2 accepted)\n"), "{}", text(&output.stdout));
    assert_eq!(run(accept("FW-03", "2999-01-01"), &[]).status.code(), Some(1));
    assert_eq!(run(accept("FW-03", "2999-01-01") + &accept("FW-05", "2020-01-01"), &[]).status.code(), Some(1));
    let more = accept("FW-03", "2999-01-01") + &accept("FW-05", "2999-01-01") + &accept("NW-01", "2999-01-01");
    let output = run(more, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("accepts NW-01, which is no finding"), "{}", text(&output.stderr));
    assert_eq!(json(&output)["runs"][0]["answers"][0]["accepted"]["reason"], "known");
    let output = run("[[accept]]\nid = \"FW-03\"\n".to_owned(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("known.toml:1:1"), "{}", text(&output.stderr));
    std::fs::write(&file, b"\xff").unwrap();
    for wrong in [file.to_str().unwrap(), "/nowhere.toml", "/dev"] {
        let output = verify(User::Own, &["--baseline", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(text(&output.stderr).contains("cannot be read"), "{wrong}");
    }
}

#[test]
fn against_none_shows_what_the_sandbox_adds_and_what_it_gives() {
    let part = |share: &Value| (number(&share["refused"]), number(&share["applicable"]));
    for user in users() {
        for (subject, refuses) in [("native", true), ("none", false)] {
            let arguments = ["--subject", subject, "--mode", "read-only", "--against", "none", "--format", "json"];
            let report = json(&verify(user, &[&arguments[..], &inside()].concat()));
            let added = &report["against_none"][0];
            let shares = added["classes"].as_array().expect("classes");
            assert!(shares.len() > 8, "{added}");
            for share in shares {
                for (refused, applicable) in [part(&share["must"]), part(&share["should"])] {
                    assert_eq!(refused, if refuses { applicable } else { 0 }, "{user:?} {subject} {share}");
                }
            }
            // A further filter needs no_new_privs, which an ordinary user has only inside.
            let gained = added["gains"].as_array().expect("gains");
            assert!(!gained.contains(&"PT-20".into()), "what can only be asked inside is no gain: {added}");
            let gained = gained.contains(&"CP-11".into());
            assert_eq!(gained, refuses && (user == User::Ordinary || !nix::unistd::geteuid().is_root()), "{added}");
        }
    }
}

#[test]
fn every_format_tells_the_same() {
    let counted = |format: &str, subject: &str| {
        let output = verify(
            User::Own,
            &["--subject", subject, "--mode", "read-only", "--class", "descriptors", "--format", format],
        );
        (output.status.code(), text(&output.stdout))
    };
    for (subject, status, failed) in [("none", 1, 4), ("native", 0, 0)] {
        let (code, page) = counted("tap", subject);
        assert_eq!(code, Some(status), "{page}");
        assert_eq!(page.lines().filter(|line| line.starts_with("not ok ")).count(), failed, "{page}");
        let (code, page) = counted("junit", subject);
        assert_eq!(code, Some(status), "{page}");
        assert!(page.contains("tests=\"6\"") && page.contains(&format!("failures=\"{failed}\"")), "{page}");
        let (code, page) = counted("github", subject);
        assert_eq!(code, Some(status), "{page}");
        assert_eq!(page.lines().filter(|line| line.starts_with("::error ")).count(), failed, "{page}");
    }
}

/// What palisade does not limit unless a profile says so, and what only Landlock's ABI 9 can refuse.
const KNOWN: [&str; 5] = ["RS-01", "RS-02", "SC-40", "SC-41", "SC-42"];

#[test]
fn scenarios_and_resources_are_held_to_what_is_owed() {
    for (user, backend) in users().into_iter().zip(BACKENDS) {
        let modes = ["--mode", "workspace-write", "--mode", "workspace-write-network"];
        let classes = ["--class", "scenarios", "--class", "resources", "--format", "json", "--subject", backend];
        let output = verify(user, &[&modes[..], &classes[..]].concat());
        let report = json(&output);
        for word in ["fail", "error", "skip"] {
            let found: Vec<_> = whole_answers(&report, word).collect();
            assert!(found.is_empty(), "{backend} {user:?} {word}: {found:#?}");
        }
        let weak = answers(&report, "weak");
        assert!(weak.iter().all(|answer| KNOWN.iter().any(|id| answer.ends_with(id))), "{backend} {user:?}: {weak:?}");
        assert!(number(&report["runs"][0]["counts"]["pass"]) > 30, "{}", report["runs"][0]["counts"]);
    }
}

#[test]
fn where_nobody_holds_anything_the_scenarios_fail() {
    let arguments = ["--subject", "none", "--mode", "workspace-write", "--class", "scenarios", "--format", "json"];
    let failed = answers(&json(&verify(User::Own, &arguments)), "fail");
    for id in
        ["SC-01", "SC-03", "SC-04", "SC-10", "SC-14", "SC-16", "SC-20", "SC-21", "SC-30", "SC-31", "SC-40", "SC-43"]
    {
        assert!(failed.contains(&format!("workspace-write {id}")), "{id}: {failed:?}");
    }
}

/// Moments at which a verification is killed, for each subject.
const MOMENTS: u32 = 25;

#[test]
fn killed_at_any_moment_it_leaves_nothing() {
    let _tmp = tmp_alone();
    for user in users() {
        for subject in BACKENDS {
            let place = scratch();
            killed(
                user,
                &[&["--subject", subject, "--mode", "workspace-write"], &inside()[..]].concat(),
                &place,
                MOMENTS,
            );
        }
        killed(user, &["--mode", "workspace-write", "--class", "scenarios"], &scratch(), MOMENTS / 4);
    }
}

#[test]
fn killed_with_a_careless_launcher_it_leaves_nothing_either() {
    let _tmp = tmp_alone();
    // A helper in a session of its own, which nobody ends.
    let launcher = "sh -c 'setsid sh -c \"sleep 100; exit\" {workspace} & exec \"$@\"' sh {}";
    for user in users() {
        let arguments = ["--mode", "read-only", "--subject-command", launcher];
        killed(user, &[&arguments[..], &inside()].concat(), &scratch(), MOMENTS / 3);
    }
}

/// Kills a verification at moments all over its time, and looks for what is left each time.
fn killed(user: User, arguments: &[&str], place: &tempfile::TempDir, moments: u32) {
    let below = place.path().to_str().unwrap();
    let arguments = [arguments, &["--scratch", below]].concat();
    let started = Instant::now();
    command(user, &arguments).stdout(Stdio::null()).status().unwrap();
    let whole = started.elapsed();
    assert_eq!(fixtures(place.path()), Vec::<PathBuf>::new(), "{arguments:?} {user:?}");
    for moment in 0..moments {
        let mut verify = command(user, &arguments).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * moment / moments);
        let before = tokens(place.path());
        verify.kill().unwrap();
        verify.wait().unwrap();
        let tokens = [before, tokens(place.path())].concat();
        let patience = Instant::now() + PATIENCE;
        let left = || {
            let strays = [strays(&tokens), shared(&tokens)].concat();
            (fixtures(place.path()), crate::sandboxed::processes_with(below), strays)
        };
        while left() != (Vec::new(), Vec::new(), Vec::new()) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(left(), (Vec::new(), Vec::new(), Vec::new()), "{arguments:?} {user:?} at {moment}/{moments}");
    }
}

/// What attempts make outside of these fixtures; another verification on this machine may be making its own.
fn strays(tokens: &[String]) -> Vec<PathBuf> {
    let made = |name: &std::ffi::OsStr| {
        let name = name.to_string_lossy();
        let rest = name.strip_prefix("palisade-").unwrap_or_default();
        tokens.iter().filter_map(|token| rest.strip_prefix(token.as_str())).any(|rest| !rest.starts_with('.'))
    };
    let places = ["/etc", "/usr/local/bin", "/tmp", "/dev/shm", "/dev", "/tmp/.git", "/sys/fs/cgroup/pids"];
    let entries = places.iter().filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
    entries.filter(|entry| made(&entry.file_name())).map(|entry| entry.path()).collect()
}

/// The words of the fixtures that stand at this moment.
fn tokens(below: &Path) -> Vec<String> {
    let names = fixtures(below).into_iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    names.filter_map(|name| name.strip_prefix("palisade-").map(str::to_owned)).collect()
}

/// Segments, queues and keys of these fixtures; others on this machine may have some of their own.
fn shared(tokens: &[String]) -> Vec<PathBuf> {
    use palisade::sys::probe_calls::ipc;
    let keys = std::fs::read_to_string("/proc/keys").unwrap_or_default();
    let mut found = Vec::new();
    for token in tokens {
        found.extend(keys.lines().filter(|line| line.contains(token)).map(PathBuf::from));
        let word = u32::from_str_radix(token, 16).expect("a word of hexadecimal digits");
        for number in 0..8 {
            // As `Scene::key_number` makes them.
            let key = ((word | 0x10) & 0x7fff_fff0).cast_signed() | number;
            let there = ipc::segment(key, 0, 0).is_ok() || ipc::queue(key, 0).is_ok();
            let name = std::ffi::CString::new(format!("palisade-{token}-{number}")).expect("a name");
            // A queue that is there and may not be opened is there.
            let there = there || !matches!(ipc::named_queue(&name), Err(nix::errno::Errno::ENOENT));
            found.extend(there.then(|| PathBuf::from(format!("{token}: shared {number}"))));
        }
    }
    found
}

#[test]
fn compare_probes_tells_class_by_class_what_full_auto_adds_to_bypass() {
    let _tmp = tmp_alone();
    let output = Command::new(program()).args(["compare", "--probes", "--format", "json"]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stdout));
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let added = &page["against_none"][0];
    let classes = added["classes"].as_array().unwrap_or_else(|| panic!("{page:#}"));
    assert!(classes.len() >= 14, "{page:#}");
    // What must be refused is, all of it, and there is something to refuse: else nothing was compared.
    let both: Vec<_> =
        classes.iter().map(|class| (class["must"]["refused"].as_u64(), class["must"]["applicable"].as_u64())).collect();
    assert!(both.iter().all(|(refused, of)| refused.is_some() && refused == of), "{page:#}");
    assert!(both.iter().filter_map(|(_, of)| *of).sum::<u64>() > 50, "{page:#}");
}
