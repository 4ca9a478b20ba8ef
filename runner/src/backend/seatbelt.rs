//! Seatbelt: `sandbox-exec` with a generated profile. The words and marks of a run, as data; it names no call of macOS, so that it is
//! built and tested everywhere.

use std::ffi::OsString;
use std::path::Path;

use crate::seatbelt::generate::{Generated, Network, Wanted};

/// What `sandbox-exec` ends with when the profile does not compile.
pub const BAD_PROFILE: u8 = 65;
/// What it ends with when it may not apply a profile, as inside of another sandbox.
pub const NOT_APPLIED: u8 = 71;

/// The command line: the program, the profile as text, one parameter a path, then the command behind `--`.
#[must_use]
pub fn words(program: &Path, generated: &Generated, command: &[OsString]) -> Vec<OsString> {
    let mut words = vec![program.as_os_str().to_owned()];
    words.extend(generated.arguments().into_iter().map(OsString::from));
    words.extend(command.iter().cloned());
    words
}

/// Variables by which a program can tell that it is confined; those that agents set are set as well.
#[must_use]
pub fn marks(wanted: &Wanted) -> Vec<(&'static str, &'static str)> {
    let mut marks = vec![("PALISADE_SANDBOX", "seatbelt"), ("CODEX_SANDBOX", "seatbelt")];
    if wanted.network != Network::On {
        marks.push(("CODEX_SANDBOX_NETWORK_DISABLED", "1"));
    }
    marks
}

/// What a status of `sandbox-exec` may mean beside being the command's own.
#[must_use]
pub const fn hint(status: u8) -> Option<&'static str> {
    match status {
        BAD_PROFILE => Some("status 65 may be sandbox-exec's own: the profile did not compile, and nothing ran"),
        NOT_APPLIED => {
            Some("status 71 may be sandbox-exec's own: it cannot apply a profile, as inside of another sandbox")
        }
        _ => None,
    }
}
