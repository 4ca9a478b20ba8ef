//! `palisade codex exec` with a stand-in for Codex, for what the real one does not do on demand: it hangs, leaves processes
//! behind, lies about its version, floods.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::stand_in::{BEGUN, DONE, StandIn, THREAD, assert_gone, errors, started};

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
fn the_process_is_told_at_the_start_and_its_last_words_with_an_end_that_is_no_success() {
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; echo 'the house is on fire' >&2; exit 0"));
    let output = stand_in.run(&["--format", "json", "hello"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("codex said: the house is on fire"), "{}", errors(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |line: Option<&str>| serde_json::from_str::<Value>(line.unwrap_or_default()).expect("JSON");
    let (first, last) = (line(text.lines().next()), line(text.lines().last()));
    assert_eq!((&first["event"], &first["pid"]), (&"started".into(), &last["pid"]), "{first}");
    assert_eq!((&last["codex_exit"], &last["codex_signal"]), (&0.into(), &Value::Null), "{last}");
    let killed = StandIn::today(&format!("echo '{THREAD}'; kill -KILL $$")).report(&["hello"]).1;
    assert_eq!((&killed["codex_exit"], &killed["codex_signal"]), (&Value::Null, &9.into()), "{killed}");
}

#[test]
fn each_line_is_told_while_it_runs() {
    use std::io::{BufRead, BufReader};
    let does = format!("echo '{THREAD}'; until [ -e $here/heard ]; do sleep 0.02; done; echo '{BEGUN}'; echo '{DONE}'");
    for format in ["text", "json"] {
        let stand_in = StandIn::today(&does);
        let mut child =
            stand_in.command(&["--format", format, "hello"]).stdout(Stdio::piped()).spawn().expect("palisade");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("01a1f89b-45e2-7040-b544-515c06110566")), "{format}");
        std::fs::write(stand_in.path("heard"), "").expect("a sign");
        let last = lines.last().unwrap_or_default();
        assert_eq!(child.wait().expect("ended").code(), Some(0), "{format}");
        if format == "json" {
            let report: Value = serde_json::from_str(&last).expect("a report");
            let (first, all) = (&report["first_output_milliseconds"], &report["milliseconds"]);
            assert!(first.as_u64().expect("a time") <= all.as_u64().expect("a time"), "{report}");
        }
    }
}

#[test]
fn a_transcript_has_turns_and_words_and_the_report_counts_them() {
    let item = |id: &str, rest: &str| format!(r#"echo '{{"type":"item.completed","item":{{"id":"{id}",{rest}}}}}'"#);
    let does = [
        format!("echo '{THREAD}'; echo '{BEGUN}'; echo warming up"),
        item("item_0", r#""type":"reasoning","text":"first I look""#),
        item("item_1", r#""type":"command_execution","command":"/bin/sh -lc ls","exit_code":3,"status":"failed""#),
        item("item_2", r#""type":"something_new","x":1"#),
        "echo '{\"type\":\"future.event\"}'".to_owned(),
        item("item_3", r#""type":"agent_message","text":"it is done""#),
        format!("echo '{DONE}'"),
    ];
    let stand_in = StandIn::today(&does.join("\n"));
    let folder = stand_in.path("left");
    let output = stand_in.run(&["--output", folder.to_str().expect("UTF-8"), "hello"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for part in ["\nturn 1\n", "(first I look)\n", "$ ls\n", "  exit 3\n", "\nit is done\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What nobody knows is kept and counted, and is not in anybody's way.
    assert!(
        !text.contains("future")
            && text.contains("lines of events: 9, 1 no object, 1 not known, 1 of an unknown type\n"),
        "{text}"
    );
    let report = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["turns"], &report["message"]), (&1.into(), &"it is done".into()), "{report}");
    assert_eq!((report["deeds"].as_array().map(Vec::len), &report["mode"]), (Some(1), &"read-only".into()), "{report}");
    assert!(report["traces"][0]["leftovers"]["first"].to_string().contains("future.event"), "{report}");
    assert_eq!(std::fs::read_to_string(folder.join("events.jsonl")).expect("events").lines().count(), 9);
    let help =
        Command::new(env!("CARGO_BIN_EXE_palisade")).args(["codex", "exec", "--help"]).output().expect("palisade");
    let help = String::from_utf8_lossy(&help.stdout);
    assert!(help.contains("approvals are never asked for") && help.contains("codex login"), "{help}");
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
        command.env("TMPDIR", stand_in.folder()).output().expect("palisade")
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
    let mut script = format!("echo '{THREAD}'\necho '{BEGUN}'\nat=$CODEX_HOME/sessions/2026/01/05\nmkdir -p $at\n");
    let mut line =
        |line: String| script.push_str(&format!("echo '{line}' >> $at/rollout-2026-01-05T10-00-00-01a1f89b.jsonl\n"));
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
fn the_ledger_knows_tools_by_the_names_that_hooks_have_for_them() {
    let item = |id: &str, rest: &str| format!(r#"echo '{{"type":"item.completed","item":{{"id":"{id}",{rest}}}}}'"#);
    let command =
        item("item_0", r#""type":"command_execution","command":"/bin/bash -lc ls","exit_code":0,"status":"completed""#);
    let patch =
        item("item_1", r#""type":"file_change","changes":[{"path":"/w/a.txt","kind":"add"}],"status":"completed""#);
    let stand_in = StandIn::today(&format!("echo '{THREAD}'; {command}; {patch}; echo '{DONE}'"));
    let ledger = format!("--ledger={}", stand_in.path("ledger.sqlite").display());
    assert_eq!(stand_in.run(&[&ledger, "hello"]).status.code(), Some(0));
    let sql = "SELECT facts ->> '$.as' AS tool, facts ->> '$.files' AS files FROM commands ORDER BY seq";
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["ledger", &ledger, "query", "--format", "json", sql])
        .output()
        .expect("palisade");
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
    assert_eq!(
        rows,
        serde_json::json!([{ "tool": "Bash", "files": "[]" }, { "tool": "Edit", "files": "[\"/w/a.txt\"]" }])
    );
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
