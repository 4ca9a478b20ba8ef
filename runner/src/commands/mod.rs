//! One file per verb: each gathers what it needs, calls the parts that know, and reports.

mod doctor;
mod profile;
mod run;
pub mod sandbox;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::backend::linux::bwrap;
use crate::cli::{self, Verb};

/// Runs the verb the arguments name and gives its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // The stages palisade executes itself as; no user types these.
    if args.get(1).is_some_and(|verb| verb == bwrap::VERB) {
        bwrap::inside(args.get(2..).unwrap_or_default());
    }
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(status) => return ExitCode::from(status),
    };
    let status = match cli.verb {
        Verb::Profile(args) => profile::main(&args),
        Verb::Run(args) => run::main(args),
        Verb::Doctor(args) => doctor::run(&args),
    };
    ExitCode::from(status)
}
