//! Ways around a policy, `tests/cases/bypass/*.jsonl`: each must get at least the weakest correct verdict, and what is in
//! no way a way around exactly `allow`. The facts about programs are made here, so that any machine gives the same answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use policy::decision::Decision;
use policy::load::{Banned, File, Options, load};
use policy::request::{Identity, absolute, last_component};
use policy::ruleset::RuleSet;
use policy::shell::Dialect;
use policy::tree::{Subject, Surroundings, Tree, judge};
use policy::word::known;
use serde_json::Value;

/// Rows that get less than they should, with the reason. Keep it empty if you can.
const MISSING: &[(&str, &str)] = &[];

/// How many in a hundred rows of a tier must pass.
const WANTED: &[(u64, usize)] = &[(1, 100), (2, 97), (3, 90)];

#[test]
fn no_known_way_around_a_policy_is_open() {
    let mut tiers: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows() {
        let id = row["id"].as_str().expect("an id");
        let expectation = Decision::parse(row["expectation"].as_str().expect("a word")).expect("a decision");
        let tree = decide(&row);
        let got = tree.decision();
        let passes = if row["class"] == "control" { got == Decision::Allow } else { got >= expectation };
        let (passed, all) = tiers.entry(row["tier"].as_u64().expect("a tier")).or_default();
        *all += 1;
        *passed += usize::from(passes);
        if passes == MISSING.iter().any(|(missing, _)| *missing == id) {
            wrong.push(format!("{id} {}: {got}, expected {expectation}\n{tree:#?}", row["script"]));
        }
    }
    assert!(wrong.is_empty(), "{} rows are otherwise than said\n{}", wrong.len(), wrong.join("\n"));
    for (tier, wanted) in WANTED {
        let (passed, all) = tiers[tier];
        assert!(passed * 100 >= wanted * all, "tier {tier}: {passed} of {all}");
    }
}

fn rows() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/bypass");
    let mut files: Vec<_> = fs::read_dir(directory).expect("listed").map(|entry| entry.expect("read").path()).collect();
    files.sort();
    let texts = files.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let rows: Vec<Value> = texts
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("read");
            text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect::<Vec<_>>()
        })
        .collect();
    assert!(rows.len() >= 489, "{}", rows.len());
    rows
}

fn decide(row: &Value) -> Tree {
    let (rules, default) = policy(row["policy"].as_str().expect("a policy"));
    let folds = row.get("platform").is_some_and(|platform| platform == "macos");
    let identify = |word: &str| Some(identity(word, folds));
    let around = Surroundings { identify: &identify, home: Some("/home/u"), default };
    match row["script"].as_str() {
        Some(script) => judge(&rules, Subject::Script { text: script, dialect: Dialect::Bash }, &around),
        None => {
            let argv: Vec<&str> =
                row["argv"].as_array().expect("words").iter().map(|word| word.as_str().expect("a word")).collect();
            judge(&rules, Subject::Command(&known(&argv)), &around)
        }
    }
}

/// A machine on which every name is a program in `/usr/bin`, and nothing else is known.
fn identity(word: &str, folds: bool) -> Identity {
    let real = absolute(word.strip_prefix("/proc/self/root").unwrap_or(word), "/work");
    let name = last_component(word).unwrap_or(word);
    let name = if folds { name.to_lowercase() } else { name.to_owned() };
    let lookup = format!("/usr/bin/{name}");
    let resolved = if word.contains('/') { absolute(word, "/work") } else { lookup.clone() };
    let real = if word.contains('/') { real } else { lookup.clone() };
    Identity { resolved: Some(resolved), real: Some(real), lookup: Some(lookup), ..Identity::default() }
}

/// Reads `allow ["git","add"]; forbid ["rm"] exact; default prompt`.
fn policy(text: &str) -> (RuleSet, Decision) {
    let mut rules = String::new();
    let mut default = Decision::Prompt;
    for part in text.split(';').map(str::trim) {
        let (word, rest) = part.split_once(' ').expect("a decision and what it is about");
        if word == "default" {
            default = Decision::parse(rest).expect("a decision");
            continue;
        }
        let decision = if word == "forbid" { "forbidden" } else { word };
        let (pattern, exact) = match rest.strip_suffix(" exact") {
            Some(pattern) => (pattern, ", exact=True"),
            None => (rest, ""),
        };
        rules.push_str(&format!("prefix_rule(pattern={pattern}, decision=\"{decision}\"{exact})\n"));
    }
    let file = File { name: "row.rules".into(), text: Ok(rules) };
    // The rows ask what a rule would let through that should not be written.
    let loaded = load(vec![file], Options { banned: Banned::Ignore, ..Options::in_directory("/work") });
    assert!(!loaded.has_errors(), "{text}: {:?}", loaded.diagnostics);
    (loaded.ruleset, default)
}
