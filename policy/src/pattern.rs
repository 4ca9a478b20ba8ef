//! Patterns of words, and the one function that says whether a pattern matches a command.
//!
//! A pattern is a prefix: extra arguments are always allowed. Comparison is exact on Unicode scalar values, or
//! canonical caseless where the rule asks for it. The index of a rule set answers the same question faster; a
//! property test holds the two together.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// One position of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternElement {
    /// Exactly this word.
    Word(String),
    /// Any of these words; never empty.
    AnyOf(Vec<String>),
}

impl PatternElement {
    /// The words that will do at this position.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match self {
            Self::Word(word) => std::slice::from_ref(word),
            Self::AnyOf(words) => words,
        }
    }
}

/// How words are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// Unicode scalar value by scalar value.
    Exact,
    /// Unicode canonical caseless matching: full case folding around canonical decomposition.
    Canonical,
}

/// Whether two words are the same under a comparison.
#[must_use]
pub fn same_word(one: &str, other: &str, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Exact => one == other,
        Comparison::Canonical => one == other || canonical(one) == canonical(other),
    }
}

/// Whether `head` followed by `rest` is a prefix of `command`.
#[must_use]
pub fn matches(head: &str, rest: &[PatternElement], command: &[&str], comparison: Comparison) -> bool {
    let Some((first, arguments)) = command.split_first() else { return false };
    same_word(head, first, comparison)
        && rest.len() <= arguments.len()
        && rest
            .iter()
            .zip(arguments)
            .all(|(element, word)| element.words().iter().any(|wanted| same_word(wanted, word, comparison)))
}

/// The form of a word under which canonically caseless-equal words are equal.
pub(crate) fn canonical(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(word.to_ascii_lowercase());
        }
        return Cow::Borrowed(word);
    }
    let folded: String = caseless::default_case_fold_str(&word.nfd().collect::<String>());
    Cow::Owned(folded.nfd().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonically_same(one: &str, other: &str) -> bool {
        same_word(one, other, Comparison::Canonical)
    }

    #[test]
    fn canonical_comparison_folds_case_and_decomposition_only() {
        assert!(canonically_same("RM", "rm"));
        assert!(canonically_same("STRASSE", "straße"));
        assert!(canonically_same("\u{212a}", "k"));
        assert!(canonically_same("ﬁ", "fi"));
        assert!(canonically_same("é", "e\u{301}"));
        assert!(canonically_same("İ", "i\u{307}"));
        assert!(!canonically_same("ｒｍ", "rm"));
        assert!(!canonically_same("ı", "i"));
        assert!(!canonically_same("r\u{200b}m", "rm"));
    }

    #[test]
    fn a_pattern_is_a_prefix_and_never_longer_than_the_command() {
        let rest = [PatternElement::AnyOf(vec!["a".into(), "b".into()])];
        assert!(matches("x", &rest, &["x", "b", "c"], Comparison::Exact));
        assert!(!matches("x", &rest, &["x"], Comparison::Exact));
        assert!(!matches("x", &rest, &["x", "c"], Comparison::Exact));
        assert!(!matches("x", &[], &[], Comparison::Exact));
    }
}
