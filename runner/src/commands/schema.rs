//! `palisade schema`: JSON Schemas of the TOML files that palisade reads, for editors.
//!
//! They are derived from the types that read the files, so they cannot fall behind; what a schema cannot say, such as which of
//! two keys is left out, the verb that reads the file says.

use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use schemars::Schema;
use serde_json::Value;

use super::sandbox::{complain, print, say};
use crate::cli::SchemaArgs;
use crate::{codex, compare, exit, verify};

/// A kind of file: its name, what it is, and its schema.
type Kind = (&'static str, &'static str, fn() -> Schema);

/// Every kind, sorted by name.
const KINDS: &[Kind] = &[
    ("baseline", "known findings: verify --baseline FILE", verify::baseline::schema),
    ("cases", "cases beside rules: NAME.cases.toml, palisade test", policy::cases::schema),
    ("commands", "commands to compare: compare --file FILE.toml", compare::list::schema),
    ("prices", "prices of models: codex show --prices FILE", price),
    ("profile", "what a command may touch: run --profile FILE", policy::profile::schema),
    ("requirements-cases", "cases of requirements: requirements test FILE", super::requirements::schema_of_cases),
];

fn price() -> Schema {
    schemars::schema_for!(codex::price::Prices)
}

/// The names of the kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, ..)| *name)
}

/// The schema of a kind.
#[must_use]
pub fn schema(kind: &str) -> Option<Value> {
    let (name, what, schema) = KINDS.iter().find(|(name, ..)| *name == kind)?;
    let mut schema = schema();
    schema.insert("title".to_owned(), format!("palisade {name}").into());
    schema.insert("description".to_owned(), (*what).into());
    let mut value = schema.to_value();
    without_null(&mut value);
    Some(value)
}

/// TOML has no null: what may be left out is of its type where it is there.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(kinds)) = object.get_mut("type") {
                kinds.retain(|kind| kind != "null");
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(all) => all.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Prints a schema, writes all of them, or lists the kinds.
pub(super) fn main(args: &SchemaArgs) -> u8 {
    if let Some(directory) = &args.out_dir {
        return write_all(directory);
    }
    let Some(kind) = &args.kind else {
        let width = kinds().map(str::len).max().unwrap_or_default();
        let list: String = KINDS.iter().map(|(name, what, _)| format!("{name:width$}  {what}\n")).collect();
        print(&list);
        return exit::OK;
    };
    match schema(kind) {
        Some(schema) => {
            print(&written(&schema));
            exit::OK
        }
        None => {
            let names: Vec<&str> = kinds().collect();
            let wrong = Diagnostic::error("usage", format!("there is no kind of file called `{kind}`"));
            complain(&[wrong.help(format!("the kinds are {}", names.join(", ")))], &Sources::default());
            exit::USAGE
        }
    }
}

fn written(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

fn write_all(directory: &Path) -> u8 {
    let all = || {
        std::fs::create_dir_all(directory)?;
        for kind in kinds() {
            let path = directory.join(format!("{kind}.schema.json"));
            std::fs::write(&path, written(&schema(kind).unwrap_or_default()))?;
            say(format_args!("wrote {}", path.display()));
        }
        Ok::<(), std::io::Error>(())
    };
    match all() {
        Ok(()) => exit::OK,
        Err(error) => {
            let wrong = Diagnostic::error("usage", format!("`{}` cannot be written: {error}", directory.display()));
            complain(&[wrong], &Sources::default());
            exit::USAGE
        }
    }
}
