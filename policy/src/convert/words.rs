//! Command texts of other tools as words, as far as they are words.

use super::Meaning;

/// A text that begins commands, split up.
pub(super) struct Words {
    /// Those that are certain.
    pub(super) words: Vec<String>,
    /// Why they are not all.
    pub(super) trouble: Option<String>,
    /// Nothing but blanks stands behind the last word, and at least one.
    pub(super) ended: bool,
}

/// Letters that a shell reads for more than themselves.
const SPECIAL: &[char] =
    &['$', '`', '\\', ';', '&', '|', '<', '>', '(', ')', '{', '}', '~', '?', '[', ']', '#', '!', '\n', '*'];

/// The words of a text.
pub(super) fn words(text: &str) -> Words {
    let ended = text.ends_with([' ', '\t']);
    let quoted = text.contains(['\'', '"']);
    if let Some(split) = shlex::split(text).filter(|_| !text.contains(SPECIAL) && !assigns(text)) {
        return Words { words: split, trouble: None, ended };
    }
    let mut found = Words { words: Vec::new(), trouble: None, ended };
    for chunk in text.split_whitespace() {
        if found.words.is_empty() && assigns(chunk) {
            found.trouble = Some(format!("`{chunk}` sets a variable and is no word of the command"));
        } else if quoted && chunk.contains(['\'', '"']) {
            found.trouble = Some("its quotes hold more than words".to_owned());
            break;
        } else if let Some(letter) = chunk.chars().find(|letter| SPECIAL.contains(letter)) {
            found.trouble = Some(format!("`{letter}` in `{chunk}` is no plain word to a shell"));
            break;
        } else {
            found.words.push(chunk.to_owned());
        }
    }
    if found.trouble.is_none() {
        found.trouble = Some("a quote is not closed".to_owned());
    }
    found
}

/// Whether the first word sets a variable.
fn assigns(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|letter: char| letter.is_ascii_digit())
    })
}

/// The commands that begin with a text, whose last word may go on.
pub(super) fn beginning(text: &str, why: &str) -> Meaning {
    let found = words(text);
    let (mut from, literal) = (found.words.clone(), text.trim_start().to_owned());
    if let Some(trouble) = found.trouble {
        // Text before which variables are set begins otherwise.
        let literal = if assigns(text) { String::new() } else { literal };
        return Meaning::Part { from, surely: None, literal, why: format!("{why}; {trouble}") };
    }
    if found.ended || from.is_empty() {
        return match from.is_empty() {
            true => Meaning::unknown(why),
            false => Meaning::More(from),
        };
    }
    let surely = Some(from.clone());
    from.pop();
    Meaning::Part { from, surely, literal, why: why.to_owned() }
}

/// The commands that a whole text is or begins with as words.
pub(super) fn whole(text: &str, more: bool) -> Meaning {
    let found = words(text);
    match found.trouble {
        Some(trouble) => {
            let literal = if assigns(text) { String::new() } else { text.trim().to_owned() };
            Meaning::Part { from: found.words, surely: None, literal, why: trouble }
        }
        None if found.words.is_empty() => Meaning::unknown("it names no command"),
        None if more => Meaning::Prefix(found.words),
        None => Meaning::Exactly(found.words),
    }
}
