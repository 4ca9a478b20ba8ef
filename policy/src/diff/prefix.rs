//! Sets of commands, as prefixes whose positions are sets of words.

use serde::Serialize;

use crate::pattern::canonical;

/// Every spelling of a word but for case and decomposition, apart from some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Folded {
    /// One of the spellings.
    pub like: String,
    /// Spellings that are not meant.
    pub except: Vec<String>,
}

/// The words that will do at one position; never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// These very words, sorted.
    pub words: Vec<String>,
    /// And these in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_case: Vec<Folded>,
}

impl Position {
    /// Whether a word is among them.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
            || self.any_case.iter().any(|folded| {
                canonical(&folded.like) == canonical(word) && !folded.except.iter().any(|known| known == word)
            })
    }

    /// One of the words.
    #[must_use]
    pub fn sample(&self) -> &str {
        self.words.first().or_else(|| self.any_case.first().map(|folded| &folded.like)).map_or("", String::as_str)
    }
}

/// Which lengths of a command a prefix stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Its own and every longer one.
    AtLeast,
    /// Its own only.
    Exactly,
    /// Longer ones only.
    Longer,
}

/// All commands that begin with certain words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Prefix {
    /// The positions, the program first.
    pub positions: Vec<Position>,
    /// Which lengths.
    pub extent: Extent,
}

impl Prefix {
    /// Whether a command is among them.
    #[must_use]
    pub fn holds(&self, command: &[String]) -> bool {
        let long_enough = match self.extent {
            Extent::AtLeast => command.len() >= self.positions.len(),
            Extent::Exactly => command.len() == self.positions.len(),
            Extent::Longer => command.len() > self.positions.len(),
        };
        long_enough && self.positions.iter().zip(command).all(|(position, word)| position.holds(word))
    }
}
