//! `palisade codex`: the real Codex and what it leaves behind.

mod judge;
mod report;
mod show;

use crate::cli::codex::{CodexArgs, CodexVerb};

/// Does what was asked; gives the exit status.
pub(super) fn main(args: CodexArgs) -> u8 {
    match args.verb {
        CodexVerb::Show(args) => show::main(&args),
    }
}
