//! The ground of one scenario: directories of its own, and starting the subject there, as often and as oddly as it takes.

use std::ffi::OsString;
use std::io::Result as Io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::attempt::{Setup, Stop};
use super::super::environment::KEY;
use super::super::expect::Mode;
use super::super::fixture::Fixture;
use super::super::report::{Line, Result as Answered};
use super::super::stage;
use super::super::subject::{Subject, fill};
use super::hardship::Hardship;
use super::not_here;

/// How long one start of the subject may take.
const LIMIT: Duration = Duration::from_secs(6);
/// How long what was ended may take to be gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// Names that a launcher may put stand-ins for.
const PROTECTED: [&str; 4] = [".git", ".codex", ".agents", ".aws"];

/// Where one scenario is played.
pub(super) struct Ground<'a> {
    pub(super) fixture: &'a Fixture,
    subject: &'a Subject,
    id: &'static str,
    root: PathBuf,
}

/// A start of the subject, not made yet.
#[derive(Clone)]
pub(super) struct Start<'a> {
    ground: &'a Ground<'a>,
    prefix: Vec<String>,
    command: Vec<String>,
    workspace: PathBuf,
    environment: Vec<(String, OsString)>,
    hardship: Hardship,
}

/// How a start came out.
pub(super) struct Ended {
    /// As a shell tells it; 128 and the signal for one that was killed.
    pub(super) status: i32,
    /// What it wrote to standard output.
    pub(super) out: String,
    /// What it wrote to standard error.
    pub(super) errors: String,
}

impl Ended {
    /// The end, and the first line of what was said about it.
    pub(super) fn told(&self) -> String {
        let said = self.errors.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("status {}{}{}", self.status, if said.is_empty() { "" } else { ": " }, said.trim())
    }
}

impl<'a> Ground<'a> {
    /// Makes the directories, owned by the subject's user.
    pub(super) fn lay_out(fixture: &'a Fixture, subject: &'a Subject, id: &'static str) -> Result<Self, Stop> {
        // Short: the path of a socket holds no more than 107 bytes.
        let root = fixture.at(&format!("s{}", id.trim_start_matches("SC-")));
        let ground = Self { fixture, subject, id, root };
        let lay = || -> Io<()> {
            std::fs::create_dir(&ground.root)?;
            fixture.own(&ground.root)?;
            ["ws", "out", "home", "home/.codex", "tmp"].iter().try_for_each(|name| ground.directory(name))?;
            std::os::unix::fs::symlink(fixture.at("bin"), ground.at("bin"))
        };
        lay().setup("no ground for it")?;
        Ok(ground)
    }

    /// Makes sure that the subject starts a command here.
    pub(super) fn starts(&self) -> Result<(), Stop> {
        let ended = self.script("echo started", &[]).run()?;
        match ended.out.contains("started") {
            true => Ok(()),
            false => Err(Stop::Skip(format!("the subject does not start: {}", ended.told()))),
        }
    }

    pub(super) fn at(&self, place: &str) -> PathBuf {
        self.root.join(place)
    }

    /// A place as a word of a command.
    pub(super) fn word(&self, place: &str) -> String {
        self.at(place).to_string_lossy().into_owned()
    }

    /// Makes a directory with those above it.
    pub(super) fn directory(&self, place: &str) -> Io<()> {
        let mut at = self.root.clone();
        for part in Path::new(place) {
            at.push(part);
            if at.symlink_metadata().is_err() {
                std::fs::create_dir(&at)?;
                self.fixture.own(&at)?;
            }
        }
        Ok(())
    }

    pub(super) fn file(&self, place: &str, content: &str) -> Io<()> {
        if let Some((folder, _)) = place.rsplit_once('/') {
            self.directory(folder)?;
        }
        std::fs::write(self.at(place), content)?;
        self.fixture.own(&self.at(place))
    }

    pub(super) fn read(&self, place: &str) -> String {
        std::fs::read_to_string(self.at(place)).unwrap_or_default()
    }

    /// A word that only processes of this scenario have among theirs.
    pub(super) fn mark(&self) -> String {
        format!("palisade-{}-{}", self.fixture.scene.token, self.id)
    }

