//! `palisade run`: policy, then sandbox, then the command.

use std::io::{BufRead, Write};
use std::time::Duration;

use policy::decision::Decision;
use policy::source::Sources;
use policy::verdict::{Consent, Reason, Verdict};
use serde_json::json;

use super::sandbox::{self, complain, print, say};
use crate::backend::Backend;
use crate::backend::linux::bwrap;
use crate::cli::RunArgs;
use crate::denial;
use crate::exit;
use crate::files::load_rules;
use crate::host::Host;
use crate::identity::judge_here;
use crate::launch::{Launch, launch, namespaces_refused};
use crate::outcome::Outcome;
use crate::plan::{Plan, Tolerance};
use crate::verdict_text;

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
    let judged = match judge(&args, &run) {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    let verdict = &judged.verdict;
    let mut host = Host::here();
    let Some(mut plan) = planned(&run, &host) else { return exit::SETUP };
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
        return exit::REFUSED;
    };
    tell_gaps(&plan);
    let mut outcome = launch(permit, &run, &plan);
    if run.tolerance == Tolerance::Degrade
        && let Some(why) = namespaces_refused(&outcome, &plan)
        && let Some(permit) = verdict.permit(consent)
    {
        host.no_user_namespaces = Some(why);
        let Some(weaker) = planned(&run, &host) else { return exit::SETUP };
        plan = weaker;
        tell_gaps(&plan);
        outcome = launch(permit, &run, &plan);
    }
    if namespaces_refused(&outcome, &plan).is_some() {
        say("`--degrade` runs with Landlock and seccomp alone and names the claims that are lost");
    }
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    if let Some(denied) = denial::likely(&outcome, &plan, &words(&run), &run.cwd, home.as_deref()) {
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
    if let Some(path) = &args.report {
        let report = json!({ "command": words(&run), "verdict": verdict, "plan": plan, "outcome": outcome });
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    outcome.status()
}

/// A verdict with what a person reads of it.
struct Judged {
    verdict: Verdict,
    text: String,
}

/// Judges the command: by the rules that were named, or, where none were, as permitted.
fn judge(args: &RunArgs, run: &Launch) -> Result<Judged, u8> {
    if args.rules.is_empty() && args.pack.is_empty() {
        let verdict = Verdict::new([Reason::NoRule { decision: Decision::Allow }]);
        return Ok(Judged { text: "allow\n  no rules were named\n".into(), verdict });
    }
    let rules = load_rules(&args.rules, &args.pack, super::banned(args.accept_banned)).map_err(|refusal| {
        complain(&refusal.diagnostics, &refusal.sources);
        exit::USAGE
    })?;
    if !rules.warnings.is_empty() {
        complain(&rules.warnings, &rules.sources);
    }
    let argv =
        run.argv.iter().map(|word| word.clone().into_string()).collect::<Result<Vec<_>, _>>().map_err(|word| {
            say(format_args!("`{}` is not UTF-8 and cannot be judged", word.to_string_lossy()));
            exit::USAGE
        })?;
    let verdict = judge_here(&rules.set, &argv, &run.cwd, Decision::Prompt);
    Ok(Judged { text: verdict_text::report(&verdict, &argv, &rules.set, &rules.sources), verdict })
}

impl Judged {
    /// Asks on the terminal where the verdict is to ask; nobody to ask is a no.
    fn consent(&self) -> Consent {
        if self.verdict.decision() != Decision::Prompt {
            return Consent::No;
        }
        let Ok(terminal) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            return Consent::No;
        };
        let mut answer = String::new();
        let asked = write!(&terminal, "{}palisade: run it? [y/N] ", self.text);
        let read = asked.and_then(|()| std::io::BufReader::new(&terminal).read_line(&mut answer));
        let yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if read.is_ok() && yes { Consent::Yes } else { Consent::No }
    }
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

fn dry_run(run: &Launch, judged: &Judged, plan: &Plan) -> u8 {
    print(&format!("{}\n{}, {}\n{plan}", judged.text, plan.profile, run.backend));
    if run.backend == Backend::Bwrap {
        print(&format!("\n{}\n", bwrap::line(plan)));
    }
    if judged.verdict.permit(Consent::Yes).is_some() { exit::OK } else { exit::REFUSED }
}
