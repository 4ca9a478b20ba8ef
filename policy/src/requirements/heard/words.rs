//! The shapes of Codex's messages: which failure a text is, which warning.

use regex::Regex;
use serde_json::{Value as Json, json};

use super::{group, groups};

/// The first pattern that is found names the class of a failure.
const CLASSES: &[(&str, &str)] = &[
    ("cli_usage", r"For more information, try '--help'"),
    ("cli_override_syntax", r"Invalid override|(?i)error parsing -c overrides|empty key in override"),
    ("cli_feature_unknown", r"Unknown feature flag"),
    ("never_needs_full_access", r"cannot be used because requirements do not allow `sandbox_mode"),
    ("approval_value_removed", r"is no longer supported; remove this setting"),
    ("legacy_profile_removed", r"legacy `profile = |contains legacy `profile"),
    ("profile_not_found", r"config profile `.*` not found"),
    ("requirements_missing_read_only", r"must include 'read-only'"),
    ("requirements_empty_list", r"field `[^`]*` cannot be empty"),
    ("requirements_rules", r"invalid rules in requirements"),
    (
        "requirements_permissions",
        r"requirements\.toml (default_permissions|allowed_permission_profiles|permissions profile)",
    ),
    ("requirements_features", r"invalid value for `features`|invalid `features` requirement"),
    ("requirements_mcp", r"invalid requirement for MCP server"),
    ("requirements_network", r"managed network proxy from|through exactly one surface"),
    ("requirements_auth", r"authentication requirements do not permit"),
    ("requirements_value", r"invalid value for `[^`]*`: .*\(set by /etc/codex/requirements\.toml\)"),
    (
        "requirements_schema",
        r"requirements(?: layer| file) /etc/codex/requirements\.toml[\s\S]*(invalid type|invalid value|unknown variant|missing field|did not match|duplicate field|cannot be combined|wanted string)",
    ),
    ("requirements_syntax", r"requirements(?: layer| file) /etc/codex/requirements\.toml: TOML parse error"),
    ("requirements_schema", r"requirements(?: layer| file) /etc/codex/requirements\.toml"),
    ("managed_config_schema", r"Failed to parse config requirements as TOML"),
    ("managed_config_invalid", r"/etc/codex/managed_config\.toml:\d"),
    (
        "model_catalog",
        r"No models are available|(?m)^Error: (No such file or directory \(os error 2\)|Is a directory \(os error 21\))",
    ),
    ("config_permissions", r"default_permissions re|`\[permissions\]` profiles but does not|permissions profile"),
    ("project_config_syntax", r"Error parsing project config file"),
    ("model_provider", r"Model provider|provider name must not be empty"),
    (
        "config_invalid",
        r"config\.toml:\d|invalid configuration|unknown variant|invalid type|failed to load (bootstrap )?configuration",
    ),
];

/// Messages that say nothing of config.
const NOISE: &str = r"(?i)bubblewrap|could not (?:create|update) PATH|model metadata|Under-development features";

/// The words of Rust's names, as config spells them.
const WORDS: &[(&str, &str)] = &[
    ("ReadOnly", "read-only"),
    ("WorkspaceWrite", "workspace-write"),
    ("DangerFullAccess", "danger-full-access"),
    ("ExternalSandbox", "external-sandbox"),
    ("Never", "never"),
    ("OnRequest", "on-request"),
    ("OnFailure", "on-failure"),
    ("UnlessTrusted", "untrusted"),
    ("User", "user"),
    ("AutoReview", "auto_review"),
    ("GuardianSubagent", "guardian_subagent"),
    ("Live", "live"),
    ("Cached", "cached"),
    ("Indexed", "indexed"),
    ("Disabled", "disabled"),
];

/// Which failure a text is; `other` when it is none that is known.
#[must_use]
pub fn class(text: &str) -> &'static str {
    let found = |(_, pattern): &&(&'static str, &str)| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
    CLASSES.iter().find(found).map_or("other", |(class, _)| class)
}

