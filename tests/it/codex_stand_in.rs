//! `palisade codex exec` with a stand-in for Codex, for what the real one does not do on demand: it hangs, leaves processes
//! behind, lies about its version, floods.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A stand-in with a workspace and a home.
struct StandIn {
    folder: tempfile::TempDir,
}

const THREAD: &str = r#"{"type":"thread.started","thread_id":"01a1f89b-45e2-7040-b544-515c06110566"}"#;
const BEGUN: &str = r#"{"type":"turn.started"}"#;
const DONE: &str = r#"{"type":"turn.completed","usage":{"input_tokens":2000000,"cached_input_tokens":1000000,"output_tokens":100000}}"#;

impl StandIn {
    /// One that says this version and then does this, in shell.
    fn new(version: &str, does: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let stand_in = Self { folder };
        std::fs::create_dir(stand_in.path("workspace")).expect("a workspace");
        let text = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then {version}; exit; fi\n{does}\n");
        std::fs::write(stand_in.path("codex"), text).expect("a program");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(stand_in.path("codex"), mode).expect("a program");
        stand_in
    }

    /// One that is a Codex of today.
    fn today(does: &str) -> Self {
        Self::new("echo codex-cli 0.169.0", does)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
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

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("palisade")
    }

    /// Runs with `--format json` and gives the last line, the report.
    fn report(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.command(arguments).args(["--format", "json"]).output().expect("palisade");
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_else(|| panic!("{}", errors(&output)));
        (output.status.code(), serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}")))
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until no process has this word in its arguments.
fn assert_gone(word: &str) {
    let patience = Instant::now() + Duration::from_secs(10);
    let alive = || {
        let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
        processes
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .any(|line| String::from_utf8_lossy(&line).split('\0').any(|argument| argument == word))
    };
    while alive() {
        assert!(Instant::now() < patience, "`{word}` still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts it and waits until a file is there.
fn started(mut command: Command, sign: &Path) -> Child {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("palisade");
    let patience = Instant::now() + Duration::from_secs(20);
    while !sign.exists() {
        assert!(Instant::now() < patience, "{} does not come", sign.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[test]
fn no_codex_and_what_is_none_are_told_with_a_way_out() {
    let missing = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["codex", "exec", "hello"])
        .env("PATH", "/no/such/folder")
        .output()
        .expect("palisade");
    assert_eq!(missing.status.code(), Some(127), "{}", errors(&missing));
    assert!(errors(&missing).contains("npm install -g @openai/codex"), "{}", errors(&missing));
    for (version, said) in [
        ("echo 'codex 1'", "which is no version of Codex"),
        ("exit 3", "`--version` failed"),
        ("kill -9 $$", "failed"),
        ("true", "which is no version of Codex"),
    ] {
        let output = StandIn::new(version, "echo ran > ran").run(&["hello"]);
        let said = said.trim_matches('`');
        assert_eq!(output.status.code(), Some(125), "{version}: {}", errors(&output));
        assert!(errors(&output).contains(said.trim_start_matches("--version` ")), "{version}: {}", errors(&output));
    }
}

#[test]
fn success_is_a_completed_turn_and_a_clean_exit() {
    for (does, status, class) in [
        (format!("echo '{THREAD}'; echo '{BEGUN}'; echo '{DONE}'"), 0, "completed"),
        (format!("echo '{THREAD}'; echo '{BEGUN}'"), 1, "interrupted"),
        ("true".into(), 1, "interrupted"),
        (format!("echo '{THREAD}'; echo '{DONE}'; exit 5"), 5, "interrupted"),
        (format!("echo '{THREAD}'; kill -KILL $$"), 137, "killed"),
        ("echo 'Error loading rules' >&2; exit 1".into(), 1, "refused"),
        (
            format!("echo '{THREAD}'; echo '{{\"type\":\"turn.failed\",\"error\":{{\"message\":\"no\"}}}}'; exit 1"),
            1,
            "failed",
        ),
    ] {
        let (code, report) = StandIn::today(&does).report(&["hello"]);
        assert_eq!((code, report["finish"]["class"].as_str()), (Some(status), Some(class)), "{does}: {report}");
        assert_eq!(report["status"], status, "{does}");
    }
}

#[test]
fn each_limit_ends_the_whole_tree() {
    // One process in a session of its own, one in the group that takes no signal, one that is adopted.
    let family = |mark: &str| {
        format!(
            "setsid sleep {mark}1 & (trap '' INT TERM HUP; sleep {mark}2) & (setsid sh -c 'sleep {mark}3 & sleep {mark}4' &)\n"
        )
    };
    for (option, mark, class, noise) in [
        ("--first-output-timeout", "98761", "first-output", String::new()),
        ("--idle-timeout", "98762", "idle", format!("echo '{THREAD}'\n")),
        ("--timeout", "98763", "hard", format!("while :; do echo '{BEGUN}'; done\n")),
    ] {
        let does = format!("trap '' INT\n{}{noise}sleep {mark}9", family(mark));
        let began = Instant::now();
        let (code, report) = StandIn::today(&does).report(&[option, "1", "hello"]);
        assert_eq!((code, report["finish"]["limit"].as_str()), (Some(124), Some(class)), "{option}");
        assert!(began.elapsed() < Duration::from_secs(20), "{option}: {:?}", began.elapsed());
        for last in ["1", "2", "3", "4", "9"] {
            assert_gone(&format!("{mark}{last}"));
        }
    }
}

#[test]
fn each_line_puts_off_the_idle_limit() {
    let does = format!("echo '{THREAD}'; for n in 1 2 3 4; do sleep 0.5; echo '{BEGUN}'; done; echo '{DONE}'");
    let (code, report) = StandIn::today(&does).report(&["--idle-timeout", "1.5", "hello"]);
    assert_eq!(code, Some(0), "{report}");
}

#[test]
fn a_signal_ends_the_whole_tree_and_is_told() {
    for (signal, mark) in [(Signal::SIGTERM, "98771"), (Signal::SIGINT, "98772"), (Signal::SIGHUP, "98773")] {
        let stand_in = StandIn::today(&format!("echo '{THREAD}'; setsid sleep {mark}1 & touch ready; sleep {mark}2"));
        let mut child = started(stand_in.command(&["hello"]), &stand_in.path("workspace/ready"));
        kill(Pid::from_raw(child.id().cast_signed()), signal).expect("a signal");
        let status = child.wait().expect("an end");
        assert_eq!(status.code(), Some(128 + signal as i32), "{signal}");
        assert_gone(&format!("{mark}1"));
        assert_gone(&format!("{mark}2"));
    }
}

#[test]
fn a_closed_output_ends_the_run() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; while sleep 0.1; do echo '{BEGUN}'; done; sleep 987811"));
    let mut child = stand_in.command(&["--format", "json", "hello"]).stdout(Stdio::piped()).spawn().expect("palisade");
    let mut first = [0; 1];
    child.stdout.take().expect("output").read_exact(&mut first).expect("a byte");
    let began = Instant::now();
    assert_eq!(child.wait().expect("an end").code(), Some(141));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_outlives_a_launcher_is_ended() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; sleep 987821 & echo '{DONE}'; exit 0"));
    let began = Instant::now();
    let (code, report) = stand_in.report(&["hello"]);
    assert_eq!(code, Some(0), "{report}");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_gone("987821");
}

#[test]
fn a_version_that_lost_the_spelling_is_asked_once_more() {
    let does = format!(
        "for word; do if [ \"$word\" = --full-auto ]; then echo \"error: unexpected argument '--full-auto' found\" >&2; exit 2; \
         fi; done\necho '{THREAD}'; echo '{DONE}'"
    );
    let stand_in = StandIn::new("echo codex-cli 0.120.0", &does);
    let output = stand_in.run(&["--mode", "full-auto", "hello"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(errors(&output).contains("does not know `--full-auto`"), "{}", errors(&output));
    let never = StandIn::today("echo \"error: unexpected argument '--sandbox' found\" >&2; exit 2");
    assert_eq!(never.run(&["--mode", "full-auto", "hello"]).status.code(), Some(2), "asked twice and no more");
}

#[test]
fn commands_see_the_named_part_of_the_environment_and_a_closed_input() {
    let does = format!("env | cut -d= -f1 | sort > names; cat > input; echo '{THREAD}'; echo '{DONE}'");
    let stand_in = StandIn::today(&does);
    let mut command = stand_in.command(&["--env", "EXTRA=1", "--keep-env", "KEPT_BY_NAME", "hello"]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("SECRET_KEY", "x").env("KEPT_BY_NAME", "x").env("LC_ALL", "C");
    // An open pipe as standard input would make the real one wait.
    let (_held, input) = nix::unistd::pipe().map(|(read, write)| (write, read)).expect("a pipe");
    let output = command.stdin(input).output().expect("palisade");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let names = std::fs::read_to_string(stand_in.path("workspace/names")).expect("names");
    let names: Vec<&str> = names.lines().filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)).collect();
    assert_eq!(names, ["CODEX_HOME", "EXTRA", "KEPT_BY_NAME", "LC_ALL", "PATH"]);
    assert_eq!(std::fs::read(stand_in.path("workspace/input")).expect("input"), b"");
}

#[test]
fn the_prompt_comes_from_an_argument_a_file_or_standard_input() {
    let does = format!(
        "for word; do last=$word; done; printf %s \"$last\" > prompt; cat >> prompt; echo '{THREAD}'; echo '{DONE}'"
    );
    let stand_in = StandIn::today(&does);
    let long = "y".repeat(300_000);
    std::fs::write(stand_in.path("short.md"), "--from a file").expect("a file");
    std::fs::write(stand_in.path("long.md"), &long).expect("a file");
    let prompt = || std::fs::read_to_string(stand_in.path("workspace/prompt")).expect("a prompt");
    let file = |name: &str| stand_in.path(name).to_str().expect("UTF-8").to_owned();
    for (arguments, expected) in [
        (vec!["hello".to_owned()], "hello".to_owned()),
        (vec!["--".to_owned(), "--hello".to_owned()], "--hello".to_owned()),
        (vec!["--prompt-file".to_owned(), file("short.md")], "--from a file".to_owned()),
        (vec!["--prompt-file".to_owned(), file("long.md")], format!("-{long}")),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = stand_in.run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        assert_eq!(prompt(), expected);
    }
    let through = stand_in.command(&["-"]).stdin(std::fs::File::open(file("short.md")).expect("a file")).output();
    assert_eq!(through.expect("palisade").status.code(), Some(0));
    assert_eq!(prompt(), "--from a file");
    for nothing in
        [vec![], vec!["-"], vec![" \n"], vec!["--prompt-file", "/dev/null"], vec!["--prompt-file", "/no/file"]]
    {
        let output = stand_in.run(&nothing);
        assert_eq!(output.status.code(), Some(2), "{nothing:?}: {}", errors(&output));
        assert!(errors(&output).contains("help: "), "{nothing:?}: {}", errors(&output));
    }
}

#[test]
fn a_home_below_the_temporary_directory_is_refused_where_there_is_a_sandbox() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; echo '{DONE}'"));
    let below = stand_in.path("workspace/tmp");
    let run = |mode: &str| {
        let mut command = stand_in.command(&["--mode", mode, "hello"]);
        command.env("TMPDIR", stand_in.folder.path()).output().expect("palisade")
    };
    let refused = run("full-auto");
    assert_eq!(refused.status.code(), Some(125), "{}", errors(&refused));
    assert!(errors(&refused).contains("below the temporary directory") && !below.exists(), "{}", errors(&refused));
    assert_eq!(run("bypass").status.code(), Some(0));
}

#[test]
fn what_a_run_costs_is_told_with_the_source_of_the_prices() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; echo '{DONE}'"));
    let table = stand_in.path("prices.toml");
    let name = table.to_str().expect("UTF-8");
    std::fs::write(&table, "source = \"a list\"\n[models.m]\ninput = 1.25\ncached = 0.125\noutput = 10.0\n")
        .expect("a table");
    let (_, report) = stand_in.report(&["--prices", name, "--model", "m", "hello"]);
    assert_eq!(report["cost"]["source"], "a list", "{report}");
    assert!((report["cost"]["dollars"].as_f64().expect("a number") - 2.375).abs() < 1e-9, "{report}");
    let (_, report) = stand_in.report(&["--prices", name, "--model", "other", "hello"]);
    assert_eq!(report["cost"]["kind"], "unknown", "{report}");
    std::fs::write(&table, "source = \"a list\"\n[models.m]\ninput = \"much\"\n").expect("a table");
    let wrong = stand_in.run(&["--prices", name, "hello"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(errors(&wrong).contains("prices.toml:3:9"), "{}", errors(&wrong));
}

#[test]
fn noise_long_lines_and_unknown_events_do_not_disturb() {
    let does = format!(
        "echo warming up; echo '{THREAD}'; head -c 20000000 /dev/zero | tr '\\0' x; echo\n\
         echo '{{\"type\":\"new.thing\"}}'; echo '{BEGUN}'; echo '{DONE}'; printf 'no line feed'; head -c 100000 /dev/zero >&2"
    );
    let stand_in = StandIn::today(&does);
    let trace = stand_in.path("trace.jsonl");
    let (code, report) = stand_in.report(&["--trace", trace.to_str().expect("UTF-8"), "hello"]);
    assert_eq!(code, Some(0), "{report}");
    let left = &report["traces"][0]["leftovers"];
    assert_eq!((&left["preamble"], &left["unknown"], &left["cut"]), (&2.into(), &1.into(), &1.into()), "{left}");
    assert!(report["stderr"].as_str().expect("text").contains("bytes are left out"));
    let kept = std::fs::read_to_string(&trace).expect("a trace");
    assert!(kept.starts_with("warming up\n") && kept.ends_with("no line feed\n"), "{}", kept.len());
}

/// A Codex that writes what it has used to a session file, as the real one does after each answer, and then does this.
fn spends(answers: &[u64], does: &str) -> StandIn {
    let mut script = format!("echo '{THREAD}'\necho '{BEGUN}'\nhere=$CODEX_HOME/sessions/2026/01/05\nmkdir -p $here\n");
    let mut line =
        |line: String| script.push_str(&format!("echo '{line}' >> $here/rollout-2026-01-05T10-00-00-01a1f89b.jsonl\n"));
    let thread = "01a1f89b-45e2-7040-b544-515c06110566";
    line(format!(r#"{{"timestamp":"t","type":"session_meta","payload":{{"id":"{thread}"}}}}"#));
    line(r#"{"timestamp":"t","type":"turn_context","payload":{"model":"gpt-5-codex"}}"#.into());
    for input in answers {
        line(format!(
            r#"{{"timestamp":"t","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{input},"output_tokens":10}}}}}}}}"#
        ));
    }
    StandIn::today(&format!("{script}{does}"))
}

#[test]
fn a_run_over_its_budget_is_ended_while_it_runs() {
    let stand_in = spends(&[500, 1000], &format!("sleep 57.31; echo '{DONE}'"));
    std::fs::write(
        stand_in.path("prices.toml"),
        "source = \"a list\"\n[models.\"gpt-5-codex\"]\ninput = 10.0\ncached = 1.0\noutput = 10.0\n",
    )
    .expect("prices");
    std::fs::write(
        stand_in.path("others.toml"),
        "source = \"a list\"\n[models.\"another\"]\ninput = 10.0\ncached = 1.0\noutput = 10.0\n",
    )
    .expect("prices");
    let (prices, others) = (stand_in.path("prices.toml"), stand_in.path("others.toml"));
    let (prices, others) = (prices.to_str().expect("UTF-8"), others.to_str().expect("UTF-8"));
    for (options, why) in [
        (vec!["--max-tokens", "1009"], "1010 tokens were used, and 1009 are allowed"),
        (vec!["--max-cost", "0.01", "--prices", prices], "0.0101 dollars were used, and 0.01 are allowed"),
        (vec!["--max-cost", "5", "--prices", others], "the table has no prices for `gpt-5-codex`"),
    ] {
        let began = Instant::now();
        let (status, report) = stand_in.report(&[&options[..], &["hello"]].concat());
        assert_eq!((status, report["finish"]["class"].as_str()), (Some(1), Some("over-budget")), "{report}");
        assert!(report["finish"]["why"].as_str().is_some_and(|told| told.contains(why)), "{report}");
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    }
    assert_gone("57.31");
}

#[test]
fn a_run_within_its_budget_is_left_alone_and_one_that_ends_over_it_is_told() {
    let done = r#"{"type":"turn.completed","usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":10}}"#;
    let stand_in = spends(&[500, 1000], &format!("sleep 0.5; echo '{done}'"));
    let (status, report) = stand_in.report(&["--max-tokens", "1010", "hello"]);
    assert_eq!((status, report["finish"]["class"].as_str()), (Some(0), Some("completed")), "{report}");
    let speed = report["output_tokens_per_second"].as_f64().expect("a speed");
    assert!(speed > 0.0 && speed <= 20.0, "{speed}");
    let stand_in = StandIn::today(&format!("echo '{THREAD}'\necho '{BEGUN}'\necho '{done}'"));
    let (status, report) = stand_in.report(&["--max-tokens", "1009", "hello"]);
    assert_eq!((status, report["finish"]["class"].as_str()), (Some(1), Some("completed")), "{report}");
    assert_eq!(report["over_budget"], "1010 tokens were used, and 1009 are allowed");
}

#[test]
fn the_ledger_names_the_requirements_of_the_machine_there_or_not() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'\necho '{BEGUN}'\necho '{DONE}'"));
    let ledger = format!("--ledger={}", stand_in.path("ledger.sqlite").display());
    assert_eq!(stand_in.run(&[&ledger, "hello"]).status.code(), Some(0));
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args([
            "ledger",
            &ledger,
            "query",
            "--format",
            "json",
            "SELECT path, blake3 FROM files WHERE kind = 'requirements'",
        ])
        .output()
        .expect("palisade");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for file in ["/etc/codex/requirements.toml", "/etc/codex/managed_config.toml"] {
        assert!(text.contains(file), "{text}{}", errors(&output));
    }
}

#[test]
fn the_short_way_and_the_long_way_tell_the_same() {
    let folder = crate::codex_recordings::folder();
    let (mut short, mut long) = (String::new(), String::new());
    for name in ["core", "rule-evasion", "patches", "items", "output-shapes"] {
        let file = folder.join(format!("0.169.0/full-auto/{name}.jsonl"));
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for line in text.lines() {
            short += &format!("{line}\n");
            // A blank that says nothing, and that only the long way understands.
            long += &format!("{}\n", line.replacen("{\"type\"", "{ \"type\"", 1));
        }
    }
    assert!(short.lines().count() > 20 && short != long, "{} lines", short.lines().count());
    let told = |text: &str, format: &str| {
        let stand_in = StandIn::today("cat $(dirname $0)/lines");
        std::fs::write(stand_in.path("lines"), text).expect("lines");
        let output = stand_in.run(&["--format", format, "hello"]);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        // Up to the report, which says when and where.
        if format == "json" {
            out.lines().filter(|line| line.contains("\"event\":\"item\"")).collect::<Vec<_>>().join("\n")
        } else {
            out.split("\n\n/").next().unwrap_or_default().to_owned()
        }
    };
    for format in ["text", "json"] {
        let (short, long) = (told(&short, format), told(&long, format));
        assert!(short.lines().count() > 20, "{short}");
        assert_eq!(short, long, "{format}");
    }
}
