//! Modes and profiles: the shipped ones by name, others by file.

use std::path::{Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::profile::{self, Profile};
use policy::source::{Source, Sources};
use serde::{Deserialize, Serialize};

use crate::refused::Refused;

/// The modes of Codex; each is a shipped profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Reads everything, writes nothing, no network.
    ReadOnly,
    /// Reads everything, writes the workspace and the temporary directories, no network.
    #[value(alias = "full-auto")]
    WorkspaceWrite,
    /// Nothing is confined.
    #[value(alias = "bypass")]
    DangerFullAccess,
}

impl Mode {
    /// The mode's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::WorkspaceWrite => "workspace-write",
            Self::DangerFullAccess => "danger-full-access",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::ReadOnly => include_str!("../../sandbox-profiles/read-only.toml"),
            Self::WorkspaceWrite => include_str!("../../sandbox-profiles/workspace-write.toml"),
            Self::DangerFullAccess => include_str!("../../sandbox-profiles/danger-full-access.toml"),
        }
    }

    /// Whether the mode confines nothing, whatever a profile of that name may say.
    #[must_use]
    pub const fn is_bypass(self) -> bool {
        matches!(self, Self::DangerFullAccess)
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
    }
}

/// The shipped profile of a mode.
///
/// # Errors
/// Never with the profiles as shipped; a test reads them all.
pub fn shipped(mode: Mode) -> Result<Profile, Refused> {
    parse(Source { name: format!("sandbox-profiles/{}.toml", mode.name()), text: mode.text().to_owned() })
}

/// A profile from a file.
///
/// # Errors
/// A file that cannot be read or is not UTF-8, and everything that is wrong with its content.
pub fn from_file(path: &Path) -> Result<Profile, Refused> {
    let name = path.display().to_string();
    let unreadable = |why: String, help: &str| Refused {
        found: vec![
            Diagnostic::error("profile-read", format!("the profile `{name}` cannot be read: {why}")).help(help),
        ],
        sources: Sources::default(),
    };
    let bytes = std::fs::read(path).map_err(|error| {
        let modes = "name an existing file, or use --mode read-only, workspace-write or danger-full-access";
        unreadable(error.to_string(), modes)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(format!("it is not UTF-8 (byte {at})"), "save the file as UTF-8")
    })?;
    parse(Source { name, text })
}

fn parse(source: Source) -> Result<Profile, Refused> {
    let mut sources = Sources::default();
    let id = sources.add(source);
    profile::parse(&sources, id).map_err(|found| Refused { found, sources })
}

/// Where a profile comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A mode.
    Mode(Mode),
    /// A file.
    File(PathBuf),
}

/// The profile an origin names.
///
/// # Errors
/// As [`shipped`] and [`from_file`].
pub fn profile(origin: &Origin) -> Result<Profile, Refused> {
    match origin {
        Origin::Mode(mode) => shipped(*mode),
        Origin::File(path) => from_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_is_a_profile_of_its_own_name() {
        for mode in [Mode::ReadOnly, Mode::WorkspaceWrite, Mode::DangerFullAccess] {
            assert_eq!(shipped(mode).unwrap().name, mode.name());
        }
    }
}
