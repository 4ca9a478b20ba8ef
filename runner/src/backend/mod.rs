//! Who applies a plan. The seam is one function wide: a plan and a command go in, an outcome comes out.

#[cfg(target_os = "linux")]
pub mod linux;
pub mod seatbelt;

use serde::{Deserialize, Serialize};

/// The backends a user can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Namespaces, mounts, Landlock and seccomp from palisade itself; nothing need be installed.
    Native,
    /// bubblewrap for namespaces and mounts, palisade inside it for the rest.
    Bwrap,
    /// `sandbox-exec` with a generated profile; macOS only.
    Seatbelt,
    /// Nothing: bypass.
    None,
}

impl std::fmt::Display for Backend {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Native => "native",
            Self::Bwrap => "bwrap",
            Self::Seatbelt => "seatbelt",
            Self::None => "none",
        })
    }
}

impl Backend {
    /// Who confines on this system unless somebody else is named.
    pub const USUAL: Self = if cfg!(target_os = "macos") { Self::Seatbelt } else { Self::Native };

    /// The command line that a plan becomes, where a backend is a program of its own.
    #[must_use]
    pub fn line(self, plan: &crate::plan::Plan) -> Option<String> {
        #[cfg(target_os = "linux")]
        if self == Self::Bwrap {
            return Some(linux::bwrap::line(plan));
        }
        let _ = plan;
        None
    }
}
