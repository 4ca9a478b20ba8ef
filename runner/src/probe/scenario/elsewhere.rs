//! Where no scenario is played: they prepare hosts and subjects with means of Linux.

use std::ffi::OsString;
use std::process::ExitCode;

use super::Probe;
use super::drive::{Driver, NotRun, Observation};
use super::subject::{Identity, Subject};

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The row.
    pub row: Probe,
}

/// None.
#[must_use]
pub const fn all() -> Vec<&'static Scenario> {
    Vec::new()
}

/// Plays none.
///
/// # Errors
/// None here.
pub const fn run(
    _driver: &Driver,
    _subject: &Subject,
    _identity: Identity,
) -> Result<Vec<(&'static Probe, Observation)>, NotRun> {
    Ok(Vec::new())
}

/// Becomes no subject.
///
/// # Errors
/// Always.
pub(super) fn start(_driver: &str, _hardship: &str, _command: &[OsString]) -> std::io::Result<ExitCode> {
    Err(std::io::ErrorKind::Unsupported.into())
}
