//! What passed and what did not.

use serde::Serialize;

/// What was asked of the way out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// How many connections were passed on.
    pub passed: u64,
    /// Hosts that were asked for and are not among those that are named.
    pub refused: Vec<String>,
    /// Hosts that could not be reached, and why.
    pub failed: Vec<String>,
}
