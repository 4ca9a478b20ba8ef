//! `palisade compare --codex`: the same script, or the same prompt, under each mode of the real Codex, side by side.

mod differ;
mod ground;
mod html;
mod report;
mod side;
mod sweeper;
mod together;

use std::path::{Path, PathBuf};

use serde_json::json;

pub(in crate::commands) use self::sweeper::{VERB as SWEEP, inside as sweep};

use self::report::{Comparison, Part};
use self::side::{Job, Stop, Work};
use self::together::together;
use crate::cli::compare_codex::CodexCompareArgs;
use crate::cli::{CompareArgs, CompareFormat};
use crate::codex::binary;
use crate::codex::invocation::{Mode, Release};
use crate::commands::book::{Book, Habit, facts, hashes, palisade, requirements};
use crate::commands::sandbox::{printed, say};
use crate::exit;
use crate::launch::absolute;
use crate::ledger::{Durability, Kind};
use crate::model::script::Script;
use crate::render::Colour;
use crate::state;

/// The shipped scripts: calls, and what a project brings for itself.
const SHIPPED: &[(&str, &str)] = &[
    ("calls", include_str!("calls.toml")),
    ("project", include_str!("project.toml")),
    ("untrusted project", include_str!("untrusted.toml")),
];

/// How many sides run at once when nobody says; they mostly wait.
const JOBS: usize = 4;

/// The modes, in the order of what they may do.
const MODES: &[Mode] = &[Mode::ReadOnly, Mode::FullAuto, Mode::Bypass];

/// Compares and reports; gives the exit status.
pub(in crate::commands) fn main(args: &CompareArgs, agreed: impl FnOnce() -> bool) -> u8 {
    match compare(args, agreed) {
        Ok(status) | Err(status) => status,
    }
}

fn compare(args: &CompareArgs, agreed: impl FnOnce() -> bool) -> Result<u8, u8> {
    let named = args.codex.codex.as_deref().filter(|name| !name.is_empty()).map(Path::new);
    let scripts: Vec<(String, Script)> = match (named, &args.codex.prompt) {
        (Some(path), _) => vec![(path.display().to_string(), crate::commands::model::read(path)?)],
        (None, Some(_)) => Vec::new(),
        (None, None) => shipped()?,
    };
    let programs = programs(&args.codex)?;
    // The shipped scripts touch nothing but bait; of others nobody knows.
    let asks = named.is_some() || args.codex.prompt.is_some();
    if asks && !(args.on_host && agreed()) {
        say(
            "nothing ran: bypass runs bare on this host, as you, and can do whatever you can; add --on-host, which asks, or --on-host --yes",
        );
        return Err(exit::USAGE);
    }
    let from = codex_home();
    let top = top()?;
    let mut book = begin(args, &programs, named)?;
    let rules: Vec<PathBuf> = args.rules.iter().map(|path| absolute(path)).collect();
    if let Some(folder) = rules.iter().find(|path| !path.is_file()) {
        say(format_args!("`{}` is no rule file; Codex is given files", folder.display()));
        return Err(exit::USAGE);
    }
    let mut works: Vec<(String, Work<'_>)> =
        scripts.iter().map(|(name, script)| (name.clone(), Work::Script(script))).collect();
    if let Some(prompt) = &args.codex.prompt {
        works.push(("prompt".into(), Work::Prompt(prompt, &from)));
    }
    let stop = Stop::default();
    let mut jobs = Vec::new();
    for (_, work) in &works {
        for (program, version) in &programs {
            for mode in MODES {
                let number = jobs.len();
                let run = format!("{}-{number}", std::process::id());
                let model = args.codex.model.as_deref();
                jobs.push(Job {
                    program,
                    version,
                    mode: *mode,
                    work: *work,
                    rules: &rules,
                    model,
                    timeout: args.timeout,
                    top: &top,
                    run,
                    stop: &stop,
                });
            }
        }
    }
    let sides = together(&jobs, args.jobs.map_or(JOBS, usize::from), &stop);
    if let Some(signal) = stop.signal() {
        say("ended before all was done");
        return Err(exit::SIGNALLED.saturating_add(u8::try_from(signal).unwrap_or_default()));
    }
    let sides = sides.map_err(|why| {
        say(why);
        exit::SETUP
    })?;
    let mut sides = sides.into_iter();
    let per_part = programs.len() * MODES.len();
    let parts = works.iter().map(|(name, work)| {
        let scripted = matches!(work, Work::Script(_));
        Part::new(name.clone(), scripted, sides.by_ref().take(per_part).collect())
    });
    let comparison = Comparison::new(parts.collect());
    let told = printed(&match args.format {
        CompareFormat::Text => report::text(&comparison, Colour::of(&std::io::stdout())),
        CompareFormat::Json => report::json(&comparison),
        CompareFormat::Junit => report::junit(&comparison),
        CompareFormat::Html => html::page(&comparison),
    });
    let status = if comparison.failed() || !told { exit::FINDINGS } else { exit::OK };
    if let Some(book) = &mut book {
        keep(book, &comparison);
        book.end(status);
    }
    Ok(status)
}

fn shipped() -> Result<Vec<(String, Script)>, u8> {
    let one = |(name, text): &(&str, &str)| {
        let script = Script::parse(&format!("{name}.toml"), text).map_err(|refused| {
            crate::commands::sandbox::complain(&refused.found, &refused.sources);
            exit::USAGE
        });
        Ok(((*name).to_owned(), script?))
    };
    SHIPPED.iter().map(one).collect()
}

/// The programs with their versions.
fn programs(args: &CodexCompareArgs) -> Result<Vec<(PathBuf, String)>, u8> {
    let found = || std::env::var_os("PATH").and_then(|path| binary::on(&path)).into_iter().collect();
    let programs: Vec<PathBuf> =
        if args.codex_path.is_empty() { found() } else { args.codex_path.iter().map(|path| absolute(path)).collect() };
    if programs.is_empty() {
        say("there is no `codex` on PATH");
        say("help: install it with `npm install -g @openai/codex`, or name it with `--codex-path PATH`");
        return Err(exit::NOT_FOUND);
    }
    let mut known: Vec<(PathBuf, String)> = Vec::new();
    for program in programs {
        let release: Release = binary::release(&program).map_err(|why| {
            say(why);
            say("help: name another with `--codex-path PATH`");
            exit::SETUP
        })?;
        let version = release.to_string();
        if known.iter().any(|(_, other)| *other == version) {
            say(format_args!("version {version} was named twice"));
            return Err(exit::USAGE);
        }
        known.push((program, version));
    }
    Ok(known)
}

fn codex_home() -> PathBuf {
    let of_user = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".codex"));
    std::env::var_os("CODEX_HOME").map(PathBuf::from).or_else(of_user).unwrap_or_default()
}

