//! What Codex will run as, with the word and place that each value comes from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::failure::Failure;
use super::layers::Layers;
use super::permissions::Grants;
use super::servers::ServerState;
use super::value::{Node, Table, Value};
use super::warning::Warning;
use crate::source::Place;

/// Granular approval has five switches, in this order.
pub const SWITCHES: [&str; 5] =
    ["mcp_elicitations", "request_permissions", "rules", "sandbox_approval", "skill_approval"];

/// When Codex asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// `untrusted`, `on-failure`, `on-request` or `never`.
    Word(String),
    /// One switch for each kind of question, as [`SWITCHES`] names them.
    Granular([bool; 5]),
}

impl Approval {
    /// Reads a value that fits the shape of an approval policy.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        if let Some(word) = value.text() {
            return Some(Self::Word(word.to_owned()));
        }
        let switches = value.table()?.get("granular")?.value.table()?;
        let on = |name: &str| switches.get(name).and_then(|node| node.value.truth()).unwrap_or(false);
        Some(Self::Granular(SWITCHES.map(on)))
    }

    /// One word for messages.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Granular(_) => "granular",
        }
    }
}

impl Serialize for Approval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Word(word) => serializer.serialize_str(word),
            Self::Granular(on) => {
                let switches: BTreeMap<_, _> = SWITCHES.into_iter().zip(on).collect();
                BTreeMap::from([("granular", switches)]).serialize(serializer)
            }
        }
    }
}

/// How a value came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Nothing speaks of it.
    Default,
    /// As a layer, a flag or a client declares it.
    AsDeclared,
    /// A requirement put another value in its place.
    Constrained,
    /// What was declared is without effect, and another value is in force.
    Ignored,
}

/// Something that was said, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The value.
    pub value: String,
    /// The layer or source, in words.
    pub layer: String,
    /// File, line and column.
    pub place: Place,
}

/// One value in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The key, as config names it.
    pub key: String,
    /// The value in force.
    pub value: String,
    /// How it came about.
    pub how: How,
    /// Who declared a value, also one that was refused.
    pub declared: Option<Said>,
    /// The requirement that speaks of it.
    pub constrained: Option<Said>,
    /// The reason in words.
    pub why: String,
}

/// The values that matter, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// When Codex asks.
    pub approval: Approval,
    /// Who is asked: `user` or `auto_review`.
    pub reviewer: String,
    /// The mode: `read-only`, `workspace-write`, `danger-full-access`, `external-sandbox`.
    pub mode: String,
    /// Whether the sandbox has a network; nothing where there is no sandbox.
    pub network: Option<bool>,
    /// Further writable roots, in workspace-write.
    pub roots: Vec<String>,
    /// Whether `/tmp` is left out.
    pub exclude_slash_tmp: bool,
    /// Whether `$TMPDIR` is left out.
    pub exclude_tmpdir: bool,
    /// The active permission profile, where the release has such.
    pub profile: Option<String>,
    /// What a selected profile grants; nothing in legacy modes.
    pub grants: Option<Grants>,
    /// Web search as the first turn offers it.
    pub web_search: String,
    /// The model, if anything names one.
    pub model: Option<String>,
    /// Every feature.
    pub features: BTreeMap<&'static str, bool>,
    /// Every configured MCP server.
    pub servers: BTreeMap<String, ServerState>,
    /// The region of model requests.
    pub residency: Option<String>,
    /// Paths nothing may read.
    pub deny_read: Vec<String>,
    /// The rules of requirements.
    pub rules: Vec<Node>,
}

/// The answer for one release.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The release.
    pub release: &'static str,
    /// The values in force, or why nothing starts.
    pub effective: Result<Effective, Failure>,
    /// Each value with its provenance; empty when nothing starts.
    pub settings: Vec<Setting>,
    /// What Codex warns of.
    pub warnings: Vec<Warning>,
    /// The layers of config, as far as they were read.
    pub layers: Layers,
    /// The requirements, merged, as far as they were read.
    pub demands: Table,
    /// Whether a server can say what the files declare. It cannot where they are of no use without what a client asks for:
    /// the thread starts, and whoever reads the config gets an error.
    pub readable: bool,
}
