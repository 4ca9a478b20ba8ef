//! `palisade codex`: the real Codex, what it does and what it leaves behind.

mod around;
pub(super) mod compare;
mod exec;
mod judge;
pub(super) mod ledger;
mod live;
mod prepare;
mod report;
mod show;
mod traces;

pub(in crate::commands) use compare::{SWEEP, sweep};
pub(in crate::commands) use prepare::program;

use crate::cli::RulesArgs;
use crate::cli::codex::{CodexArgs, CodexVerb, Via};
use crate::commands::sandbox::complain;
use crate::exit;
use crate::files::{Rules, load_rules};

/// Does what was asked; gives the exit status.
pub(super) fn main(args: CodexArgs) -> u8 {
    match args.verb {
        CodexVerb::Exec(args) => {
            let earlier = args.thread.as_deref().map(|thread| (thread, args.via));
            exec::main(&args.run, args.prompt.as_deref(), earlier)
        }
        CodexVerb::Resume(args) => exec::main(&args.run, args.prompt.as_deref(), Some((&args.thread, Via::Resume))),
        CodexVerb::Show(args) => show::main(&args),
    }
}

/// The rules that were named, if any were.
fn rules(args: &RulesArgs) -> Result<Option<Rules>, u8> {
    if args.rules.is_empty() && args.packs.is_empty() {
        return Ok(None);
    }
    match load_rules(&args.rules, &args.packs, super::banned(args.accept_banned)) {
        Ok(rules) => {
            if !rules.warnings.is_empty() {
                complain(&rules.warnings, &rules.sources);
            }
            Ok(Some(rules))
        }
        Err(refusal) => {
            complain(&refusal.diagnostics, &refusal.sources);
            Err(exit::USAGE)
        }
    }
}
