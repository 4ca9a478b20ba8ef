//! Input that cannot be read, or not all of it: counted, named, in the status; the rest is audited all the same.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{audit, cases, many, palisade, report, said};

/// A directory with one good file, ten commands long, and one that is not.
fn beside(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a-good.ndjson"), many(10)).expect("written");
    fs::write(root.path().join(name), bytes).expect("written");
    root
}

/// The note on a source.
fn note<'a>(report: &'a Value, name: &str) -> &'a Value {
    let sources = report["sources"].as_array().expect("a list");
    sources.iter().find(|source| source["name"].as_str().is_some_and(|full| full.ends_with(name))).expect("it is named")
}

#[test]
fn a_packed_file_that_is_cut_off_is_read_as_far_as_it_goes() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(many(20_000).as_bytes()).expect("packed");
    let gz = gz.finish().expect("packed");
    let zst = zstd::encode_all(many(20_000).as_bytes(), 3).expect("packed");
    for (name, packed) in [("x.gz", gz), ("x.zst", zst)] {
        let root = beside(name, &packed[..packed.len() / 2]);
        let (report, status) = report(root.path(), &["."]);
        assert_eq!(status, 2, "{name}");
        assert!(note(&report, name)["problem"].as_str().is_some_and(|why| why.contains("cut off")), "{report:#}");
        let read = note(&report, name)["commands"].as_u64().expect("a number");
        assert!(read > 1000 && report["commands"] == read + 10, "{name}: {report:#}");
    }
}

#[test]
fn junk_is_named_and_not_taken_for_commands() {
    let junk: Vec<u8> = (0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let root = beside("junk", &junk);
    let (report, status) = report(root.path(), &["."]);
    assert_eq!((status, &report["commands"]), (2, &10.into()));
    assert!(note(&report, "junk")["problem"].as_str().is_some_and(|why| why.contains("`--input`")), "{report:#}");
    let stated = audit(root.path(), &["--input", "ndjson", "--format", "json", "junk"]);
    assert_eq!(stated.status.code(), Some(2));
}

#[test]
fn a_line_of_a_gigabyte_takes_no_gigabyte() {
    // A limit on all memory stands in for measuring it.
    let script = "ulimit -v 600000; exec \"$0\" \"$@\"";
    let mut child = Command::new("sh")
        .args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_palisade"),
            "audit",
            "--format",
            "json",
            "--jobs",
            "1",
            "--stdin",
            "--rules",
        ])
        .arg(cases().join("team.rules"))
        .env("HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        stdin.write_all(many(10).as_bytes())?;
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..1024 {
            stdin.write_all(&chunk)?;
        }
        stdin.write_all(b"\n")?;
        stdin.write_all(many(5).as_bytes())
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("joined").unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["commands"], 15);
    let first = &report["malformed"]["first"][0];
    assert_eq!(first["line"], 11);
    assert!(first["why"].as_str().is_some_and(|why| why.contains("1073741824 bytes")), "{first}");
}

#[test]
fn lines_of_another_format_are_counted_and_shown() {
    let mut mixed = many(10);
    mixed.push_str("- cmd: ls\n  when: 12\n{\"broken\n");
    mixed.push_str(&many(3));
    let root = beside("mixed", mixed.as_bytes());
    let (report, status) = report(root.path(), &["."]);
    assert_eq!((status, &report["commands"], &report["malformed"]["lines"]), (2, &23.into(), &3.into()));
    let first = &report["malformed"]["first"];
    assert_eq!((&first[0]["line"], &first[0]["begins"]), (&11.into(), &"- cmd: ls".into()));
    let (_, status) = super::report(root.path(), &["--lenient", "."]);
    assert_eq!(status, 1);
}

#[test]
fn a_file_that_cannot_be_opened_does_not_hide_the_others() {
    use std::os::unix::fs::PermissionsExt;
    let root = beside("closed", b"ls\n");
    fs::set_permissions(root.path().join("closed"), fs::Permissions::from_mode(0o000)).expect("changed");
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("changed");
    // Root opens every file, so an ordinary user does it.
    let root_user =
        fs::metadata("/proc/self").map(|about| std::os::unix::fs::MetadataExt::uid(&about)).unwrap_or(1) == 0;
    let output = if root_user {
        let rules = fs::read(cases().join("team.rules")).expect("read");
        fs::write(root.path().join("team.rules"), rules).expect("written");
        let program = root.path().join("palisade");
        fs::copy(env!("CARGO_BIN_EXE_palisade"), &program).expect("copied");
        Command::new("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&program)
            .args(["audit", "--rules", "team.rules", "--format", "json", "a-good.ndjson", "closed", "gone"])
            .current_dir(root.path())
            .env("HOME", "/nonexistent")
            .output()
            .expect("it starts")
    } else {
        audit(root.path(), &["--format", "json", "a-good.ndjson", "closed", "gone"])
    };
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["commands"], 10);
    for (name, why) in [("closed", "ermission denied"), ("gone", "No such file")] {
        assert!(note(&report, name)["problem"].as_str().is_some_and(|problem| problem.contains(why)), "{report:#}");
    }
}

#[test]
fn wrong_usage_is_answered_with_a_way_out() {
    let here = Path::new("/tmp");
    for (args, expected) in [
        (vec!["--input", "word", "x"], "the formats are tally, record, claude"),
        (vec!["--since", "yesterday", "x"], "2026-11-18"),
        (vec!["--state", "s", "-"], "standard input cannot be read twice"),
        (vec!["--stop-after", "5", "x"], "--state"),
        (vec![], "SOURCE"),
        (vec!["--against", "/nonexistent.rules", "x"], "cannot read rule file"),
    ] {
        let output = audit(here, &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).contains(expected), "{args:?}: {}", said(&output));
    }
    let without = Command::new(env!("CARGO_BIN_EXE_palisade")).args(["audit", "x"]).output().expect("it starts");
    assert!(said(&without).contains("there are no rules"), "{}", said(&without));
    let empty = palisade(here).args(["--stdin", "--format", "json"]).output().expect("it starts");
    assert_eq!(empty.status.code(), Some(0), "{}", said(&empty));
}
