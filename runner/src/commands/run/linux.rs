//! A run on Linux: a plan of steps, the guard, denials, the ledger.

use std::io::Write;

use policy::decision::Decision;
use policy::profile::CallGroup;
use policy::ruleset::RuleSet;
use policy::verdict::Consent;
use serde_json::json;

use super::{Judged, book, default, judge, planned, words};
use crate::ablation;
use crate::backend::linux::calls::SYSCALL_GROUPS;
use crate::cli::RunArgs;
use crate::commands::as_codex::AsCodex;
use crate::commands::sandbox::{print, say};
use crate::denial;
use crate::denials::Denials;
use crate::exit;
use crate::guard::{Guard, Settings};
use crate::host::Host;
use crate::launch::{Launch, launch, namespaces_refused};
use crate::outcome::Outcome;
use crate::plan::{Plan, Tolerance};

/// Judges, plans, runs; gives the exit status.
pub(super) fn main(args: &RunArgs, run: &Launch, codex: Option<&AsCodex>, names: &[String]) -> u8 {
    let mut judged = match judge(args, run, codex) {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    let verdict = judged.verdict.clone();
    let mut book = match book::begin(args, run, &verdict) {
        Ok(book) => book,
        Err(status) => return status,
    };
    let mut host = Host::here();
    let Some(plan) = planned(run, &host) else { return exit::SETUP };
    let mut plan = if names.is_empty() { plan } else { ablation::without(&plan, names) };
    if args.dry_run {
        return dry_run(run, &judged, &plan);
    }
    let consent = judged.consent();
    let Some(permit) = verdict.permit(consent) else {
        let why = match verdict.decision() {
            Decision::Prompt => "nobody agreed (a verdict to ask needs a terminal and a yes), nothing ran",
            _ => "refused by policy, nothing ran",
        };
        say(format_args!("{why}\n{}", judged.text.trim_end()));
        book::refused(book.as_mut(), run, why);
        return exit::REFUSED;
    };
    let mut guard = match guard(args, run, &plan, &mut judged, consent, default(args, codex)) {
        Ok(guard) => guard,
        Err(status) => return status,
    };
    tell_gaps(&plan);
    let mut outcome = launch(permit, run, &plan, guard.as_mut());
    if run.tolerance == Tolerance::Degrade
        && let Some(why) = namespaces_refused(&outcome, &plan)
        && let Some(permit) = verdict.permit(consent)
    {
        host.no_user_namespaces = Some(why);
        let Some(weaker) = planned(run, &host) else { return exit::SETUP };
        plan = weaker;
        tell_gaps(&plan);
        outcome = launch(permit, run, &plan, guard.as_mut());
    }
    if namespaces_refused(&outcome, &plan).is_some() {
        say("`--degrade` runs with Landlock and seccomp alone and names the claims that are lost");
    }
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let denied =
        denial::likely(&outcome, &plan, &words(run), &run.cwd, home.as_deref()).map(|denied| denied.to_string());
    if let Some(denied) = &denied {
        say(format_args!("likely denied: {denied}"));
    }
    match &outcome {
        Outcome::Exited { .. } | Outcome::Signalled { .. } => {}
        Outcome::NotExecuted { .. } => say(format_args!(
            "`{}`: {outcome}",
            args.command.first().map(|word| word.to_string_lossy()).unwrap_or_default()
        )),
        Outcome::TimedOut | Outcome::NotStarted { .. } => say(&outcome),
    }
    if let Some(summary) = guard.as_ref().and_then(Guard::summary) {
        say(summary);
    }
    if let Some(denials) = guard.as_ref().and_then(Guard::denials) {
        say(denials.text().trim_end());
    }
    if let Some(path) = &args.report {
        let mut report = json!({ "command": words(run), "verdict": verdict, "plan": plan, "outcome": outcome });
        if let Some(guard) = &guard {
            report["guard"] = guard.report();
            report["denials"] = json!(guard.denials().map(Denials::found));
            report["denials_unwatched"] = json!(guard.denials().map(Denials::unwatched));
        }
        if let Some(codex) = codex {
            report["as_codex"] = codex.report();
        }
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    book::ended(book.as_mut(), run, &outcome, denied.as_deref(), guard.as_ref().map(Guard::report));
    outcome.status()
}

/// The guard that was asked for; to record alone, nothing is judged.
fn guard(
    args: &RunArgs,
    run: &Launch,
    plan: &Plan,
    judged: &mut Judged,
    agreed: Consent,
    default: Decision,
) -> Result<Option<Guard>, u8> {
    if !args.guard.wanted() {
        return Ok(None);
    }
    let create = |path: &std::path::PathBuf| {
        std::fs::File::create(path).map_err(|error| {
            say(format_args!("the record `{}` cannot be written: {error}", path.display()));
            exit::USAGE
        })
    };
    let record = args.guard.record.as_ref().map(create).transpose()?;
    let (rules, default) = if args.guard.guard {
        (std::mem::take(&mut judged.rules.set), default)
    } else {
        (RuleSet::default(), Decision::Allow)
    };
    let settings = Settings {
        rules,
        sources: std::mem::take(&mut judged.rules.sources),
        default,
        kill: args.guard.guard_kill,
        record,
        denials: args.guard.denials.then(|| Denials::new(plan, refusable())),
        cwd: run.cwd.clone(),
    };
    Ok(Some(Guard::new(settings, agreed)))
}

/// The calls that a filter can refuse.
fn refusable() -> Vec<(i64, &'static str, CallGroup)> {
    SYSCALL_GROUPS.iter().map(|call| (call.number, call.name, call.group)).collect()
}

/// A gap is in the report of every run, and on standard error.
fn tell_gaps(plan: &Plan) {
    let mut stderr = std::io::stderr();
    for gap in &plan.gaps {
        let _ = writeln!(stderr, "palisade: gap: {}: not sure that {}: {}", gap.line, gap.claim, gap.why);
    }
    for note in plan.notes.iter().filter(|note| crate::site::is_warning(note)) {
        let _ = writeln!(stderr, "palisade: {note}");
    }
}

fn dry_run(run: &Launch, judged: &Judged, plan: &Plan) -> u8 {
    print(&format!("{}\n{}, {}\n{plan}", judged.text, plan.profile, run.backend));
    if let Some(line) = run.backend.line(plan) {
        print(&format!("\n{line}\n"));
    }
    if judged.verdict.permit(Consent::Yes).is_some() { exit::OK } else { exit::REFUSED }
}
