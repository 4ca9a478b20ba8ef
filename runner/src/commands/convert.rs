//! `palisade convert`: policies of other tools as rules, and rules as permissions of Claude Code.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

use policy::convert::{self, Became, Converted, Format};
use policy::diagnostic::{Diagnostic, Severity};
use policy::load::{Banned, File, Language};
use policy::source::{Place, Source, Sources};
use serde::Serialize;

use super::sandbox::{complain, print, say};
use crate::cli::{Compat, ConvertArgs, ConvertFormat, ConvertFrom};
use crate::{exit, files, wall};

const INPUT: &str = "(standard input)";

/// Converts the file named and tells what is not the same.
pub(super) fn main(args: &ConvertArgs) -> u8 {
    let from = match args.from.or_else(|| by_name(&args.file)) {
        Some(from) => from,
        None => {
            let message = format!("what `{}` is written for cannot be told by its name", args.file.display());
            return refuse(&[
                Diagnostic::error("usage", message).help("`--from` says it: claude, gemini, sudoers or rules")
            ]);
        }
    };
    let (converted, sources) = match converted(args, from) {
        Ok(answer) => answer,
        Err((found, sources)) => {
            complain(&found, &sources);
            return exit::USAGE;
        }
    };
    if from != ConvertFrom::Rules
        && let Some(wrong) = does_not_load(&converted)
    {
        return refuse(&[wrong]);
    }
    let less = converted.told.iter().any(|one| one.became > Became::Note);
    match (args.format, &args.output) {
        (ConvertFormat::Json, output) => {
            let text = json(&converted, &sources);
            if let Some(status) = written(output.as_deref(), &text) {
                return status;
            }
        }
        (ConvertFormat::Text, output) => {
            complain(&diagnostics(&converted), &sources);
            if let Some(status) = written(output.as_deref(), &converted.text) {
                return status;
            }
            let count = |became| converted.told.iter().filter(|one| one.became == became).count();
            let (stricter, left_out) = (count(Became::Stricter), count(Became::LeftOut));
            say(format_args!(
                "{} lines as they were; {stricter} findings stricter, {left_out} left out",
                converted.exact
            ));
        }
    }
    if less { exit::FINDINGS } else { exit::OK }
}

fn refuse(wrong: &[Diagnostic]) -> u8 {
    complain(wrong, &Sources::default());
    exit::USAGE
}

/// Writes the result; a status where that fails. What is there is not written over.
fn written(output: Option<&Path>, text: &str) -> Option<u8> {
    let Some(path) = output else {
        print(text);
        return None;
    };
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => None,
        Err(error) => {
            let message = format!("`{}` cannot be written: {error}", path.display());
            Some(refuse(&[Diagnostic::error("usage", message).help("`--output` names a file that is not there yet")]))
        }
    }
}

fn by_name(path: &Path) -> Option<ConvertFrom> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    match path.extension().and_then(|kind| kind.to_str()) {
        Some("json") => Some(ConvertFrom::Claude),
        Some("toml") => Some(ConvertFrom::Gemini),
        Some("rules") => Some(ConvertFrom::Rules),
        _ if name.contains("sudoers") || folder == Some("sudoers.d") => Some(ConvertFrom::Sudoers),
        _ if path.is_dir() => Some(ConvertFrom::Rules),
        _ => None,
    }
}

type Answer = Result<(Converted, Sources), (Vec<Diagnostic>, Sources)>;

fn converted(args: &ConvertArgs, from: ConvertFrom) -> Answer {
    let unread = |wrong: Diagnostic| (vec![wrong], Sources::default());
    let texts = if args.file == Path::new("-") {
        vec![File { name: INPUT.to_owned(), text: input() }]
    } else if from == ConvertFrom::Rules {
        files::texts(&args.file).map_err(unread)?
    } else {
        vec![files::read(&args.file)]
    };
    let format = match from {
        ConvertFrom::Claude => Format::Claude,
        ConvertFrom::Gemini => Format::Gemini,
        ConvertFrom::Sudoers => Format::Sudoers,
        ConvertFrom::Rules => {
            let banned = super::banned(args.accept_banned);
            let rules = files::load_files(texts, Language::Extended, banned)
                .map_err(|refusal| (refusal.diagnostics, refusal.sources))?;
            return Ok((convert::to_claude(&rules.set), rules.sources));
        }
    };
    let mut sources = Sources::default();
    let Some(File { name, text }) = texts.into_iter().next() else { return Ok((empty(), sources)) };
    let id = sources.add(Source { name, text: text.map_err(unread)? });
    let options = convert::Options {
        only_codex: args.compat == Compat::Codex,
        accept_banned: args.accept_banned,
        users: args.users.clone(),
        host: args.host.clone(),
    };
    match convert::to_rules(format, &sources, id, &options) {
        Ok(converted) => Ok((converted, sources)),
        Err(found) => Err((found, sources)),
    }
}

fn empty() -> Converted {
    Converted { text: String::new(), told: Vec::new(), exact: 0 }
}

fn input() -> Result<String, Diagnostic> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(64 << 20).read_to_string(&mut text);
    read.map(|_| text)
        .map_err(|error| Diagnostic::error("read-other", format!("standard input cannot be read: {error}")))
}

/// What is wrong with rules that were made here, which would be a defect.
fn does_not_load(converted: &Converted) -> Option<Diagnostic> {
    let file = File { name: "(the rules made)".to_owned(), text: Ok(converted.text.clone()) };
    let loaded = wall::load(vec![file], Language::Extended, Banned::Refuse, "/", None);
    let first = loaded.diagnostics.into_iter().find(|found| found.severity == Severity::Error)?;
    let message = format!("the rules that were made do not load, so they are not written: {}", first.message);
    Some(Diagnostic::error("convert-syntax", message).help("this is a defect of palisade"))
}

const fn code(became: Became) -> &'static str {
    match became {
        Became::Note => "note",
        Became::Stricter => "stricter",
        Became::LeftOut => "left-out",
    }
}

fn diagnostics(converted: &Converted) -> Vec<Diagnostic> {
    let told = converted.told.iter();
    told.map(|one| {
        let found = Diagnostic::error(code(one.became), one.message.clone()).at(one.at, "");
        let severity = if one.became == Became::Note { Severity::Note } else { Severity::Warning };
        Diagnostic { severity, ..found }
    })
    .collect()
}

/// `--format json`.
#[derive(Debug, Serialize)]
struct JsonAnswer<'a> {
    /// The rules, or the settings.
    text: &'a str,
    /// How many lines became what they were.
    exact: usize,
    /// What is not the same.
    told: Vec<JsonTold<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonTold<'a> {
    became: Became,
    #[serde(flatten)]
    place: Place,
    message: &'a str,
}

fn json(converted: &Converted, sources: &Sources) -> String {
    let told = converted.told.iter().map(|one| JsonTold {
        became: one.became,
        place: sources.place(one.at),
        message: &one.message,
    });
    let answer = JsonAnswer { text: &converted.text, exact: converted.exact, told: told.collect() };
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    text
}