/// In a side's own process: asks to be told when the comparison that started it is gone, also when it was killed
/// (`PR_SET_PDEATHSIG`, `prctl(2)`). Elsewhere nothing.
pub(super) fn end_with_parent() -> Result<(), u8> {
    let Some(parent) = std::env::var(side::PARENT).ok().and_then(|pid| pid.parse::<i32>().ok()) else { return Ok(()) };
    if nix::unistd::getppid().as_raw() == parent {
        let _ = crate::sys::process::told_of_parents_end(nix::sys::signal::Signal::SIGTERM);
    }
    // Else it is gone already.
    if nix::unistd::getppid().as_raw() == parent { Ok(()) } else { Err(exit::SETUP) }
}

/// Where the ground is laid: not below /tmp, which full-auto may write.
fn top() -> Result<PathBuf, u8> {
    let Some(top) = state::directory() else {
        say("neither XDG_STATE_HOME nor HOME is set, so there is no place for the ground of the runs");
        return Err(exit::SETUP);
    };
    if let Err(error) = state::make(&top) {
        say(format_args!("`{}` cannot be made: {error}", top.display()));
        return Err(exit::SETUP);
    }
    let real = top.canonicalize().unwrap_or(top);
    if real.starts_with("/tmp") {
        say(format_args!(
            "`{}` is below /tmp, which full-auto may write; set XDG_STATE_HOME to a directory elsewhere",
            real.display()
        ));
        return Err(exit::SETUP);
    }
    Ok(real)
}

fn begin(args: &CompareArgs, programs: &[(PathBuf, String)], script: Option<&Path>) -> Result<Option<Book>, u8> {
    let Some(mut book) = Book::begin(&args.codex.book, Habit::Keeps, Durability::Power)? else { return Ok(None) };
    let mut used = hashes("rules", args.rules.iter().map(PathBuf::as_path));
    used.extend(requirements());
    used.extend(hashes("script", script));
    used.extend(hashes("codex", programs.iter().map(|(program, _)| program.as_path())));
    used.push(palisade());
    let versions: Vec<&String> = programs.iter().map(|(_, version)| version).collect();
    let more = json!({ "mode": "compare", "versions": versions, "prompt": args.codex.prompt, "hashes": used });
    let cwd = std::env::current_dir().unwrap_or_default();
    book.add(Kind::Run, facts("compare --codex", &cwd, more));
    book.keep()
}

fn keep(book: &mut Book, comparison: &Comparison) {
    for side in comparison.parts.iter().flat_map(|part| &part.sides) {
        for call in &side.calls {
            let told = json!({ "id": call.id, "command": call.command, "version": side.version, "mode": side.mode });
            let with = |more: serde_json::Value| {
                let mut told = told.clone();
                if let (Some(told), serde_json::Value::Object(more)) = (told.as_object_mut(), more) {
                    told.extend(more);
                }
                told
            };
            book.add(Kind::Command, side::facts(side, call));
            if call.policy.is_some() {
                let verdict = json!({ "decision": call.policy, "codex": call.codex, "rules": call.rules, "finding": call.finding });
                book.add(Kind::Verdict, with(verdict));
            }
            if call.refused || call.class == "sandbox-denied" {
                book.add(Kind::Denial, with(json!({ "by": "codex", "why": call.did })));
            }
            for effect in &call.effects {
                let (what, path) = effect.split_once(' ').unwrap_or((effect, ""));
                book.add(Kind::Effect, with(json!({ "effect": what, "path": path })));
            }
            if call.network > 0 {
                book.add(Kind::Effect, with(json!({ "effect": "network", "path": null })));
            }
        }
    }
}
