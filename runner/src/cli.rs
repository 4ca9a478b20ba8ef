//! The command line: clap types only, one struct per verb, every flag documented.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

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
    /// Says what this host can enforce, and what is missing.
    Doctor(DoctorArgs),
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
