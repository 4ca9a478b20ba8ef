//! The releases of Codex that are modelled, and all that differs between them beside keys and words, as one table.
//!
//! The next release is one more row; keys and words say in their own rows from which release they exist (`shape::Known`).
//! Facts were seen on the binaries; of clouds, managed preferences and logins they were read in the public source.

/// Where a requirement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Fetched for a login of a company.
    Cloud,
    /// Managed preferences of macOS, key `requirements_toml_base64`.
    Mdm,
    /// `/etc/codex/requirements.toml`.
    File,
    /// Managed preferences of macOS, key `config_toml_base64`.
    ManagedMdm,
    /// `/etc/codex/managed_config.toml`.
    ManagedFile,
}

/// How several sources of requirements become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Union {
    /// For each top-level key the strongest source that has it counts whole.
    WholeKeys,
    /// Tables are merged as config layers are.
    Merged,
}

/// What a release makes of the word `on-failure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// A value like any other.
    Kept,
    /// A value, with a warning when it is in force.
    Deprecated,
    /// Another spelling of `on-request`.
    OnRequest,
}

/// What a release makes of a feature name it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownFeature {
    /// It does not start.
    Refused,
    /// It warns.
    Warned,
}

/// What one release does.
#[derive(Debug)]
pub struct Release {
    /// Its number, as `--codex-version` takes it.
    pub name: &'static str,
    /// Its place in [`RELEASES`], from 0.
    pub ordinal: usize,
    /// Sources of requirements, strongest first.
    pub sources: &'static [Origin],
    /// How they become one.
    pub union: Union,
    /// Whether `[profiles.x]` are the profiles; else they are files.
    pub legacy_profiles: bool,
    /// Whether the managed file takes part in the decision whether project files are read.
    pub trust_sees_managed: bool,
    /// Keys a project file may not set.
    pub project_may_not: &'static [&'static str],
    /// Whether unknown keys are warned of.
    pub warns_of_unknown: bool,
    /// Whether a declared `untrusted` stops the start.
    pub untrusted_removed: bool,
    /// What `on-failure` means.
    pub on_failure: OnFailure,
    /// Whether `auto_review` is a word for a reviewer in config.
    pub auto_review: bool,
    /// The word under which that reviewer is shown.
    pub auto_review_shown: &'static str,
    /// Whether `exec` asks where a reviewer decides in place of the user.
    pub exec_asks_reviewer: bool,
    /// Whether an `exec` that may write trusts a project nobody decided about, and then reads its files too.
    pub exec_trusts: bool,
    /// Whether managed config constrains the reviewer.
    pub managed_reviewer: bool,
    /// Whether profiles of permissions are as in 0.169.0: built-in ones, `extends`, writes outside the workspace.
    pub permission_profiles: bool,
    /// Whether `memories` below `CODEX_HOME` can be written in workspace-write.
    pub memories_root: bool,
    /// Whether a default sandbox that is cut down is warned of.
    pub default_cut_warns: bool,
    /// Whether `never` with a refused full access stops the start.
    pub never_needs_full_access: bool,
    /// Whether a client's refused request is warned of.
    pub client_warns: bool,
    /// What an unknown feature in requirements does.
    pub unknown_feature: UnknownFeature,
    /// Whether an old feature name in requirements is accepted.
    pub old_feature_names: bool,
    /// Whether an accepted old name is warned of.
    pub old_feature_warns: bool,
    /// Whether domains and sockets of the managed network are tables too.
    pub network_tables: bool,
    /// Words `--ask-for-approval` takes.
    pub ask_words: &'static [&'static str],
    /// Providers of models that need no definition.
    pub providers: &'static [&'static str],
    /// Names of features with their defaults, one a line; `fixed` where config changes nothing, `rigid` where nothing does.
    pub features: &'static str,
}

const OLD_ORDER: &[Origin] = &[Origin::Cloud, Origin::Mdm, Origin::File, Origin::ManagedMdm, Origin::ManagedFile];
const NEW_ORDER: &[Origin] = &[Origin::Mdm, Origin::ManagedMdm, Origin::ManagedFile, Origin::Cloud, Origin::File];
const ASK_OLD: &[&str] = &["untrusted", "on-failure", "on-request", "never"];
const PROJECT_MAY_NOT: &[&str] = &[
    "openai_base_url",
    "chatgpt_base_url",
    "apps_mcp_product_sku",
    "model_provider",
    "model_providers",
    "notify",
    "profile",
    "profiles",
    "experimental_realtime_ws_base_url",
    "otel",
];

