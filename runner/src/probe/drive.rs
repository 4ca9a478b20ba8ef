//! The driver: builds the fixture, runs the attempts inside a subject, and looks from outside at what really happened.

use std::io::{Error, Read, Result};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::keep;

use super::effect::{Effect, Look};
use super::environment::KEY;
use super::fixture::Fixture;
use super::pty::Pty;
use super::report::{self, CONTROL, Line};
use super::subject::{Identity, Subject, fill};
use super::{Class, Probe, in_turn, stage};

/// How long a subject may take for all its probes.
const LIMIT: Duration = Duration::from_secs(60);

/// What was reported of one probe and what was seen of it.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The report from inside.
    pub line: Line,
    /// Whether the effect was there, for a probe that has one.
    pub effect: Option<bool>,
}

impl Observation {
    /// Whether the question was put.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        matches!(self.line.result, report::Result::Allowed | report::Result::Denied | report::Result::Signal)
    }

    /// Whether the attempt truly worked.
    #[must_use]
    pub fn worked(&self) -> bool {
        self.line.result == report::Result::Allowed && self.effect != Some(false)
    }
}

/// What a run needs besides its subject.
#[derive(Clone)]
pub struct Driver {
    /// A directory outside `/tmp` that the subject's user can enter.
    pub parent: PathBuf,
    /// The palisade binary.
    pub palisade: PathBuf,
    /// The probes to run, by id; all of them when empty.
    pub only: Vec<String>,
    /// Called once for each answer, as it comes.
    pub heard: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// Why a subject gave no observations.
#[derive(Debug)]
pub enum NotRun {
    /// The fixture could not be built.
    Fixture(Error),
    /// The subject never came to its first line.
    NotStarted {
        /// How it ended; `None` when it had to be ended.
        status: Option<ExitStatus>,
        /// What it said.
        said: String,
    },
}

impl std::fmt::Display for NotRun {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixture(error) => write!(out, "the fixture could not be built: {error}"),
            Self::NotStarted { status: Some(status), said } => write!(out, "not started: {status}: {said}"),
            Self::NotStarted { status: None, said } => write!(out, "not started: ended after {LIMIT:?}: {said}"),
        }
    }
}

impl Driver {
    /// Runs every probe inside the subject and tells what came of each, in the order of the catalogue.
    ///
    /// # Errors
    /// When there is nothing to tell.
    pub fn run(
        &self,
        subject: &Subject,
        identity: Identity,
    ) -> std::result::Result<Vec<(&'static Probe, Observation)>, NotRun> {
        let mut fixture = Fixture::build(&self.parent, &self.palisade, subject, identity).map_err(NotRun::Fixture)?;
        let mut probes = in_turn();
        probes.retain(|probe| self.only.is_empty() || self.only.iter().any(|only| only == probe.id));
        let looks: Vec<Option<Look>> = probes.iter().map(|probe| look(&fixture, probe.effect)).collect();
        // Longer than the coarsest clock of a file system, so that every change shows in a time.
        std::thread::sleep(Duration::from_millis(10));
        // Those about a terminal come first: some of the others take the workspace away.
        let (on_terminal, others): (Vec<_>, Vec<_>) = probes.iter().partition(|probe| probe.class == Class::Terminal);
        let (mut lines, mut terminal, mut ended) = (Vec::new(), None, (None, String::new()));
        for (part, stands_on_one) in [(on_terminal, true), (others, false)] {
            if part.is_empty() {
                continue;
            }
            fixture.scene.only = part.iter().map(|probe: &&Probe| probe.id.to_owned()).collect();
            terminal = if stands_on_one { Some(Pty::open(identity).map_err(NotRun::Fixture)?) } else { terminal };
            fixture.scene.terminal = terminal.as_ref().filter(|_| stands_on_one).map(|pty| pty.path.clone());
            let watched = terminal.as_mut().filter(|_| stands_on_one);
            let (status, said, errors) =
                launch(&fixture, subject, self.heard.clone(), watched).map_err(NotRun::Fixture)?;
            lines.extend(said.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()));
            ended = (status, errors);
        }
        let (status, said) = ended;
        if !lines.iter().any(|line| line.id == CONTROL) {
            return Err(NotRun::NotStarted { status, said });
        }
        let heard = fixture.heard();
        let moved = mend(&fixture, &probes);
        let mut seen: Vec<_> = probes
            .into_iter()
            .zip(looks)
            .map(|(probe, before)| {
                let line =
                    lines.iter().find(|line| line.id == probe.id).cloned().unwrap_or_else(|| silent(probe, status));
                let effect = match probe.effect {
                    Effect::Unseen => None,
                    Effect::Appears(_) | Effect::Forges(_) => before.map(|before| before.appeared()),
                    Effect::Changes(_) => before.map(|before| before.changed()),
                    Effect::Vanishes(_) => before.map(|before| before.vanished()),
                    Effect::Moves(..) => Some(moved.contains(&probe.id)),
                    Effect::Pends(signal) => fixture.victim_holds(signal),
                    Effect::Arrives(service) => {
                        Some(heard.get(&service).is_some_and(|text| holds(text, probe.id.as_bytes())))
                    }
                    Effect::Shares(what) => Some(holds(&fixture.told(what), probe.id.as_bytes())),
                    Effect::Terminal(what) => terminal.as_ref().map(|pty| pty.saw(what, probe.id)),
                    Effect::Tells(secret) => {
                        Some(fixture.secrets.get(&secret).is_some_and(|secret| line.detail.contains(secret)))
                    }
                };
                (probe, Observation { line, effect })
            })
            .collect();
        seen.sort_by_key(|(probe, _)| (probe.class, probe.id));
        Ok(seen)
    }
}

