//! One word of a command, as far as it can be known before it runs.
//!
//! A word whose value is not known still tells something: what it surely starts with, and whether it is one word
//! whatever happens. Who reads a word must ask; there is no way to a text that pretends to know.

use serde::Serialize;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Exactly this text, one word.
    Known(String),
    /// Not known before it runs.
    Opaque(Opaque),
}

/// What is known of an opaque word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opaque {
    /// The word as it was written, for people.
    pub written: String,
    /// What it surely starts with; often empty.
    pub prefix: String,
    /// How many words it becomes.
    pub fields: Fields,
    /// Why it is not known, in words: "the value of `$x`", "a pattern of file names".
    pub why: String,
}

/// How many words an opaque word becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// Exactly one.
    One,
    /// None, one or many.
    Many,
}

impl Word {
    /// A known word.
    #[must_use]
    pub fn known(text: impl Into<String>) -> Self {
        Self::Known(text.into())
    }

    /// The text, where it is known.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Opaque(_) => None,
        }
    }

    /// What the word surely starts with: all of it where it is known.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Opaque(opaque) => &opaque.prefix,
        }
    }

    /// The word as people see it.
    #[must_use]
    pub fn written(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Opaque(opaque) => &opaque.written,
        }
    }

    /// Whether it stays one word whatever its value is.
    #[must_use]
    pub const fn is_one(&self) -> bool {
        matches!(self, Self::Known(_) | Self::Opaque(Opaque { fields: Fields::One, .. }))
    }

    /// The word without its first `bytes` bytes, as for the value glued to an option. `None` where that much of it is
    /// not known.
    #[must_use]
    pub fn without(&self, bytes: usize) -> Option<Self> {
        let rest = self.prefix().get(bytes..)?.to_owned();
        Some(match self {
            Self::Known(_) => Self::Known(rest),
            Self::Opaque(opaque) => Self::Opaque(Opaque { prefix: rest, ..opaque.clone() }),
        })
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

/// The words of a command whose values are all known.
#[must_use]
pub fn known(words: &[impl AsRef<str>]) -> Vec<Word> {
    words.iter().map(|word| Word::known(word.as_ref())).collect()
}
