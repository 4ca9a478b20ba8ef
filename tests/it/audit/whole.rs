//! Whole audits: what they say, in each format of the answer, and the same from one pass, from a resumed one, and from Spark.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{audit, cases, decisions, many, palisade, report, said, shown};

fn written(text: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("c.ndjson"), text).expect("written");
    root
}

#[test]
fn an_audit_says_who_decides_what_is_new_and_what_would_settle_it() {
    let root = tempfile::tempdir().expect("a directory");
    let file = cases().join("commands.ndjson");
    let (report, status) = report(root.path(), &[file.to_str().expect("text")]);
    assert_eq!(decisions(&report), [2, 5, 1], "{report:#}");
    assert_eq!(status, 1);
    assert_eq!(report["rules"][0]["matched"], 2);
    let never = report["never_used"].as_array().expect("a list");
    assert!(never.iter().any(|rule| rule.as_str().is_some_and(|rule| rule.contains("team.rules:7:1"))), "{never:?}");
    assert!(
        report["newly"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|row| row["was"] == "ran" && row["becomes"] == "forbidden")
    );
    assert_eq!(report["opaque"]["commands"], 2);
    let prompts = report["prompts"].as_array().expect("a list");
    let kinds: Vec<&str> = prompts.iter().filter_map(|row| row["kind"].as_str()).collect();
    assert!(kinds.contains(&"rule") && kinds.contains(&"opaque") && kinds.contains(&"banned"), "{prompts:#?}");
    let session = &report["sessions"].as_array().expect("a list")[0];
    assert_eq!((&session["session"], &session["commands"]), (&"b".into(), &3.into()));
    assert_eq!(report["without_session"], 1);
}

#[test]
fn proposed_rules_load_are_not_banned_and_settle_what_they_say() {
    let root = written(&many(700));
    let (report, _) = report(root.path(), &["c.ndjson"]);
    let prompts = report["prompts"].as_array().expect("a list");
    let rules: Vec<&str> = prompts.iter().filter_map(|row| row["rule"].as_str()).collect();
    assert!(rules.iter().any(|rule| rule.contains("\"cargo\", \"build\"")), "{prompts:#?}");
    assert!(!rules.iter().any(|rule| rule.contains("python3")), "{rules:?}");
    for row in prompts.iter().filter(|row| row["rule"].is_string()) {
        assert_eq!(row["verified"][0], row["verified"][1], "{row}");
    }
    // With them in force as many fewer are asked about, at least.
    let settled: u64 =
        prompts.iter().filter(|row| row["rule"].is_string()).filter_map(|row| row["alone"].as_u64()).sum();
    fs::write(root.path().join("proposed.rules"), rules.join("\n")).expect("written");
    let (after, _) = super::report(root.path(), &["--rules", "proposed.rules", "c.ndjson"]);
    assert!(settled > 0 && decisions(&after)[1] + settled <= decisions(&report)[1], "{settled}");
}

#[test]
fn another_policy_is_held_against_it() {
    let root = written(&many(700));
    fs::write(
        root.path().join("other.rules"),
        "prefix_rule(pattern=[\"git\", [\"push\", \"status\"]])\nprefix_rule(pattern=[\"ls\"], decision=\"forbidden\")\n",
    )
    .expect("written");
    let (report, _) = report(root.path(), &["--against", "other.rules", "c.ndjson"]);
    let against = &report["against"];
    assert_eq!(against["newly_allowed"], 100, "{against:#}");
    assert_eq!(against["newly_refused"], 100);
    let change = &against["changes"][0];
    assert!(change["because"].as_str().is_some_and(|why| why.contains("other.rules:")), "{change}");
    assert!(change["sample"].is_string());
}

