//! `palisade audit`: every format as its tool writes it, the sums, the filter, going on after an interruption, bad input.

mod bad_input;
mod filter;
mod formats;
mod whole;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The recorded commands of the tests.
fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/audit")
}

fn palisade(cwd: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.current_dir(cwd).env("HOME", cwd).env_remove("XDG_CACHE_HOME").stdin(Stdio::null());
    command.arg("audit").arg("--rules").arg(cases().join("team.rules"));
    command
}

fn audit(cwd: &Path, args: &[impl AsRef<OsStr>]) -> Output {
    palisade(cwd).args(args).output().expect("it starts")
}

/// The report as JSON, and the status.
fn report(cwd: &Path, args: &[&str]) -> (Value, i32) {
    let output = audit(cwd, &[&["--format", "json"][..], args].concat());
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (value, output.status.code().expect("a status"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn decisions(report: &Value) -> [u64; 3] {
    ["allow", "prompt", "forbidden"].map(|name| report["decisions"][name].as_u64().expect("a number"))
}

/// Many commands, a few kinds of them, in sessions and with times.
fn many(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let what = match number % 7 {
            0 => format!("\"argv\":[\"git\",\"status\",\"{}\"]", number % 100),
            1 => format!("\"script\":\"cat f{} | wc -l && ls\"", number % 1000),
            2 => "\"argv\":[\"git\",\"push\",\"--force\"]".to_owned(),
            3 => format!("\"script\":\"python3 -c 'print({number})'\""),
            4 => "\"argv\":[\"docker\",\"ps\"],\"recorded\":\"agreed\"".to_owned(),
            5 => format!("\"script\":\"cargo build --bin b{}\"", number % 5),
            _ => format!("\"argv\":[\"tool{}\",\"x\"]", number % 300),
        };
        text.push_str(&format!("{{{what},\"session\":\"s{}\",\"time\":{}}}\n", number % 50, 1_790_000_000 + number));
    }
    text
}
