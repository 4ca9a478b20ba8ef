//! Each format, mostly as the real tool wrote it.

use std::fs;

use palisade::audit::input::{Out, detect, named};
use palisade::audit::work::each_line;
use palisade::codex::account::Account;
use palisade::codex::asked::Asked;
use palisade::codex::deed::{What as Done, deeds};
use palisade::codex::lines::Lines;
use policy::audit::{Entry, Recorded, Shell, What};
use serde_json::Value;

use super::{cases, report};

/// The entries of a file, read as it looks.
fn entries(name: &str) -> (&'static str, Vec<Entry>) {
    let bytes = fs::read(cases().join(name)).expect("it is there");
    let format = detect(&bytes).expect("a format");
    let mut parser = (format.parser)();
    let mut out = Out::default();
    let mut number = 0;
    each_line(&bytes, |line| {
        number += 1;
        parser.line(number, line, &mut out);
        // What is kept between lines can be written down and read again.
        let mut again = (format.parser)();
        again.load(&parser.save()).expect("it is understood");
        parser = again;
    });
    parser.end(&mut out);
    assert!(out.malformed.is_empty(), "{name}: {:?}", out.malformed);
    (format.name, out.entries)
}

fn texts(entries: &[Entry]) -> Vec<String> {
    let text = |entry: &Entry| match &entry.what {
        What::Argv { words, .. } => words.join("|"),
        What::Joined { text } | What::Script { text, .. } => text.clone(),
        What::Unknown { why } => format!("({why})"),
    };
    entries.iter().map(text).collect()
}

#[test]
fn histories_of_shells_are_read_as_the_shells_write_them() {
    let (format, bash) = entries("bash_history");
    assert_eq!(format, "bash");
    assert_eq!(texts(&bash)[2], "for f in a b; do\n  echo $f\ndone");
    assert_eq!(texts(&bash)[3].trim_end(), "cat <<'E'\npush\nE");
    assert_eq!(bash.len(), 5);
    assert!(bash.iter().all(|entry| entry.time.is_some_and(|time| time > 1_700_000_000_000)));
    let (format, plain) = entries("bash_plain");
    assert_eq!((format, texts(&plain)), ("bash", vec!["git status".into(), "git log --oneline | head -3".into()]));

    let (format, zsh) = entries("zsh_history");
    assert_eq!(format, "zsh");
    let zsh = texts(&zsh);
    assert_eq!(zsh.len(), 6, "{zsh:?}");
    assert_eq!(zsh[2], "echo 'käse ŃŃ'");
    assert_eq!(zsh[3], "for f in a b; do\n  echo $f\ndone");

    let (format, fish) = entries("fish_history");
    assert_eq!(format, "fish");
    assert!(fish.iter().all(|entry| matches!(entry.what, What::Script { shell: Shell::Fish, .. })));
    let fish = texts(&fish);
    assert_eq!(fish[1], "echo 'a\\\\b'; and git push");
    assert_eq!(fish[2], "for f in a b\necho $f\nend");
    assert_eq!(fish.len(), 5);
}

#[test]
fn recordings_of_asciinema_tell_what_was_typed_as_far_as_it_can_be_known() {
    let (format, one) = entries("asciinema-v1.json");
    assert_eq!((format, texts(&one)), ("asciinema", vec!["sh -c 'git status; echo done'".into()]));
    for (name, before) in [("asciinema-v2.cast", vec![]), ("asciinema-v3.cast", vec!["sh -i".to_owned()])] {
        let (format, typed) = entries(name);
        let expected = ["git status", "git push", "(a line that was edited while it was typed)", "exit"];
        let expected: Vec<String> = before.into_iter().chain(expected.map(str::to_owned)).collect();
        assert_eq!((format, texts(&typed)), ("asciinema", expected), "{name}");
        assert!(typed.windows(2).all(|pair| pair[0].time <= pair[1].time));
    }
}

#[test]
fn a_shell_that_marks_its_command_lines_is_believed() {
    let format = named("asciinema").expect("it is there");
    let mut parser = (format.parser)();
    let mut out = Out::default();
    let lines = [
        r#"{"version":3,"term":{"cols":80,"rows":24}}"#,
        r#"[0.1,"o","\u001b]633;E;git push \\x3b ls;nonce\u0007"]"#,
        r#"[0.1,"i","git pu\t\r"]"#,
        r#"[0.1,"o","x\u001b]133;C;cmdline_url=ls%20-l"]"#,
        r#"[0.1,"o","a\u001b\\"]"#,
    ];
    (1..).zip(lines).for_each(|(number, line)| parser.line(number, line.as_bytes(), &mut out));
    parser.end(&mut out);
    assert_eq!(texts(&out.entries), ["git push ; ls", "ls -la"]);
}

