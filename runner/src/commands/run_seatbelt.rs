//! `palisade run --backend seatbelt`: policy, then a generated profile, then the command under `sandbox-exec`.

use std::path::Path;

use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use serde_json::json;

use super::as_codex::AsCodex;
use super::run::{judge, words};
use super::sandbox::{complain, print, say};
use crate::backend::seatbelt;
use crate::cli::RunArgs;
use crate::exit;
use crate::launch::{Launch, launch_seatbelt};
use crate::outcome::Outcome;
use crate::plan::{Tolerance, dangerous};
use crate::seatbelt::denials;
use crate::seatbelt::generate::from_profile::{self, Gap};
use crate::seatbelt::generate::{Generated, Layout, Wanted, generate};
use crate::seatbelt::log::listen;

/// What a profile becomes, and what of it SBPL cannot carry; none where nothing is confined.
pub type Made = Option<(Wanted, Generated, Vec<Gap>)>;

/// Makes the profile of a launch. With a tag, the system log repeats it with each refusal.
///
/// # Errors
/// What makes the profile unusable here.
pub fn made(run: &Launch, tag: Option<String>) -> Result<Made, Vec<Diagnostic>> {
    if from_profile::is_bare(&run.profile) {
        return Ok(None);
    }
    let wrong = |why: String| vec![Diagnostic::error("seatbelt-path", why)];
    let site = run.site()?;
    let found = dangerous(&run.profile, &site);
    if !found.is_empty() {
        return Err(found);
    }
    let wanted = Wanted { tag, ..from_profile::wanted(&run.profile, &site).map_err(wrong)? };
    let generated = generate(&wanted, Layout::Hardened).map_err(wrong)?;
    Ok(Some((wanted, generated, from_profile::gaps(&run.profile))))
}

/// Judges, makes the profile, runs; gives the exit status. `sandbox_exec` is the program that applies it, `log` the one that
/// reads the system log.
pub(super) fn main(args: &RunArgs, run: &Launch, codex: Option<&AsCodex>, sandbox_exec: &Path, log: &Path) -> u8 {
    if args.guard.guard || args.guard.record.is_some() {
        say("`--guard` and `--record` trace as Linux does; with `--backend seatbelt` they cannot");
        return exit::USAGE;
    }
    let tag = args.guard.denials.then(tag);
    let made = match made(run, tag.clone()) {
        Ok(Some(made)) => made,
        Ok(None) => {
            say("this profile confines nothing; run it with `--backend none`");
            return exit::USAGE;
        }
        Err(found) => {
            complain(&found, &Sources::default());
            return exit::SETUP;
        }
    };
    let (wanted, generated, gaps) = made;
    let judged = match judge(args, run, codex) {
        Ok(judged) => judged,
        Err(status) => return status,
    };
    let lost: Vec<&Gap> = gaps.iter().filter(|gap| run.profile.requires(gap.line)).collect();
    if args.dry_run {
        print(&format!("{}\n{}, {}\n\n{}", judged.text, run.profile.name, run.backend, generated.text));
        tell(&gaps);
        let permitted = judged.verdict.permit(policy::verdict::Consent::Yes).is_some();
        return if permitted { exit::OK } else { exit::REFUSED };
    }
    tell(&gaps);
    if run.tolerance == Tolerance::Strict && !lost.is_empty() {
        let lines: Vec<&str> = lost.iter().map(|gap| gap.line).collect();
        say(format_args!(
            "Seatbelt cannot carry {}, nothing ran; `--degrade` gives these up, or name them in `best_effort`",
            lines.join(", ")
        ));
        return exit::SETUP;
    }
    let Some(permit) = judged.verdict.permit(judged.consent()) else {
        let why = match judged.verdict.decision() {
            Decision::Prompt => "nobody agreed (a verdict to ask needs a terminal and a yes), nothing ran",
            _ => "refused by policy, nothing ran",
        };
        say(format_args!("{why}\n{}", judged.text.trim_end()));
        return exit::REFUSED;
    };
    let listening = tag.as_ref().and_then(|_| match listen(log) {
        Ok(listening) => Some(listening),
        Err(why) => {
            say(format_args!("what is refused cannot be told: {why}"));
            None
        }
    });
    let outcome = launch_seatbelt(permit, run, &wanted, &generated, sandbox_exec);
    let refused = listening.zip(tag).map(|(listening, tag)| denials::of_run(&listening.heard(), &tag));
    for denial in refused.iter().flatten() {
        say(format_args!("refused: {denial}"));
    }
    if refused.as_ref().is_some_and(Vec::is_empty) {
        say("the system log tells of nothing that was refused");
    }
    match &outcome {
        Outcome::Exited { status } => {
            if let Some(hint) = seatbelt::hint(*status) {
                say(hint);
            }
        }
        Outcome::Signalled { .. } => {}
        other => say(other),
    }
    if let Some(path) = &args.report {
        let mut report = json!({
            "command": words(run), "verdict": judged.verdict, "outcome": outcome, "backend": run.backend,
            "sbpl": generated.text, "parameters": generated.parameters, "gaps": gaps, "denials": refused,
        });
        if let Some(codex) = codex {
            report["as_codex"] = codex.report();
        }
        if let Err(error) = std::fs::write(path, format!("{report:#}\n")) {
            say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        }
    }
    outcome.status()
}

/// A word that no other run has.
fn tag() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("palisade-{:x}-{:x}", std::process::id(), now.as_nanos())
}

/// A gap is told on standard error of every run.
fn tell(gaps: &[Gap]) {
    for gap in gaps {
        say(format_args!("gap: {}: not sure that {}: {}", gap.line, gap.claim, gap.why));
    }
}
