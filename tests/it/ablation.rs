//! Walls that are taken away, one at a time: a probe must notice each, and who refused is told from what is left.

use std::process::{Command, Output};

use serde_json::Value;

use crate::sandboxed::{User, program, tmp_alone, users};

fn verify(user: User, arguments: &[&str]) -> Output {
    let _tmp = tmp_alone();
    let mut command = match user {
        User::Own => Command::new(program()),
        User::Ordinary => {
            let mut command = Command::new("setpriv");
            let id = crate::sandboxed::SOMEBODY.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program());
            command
        }
    };
    command.arg("verify").args(arguments).current_dir("/").output().expect("palisade can be started")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Classes with the probes that notice.
const CLASSES: [&str; 10] = [
    "--class",
    "protected",
    "--class",
    "descriptors",
    "--class",
    "parts",
    "--class",
    "processes",
    "--class",
    "privilege",
];

#[test]
fn three_walls_that_are_taken_away_are_three_failures() {
    for user in users() {
        let walls = ["--mutant", "protect {root}/ws/.git", "--mutant", "descriptors", "--mutant", "seccomp connect"];
        let arguments =
            [&["--mutate", "--mode", "workspace-write", "--format", "json"], &walls[..], &CLASSES[..]].concat();
        let output = verify(user, &arguments);
        let report = json(&output);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        let noticed =
            [("mount protect {root}/ws/.git", "PM-01"), ("descriptors", "FD-01"), ("seccomp connect", "XP-80")];
        let mutants = report["mutations"][0]["mutants"].as_array().unwrap();
        for (name, probe) in noticed {
            let mutant = mutants.iter().find(|mutant| mutant["name"] == name).expect(name);
            assert_eq!(mutant["fate"], "noticed", "{user:?} {mutant}");
            assert!(words(&mutant["noticed_by"]).contains(&probe), "{user:?} {mutant}");
        }
    }
}

#[test]
fn what_another_layer_covers_is_noticed_without_both_and_what_nobody_asks_about_survives() {
    // The session keyring stands before the filter's refusal of calls about keys.
    let keys =
        ["--mutate", "--mode", "workspace-write", "--class", "kernel", "--mutant", "keyring", "--format", "json"];
    let mutant = json(&verify(User::Own, &keys))["mutations"][0]["mutants"][0].clone();
    assert_eq!(mutant["fate"], "covered", "{mutant}");
    assert_eq!(words(&mutant["covered_by"]), ["layer seccomp"], "{mutant}");
    assert!(words(&mutant["noticed_by"]).contains(&"KS-01"), "{mutant}");
    // Without the probes that ask about it nobody can miss it, and the score says so.
    let blind =
        ["--mutate", "--mode", "workspace-write", "--class", "devices", "--mutant", "keyring", "--format", "json"];
    let output = verify(User::Own, &blind);
    assert_eq!(json(&output)["mutations"][0]["mutants"][0]["fate"], "survived");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_survivor_whose_probe_would_put_the_host_at_risk_is_told_so() {
    let arguments = ["--mutate", "--mode", "read-only", "--only", "KS-24", "--mutant", "vhangup", "--format", "json"];
    let mutant = json(&verify(User::Own, &arguments))["mutations"][0]["mutants"][0].clone();
    // Who is not root is refused anyway, and can lose nothing.
    let (fate, reason) = if nix::unistd::geteuid().is_root() {
        ("survived", "only KS-24 asks for it")
    } else {
        ("not-applicable", "KS-24 refused by EPERM")
    };
    assert_eq!(mutant["fate"], fate, "{mutant}");
    assert!(mutant["reason"].as_str().unwrap().contains(reason), "{mutant}");
}

#[test]
fn who_refused_is_measured_for_our_own_and_a_guess_for_others() {
    let about = [
        "--mode",
        "workspace-write",
        "--only",
        "FW-03",
        "--only",
        "FW-13",
        "--only",
        "NW-42",
        "--attribute",
        "--format",
        "json",
    ];
    let by = |report: &Value, id: &str| {
        let answers = report["runs"][0]["answers"].as_array().unwrap();
        answers.iter().find(|answer| answer["id"] == id).unwrap()["attribution"].clone()
    };
    for user in users() {
        let report = json(&verify(user, &about));
        // As the catalogue measured them: by mounts and Landlock, by mounts only, by the filter only.
        for (id, alone, needed) in [
            ("FW-03", &["mounts", "landlock"][..], &[][..]),
            ("FW-13", &["mounts"], &["mounts"]),
            ("NW-42", &["seccomp"], &["seccomp"]),
        ] {
            let found = by(&report, id);
            assert_eq!(words(&found["alone"]), alone, "{user:?} {id} {found}");
            assert!(needed.iter().all(|layer| words(&found["needed"]).contains(layer)), "{user:?} {id} {found}");
            assert_eq!(
                (&found["depth"], &found["guess"]),
                (&alone.len().into(), &false.into()),
                "{user:?} {id} {found}"
            );
        }
        assert_eq!(words(&by(&report, "FW-03")["refused_by"]), ["mounts"], "a mount answers before Landlock");
    }
    let launcher = "bwrap --ro-bind / / --dev /dev --unshare-all --die-with-parent -- {}";
    let about =
        ["--mode", "read-only", "--only", "FW-03", "--attribute", "--format", "json", "--subject-command", launcher];
    let found = by(&json(&verify(User::Own, &about)), "FW-03");
    assert_eq!((&found["guess"], words(&found["refused_by"])), (&true.into(), vec!["mounts"]), "{found}");
}

#[test]
fn only_a_sandbox_of_our_own_can_lose_a_part() {
    for arguments in [&["--mutate", "--subject", "none"][..], &["--mutate", "--mode", "danger-full-access"]] {
        let output = verify(User::Own, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("a plan of palisade's"), "{arguments:?}");
    }
    let output = verify(User::Own, &["--mutate", "--mode", "read-only", "--mutant", "no such thing"]);
    assert_eq!(output.status.code(), Some(2));
}
