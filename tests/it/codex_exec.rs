//! `palisade codex exec` and `resume` with the real Codex on a scripted model: two versions, three modes, no account.

use serde_json::Value;

use crate::codex_run::{VERSIONS, for_each, run};
use crate::peers;
use crate::sandboxed::{User, as_user};
use crate::scripted_model::{Home, Turn};

fn script() -> Vec<Turn> {
    vec![
        Turn::Calls(vec![("inside", "echo a > inside.txt")]),
        Turn::Calls(vec![("outside", "sleep 0.6; echo b > ../outside.txt")]),
        Turn::Calls(vec![("forbidden", "git push origin main")]),
        Turn::Calls(vec![("disguised", "env git push origin main")]),
        Turn::Says("finished"),
    ]
}

#[test]
fn each_mode_is_what_it_says_and_every_call_is_accounted_for() {
    for_each(|user, version| {
        for (mode, inside, outside) in [("read-only", false, false), ("full-auto", true, false), ("bypass", true, true)]
        {
            let home = Home::of(user, script());
            std::fs::create_dir_all(home.path().join("rules")).expect("rules");
            let rules = home.path().join("rules/team.rules");
            std::fs::write(&rules, "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n")
                .expect("rules");
            let rules = rules.to_str().expect("UTF-8");
            let run = run(&home, version, &["exec", "--mode", mode, "--rules", rules, "run the script"]);
            let what = format!("{user:?} {version} {mode}: {}", run.what());
            assert_eq!(run.status(), Some(1), "a forbidden command ran: {what}");
            assert_eq!(run.report["finish"]["class"], "completed", "{what}");
            assert_eq!((&run.report["codex_exit"], &run.report["codex_signal"]), (&0.into(), &Value::Null), "{what}");
            assert_eq!(home.workspace().join("inside.txt").exists(), inside, "{what}");
            assert_eq!(home.folder().join("outside.txt").exists(), outside, "{what}");
            assert_eq!(run.report["version"], version, "{what}");
            assert_eq!(run.deed("forbidden")["outcome"]["class"], "policy-rejected", "{what}");
            // The events may leave a denied command out; what it changed is told all the same.
            let told = [&run.deed("inside")["effects"], &run.report["effects_besides"]].map(Value::to_string).concat();
            assert_eq!(told.contains("creating workspace/inside.txt"), inside, "{what}");
            let took = run.deed("outside")["milliseconds"].as_u64();
            // It sleeps for 600; Codex begins to count when a command has survived its first 150 or so.
            assert!(!outside || took.is_some_and(|took| took >= 300), "{what}");
            assert_eq!(run.deed("forbidden")["missing_from_events"], true, "{what}");
            assert_eq!(run.deed("disguised")["judgement"]["finding"], true, "{what}");
            assert_eq!(run.deed("disguised")["judgement"]["codex"], "allow", "{what}");
            assert_eq!(run.report["findings"], 1, "{what}");
            assert_eq!(run.report["used"]["input"], 5000, "{what}");
            assert_eq!(run.report["used"]["cached"], 2000, "{what}");
            let said = String::from_utf8_lossy(&run.output.stdout);
            assert!(said.contains(&format!("{version}, {mode}, palisade-scripted\n")), "the model is told: {said}");
        }
    });
}

#[test]
fn a_resumed_thread_keeps_its_id_and_counts_its_own_tokens() {
    for_each(|user, version| {
        let home = Home::of(
            user,
            vec![
                Turn::Calls(vec![("first", "echo a > first.txt")]),
                Turn::Says("one"),
                Turn::Calls(vec![("second", "echo b > second.txt")]),
                Turn::Says("two"),
            ],
        );
        let first = run(&home, version, &["exec", "--mode", "full-auto", "begin"]);
        assert_eq!(first.status(), Some(0), "{user:?} {version}: {}", first.what());
        let thread = first.report["thread"].as_str().expect("a thread").to_owned();
        let second = run(&home, version, &["resume", "--mode", "full-auto", &thread, "go on"]);
        let what = format!("{user:?} {version}: {}", second.what());
        assert_eq!(second.status(), Some(0), "{what}");
        assert_eq!(second.report["thread"], thread.as_str(), "{what}");
        assert!(home.workspace().join("second.txt").exists(), "the mode holds: {what}");
        assert_eq!(second.report["used"]["input"], 2000, "{what}");
        assert_eq!(second.report["tokens"][&thread]["input"], 4000, "{what}");
        let deeds = second.report["deeds"].as_array().expect("deeds");
        assert_eq!(deeds.iter().map(|deed| deed["id"].as_str()).collect::<Vec<_>>(), [Some("second")], "{what}");
    });
}

