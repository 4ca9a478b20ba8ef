//! Which files an agent reads its hooks from: its user's, or a project's.

use std::path::{Path, PathBuf};

/// An agent that calls hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Agent {
    /// Codex.
    Codex,
    /// Claude Code.
    Claude,
}

impl Agent {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Codex => "Codex",
            Self::Claude => "Claude Code",
        }
    }
}

/// Where a hook is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// For whom.
    pub agent: Agent,
    /// The file with the hooks.
    pub hooks: PathBuf,
    /// Codex's own settings: its switch and what it trusts.
    pub config: Option<PathBuf>,
    /// The project, for a hook of a project.
    pub project: Option<PathBuf>,
}

impl Place {
    /// The place for an agent. `home` is CODEX_HOME, or the folder of Claude Code's settings.
    #[must_use]
    pub fn new(agent: Agent, home: &Path, project: Option<&Path>) -> Self {
        let (folder, file) = match agent {
            Agent::Codex => (".codex", "hooks.json"),
            Agent::Claude => (".claude", "settings.json"),
        };
        let hooks = project.map_or_else(|| home.join(file), |project| project.join(folder).join(file));
        let config = (agent == Agent::Codex).then(|| home.join("config.toml"));
        Self { agent, hooks, config, project: project.map(Path::to_owned) }
    }
}

/// The repository around a directory, or the directory itself.
#[must_use]
pub fn project_of(cwd: &Path) -> PathBuf {
    cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(cwd).to_owned()
}
