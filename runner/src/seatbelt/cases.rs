//! Cases: what a profile should decide, one JSON object a line, run against the simulator.
//!
//! A case gives a profile as text, or Codex's settings as `mode`, or neither where a profile is given to all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use policy::diagnostic::Diagnostic;
use policy::seatbelt::{Query, address, decide};
use policy::source::{Source, SourceId, Span};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::refused;
use super::generate::from_settings::Settings;
use super::generate::{Layout, generate};
use super::read;

/// How the cases of a file are run.
pub struct Options<'a> {
    /// The profile of cases that have none of their own.
    pub profile: Option<&'a Source>,
    /// Its parameters; a case's own come on top.
    pub parameters: &'a BTreeMap<String, String>,
    /// Where imports are.
    pub imports: &'a [PathBuf],
    /// The shape of profiles that are made from settings.
    pub layout: Layout,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    profile: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, String>,
    mode: Option<Settings>,
    op: String,
    #[serde(default)]
    arg: serde_json::Map<String, Value>,
    expect: Expected,
    decided_by: Option<String>,
    rule: Option<usize>,
    modifiers: Option<Vec<String>>,
    resolved: Option<String>,
    traversal: Option<Vec<(String, String, String)>>,
    #[serde(rename = "confidence")]
    _confidence: Option<String>,
    #[serde(default)]
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Allow,
    Deny,
    #[serde(alias = "unknown")]
    Undetermined,
    Rejected,
    Unsupported,
    Unsandboxed,
}

impl Expected {
    const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Undetermined => "unknown",
            Self::Rejected => "rejected",
            Self::Unsupported => "unsupported",
            Self::Unsandboxed => "unsandboxed",
        }
    }
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Its name.
    pub id: String,
    /// The line of the file it stands on, from 1.
    pub line: usize,
    /// Whether it is as expected.
    pub passed: bool,
    /// What was expected.
    pub expected: String,
    /// What the simulator decides.
    pub actual: String,
    /// Everything that differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What the case is for.
    pub why: String,
}

/// Runs every case of a file.
///
/// # Errors
/// The first line that is no case, with its place.
pub fn run(file: &Source, options: &Options<'_>) -> Result<Vec<CaseResult>, Box<Diagnostic>> {
    let mut results = Vec::new();
    let mut start = 0;
    for (at, line) in file.text.split('\n').enumerate() {
        let here = start;
        start += line.len() + 1;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |message: String, column: usize| {
            let from = u32::try_from(here + column.saturating_sub(1)).unwrap_or(u32::MAX);
            let span = Span { source: SourceId(0), start: from, end: from.saturating_add(1) };
            Box::new(
                Diagnostic::error("seatbelt-case", message)
                    .at(span, "")
                    .help("one JSON object a line: `palisade seatbelt test --help` shows one"),
            )
        };
        let case: Case = serde_json::from_str(line).map_err(|error| {
            let message = error.to_string();
            let what = message.split(" at line ").next().unwrap_or_default();
            wrong(format!("this line is no case: {what}"), error.column())
        })?;
        results.push(one(&case, at + 1, options).map_err(|why| wrong(format!("case `{}`: {why}", case.id), 1))?);
    }
    Ok(results)
}

/// What became of a case.
#[derive(Default)]
struct Actual {
    word: String,
    decided_by: Option<&'static str>,
    rule: Option<usize>,
    modifiers: Vec<String>,
    resolved: Option<String>,
    traversal: Vec<(String, String, String)>,
    why: Option<String>,
}

fn one(case: &Case, line: usize, options: &Options<'_>) -> Result<CaseResult, String> {
    let actual = simulate(case, options)?;
    let mut problems = Vec::new();
    let mut differ = |what: &str, expected: String, actual: String| {
        if expected != actual {
            problems.push(format!("{what}: expected {expected}, got {actual}"));
        }
    };
    differ("decision", case.expect.word().to_owned(), actual.word.clone());
    if let Some(by) = &case.decided_by {
        differ("decided by", by.clone(), actual.decided_by.unwrap_or("nothing").to_owned());
    }
    if let Some(rule) = case.rule {
        differ("rule", rule.to_string(), actual.rule.map_or_else(|| "none".into(), |rule| rule.to_string()));
    }
    if let Some(modifiers) = &case.modifiers {
        differ("modifiers", modifiers.join(", "), actual.modifiers.join(", "));
    }
    if let Some(resolved) = &case.resolved {
        differ("resolved", resolved.clone(), actual.resolved.clone().unwrap_or_default());
    }
    if let Some(traversal) = &case.traversal {
        differ("traversal", format!("{traversal:?}"), format!("{:?}", actual.traversal));
    }
    if let Some(why) = actual.why.filter(|_| !problems.is_empty()) {
        problems.push(why);
    }
    Ok(CaseResult {
        id: case.id.clone(),
        line,
        passed: problems.is_empty(),
        expected: case.expect.word().to_owned(),
        actual: actual.word,
        problems,
        why: case.why.clone(),
    })
}