#[test]
fn filters_leave_out_and_count_what_they_leave_out() {
    let root = tempfile::tempdir().expect("a directory");
    let file = cases().join("commands.ndjson");
    let file = file.to_str().expect("text");
    for (args, left, why) in [
        (vec!["--session", "a"], 2, "by_session"),
        (vec!["--cwd", "/srv/app"], 1, "by_directory"),
        (vec!["--since", "2026-11-20T10:00:01Z"], 1, "by_time"),
        (vec!["--until", "2026-11-20T10:00:01Z"], 1, "by_time"),
    ] {
        let (report, _) = report(root.path(), &[args.as_slice(), &[file]].concat());
        let commands = report["commands"].as_u64().expect("a number");
        let out: u64 = report["left_out"].as_object().expect("sums").values().filter_map(Value::as_u64).sum();
        assert_eq!(commands + out, 8, "{args:?}");
        assert_eq!(commands, if why == "by_session" { 2 } else { left }, "{args:?}: {report:#}");
        assert!(report["left_out"][why].as_u64() > Some(0), "{args:?}");
    }
}

#[test]
fn packed_sources_and_directories_give_the_same_sums() {
    let text = many(3000);
    let root = written(&text);
    let (plain, _) = report(root.path(), &["c.ndjson"]);
    let packed = root.path().join("packed");
    fs::create_dir(&packed).expect("made");
    let (first, second) = text.split_at(text.match_indices('\n').nth(1500).map_or(0, |(at, _)| at + 1));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(first.as_bytes()).expect("packed");
    fs::write(packed.join("1.gz"), gz.finish().expect("packed")).expect("written");
    // Two frames one after the other are one stream.
    let (one, two) = second.split_at(second.len() / 2);
    let frames = [zstd::encode_all(one.as_bytes(), 3), zstd::encode_all(two.as_bytes(), 3)];
    let frames: Vec<u8> = frames.into_iter().flat_map(|frame| frame.expect("packed")).collect();
    fs::write(packed.join("2.zst"), frames).expect("written");
    let (mut unpacked, status) = report(root.path(), &["packed"]);
    assert_eq!(status, 1);
    let mut plain = plain;
    for report in [&mut plain, &mut unpacked] {
        report.as_object_mut().expect("an object").remove("sources");
    }
    assert_eq!(plain, unpacked);
}

#[test]
fn an_audit_that_was_stopped_or_killed_goes_on_to_the_same_report() {
    let root = written(&many(24_000));
    // A history keeps something between lines.
    let history: String =
        (0..50_000).map(|number| format!("#{}\nls {}\ngit push\n", 1_790_000_000 + number, number % 90)).collect();
    fs::write(root.path().join("h"), history).expect("written");
    let sources = ["c.ndjson", "h"];
    let (whole, status) = report(root.path(), &sources);
    assert_eq!((status, &whole["commands"]), (1, &74_000.into()));
    for stop in ["1000", "30000"] {
        let args = [&["--state", "s", "--stop-after", stop, "--format", "json"][..], &sources].concat();
        let stopped = audit(root.path(), &args);
        assert_eq!(stopped.status.code(), Some(2));
        assert!(shown(&stopped).contains("\"complete\": false"), "{}", said(&stopped));
        assert!(root.path().join("s").exists());
    }
    let mut child = palisade(root.path())
        .args(["--state", "s", "--format", "json", "--jobs", "1"])
        .args(sources)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(30));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let (resumed, status) = report(root.path(), &[["--state", "s"].as_slice(), &sources].concat());
    assert_eq!(status, 1);
    assert_eq!(resumed, whole);
    assert!(!root.path().join("s").exists(), "an audit that is over leaves no state");
}

