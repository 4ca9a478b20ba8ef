//! `palisade fmt`: what it writes, what it leaves alone, and what it says to bad input.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn fmt(cwd: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("fmt")
        .args(args)
        .current_dir(cwd)
        .env("HOME", cwd)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const CROOKED: &str = "# Rules.\nprefix_rule(pattern=['git','log'],\n  decision='allow') # reads\n";
const STRAIGHT: &str = "# Rules.\nprefix_rule(pattern = [\"git\", \"log\"], decision = \"allow\")  # reads\n";

#[test]
fn the_shipped_packs_are_laid_out() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let output = fmt(&rules, &["--check", "."], b"");
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
}

#[test]
fn a_file_is_replaced_as_a_whole_and_keeps_its_mode_and_its_links() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("a.rules");
    fs::write(&file, CROOKED).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    symlink("a.rules", root.path().join("link.rules")).expect("linked");
    let output = fmt(root.path(), &["--check", "a.rules"], b"");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b"a.rules\n"[..]));
    assert_eq!(fs::read_to_string(&file).expect("read"), CROOKED);
    let output = fmt(root.path(), &["link.rules"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(fs::read_to_string(&file).expect("read"), STRAIGHT);
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o7777, 0o640);
    assert!(fs::symlink_metadata(root.path().join("link.rules")).expect("there").is_symlink());
    assert_eq!(fs::read_dir(root.path()).expect("listed").count(), 2);
    let output = fmt(root.path(), &["--check", "."], b"");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn standard_input_is_laid_out_to_standard_output() {
    let root = tempfile::tempdir().expect("a directory");
    let output = fmt(root.path(), &["-"], CROOKED.as_bytes());
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), STRAIGHT.as_bytes()));
    assert_eq!(fmt(root.path(), &["-", "--check"], CROOKED.as_bytes()).status.code(), Some(1));
}

#[test]
fn what_cannot_be_laid_out_is_told_and_left_as_it_is() {
    let root = tempfile::tempdir().expect("a directory");
    for (text, about) in [
        ("prefix_rule(pattern=['git',\n", "a.rules:1:2"),
        // In front of its element the comment would become a line that accepts the risk.
        ("prefix_rule(['python3'] # palisade: accept-banned python3\n + [])\n", "would not load to the same"),
    ] {
        fs::write(root.path().join("a.rules"), text).expect("written");
        fs::write(root.path().join("b.rules"), CROOKED).expect("written");
        let output = fmt(root.path(), &["."], b"");
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(said(&output).contains(about), "{}", said(&output));
        assert_eq!(fs::read_to_string(root.path().join("a.rules")).expect("read"), text);
        // The others are laid out all the same.
        assert_eq!(fs::read_to_string(root.path().join("b.rules")).expect("read"), STRAIGHT);
    }
    for (args, input, about) in
        [(&["missing.rules"][..], &b""[..], "missing.rules"), (&["-"], b"\xff", "not UTF-8"), (&[], b"", "PATH")]
    {
        let output = fmt(root.path(), args, input);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).contains(about), "{}", said(&output));
    }
}

#[test]
fn rules_that_do_not_load_are_laid_out_when_they_fail_as_before() {
    let root = tempfile::tempdir().expect("a directory");
    let output = fmt(root.path(), &["-"], b"prefix_rule(['git'],'alow')\nx=y\n");
    let wanted = "prefix_rule([\"git\"], \"alow\")\nx = y\n";
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(0), wanted));
}
