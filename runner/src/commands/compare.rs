//! `palisade compare`: the same work under full-auto and under bypass, side by side.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use policy::verdict::{Consent, Reason, Verdict};

use super::compare_seatbelt as seatbelt;
use super::sandbox::{complain, print, say};
use crate::cli::{CompareArgs, CompareBackend, CompareFormat};
use crate::compare::contain::BUILT;
use crate::compare::difference::{Compared, Judged, compare};
use crate::compare::drive::{self, Setting};
use crate::compare::ground;
use crate::compare::list::{self, Entry};
use crate::compare::on_host;
use crate::compare::report::{Report, junit, text};
use crate::compare::told::{Manner, Side};
use crate::exit;
use crate::files::load_rules;
use crate::judging::{What, judge_here};
use crate::packs;
use crate::refused::Refused;
use crate::render::Colour;
use crate::verdict_text;

/// The demonstration's workspace, home and key, as the commands see them.
const DEMO_WORKSPACE: &str = "/demo/project";
const DEMO_HOME: &str = "/demo/home";
const DEMO_KEY: &str = "sk-demonstration-not-a-key";

/// How long a command may take, in seconds.
const USUAL_TIMEOUT: f64 = 20.0;

/// Variables of the caller that commands may know.
const PASSED: &[&str] = &["PATH", "LANG", "LC_ALL", "TERM", "TZ", "USER", "LOGNAME"];

/// Compares and reports; gives the exit status.
pub(super) fn main(args: &CompareArgs) -> u8 {
    if args.codex.codex.is_some() {
        return super::codex::compare::main(args, || agreed(args.yes) == Consent::Yes);
    }
    if args.format == CompareFormat::Html || args.codex.book.ledger.is_some() {
        say("a page and the ledger are for `compare --codex`");
        return exit::USAGE;
    }
    if args.probes {
        return super::compare_probes::main(args);
    }
    // Without a policy of the user's own the shipped one judges: all packs.
    let named = !args.rules.is_empty() || !args.pack.is_empty();
    let packs = if named { args.pack.clone() } else { packs::names().map(str::to_owned).collect() };
    let rules = match load_rules(&args.rules, &packs, super::banned(args.accept_banned)) {
        Ok(rules) => rules,
        Err(refusal) => {
            complain(&refusal.diagnostics, &refusal.sources);
            return exit::USAGE;
        }
    };
    if !rules.warnings.is_empty() {
        complain(&rules.warnings, &rules.sources);
    }
    main_with(args, |argv| {
        let tree = judge_here(&rules.set, What::Command(argv), Path::new(DEMO_WORKSPACE), Decision::Prompt);
        let verdict = tree.verdict();
        // The reasons of a policy nobody named would only stand between the reader and the differences.
        let reasons = if named { verdict_text::tree(&tree, &rules.set, &rules.sources) } else { String::new() };
        Judged { word: verdict.decision().to_string(), reasons }
    })
}

/// As [`main`], with a judge for the policy's column.
fn main_with(args: &CompareArgs, verdict: impl Fn(&[String]) -> Judged) -> u8 {
    let entries = match chosen(args) {
        Ok(entries) => entries,
        Err(Refused { found, sources }) => {
            complain(&found, &sources);
            return exit::USAGE;
        }
    };
    if args.list {
        for entry in &entries {
            print(&format!("{}\n", entry.name));
        }
        return exit::OK;
    }
    let workspace = match args.workspace.as_deref().map(workspace).transpose() {
        Ok(workspace) => workspace,
        Err(found) => {
            complain(&[found], &Sources::default());
            return exit::USAGE;
        }
    };
    if args.backend == CompareBackend::Seatbelt && !args.on_host {
        say("macOS has no containment: with `--backend seatbelt` both sides run on this host, add `--on-host`");
        return exit::USAGE;
    }
    let consent = if args.on_host { agreed(args.yes) } else { Consent::No };
    if args.on_host && consent == Consent::No {
        say("bypass was not run on this host: nobody on a terminal agreed; leave out --on-host, or add --yes");
        return exit::USAGE;
    }
    let setting = setting(args, workspace.clone());
    if args.backend == CompareBackend::Seatbelt {
        return match seatbelt::sides(&entries, workspace.as_deref(), &setting, consent) {
            Ok(sides) => told(args, &Report::new(together(&entries, sides, verdict), false)),
            Err(why) => {
                say(why);
                exit::SETUP
            }
        };
    }
    if !BUILT {
        return not_built("namespaces are Linux's; `--backend seatbelt --on-host` compares on this host");
    }
    let manners: &[Manner] = if args.on_host { &[Manner::FullAuto] } else { &[Manner::FullAuto, Manner::Bypass] };
    let work: Vec<(&Entry, Manner)> =
        entries.iter().flat_map(|entry| manners.iter().map(move |manner| (entry, *manner))).collect();
    let progress = progress(work.len() as u64);
    let sides = drive::run(&work, &setting, || progress.inc(1));
    progress.finish_and_clear();
    let mut sides = match sides {
        Ok(sides) => sides,
        Err(why) => return not_built(&why),
    };
    if args.on_host {
        sides = match bare_sides(&entries, sides, workspace.as_deref(), &setting, consent) {
            Ok(sides) => sides,
            Err(why) => {
                say(why);
                return exit::SETUP;
            }
        };
    }
    told(args, &Report::new(together(&entries, sides, verdict), !args.on_host))
}