/// The line of a probe whose subject ended before it could report.
fn silent(probe: &Probe, status: Option<ExitStatus>) -> Line {
    let detail =
        status.map_or_else(|| "no report: the subject was ended".to_owned(), |how| format!("no report: {how}"));
    Line { id: probe.id.to_owned(), result: report::Result::Broken, number: 0, detail }
}

fn look(fixture: &Fixture, effect: Effect) -> Option<Look> {
    match effect {
        Effect::Appears(place) | Effect::Changes(place) | Effect::Vanishes(place) => Some(Look::at(&fixture.at(place))),
        Effect::Forges(name) => {
            Some(Look::at(&fixture.at(&fixture.scene.bookkeeping).join(fixture.at(name).file_name()?)))
        }
        Effect::Unseen
        | Effect::Moves(..)
        | Effect::Pends(_)
        | Effect::Arrives(_)
        | Effect::Shares(_)
        | Effect::Terminal(_)
        | Effect::Tells(_) => None,
    }
}

/// Moves back what was moved away, last first, and names the probes that had moved it.
fn mend(fixture: &Fixture, probes: &[&'static Probe]) -> Vec<&'static str> {
    let mut moved = Vec::new();
    for probe in probes.iter().rev() {
        if let Effect::Moves(from, to) = probe.effect {
            let (from, to) = (fixture.at(from), fixture.at(to));
            if from.symlink_metadata().is_err() && std::fs::rename(to, from).is_ok() {
                moved.push(probe.id);
            }
        }
    }
    moved
}

type Heard = Option<Arc<dyn Fn() + Send + Sync>>;

fn launch(
    fixture: &Fixture,
    subject: &Subject,
    heard: Heard,
    terminal: Option<&mut Pty>,
) -> Result<(Option<ExitStatus>, String, String)> {
    let scene = fixture.publish()?;
    let palisade = fixture.at("bin/palisade");
    let root = fixture.scene.root.to_string_lossy().into_owned();
    let mut command = Command::new(&palisade);
    command.arg(stage::LAUNCH).arg(&scene).arg("--");
    let attempt = [palisade.to_string_lossy(), stage::ATTEMPT.into(), scene.to_string_lossy()].map(String::from);
    command.args(fill(&subject.prefix, &root, &attempt));
    command.env_clear().envs(environment(fixture)).current_dir(fixture.at("ws"));
    fixture.become_subject(&mut command);
    if terminal.is_none() {
        // On a terminal it makes a session of its own, which whoever leads a group cannot.
        command.process_group(0);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let out = Collected::from(child.stdout.take(), heard);
    let errors = Collected::from(child.stderr.take(), None);
    let status = wait(&mut child, terminal, subject)?;
    Ok((status, out.text(), errors.text()))
}

/// The environment of a subject.
pub(crate) fn environment(fixture: &Fixture) -> Vec<(&'static str, std::ffi::OsString)> {
    vec![
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
        ("HOME", fixture.at("home").into()),
        ("TMPDIR", fixture.at("tmp").into()),
        ("CODEX_HOME", fixture.at("home/.codex").into()),
        (KEY, format!("sk-bait-{}", fixture.scene.token).into()),
        // A host without a network must not cost the whole time of the one probe that resolves a name.
        ("RES_OPTIONS", "timeout:1 attempts:1".into()),
    ]
}

/// What comes out of a pipe, as far as it has come.
struct Collected {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Collected {
    fn from(pipe: Option<impl Read + Send + 'static>, heard: Heard) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut part) {
                into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..length]);
                let lines = part[..length].iter().filter(|byte| **byte == b'\n').count();
                heard.iter().cycle().take(if heard.is_some() { lines } else { 0 }).for_each(|heard| heard());
            }
        });
        Self { text, reader }
    }

    /// The text up to its end; whoever still holds the pipe a second after the subject's end is not waited for.
    fn text(self) -> String {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.reader.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// How long a keeper may take to end what it keeps; longer than it gives that to end by itself.
const KEEPING: Duration = Duration::from_secs(5);

fn wait(child: &mut Child, mut terminal: Option<&mut Pty>, subject: &Subject) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(pty) = &mut terminal {
            pty.look();
        }
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            if let Ok(group) = i32::try_from(child.id()) {
                if !subject.is_own() {
                    end_kept(child, Pid::from_raw(group));
                }
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Tells a keeper to end all that it keeps, and gives it the time.
fn end_kept(child: &mut Child, keeper: Pid) {
    let (_, until) = (kill(keeper, keep::END), Instant::now() + KEEPING);
    while Instant::now() < until && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

/// Where fixtures go when nobody says: outside `/tmp`, open to every user.
#[must_use]
pub fn usual_parent() -> &'static Path {
    Path::new("/var/tmp")
}
