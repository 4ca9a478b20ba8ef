//! The versions of Codex that are reproduced, and all that differs between them, as one table.

/// A version of Codex whose behaviour was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 0.117.0.
    V0_117_0,
    /// 0.125.0.
    V0_125_0,
    /// 0.169.0.
    V0_169_0,
}

/// Which words of a script are taken for what they will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Every word and every double-quoted text without an expansion, as it is written.
    AsWritten,
    /// Only what the shell would leave as it is: no glob, no brace, no tilde, no escape.
    Certain,
}

/// Where the built-in list of dangerous commands looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DangerSearch {
    /// `rm -f` or `rm -rf` as the first two words of a plain command, below `sudo` and one shell.
    FirstWords,
    /// Any literal command of any script that parses, below `sudo`, `env`, `trap` and shells.
    WholeScript,
}

/// What one version does.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// Which version.
    pub version: Version,
    /// Its number, as `--codex-version` takes it.
    pub name: &'static str,
    /// Which words count as known.
    pub words: Words,
    /// Whether one command with a here-document is judged by its words.
    pub heredoc_prefix: bool,
    /// Where the dangerous list looks.
    pub danger: DangerSearch,
    /// Whether the list of known-safe commands is used (on Linux).
    pub known_safe: bool,
    /// Whether the approval policy `on-failure` exists.
    pub on_failure: bool,
    /// Whether a dangerous command just runs under `never` without a sandbox.
    pub danger_runs_unasked: bool,
    /// Whether one allowed segment takes the whole script out of the sandbox, or all must be.
    pub leaves_sandbox: Leaves,
    /// Whether granular approval without sandbox approval refuses a prompt that no rule asked for.
    pub granular_refuses: bool,
}

/// Which segments an allowing rule must match before the script runs without a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Any one.
    AnyAllowed,
    /// Every one.
    AllAllowed,
}

/// Every version, the oldest first.
pub const VERSIONS: &[Traits] = &[
    OLDEST,
    Traits { version: Version::V0_125_0, name: "0.125.0", leaves_sandbox: Leaves::AllAllowed, ..OLDEST },
    NEWEST,
];

const OLDEST: Traits = Traits {
    version: Version::V0_117_0,
    name: "0.117.0",
    words: Words::AsWritten,
    heredoc_prefix: true,
    danger: DangerSearch::FirstWords,
    known_safe: true,
    on_failure: true,
    danger_runs_unasked: true,
    leaves_sandbox: Leaves::AnyAllowed,
    granular_refuses: true,
};

const NEWEST: Traits = Traits {
    version: Version::V0_169_0,
    name: "0.169.0",
    words: Words::Certain,
    heredoc_prefix: false,
    danger: DangerSearch::WholeScript,
    known_safe: false,
    on_failure: false,
    danger_runs_unasked: false,
    leaves_sandbox: Leaves::AllAllowed,
    granular_refuses: false,
};

impl Version {
    /// The version by its number.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        VERSIONS.iter().find(|traits| traits.name == name).map(|traits| traits.version)
    }

    /// What this version does.
    #[must_use]
    pub fn traits(self) -> &'static Traits {
        VERSIONS.iter().find(|traits| traits.version == self).unwrap_or(&NEWEST)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.traits().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_one_row_and_is_found_by_its_number() {
        for row in VERSIONS {
            assert_eq!(Version::parse(row.name), Some(row.version));
            assert_eq!(row.version.traits().name, row.name);
        }
        assert!(VERSIONS.is_sorted_by(|a, b| a.version < b.version));
        assert_eq!(Version::parse("0.168.0"), None);
    }
}
