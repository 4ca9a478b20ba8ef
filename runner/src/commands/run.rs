//! `palisade run`: policy, then sandbox, then the command.

mod book;
#[cfg(not(target_os = "linux"))]
#[path = "run/elsewhere.rs"]
mod host;
#[cfg(target_os = "linux")]
#[path = "run/linux.rs"]
mod host;

use std::path::Path;
use std::time::Duration;

use policy::decision::Decision;
use policy::ruleset::RuleSet;
use policy::source::Sources;
use policy::verdict::{Consent, Reason, Verdict};

use super::as_codex::{AsCodex, as_codex};
use super::sandbox::{self, complain, say};
use crate::backend::Backend;
use crate::cli::RunArgs;
use crate::consent;
use crate::exit;
use crate::files::{Rules, load_with};
use crate::guard::without_what_it_executes;
use crate::host::Host;
use crate::identity;
use crate::judging::{What, judge_here};
use crate::launch::{Launch, absolute};
use crate::plan::Plan;
use crate::refused::Refused;
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
    host::main(&args, &run, codex.as_ref(), names)
}

/// A verdict with what a person reads of it, and the rules it is from.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) text: String,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only the guard judges further by them"))]
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
