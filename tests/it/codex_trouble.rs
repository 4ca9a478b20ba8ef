//! `codex exec` and `compare --codex` where something around them does not work: the ledger is locked, a disk is full, nobody can be
//! told, there is no Codex, the model's server is none. Each is told, nothing hangs, nothing is left.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use palisade::ledger::Connection;

use crate::peers;
use crate::stand_in::{BEGUN, DONE, StandIn, THREAD, errors};

/// A Codex that leaves a file behind when it is run.
fn leaves_a_file() -> StandIn {
    StandIn::today(&format!("touch $here/ran; echo '{THREAD}'; echo '{BEGUN}'; echo '{DONE}'"))
}

/// `palisade compare --codex` with a stand-in and a script of one call.
fn compare(stand_in: &StandIn, more: &[&str]) -> Command {
    let script = stand_in.path("own.toml");
    std::fs::write(&script, "[[call]]\nid = \"one\"\nrun = \"true\"\n").expect("a script");
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["compare", "--codex"]).arg(script).arg("--codex-path").arg(stand_in.path("codex"));
    command.args(["--on-host", "--yes"]).args(more).env("XDG_STATE_HOME", stand_in.path("state")).stdin(Stdio::null());
    command
}

/// The command in a mount table of its own, where this folder is a disk of 64 KiB.
fn on_a_small_disk(folder: &Path, command: &Command) -> Output {
    std::fs::create_dir_all(folder).expect("a folder");
    let own: &[&str] = if nix::unistd::geteuid().is_root() { &["-m"] } else { &["-Urm"] };
    let mut inside = Command::new("unshare");
    inside.args(own).args(["sh", "-c", "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\""]).arg(folder);
    inside.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        inside.env(name, value.expect("set"));
    }
    inside.output().expect("unshare")
}

fn nothing_is_left(stand_in: &StandIn) {
    let grounds = stand_in.path("state/palisade").read_dir().into_iter().flatten().flatten();
    let left: Vec<_> = grounds.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_ledger_that_is_locked_or_has_no_room_stops_a_run_before_it_begins() {
    let stand_in = leaves_a_file();
    let ledger = stand_in.path("kept.sqlite");
    let keep = format!("--ledger={}", ledger.display());
    assert_eq!(stand_in.run(&[&keep, "hello"]).status.code(), Some(0));
    std::fs::remove_file(stand_in.path("ran")).expect("it ran");
    let holder = Connection::open(&ledger).expect("a database");
    holder.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let began = Instant::now();
    let waiting = [stand_in.command(&[&keep, "hello"]), compare(&stand_in, &[&keep])];
    let waiting =
        waiting.map(|mut command| command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("palisade"));
    for child in waiting {
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(125), "{}", errors(&output));
        for part in ["locked by another process", "nothing ran", "help: "] {
            assert!(errors(&output).contains(part), "{part}: {}", errors(&output));
        }
    }
    assert!(began.elapsed() < Duration::from_secs(30) && !stand_in.path("ran").exists());
    let small = stand_in.path("small");
    let keep = format!("--ledger={}/kept.sqlite", small.display());
    for command in [stand_in.command(&[&keep, "hello"]), compare(&stand_in, &[&keep])] {
        let output = on_a_small_disk(&small, &command);
        assert_eq!(output.status.code(), Some(125), "{}", errors(&output));
        assert!(errors(&output).contains("nothing ran"), "{}", errors(&output));
    }
    assert!(!stand_in.path("ran").exists());
    nothing_is_left(&stand_in);
}

#[test]
fn a_comparison_that_has_no_room_or_cannot_be_told_says_so() {
    let stand_in = leaves_a_file();
    let output = on_a_small_disk(&stand_in.path("state"), &compare(&stand_in, &["--no-ledger"]));
    assert_eq!(output.status.code(), Some(125), "{}", errors(&output));
    assert!(errors(&output).contains("the ground cannot be laid in"), "{}", errors(&output));
    assert!(!stand_in.path("ran").exists());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let (read, write) = nix::unistd::pipe().expect("a pipe");
    drop(read);
    for (out, told) in [(Stdio::from(full), "standard output cannot be written: No space"), (Stdio::from(write), "")] {
        let output =
            compare(&stand_in, &["--no-ledger"]).stdout(out).stderr(Stdio::piped()).output().expect("palisade");
        assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
        assert!(errors(&output).contains(told), "{}", errors(&output));
        nothing_is_left(&stand_in);
    }
}

#[test]
fn a_comparison_without_a_codex_is_told_with_a_way_out() {
    let none = StandIn::today("true");
    let missing = compare(&none, &[]).args(["--codex-path", "/no/such/codex"]).output().expect("palisade");
    assert_eq!(missing.status.code(), Some(125), "{}", errors(&missing));
    assert!(errors(&missing).contains("/no/such/codex") && errors(&missing).contains("help: "), "{}", errors(&missing));
    let mut on_path = Command::new(env!("CARGO_BIN_EXE_palisade"));
    let on_path = on_path.args(["compare", "--codex"]).env("PATH", "/no/such/folder").output().expect("palisade");
    assert_eq!(on_path.status.code(), Some(127), "{}", errors(&on_path));
    assert!(errors(&on_path).contains("npm install -g @openai/codex"), "{}", errors(&on_path));
    let other = StandIn::new("echo codex 1", "true");
    let other = compare(&other, &[]).output().expect("palisade");
    assert_eq!(other.status.code(), Some(125), "{}", errors(&other));
    assert!(errors(&other).contains("which is no version of Codex"), "{}", errors(&other));
}

#[test]
fn a_prompt_to_a_server_that_is_none_is_a_run_that_did_not_complete() {
    let state = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    // It takes each connection and drops it.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let home = state.path().join("codex-home");
    let url = format!("http://127.0.0.1:{port}/v1");
    palisade::model::home::write(&home, &url, palisade::model::script::ModelKind::Tools, None).expect("a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["compare", "--codex", "--prompt", "go", "--on-host", "--yes", "--codex-path"]);
    command.arg(peers::codex("0.169.0")).env("XDG_STATE_HOME", state.path()).env("CODEX_HOME", &home);
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("palisade");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}{}", errors(&output));
    assert_eq!(text.matches("the run did not complete").count(), 3, "{text}{}", errors(&output));
    assert!(began.elapsed() < Duration::from_secs(60));
}
