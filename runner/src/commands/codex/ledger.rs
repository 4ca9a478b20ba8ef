//! What a run of Codex leaves in the ledger: its beginning before it starts, and every deed of it when it has ended.

use std::path::Path;

use serde_json::{Value, json};

use super::report::{Report, Row};
use crate::cli::ledger::BookArgs;
use crate::codex::asked::Asked;
use crate::codex::deed::What;
use crate::codex::outcome::Outcome;
use crate::commands::book::{Book, Habit, facts, hashes, palisade, requirements};
use crate::ledger::{Durability, Kind};

/// Begins the book of a run; `Err` is the status to end with.
pub(super) fn begin(
    args: &BookArgs,
    verb: &str,
    program: &Path,
    rules: &[std::path::PathBuf],
    cwd: &Path,
    more: &Value,
) -> Result<Option<Book>, u8> {
    let Some(mut book) = Book::begin(args, Habit::Keeps, Durability::Power)? else { return Ok(None) };
    let mut used = hashes("rules", rules.iter().map(std::path::PathBuf::as_path));
    used.extend(requirements());
    used.extend(hashes("codex", [program]));
    used.push(palisade());
    let mut more = more.clone();
    more["hashes"] = json!(used);
    book.add(Kind::Run, facts(verb, cwd, more));
    book.keep()
}

/// Ends it.
pub(super) fn end(book: Option<Book>, report: &Report, status: u8) {
    let Some(mut book) = book else { return };
    for row in &report.deeds {
        deed(&mut book, row);
    }
    for effect in &report.effects_besides {
        effected(&mut book, None, effect);
    }
    book.end(status);
}

fn deed(book: &mut Book, row: &Row) {
    let deed = &row.deed;
    let command = command(&deed.what);
    let outcome = crate::model::expect::class(&deed.outcome);
    book.add(
        Kind::Command,
        json!({
            "id": deed.id, "command": command, "tool": deed.tool, "as": known_as(&deed.what), "files": changed(&deed.what),
            "thread": deed.thread, "cwd": deed.cwd, "outcome": outcome, "exit": deed.outcome.exit(), "milliseconds": deed.milliseconds, "seen": deed.seen,
            "missing_from_events": deed.missing_from_events, "contradictions": deed.contradictions,
        }),
    );
    if let Some(judged) = &row.judgement {
        book.add(
            Kind::Verdict,
            json!({
                "id": deed.id, "command": command, "decision": judged.decision, "codex": judged.codex, "rules": judged.rules,
                "finding": judged.finding,
            }),
        );
    }
    if deed.outcome.refused() || matches!(deed.outcome, Outcome::SandboxDenied { .. }) {
        book.add(
            Kind::Denial,
            json!({ "id": deed.id, "command": command, "by": by(&deed.outcome), "why": deed.outcome.to_string() }),
        );
    }
    for effect in &deed.effects {
        effected(book, deed.id.as_deref(), effect);
    }
    if !deed.outcome.refused() {
        for path in changed(&deed.what) {
            book.add(Kind::Effect, json!({ "id": deed.id, "effect": "patched", "path": path }));
        }
    }
}

/// A change that was seen from outside: what, and of which file.
fn effected(book: &mut Book, id: Option<&str>, effect: &str) {
    let (what, path) = effect.split_once(' ').unwrap_or((effect, ""));
    book.add(Kind::Effect, json!({ "id": id, "effect": what, "path": path }));
}

/// The name that hooks and other agents have for what does such a thing, whatever the model called it.
fn known_as(what: &What) -> Option<&'static str> {
    match what {
        What::Command { .. } => Some("Bash"),
        What::Changed { .. } => Some("Edit"),
        What::Asked(asked) => match asked {
            Asked::Script { .. } | Asked::Words { .. } | Asked::Typed { .. } => Some("Bash"),
            Asked::Patch { .. } => Some("Edit"),
            Asked::Code { .. } | Asked::Unclear { .. } | Asked::Other { .. } => None,
        },
    }
}

/// Who denied.
pub(in crate::commands) fn by(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::PolicyRejected { .. } | Outcome::PromptRefused => "rules of codex",
        Outcome::DangerRejected => "list of dangerous commands of codex",
        Outcome::HookDenied { .. } => "hook",
        Outcome::ReviewerDenied => "reviewer",
        Outcome::SandboxDenied { .. } => "sandbox of codex",
        _ => "codex",
    }
}

fn command(what: &What) -> String {
    match what {
        What::Asked(Asked::Script { script }) => script.clone(),
        What::Asked(Asked::Words { argv }) | What::Command { argv } => crate::verdict_text::shell_words(argv),
        What::Asked(Asked::Patch { text } | Asked::Typed { text }) => text.clone(),
        What::Asked(Asked::Code { program }) => program.clone(),
        What::Asked(Asked::Unclear { arguments } | Asked::Other { arguments }) => arguments.to_string(),
        What::Changed { changes } => json!(changes).to_string(),
    }
}

fn changed(what: &What) -> Vec<String> {
    match what {
        What::Asked(asked) => asked.patched(),
        What::Changed { changes } => changes.iter().map(|change| change.path.clone()).collect(),
        What::Command { .. } => Vec::new(),
    }
}
