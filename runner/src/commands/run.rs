//! `palisade run`: policy, then sandbox, then the command.

mod book;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use policy::decision::Decision;
use policy::profile::CallGroup;
use policy::ruleset::RuleSet;
use policy::source::Sources;
use policy::verdict::{Consent, Reason, Verdict};
use serde_json::json;

use super::as_codex::{AsCodex, as_codex};
use super::sandbox::{self, complain, print, say};
use crate::ablation;
use crate::backend::Backend;
use crate::backend::linux::bwrap;
use crate::backend::linux::calls::SYSCALL_GROUPS;
use crate::cli::RunArgs;
use crate::consent;
use crate::denial;
use crate::denials::Denials;
use crate::exit;
use crate::files::{Rules, load_with};
use crate::guard::{Guard, Settings, without_what_it_executes};
use crate::host::Host;
use crate::identity;
use crate::judging::{What, judge_here};
use crate::launch::{Launch, absolute, launch, namespaces_refused};
use crate::modes::Refused;
use crate::outcome::Outcome;
use crate::plan::{Plan, Tolerance};
use crate::seatbelt::generate::SANDBOX_EXEC;
use crate::seatbelt::log::LOG;
use crate::verdict_text;

/// Judges, plans, runs; gives the exit status.
pub(super) fn main(args: RunArgs) -> u8 {
    without(args, &[])
}

/// As [`main`], with the parts of these names taken away from the plan.
pub(super) fn without(args: RunArgs, names: &[String]) -> u8 {
    let timeout = args.timeout.map(Duration::from_secs_f64);
    let codex = match codex(&args) {
        Ok(codex) => codex,
        Err(refused) => {
            complain(&refused.found, &refused.sources);
            return exit::SETUP;
        }
    };
    let run = match &codex {
        Some(codex) => sandbox::launch_of(codex.profile.clone(), &args.sandbox, args.command.clone(), timeout),
        None => sandbox::launch(&args.sandbox, args.command.clone(), timeout),
    };
    let run = match run {
        Ok(run) => run,
        Err(refused) => {
            complain(&refused.found, &refused.sources);
            return exit::USAGE;
        }
    };
    if run.backend == Backend::Seatbelt {
        if args.book.ledger.is_some() {
            say("`--ledger` is not kept with the backend seatbelt; `--report` is");
            return exit::USAGE;
        }
        return super::run_seatbelt::main(&args, &run, codex.as_ref(), Path::new(SANDBOX_EXEC), Path::new(LOG));
    }
    let mut judged = match judge(&args, &run, codex.as_ref()) {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    let verdict = judged.verdict.clone();
    let mut book = match book::begin(&args, &run, &verdict) {
        Ok(book) => book,
        Err(status) => return status,
    };
    let mut host = Host::here();
    let Some(plan) = planned(&run, &host) else { return exit::SETUP };
    let mut plan = if names.is_empty() { plan } else { ablation::without(&plan, names) };
    if args.dry_run {
        return dry_run(&run, &judged, &plan);
    }
    let consent = judged.consent();
    let Some(permit) = verdict.permit(consent) else {
        let why = match verdict.decision() {
            Decision::Prompt => "nobody agreed (a verdict to ask needs a terminal and a yes), nothing ran",
            _ => "refused by policy, nothing ran",
        };
        say(format_args!("{why}\n{}", judged.text.trim_end()));
        book::refused(book.as_mut(), &run, why);
        return exit::REFUSED;
    };
    let mut guard = match guard(&args, &run, &plan, &mut judged, consent, default(&args, codex.as_ref())) {
        Ok(guard) => guard,
        Err(status) => return status,
    };
    tell_gaps(&plan);
    let mut outcome = launch(permit, &run, &plan, guard.as_mut());
    if run.tolerance == Tolerance::Degrade
        && let Some(why) = namespaces_refused(&outcome, &plan)
        && let Some(permit) = verdict.permit(consent)
    {
        host.no_user_namespaces = Some(why);
        let Some(weaker) = planned(&run, &host) else { return exit::SETUP };
        plan = weaker;
        tell_gaps(&plan);
        outcome = launch(permit, &run, &plan, guard.as_mut());
    }
    if namespaces_refused(&outcome, &plan).is_some() {
        say("`--degrade` runs with Landlock and seccomp alone and names the claims that are lost");
    }
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let denied =
        denial::likely(&outcome, &plan, &words(&run), &run.cwd, home.as_deref()).map(|denied| denied.to_string());
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
        let mut report = json!({ "command": words(&run), "verdict": verdict, "plan": plan, "outcome": outcome });
        if let Some(guard) = &guard {
            report["guard"] = guard.report();
            report["denials"] = json!(guard.denials().map(Denials::found));
            report["denials_unwatched"] = json!(guard.denials().map(Denials::unwatched));
        }
        if let Some(codex) = &codex {
            report["as_codex"] = codex.report();
        }
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    book::ended(book.as_mut(), &run, &outcome, denied.as_deref(), guard.as_ref().map(Guard::report));
    outcome.status()
}

/// A verdict with what a person reads of it, and the rules it is from.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) text: String,
    rules: Rules,
}

