//! `palisade doctor` as a program: the two formats agree, and a host that takes something away is told apart.

use std::process::{Command, Output};

const PALISADE: &str = env!("CARGO_BIN_EXE_palisade");

fn doctor(arguments: &[&str]) -> Output {
    Command::new(PALISADE).arg("doctor").args(arguments).output().expect("palisade can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn both_formats_give_the_same_verdicts_and_status() {
    let (json, people) = (doctor(&["--format", "json"]), doctor(&[]));
    assert_eq!(json.status.code(), people.status.code());
    let answer: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let modes = answer["modes"].as_array().expect("modes");
    assert_eq!(modes.len(), 3);
    let page = text(&people.stdout);
    for mode in modes {
        let row = format!("{:10} {}", mode["standing"].as_str().unwrap(), mode["mode"].as_str().unwrap());
        assert!(page.contains(&row), "no line `{row}` in:\n{page}");
    }
    let enforced = modes.iter().filter(|mode| mode["standing"] == "enforced").count();
    assert_eq!(people.status.code(), Some(if enforced == 3 { 0 } else { 1 }));
    let gaps = answer["gaps"].as_array().expect("gaps").len();
    assert!(page.ends_with(&format!("{enforced} of 3 modes enforced, {gaps} gaps\n")), "{page}");
}

/// Inside a user namespace one may set its limit to zero: a host that forbids user namespaces, for this test alone.
#[test]
fn a_host_without_user_namespaces_is_told_with_the_setting_that_forbids_them() {
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" doctor --format json";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--", "sh", "-c", script, PALISADE])
        .output()
        .expect("unshare of util-linux can be started");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)));
    assert_eq!(output.status.code(), Some(1));
    assert_ne!(answer["modes"][1]["standing"], "enforced");
    assert_eq!(answer["modes"][2]["standing"], "enforced");
    assert_eq!(answer["contained_bypass"], "refused");
    let why = answer["gaps"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("`user.max_user_namespaces` is 0"), "{why}");
}

#[test]
fn a_bubblewrap_that_others_can_change_is_named_and_not_executed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (program, trace) = (folder.path().join("bwrap"), folder.path().join("was-executed"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\necho bubblewrap 99.0\n", trace.display())).unwrap();
    for path in [program.as_path(), folder.path()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let output = Command::new(PALISADE).args(["doctor"]).env("PATH", folder.path()).output().unwrap();
    let page = text(&output.stdout);
    // Made by root it is writable for others; made by anybody else it is not root's in the first place.
    let reason =
        if nix::unistd::geteuid().is_root() { "can be written by others than its owner" } else { "belongs to uid" };
    assert!(page.contains(reason), "{page}");
    assert!(!trace.exists() && !page.contains("99.0"), "{page}");
}
