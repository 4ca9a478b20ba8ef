//! The reports of `verify` as their consumers read them: SARIF by its official schema, JUnit by the one that Jenkins
//! publishes, TAP by a parser of the protocol. Each with a report that passes and one that fails, and one nobody accepts.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sandboxed::{program, tmp_alone};

/// What a consumer makes of a report.
fn read(format: &str, report: &[u8]) -> Value {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/consumers");
    let mut node = Command::new("node")
        .args(["check.js", format])
        .current_dir(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node can be started: tests/run --prepare");
    node.stdin.take().unwrap().write_all(report).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the readers are installed: tests/run --prepare");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn verify(arguments: &[&str]) -> Vec<u8> {
    let _tmp = tmp_alone();
    Command::new(program()).arg("verify").args(arguments).current_dir("/").output().expect("palisade").stdout
}

#[test]
fn consumers_accept_reports_that_pass_and_that_fail() {
    for (subject, failed) in [("native", 0), ("none", 4)] {
        for format in ["sarif", "junit", "tap"] {
            let about = ["--subject", subject, "--mode", "read-only", "--class", "descriptors", "--format", format];
            let made = read(format, &verify(&about));
            assert_eq!(made["errors"], serde_json::json!([]), "{subject} {format}");
            assert_eq!(made["failed"], failed, "{subject} {format}");
        }
    }
}

#[test]
fn consumers_do_not_accept_everything() {
    let wrong = [
        ("sarif", "{\"version\": \"2.1.0\"}"),
        ("junit", "<testsuites><testsuite name=\"x\"><check/></testsuite></testsuites>"),
        ("tap", "TAP version 14\n1..2\nok 1 - only one\n"),
    ];
    for (format, text) in wrong {
        let errors = read(format, text.as_bytes())["errors"].as_array().unwrap().len();
        assert!(errors > 0, "{format}");
    }
}

#[test]
fn mutants_are_written_for_the_same_consumers() {
    let arguments = ["--mutate", "--mode", "workspace-write", "--mutant", "descriptors", "--class", "descriptors"];
    for format in ["sarif", "junit", "tap"] {
        let made = read(format, &verify(&[&arguments[..], &["--format", format]].concat()));
        assert_eq!((&made["errors"], &made["failed"]), (&serde_json::json!([]), &serde_json::json!(0)), "{format}");
    }
}

#[test]
fn findings_stand_at_the_line_of_the_profile_that_decides() {
    let place = tempfile::tempdir_in("/var/tmp").unwrap();
    let own = place.path().join("own.toml");
    std::fs::write(
        &own,
        include_str!("../../sandbox-profiles/read-only.toml").replace("name = \"read-only\"", "name = \"own\""),
    )
    .unwrap();
    let file = own.to_str().unwrap();
    let report = verify(&["--profile", file, "--subject", "none", "--only", "FW-03", "--format", "sarif"]);
    assert_eq!(read("sarif", &report)["errors"], serde_json::json!([]));
    let report: Value = serde_json::from_slice(&report).unwrap();
    let at = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let line = at["region"]["startLine"].as_u64().unwrap() as usize;
    let text = std::fs::read_to_string(&own).unwrap();
    assert!(text.lines().nth(line - 1).unwrap().starts_with("write = "), "{at}");
    assert_eq!(at["artifactLocation"]["uri"], file);
}