/// What Codex would run as, if that is asked for: said, and refused where it cannot be taken whole.
fn codex(args: &RunArgs) -> Result<Option<AsCodex>, Refused> {
    if !args.as_codex.as_codex {
        return Ok(None);
    }
    let cwd = absolute(args.sandbox.cwd.as_deref().unwrap_or_else(|| Path::new(".")));
    let codex = as_codex(&args.as_codex, &cwd)?;
    codex.tell();
    match codex.refusal().filter(|_| !args.sandbox.degrade) {
        Some(refused) => Err(refused),
        None => Ok(Some(codex)),
    }
}

/// What a command gets that no rule matches.
fn default(args: &RunArgs, codex: Option<&AsCodex>) -> Decision {
    let without_rules = args.rules.is_empty() && args.pack.is_empty();
    args.default.unwrap_or(match codex {
        Some(codex) => codex.default,
        None if without_rules => Decision::Allow,
        None => Decision::Prompt,
    })
}

/// Judges the command: by the rules that were named, or, where none were, as the default says.
pub(super) fn judge(args: &RunArgs, run: &Launch, codex: Option<&AsCodex>) -> Result<Judged, u8> {
    let default = default(args, codex);
    let of_codex = codex.map(|codex| codex.rules.clone()).unwrap_or_default();
    let rules = if args.rules.is_empty() && args.pack.is_empty() && of_codex.is_empty() {
        Rules { set: RuleSet::default(), sources: Sources::default(), warnings: Vec::new() }
    } else {
        // Under the guard what such a program starts is judged on its own, so the refusal is a warning.
        let banned = super::banned(args.accept_banned || args.guard.guard || codex.is_some());
        load_with(of_codex, &args.rules, &args.pack, banned).map_err(|refusal| {
            complain(&refusal.diagnostics, &refusal.sources);
            exit::USAGE
        })?
    };
    if rules.set.is_empty() && default == Decision::Allow {
        let verdict = Verdict::new([Reason::NoRule { decision: Decision::Allow }]);
        return Ok(Judged { text: "allow\n  no rules were named\n".into(), verdict, rules });
    }
    if !rules.warnings.is_empty() {
        complain(&rules.warnings, &rules.sources);
    }
    let argv =
        run.argv.iter().map(|word| word.clone().into_string()).collect::<Result<Vec<_>, _>>().map_err(|word| {
            say(format_args!("`{}` is not UTF-8 and cannot be judged", word.to_string_lossy()));
            exit::USAGE
        })?;
    // What a text may execute is more than what it does: the guard judges what is really executed.
    if args.guard.guard {
        let alone = identity::judge_here(&rules.set, &argv, &run.cwd, default);
        let verdict = without_what_it_executes(&alone);
        return Ok(Judged { text: verdict_text::report(&verdict, &argv, &rules.set, &rules.sources), verdict, rules });
    }
    let tree = judge_here(&rules.set, What::Command(&argv), &run.cwd, default);
    Ok(Judged { text: verdict_text::tree(&tree, &rules.set, &rules.sources), verdict: tree.verdict(), rules })
}

impl Judged {
    /// Asks on the terminal where the verdict is to ask.
    pub(super) fn consent(&self) -> Consent {
        match self.verdict.decision() {
            Decision::Prompt => consent::ask(&self.text, None),
            _ => Consent::No,
        }
    }
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

pub(super) fn words(run: &Launch) -> Vec<String> {
    run.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

pub(super) fn planned(run: &Launch, host: &Host) -> Option<Plan> {
    match run.plan(host) {
        Ok(plan) => Some(plan),
        Err(found) => {
            complain(&found, &Sources::default());
            None
        }
    }
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
    if run.backend == Backend::Bwrap {
        print(&format!("\n{}\n", bwrap::line(plan)));
    }
    if judged.verdict.permit(Consent::Yes).is_some() { exit::OK } else { exit::REFUSED }
}
