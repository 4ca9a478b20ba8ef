//! The guard: a forbidden program is stopped whoever starts it and however, and everything else is as without a guard.

mod programs;
mod record;
mod routes;
mod transparent;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandboxed::{Place, User, errors, processes_with, program, status, text};
use programs::palisade;

/// The ways a run can be built.
const WAYS: [[&str; 2]; 3] = [["--backend", "native"], ["--backend", "bwrap"], ["--mode", "bypass"]];

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_is_to_be_asked_for_is_refused_without_a_terminal() {
    let place = Place::new();
    let rules = place.file(
        "p.rules",
        "prefix_rule(pattern=[\"sh\"], decision=\"allow\")\nprefix_rule(pattern=[\"touch\"], decision=\"prompt\")\n",
    );
    let args =
        ["run", "--guard", "--rules", rules.to_str().unwrap(), "--", "sh", "-c", "touch a; echo $?; ls; echo $?"];
    let output = Command::new("setsid")
        .arg("-w")
        .arg(program())
        .args(args)
        .current_dir(place.workspace())
        .env("HOME", place.home())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(text(&output), "137\n137\n", "{}", errors(&output));
    assert!(
        errors(&output).contains("nobody agreed") && errors(&output).contains("p.rules:2:1"),
        "{}",
        errors(&output)
    );
    assert!(errors(&output).contains("killed 2 of 3 programs"), "{}", errors(&output));
    assert!(!place.workspace().join("a").exists());
}

/// What a person is asked.
const QUESTION: &str = "run it? [y/N]";

