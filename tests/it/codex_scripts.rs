//! What Codex makes of scripts, recorded from the real ones, against what we say it makes: `decompose.jsonl`,
//! `dangerous.jsonl` and `dangerous-more.jsonl` of `tests/cases/execpolicy/`, every row for every version in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use policy::codex::decompose::{Decomposition, decompose};
use policy::codex::version::{VERSIONS, Version};
use policy::codex::{dangerous, known_safe};
use serde_json::Value;

fn rows(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/execpolicy").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// As a row writes it: the kind, and for a plain script the first segment that is not approved by itself.
fn observed(script: &str, version: Version) -> Value {
    match decompose(script, version) {
        Decomposition::Plain(commands) => {
            let first = commands.into_iter().find(|words| !known_safe::command(words, version));
            serde_json::json!({"kind": "plain", "first": first})
        }
        Decomposition::HeredocPrefix(_) => serde_json::json!({"kind": "heredoc-prefix"}),
        Decomposition::Opaque { .. } => serde_json::json!({"kind": "opaque"}),
    }
}

#[test]
fn every_recorded_script_is_decomposed_as_each_codex_decomposed_it() {
    let rows = rows("decompose.jsonl");
    let mut wrong = Vec::new();
    for row in &rows {
        let script = row["script"].as_str().expect("a script");
        for (name, wanted) in row["observed"].as_object().expect("versions") {
            let mut wanted = wanted.clone();
            wanted.as_object_mut().expect("an outcome").remove("note");
            let got = observed(script, Version::parse(name).expect("a known version"));
            if got != wanted {
                wrong.push(format!("{} {name} {script:?}\n  codex {wanted}\n  ours  {got}", row["id"]));
            }
        }
    }
    assert_eq!(rows.len(), 149);
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

fn dangerous_in(row: &Value, versions: &[&str]) -> Option<String> {
    let script = row["script"].as_str().expect("a script");
    let wanted: BTreeSet<&str> =
        row["dangerous_in"].as_array().expect("versions").iter().filter_map(Value::as_str).collect();
    let found = |name: &&&str| dangerous::script(script, Version::parse(name).expect("a known version")).is_some();
    let got: BTreeSet<&str> = versions.iter().filter(found).copied().collect();
    (got != wanted).then(|| format!("{script:?}\n  codex {wanted:?}\n  ours  {got:?}"))
}

#[test]
fn every_recorded_script_is_as_dangerous_as_each_codex_found_it() {
    let versions: Vec<&str> = VERSIONS.iter().map(|traits| traits.name).collect();
    let (first, more) = (rows("dangerous.jsonl"), rows("dangerous-more.jsonl"));
    let mut wrong: Vec<String> = first.iter().filter_map(|row| dangerous_in(row, &versions)).collect();
    // Recorded from the two versions that are at hand.
    wrong.extend(more.iter().filter_map(|row| dangerous_in(row, &["0.125.0", "0.169.0"])));
    assert_eq!((first.len(), more.len() > 300), (132, true));
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
