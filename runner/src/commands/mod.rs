//! One file per verb: each gathers what it needs, calls the parts that know, and reports.

#[cfg(target_os = "linux")]
mod ablated;
mod as_codex;
mod audit;
mod book;
pub mod check;
mod check_codex;
mod codex;
mod compare;
mod compare_probes;
mod compare_seatbelt;
mod convert;
mod diff;
mod doctor;
pub mod execpolicy;
mod fmt;
mod hook;
mod learn;
mod ledger;
mod lint;
mod model;
mod profile;
mod requirements;
mod run;
pub mod run_seatbelt;
pub mod sandbox;
pub mod schema;
mod seatbelt;
#[cfg(target_os = "linux")]
mod stages;
mod test;
mod verify;
mod verify_mutate;
mod verify_subject;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use policy::load::Banned;

use crate::cli::{self, Verb};
use crate::sys::heap;

/// What becomes of rules that allow too much, by `--accept-banned`.
fn banned(accept: bool) -> Banned {
    if accept { Banned::Warn } else { Banned::Refuse }
}

/// Runs the verb the arguments name and gives its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    heap::grows_in_large_steps();
    // The stages palisade executes itself as; no user types these.
    #[cfg(target_os = "linux")]
    if let Some(status) = stages::enter(&args) {
        return status;
    }
    if args.get(1).is_some_and(|verb| verb == codex::SWEEP) {
        return ExitCode::from(codex::sweep(args.get(2..).unwrap_or_default()));
    }
    // The drop-in is started often and reads its arguments itself; building the whole command line would cost more
    // than its work.
    if args.get(1).is_some_and(|verb| verb == "execpolicy") {
        return ExitCode::from(execpolicy::main(args.into_iter().skip(2)));
    }
    let cli = match cli::parse(&args) {
        Ok(cli) => cli,
        Err(status) => return ExitCode::from(status),
    };
    let status = match cli.verb {
        Verb::Profile(args) => profile::main(&args),
        Verb::Run(args) => run::main(*args),
        Verb::Compare(args) => compare::main(&args),
        Verb::Verify(args) => verify::main(&args),
        Verb::Learn(args) => learn::main(&args),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Seatbelt(args) => seatbelt::main(&args),
        Verb::Codex(args) => codex::main(*args),
        Verb::Hook(args) => hook::main(&args),
        Verb::Ledger(args) => ledger::main(&args),
        Verb::Model(args) => model::main(&args),
        Verb::Diff(args) => diff::main(&args),
        Verb::Convert(args) => convert::main(&args),
        Verb::Fmt(args) => fmt::main(&args),
        Verb::Audit(args) => audit::main(&args),
        Verb::Lint(args) => lint::main(&args),
        Verb::Test(args) => test::main(&args),
        Verb::Schema(args) => schema::main(&args),
        Verb::Requirements(args) => requirements::main(&args),
        Verb::Execpolicy(args) => execpolicy::main(args.arguments),
    };
    ExitCode::from(status)
}
