//! The engine's errors as diagnostics: a class, a place, and words for people who never see the engine.
//!
//! The engine has one kind for many things, so part of the class is read from its wording; the version is pinned, and
//! the recorded cases go red when the wording moves.

use starlark::{Error, ErrorKind};

use super::Limits;
use super::collector::TOLD;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// What was going on when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Parsing,
    Running,
}

/// Whether the finding behind this error is already in the collector.
pub(super) fn is_told(error: &Error) -> bool {
    error.without_diagnostic().to_string().contains(TOLD)
}

/// A text that is nested too deeply.
pub(super) fn too_deep(source: SourceId, at: usize, limit: usize) -> Diagnostic {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    Diagnostic::error("nesting-too-deep", format!("the text is nested more than {limit} levels deep"))
        .at(Span { source, start, end: start.saturating_add(1) }, "too deep from here on")
        .help("brackets, chained operators and calls, lambdas, indentation and `elif` each count as levels")
}

/// The diagnostic for an error of the engine.
pub(super) fn diagnostic(error: &Error, source: SourceId, limits: &Limits, stage: Stage) -> Diagnostic {
    let said = error.without_diagnostic().to_string();
    let code = class(error.kind(), &said, stage);
    let (message, help) = words(code, &said, limits);
    let mut found = Diagnostic::error(code, message);
    let place = |span: starlark::codemap::Span| Span { source, start: span.begin().get(), end: span.end().get() };
    if let Some(span) = error.span() {
        found = found.at(place(span.span), "");
    }
    // A deep recursion is told by its first and last calls.
    let calls: Vec<Span> =
        error.call_stack().frames.iter().rev().filter_map(|frame| Some(place(frame.location.as_ref()?.span))).collect();
    let mut last = found.labels.first().map(|label| label.span);
    for (at, call) in calls.iter().enumerate() {
        if last != Some(*call) && (at < 4 || at + 2 > calls.len()) {
            found = found.at(*call, if last.is_none() { "" } else { "called from here" });
        }
        last = Some(*call);
    }
    if found.labels.is_empty() {
        found = found.at(Span { source, start: 0, end: 0 }, "");
    }
    match help {
        Some(help) => found.help(help),
        None => found,
    }
}

fn class(kind: &ErrorKind, said: &str, stage: Stage) -> &'static str {
    match kind {
        ErrorKind::Fail(_) => return "user-fail",
        ErrorKind::StackOverflow(_) => return "recursion-limit",
        _ if said.contains("repeated named argument") => return "arg-duplicate",
        _ if stage == Stage::Parsing => return "syntax",
        _ => {}
    }
    let has = |text: &str| said.contains(text);
    if has("Heap memory limit") {
        "too-much-memory"
    } else if has("Execution duration limit") {
        "too-many-steps"
    } else if has("No imports are available") {
        "load-unavailable"
    } else if has("Type of parameter `") {
        "arg-type"
    } else if has("Missing parameter `") {
        "arg-missing"
    } else if has("extra named parameter") {
        "arg-unknown"
    } else if has("extra positional argument") {
        "arg-extra-positional"
    } else if has("occurs more than once") {
        "arg-duplicate"
    } else if has("not allowed in this dialect")
        || has("cannot be used outside")
        || has("unparenthesized tuple")
        || has("Parse error:")
        || has("Invalid format:")
        || has("Not a valid identifier")
    {
        "syntax"
    } else if has("Variable `") && has("not found") {
        "unknown-name"
    } else {
        "eval"
    }
}

fn words(code: &str, said: &str, limits: &Limits) -> (String, Option<String>) {
    let said = said.lines().next().unwrap_or("").trim().trim_end_matches('.');
    let said = said.strip_prefix("Parse error: ").unwrap_or(said);
    match code {
        "too-much-memory" => (
            format!("the rule file needs more than {} MiB of memory", limits.heap >> 20),
            Some("the place is where it was noticed, a little after the memory was taken".to_owned()),
        ),
        "too-many-steps" => (
            format!("the rule file takes more than {} steps", limits.steps),
            Some("a step is a call or a turn of a loop; write the rules out, or compute less".to_owned()),
        ),
        "recursion-limit" => (
            format!("functions call each other more than {} levels deep", limits.call_depth),
            Some("the limit is Codex's own; use a loop".to_owned()),
        ),
        "load-unavailable" => (
            "a rule file cannot load another".to_owned(),
            Some("give all files to the command; their rules are joined".to_owned()),
        ),
        "user-fail" => (format!("the rule file says: {}", said.strip_prefix("fail:").unwrap_or(said).trim()), None),
        _ => (lowered(said), None),
    }
}

/// The engine's sentence as ours are written: the first letter lowered unless it begins a name.
fn lowered(said: &str) -> String {
    let mut letters = said.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(said.chars().skip(1)).collect()
        }
        _ => said.to_owned(),
    }
}
