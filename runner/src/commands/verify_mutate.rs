//! `palisade verify --mutate`: would anybody notice if a part of this sandbox were missing?

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use indicatif::ProgressBar;

use super::sandbox::print;
use super::verify::{nothing, progress, wrong};
use crate::cli::ReportFormat;
use crate::cli::{VerifyArgs, Who};
use crate::exit;
use crate::probe::judge::Held;
use crate::probe::subject::Identity;
use crate::refused::Refused;
use crate::report::written;
use crate::verify::mutate::report::{About, is_good, json, page, text};
use crate::verify::mutate::{Progress, mutate};
use crate::verify::{Setting, Trial};

/// Mutates and reports; gives the exit status.
pub(super) fn main(
    args: &VerifyArgs,
    (subject, trials): (&str, &[Trial]),
    only: Vec<String>,
    palisade: PathBuf,
) -> Result<u8, Refused> {
    own(args, trials, "--mutate")?;
    let bar = bar();
    let (more, done) = (bar.clone(), bar.clone());
    let told =
        Progress { more: Arc::new(move |count| more.inc_length(count as u64)), done: Arc::new(move || done.inc(1)) };
    let setting = Setting { parent: args.scratch.clone(), palisade, only, heard: None };
    let mutations = mutate(trials, setting, &args.mutant, &told);
    bar.finish_and_clear();
    let mutations = match mutations {
        Ok(mutations) => mutations,
        Err(why) => return Ok(nothing(args, &why)),
    };
    if mutations.iter().all(|mutation| mutation.mutants.is_empty()) {
        return Err(wrong("mutant", "no part of the plan has such a name".to_owned()));
    }
    let about = About { subject, uid: Identity::own().uid, at_least: args.at_least };
    print(&match args.format {
        ReportFormat::Text => text(&about, &mutations),
        ReportFormat::Json => json(&about, &mutations),
        ReportFormat::Ci(format) => written(&page(&about, &mutations), format),
    });
    Ok(if is_good(&mutations, args.at_least) { exit::OK } else { exit::FINDINGS })
}

/// Only palisade's own sandboxes are put up from a plan that something can be taken out of.
pub(super) fn own(args: &VerifyArgs, trials: &[Trial], option: &str) -> Result<(), Refused> {
    let ours = matches!(args.subject, Who::Native | Who::Bwrap) && args.subject_command.is_none();
    if ours && trials.iter().all(|trial| trial.held == Held::Sandboxed) {
        return Ok(());
    }
    let why = format!(
        "`{option}` takes parts out of a plan of palisade's: use --subject native or bwrap, and a mode with a sandbox"
    );
    Err(wrong("subject", why))
}

/// A bar on a terminal that grows with the work.
pub(super) fn bar() -> ProgressBar {
    if std::io::stderr().is_terminal() { progress(0) } else { ProgressBar::hidden() }
}
