//! Which commands are compared: from arguments, from lines, from TOML, or the demonstration that is built in.

use std::collections::BTreeSet;
use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::source::{Source, SourceId, Sources, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::refused::Refused;

/// The demonstration.
const DEMONSTRATION: &str = include_str!("demonstration.toml");

/// One command to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the report.
    pub name: String,
    /// Its words.
    pub argv: Vec<String>,
    /// The act that full-auto should deny, in words.
    pub denies: Option<String>,
    /// What should come out.
    pub expect: Expect,
}

/// What should come out on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Under full-auto.
    pub full_auto: Option<Fate>,
    /// Under bypass.
    pub bypass: Option<Fate>,
}

/// What became of a command's act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It happened.
    Permitted,
    /// It did not, or not all of it.
    Denied,
}

impl std::fmt::Display for Fate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Permitted => "permitted",
            Self::Denied => "denied",
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawList {
    /// The commands.
    #[serde(default)]
    #[schemars(with = "Vec<RawEntry>")]
    command: Vec<Spanned<RawEntry>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    /// Its name in the report [default: its text].
    #[schemars(with = "Option<String>")]
    name: Option<Spanned<String>>,
    /// Shell text.
    run: Option<String>,
    /// A command, word by word.
    #[schemars(with = "Option<Vec<String>>")]
    argv: Option<Spanned<Vec<String>>>,
    /// The act that full-auto should deny, in words.
    denies: Option<String>,
    /// What should come out.
    #[serde(default)]
    expect: Expect,
}

/// The JSON Schema of a list of commands, from the types that read it.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RawList)
}

/// The demonstration that is built in.
///
/// # Errors
/// Never as shipped; a test reads it.
pub fn demonstration() -> Result<Vec<Entry>, Refused> {
    from_toml(Source { name: "demonstration.toml".into(), text: DEMONSTRATION.into() })
}

/// One command per argument, each run by `sh -c`.
#[must_use]
pub fn from_arguments(texts: &[String]) -> Vec<Entry> {
    texts.iter().map(|text| shell(text)).collect()
}

/// The commands of a file: TOML when it is named so, else one per line.
///
/// # Errors
/// A file that cannot be read, or what is wrong with its content.
pub fn from_file(path: &Path) -> Result<Vec<Entry>, Refused> {
    let name = path.display().to_string();
    let refused = |why: String, help: &str| Refused {
        found: vec![Diagnostic::error("list-read", format!("the list `{name}` cannot be read: {why}")).help(help)],
        sources: Sources::default(),
    };
    let bytes = std::fs::read(path)
        .map_err(|error| refused(error.to_string(), "name a file with one command per line, or TOML"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        refused(format!("it is not UTF-8 (byte {})", error.utf8_error().valid_up_to()), "save the file as UTF-8")
    })?;
    let entries = if path.extension().is_some_and(|kind| kind == "toml") {
        from_toml(Source { name: name.clone(), text })?
    } else {
        from_lines(&text)
    };
    if entries.is_empty() {
        return Err(refused(
            "it holds no command".into(),
            "write one command per line; lines that begin with # do not count",
        ));
    }
    Ok(entries)
}

fn from_lines(text: &str) -> Vec<Entry> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(shell).collect()
}

fn shell(text: &str) -> Entry {
    Entry {
        name: text.lines().next().unwrap_or_default().to_owned(),
        argv: ["sh", "-c", text].map(str::to_owned).to_vec(),
        denies: None,
        expect: Expect::default(),
    }
}

/// The commands of a TOML text.
fn from_toml(source: Source) -> Result<Vec<Entry>, Refused> {
    let mut sources = Sources::default();
    let text = source.text.clone();
    let id = sources.add(source);
    let raw: RawList = match toml::from_str(&text) {
        Ok(raw) => raw,
        Err(error) => return Err(Refused { found: vec![syntax(&error, id, &text)], sources }),
    };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    let mut entries = Vec::new();
    for raw in raw.command {
        let span = span(id, raw.span());
        match entry(raw.into_inner(), id, span) {
            Ok(entry) => {
                if !names.insert(entry.name.clone()) {
                    let message = format!("the name `{}` is given twice", entry.name);
                    found.push(Diagnostic::error("list-name", message).at(span, ""));
                }
                entries.push(entry);
            }
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    if found.is_empty() { Ok(entries) } else { Err(Refused { found, sources }) }
}

fn entry(raw: RawEntry, id: SourceId, whole: Span) -> Result<Entry, Diagnostic> {
    let wrong = |message: &str, at: Span, help: &str| Diagnostic::error("list-command", message).at(at, "").help(help);
    let argv = match (raw.run, raw.argv) {
        (Some(text), None) => ["sh", "-c", &text].map(str::to_owned).to_vec(),
        (None, Some(argv)) => {
            let at = span(id, argv.span());
            let argv = argv.into_inner();
            if argv.first().is_none_or(String::is_empty) {
                return Err(wrong("`argv` names no program", at, "its first word is the program"));
            }
            argv
        }
        (Some(_), Some(_)) => return Err(wrong("both `run` and `argv` are given", whole, "keep one of them")),
        (None, None) => {
            let help = "`run` holds shell text, `argv` a list of words";
            return Err(wrong("neither `run` nor `argv` is given", whole, help));
        }
    };
    let name = match raw.name {
        Some(name) if name.get_ref().trim().is_empty() => {
            return Err(wrong("the name is empty", span(id, name.span()), "leave it out, or write one"));
        }
        Some(name) => name.into_inner(),
        None => argv.last().cloned().unwrap_or_default(),
    };
    Ok(Entry { name, argv, denies: raw.denies, expect: raw.expect })
}

fn span(source: SourceId, range: std::ops::Range<usize>) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32 }
}

fn syntax(error: &toml::de::Error, source: SourceId, text: &str) -> Diagnostic {
    let message = error.message().trim();
    let at = span(source, error.span().unwrap_or(0..text.len().min(1)));
    match message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        Some((key, known)) => {
            let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            Diagnostic::error("list-unknown-key", format!("unknown key `{key}`; what it asks for would not be checked"))
                .at(at, "")
                .help(format!("known keys here: {}", names.join(", ")))
        }
        None => Diagnostic::error("list-syntax", message).at(at, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let refused = from_toml(Source { name: "list.toml".into(), text: text.into() }).unwrap_err();
        refused
            .found
            .iter()
            .map(|found| {
                let place = refused.sources.place(found.labels[0].span);
                format!("{}:{}: {}", place.line, place.column, found.message)
            })
            .collect()
    }

    #[test]
    fn the_demonstration_can_be_read_and_says_what_each_command_should_do() {
        let entries = demonstration().unwrap();
        assert!(entries.len() >= 25, "{}", entries.len());
        for entry in entries {
            assert!(entry.expect.full_auto.is_some() && entry.expect.bypass.is_some(), "{}", entry.name);
        }
    }

    #[test]
    fn mistakes_are_answered_with_their_place() {
        assert_eq!(
            messages("[[command]]\nrun = \"true\"\ndenied = \"x\"\n"),
            ["3:1: unknown key `denied`; what it asks for would not be checked"]
        );
        assert_eq!(messages("[[command]]\nname = \"x\"\n"), ["1:1: neither `run` nor `argv` is given"]);
        assert_eq!(messages("[[command]]\nargv = []\n"), ["2:8: `argv` names no program"]);
    }

    #[test]
    fn comments_and_empty_lines_are_no_commands() {
        let entries = from_lines("# a comment\n\necho one\n  echo two\n");
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["echo one", "echo two"]);
    }
}
