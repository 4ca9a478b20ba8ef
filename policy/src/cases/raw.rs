//! A case file as serde reads it, and the one step from there to valid cases.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{Case, CaseFile, Wanted, What};
use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::example;
use crate::source::{SourceId, Sources, Span};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawFile {
    /// Rule files, from the folder of this one [default: the one beside it, or all of the folder].
    #[schemars(with = "Option<Vec<String>>")]
    rules: Option<Vec<Spanned<String>>>,
    /// What a command gets that no rule matches [default: prompt].
    default: Option<Decision>,
    /// The cases.
    #[serde(default)]
    #[schemars(with = "Vec<RawCase>")]
    case: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCase {
    /// A command as it would be typed.
    #[schemars(with = "Option<String>")]
    command: Option<Spanned<String>>,
    /// A command, word by word.
    #[schemars(with = "Option<Vec<String>>")]
    argv: Option<Spanned<Vec<String>>>,
    /// Shell text.
    script: Option<String>,
    /// What is expected.
    decision: Decision,
    /// Which rule is to decide: the words of its pattern, `FILE:LINE`, or `default`.
    #[schemars(with = "Option<String>")]
    rule: Option<Spanned<String>>,
    /// Why; shown when it fails.
    note: Option<String>,
}

/// The JSON Schema of a case file, from the types that read it.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RawFile)
}

/// Reads the cases of a text.
///
/// # Errors
/// Everything that is wrong with it: syntax and types as TOML reports them (the first), or all cases that make no sense.
pub fn parse(sources: &Sources, source: SourceId) -> Result<CaseFile, Vec<Diagnostic>> {
    let text = sources.get(source).map_or("", |source| source.text.as_str());
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let range = error.span().unwrap_or(0..text.len().min(1));
        let message =
            error.message().trim().replace("unknown field", "unknown key").replace("unknown variant", "unknown word");
        vec![Diagnostic::error("case-syntax", message).at(span(source, range), "")]
    })?;
    let mut found = Vec::new();
    let mut cases = Vec::new();
    for raw in raw.case {
        let whole = span(source, raw.span());
        match case(raw.into_inner(), source, whole) {
            Ok(case) => cases.push(case),
            Err(wrong) => found.push(wrong),
        }
    }
    if cases.is_empty() && found.is_empty() {
        let wrong = Diagnostic::error("case-syntax", "the file has no case").at(span(source, 0..0), "");
        found.push(wrong.help("a case begins with `[[case]]` and has `command` and `decision`"));
    }
    let rules = raw.rules.map(|names| {
        names
            .into_iter()
            .map(|name| (span(source, name.span()), name))
            .map(|(at, name)| (name.into_inner(), at))
            .collect()
    });
    let default = raw.default.unwrap_or(Decision::Prompt);
    if found.is_empty() { Ok(CaseFile { rules, default, cases }) } else { Err(found) }
}

fn case(raw: RawCase, source: SourceId, at: Span) -> Result<Case, Diagnostic> {
    let wrong = |message: &str, at: Span, help: &str| Diagnostic::error("case-command", message).at(at, "").help(help);
    let what = match (raw.command, raw.argv, raw.script) {
        (Some(text), None, None) => {
            let place = span(source, text.span());
            let words = example::split(text.get_ref())
                .map_err(|why| wrong(why, place, "give the words one by one as `argv = [\"…\"]`"))?;
            What::Command(words)
        }
        (None, Some(argv), None) => {
            let place = span(source, argv.span());
            let words = argv.into_inner();
            if words.is_empty() {
                return Err(wrong("`argv` has no words", place, "its first word is the program"));
            }
            What::Command(words)
        }
        (None, None, Some(script)) => What::Script(script),
        (None, None, None) => {
            return Err(wrong("a case says nothing to judge", at, "add `command`, `argv` or `script`"));
        }
        _ => {
            return Err(wrong(
                "a case says more than one thing to judge",
                at,
                "keep one of `command`, `argv` and `script`",
            ));
        }
    };
    let rule = match raw.rule {
        Some(text) => Some(wanted(text.get_ref()).map_err(|why| {
            let help = "name the words of its pattern, `FILE:LINE`, or `default`";
            wrong(why, span(source, text.span()), help)
        })?),
        None => None,
    };
    Ok(Case { what, decision: raw.decision, rule, note: raw.note, at })
}

fn wanted(text: &str) -> Result<Wanted, &'static str> {
    if text == "default" {
        return Ok(Wanted::Default);
    }
    if let Some((file, line)) = text.rsplit_once(':')
        && let Ok(line) = line.parse()
        && !file.is_empty()
    {
        return Ok(Wanted::Place { file: file.to_owned(), line });
    }
    example::split(text).map(Wanted::Words).map_err(|_| "the rule is named by no words")
}

fn span(source: SourceId, range: Range<usize>) -> Span {
    let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: clamp(range.start), end: clamp(range.end) }
}
