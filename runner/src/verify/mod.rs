//! Verifying a sandbox: the same attempts without it and inside it, held against what each profile owes.
//!
//! [`run`] makes the control once and then one run a profile, one after the other, as they share names in `/tmp`. Every
//! answer becomes a [`report::Answer`]; the reports show those and decide nothing.

pub mod ablate;
pub mod against;
pub mod attribute;
pub mod baseline;
pub mod mutate;
pub mod report;
pub mod simulate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy::profile::Profile;

use crate::probe::drive::{Driver, NotRun, Observation};
use crate::probe::expect::{Mode, Wanted};
use crate::probe::judge::{Held, Verdict, happened, judge};
use crate::probe::need::{Facts, errnos, words};
use crate::probe::subject::{Identity, Subject};
use crate::probe::{Probe, all, catalogue, scenario};
use report::{Answer, Report, Run};

/// One subject under one profile.
pub struct Trial {
    /// What to call the profile: a mode, or the profile's own name.
    pub name: String,
    /// What it is held to.
    pub profile: Profile,
    /// What is run.
    pub subject: Subject,
    /// Whether the subject is held to what happens without a sandbox.
    pub held: Held,
}

/// What a verification needs besides its trials.
#[derive(Clone)]
pub struct Setting {
    /// Where fixtures are built: outside `/tmp`, open to the user.
    pub parent: PathBuf,
    /// The palisade binary.
    pub palisade: PathBuf,
    /// The probes to run, by id; all of them when empty.
    pub only: Vec<String>,
    /// Called once for each answer, as it comes.
    pub heard: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// Runs every trial and reports.
///
/// # Errors
/// When the fixture cannot be built, or not even the control starts: nothing can be said then.
pub fn run(subject: &str, trials: &[Trial], setting: &Setting) -> Result<Report, NotRun> {
    let Setting { parent, palisade, only, heard } = setting.clone();
    // Need not exist: what a profile grants is told from names alone.
    let root = parent.canonicalize().unwrap_or(parent.clone()).join("palisade-fixture");
    let driver = Driver { parent, palisade, only, heard };
    let identity = Identity::own();
    let control = everything(&driver, &Subject::bypass(), identity)?;
    let mut runs = Vec::new();
    for trial in trials {
        runs.push(match everything(&driver, &trial.subject, identity) {
            Ok(seen) => answered(trial, &root, identity, &seen, &control),
            Err(NotRun::Fixture(error)) => return Err(NotRun::Fixture(error)),
            Err(not_started) => broken(trial, &root, identity, &control, &not_started.to_string()),
        });
    }
    Ok(Report::new(subject, identity.uid, runs))
}

/// The probes inside and the scenarios, in the order of the catalogue.
fn everything(
    driver: &Driver,
    subject: &Subject,
    identity: Identity,
) -> Result<Vec<(&'static Probe, Observation)>, NotRun> {
    let mut seen = Vec::new();
    if driver.only.is_empty() || all().any(|probe| driver.only.iter().any(|only| only == probe.id)) {
        seen = driver.run(subject, identity)?;
    }
    seen.extend(scenario::run(driver, subject, identity)?);
    Ok(seen)
}

type Seen = [(&'static Probe, Observation)];

fn answered(trial: &Trial, root: &Path, identity: Identity, seen: &Seen, control: &Seen) -> Run {
    let pairs = seen.iter().filter_map(|(probe, observation)| {
        let (_, without) = control.iter().find(|(other, _)| other.id == probe.id)?;
        Some((probe, observation, without))
    });
    let answers = pairs.map(|(probe, observation, without)| {
        let mut answer = asked(trial, root, identity, probe);
        let owed = Facts::new(&trial.profile, root).owes(probe.need, &probe.expect, identity.is_root());
        let control = (trial.held == Held::Sandboxed).then_some(without);
        let judgement = judge(owed.wanted, trial.held, observation, control);
        answer.result = judgement.verdict;
        answer.happened = judgement.why;
        answer.seen_outside = observation.effect;
        answer.without_sandbox = happened(without);
        answer.worked = observation.worked();
        answer.worked_without = without.was_asked().then(|| without.worked());
        answer
    });
    Run::new(&trial.name, None, answers.collect())
}

/// A subject that did not start has answered nothing: every probe is in error, and none is refused.
fn broken(trial: &Trial, root: &Path, identity: Identity, control: &Seen, why: &str) -> Run {
    let answers = control.iter().map(|(probe, without)| {
        let mut answer = asked(trial, root, identity, probe);
        answer.happened = "the subject did not start".to_owned();
        answer.without_sandbox = happened(without);
        answer
    });
    Run::new(&trial.name, Some(why.to_owned()), answers.collect())
}

/// An answer before anything is known of what happened: in error.
fn asked(trial: &Trial, root: &Path, identity: Identity, probe: &'static Probe) -> Answer {
    let owed = Facts::new(&trial.profile, root).owes(probe.need, &probe.expect, identity.is_root());
    Answer { because: owed.because, ..unanswered(probe, owed.wanted) }
}

/// The same of a cell alone.
fn unanswered(probe: &'static Probe, wanted: Wanted) -> Answer {
    Answer {
        id: probe.id,
        class: probe.class,
        asks: probe.asks,
        result: Verdict::Error,
        expected: words(wanted),
        errnos: errnos(wanted.errnos),
        because: String::new(),
        line: probe.need.line(),
        layer: probe.layer,
        happened: String::new(),
        seen_outside: None,
        without_sandbox: String::new(),
        accepted: None,
        attribution: None,
        cell: wanted.word,
        worked: false,
        worked_without: None,
    }
}

/// What there is to know of one probe before it is run.
#[must_use]
pub fn explain(probe: &Probe, profiles: &[(Mode, Profile)]) -> String {
    let mut out = format!("{}  {}\n\n", probe.id, probe.asks);
    let mut row = |name: &str, text: &str| out.push_str(&format!("{name:12}{text}\n"));
    row("class", probe.class.name());
    row("matters", probe.class.matters());
    row("layer", probe.layer);
    row("decided by", probe.need.line().unwrap_or("no line of a profile: every sandbox owes it"));
    for root in [false, true] {
        row("", "");
        row(if root { "uid 0" } else { "user" }, "");
        for (mode, profile) in profiles {
            let owed =
                Facts::new(profile, Path::new("/var/tmp/palisade-fixture")).owes(probe.need, &probe.expect, root);
            row("", &format!("{mode:24}{}: {}", words(owed.wanted), owed.because));
        }
    }
    row("", "");
    row("read", probe.class.references());
    out.lines().map(str::trim_end).flat_map(|line| [line, "\n"]).collect()
}

/// One line for each probe: its name, its class and the question.
#[must_use]
pub fn list(only: &[String]) -> String {
    let wanted = catalogue().filter(|probe| only.is_empty() || only.iter().any(|id| id == probe.id));
    wanted.map(|probe| format!("{}  {:12}  {}\n", probe.id, probe.class.name(), probe.asks)).collect()
}

impl Report {
    /// Whether everything is as it should be: nothing in error, and nothing failed that is not accepted.
    #[must_use]
    pub fn is_good(&self, skips: Skips) -> bool {
        let bad = |answer: &Answer| match answer.result {
            Verdict::Error => true,
            _ if answer.is_expired() => true,
            Verdict::Fail => !answer.is_accepted(),
            Verdict::Skip => skips == Skips::Refused && !answer.is_accepted(),
            _ => false,
        };
        !self.runs.iter().flat_map(|run| &run.answers).any(bad)
    }
}

/// What a question that was not put means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skips {
    /// It is counted.
    Accepted,
    /// It fails the verification.
    Refused,
}