/// One warning as data; nothing for a message that is not about config.
#[must_use]
pub fn warning(summary: &str, details: &str) -> Option<Json> {
    let is = |pattern: &str, text: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
    if is(NOISE, &format!("{summary}{details}")) || summary.starts_with("Invalid configuration; using defaults") {
        return None;
    }
    let word = |text: &str| {
        WORDS.iter().find(|(name, _)| *name == text).map_or(text.to_owned(), |(_, word)| (*word).to_owned())
    };
    if let Some(found) = groups(
        r"Configured value for `([^`]*)` is disallowed by requirements; falling back from `([^`]*)` to required value `([^`]*)`",
        summary,
    ) {
        return Some(json!({
            "kind": "fallback", "key": "default_permissions", "rejected": group(&found, 2), "used": group(&found, 3),
        }));
    }
    if let Some(found) = groups(
        r"(?s)Configured value for `([^`]*)` is disallowed by requirements; .*Details: invalid value for `([^`]*)`: `(.*?)` is not in the allowed set .*\(set by ([^)]*)\)",
        summary,
    ) {
        let rejected = group(&found, 3);
        let rejected = if rejected.starts_with("Granular(") { "granular".to_owned() } else { word(rejected) };
        return Some(json!({
            "kind": "fallback", "key": group(&found, 2), "rejected": rejected, "source": group(&found, 4),
        }));
    }
    if let Some(found) = groups(
        r"(?s)Configured values? (?:for|under) `([^`]*)` (?:is|are) overridden by (?:the required value .* from|requirements from) (\S+?)\.?$",
        summary,
    ) {
        return Some(json!({ "kind": "override", "key": group(&found, 1), "source": group(&found, 2) }));
    }
    if summary.contains("unrecognized configuration setting") {
        let named = Regex::new(r"`([^`]+)` is ignored").ok()?;
        let keys: Vec<&str> = named.captures_iter(summary).map(|found| group(&found, 1)).collect();
        return Some(json!({ "kind": "unknown_keys", "keys": keys }));
    }
    if let Some(found) = groups(r"Ignored unsupported project-local config keys in \S+: (.*?)\. If", summary) {
        let keys: Vec<&str> = group(&found, 1).split(", ").collect();
        return Some(json!({ "kind": "project_keys_ignored", "keys": keys }));
    }
    if summary.contains("disabled in the following folders") {
        let named = Regex::new(r"(?m)^\s+\d+\. (\S+)").ok()?;
        let folders: Vec<&str> = named.captures_iter(summary).map(|found| group(&found, 1)).collect();
        return Some(json!({ "kind": "project_layer_disabled", "folders": folders }));
    }
    if let Some(found) = groups(r"Ignoring unknown `features` requirement `([^`]*)`", summary) {
        return Some(json!({ "kind": "unknown_feature_requirement", "key": group(&found, 1) }));
    }
    if let Some(found) = groups(r"Using legacy `features` requirement `([^`]*)`", summary) {
        return Some(json!({ "kind": "legacy_feature_requirement", "key": group(&found, 1) }));
    }
    if summary.contains("does not define any recognized filesystem entries") {
        return Some(json!({ "kind": "profile_without_filesystem" }));
    }
    if let Some(found) = groups(r"Configured filesystem path `([^`]*)` is not recognized", summary) {
        return Some(json!({ "kind": "filesystem_path_unknown", "path": group(&found, 1) }));
    }
    if summary.contains("is deprecated") {
        let what = groups("`([^`]*)`", summary);
        let what = what.as_ref().map_or_else(|| summary.chars().take(60).collect(), |found| group(found, 1).to_owned());
        return Some(json!({ "kind": "deprecated", "what": what }));
    }
    Some(json!({ "kind": "other", "text": summary.chars().take(160).collect::<String>() }))
}
