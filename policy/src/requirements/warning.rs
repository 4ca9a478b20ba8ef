//! What a release warns of at start-up, as data.

use std::collections::HashSet;

use serde::Serialize;

/// One warning, as Codex gives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// A value that requirements refuse, and what came in its place.
    Fallback {
        /// The key as Codex names it.
        key: &'static str,
        /// What was refused.
        rejected: String,
        /// What is used, where Codex says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        used: Option<String>,
        /// The file that refused it.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// A value that requirements replaced.
    Override {
        /// The key.
        key: String,
        /// The file that replaced it.
        source: String,
    },
    /// Keys that mean nothing; Codex names at most three.
    UnknownKeys {
        /// The keys.
        keys: Vec<String>,
    },
    /// Keys of a project file that it may not set.
    ProjectKeysIgnored {
        /// The keys.
        keys: Vec<String>,
    },
    /// Project folders that are not trusted.
    ProjectLayerDisabled {
        /// Their `.codex` folders.
        folders: Vec<String>,
    },
    /// A pin of a feature that does not exist.
    #[serde(rename = "unknown_feature_requirement")]
    UnknownFeature {
        /// The feature.
        key: String,
    },
    /// A pin of a feature by an old name.
    #[serde(rename = "legacy_feature_requirement")]
    OldFeature {
        /// The name.
        key: String,
    },
    /// A value in force that will go away.
    Deprecated {
        /// The value.
        what: String,
    },
    /// A permission profile that grants nothing on the file system.
    ProfileWithoutFilesystem,
    /// A special path of a profile that the release does not know.
    FilesystemPathUnknown {
        /// The path.
        path: String,
    },
}

/// Adds a warning, unless it was the last one; [`once_each`] leaves those out that came before.
pub fn add(warnings: &mut Vec<Warning>, warning: Warning) {
    if warnings.last() != Some(&warning) {
        warnings.push(warning);
    }
}

/// Keeps the first of equal warnings: Codex says each once.
pub fn once_each(warnings: &mut Vec<Warning>) {
    let mut seen = HashSet::with_capacity(warnings.len());
    let first: Vec<bool> = warnings.iter().map(|warning| seen.insert(warning)).collect();
    let mut first = first.into_iter();
    warnings.retain(|_| first.next().unwrap_or(true));
}

impl std::fmt::Display for Warning {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fallback { key, rejected, used, source } => {
                write!(out, "`{key}`: `{rejected}` is disallowed")?;
                if let Some(used) = used {
                    write!(out, ", `{used}` is used")?;
                }
                source.as_ref().map_or(Ok(()), |source| write!(out, " ({source})"))
            }
            Self::Override { key, source } => write!(out, "`{key}` is overridden by {source}"),
            Self::UnknownKeys { keys } => write!(out, "unknown keys are ignored: {}", keys.join(", ")),
            Self::ProjectKeysIgnored { keys } => write!(out, "a project may not set {}", keys.join(", ")),
            Self::ProjectLayerDisabled { folders } => write!(out, "not trusted: {}", folders.join(", ")),
            Self::UnknownFeature { key } => write!(out, "the pinned feature `{key}` does not exist"),
            Self::OldFeature { key } => write!(out, "the pinned feature `{key}` has an old name"),
            Self::Deprecated { what } => write!(out, "`{what}` is deprecated"),
            Self::ProfileWithoutFilesystem => out.write_str("a permission profile grants nothing on the file system"),
            Self::FilesystemPathUnknown { path } => write!(out, "the path `{path}` of a permission profile is unknown"),
        }
    }
}
