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

/// Where palisade keeps its own, as a place.
pub const OWN_BOOKS: &str = "home/.cache/palisade/rules";

/// Where Codex keeps its books: below `$TMPDIR`.
const CODEX_BOOKS: &str = "tmp/codex-bwrap-synthetic-mount-targets-{uid}";

impl Subject {
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

    /// The real Codex's own sandbox, by the native binary of a version that has `codex sandbox -c`.
    #[must_use]
    pub fn codex(binary: &Path, mode: Mode) -> Self {
        let mut prefix = vec!["{root}/bin/codex".to_owned(), "sandbox".to_owned(), "-c".to_owned()];
        prefix.push(format!("sandbox_mode=\"{}\"", mode_name(mode)));
        if mode == Mode::Network {
            prefix.extend(["-c".to_owned(), "sandbox_workspace_write.network_access=true".to_owned()]);
        }
        prefix.push("--".to_owned());
        Self {
            name: "codex".to_owned(),
            mode,
            prefix,
            tools: vec![("codex".to_owned(), binary.to_owned())],
            bookkeeping: CODEX_BOOKS.to_owned(),
        }
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

    fn run(backend: &str, mode: Mode, words: &[&str], bookkeeping: &str) -> Self {
        let first = ["{root}/bin/palisade", "run", "--backend", backend, "--cwd", "{root}/ws"];
        Self {
            name: format!("palisade {backend}"),
            mode,
            prefix: first.iter().chain(words).chain(&["--"]).map(|word| (*word).to_owned()).collect(),
            tools: Vec::new(),
            bookkeeping: bookkeeping.to_owned(),
        }
    }
}

/// What both Codex and palisade call a mode; the network is a separate switch of both.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::ReadOnly => "read-only",
        Mode::WorkspaceWrite | Mode::Network => "workspace-write",
        Mode::Bypass => "danger-full-access",
    }
}
