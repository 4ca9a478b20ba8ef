//! From a profile to what a row owes under it: the line that decides, and which cell of the row then holds. Pure.
//!
//! A row states four cells, one for each shipped mode. Which of them holds under a profile follows from what the profile
//! grants and not from its name: a profile that writes more, protects less or shares more owes what it says.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use policy::profile::{CallGroup, Network, Profile, Tree};

use super::expect::{Expect, Mode, NOTED, REFUSE, Wanted, Word};
use super::scene::place;

/// What in a profile decides about a row. Places are those of [`place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No line: every sandbox owes the same.
    Sandbox,
    /// Whether this place may be written.
    Write(&'static str),
    /// Whether something of the outside may be moved or linked into this place, or the other way.
    Across(&'static str),
    /// Whether the host's `/tmp` may be written.
    Tmp,
    /// Whether this place may be read.
    Read(&'static str),
    /// Whether this name is protected at the top of this place.
    Name(&'static str, &'static str),
    /// Whether this name is protected, which also hides the sockets that belong to it.
    Hidden(&'static str),
    /// Whether repositories nested in the workspace are protected.
    Nested,
    /// Whether the host's network is reached.
    Network,
    /// Whether `/dev` is private.
    Dev,
    /// Whether processes are private.
    Processes,
    /// Whether shared memory and queues are private.
    Ipc,
    /// Whether this group of calls is refused.
    Calls(CallGroup),
    /// Whether this is limited.
    Limit(Limit),
    /// Whether this variable is taken away.
    Variable(&'static str),
}

/// What a profile may limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The size of core dumps.
    Core,
    /// The memory of one process.
    Memory,
    /// The number of processes.
    Processes,
}

impl Need {
    /// The line of the profile, as `table.key`.
    #[must_use]
    pub const fn line(self) -> Option<&'static str> {
        match self {
            Self::Sandbox => None,
            Self::Write(_) | Self::Across(_) | Self::Tmp => Some("files.write"),
            Self::Read(_) => Some("files.read"),
            Self::Name(..) | Self::Hidden(_) => Some("files.protect"),
            Self::Nested => Some("files.nested_repositories"),
            Self::Network => Some("network.access"),
            Self::Dev => Some("private.dev"),
            Self::Processes => Some("private.processes"),
            Self::Ipc => Some("private.ipc"),
            Self::Calls(_) => Some("system_calls.refuse"),
            Self::Limit(Limit::Core) => Some("limits.core_bytes"),
            Self::Limit(Limit::Memory) => Some("limits.memory_bytes"),
            Self::Limit(Limit::Processes) => Some("limits.processes"),
            Self::Variable(_) => Some("environment.remove"),
        }
    }
}

/// What a row owes under a profile, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The cell.
    pub wanted: Wanted,
    /// What of the profile it follows from, in words.
    pub because: String,
}

/// What a profile grants, in the terms of a fixture.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    profile: &'a Profile,
    root: &'a Path,
    /// Whether the profile confines nothing, so that commands run without a sandbox.
    bare: bool,
}

impl<'a> Facts<'a> {
    /// The facts of a profile for a fixture that stands at `root`.
    #[must_use]
    pub fn new(profile: &'a Profile, root: &'a Path) -> Self {
        let private = profile.private;
        let shares = !private.dev && !private.tmp && !private.ipc && !private.processes;
        let bare = profile.writes_everything()
            && profile.reads_everything()
            && profile.network == Network::Host
            && profile.refuse.is_empty()
            && profile.files.deny_read.is_empty()
            && profile.files.protect.is_empty()
            && !profile.landlock
            && shares;
        Self { profile, root, bare }
    }

