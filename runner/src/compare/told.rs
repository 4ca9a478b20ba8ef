//! What `compare` tells a containment on its standard input, and what it hears on its standard output: one JSON line each.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::ground::Ground;
use crate::outcome::Outcome;

/// The two sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// workspace-write, in our own sandbox.
    FullAuto,
    /// Nothing but the containment.
    Bypass,
}

impl std::fmt::Display for Manner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::FullAuto => "full-auto",
            Self::Bypass => "bypass",
        })
    }
}

/// One command under one side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Who asks; only a child of it carries the request out.
    pub parent: u32,
    /// What the containment is made of.
    pub ground: Ground,
    /// Which side.
    pub manner: Manner,
    /// The words of the command.
    pub argv: Vec<String>,
    /// Its working directory and workspace, as it will see it.
    pub workspace: String,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// Seconds it may take.
    pub timeout: f64,
}

/// What happened in a containment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It was built and the command ran, or could not be started in it.
    Ran(Box<Side>),
    /// It could not be built; nothing ran.
    NotBuilt {
        /// The step, and what went wrong.
        why: String,
    },
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How the command ended.
    pub outcome: Outcome,
    /// What it changed, sorted.
    pub effects: Vec<Effect>,
    /// How many more effects there were than are listed.
    pub unlisted: u64,
    /// The first part of its standard output.
    pub stdout: String,
    /// The first part of its standard error.
    pub stderr: String,
    /// Claims of the profile that were not enforced.
    pub gaps: Vec<String>,
    /// How long the command took.
    pub milliseconds: u64,
}
