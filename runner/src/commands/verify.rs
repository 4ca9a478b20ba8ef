//! `palisade verify`: does this sandbox deny what it must, and leave possible what it must?

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use indicatif::{ProgressBar, ProgressStyle};
use policy::diagnostic::Diagnostic;
use policy::profile::{Network, Profile};
use policy::source::{Source, Sources};
use toml::value::Datetime;

use super::sandbox::{complain, print, say};
use super::verify_subject::trials;
use crate::cli::{ReportFormat, VerifyArgs};
use crate::exit;
use crate::modes;
use crate::moment::rfc3339;
use crate::probe::drive::NotRun;
use crate::probe::expect::Mode;
use crate::probe::judge::Held;
use crate::probe::{by_id, catalogue};
use crate::refused::Refused;
use crate::render::Colour;
use crate::report::written;
use crate::verify::report::{ProfileFile, Report, page, text};
use crate::verify::simulate::{self, marked};
use crate::verify::{Setting, Skips, Trial, against, attribute, baseline, explain, list, run};

/// Verifies and reports; gives the exit status.
pub(super) fn main(args: &VerifyArgs) -> u8 {
    match verify(args) {
        Ok(status) => status,
        Err(Refused { found, sources }) => {
            complain(&found, &sources);
            exit::USAGE
        }
    }
}

fn verify(args: &VerifyArgs) -> Result<u8, Refused> {
    if let Some(id) = &args.explain {
        let probe = by_id(id).ok_or_else(|| unknown(id))?;
        let profiles =
            Mode::ALL.into_iter().map(|mode| Ok((mode, shipped(mode)?))).collect::<Result<Vec<_>, Refused>>()?;
        print(&explain(probe, &profiles));
        return Ok(exit::OK);
    }
    let only = chosen(args)?;
    if args.list {
        print(&list(&only));
        return Ok(exit::OK);
    }
    let known = args.baseline.as_deref().map(known).transpose()?.unwrap_or_default();
    let (subject, trials) = trials(args)?;
    if args.simulate {
        return simulated(args, &subject, &trials, &only, &known);
    }
    let palisade = std::env::current_exe()
        .map_err(|error| wrong("own-program", format!("this program cannot be found: {error}")))?;
    if args.mutate {
        return super::verify_mutate::main(args, (&subject, &trials), only, palisade);
    }
    let probes = if only.is_empty() { catalogue().count() } else { only.len() };
    let progress = progress((probes * (trials.len() + 1)) as u64);
    let bar = progress.clone();
    let setting = Setting { parent: args.scratch.clone(), palisade, only, heard: Some(Arc::new(move || bar.inc(1))) };
    let report = run(&subject, &trials, &setting);
    progress.finish_and_clear();
    let mut report = match report {
        Ok(report) => report,
        Err(why) => return Ok(nothing(args, &why)),
    };
    if args.attribute {
        let ours = super::verify_mutate::own(args, &trials, "--attribute").is_ok();
        if !ours {
            attribute::guessed(&mut report);
        } else if let Err(why) = attributed(&mut report, &trials, &setting) {
            return Ok(nothing(args, &why));
        }
    }
    complete(&mut report, args, &known);
    print(&match args.format {
        ReportFormat::Text => text(&report, Colour::of(&std::io::stdout())),
        ReportFormat::Json => report.json(),
        ReportFormat::Ci(format) => written(&page(&report), format),
    });
    Ok(status(&report, args))
}

/// Adds what the arguments say of a finished report.
fn complete(report: &mut Report, args: &VerifyArgs, known: &[baseline::Known]) {
    let now = rfc3339(SystemTime::now());
    let today = now.get(..10).and_then(|day| day.parse::<Datetime>().ok()).and_then(|day| day.date);
    for gone in today.map(|today| baseline::apply(report, known, today)).unwrap_or_default() {
        say(format_args!("the baseline accepts {gone}, which is no finding in this run"));
    }
    report.against_none = args.against.map(|_| against::none(report));
    report.file = args.profile.as_deref().and_then(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(ProfileFile { name: path.to_str()?.to_owned(), text })
    });
}

