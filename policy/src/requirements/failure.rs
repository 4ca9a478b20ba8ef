//! Why a release does not start: the class of the failure, the words, the place, the way out.

use super::value::NotToml;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::Span;

/// A failure at start-up. Codex starts no thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its stable class, such as `requirements_schema`; [`CLASSES`] says what each means.
    pub class: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// The way out, when there is one.
    pub help: Option<String>,
}

/// Every class with what causes it, sorted by name.
pub const CLASSES: &[(&str, &str)] = &[
    ("approval_value_removed", "a declared `untrusted`, which the release no longer takes"),
    ("cli_feature_unknown", "`--enable` or `--disable` of a feature the release does not know"),
    ("cli_override_syntax", "a `-c` that is not `key=value`"),
    ("cli_usage", "a flag the release does not know, or flags that exclude each other"),
    ("config_invalid", "a config file that is not TOML, or a value of the wrong type in force"),
    ("config_permissions", "permission profiles that are undefined, unselected or impossible"),
    ("legacy_profile_removed", "`profile = …` or `[profiles.x]` in a release that has profile files"),
    ("managed_config_invalid", "a managed config that is not TOML, or a value of the wrong type in it"),
    ("managed_config_schema", "a word in managed config that cannot become a requirement"),
    ("model_catalog", "a catalog of models that is no file, or a model without a name"),
    ("model_provider", "a provider of models that is not defined"),
    ("never_needs_full_access", "full access is refused while nothing can be asked"),
    ("profile_not_found", "a legacy profile that is not defined"),
    ("project_config_syntax", "a trusted project's config that is not TOML"),
    ("requirements_auth", "no way to log in is left"),
    ("requirements_empty_list", "a list that must not be empty"),
    ("requirements_features", "pinned features that contradict each other, or are unknown"),
    ("requirements_mcp", "a matcher of MCP servers that is no pattern"),
    ("requirements_missing_read_only", "a list of modes without `read-only`"),
    ("requirements_network", "an allowed `*`, or two tables for the managed network"),
    ("requirements_permissions", "a list of profiles that contradicts itself"),
    ("requirements_rules", "a rule that cannot be one"),
    ("requirements_schema", "a wrong type, an unknown word or a missing field"),
    ("requirements_syntax", "requirements that are not TOML"),
    ("requirements_value", "another value that is refused"),
];

/// What an app server does with a failure of this class; every other command says why, and ends with 1 before it does anything.
#[must_use]
pub fn app_server(class: &str) -> &'static str {
    match class {
        "requirements_syntax" => {
            "An app server stays up in every release, with a warning and with defaults, and starts no thread."
        }
        "cli_usage" | "cli_override_syntax" | "cli_feature_unknown" => "An app server does not start either.",
        "never_needs_full_access" => {
            "An app server whose own config comes to this ends; one that a client asks for it refuses."
        }
        class if class.starts_with("requirements_") => {
            "An app server of 0.169.0 ends with 1; one of an older release stays up, and starts no thread."
        }
        _ => {
            "An app server tries once more with its flags and the requirements alone; if that works it stays up with a \
             warning and with defaults, and starts no thread."
        }
    }
}

impl Failure {
    /// A failure without a place yet.
    #[must_use]
    pub fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), span: None, help: None }
    }

    /// A text that is not TOML.
    #[must_use]
    pub fn no_toml(class: &'static str, wrong: &NotToml) -> Self {
        Self::new(class, wrong.message.clone()).at(wrong.span).help(wrong.help())
    }

    /// Adds the place.
    #[must_use]
    pub const fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same as a finding about an input.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            code: self.class.replace('_', "-"),
            severity: Severity::Error,
            message: self.message.clone(),
            labels: self.span.map(|span| Label { span, text: String::new() }).into_iter().collect(),
            help: self.help.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn classes_are_sorted_and_unique() {
        assert!(super::CLASSES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