#[test]
fn records_of_executions_keep_their_words_apart() {
    let (format, audited) = entries("auditd.log");
    assert_eq!(format, "auditd");
    assert_eq!(
        texts(&audited),
        [
            "/bin/sh|-c|git status; true",
            "/usr/bin/env|A=1|git|push|origin|main",
            "git|push|origin|main",
            "/bin/echo|two words|quo\"te||käse",
            "/bin/ls|-la|/"
        ]
    );
    assert!(audited.iter().all(|entry| entry.cwd.as_deref() == Some("/tmp") && entry.time.is_some()));

    let (format, queried) = entries("osquery.log");
    assert_eq!(format, "osquery");
    assert_eq!(
        texts(&queried),
        [
            "git push origin main",
            "bash -c git push",
            "sh|-c|git status",
            "git status",
            "(a program whose words were not recorded)"
        ]
    );
    assert!(matches!(queried[0].what, What::Joined { .. }) && matches!(queried[2].what, What::Argv { .. }));
    assert_eq!(queried[0].session.as_deref(), Some("web-1"));

    let (format, guarded) = entries("record.ndjson");
    assert_eq!(format, "record");
    let recorded: Vec<Recorded> = guarded.iter().map(|entry| entry.recorded).collect();
    assert_eq!(recorded, [Recorded::Ran, Recorded::Refused, Recorded::Agreed]);
}

#[test]
fn long_and_many_words_come_in_pieces_and_missing_ones_are_not_made_up() {
    let format = named("auditd").expect("it is there");
    let mut parser = (format.parser)();
    let mut out = Out::default();
    let lines = [
        r#"node=h type=EXECVE msg=audit(1.5:7): argc=3 a0="x" a1_len=8 a1[0]=6162 a1[1]=6364"#,
        r#"type=EXECVE msg=audit(1.5:8): argc=2 a0="y""#,
        r#"node=h type=EXECVE msg=audit(1.5:7): a2="z""#,
        "type=EOE msg=audit(1.5:8): ",
        "type=EXECVE msg=audit(27/11/26 02:00:00.123:9) : argc=1 a0=ls",
    ];
    (1..).zip(lines).for_each(|(number, line)| parser.line(number, line.as_bytes(), &mut out));
    parser.end(&mut out);
    assert_eq!(texts(&out.entries), ["(words that the record does not hold)", "x|abcd|z"]);
    assert_eq!(out.malformed.len(), 1);
    assert!(out.malformed[0].why.contains("ausearch --raw"));
}

#[test]
fn transcripts_tell_what_was_called_typed_written_and_refused() {
    let (format, claude) = entries("claude.jsonl");
    assert_eq!(format, "claude");
    assert_eq!(
        texts(&claude),
        ["git status && ls", "git push --force", "git push", "apply_patch|/home/user/project/a.c"]
    );
    let recorded: Vec<Recorded> = claude.iter().map(|entry| entry.recorded).collect();
    assert_eq!(recorded, [Recorded::Ran, Recorded::Refused, Recorded::Ran, Recorded::Unsaid]);
    assert!(claude.iter().all(|entry| entry.session.is_some() && entry.cwd.as_deref() == Some("/home/user/project")));
}

/// Every trace that the real Codex wrote: as many commands and patches as `codex show` finds in it.
#[test]
fn every_trace_of_the_real_codex_gives_the_commands_that_show_finds() {
    let folder = crate::codex_recordings::folder();
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("it is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let (mut compared, mut commands) = (0, 0);
    for path in files.iter().filter(|path| path.extension().is_some_and(|kind| kind == "jsonl")) {
        let bytes = fs::read(path).expect("it is there");
        let mut account = Account::default();
        let mut lines = Lines::default();
        lines.push(&bytes, |line| account.take(line, |_| {}));
        lines.finish(|line| account.take(line, |_| {}));
        if account.generations.is_empty() {
            continue;
        }
        let expected = deeds(&[account])
            .iter()
            .filter(|deed| !matches!(deed.what, Done::Asked(Asked::Other { .. } | Asked::Code { .. })))
            .count();
        let format = named("codex").expect("it is there");
        let mut parser = (format.parser)();
        let mut out = Out::default();
        each_line(&bytes, |line| parser.line(1, line, &mut out));
        parser.end(&mut out);
        assert_eq!(out.entries.len(), expected, "{}: {:?}", path.display(), texts(&out.entries));
        assert_eq!(detect(&bytes).map(|format| format.name), Some("codex"), "{}", path.display());
        compared += 1;
        commands += expected;
    }
    assert!(compared > 250 && commands > 1000, "{compared} traces, {commands} commands");
}

#[test]
fn what_the_guard_records_is_audited_as_it_was_judged() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join("record.ndjson");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["run", "--mode", "bypass", "--guard", "--default", "allow", "--rules"])
        .arg(cases().join("team.rules"))
        .arg("--record")
        .arg(&file)
        .args(["--", "sh", "-c", "git --version; env git push --force; ls /"])
        .current_dir(root.path())
        .env("HOME", root.path())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it starts");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {status:?}"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let forbidden = lines.iter().filter(|line| line["decision"] == "forbidden").count();
    assert!(forbidden > 0 && lines.len() > 3, "{text}");
    let (audited, status) = report(root.path(), &["--default", "allow", "record.ndjson"]);
    assert_eq!(audited["sources"][0]["format"], "record");
    assert_eq!(audited["commands"], lines.len());
    // What is carried is judged with what carries it, so a wrapper is as bad as what it starts.
    assert!(audited["decisions"]["forbidden"].as_u64() >= Some(forbidden as u64), "{audited:#}");
    assert_eq!(status, 1);
}
