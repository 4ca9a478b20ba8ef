//! The hidden verbs under which palisade executes itself on Linux: the first process of a sandbox, a containment, keepers.

use std::ffi::OsString;
use std::process::ExitCode;

use super::ablated;
use crate::backend::linux::bwrap;
use crate::compare::contain;
use crate::keep;
use crate::passage;

/// Plays the part that the arguments name; none where they name none.
pub(super) fn enter(args: &[OsString]) -> Option<ExitCode> {
    let verb = args.get(1)?;
    let rest = args.get(2..).unwrap_or_default();
    if verb == bwrap::VERB {
        bwrap::inside(rest);
    }
    let status = if verb == contain::VERB {
        contain::main()
    } else if verb == passage::VERB {
        passage::inside(rest)
    } else if verb == keep::VERB {
        keep::inside(rest)
    } else {
        ablated::enter(args)?
    };
    Some(ExitCode::from(status))
}
