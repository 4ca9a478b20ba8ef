//! From the options of `verify` to the subjects that are run: palisade's own, the real Codex, or any launcher.

use std::path::{Path, PathBuf};
use std::process::Command;

use policy::profile::{self, Environment, Limits, Profile};

use super::as_codex::as_codex;
use super::verify::{held, shipped, wrong};
use crate::cli::{VerifyArgs, Who};
use crate::doctor::programs;
use crate::launch::absolute;
use crate::modes;
use crate::probe::expect::Mode;
use crate::probe::judge::Held;
use crate::probe::need::Facts;
use crate::probe::subject::{COMMAND, CodexVerb, OWN_BOOKS, Subject};
use crate::refused::Refused;
use crate::seatbelt::generate::SANDBOX_EXEC;
use crate::sys::memory;
use crate::verify::Trial;

/// What to call the subject, and its trials.
pub(super) fn trials(args: &VerifyArgs) -> Result<(String, Vec<Trial>), Refused> {
    let seatbelt = args.subject_command.is_none() && args.subject == Who::Seatbelt;
    if args.simulate && !seatbelt {
        return Err(wrong("simulate", "only Seatbelt is simulated: add `--backend seatbelt`".to_owned()));
    }
    if seatbelt && !args.simulate && !Path::new(SANDBOX_EXEC).is_file() {
        let why = format!("`{SANDBOX_EXEC}` is not here; `--simulate` decides what the probes would ask");
        return Err(wrong("subject", why));
    }
    if let Some(line) = &args.subject_command {
        let words = launcher(line)?;
        let name = words.first().cloned().unwrap_or_default();
        return Ok((name, foreign(each(&args.mode, |mode| Some(Subject::command(words.clone(), mode)))?)));
    }
    if args.as_codex.as_codex {
        return of_codex(args);
    }
    let modes: &[Mode] = if args.mode.is_empty() { &Mode::SANDBOXED } else { &args.mode };
    match (&args.subject, &args.profile) {
        (Who::Codex(_), Some(_)) => {
            Err(wrong("subject", "codex is verified in modes, not under a profile of palisade's".to_owned()))
        }
        (Who::Codex(program), None) => codex(program.as_deref(), modes, args.mode.is_empty()),
        (who, Some(file)) => {
            let profile = modes::from_file(file)?;
            let file = file.canonicalize().unwrap_or_else(|_| file.clone());
            Ok((name(who).to_owned(), vec![of_file(who, &args.scratch, &file, profile)?]))
        }
        (Who::None, None) => Ok(("none".to_owned(), each(modes, |mode| Some(Subject::none(mode)))?)),
        (who, None) => {
            Ok((name(who).to_owned(), each(modes, |mode| Some(Subject::palisade(name(who), mode, OWN_BOOKS)))?))
        }
    }
}

/// The profile that stands for what Codex would run as in this directory, under the real conditions.
fn of_codex(args: &VerifyArgs) -> Result<(String, Vec<Trial>), Refused> {
    if matches!(args.subject, Who::Codex(_)) {
        return Err(wrong(
            "subject",
            "`--as-codex` is verified in palisade's sandboxes, and codex has its own".to_owned(),
        ));
    }
    let codex = as_codex(&args.as_codex, &absolute(Path::new(".")))?;
    codex.tell();
    if let Some(refused) = codex.refusal().filter(|_| !args.degrade) {
        return Err(refused);
    }
    // Each attempt starts palisade anew, which reads the profile from the memory of this process: nothing is left of it.
    let path = memory::kept(&profile::text(&codex.profile))
        .map_err(|error| wrong("profile", format!("the profile cannot be handed over: {error}")))?;
    let trial = of_file(&args.subject, &args.scratch, &path, codex.profile)?;
    Ok((name(&args.subject).to_owned(), vec![trial]))
}

