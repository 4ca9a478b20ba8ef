//! One file per verb: each gathers what it needs, calls the parts that know, and reports.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{self, Verb};

pub mod check;
pub mod execpolicy;

/// Runs the verb the arguments name and gives its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // The drop-in is started often and reads its arguments itself; building the whole command line would cost more
    // than its work.
    if args.get(1).is_some_and(|verb| verb == "execpolicy") {
        return ExitCode::from(execpolicy::main(args.into_iter().skip(2)));
    }
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(status) => return ExitCode::from(status),
    };
    let status = match cli.verb {
        Verb::Doctor(_) => crate::exit::OK,
        Verb::Check(args) => check::run(&args),
        Verb::Execpolicy(args) => execpolicy::main(args.arguments),
    };
    ExitCode::from(status)
}
