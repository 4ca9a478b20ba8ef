//! The options of `palisade compare --codex`, and who confines in any comparison.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::backend::Backend;

/// The real Codex instead of commands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Codex")]
pub struct CodexCompareArgs {
    /// Let the real Codex execute a script of `palisade model` under each mode [default script: the shipped ones].
    #[arg(long, value_name = "SCRIPT", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["file", "command", "list", "only", "workspace"])]
    pub codex: Option<OsString>,
    /// A Codex; may be repeated, for several versions [default: the first on PATH].
    #[arg(long, value_name = "PATH", requires = "codex")]
    pub codex_path: Vec<PathBuf>,
    /// Ask the real model for this instead, with the login and configuration that the user has.
    #[arg(long, value_name = "TEXT", requires = "codex")]
    pub prompt: Option<String>,
    /// The model for `--prompt` [default: the one that is configured].
    #[arg(long, value_name = "NAME", requires = "prompt")]
    pub model: Option<String>,
    #[command(flatten)]
    pub book: super::ledger::BookArgs,
}

/// How `compare` writes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CompareFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For a CI.
    Junit,
    /// A page to look at; with `--codex`.
    Html,
}

/// Who builds the sandbox of `compare`'s full-auto side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CompareBackend {
    /// palisade, inside a containment.
    Native,
    /// `sandbox-exec`, on the host.
    Seatbelt,
}

impl CompareBackend {
    /// Who confines on this system unless somebody else is named.
    pub const USUAL: Self = match Backend::USUAL {
        Backend::Seatbelt => Self::Seatbelt,
        _ => Self::Native,
    };
}
