//! Subjects: whatever puts a sandbox round a command, as a command line in front of it.

use std::path::{Path, PathBuf};

use super::expect::Mode;

/// Who runs the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl Identity {
    /// Whoever runs this process.
    #[must_use]
    pub fn own() -> Self {
        Self { uid: nix::unistd::getuid().as_raw(), gid: nix::unistd::getgid().as_raw() }
    }

    /// Whether it is uid 0.
    #[must_use]
    pub fn is_root(self) -> bool {
        self.uid == 0
    }
}

/// One subject in one mode.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What to call it.
    pub name: String,
    /// Which expectations it is held to.
    pub mode: Mode,
    /// The command line in front of the attempts; `{root}` is the fixture, `{root}/bin` holds the tools.
    pub prefix: Vec<String>,
    /// Programs the prefix names, linked or copied to `{root}/bin`, where every user can reach them.
    pub tools: Vec<(String, PathBuf)>,
    /// The place where its launcher keeps books; made beforehand when it lies in the fixture.
    pub bookkeeping: String,
}

/// palisade, as the program of a command line.
const OWN: &str = "{root}/bin/palisade";

/// Where palisade keeps its own, as a place.
pub const OWN_BOOKS: &str = "home/.cache/palisade/rules";

/// Where Codex keeps its books: below `$TMPDIR`.
const CODEX_BOOKS: &str = "tmp/codex-bwrap-synthetic-mount-targets-{uid}";

impl Subject {
    /// Whether palisade itself is the launcher, which sees to what it starts; for others a keeper does.
    pub(super) fn is_own(&self) -> bool {
        self.prefix.first().is_some_and(|program| program == OWN)
    }

    /// No sandbox: shows that the attempts can succeed.
    #[must_use]
    pub fn bypass() -> Self {
        Self {
            name: "bypass".to_owned(),
            mode: Mode::Bypass,
            prefix: Vec::new(),
            tools: Vec::new(),
            bookkeeping: CODEX_BOOKS.to_owned(),
        }
    }

    /// No sandbox, held to what one would owe: every claim must be seen to fail.
    #[must_use]
    pub fn none(mode: Mode) -> Self {
        Self { name: "none".to_owned(), mode, ..Self::bypass() }
    }

    /// The real Codex's own sandbox, by its native binary, wherever that lies; `None` for a mode that this Codex cannot be
    /// asked for.
    #[must_use]
    pub fn codex(binary: &Path, verb: CodexVerb, mode: Mode) -> Option<Self> {
        let in_place = Self::codex_in_place("{root}/bin/codex", verb, mode)?;
        Some(Self { tools: vec![("codex".to_owned(), binary.to_owned())], ..in_place })
    }

    /// A Codex that the subject's user can reach where it lies; `None` for a mode that this Codex cannot be asked for.
    #[must_use]
    pub fn codex_in_place(program: &str, verb: CodexVerb, mode: Mode) -> Option<Self> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let arguments: Vec<String> = match (verb, mode) {
            (CodexVerb::Sandbox, mode) => configured(mode),
            (CodexVerb::SandboxLinux, Mode::ReadOnly) => words(&["sandbox", "linux", "--"]),
            (CodexVerb::SandboxLinux, Mode::WorkspaceWrite) => words(&["sandbox", "linux", "--full-auto", "--"]),
            (CodexVerb::SandboxLinux, Mode::Network | Mode::Bypass) => return None,
        };
        Some(Self {
            name: "codex".to_owned(),
            mode,
            prefix: std::iter::once(program.to_owned()).chain(arguments).collect(),
            tools: Vec::new(),
            bookkeeping: CODEX_BOOKS.to_owned(),
        })
    }

    /// Any launcher, by its words; see [`fill`] for what stands for what.
    #[must_use]
    pub fn command(words: Vec<String>, mode: Mode) -> Self {
        let name = words.first().cloned().unwrap_or_default();
        Self { name, mode, prefix: words, tools: Vec::new(), bookkeeping: OWN_BOOKS.to_owned() }
    }

    /// Palisade itself with one of its backends; `bookkeeping` is the place where it keeps its own books.
    #[must_use]
    pub fn palisade(backend: &str, mode: Mode, bookkeeping: &str) -> Self {
        let network = if matches!(mode, Mode::Network | Mode::Bypass) { "host" } else { "off" };
        let words = ["--mode", mode_name(mode), "--network", network];
        Self::run(backend, mode, &words, bookkeeping)
    }

    /// The same under a profile of somebody's own; `mode` is the one whose cells come closest.
    #[must_use]
    pub fn profile(backend: &str, file: &str, mode: Mode, bookkeeping: &str) -> Self {
        Self::run(backend, mode, &["--profile", file], bookkeeping)
    }

    /// The same, for a subject that is palisade, started through another verb of its own with these words.
    #[must_use]
    pub fn through(&self, words: &[String]) -> Self {
        let (program, rest) = self.prefix.split_at(1.min(self.prefix.len()));
        let dashes = "--".to_owned();
        let prefix = program.iter().chain(words).chain(std::iter::once(&dashes)).chain(rest).cloned().collect();
        Self { prefix, ..self.clone() }
    }

    fn run(backend: &str, mode: Mode, words: &[&str], bookkeeping: &str) -> Self {
        let first = [OWN, "run", "--backend", backend, "--cwd", "{root}/ws"];
        Self {
            name: format!("palisade {backend}"),
            mode,
            // What Seatbelt cannot carry is told as a gap and not a reason to run nothing: the probes show what is left.
            prefix: (first.iter().chain(words))
                .chain(if backend == "seatbelt" { &["--degrade", "--"][..] } else { &["--"] })
                .map(|word| (*word).to_owned())
                .collect(),
            tools: Vec::new(),
            bookkeeping: bookkeeping.to_owned(),
        }
    }
}

