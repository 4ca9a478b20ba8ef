//! A run where there are no plans of steps: what nothing is to confine, or a word about the backend that confines it.

use policy::decision::Decision;
use policy::verdict::Consent;
use serde_json::json;

use super::{book, judge, words};
use crate::backend::Backend;
use crate::cli::RunArgs;
use crate::commands::as_codex::AsCodex;
use crate::commands::sandbox::{print, say};
use crate::exit;
use crate::host::Host;
use crate::launch::{Launch, launch};
use crate::outcome::Outcome;

/// Judges and runs, where nothing is to be confined; gives the exit status.
pub(super) fn main(args: &RunArgs, run: &Launch, codex: Option<&AsCodex>, _names: &[String]) -> u8 {
    if args.guard.wanted() {
        say(
            "`--guard`, `--record` and `--denials` trace as Linux does; with `--backend seatbelt` the system log tells of denials",
        );
        return exit::USAGE;
    }
    if run.backend != Backend::None {
        say(format_args!("the backend {} is Linux's, nothing ran; `--backend seatbelt` confines here", run.backend));
        return exit::SETUP;
    }
    let Some(plan) = super::planned(run, &Host::here()) else { return exit::SETUP };
    let judged = match judge(args, run, codex) {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    if args.dry_run {
        print(&format!("{}\n{}, {}\n{plan}", judged.text, plan.profile, run.backend));
        return if judged.verdict.permit(Consent::Yes).is_some() { exit::OK } else { exit::REFUSED };
    }
    let mut book = match book::begin(args, run, &judged.verdict) {
        Ok(book) => book,
        Err(status) => return status,
    };
    let Some(permit) = judged.verdict.permit(judged.consent()) else {
        let why = match judged.verdict.decision() {
            Decision::Prompt => "nobody agreed (a verdict to ask needs a terminal and a yes), nothing ran",
            _ => "refused by policy, nothing ran",
        };
        say(format_args!("{why}\n{}", judged.text.trim_end()));
        book::refused(book.as_mut(), run, why);
        return exit::REFUSED;
    };
    let outcome = launch(permit, run, &plan);
    if !matches!(outcome, Outcome::Exited { .. } | Outcome::Signalled { .. }) {
        say(&outcome);
    }
    if let Some(path) = &args.report {
        let mut report = json!({ "command": words(run), "verdict": judged.verdict, "plan": plan, "outcome": outcome });
        if let Some(codex) = codex {
            report["as_codex"] = codex.report();
        }
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    book::ended(book.as_mut(), run, &outcome, None, None);
    outcome.status()
}
