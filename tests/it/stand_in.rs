//! A stand-in for Codex, for what the real one does not do on demand; and looking for what it leaves running.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The events of a run that succeeds, and its thread.
pub(crate) const THREAD: &str = r#"{"type":"thread.started","thread_id":"01a1f89b-45e2-7040-b544-515c06110566"}"#;
pub(crate) const BEGUN: &str = r#"{"type":"turn.started"}"#;
pub(crate) const DONE: &str = r#"{"type":"turn.completed","usage":{"input_tokens":2000000,"cached_input_tokens":1000000,"output_tokens":100000}}"#;

/// A stand-in with a workspace and a home.
pub(crate) struct StandIn {
    folder: tempfile::TempDir,
}

impl StandIn {
    /// One that says its version with this and then does this, in shell; `$here` is its folder.
    pub(crate) fn new(version: &str, does: &str) -> Self {
        let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
        let stand_in = Self { folder };
        std::fs::create_dir(stand_in.path("workspace")).expect("a workspace");
        let here = stand_in.folder().display();
        let text = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then {version}; exit; fi\nhere={here}\n{does}\n");
        std::fs::write(stand_in.path("codex"), text).expect("a program");
        std::fs::set_permissions(stand_in.path("codex"), PermissionsExt::from_mode(0o755)).expect("a program");
        stand_in
    }

    /// One that is a Codex of today.
    pub(crate) fn today(does: &str) -> Self {
        Self::new("echo codex-cli 0.169.0", does)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `palisade codex exec` with it, in its workspace.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .args(["codex", "exec", "--codex"])
            .arg(self.path("codex"))
            .arg("--codex-home")
            .arg(self.path("home"))
            .arg("--cwd")
            .arg(self.path("workspace"))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("palisade")
    }

    /// Runs with `--format json` and gives the last line, the report.
    pub(crate) fn report(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.command(arguments).args(["--format", "json"]).output().expect("palisade");
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_else(|| panic!("{}", errors(&output)));
        (output.status.code(), serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}")))
    }
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until no process has this word among its arguments.
pub(crate) fn assert_gone(word: &str) {
    let patience = Instant::now() + Duration::from_secs(20);
    let alive = || {
        let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
        processes
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .any(|line| line.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes()))
    };
    while alive() {
        assert!(Instant::now() < patience, "`{word}` still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts it and waits until a file is there.
pub(crate) fn started(mut command: Command, sign: &Path) -> Child {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("palisade");
    let patience = Instant::now() + Duration::from_secs(30);
    while !sign.exists() {
        assert!(Instant::now() < patience, "{} does not come", sign.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}