/// One trial a mode, for the modes that the subject has.
fn each(modes: &[Mode], subject: impl Fn(Mode) -> Option<Subject>) -> Result<Vec<Trial>, Refused> {
    let trial = |(mode, subject)| {
        Ok(Trial { name: Mode::to_string(&mode), profile: shipped(mode)?, subject, held: held(mode) })
    };
    modes.iter().filter_map(|&mode| Some((mode, subject(mode)?))).map(trial).collect()
}

/// What our profiles say of variables and limits no mode of others has ever promised.
fn foreign(mut trials: Vec<Trial>) -> Vec<Trial> {
    for trial in &mut trials {
        trial.profile.environment = Environment::default();
        trial.profile.limits = Limits::default();
    }
    trials
}

const fn name(who: &Who) -> &'static str {
    match who {
        Who::Native => "native",
        Who::Bwrap => "bwrap",
        Who::Seatbelt => "seatbelt",
        Who::None => "none",
        Who::Codex(_) => "codex",
    }
}

fn of_file(who: &Who, scratch: &Path, file: &Path, profile: Profile) -> Result<Trial, Refused> {
    let Some(path) = file.to_str() else {
        return Err(wrong("path", format!("`{}` is not UTF-8", file.display())));
    };
    let mode = Facts::new(&profile, &scratch.join("palisade-fixture")).mode();
    let subject = match who {
        Who::None => Subject::none(mode),
        who => Subject::profile(name(who), path, mode, OWN_BOOKS),
    };
    let held = if mode == Mode::Bypass { Held::Bare } else { Held::Sandboxed };
    Ok(Trial { name: profile.name.clone(), profile, subject, held })
}

/// The words of a launcher, its program found on PATH.
fn launcher(line: &str) -> Result<Vec<String>, Refused> {
    let bad = |why: &str| wrong("subject-command", format!("the launcher `{line}` cannot be used: {why}"));
    let mut words = shlex::split(line).ok_or_else(|| bad("a quote is not closed"))?;
    if !words.iter().any(|word| word.contains(COMMAND)) {
        return Err(bad("it does not say where the command goes; write `{}` there"));
    }
    let program = words.first_mut().filter(|word| !word.contains(COMMAND)).ok_or_else(|| bad("it names no program"))?;
    *program = found(program).ok_or_else(|| bad("there is no such program"))?;
    Ok(words)
}

/// Where a program is, as a shell would find it.
fn found(program: &str) -> Option<String> {
    let there = |path: PathBuf| path.is_file().then(|| path.to_str().map(str::to_owned)).flatten();
    if program.contains('/') {
        return there(absolute(Path::new(program)));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| there(absolute(&folder.join(program))))
}

/// The real Codex, asked for its version and for the way it wants to be asked.
fn codex(program: Option<&Path>, modes: &[Mode], unasked: bool) -> Result<(String, Vec<Trial>), Refused> {
    let known = match program {
        Some(path) => programs::asked(absolute(path)),
        None => programs::codex().into_iter().find(|found| found.version.is_some()).ok_or_else(|| {
            wrong("subject", "no codex that can be trusted is on PATH; name one: --subject codex=PATH".to_owned())
        })?,
    };
    let bad = |why: String| wrong("subject", format!("`{}` cannot be verified: {why}", known.path.display()));
    let version = known.version.clone().ok_or_else(|| bad(known.why_unknown.clone().unwrap_or_default()))?;
    let path = known.path.to_str().ok_or_else(|| bad("its path is not UTF-8".to_owned()))?;
    let (_, help) = programs::output(Command::new(&known.path).args(["sandbox", "--help"])).map_err(bad)?;
    let old = help.lines().any(|line| line.split_whitespace().next() == Some("linux"));
    let verb = if old { CodexVerb::SandboxLinux } else { CodexVerb::Sandbox };
    let trials = each(modes, |mode| Subject::codex_in_place(path, verb, mode))?;
    if trials.len() < modes.len() && !unasked {
        return Err(bad(format!("codex {version} can only be asked for read-only and workspace-write")));
    }
    Ok((format!("codex {version}"), foreign(trials)))
}