    /// The mode whose cells come closest.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (self.bare, self.profile.network, self.writes("ws")) {
            (true, ..) => Mode::Bypass,
            (false, Network::Host, _) => Mode::Network,
            (false, Network::Off, true) => Mode::WorkspaceWrite,
            (false, Network::Off, false) => Mode::ReadOnly,
        }
    }

    /// What a row owes.
    #[must_use]
    pub fn owes(&self, need: Need, expect: &Expect, root: bool) -> Owed {
        let cell = |mode| expect.of(mode, root);
        if self.bare {
            return Owed { wanted: cell(Mode::Bypass), because: "the profile confines nothing".to_owned() };
        }
        let (wanted, because) = match need {
            Need::Sandbox => (cell(self.mode()), "every sandbox owes it".to_owned()),
            Need::Write(at) => self.write(expect, root, self.writes(at)),
            Need::Across(at) => match (self.writes(at), self.writes("out")) {
                (true, true) => (NOTED, "`files.write` covers both sides, which may be two mounts".to_owned()),
                (true, false) => (cell(Mode::WorkspaceWrite), "`files.write` covers one side only".to_owned()),
                (false, _) => (cell(Mode::ReadOnly), "`files.write` does not cover both sides".to_owned()),
            },
            Need::Tmp if self.profile.private.tmp => (NOTED, "`private.tmp` gives it a /tmp of its own".to_owned()),
            Need::Tmp => self.write(expect, root, self.writes("/tmp")),
            Need::Read(at) if self.reads(at) => (cell(self.mode()), "`files.read` covers it".to_owned()),
            Need::Read(_) => (REFUSE, "the profile does not let it be read".to_owned()),
            Need::Name(_, "/tmp") if self.profile.private.tmp => {
                (NOTED, "`private.tmp` gives it a /tmp of its own".to_owned())
            }
            Need::Name(name, at) => match (self.writes(at), self.protects(name)) {
                (false, _) => (cell(Mode::ReadOnly), "`files.write` does not cover it".to_owned()),
                (true, true) => (cell(Mode::WorkspaceWrite), format!("`files.protect` names `{name}`")),
                (true, false) => (cell(Mode::Bypass), format!("`files.protect` does not name `{name}`")),
            },
            Need::Hidden(name) => match self.protects(name) {
                true => (cell(self.mode()), format!("`files.protect` names `{name}`")),
                false => (cell(Mode::Bypass), format!("`files.protect` does not name `{name}`")),
            },
            Need::Nested => match (self.writes("ws"), self.protects(".git") && self.nested()) {
                (false, _) => (cell(Mode::ReadOnly), "`files.write` does not cover it".to_owned()),
                (true, true) => (cell(Mode::WorkspaceWrite), "`files.nested_repositories` covers it".to_owned()),
                (true, false) => (cell(Mode::Bypass), "`files.nested_repositories` does not cover it".to_owned()),
            },
            Need::Network => match self.profile.network {
                Network::Host => (cell(Mode::Network), "`network.access` is host".to_owned()),
                Network::Off if self.writes("ws") => (cell(Mode::WorkspaceWrite), "`network.access` is off".to_owned()),
                Network::Off => (cell(Mode::ReadOnly), "`network.access` is off".to_owned()),
            },
            Need::Dev => match self.profile.private.dev {
                true => (cell(self.mode()), "`private.dev` is true".to_owned()),
                false => (NOTED, "`private.dev` is false".to_owned()),
            },
            Need::Processes => match self.profile.private.processes {
                true => (cell(self.mode()), "`private.processes` is true".to_owned()),
                false => (cell(Mode::Bypass), "`private.processes` is false".to_owned()),
            },
            Need::Ipc => match self.profile.private.ipc {
                true => (cell(self.mode()), "`private.ipc` is true".to_owned()),
                false => (cell(Mode::Bypass), "`private.ipc` is false".to_owned()),
            },
            Need::Limit(limit) => self.limit(limit, cell(self.mode()), root),
            Need::Variable(name) if self.profile.environment.passes(name) => {
                (cell(self.mode()), format!("`environment.remove` does not name `{name}`"))
            }
            Need::Variable(name) => (REFUSE, format!("`environment.remove` names `{name}`")),
            Need::Calls(group) if self.profile.refuse.contains(&group) => {
                (cell(self.mode()), format!("`system_calls.refuse` names `{}`", group.name()))
            }
            Need::Calls(group) => (NOTED, format!("`system_calls.refuse` does not name `{}`", group.name())),
        };
        Owed { wanted, because }
    }

    /// What a limit owes: the row's cell where there is none, as it had better be.
    fn limit(&self, limit: Limit, unset: Wanted, root: bool) -> (Wanted, String) {
        use super::resources::{MEMORY, PROCESSES};
        let limits = &self.profile.limits;
        let (value, attempted) = match limit {
            Limit::Core => (limits.core_bytes, 1),
            Limit::Memory => (limits.memory_bytes, MEMORY as u64),
            Limit::Processes => (limits.processes, u64::from(PROCESSES)),
        };
        let line = Need::Limit(limit).line().unwrap_or_default();
        match value {
            None => (unset, format!("`{line}` is not set")),
            Some(value) if value >= attempted => (NOTED, format!("`{line}` is no less than what is tried")),
            // The kernel counts no processes of uid 0.
            Some(_) if limit == Limit::Processes && root => (unset, format!("`{line}` does not hold for uid 0")),
            Some(_) => (REFUSE, format!("`{line}` is less than what is tried")),
        }
    }

    /// The cell for an act that a writable place grants. A row about the outside works where even that may be written.
    fn write(&self, expect: &Expect, root: bool, granted: bool) -> (Wanted, String) {
        let inside = expect.of(Mode::WorkspaceWrite, root);
        let of_the_outside = matches!(inside.word, Word::MustRefuse | Word::ShouldRefuse);
        let wanted = match (granted, of_the_outside) {
            (true, true) => expect.of(Mode::Bypass, root),
            (true, false) => inside,
            (false, true) if self.writes("ws") => inside,
            (false, _) => expect.of(Mode::ReadOnly, root),
        };
        let because = if granted { "`files.write` covers it" } else { "`files.write` does not cover it" };
        (wanted, because.to_owned())
    }

    fn writes(&self, at: &str) -> bool {
        let path = self.at(at);
        self.profile.files.write.iter().any(|tree| self.covers(tree, &path))
    }

    fn reads(&self, at: &str) -> bool {
        let path = self.at(at);
        let denied = self.profile.files.deny_read.iter().any(|tree| self.covers(tree, &path));
        let files = &self.profile.files;
        !denied && files.read.iter().chain(&files.write).any(|tree| self.covers(tree, &path))
    }

    fn protects(&self, name: &str) -> bool {
        self.profile.files.protect.iter().any(|protected| protected == name)
    }

    /// The fixture's nested repository lies one level below the workspace.
    fn nested(&self) -> bool {
        self.profile.files.nested_repositories > 0
    }

    fn covers(&self, tree: &Tree, path: &Path) -> bool {
        /// What a program needs to start, as `files.read` means it.
        const MINIMAL: [&str; 8] =
            ["/bin", "/sbin", "/usr", "/etc", "/lib", "/lib64", "/nix/store", "/run/current-system"];
        match tree {
            Tree::Root => true,
            Tree::Minimal => MINIMAL.iter().any(|system| path.starts_with(system)),
            Tree::Workspace => path.starts_with(self.at("ws")),
            Tree::Tmpdir => path.starts_with(self.at("tmp")),
            Tree::Home(below) => path.starts_with(self.at("home").join(below)),
            Tree::Path(tree) => path.starts_with(tree),
        }
    }

    fn at(&self, template: &str) -> PathBuf {
        place(self.root, "", 0, template)
    }
}

/// A cell in words: what must happen, and with which errnos.
#[must_use]
pub fn words(wanted: Wanted) -> String {
    let what = match wanted.word {
        Word::MustRefuse => "must be refused",
        Word::ShouldRefuse => "should be refused",
        Word::MustWork => "must work",
        Word::MayWork => "may work",
        Word::Informative => "only reported",
    };
    let named = errnos(wanted.errnos);
    if named.is_empty() { what.to_owned() } else { format!("{what} ({})", named.join(" or ")) }
}

/// The names of errnos.
#[must_use]
pub fn errnos(errnos: &[Errno]) -> Vec<String> {
    errnos.iter().map(|errno| format!("{errno:?}")).collect()
}

#[cfg(test)]
mod tests;
