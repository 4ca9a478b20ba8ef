//! `palisade requirements verify` where there is no room to ask a Codex in.

use crate::cli::RequirementsVerifyArgs;
use crate::commands::sandbox::say;
use crate::exit;

/// Says why nobody is asked.
pub(super) fn run(_args: &RequirementsVerifyArgs) -> u8 {
    say(
        "Codex is asked in a room of bubblewrap's, which is Linux's; `palisade requirements explain` resolves everywhere",
    );
    exit::USAGE
}