/// Every release, oldest first.
pub const RELEASES: &[Release] = &[
    Release {
        name: "0.117.0",
        ordinal: 0,
        sources: OLD_ORDER,
        union: Union::WholeKeys,
        legacy_profiles: true,
        trust_sees_managed: false,
        project_may_not: &[],
        warns_of_unknown: false,
        untrusted_removed: false,
        on_failure: OnFailure::Kept,
        auto_review: false,
        auto_review_shown: "guardian_subagent",
        exec_asks_reviewer: false,
        exec_trusts: false,
        managed_reviewer: false,
        permission_profiles: false,
        memories_root: true,
        default_cut_warns: false,
        never_needs_full_access: false,
        client_warns: false,
        unknown_feature: UnknownFeature::Refused,
        old_feature_names: false,
        old_feature_warns: false,
        network_tables: false,
        ask_words: ASK_OLD,
        providers: &["openai", "ollama", "lmstudio"],
        // The list of 0.125.0, the nearest release whose names were recorded.
        features: include_str!("features/0.125.0.txt"),
    },
    Release {
        name: "0.125.0",
        ordinal: 1,
        sources: OLD_ORDER,
        union: Union::WholeKeys,
        legacy_profiles: true,
        trust_sees_managed: false,
        project_may_not: &[],
        warns_of_unknown: false,
        untrusted_removed: false,
        on_failure: OnFailure::Deprecated,
        auto_review: true,
        auto_review_shown: "guardian_subagent",
        exec_asks_reviewer: false,
        exec_trusts: true,
        managed_reviewer: true,
        permission_profiles: false,
        memories_root: true,
        default_cut_warns: false,
        never_needs_full_access: false,
        client_warns: true,
        unknown_feature: UnknownFeature::Warned,
        old_feature_names: true,
        old_feature_warns: true,
        network_tables: true,
        ask_words: ASK_OLD,
        providers: &["openai", "amazon-bedrock", "ollama", "lmstudio"],
        features: include_str!("features/0.125.0.txt"),
    },
    Release {
        name: "0.169.0",
        ordinal: 2,
        sources: NEW_ORDER,
        union: Union::Merged,
        legacy_profiles: false,
        trust_sees_managed: true,
        project_may_not: PROJECT_MAY_NOT,
        warns_of_unknown: true,
        untrusted_removed: true,
        on_failure: OnFailure::OnRequest,
        auto_review: true,
        auto_review_shown: "auto_review",
        exec_asks_reviewer: true,
        exec_trusts: false,
        managed_reviewer: true,
        permission_profiles: true,
        memories_root: false,
        default_cut_warns: true,
        never_needs_full_access: true,
        client_warns: true,
        unknown_feature: UnknownFeature::Warned,
        old_feature_names: true,
        old_feature_warns: true,
        network_tables: true,
        ask_words: &["on-request", "never"],
        providers: &["openai", "amazon-bedrock", "ollama", "lmstudio"],
        features: include_str!("features/0.169.0.txt"),
    },
];

/// The release of this number.
#[must_use]
pub fn find(name: &str) -> Option<&'static Release> {
    RELEASES.iter().find(|release| release.name == name)
}

/// The newest release.
#[must_use]
pub const fn newest() -> &'static Release {
    const NEWEST: &Release = match RELEASES.last() {
        Some(release) => release,
        None => panic!("no release"),
    };
    NEWEST
}

#[cfg(test)]
mod tests {
    use super::RELEASES;

    #[test]
    fn releases_are_numbered_as_they_stand() {
        for (at, release) in RELEASES.iter().enumerate() {
            assert_eq!(release.ordinal, at);
            assert_eq!(super::find(release.name).map(|found| found.ordinal), Some(at));
            let read = |line: &str| {
                matches!(
                    line.split(' ').collect::<Vec<_>>().as_slice(),
                    [_, "true" | "false"] | [_, "true" | "false", "fixed" | "rigid"]
                )
            };
            assert!(release.features.lines().all(read));
        }
    }
}