/// How a version of Codex is asked to sandbox a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodexVerb {
    /// `codex sandbox -c …`; 0.169.0.
    Sandbox,
    /// `codex sandbox linux [--full-auto]`, which heeds no configuration; 0.125.0 and 0.117.0.
    SandboxLinux,
}

/// What stands for the command in a launcher's words.
pub const COMMAND: &str = "{}";

/// The whole command line: places filled in, and the command where `{}` stands, else at the end.
///
/// A word `{}` becomes the command's words; `{}` within a word becomes one text for a shell. `{root}`, `{workspace}`,
/// `{tmp}` and `{home}` are directories of the fixture.
#[must_use]
pub fn fill(prefix: &[String], root: &str, command: &[String]) -> Vec<String> {
    let places = [("{root}", ""), ("{workspace}", "/ws"), ("{tmp}", "/tmp"), ("{home}", "/home")];
    let text = shlex::try_join(command.iter().map(String::as_str)).unwrap_or_default();
    let mut words = Vec::new();
    for word in prefix {
        if word == COMMAND {
            words.extend_from_slice(command);
            continue;
        }
        let placed = places.iter().fold(word.clone(), |word, (mark, at)| word.replace(mark, &format!("{root}{at}")));
        words.push(placed.replace(COMMAND, &text));
    }
    if !prefix.iter().any(|word| word.contains(COMMAND)) {
        words.extend_from_slice(command);
    }
    words
}

fn configured(mode: Mode) -> Vec<String> {
    let mut words = vec!["sandbox".to_owned(), "-c".to_owned(), format!("sandbox_mode=\"{}\"", mode_name(mode))];
    if mode == Mode::Network {
        words.extend(["-c".to_owned(), "sandbox_workspace_write.network_access=true".to_owned()]);
    }
    words.push("--".to_owned());
    words
}

/// What both Codex and palisade call a mode; the network is a separate switch of both.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::ReadOnly => "read-only",
        Mode::WorkspaceWrite | Mode::Network => "workspace-write",
        Mode::Bypass => "danger-full-access",
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[track_caller]
    fn check(prefix: &[&str], expected: &[&str]) {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(fill(&words(prefix), "/f", &words(&["run", "a b"])), words(expected));
    }

    #[test]
    fn the_command_stands_where_the_launcher_wants_it() {
        check(&[], &["run", "a b"]);
        check(&["box", "--"], &["box", "--", "run", "a b"]);
        check(&["box", "{}", "--last"], &["box", "run", "a b", "--last"]);
        check(&["sh", "-c", "exec {}"], &["sh", "-c", "exec run 'a b'"]);
        check(
            &["box", "--rw={workspace}", "{tmp}", "{home}/x", "{root}"],
            &["box", "--rw=/f/ws", "/f/tmp", "/f/home/x", "/f", "run", "a b"],
        );
    }
}