/// Runs palisade on a terminal and answers each question when it stands there, as long as there are answers; gives the status and
/// what was shown.
fn on_a_terminal(place: &Place, args: &str, answers: &[&str]) -> (i32, String) {
    let line = format!("{} {args}", program().display());
    let mut script = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(place.workspace())
        .env("HOME", place.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script(1) from util-linux or bsdutils");
    let (mut input, mut output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let (mut shown, mut answers, mut part) = (String::new(), answers.iter(), [0; 4096]);
    let mut asked = 0;
    loop {
        let length = output.read(&mut part).unwrap();
        if length == 0 {
            break;
        }
        shown.push_str(&String::from_utf8_lossy(&part[..length]));
        while shown.matches(QUESTION).count() > asked {
            asked += 1;
            if let Some(answer) = answers.next() {
                input.write_all(format!("{answer}\n").as_bytes()).unwrap();
            }
        }
    }
    drop(input);
    (script.wait().unwrap().code().unwrap(), shown)
}

#[test]
fn a_person_is_asked_once_for_the_same_words_and_the_answer_counts() {
    for way in ["--backend native", "--mode bypass"] {
        let place = Place::new();
        let rules = place.file("p.rules", "prefix_rule(pattern=[\"sh\"], decision=\"allow\")\nprefix_rule(pattern=[\"touch\"], decision=\"prompt\")\n");
        let inner = "touch a; rm a 2>/dev/null; touch a; touch b; true";
        let args = format!("run {way} --guard --default allow --rules {} -- sh -c '{inner}'", rules.display());
        let (status, shown) = on_a_terminal(&place, &args, &["y", "n"]);
        assert_eq!(status, 0, "{way}: {shown}");
        assert_eq!(shown.matches(QUESTION).count(), 2, "{way}: {shown}");
        assert!(place.workspace().join("a").exists() && !place.workspace().join("b").exists(), "{way}: {shown}");
    }
}

#[test]
fn a_question_that_nobody_answers_is_a_no_when_the_time_is_over() {
    for way in ["--backend native", "--backend bwrap", "--mode bypass"] {
        let place = Place::new();
        let rules = place.file("p.rules", "prefix_rule(pattern=[\"touch\"], decision=\"prompt\")\n");
        let args = format!(
            "run {way} --guard --default allow --timeout 2 --rules {} -- sh -c 'touch a; sleep 77.375'",
            rules.display()
        );
        let start = Instant::now();
        let (status, shown) = on_a_terminal(&place, &args, &[]);
        assert_eq!((status, shown.matches(QUESTION).count()), (124, 1), "{way}: {shown}");
        assert!(shown.contains("nobody agreed") && shown.contains("timed out"), "{way}: {shown}");
        assert!((2..30).contains(&start.elapsed().as_secs()), "{way}: {shown}");
        assert!(!place.workspace().join("a").exists(), "{way}: {shown}");
    }
}

#[test]
fn the_report_names_the_rule_and_who_started_the_program() {
    let place = Place::new();
    let rules = place
        .file("p.rules", "\nprefix_rule(pattern=[\"touch\"], decision=\"forbidden\", justification=\"no touching\")\n");
    let report = place.outside().join("report.json");
    let args = [
        "run",
        "--guard",
        "--default",
        "allow",
        "--rules",
        rules.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
    ];
    let command = ["--", "sh", "-c", "env sh -c 'touch x; exit 5'"];
    let output = place.run(User::Own, &[&args[..], &command].concat());
    assert_eq!(status(&output), 5);
    for said in ["before it ran `/usr/bin/touch`", "p.rules:2:1", "no touching", "started by", "killed 1 of 4 programs"]
    {
        assert!(errors(&output).contains(said), "{said}: {}", errors(&output));
    }
    let report = json(&report);
    let killed = &report["guard"]["stopped"][0];
    assert_eq!((&killed["program"], &killed["decision"]), (&"/usr/bin/touch".into(), &"forbidden".into()));
    assert_eq!((&killed["reasons"][0]["line"], &killed["reasons"][0]["column"]), (&2.into(), &1.into()));
    assert_eq!(killed["parent"]["argv"], serde_json::json!(["sh", "-c", "touch x; exit 5"]));
    assert_eq!(killed["started_by"].as_array().unwrap().len(), 2);
    assert_eq!(killed["ppid"], killed["started_by"][0]["pid"]);
}

#[test]
fn the_command_itself_is_refused_before_it_starts_and_a_tree_can_be_killed() {
    let place = Place::new();
    let rules = place.file("p.rules", "prefix_rule(pattern=[\"touch\"], decision=\"forbidden\")\n");
    let rules = rules.to_str().unwrap();
    let output = place.run(User::Own, &["run", "--guard", "--rules", rules, "--", "touch", "a"]);
    assert_eq!(status(&output), 126);
    for way in WAYS {
        let script = "sleep 77.125 & sh -c 'touch a; :'; sleep 77.125; echo not here";
        let args =
            ["run", way[0], way[1], "--guard", "--guard-kill", "tree", "--default", "allow", "--rules", rules, "--"];
        let output = place.run(User::Own, &[&args[..], &["sh", "-c", script]].concat());
        assert_eq!((status(&output), text(&output).as_str()), (137, ""), "{way:?}: {}", errors(&output));
    }
    // Keepers of masks that another run uses stay; they carry palisade's own words.
    let left = || processes_with("sleep 77.125").into_iter().filter(|line| line.starts_with('s')).collect::<Vec<_>>();
    let patience = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(left(), Vec::<String>::new());
}

#[test]
fn an_allowing_rule_needs_the_very_file() {
    let place = Place::new();
    let rules = place
        .file("p.rules", "prefix_rule(pattern=[[\"sh\", \"cat\", \"cp\", \"/usr/bin/head\"]], decision=\"allow\")\n");
    let args = ["run", "--guard", "--rules", rules.to_str().unwrap(), "--", "sh", "-c"];
    for (script, expected) in [
        ("cat /dev/null; echo $?", "0\n"),
        ("/bin/cat /dev/null; echo $?", "0\n"),
        ("head /dev/null; echo $?", "0\n"),
        ("cp /bin/cat cat; ./cat /dev/null; echo $?", "137\n"),
        ("$B/launch memfd /bin/cat /dev/null; echo $?", "137\n"),
        ("cp /bin/true sh; ./sh; echo $?", "137\n"),
        ("tail /dev/null; echo $?", "137\n"),
        ("$LOADER /bin/cat /dev/null; echo $?", "137\n"),
    ] {
        let output = palisade(&place, User::Own, &[&args[..], &[script]].concat()).output().unwrap();
        assert_eq!(text(&output), expected, "{script}: {}", errors(&output));
    }
}
