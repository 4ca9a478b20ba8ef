//! What each mode owes: the words of the catalogue and their combinations. Data only.

use std::fmt;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// The modes whose expectations the rows state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing outside the sandbox can be changed.
    ReadOnly,
    /// The workspace, `/tmp` and `$TMPDIR` can be changed.
    #[value(alias = "full-auto")]
    WorkspaceWrite,
    /// The same with the host's network.
    #[serde(rename = "workspace-write-network")]
    #[value(name = "workspace-write-network")]
    Network,
    /// No sandbox: the control that shows an attempt can succeed.
    #[serde(rename = "danger-full-access")]
    #[value(name = "danger-full-access", alias = "bypass")]
    Bypass,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::WorkspaceWrite, Self::Network, Self::Bypass];
    /// Those with a sandbox.
    pub const SANDBOXED: [Self; 3] = [Self::ReadOnly, Self::WorkspaceWrite, Self::Network];
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::ReadOnly => "read-only",
            Self::WorkspaceWrite => "workspace-write",
            Self::Network => "workspace-write-network",
            Self::Bypass => "danger-full-access",
        })
    }
}

/// How firmly something is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// D: must be refused.
    MustRefuse,
    /// d: should be refused; allowing it is reported, not failed.
    ShouldRefuse,
    /// A: must work.
    MustWork,
    /// a: may work.
    MayWork,
    /// I: only reported.
    Informative,
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How firmly.
    pub word: Word,
    /// The errnos with which a refusal may come; any when empty.
    pub errnos: &'static [Errno],
}

/// Must be refused, with one of these errnos.
pub(super) const fn refuse(errnos: &'static [Errno]) -> Wanted {
    Wanted { word: Word::MustRefuse, errnos }
}

/// Should be refused, with one of these errnos.
pub(super) const fn should(errnos: &'static [Errno]) -> Wanted {
    Wanted { word: Word::ShouldRefuse, errnos }
}

/// Must be refused, no matter how.
pub(super) const REFUSE: Wanted = refuse(&[]);
/// Should be refused, no matter how.
pub(super) const SHOULD: Wanted = should(&[]);
/// Must work.
pub(super) const WORKS: Wanted = Wanted { word: Word::MustWork, errnos: &[] };
/// May work.
pub(super) const MAY: Wanted = Wanted { word: Word::MayWork, errnos: &[] };
/// Only reported.
pub(super) const NOTED: Wanted = Wanted { word: Word::Informative, errnos: &[] };

/// A row's cells, in the order of [`Mode::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    user: [Wanted; 4],
    root: [Wanted; 4],
}

impl Expect {
    /// The four cells, the same for everybody.
    pub(super) const fn new(read_only: Wanted, workspace: Wanted, network: Wanted, bypass: Wanted) -> Self {
        let cells = [read_only, workspace, network, bypass];
        Self { user: cells, root: cells }
    }

    /// The same cell in every mode with a sandbox, and what happens without one.
    pub(super) const fn always(cell: Wanted, bypass: Wanted) -> Self {
        Self::new(cell, cell, cell, bypass)
    }

    /// The same, but without a sandbox uid 0 gets this.
    pub(super) const fn root_bypass(mut self, cell: Wanted) -> Self {
        self.root[3] = cell;
        self
    }

    /// The same, but uid 0 gets this in every mode with a sandbox.
    pub(super) const fn root_always(mut self, cell: Wanted) -> Self {
        self.root = [cell, cell, cell, self.root[3]];
        self
    }

    /// The cell for a mode, for uid 0 or for others.
    #[must_use]
    pub fn of(&self, mode: Mode, root: bool) -> Wanted {
        let cells = if root { &self.root } else { &self.user };
        match mode {
            Mode::ReadOnly => cells[0],
            Mode::WorkspaceWrite => cells[1],
            Mode::Network => cells[2],
            Mode::Bypass => cells[3],
        }
    }
}
