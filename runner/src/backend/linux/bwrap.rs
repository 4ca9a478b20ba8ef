//! The bwrap backend: the same plan as bubblewrap arguments, and palisade inside it for the rest.

use super::StepError;
use super::inner::Command;
use super::native::Sandbox;
use crate::host::Host;
use crate::plan::Plan;

/// Starts a command under a plan through bubblewrap.
///
/// # Errors
/// Not yet.
pub fn start(_plan: &Plan, _command: &Command, _host: &Host) -> Result<Sandbox, StepError> {
    Err(StepError::new("bubblewrap", "not yet"))
}
