//! `requirements verify` against the real Codex, and `--as-codex`: what is resolved is what is run and verified.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::peers;
use crate::sandboxed::tmp_shared;

fn palisade(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(arguments).current_dir(home.join("ws")).env("HOME", home).env_remove("CODEX_HOME");
    command.output().expect("it runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A machine in a folder: requirements, a user's config below the real home of the caller, and a workspace.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(requirements: &str, user: &str) -> Self {
        // Outside of /tmp, which a sandbox may write.
        let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
        let root = folder.path().join("root");
        let codex = root.join(folder.path().strip_prefix("/").expect("absolute")).join(".codex");
        fs::create_dir_all(root.join("etc/codex")).expect("made");
        fs::create_dir_all(&codex).expect("made");
        fs::create_dir_all(folder.path().join("ws")).expect("made");
        fs::write(root.join("etc/codex/requirements.toml"), requirements).expect("written");
        fs::write(codex.join("config.toml"), user).expect("written");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, options: &[&str], command: &[&str]) -> Output {
        let _tmp = tmp_shared();
        let root = self.path().join("root");
        let first = ["run", "--as-codex", "--codex-root", root.to_str().expect("text")];
        palisade(self.path(), &[&first, options, &["--"], command].concat())
    }
}

/// Some made-up combinations; `palisade requirements verify --generate 300` asks about more.
#[test]
fn the_real_codex_says_what_the_resolver_says() {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("ws")).expect("made");
    std::thread::scope(|scope| {
        for (version, seed) in [("0.125.0", "5000"), ("0.169.0", "6000")] {
            let home = home.path();
            scope.spawn(move || {
                let codex = peers::codex(version);
                let codex = codex.to_str().expect("text");
                let asked = ["requirements", "verify", "--codex", codex, "--only-generated", "--generate", "16"];
                let output = palisade(home, &[&asked[..], &["--seed", seed, "--at-once", "2"]].concat());
                assert_eq!(output.status.code(), Some(0), "{}", text(&output));
                assert!(text(&output).contains("16 questions"), "{}", text(&output));
            });
        }
    });
}

#[test]
fn the_layers_of_a_machine_are_put_to_codex_in_every_way_and_nothing_is_left_of_it() {
    let machine = Machine::new(
        "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n[features]\nshell_snapshot = false\n",
        "sandbox_mode = \"danger-full-access\"\n[mcp_servers.docs]\ncommand = \"docs\"\n",
    );
    let root = machine.path().join("root");
    let codex = peers::codex("0.169.0");
    let asked = ["requirements", "verify", "--format", "json", "--codex", codex.to_str().expect("text")];
    let output = palisade(machine.path(), &[&asked[..], &["--root", root.to_str().expect("text")]].concat());
    let page: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(output.status.code(), Some(0), "{page:#}");
    let questions = page["questions"].as_array().expect("questions");
    assert_eq!(questions.len(), 5, "{page:#}");
    assert!(questions.iter().all(|one| one["keys"].as_u64() > Some(1)), "{page:#}");
    // Codex writes into its folder; here it was one in memory.
    assert_eq!(fs::read_dir(machine.path()).expect("a folder").count(), 2);
}

#[test]
fn a_codex_that_cannot_be_asked_is_told_of() {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join("ws")).expect("made");
    for (codex, told) in [("/nowhere/codex", "No such file"), ("/bin/true", "no version of Codex")] {
        let output = palisade(home.path(), &["requirements", "verify", "--codex", codex]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(told), "{}", text(&output));
    }
}

const REQUIREMENTS: &str = "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]
[rules]
prefix_rules = [{ pattern = [{ token = \"touch\" }, { token = \"never\" }], decision = \"prompt\" }]
";

#[test]
fn as_codex_mode_and_rules_are_those_of_the_configuration() {
    let machine = Machine::new(REQUIREMENTS, "sandbox_mode = \"read-only\"\n");
    let touch = ["touch", "made"];
    let line = ["--codex-line", "codex exec --sandbox workspace-write"];
    let refused = machine.run(&[], &touch);
    assert_ne!(refused.status.code(), Some(0), "read-only, by the user's config: {}", text(&refused));
    assert!(!machine.path().join("ws/made").exists());
    let written = machine.run(&line, &touch);
    assert_eq!(written.status.code(), Some(0), "workspace-write, by the flag: {}", text(&written));
    assert!(machine.path().join("ws/made").exists());
    // The screen could ask, and there is none; `exec` asks nobody.
    for line in [&[][..], &line] {
        let by_rule = machine.run(line, &["touch", "never"]);
        assert_eq!(by_rule.status.code(), Some(126), "{}", text(&by_rule));
        assert!(text(&by_rule).contains("requirements.toml:3:17"), "{}", text(&by_rule));
    }
}

#[test]
fn as_codex_what_does_not_start_or_cannot_be_expressed_stops_the_run() {
    let machine = Machine::new(REQUIREMENTS, "");
    let bypass = machine.run(&["--codex-line", "codex exec --yolo"], &["true"]);
    assert_eq!(bypass.status.code(), Some(125), "{}", text(&bypass));
    assert!(text(&bypass).contains("never-needs-full-access"), "{}", text(&bypass));
    let old = ["--codex-version", "0.125.0", "--codex-line", "codex exec --yolo"];
    let older = machine.run(&old, &["true"]);
    assert_eq!(older.status.code(), Some(0), "older releases run read-only: {}", text(&older));

    let pattern = Machine::new("[permissions.filesystem]\ndeny_read = [\"/srv/*.pem\"]\n", "");
    let gap = pattern.run(&[], &["true"]);
    assert_eq!(gap.status.code(), Some(125), "{}", text(&gap));
    assert!(text(&gap).contains("gap: `/srv/*.pem`"), "{}", text(&gap));
    let without = pattern.run(&["--degrade"], &["true"]);
    assert_eq!(without.status.code(), Some(0), "{}", text(&without));
    assert!(text(&without).contains("gap: `/srv/*.pem`"), "{}", text(&without));
}

#[test]
fn as_codex_what_an_admin_declares_is_what_is_verified() {
    let denied = "[permissions.filesystem]\ndeny_read = [\"/srv/secret\"]\n";
    let machine = Machine::new(denied, "sandbox_mode = \"workspace-write\"\n");
    let root = machine.path().join("root");
    let asked =
        ["verify", "--as-codex", "--codex-root", root.to_str().expect("text"), "--only", "FW-03", "--format", "json"];
    let _tmp = tmp_shared();
    let output = palisade(machine.path(), &asked);
    let page: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(output.status.code(), Some(0), "{page:#}");
    assert!(text(&output).contains("workspace-write, network closed"), "{}", text(&output));
    let stopped = palisade(machine.path(), &[&asked[..4], &["--codex-line", "codex exec --yolo"]].concat());
    assert_eq!(stopped.status.code(), Some(2), "{}", text(&stopped));
}
