//! One file per verb: each gathers what it needs, calls the parts that know, and reports.

mod doctor;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{self, Verb};

/// Runs the verb the arguments name and gives its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(status) => return ExitCode::from(status),
    };
    let status = match cli.verb {
        Verb::Doctor(args) => doctor::run(&args),
    };
    ExitCode::from(status)
}
