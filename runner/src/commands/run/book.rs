//! What a run leaves in the ledger: verdict and beginning before the command starts, its end when it has ended.

use policy::verdict::Verdict;
use serde_json::{Value, json};

use super::words;
use crate::cli::RunArgs;
use crate::commands::book::{Book, Habit, facts, hashes, palisade};
use crate::launch::Launch;
use crate::ledger::{Durability, Kind};
use crate::outcome::Outcome;
use crate::verdict_text::shell_words;

/// Begins the book of a run, where one was asked for; `Err` is the status to end with.
pub(super) fn begin(args: &RunArgs, run: &Launch, verdict: &Verdict) -> Result<Option<Book>, u8> {
    if args.dry_run {
        return Ok(None);
    }
    let Some(mut book) = Book::begin(&args.book, Habit::Asked, Durability::Power)? else { return Ok(None) };
    let command = shell_words(&words(run));
    let mut used = hashes("rules", args.rules.iter().map(std::path::PathBuf::as_path));
    let profile = json!(run.profile).to_string();
    used.push(json!({ "kind": "profile", "path": null, "name": run.profile.name, "blake3": blake3::hash(profile.as_bytes()).to_hex().to_string() }));
    used.push(palisade());
    if let Some(program) = program(run) {
        used.extend(hashes("program", [program.as_path()]));
    }
    let more =
        json!({ "mode": run.profile.name, "backend": run.backend.to_string(), "command": command, "hashes": used });
    book.add(Kind::Run, facts("run", &run.cwd, more));
    book.add(Kind::Verdict, json!({ "command": command, "decision": verdict.decision(), "reasons": verdict }));
    book.keep()
}

/// The file that the command names, or that the search of PATH gives.
fn program(run: &Launch) -> Option<std::path::PathBuf> {
    let name = std::path::PathBuf::from(run.argv.first()?);
    if name.components().count() > 1 {
        return Some(run.cwd.join(name));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// It was refused and did not run.
pub(super) fn refused(book: Option<&mut Book>, run: &Launch, why: &str) {
    let Some(book) = book else { return };
    book.add(Kind::Denial, json!({ "command": shell_words(&words(run)), "by": "policy", "why": why }));
    book.end(crate::exit::REFUSED);
}

/// It has ended.
pub(super) fn ended(
    book: Option<&mut Book>,
    run: &Launch,
    outcome: &Outcome,
    denied: Option<&str>,
    guard: Option<Value>,
) {
    let Some(book) = book else { return };
    let command = shell_words(&words(run));
    let status = outcome.status();
    book.add(
        Kind::Command,
        json!({ "command": command, "cwd": run.cwd.to_string_lossy(), "outcome": outcome.to_string(), "exit": status, "guard": guard }),
    );
    if let Some(denied) = denied {
        book.add(Kind::Denial, json!({ "command": command, "by": "sandbox (likely)", "why": denied }));
    }
    book.end(status);
}
