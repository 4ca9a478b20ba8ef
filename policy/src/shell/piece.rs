//! Pieces of a word between reading it and having it: text that is quoted or not, and gaps that cannot be known.
//!
//! Braces are expanded on pieces, then each result is put together into the words it becomes: split where an unquoted value
//! holds blanks, opaque from the first gap or file name pattern on.

use crate::word::{Fields, Opaque, Word};

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Known text.
    Text { text: String, kind: Kind },
    /// Text that is not known.
    Gap { why: String, fields: Fields, number: bool },
    /// One word ends here and another begins.
    Break,
}

/// What is still special in a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Quoted,
    /// Everything: it stands in the script unquoted.
    Plain,
    /// Patterns of file names: it is the value of an unquoted expansion.
    Value,
}

impl Piece {
    pub(super) fn quoted(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), kind: Kind::Quoted }
    }

    pub(super) fn gap(why: impl Into<String>, fields: Fields) -> Self {
        Self::Gap { why: why.into(), fields, number: false }
    }

    /// Whether it can only be (a part of) a whole number.
    pub(super) fn is_numeric(&self) -> bool {
        match self {
            Self::Text { text, .. } => text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace()),
            Self::Gap { number, .. } => *number,
            Self::Break => true,
        }
    }
}

/// A word being put together.
#[derive(Default)]
struct Field {
    text: String,
    gap: Option<(String, Fields)>,
    /// Where in `text` active pattern characters are.
    stars: Option<usize>,
    opening: Option<usize>,
}

impl Field {
    fn push(&mut self, text: &str, kind: Kind) {
        if self.gap.is_some() {
            // What follows a gap can still turn the word into a pattern.
            if kind != Kind::Quoted && text.contains(['*', '?', '[']) {
                self.widen();
            }
            return;
        }
        if kind != Kind::Quoted {
            for (at, letter) in text.char_indices() {
                let here = self.text.len() + at;
                match letter {
                    '*' | '?' => self.stars = self.stars.or(Some(here)),
                    '[' => self.opening = self.opening.or(Some(here)),
                    ']' if self.opening.is_some_and(|opening| opening + 1 < here) => {
                        self.stars = match (self.stars, self.opening) {
                            (Some(star), Some(opening)) => Some(star.min(opening)),
                            (star, opening) => star.or(opening),
                        };
                    }
                    _ => {}
                }
            }
        }
        self.text.push_str(text);
    }

    fn widen(&mut self) {
        if let Some((_, fields)) = &mut self.gap {
            *fields = Fields::Many;
        }
    }

    fn open(&mut self, why: &str, fields: Fields) {
        match &mut self.gap {
            Some((_, known)) if fields == Fields::Many => *known = fields,
            Some(_) => {}
            None => {
                // A bracket before the gap may be closed by it.
                let fields = if self.stars.or(self.opening).is_some() { Fields::Many } else { fields };
                if let Some(at) = self.stars.or(self.opening) {
                    self.text.truncate(at);
                }
                self.gap = Some((why.to_owned(), fields));
            }
        }
    }

    fn finish(mut self, written: &str) -> Word {
        if let (None, Some(at)) = (&self.gap, self.stars) {
            self.text.truncate(at);
            self.gap = Some(("a pattern of file names".to_owned(), Fields::Many));
        }
        match self.gap {
            None => Word::Known(self.text),
            Some((why, fields)) => Word::Opaque(Opaque { written: written.to_owned(), prefix: self.text, fields, why }),
        }
    }
}

/// The words that pieces become. `patterns` says whether file names are matched.
pub(super) fn assemble(pieces: &[Piece], written: &str, patterns: bool, words: &mut Vec<Word>) {
    let mut field: Option<Field> = None;
    for piece in pieces {
        match piece {
            Piece::Break => words.extend(field.take().map(|field| field.finish(written))),
            Piece::Text { text, kind } => {
                if *kind == Kind::Quoted || !text.is_empty() {
                    let kind = if patterns { *kind } else { Kind::Quoted };
                    field.get_or_insert_default().push(text, kind);
                }
            }
            Piece::Gap { why, fields, .. } => {
                let fields = if patterns { *fields } else { Fields::One };
                field.get_or_insert_default().open(why, fields);
            }
        }
    }
    words.extend(field.map(|field| field.finish(written)));
}

/// Pieces of an unquoted value: split at blanks, as the default `IFS` does.
pub(super) fn split_value(text: &str, pieces: &mut Vec<Piece>) {
    const BLANKS: &[char] = &[' ', '\t', '\n'];
    for (at, part) in text.split(BLANKS).enumerate() {
        if at > 0 {
            pieces.push(Piece::Break);
        }
        if !part.is_empty() {
            pieces.push(Piece::Text { text: part.to_owned(), kind: Kind::Value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pieces: &[Piece]) -> Vec<Word> {
        let mut out = Vec::new();
        assemble(pieces, "w", true, &mut out);
        out
    }

    fn plain(text: &str) -> Piece {
        Piece::Text { text: text.into(), kind: Kind::Plain }
    }

    #[test]
    fn values_are_split_and_joined_with_what_stands_beside_them() {
        let mut pieces = vec![plain("a")];
        split_value("b c ", &mut pieces);
        pieces.push(Piece::quoted("d"));
        assert_eq!(words(&pieces), [Word::from("ab"), Word::from("c"), Word::from("d")]);
        assert_eq!(words(&[plain("")]), []);
        assert_eq!(words(&[Piece::quoted("")]), [Word::from("")]);
    }

    #[test]
    fn a_pattern_is_opaque_from_its_first_special_character_on() {
        let words_of = words(&[plain("a/b*c")]);
        let [Word::Opaque(opaque)] = words_of.as_slice() else { panic!() };
        assert_eq!((opaque.prefix.as_str(), opaque.fields), ("a/b", Fields::Many));
        assert_eq!(words(&[plain("[")]), [Word::from("[")]);
        assert_eq!(words(&[Piece::quoted("*")]), [Word::from("*")]);
        let words_of = words(&[plain("x[ab]")]);
        let [Word::Opaque(opaque)] = words_of.as_slice() else { panic!() };
        assert_eq!(opaque.prefix, "x");
    }
}
