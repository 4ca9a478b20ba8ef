//! `palisade run`: policy, then sandbox, then the command.

use std::io::Write;
use std::time::Duration;

use policy::source::Sources;
use policy::verdict::{Consent, Reason, Verdict};
use serde_json::json;

use super::sandbox::{self, complain, print, say};
use crate::backend::Backend;
use crate::backend::linux::bwrap;
use crate::cli::RunArgs;
use crate::exit;
use crate::host::Host;
use crate::launch::{Launch, launch, namespaces_refused};
use crate::outcome::Outcome;
use crate::plan::{Plan, Tolerance};

/// Judges, plans, runs; gives the exit status.
pub(super) fn main(args: RunArgs) -> u8 {
    let timeout = args.timeout.map(Duration::from_secs_f64);
    let run = match sandbox::launch(&args.sandbox, args.command.clone(), timeout) {
        Ok(run) => run,
        Err(refused) => {
            complain(&refused.found, &refused.sources);
            return exit::USAGE;
        }
    };
    let verdict = Verdict::new([Reason::NoRule { decision: policy::decision::Decision::Allow }]);
    let mut host = Host::here();
    let Some(mut plan) = planned(&run, &host) else { return exit::SETUP };
    if args.dry_run {
        return dry_run(&run, &verdict, &plan);
    }
    let Some(permit) = verdict.permit(Consent::No) else { return exit::REFUSED };
    tell_gaps(&plan);
    let mut outcome = launch(permit, &run, &plan);
    if run.tolerance == Tolerance::Degrade
        && let Some(why) = namespaces_refused(&outcome, &plan)
        && let Some(permit) = verdict.permit(Consent::No)
    {
        host.no_user_namespaces = Some(why);
        let Some(weaker) = planned(&run, &host) else { return exit::SETUP };
        plan = weaker;
        tell_gaps(&plan);
        outcome = launch(permit, &run, &plan);
    }
    match &outcome {
        Outcome::Exited { .. } | Outcome::Signalled { .. } => {}
        Outcome::NotExecuted { .. } => say(format_args!(
            "`{}`: {outcome}",
            args.command.first().map(|word| word.to_string_lossy()).unwrap_or_default()
        )),
        Outcome::TimedOut | Outcome::NotStarted { .. } => say(&outcome),
    }
    if let Some(path) = &args.report {
        let report = json!({ "command": words(&run), "verdict": verdict, "plan": plan, "outcome": outcome });
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    outcome.status()
}

fn words(run: &Launch) -> Vec<String> {
    run.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

fn planned(run: &Launch, host: &Host) -> Option<Plan> {
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
}

fn dry_run(run: &Launch, verdict: &Verdict, plan: &Plan) -> u8 {
    print(&format!("{}\n\n{}, {}\n{plan}", verdict.decision(), plan.profile, run.backend));
    if run.backend == Backend::Bwrap {
        print(&format!("\n{}\n", bwrap::line(plan)));
    }
    if verdict.permit(Consent::Yes).is_some() { exit::OK } else { exit::REFUSED }
}
