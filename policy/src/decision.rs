//! The three decisions and their order: the stricter is the greater, and the strictest wins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may happen to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may run without asking.
    Allow,
    /// A person must agree first.
    Prompt,
    /// It must not run.
    Forbidden,
}

impl Decision {
    /// The word used in rule files, output and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Prompt => "prompt",
            Self::Forbidden => "forbidden",
        }
    }

    /// Reads the word of a rule file; case matters, as it does for Codex 0.169.0.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "allow" => Some(Self::Allow),
            "prompt" => Some(Self::Prompt),
            "forbidden" => Some(Self::Forbidden),
            _ => None,
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Decision;

    #[test]
    fn the_stricter_decision_is_the_greater() {
        assert!(Decision::Allow < Decision::Prompt && Decision::Prompt < Decision::Forbidden);
    }
}
