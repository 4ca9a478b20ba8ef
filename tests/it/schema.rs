//! `palisade schema`: every shipped TOML file fits its schema, and a wrong one does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use palisade::commands::schema::{kinds, schema};
use serde_json::{Map, Value, json};

/// What a value does that its schema does not allow. A word of a schema that is not known here fails, so that nothing is
/// passed over.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Value::Object(schema) = schema else { return Vec::new() };
    let mut found = Vec::new();
    for (word, wanted) in schema {
        match word.as_str() {
            "$schema"
            | "title"
            | "description"
            | "$defs"
            | "default"
            | "format"
            | "required"
            | "additionalProperties" => {}
            "$ref" => {
                let name = wanted.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a local reference");
                found.extend(wrong(root, &root["$defs"][name], value, at));
            }
            "type" => {
                let fits = |kind: &Value| match kind.as_str().expect("a word") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("the type {other}"),
                };
                let any = wanted.as_array().map_or_else(|| fits(wanted), |all| all.iter().any(fits));
                if !any {
                    found.push(format!("{at} is no {wanted}"));
                }
            }
            "const" => found.extend((value != wanted).then(|| format!("{at} is not {wanted}"))),
            "enum" => {
                let known = wanted.as_array().expect("a list").contains(value);
                found.extend((!known).then(|| format!("{at} is none of {wanted}")));
            }
            "oneOf" | "anyOf" => {
                let any = wanted.as_array().expect("a list").iter().any(|one| wrong(root, one, value, at).is_empty());
                found.extend((!any).then(|| format!("{at} fits none of {wanted}")));
            }
            "allOf" => {
                wanted.as_array().expect("a list").iter().for_each(|one| found.extend(wrong(root, one, value, at)))
            }
            "minimum" => {
                let less = value.as_f64().zip(wanted.as_f64()).is_some_and(|(value, least)| value < least);
                found.extend(less.then(|| format!("{at} is less than {wanted}")));
            }
            "maximum" => {
                let more = value.as_f64().zip(wanted.as_f64()).is_some_and(|(value, most)| value > most);
                found.extend(more.then(|| format!("{at} is more than {wanted}")));
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(root, wanted, item, &format!("{at}[{number}]")));
                }
            }
            "properties" => {
                for (name, inner) in wanted.as_object().expect("a table") {
                    if let Some(item) = value.get(name) {
                        found.extend(wrong(root, inner, item, &format!("{at}.{name}")));
                    }
                }
            }
            other => panic!("the schema says `{other}`, which is not looked at here"),
        }
    }
    let Value::Object(object) = value else { return found };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        found.extend((!object.contains_key(name)).then(|| format!("{at}.{name} is missing")));
    }
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, item) in object.iter().filter(|(name, _)| !known.contains_key(*name)) {
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => found.push(format!("{at}.{name} is not known")),
            Some(inner) => found.extend(wrong(root, inner, item, &format!("{at}.{name}"))),
            None => {}
        }
    }
    found
}

fn checked(kind: &str, text: &str) -> Vec<String> {
    fn plain(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(date) => date.to_string().into(),
            toml::Value::Array(all) => all.into_iter().map(plain).collect(),
            toml::Value::Table(all) => {
                Value::Object(all.into_iter().map(|(name, value)| (name, plain(value))).collect())
            }
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => json!(number),
            toml::Value::Boolean(answer) => answer.into(),
        }
    }
    let schema = schema(kind).expect("a kind");
    let value: toml::Table = toml::from_str(text).expect("TOML");
    wrong(&schema, &schema, &plain(toml::Value::Table(value)), "file")
}

/// The shipped files of a kind.
fn shipped(kind: &str) -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let in_folder = |folder: &str, end: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(top.join(folder)).expect("a folder");
        let all = entries.map(|entry| entry.expect("an entry").path());
        all.filter(|path| path.to_string_lossy().ends_with(end)).collect()
    };
    match kind {
        "cases" => in_folder("rules", ".cases.toml"),
        "commands" => vec![top.join("runner/src/compare/demonstration.toml")],
        "profile" => in_folder("sandbox-profiles", ".toml"),
        "requirements-cases" => in_folder("rules/requirements", ".toml"),
        _ => Vec::new(),
    }
}

#[test]
fn every_shipped_file_fits_its_schema() {
    let mut count = 0;
    for kind in kinds() {
        for path in shipped(kind) {
            let text = fs::read_to_string(&path).expect("read");
            assert_eq!(checked(kind, &text), Vec::<String>::new(), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 12, "{count}");
}

#[test]
fn a_wrong_file_does_not_fit() {
    for (kind, text, about) in [
        ("cases", "[[case]]\ncommand = 'a'\ndecision = 'alow'", "file.case[0].decision fits none of"),
        ("cases", "[[case]]\ncommand = 'a'", "file.case[0].decision is missing"),
        ("cases", "[[case]]\ncomand = 'a'\ndecision = 'allow'", "file.case[0].comand is not known"),
        ("cases", "[[case]]\nargv = 'a'\ndecision = 'allow'", "file.case[0].argv is no"),
        ("commands", "[[command]]\nrun = 'a'\nexpect.bypass = 'never'", "file.command[0].expect.bypass fits none of"),
        ("baseline", "[[accept]]\nid = 'FS-01'\nreason = 'r'", "file.accept[0].until is missing"),
        ("prices", "source = 'x'\n[models.a]\ninput = 1.0\ncached = 'x'\noutput = 1.0", "file.models.a.cached is no"),
        ("profile", "name = 'x'", "file.files is missing"),
        ("requirements-cases", "[[case]]\nname = 'x'\nfile.user_config = 'x'", "file.case[0].file is not known"),
    ] {
        let found = checked(kind, text);
        assert!(found.iter().any(|one| one.starts_with(about)), "{kind}: {text}: {found:?}");
    }
    for (kind, text) in [
        ("baseline", "[[accept]]\nid = 'FS-01'\nreason = 'r'\nuntil = 2030-01-01"),
        ("prices", "source = 'x'\n[models.a]\ninput = 1.0\ncached = 0.5\noutput = 1.0"),
    ] {
        assert_eq!(checked(kind, text), Vec::<String>::new());
    }
    // Each key of a profile, misspelt, is told of.
    let profile = fs::read_to_string(&shipped("profile")[0]).expect("read");
    for key in ["access", "refuse", "landlock", "read", "dev"] {
        let text = profile.replacen(&format!("\n{key} ="), &format!("\n{key}x ="), 1);
        assert_ne!(text, profile, "{key}");
        assert!(checked("profile", &text).len() >= 2, "{key}");
    }
}

#[test]
fn schemas_are_printed_listed_and_written() {
    let root = tempfile::tempdir().expect("a directory");
    let palisade = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_palisade");
        Command::new(program).arg("schema").args(args).current_dir(root.path()).output().expect("it starts")
    };
    assert_eq!(String::from_utf8_lossy(&palisade(&[]).stdout).lines().count(), kinds().count());
    let printed: Value = serde_json::from_slice(&palisade(&["cases"]).stdout).expect("json");
    assert_eq!(Some(&printed), schema("cases").as_ref());
    assert_eq!(palisade(&["--out-dir", "a/b"]).status.code(), Some(0));
    let text = fs::read_to_string(root.path().join("a/b/cases.schema.json")).expect("written");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("json"), printed);
    for args in [&["nothing"][..], &["--out-dir", "/proc/none"]] {
        let output = palisade(args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
    }
}