    /// Whether there is nobody to hold anything: the control.
    pub(super) fn is_bare(&self) -> bool {
        self.subject.prefix.is_empty()
    }

    /// Whether the subject is palisade, which says more than others do, and can be told more.
    pub(super) fn is_palisade(&self) -> bool {
        self.subject.name.starts_with("palisade")
    }

    /// The mode whose cells it is held to.
    pub(super) fn mode(&self) -> Mode {
        self.subject.mode
    }

    /// The subject with a command of these words.
    pub(super) fn start<S: AsRef<str>>(&'a self, command: &[S]) -> Start<'a> {
        Start {
            ground: self,
            prefix: self.subject.prefix.clone(),
            command: command.iter().map(|word| word.as_ref().to_owned()).collect(),
            workspace: self.at("ws"),
            environment: vec![
                ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".into()),
                ("HOME".to_owned(), self.at("home").into()),
                ("TMPDIR".to_owned(), self.at("tmp").into()),
                ("CODEX_HOME".to_owned(), self.at("home/.codex").into()),
                (KEY.to_owned(), "bait".into()),
            ],
            hardship: Hardship::None,
        }
    }

    /// The subject with a script; its words are `$0`, `$1` and so on.
    pub(super) fn script(&'a self, text: &str, words: &[String]) -> Start<'a> {
        self.start(&[&["sh".to_owned(), "-c".to_owned(), text.to_owned()], words].concat())
    }

    /// Makes attempts of the catalogue inside the subject, at the bait of the fixture: those that worked, or, where it did
    /// not start, what it said.
    pub(super) fn ask(&'a self, ids: &[&str], change: impl Fn(Start<'a>) -> Start<'a>) -> Result<Asked, Stop> {
        let mut scene = self.fixture.scene.clone();
        scene.only = ids.iter().map(|id| (*id).to_owned()).collect();
        let text = serde_json::to_string(&scene).setup("no scene")?;
        self.file("ws/scene.json", &text).setup("no scene")?;
        let words = [self.word("bin/palisade"), stage::ATTEMPT.to_owned(), self.word("ws/scene.json")];
        let ended = change(self.start(&words)).run()?;
        let lines: Vec<Line> = ended.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let worked = lines.iter().filter(|line| line.result == Answered::Allowed && ids.contains(&line.id.as_str()));
        Ok(Asked { worked: worked.map(|line| line.id.clone()).collect(), started: !lines.is_empty(), ended })
    }

    /// Processes with the mark among their words, whoever started them.
    pub(super) fn marked(&self) -> Vec<Pid> {
        let mark = self.mark();
        let has = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
        pids.filter(has).map(Pid::from_raw).collect()
    }

    /// Waits until the condition holds; whether it ever did.
    pub(super) fn soon(&self, patience: Duration, condition: impl Fn() -> bool) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            if condition() {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether processes with the mark outlive a moment; they are ended then. What the launcher leaves of itself may tidy up
    /// a while longer: a run beside this one can still use what it made.
    pub(super) fn survivors(&self) -> bool {
        let gone = self.soon(PATIENCE, || !self.marked().into_iter().any(is_shell))
            && self.soon(LIMIT, || self.marked().is_empty());
        for pid in self.marked() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        !gone
    }

    /// Stand-ins that a launcher has left in the workspace.
    pub(super) fn stand_ins(&self) -> Vec<&'static str> {
        let there =
            || PROTECTED.into_iter().filter(|name| self.at("ws").join(name).symlink_metadata().is_ok()).collect();
        self.soon(PATIENCE, || {
            let left: Vec<&str> = there();
            left.is_empty()
        });
        there()
    }
}

/// Whether it is a command of [`Ground::script`], and not of the launcher's own.
fn is_shell(pid: Pid) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sh\0"))
}

/// What came of attempts of the catalogue.
pub(super) struct Asked {
    /// Those that worked.
    pub(super) worked: Vec<String>,
    /// Whether the subject came to its first line.
    pub(super) started: bool,
    /// How it ended.
    pub(super) ended: Ended,
}

