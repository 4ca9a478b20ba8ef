//! `palisade lint`: what it prints, mends and says to bad input; the shipped packs give no finding.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn lint(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("lint")
        .args(args)
        .current_dir(cwd)
        .env("HOME", cwd)
        .env_remove("XDG_CACHE_HOME")
        .output()
        .expect("it starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const RULES: &str = "# Rules of a team.
prefix_rule(pattern=[\"git\"], decision=\"prompt\")
prefix_rule(
    pattern=[\"git\", \"status\"],
)  # never allows
prefix_rule(pattern=[\"cal\"])
prefix_rule(pattern=[\"rm\"], decision=\"forbidden\")
";

fn written() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a.rules"), RULES).expect("written");
    root
}

#[test]
fn the_shipped_packs_give_no_finding_together() {
    let root = tempfile::tempdir().expect("a directory");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let output = lint(root.path(), &["--deny", "no-counter-example", rules.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(0), "{}{}", shown(&output), said(&output));
    assert!(shown(&output).starts_with("no findings in "));
}

#[test]
fn a_finding_has_its_place_its_witness_and_the_way_out() {
    let root = written();
    let output = lint(root.path(), &["a.rules"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for part in [
        "warning[shadowed-rule]: this rule never decides `allow`: a wider one decides `prompt`",
        "a.rules:3:1",
        "for example `git status`",
        "this one decides about `git status`",
        "help: narrow the stricter rule, or take this one out",
        "warning[missing-justification]: `rm` is forbidden without a reason",
        "\n2 findings in 1 files (4 rules)\n",
    ] {
        assert!(shown(&output).contains(part), "{part}\n{}", shown(&output));
    }
}

#[test]
fn findings_are_allowed_and_denied_by_name() {
    let root = written();
    let output = lint(root.path(), &["a.rules", "--allow", "shadowed-rule", "--allow", "missing-justification"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let output = lint(root.path(), &["a.rules", "--deny", "missing-justification", "--allow", "shadowed-rule"]);
    assert!(shown(&output).starts_with("error[missing-justification]"), "{}", shown(&output));
    let output = lint(root.path(), &["a.rules", "--compat", "codex", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
    let around = answer["findings"].as_array().expect("a list").iter().find(|one| one["code"] == "walked-around");
    assert_eq!(around.expect("found")["witness"], serde_json::json!(["env", "rm"]));
    assert_eq!((&answer["files"], &answer["rules"]), (&1.into(), &4.into()));
}

#[test]
fn what_does_not_load_is_a_finding() {
    let root = tempfile::tempdir().expect("a directory");
    for (text, code) in [
        ("prefix_rule(['git'], 'alow')", "invalid-decision"),
        ("prefix_rule(['git', 'log'], match = ['git status'])", "example-unmatched"),
        ("prefix_rule([[c + 'sh' for c in ['ba', 'z']]])", "banned-rule"),
        ("prefix_rule([['cal', 'python3']])", "banned-rule"),
        ("prefix_rule(", "syntax"),
    ] {
        fs::write(root.path().join("bad.rules"), text).expect("written");
        let output = lint(root.path(), &["bad.rules", "--format", "json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).expect("json");
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert_eq!(
            (&answer["findings"][0]["code"], &answer["findings"][0]["line"]),
            (&code.into(), &1.into()),
            "{text}"
        );
    }
}

#[test]
fn fix_takes_out_what_never_decides_and_keeps_the_rest() {
    let root = written();
    let file = root.path().join("a.rules");
    fs::write(&file, format!("{RULES}prefix_rule(pattern=[\"cal\"])\nfor p in [\"cal\"]: prefix_rule([p])\n"))
        .expect("written");
    fs::copy(&file, root.path().join("before.rules")).expect("copied");
    let output = lint(root.path(), &["a.rules", "--fix"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("took out 2 rules that never decide"), "{}", said(&output));
    let after = fs::read_to_string(&file).expect("read");
    assert!(!after.contains("status") && after.matches("cal").count() == 2, "{after}");
    assert!(after.starts_with("# Rules of a team.\n"));
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["diff", "before.rules", "a.rules"])
        .current_dir(root.path())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn every_code_is_explained_and_an_unknown_one_is_refused() {
    let root = tempfile::tempdir().expect("a directory");
    for lint_of in policy::lint::LINTS {
        let output = lint(root.path(), &["--explain", lint_of.code]);
        assert_eq!(output.status.code(), Some(0));
        assert!(shown(&output).starts_with(&format!("{}: {}\n\n", lint_of.code, lint_of.meaning)));
    }
    assert!(shown(&lint(root.path(), &["--explain", "banned-rule"])).contains("banned-rule: "));
    for args in [["--explain", "nothing"], ["--deny", "nothing"], ["--format", "nothing"]] {
        let output = lint(root.path(), &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).contains("nothing"), "{}", said(&output));
    }
}

#[test]
fn a_ci_reads_the_findings() {
    let root = written();
    let text = |format: &str| {
        let output = lint(root.path(), &["a.rules", "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        shown(&output)
    };
    assert!(text("github").starts_with("::warning file=a.rules,line=3,col=1,title=palisade lint%3A shadowed-rule::"));
    assert!(text("tap").starts_with("TAP version 14\n1..2\nnot ok 1 - a.rules: shadowed-rule\n"));
    assert!(text("junit").contains("failures=\"2\""));
    let sarif: Value = serde_json::from_str(&text("sarif")).expect("json");
    assert_eq!(sarif["runs"][0]["results"][1]["ruleId"], "missing-justification");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let root = written();
    fs::write(root.path().join("bytes.rules"), b"\xff\n").expect("written");
    fs::create_dir(root.path().join("empty")).expect("made");
    for (args, about) in [
        (&["missing.rules"][..], "missing.rules"),
        (&["bytes.rules"], "not UTF-8"),
        (&["empty"], "no rule files"),
        (&["--pack", "none"], "no pack `none`"),
        (&[], "nothing to lint"),
    ] {
        let output = lint(root.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).contains(about), "{args:?}: {}", said(&output));
    }
}

/// What the lints and the loader find in a text: codes with lines; `None` for those of the level that a plain run has.
fn found(text: &str, all: bool) -> Vec<(String, usize, bool)> {
    use policy::lint::{Level, Subject, lint};
    let file = policy::load::File { name: "a.rules".to_owned(), text: Ok(text.to_owned()) };
    let options =
        policy::load::Options { banned: policy::load::Banned::Warn, ..policy::load::Options::in_directory("/") };
    let loaded = policy::load::load(vec![file], options);
    assert!(!loaded.has_errors(), "{:?}\n{text}", loaded.diagnostics);
    let cwd = Path::new("/");
    let path = palisade::identity::search_path();
    let is_program = |name: &str| palisade::identity::of(name, cwd, &path).is_some_and(|known| known.real.is_some());
    let subject = Subject {
        rules: &loaded.ruleset,
        examples: &loaded.examples,
        sources: &loaded.sources,
        is_program: &is_program,
    };
    let of_loader = loaded.diagnostics.iter().map(|one| {
        let at = one.labels[0].span;
        let witness = policy::lint::banned_witness(&loaded.ruleset, at).is_some();
        (one.code.clone(), loaded.sources.place(at).line, witness && one.help.is_some())
    });
    let findings = lint(&subject, |lint| lint.level == Level::On || all);
    let of_lints = findings.iter().map(|one| {
        (one.code.to_owned(), loaded.sources.place(one.at).line, one.witness.is_some() && !one.help.is_empty())
    });
    of_loader.chain(of_lints).collect()
}

fn cases(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/lint").join(folder);
    let mut all: Vec<(String, String)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("read")))
        .collect();
    all.sort();
    all
}

#[test]
fn each_planted_fault_is_found_with_its_code_its_line_and_a_witness() {
    let planted = cases("planted");
    assert!(planted.len() >= 100, "{}", planted.len());
    let (mut missed, mut codes) = (Vec::new(), std::collections::BTreeSet::new());
    for (name, text) in &planted {
        let said = text.lines().next().and_then(|line| line.strip_prefix("# finds ")).expect("what it finds");
        let (code, line) = said.split_once(" at line ").expect("a line");
        codes.insert(code.to_owned());
        let wanted = (code.to_owned(), line.parse().expect("a number"), true);
        let found = found(text, true);
        if !found.contains(&wanted) {
            missed.push(format!("{name}: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    for lint in policy::lint::LINTS.iter().filter(|lint| lint.code != "no-counter-example") {
        assert!(codes.contains(lint.code), "{} has no planted fault", lint.code);
    }
}

#[test]
fn what_fix_takes_out_makes_no_verdict_milder() {
    let root = tempfile::tempdir().expect("a directory");
    let (before, after) = (root.path().join("before.rules"), root.path().join("after.rules"));
    let (mut mended, mut kept) = (0, Vec::new());
    let dead = ["duplicate-rule", "subsumed-rule", "shadowed-rule", "dead-network-rule"];
    let planted = cases("planted");
    for (name, text) in planted.iter().filter(|(name, _)| dead.iter().any(|code| name.contains(code))) {
        fs::write(&before, text).expect("written");
        fs::write(&after, text).expect("written");
        lint(root.path(), &["--fix", "after.rules"]);
        if fs::read_to_string(&after).expect("read") == *text {
            kept.push(text);
            continue;
        }
        mended += 1;
        let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["diff", "--accept-banned", "--fail-on", "looser", "before.rules", "after.rules"])
            .current_dir(root.path())
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{name}: {}{}", shown(&output), said(&output));
    }
    assert!(mended >= 20, "{mended}");
    // What a loop or a function made, and one alternative of several, is for its author to mend.
    let by_hand =
        |text: &&String| text.contains("for ") || text.contains("def ") || text.contains("['status', 'push']");
    assert!(kept.iter().all(by_hand), "{kept:?}");
}

#[test]
fn clean_files_give_no_finding() {
    let clean = cases("clean");
    assert!(clean.len() >= 30, "{}", clean.len());
    let noisy: Vec<String> = clean
        .iter()
        .map(|(name, text)| (name, found(text, false)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(name, found)| format!("{name}: {found:?}"))
        .collect();
    assert!(noisy.is_empty(), "{}", noisy.join("\n"));
}

/// The one other tool that lints rules: its answer was recorded. What stands in the second half it passes over.
#[test]
fn everything_that_agnix_finds_is_found_and_what_it_misses_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/lint");
    let text = fs::read_to_string(folder.join("agnix.rules")).expect("read");
    let recorded = fs::read_to_string(folder.join("agnix.txt")).expect("read");
    let found = found(&text, false);
    let at =
        |line: usize, codes: &[&str]| found.iter().any(|(code, own, _)| *own == line && codes.contains(&code.as_str()));
    let too_much = &["banned-rule", "allows-execution", "allows-writing"][..];
    // Python refuses an option `-C`, so nothing runs.
    let nothing_runs = ["[\"python\", \"-Command\"]", "[\"python3\", \"-Command\"]"];
    let mut missed = Vec::new();
    for row in recorded.lines() {
        let (line, rule) = row.split_once(' ').expect("a line and a rule");
        let line: usize = line.parse().expect("a number");
        let codes = if rule == "CDX-RL-001" { &["missing-justification"][..] } else { too_much };
        let written = text.lines().nth(line - 1).unwrap_or_default();
        if !at(line, codes) && !nothing_runs.iter().any(|pattern| written.contains(pattern)) {
            missed.push(format!("{rule}: {written}"));
        }
    }
    assert!(recorded.lines().count() > 150);
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let first = 2 + text.lines().position(|line| line.contains("does not find")).expect("the second half");
    let alone: std::collections::BTreeSet<usize> =
        found.iter().map(|(_, line, _)| *line).filter(|line| *line >= first).collect();
    assert!(
        recorded.lines().all(|row| row.split_once(' ').expect("a line").0.parse::<usize>().expect("a number") < first)
    );
    // Lines that only bind a name, ask, or are the first of a pair.
    let quiet =
        text.lines().enumerate().skip(first - 1).filter(|(at, _)| !alone.contains(&(at + 1))).map(|(_, line)| line);
    let quiet: Vec<&str> = quiet.collect();
    assert_eq!(
        quiet,
        [
            "SHELL = \"zsh\"",
            "prefix_rule(pattern=[\"docker\"], decision=\"prompt\")",
            "prefix_rule(pattern=[\"cal\"])",
            "DECISION = \"forbidden\"",
        ]
    );
}