fn status(report: &Report, args: &VerifyArgs) -> u8 {
    let skips = if args.no_skip { Skips::Refused } else { Skips::Accepted };
    if report.is_good(skips) { exit::OK } else { exit::FINDINGS }
}

/// The probes as questions to the simulator: nothing is laid out and nothing runs.
fn simulated(
    args: &VerifyArgs,
    subject: &str,
    trials: &[Trial],
    only: &[String],
    known: &[baseline::Known],
) -> Result<u8, Refused> {
    let uid = nix::unistd::getuid().as_raw();
    let mut report = simulate::simulate(subject, trials, &args.scratch, only, uid)
        .map_err(|why| wrong("seatbelt", format!("nothing was simulated: {why}")))?;
    complete(&mut report, args, known);
    print(&match args.format {
        ReportFormat::Text => marked::text(&text(&report, Colour::of(&std::io::stdout()))),
        ReportFormat::Json => marked::json(&report),
        ReportFormat::Ci(format) => written(&marked::page(page(&report)), format),
    });
    Ok(status(&report, args))
}

/// Takes layers away to see who refused.
fn attributed(report: &mut Report, trials: &[Trial], setting: &Setting) -> Result<(), NotRun> {
    let bar = super::verify_mutate::bar();
    let told = attribute::measured(report, trials, setting, &|| {
        bar.inc_length(1);
        bar.inc(1);
    });
    bar.finish_and_clear();
    told
}

/// Says why there is nothing to report.
pub(super) fn nothing(args: &VerifyArgs, why: &NotRun) -> u8 {
    say(format_args!("nothing was verified: {why}"));
    say(format_args!("the bait is laid out below `{}`; `--scratch DIR` names another place", args.scratch.display()));
    exit::SETUP
}

/// The findings that a file accepts.
fn known(path: &Path) -> Result<Vec<baseline::Known>, Refused> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| error.to_string()).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 (byte {})", error.utf8_error().valid_up_to()))
    });
    let text = text.map_err(|why| wrong("baseline-read", format!("the baseline `{name}` cannot be read: {why}")))?;
    baseline::parse(Source { name, text }).map_err(|(found, sources)| Refused { found, sources })
}

/// The ids that `--only` and `--class` leave; none means all.
fn chosen(args: &VerifyArgs) -> Result<Vec<String>, Refused> {
    if let Some(id) = args.only.iter().find(|id| by_id(id).is_none()) {
        return Err(unknown(id));
    }
    if args.only.is_empty() && args.class.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = catalogue()
        .filter(|probe| args.only.is_empty() || args.only.iter().any(|id| id == probe.id))
        .filter(|probe| args.class.is_empty() || args.class.contains(&probe.class));
    let ids: Vec<String> = wanted.map(|probe| probe.id.to_owned()).collect();
    if ids.is_empty() {
        Err(wrong("no-probe", "no probe is both of `--only` and of `--class`".to_owned()))
    } else {
        Ok(ids)
    }
}

/// The shipped profile of a mode, the network's switch turned as the mode says.
pub(super) fn shipped(mode: Mode) -> Result<Profile, Refused> {
    let mut profile = modes::shipped(match mode {
        Mode::ReadOnly => modes::Mode::ReadOnly,
        Mode::WorkspaceWrite | Mode::Network => modes::Mode::WorkspaceWrite,
        Mode::Bypass => modes::Mode::DangerFullAccess,
    })?;
    if mode == Mode::Network {
        profile.network = Network::Host;
    }
    Ok(profile)
}

pub(super) fn held(mode: Mode) -> Held {
    if mode == Mode::Bypass { Held::Bare } else { Held::Sandboxed }
}

fn unknown(id: &str) -> Refused {
    let mut refused = wrong("unknown-probe", format!("no probe is named `{id}`"));
    refused.found =
        refused.found.into_iter().map(|found| found.help("`palisade verify --list` says which there are")).collect();
    refused
}

pub(super) fn wrong(code: &str, message: String) -> Refused {
    Refused { found: vec![Diagnostic::error(code, message)], sources: Sources::default() }
}

/// A bar on a terminal, nothing elsewhere.
pub(super) fn progress(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