impl<'a> Start<'a> {
    pub(super) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Somewhere else than in the ground's workspace.
    pub(super) fn within(mut self, workspace: &Path) -> Self {
        let (root, place) = (self.ground.root.to_string_lossy(), workspace.to_string_lossy());
        for word in &mut self.prefix {
            *word = word.replace("{root}/ws", "{workspace}").replace("{workspace}", &place);
            debug_assert!(!root.is_empty());
        }
        self.workspace = workspace.to_owned();
        self
    }

    pub(super) fn under(mut self, hardship: Hardship) -> Self {
        self.hardship = hardship;
        self
    }

    /// Under a profile of its own: palisade's, changed; without a sandbox as it is, and no other launcher knows profiles.
    pub(super) fn changed(mut self, change: impl Fn(&mut toml::Table)) -> Result<Self, Stop> {
        if self.ground.is_bare() {
            return Ok(self);
        }
        if !self.ground.is_palisade() {
            return not_here("this subject's launcher cannot be told so by a profile of palisade's");
        }
        let named = |word: &str| self.prefix.iter().position(|known| known == word);
        let text = match named("--profile").and_then(|at| self.prefix.get(at + 1)) {
            Some(file) => std::fs::read_to_string(file).setup("the profile cannot be read")?,
            None if self.ground.mode() == Mode::ReadOnly => {
                include_str!("../../../../sandbox-profiles/read-only.toml").to_owned()
            }
            None => include_str!("../../../../sandbox-profiles/workspace-write.toml").to_owned(),
        };
        let mut table: toml::Table = toml::from_str(&text).setup("the profile is none")?;
        if self.ground.mode() == Mode::Network {
            set(&mut table, "network", "access", "host".into());
        }
        change(&mut table);
        let name = "profile.toml";
        self.ground.file(name, &table.to_string()).setup("the profile cannot be written")?;
        for option in ["--mode", "--network", "--profile"] {
            if let Some(at) = self.prefix.iter().position(|known| known == option) {
                self.prefix.drain(at..(at + 2).min(self.prefix.len()));
            }
        }
        let dashes = self.prefix.iter().position(|word| word == "--").unwrap_or(self.prefix.len());
        let words = ["--profile".to_owned(), self.ground.word(name)];
        self.prefix.splice(dashes..dashes, words);
        Ok(self)
    }

    /// The whole command line of a subject below this one.
    pub(super) fn line(&self) -> Vec<String> {
        fill(&self.prefix, &self.ground.root.to_string_lossy(), &self.command)
    }

    pub(super) fn spawn(&self, out: Stdio, errors: Stdio) -> Result<Child, Stop> {
        let mut command = Command::new(self.ground.fixture.at("bin/palisade"));
        command.arg(stage::START).arg(std::process::id().to_string()).arg(self.hardship.name()).args(self.line());
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.workspace);
        self.ground.fixture.become_subject(&mut command);
        // A group of its own, so that it can be interrupted as from a terminal, and nobody else is.
        command.process_group(0).stdin(Stdio::null()).stdout(out).stderr(errors);
        command.spawn().setup("the subject cannot be started")
    }

    /// Runs it to its end.
    pub(super) fn run(&self) -> Result<Ended, Stop> {
        let (out, errors) = (tempfile(self.ground, "stdout")?, tempfile(self.ground, "stderr")?);
        let mut child = self.spawn(out.into(), errors.into())?;
        let status = ended(&mut child, LIMIT)?.ok_or_else(|| Stop::Skip(format!("it did not end in {LIMIT:?}")))?;
        Ok(Ended { status: number(status), out: self.ground.read("stdout"), errors: self.ground.read("stderr") })
    }
}

/// Waits for a child, and ends it when it takes too long.
pub(super) fn ended(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Stop> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().setup("it was lost")? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A status as a shell tells it.
pub(super) fn number(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// A file of the driver's for one stream; lines of several starts never mix.
fn tempfile(ground: &Ground<'_>, name: &str) -> Result<std::fs::File, Stop> {
    std::fs::File::create(ground.at(name)).setup("no file for what it says")
}

/// Sets a line of a profile.
pub(super) fn set(table: &mut toml::Table, section: &str, key: &str, value: toml::Value) {
    if let Some(section) = table.get_mut(section).and_then(toml::Value::as_table_mut) {
        section.insert(key.to_owned(), value);
    }
}
