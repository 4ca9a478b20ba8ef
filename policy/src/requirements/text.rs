//! A text of a document: short ones in place, long ones once, however often they are cloned.
//!
//! A file of megabytes is hundreds of thousands of keys, most of them short; a `String` each would be larger than the file.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// How many bytes fit in place.
const SHORT: usize = 14;

/// A text that is cheap to keep and to clone.
#[derive(Clone)]
pub struct Text(Held);

#[derive(Clone)]
enum Held {
    Short(u8, [u8; SHORT]),
    // One word wide, which a pointer that knows the length is not.
    Long(Arc<String>),
}

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Held::Long(text) => text,
            // It was copied from a text, so that it is one.
            Held::Short(..) => std::str::from_utf8(self.bytes()).unwrap_or_default(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Held::Short(length, bytes) => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Held::Long(text) => text.as_bytes(),
        }
    }
}

impl Text {
    /// Where it stands beside another text; cheaper than to compare it as one.
    pub(super) fn order(&self, other: &str) -> std::cmp::Ordering {
        self.bytes().cmp(other.as_bytes())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(part), Ok(length)) => {
                part.copy_from_slice(text.as_bytes());
                Self(Held::Short(length, bytes))
            }
            _ => Self(Held::Long(Arc::new(text.to_owned()))),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        if text.len() > SHORT { Self(Held::Long(Arc::new(text))) } else { text.as_str().into() }
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl Default for Text {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    /// As texts are ordered: by their bytes.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), out)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{SHORT, Text};

    #[test]
    fn short_and_long_ones_are_the_text_and_two_words_wide() {
        assert_eq!(size_of::<Text>(), 16);
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 300] {
            for letter in ["a", "ö", "\u{10348}"] {
                let text = letter.repeat(length);
                let (by_reference, by_value) = (Text::from(text.as_str()), Text::from(text.clone()));
                assert_eq!((by_reference.as_str(), by_value.as_str()), (text.as_str(), text.as_str()));
                assert_eq!(by_reference, by_value);
            }
        }
    }

    #[test]
    fn they_are_ordered_as_texts_are() {
        let mut words = ["b", "", "ab", "äöüäöüäöüäöü", "a", "zzzzzzzzzzzzzzzzzzzzzzz", "z"].map(Text::from);
        words.sort();
        assert!(words.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()), "{words:?}");
    }
}
