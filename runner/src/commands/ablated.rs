//! The tester's hidden verb: `run` with parts of its plan taken away, or the list of parts that could be.
//!
//! `__ablated NAME… -- run …` runs; `__ablated --list -- run …` tells a line for each part, its layer first.

use std::ffi::OsString;

use super::{run, sandbox};
use crate::ablation;
use crate::cli::{self, Verb};
use crate::exit;
use crate::host::Host;
use crate::verify::ablate::{LIST, VERB};

/// Plays the part, when the arguments name it.
pub(super) fn enter(args: &[OsString]) -> Option<u8> {
    if args.get(1)?.to_str()? != VERB {
        return None;
    }
    let end = args.iter().position(|word| word == "--")?;
    let names: Vec<String> = args[2..end].iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<OsString> = args[..1].iter().chain(&args[end + 1..]).cloned().collect();
    let Ok(cli) = cli::parse(&words) else { return Some(exit::USAGE) };
    let Verb::Run(args) = cli.verb else { return Some(exit::USAGE) };
    if names.first().is_none_or(|name| name != LIST) {
        return Some(run::without(*args, &names));
    }
    let Ok(launch) = sandbox::launch(&args.sandbox, args.command.clone(), None) else { return Some(exit::USAGE) };
    let Some(plan) = run::planned(&launch, &Host::here()) else { return Some(exit::SETUP) };
    let lines = ablation::parts(&plan).into_iter().map(|part| format!("{}\t{}\n", part.layer, part.name));
    sandbox::print(&lines.collect::<String>());
    Some(exit::OK)
}