#[test]
fn a_state_of_something_else_is_refused() {
    let root = written(&many(3000));
    let stop = |args: &[&str]| {
        audit(root.path(), &[&["--state", "s", "--stop-after", "10"][..], args, &["c.ndjson"]].concat())
    };
    stop(&[]);
    let other = stop(&["--default", "allow"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(said(&other).contains("is of another audit"), "{}", said(&other));
    let mut text = fs::read_to_string(root.path().join("c.ndjson")).expect("read");
    text.replace_range(0..1, "[");
    fs::write(root.path().join("c.ndjson"), text).expect("written");
    let changed = stop(&[]);
    assert_eq!(changed.status.code(), Some(2));
    assert!(said(&changed).contains("does not begin any more as it did"), "{}", said(&changed));
}

#[test]
fn every_format_of_the_answer_says_the_same_and_none_can_be_broken_out_of() {
    let root = written(
        "{\"argv\":[\"<script>alert(1)</script>\",\"=cmd()\"],\"session\":\"=1+1\"}\n{\"script\":\"ls \\u001b[31m\\n\"}\n",
    );
    let html = shown(&audit(root.path(), &["--format", "html", "c.ndjson"]));
    assert!(html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"), "{html}");
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    let csv = shown(&audit(root.path(), &["--format", "csv", "c.ndjson"]));
    let rows = csv::Reader::from_reader(csv.as_bytes()).into_records().collect::<Result<Vec<_>, _>>().expect("a table");
    assert!(rows.iter().any(|row| &row[0] == "session" && &row[1] == "'=1+1"), "{csv}");
    let lines = shown(&audit(root.path(), &["--format", "ndjson", "c.ndjson"]));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["row"], &lines[0]["commands"]), (&"summary".into(), &2.into()));
    assert!(lines.iter().any(|line| line["row"] == "program"));
    let text = shown(&audit(root.path(), &["c.ndjson"]));
    assert!(text.starts_with("2 commands under 7 rules") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn how_far_it_is_is_said_with_rate_and_time_left() {
    let root = written(&many(20_000));
    let output = audit(root.path(), &["--progress", "always", "--jobs", "1", "c.ndjson", "c.ndjson", "c.ndjson"]);
    let said = said(&output);
    // A machine may be done before the first second is over.
    let line = said.lines().find(|line| line.starts_with("palisade: "));
    assert!(
        line.is_none_or(|line| line.contains(" %, ") && line.contains(" a second, ") && line.ends_with(" left")),
        "{said}"
    );
}

#[test]
fn sums_of_parts_are_put_together_and_those_of_another_policy_are_not() {
    let text = many(2000);
    let root = written(&text);
    let (mut whole, _) = report(root.path(), &["c.ndjson"]);
    fs::create_dir(root.path().join("sums")).expect("made");
    for (number, part) in [&text[..text.len() / 2], &text[text.len() / 2..]].into_iter().enumerate() {
        // Cut at a line.
        let at = part.find('\n').map_or(0, |at| at + 1);
        let part = if number == 0 {
            &text[..text.len() / 2 + text[text.len() / 2..].find('\n').map_or(0, |at| at + 1)]
        } else {
            &part[at..]
        };
        fs::write(root.path().join("part"), part).expect("written");
        let sums = audit(root.path(), &["--format", "tally", "part"]);
        fs::write(root.path().join(format!("sums/{number}")), &sums.stdout).expect("written");
    }
    let (mut put, status) = report(root.path(), &["sums"]);
    assert_eq!(status, 1);
    for report in [&mut whole, &mut put] {
        report.as_object_mut().expect("an object").remove("sources");
    }
    assert_eq!(put, whole);
    let (other, status) = report(root.path(), &["--default", "allow", "sums"]);
    assert_eq!((status, &other["commands"]), (2, &0.into()));
}

#[test]
fn apache_spark_gives_the_same_report_as_one_process() {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers");
    let python = peers.join("spark/bin/python");
    assert!(python.exists(), "PySpark is missing: tests/run --prepare");
    let root = written(&many(6_000));
    let (mut whole, _) = report(root.path(), &["c.ndjson"]);
    let output = Command::new(&python)
        .arg(peers.join("audit_in_spark.py"))
        .args(["c.ndjson", "tallies", "--rules"])
        .arg(cases().join("team.rules"))
        .env("PALISADE", env!("CARGO_BIN_EXE_palisade"))
        .current_dir(root.path())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    let sums: Value = serde_json::from_str(shown(&output).lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(sums["decisions"], whole["decisions"]);
    let (mut spread, status) = report(root.path(), &["tallies"]);
    assert_eq!(status, 1);
    for report in [&mut whole, &mut spread] {
        report.as_object_mut().expect("an object").remove("sources");
    }
    assert_eq!(spread, whole);
}