#[test]
fn a_budget_ends_the_real_one_too_and_counts_what_came_since_a_thread_was_resumed() {
    for_each(|user, version| {
        let home = Home::of(
            user,
            vec![
                Turn::Calls(vec![("first", "echo a > first.txt")]),
                Turn::Says("one"),
                // Each answer is 1,000 tokens in and 20 out.
                Turn::Calls(vec![("second", "echo b > second.txt")]),
                Turn::Says("two"),
                Turn::Calls(vec![("third", "sleep 20; echo c > third.txt")]),
                // One that is ended may ask once more before it has.
                Turn::Calls(vec![("fourth", "sleep 20; echo d > third.txt")]),
                Turn::Calls(vec![("fifth", "sleep 20; echo e > third.txt")]),
                Turn::Says("three"),
            ],
        );
        let prices = home.folder().join("prices.toml");
        let table =
            "source = \"a list\"\n[models.palisade-scripted]\ninput = 1000.0\ncached = 1000.0\noutput = 1000.0\n";
        std::fs::write(&prices, table).expect("prices");
        let prices = prices.to_str().expect("UTF-8");
        let first = run(&home, version, &["exec", "--mode", "bypass", "--max-tokens", "2040", "begin"]);
        let what = format!("{user:?} {version}: {}", first.what());
        assert_eq!((first.status(), &first.report["finish"]["class"]), (Some(0), &"completed".into()), "{what}");
        let thread = first.report["thread"].as_str().expect("a thread").to_owned();
        let resume = |options: &[&str]| {
            let all = [&["resume", "--mode", "bypass"], options, &[&thread, "go on"]].concat();
            let run = run(&home, version, &all);
            let what = format!("{user:?} {version} {options:?}: {}", run.what());
            (run, what)
        };
        // The thread has used twice as much, this run of it has not.
        let (within, what) = resume(&["--max-tokens", "2040"]);
        assert_eq!((within.status(), &within.report["finish"]["class"]), (Some(0), &"completed".into()), "{what}");
        let (over, what) = resume(&["--max-tokens", "1019"]);
        assert_eq!((over.status(), &over.report["finish"]["class"]), (Some(1), &"over-budget".into()), "{what}");
        assert_eq!(over.report["finish"]["why"], "1020 tokens were used, and 1019 are allowed", "{what}");
        let (dear, what) = resume(&["--max-cost", "1.01", "--prices", prices]);
        assert_eq!((dear.status(), &dear.report["finish"]["class"]), (Some(1), &"over-budget".into()), "{what}");
        // 0.125 tells what an answer has used when its call has come back, which is after ten seconds at the latest.
        // The runs themselves count, and not how long they waited for another test's.
        let took = [&over, &dear].map(|run| run.report["milliseconds"].as_u64().expect("how long it took"));
        assert!(took.iter().sum::<u64>() < if version == "0.169.0" { 15_000 } else { 60_000 }, "{took:?} {what}");
        assert!(!home.workspace().join("third.txt").exists(), "{what}");
    });
}

#[test]
fn a_thread_that_is_not_there_is_not_begun() {
    let home = Home::new(Vec::new());
    for thread in ["01a1f89b-45e2-7040-b544-515c06110566", "not-a-uuid"] {
        let run = run(&home, "0.169.0", &["resume", thread, "go on"]);
        assert_eq!(run.status(), Some(2), "{}", run.errors());
        assert!(run.errors().contains(thread) && run.errors().contains("help: "), "{}", run.errors());
        assert!(!home.path().join("sessions").exists(), "nothing ran");
    }
}

#[test]
fn a_model_that_fails_or_is_silent_is_told_apart() {
    for version in VERSIONS {
        let home = Home::new(vec![Turn::Status(400); 3]);
        let failed = run(&home, version, &["exec", "hello"]);
        assert_eq!(failed.status(), Some(1), "{version}: {}", failed.errors());
        assert_eq!(failed.report["finish"]["class"], "failed", "{version}: {}", failed.report);
        let home = Home::new(vec![Turn::Silent; 3]);
        let silent = run(&home, version, &["exec", "--idle-timeout", "2", "hello"]);
        assert_eq!(silent.status(), Some(124), "{version}: {}", silent.errors());
        assert_eq!(silent.report["finish"]["limit"], "idle", "{version}: {}", silent.report);
        assert!(
            silent.report["milliseconds"].as_u64().is_some_and(|took| took < 30_000),
            "{version}: {}",
            silent.report
        );
    }
}

#[test]
fn a_workspace_without_git_is_refused_in_codex_own_words() {
    let home = Home::new(Vec::new());
    // Not below this repository.
    let bare = tempfile::tempdir().expect("a folder");
    let output = as_user(User::Own)
        .args(["codex", "exec", "--codex"])
        .env("HOME", home.folder())
        .arg(peers::codex("0.169.0"))
        .arg("--codex-home")
        .arg(home.path())
        .arg("--cwd")
        .arg(bare.path())
        .arg("hello")
        .output()
        .expect("palisade");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("codex did not begin: exit 1") && errors.contains("Not inside a trusted directory"),
        "{errors}"
    );
}