/// Prints a report; gives the exit status.
fn told(args: &CompareArgs, report: &Report) -> u8 {
    print(&match args.format {
        CompareFormat::Text => text(report, Colour::of(&std::io::stdout())),
        CompareFormat::Json => report.json(),
        CompareFormat::Junit | CompareFormat::Html => junit(report),
    });
    if report.summary.failed + report.summary.not_started > 0 { exit::FINDINGS } else { exit::OK }
}

/// The commands the arguments ask for.
fn chosen(args: &CompareArgs) -> Result<Vec<Entry>, Refused> {
    let mut entries = match &args.file {
        Some(file) => list::from_file(file)?,
        None if args.command.is_empty() => list::demonstration()?,
        None => list::from_arguments(&args.command),
    };
    if let Some(unknown) = args.only.iter().find(|name| !entries.iter().any(|entry| entry.name == **name)) {
        let found = Diagnostic::error("unknown-command", format!("no command is named `{unknown}`"))
            .help("`--list` says which there are");
        return Err(Refused { found: vec![found], sources: Sources::default() });
    }
    entries.retain(|entry| args.only.is_empty() || args.only.contains(&entry.name));
    Ok(entries)
}

fn workspace(path: &Path) -> Result<PathBuf, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::error("workspace", format!("the workspace `{}` cannot be used: {why}", path.display()))
            .help("name an existing directory with --workspace")
    };
    let real = std::fs::canonicalize(path).map_err(|error| wrong(error.to_string()))?;
    if !real.is_dir() {
        return Err(wrong("it is not a directory".into()));
    }
    if ground::APART.iter().any(|apart| real.starts_with(apart)) {
        return Err(wrong("this part of the file tree is not the host's inside".into()));
    }
    if real.to_str().is_none() {
        return Err(wrong("its name is not UTF-8".into()));
    }
    Ok(real)
}

fn setting(args: &CompareArgs, workspace: Option<PathBuf>) -> Setting {
    let mut environment: Vec<(String, String)> =
        PASSED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
    if !environment.iter().any(|(name, _)| name == "PATH") {
        environment.push(("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()));
    }
    for (name, value) in [("HOME", DEMO_HOME), ("SHELL", "/bin/sh"), ("OPENAI_API_KEY", DEMO_KEY)] {
        environment.push((name.into(), value.into()));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Setting {
        ground: ground::survey(&workspace.iter().cloned().collect::<Vec<_>>()),
        workspace: workspace.map_or_else(|| DEMO_WORKSPACE.into(), |path| path.to_string_lossy().into_owned()),
        environment,
        timeout: args.timeout.unwrap_or(USUAL_TIMEOUT),
        jobs: args.jobs.map_or(cores, usize::from),
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn together(entries: &[Entry], sides: Vec<Side>, verdict: impl Fn(&[String]) -> Judged) -> Vec<Compared> {
    let mut sides = sides.into_iter();
    entries
        .iter()
        .filter_map(|entry| {
            let (full_auto, bypass) = (sides.next()?, sides.next()?);
            Some(compare(entry, verdict(&entry.argv), full_auto, bypass))
        })
        .collect()
}

/// Asks for leave to run bypass bare; nobody to ask is a no.
fn agreed(yes: bool) -> Consent {
    if yes {
        return Consent::Yes;
    }
    let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Consent::No;
    }
    say("bypass will run bare on this host, as you, and can do whatever you can; only its workspace is a copy");
    let _ = write!(&stderr, "palisade: type yes to go on: ");
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" { Consent::Yes } else { Consent::No }
}

/// Adds the bare side of each command behind its contained one.
fn bare_sides(
    entries: &[Entry],
    contained: Vec<Side>,
    workspace: Option<&Path>,
    setting: &Setting,
    consent: Consent,
) -> Result<Vec<Side>, String> {
    // Whatever rules say: nothing runs bare here that a person did not agree to.
    let verdict = Verdict::new([Reason::NoRule { decision: Decision::Prompt }]);
    let mut sides = Vec::new();
    for (entry, side) in entries.iter().zip(contained) {
        let Some(permit) = verdict.permit(consent) else { return Err("nobody agreed".into()) };
        let bare = on_host::run(permit, entry, workspace, &setting.environment, setting.timeout, None)?;
        sides.extend([side, bare]);
    }
    Ok(sides)
}

fn not_built(why: &str) -> u8 {
    say(format_args!("the containment cannot be built, nothing ran: {why}"));
    say("`palisade doctor` says what this host forbids; `--on-host` compares without a containment");
    exit::SETUP
}
