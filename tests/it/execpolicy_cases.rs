//! The recorded cases of `tests/cases/execpolicy/cases.jsonl`, answered by our drop-in: output and status to the byte.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::execpolicy_peer::{ours, palisade, run};

#[test]
fn every_recorded_case_is_answered_as_codex_answered_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/execpolicy/cases.jsonl");
    let text = fs::read_to_string(path).expect("the cases are there");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        count += 1;
        if let Err(difference) = answer(&case) {
            wrong.push(format!("{}\n{difference}", case["id"]));
        }
    }
    assert_eq!(count, 255);
    assert!(wrong.is_empty(), "{} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

fn answer(case: &Value) -> Result<(), String> {
    let root = tempfile::Builder::new().prefix("execpolicy-").tempdir().expect("a directory");
    let (home, work) = (root.path().join("home"), root.path().join("work"));
    fs::create_dir(&home).expect("made");
    fs::create_dir(&work).expect("made");
    let names = [
        ("@CWD@", work.display().to_string()),
        ("@HOME@", home.display().to_string()),
        ("@ROOT@", root.path().display().to_string()),
    ];
    let put = |text: &str| names.iter().fold(text.to_owned(), |text, (name, path)| text.replace(name, path));

    let rules = match &case["rules"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    let mut args = Vec::new();
    for (at, item) in rules.iter().enumerate() {
        let name = write(item, at, &work, &put);
        if case.get("no_rules_flag").is_none() {
            args.extend(["--rules".to_owned(), name]);
        }
    }
    let words = |key: &str| case[key].as_array().cloned().unwrap_or_default().into_iter();
    args.extend(words("flags").map(|word| word.as_str().expect("a word").to_owned()));
    args.extend(words("argv").map(|word| put(word.as_str().expect("a word"))));

    let output = run(palisade(), &args, &work, &home);
    let mut got = ours(&output);
    for (name, path) in &names {
        got.stdout = got.stdout.replace(path, name);
    }
    let wanted = crate::execpolicy_peer::Outcome {
        exit: i32::try_from(case["exit"].as_i64().expect("a status")).expect("small"),
        stdout: case["stdout"].as_str().expect("text").to_owned(),
        class: case["stderr_class"].as_str().expect("a class").to_owned(),
    };
    let same = got == wanted || (case.get("unordered").is_some() && got.unordered() == wanted.unordered());
    if same { Ok(()) } else { Err(format!("  wanted {wanted:?}\n  got    {got:?}")) }
}

fn write(item: &Value, at: usize, work: &Path, put: &impl Fn(&str) -> String) -> String {
    let name = format!("p{at}.rules");
    let path = work.join(&name);
    let Some(kind) = item.get("kind").and_then(Value::as_str) else {
        fs::write(path, put(item.as_str().expect("text"))).expect("written");
        return name;
    };
    let other = || format!("p{}.rules", item["index"]);
    match kind {
        "hex" => {
            let digits = item["data"].as_str().expect("digits");
            let bytes: Vec<u8> = (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex"))
                .collect();
            fs::write(path, bytes).expect("written");
        }
        "missing" => {}
        "directory" => fs::create_dir(path).expect("made"),
        "symlink" => std::os::unix::fs::symlink(other(), path).expect("linked"),
        "same" => return other(),
        kind => panic!("unknown kind {kind}"),
    }
    name
}
