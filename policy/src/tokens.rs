//! Words as small numbers: every distinct word of a rule set is stored once and compared by its number.
//!
//! One text with ends and one open-addressing table, so that a compiled rule set is a handful of flat vectors:
//! cheap to write to a cache and cheap to read back. Looking a word up never adds it.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};

/// A word of a rule set, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Token(pub(crate) u32);

/// The distinct words of a rule set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    text: String,
    ends: Vec<u32>,
    /// Token number plus one, zero where free; a power of two long, at most half full.
    slots: Vec<u32>,
}

fn hash(word: &str) -> usize {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(word.as_bytes());
    usize::try_from(hasher.finish() & u64::from(u32::MAX)).unwrap_or(0)
}

impl Tokens {
    /// The word behind a number; empty for a number that is not of this collection.
    pub(crate) fn text(&self, token: Token) -> &str {
        let at = token.0 as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The number of a word, if any rule uses it.
    #[inline]
    pub(crate) fn find(&self, word: &str) -> Option<Token> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(word) & mask;
        for _ in 0..self.slots.len() {
            let token = Token(self.slots.get(at)?.checked_sub(1)?);
            if self.text(token) == word {
                return Some(token);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The number of a word, adding it if it is new.
    pub(crate) fn intern(&mut self, word: &str) -> Token {
        if let Some(token) = self.find(word) {
            return token;
        }
        let token = Token(u32::try_from(self.ends.len()).unwrap_or(u32::MAX));
        self.text.push_str(word);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        if self.slots.len() < (self.ends.len() + 1) * 2 {
            self.grow();
        } else {
            self.place(token);
        }
        token
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        self.slots = vec![0; size];
        for number in 0..self.ends.len() {
            self.place(Token(u32::try_from(number).unwrap_or(u32::MAX)));
        }
    }

    fn place(&mut self, token: Token) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut at = hash(self.text(token)) & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == 0 {
                *slot = token.0.saturating_add(1);
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_number_and_an_unknown_word_has_none() {
        let mut tokens = Tokens::default();
        let numbers: Vec<Token> = (0..1_000).map(|n| tokens.intern(&format!("w{n}"))).collect();
        for (n, token) in numbers.iter().enumerate() {
            assert_eq!(tokens.find(&format!("w{n}")), Some(*token));
            assert_eq!(tokens.text(*token), format!("w{n}"));
        }
        assert_eq!(tokens.intern(""), tokens.intern(""));
        assert_eq!(tokens.find("w1000"), None);
        assert_eq!(Tokens::default().find("x"), None);
    }
}
