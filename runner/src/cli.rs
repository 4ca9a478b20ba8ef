//! The command line: clap types only, one struct per verb, every flag documented.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::backend::Backend;
use crate::modes::Mode;

/// A sandboxed exec-policy runner and tester for coding agents.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Runs a command behind both walls: the policy first, the sandbox after.
    Run(RunArgs),
    /// Says what this host can enforce, and what is missing.
    Doctor(DoctorArgs),
}

/// Options of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// What the command may touch.
    #[arg(long, value_enum, conflicts_with = "profile")]
    pub mode: Option<Mode>,
    /// A profile of your own instead of a mode.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Who builds the sandbox.
    #[arg(long, value_enum, default_value_t = Backend::Native)]
    pub backend: Backend,
    /// Give up what this host cannot enforce instead of stopping; the report says what was lost.
    #[arg(long)]
    pub degrade: bool,
    /// End the command after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<f64>,
    /// Run in this directory, which is also the workspace.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Output for people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Parses the arguments; `Err` holds the status after clap has said what is wrong.
///
/// # Errors
/// The exit status to end with: 0 after `--help` and `--version`, 2 after wrong usage.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    Cli::try_parse_from(args).map_err(|error| {
        let status = if error.use_stderr() { crate::exit::USAGE } else { crate::exit::OK };
        let _ = error.print();
        status
    })
}