fn simulate(case: &Case, options: &Options<'_>) -> Result<Actual, String> {
    let mut parameters = options.parameters.clone();
    parameters.extend(case.params.clone());
    let source = match (&case.profile, &case.mode, options.profile) {
        (Some(_), Some(_), _) => return Err("it has both a `profile` and a `mode`".into()),
        (Some(text), None, _) => Source { name: case.id.clone(), text: text.clone() },
        (None, Some(settings), _) => match settings.wanted() {
            None => return Ok(Actual { word: "unsandboxed".into(), ..Actual::default() }),
            Some(wanted) => {
                let generated = generate(&wanted, options.layout)?;
                parameters = generated.parameters.into_iter().collect();
                Source { name: case.id.clone(), text: generated.text }
            }
        },
        (None, None, Some(source)) => source.clone(),
        (None, None, None) => {
            return Err("it has neither a `profile` nor a `mode`, and no profile is given for all".into());
        }
    };
    let (query, links) = query(case)?;
    let loaded = read::profile(source, &parameters, options.imports);
    let profile = match loaded.profile {
        Ok(profile) => profile,
        Err(why) => {
            let at = why.found.labels.first().map(|label| format!("{}: ", loaded.sources.place(label.span)));
            return Ok(Actual {
                word: refused(why.by).into(),
                why: Some(format!("{}{}", at.unwrap_or_default(), why.found.message)),
                ..Actual::default()
            });
        }
    };
    let verdict = decide(&profile, &query, links.as_ref());
    let rule = verdict.decided.and_then(|decided| decided.rule).and_then(|rule| profile.rule(rule));
    Ok(Actual {
        word: verdict.outcome.to_string(),
        decided_by: verdict.decided.map(|decided| decided.by.name()),
        rule: rule.map(|rule| rule.number),
        modifiers: rule
            .map_or_else(Vec::new, |rule| rule.modifiers.iter().map(|modifier| modifier.name.clone()).collect()),
        resolved: verdict.resolved.as_ref().map(|resolved| resolved.path.clone()),
        traversal: verdict
            .traversal
            .iter()
            .map(|(link, read)| ("file-read-metadata".to_owned(), link.clone(), read.to_string()))
            .collect(),
        why: match (rule, verdict.missing.first()) {
            (Some(rule), _) => Some(format!("by {}", loaded.sources.place(rule.span))),
            (None, Some(missing)) => Some(format!("not known: {missing}")),
            (None, None) => None,
        },
    })
}

/// The question of a case, and the links to be followed first if it asks for that.
fn query(case: &Case) -> Result<(Query, Option<BTreeMap<String, String>>), String> {
    let mut query = Query::new(&case.op)?;
    let mut links = BTreeMap::new();
    let mut follow = false;
    for (name, value) in &case.arg {
        match (name.as_str(), value) {
            ("resolve", Value::Bool(wanted)) => follow = *wanted,
            ("symlinks", Value::Object(given)) => {
                for (link, target) in given {
                    let target = target.as_str().ok_or("`symlinks` maps paths to paths")?;
                    links.insert(link.clone(), target.to_owned());
                }
            }
            ("extensions", Value::Array(classes)) => {
                for class in classes {
                    query.tell("extension", class.as_str().ok_or("`extensions` lists classes")?)?;
                }
            }
            ("local" | "remote", Value::Object(end)) => {
                let text = |key: &str| end.get(key).and_then(Value::as_str);
                let end = match (text("unix"), text("ip")) {
                    (Some(path), None) => {
                        query.tell(name, &format!("unix:{path}"))?;
                        continue;
                    }
                    (None, Some(ip)) => {
                        let port = end.get("port").and_then(Value::as_u64).map(u16::try_from).transpose();
                        address(ip, port.map_err(|_| "a port is at most 65535")?, text("proto"))?
                    }
                    _ => return Err(format!("`{name}` has either `ip` or `unix`")),
                };
                if name == "local" { query.local = Some(end) } else { query.remote = Some(end) }
            }
            (name, Value::String(text)) => query.tell(name, text)?,
            (name, Value::Number(number)) => query.tell(name, &number.to_string())?,
            (name, _) => return Err(format!("`{name}` is no fact, or has no such value")),
        }
    }
    Ok((query, follow.then_some(links)))
}
