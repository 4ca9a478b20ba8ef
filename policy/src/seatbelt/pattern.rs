//! The dialect of `(regex …)`: literal bytes, `.`, classes, anchors, `*` `+` `?`, `|` and groups, and nothing else.
//!
//! A pattern is translated for a linear-time engine. What the dialect lacks (counts, `\d`, named classes, look-around) may
//! have been meant otherwise than macOS reads it, so such a pattern is kept and its answer is not known.

use std::fmt::Write;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Compiled patterns are refused beyond this size, in bytes.
const LARGEST: usize = 1 << 20;
/// The same for many together.
const LARGEST_SET: usize = 8 << 20;

/// A pattern of a filter.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is written.
    pub written: String,
    /// The same for the engine; empty where its answers are not known.
    text: Box<str>,
    engine: Result<Regex, &'static str>,
    anchored: bool,
    /// The directory that what matches surely lies in; empty for none.
    directory: Box<str>,
}

/// A pattern that macOS would not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(written: &str) -> Result<Self, Broken> {
        let anchored = written.starts_with('^') && !written.contains('|');
        let translated = translate(written)?;
        let text = translated.as_deref().unwrap_or_default().into();
        let engine = match translated {
            Ok(text) => RegexBuilder::new(&text)
                .unicode(false)
                .dot_matches_new_line(true)
                .size_limit(LARGEST)
                .dfa_size_limit(LARGEST)
                .build()
                .map_err(|_| "the pattern is larger than is simulated"),
            Err(why) => Err(why),
        };
        Ok(Self { written: written.to_owned(), text, engine, anchored, directory: directory(written).into() })
    }

    /// Whether it is found anywhere in a text; `Err` says why that is not known.
    pub(super) fn find(&self, text: &str) -> Result<bool, &'static str> {
        match &self.engine {
            Ok(engine) => Ok(engine.is_match(text.as_bytes())),
            Err(why) => Err(why),
        }
    }

    /// Whether its answers are known.
    pub(super) const fn is_known(&self) -> bool {
        self.engine.is_ok()
    }

    /// The directory that every path it matches lies in; empty where there is none.
    pub(super) fn directory(&self) -> &str {
        &self.directory
    }

    /// Whether it can only match from the first byte on.
    #[must_use]
    pub const fn is_anchored(&self) -> bool {
        self.anchored
    }
}

/// Many patterns asked at once.
#[derive(Clone, Debug)]
pub(super) struct Patterns(RegexSet);

impl Patterns {
    /// All of these, whose answers are known; none where they are too much for one machine.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Option<Self> {
        RegexSetBuilder::new(patterns.map(|pattern| &*pattern.text))
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(LARGEST_SET)
            .dfa_size_limit(LARGEST_SET)
            .build()
            .ok()
            .map(Self)
    }

    /// The places of those that are found in a text.
    pub(super) fn found(&self, text: &str) -> impl Iterator<Item = usize> {
        self.0.matches(text.as_bytes()).into_iter()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

/// What stands before the first special character of an anchored pattern, up to its last slash.
fn directory(written: &str) -> String {
    let mut head = String::new();
    let mut letters = written.chars().peekable();
    if letters.next() != Some('^') || written.contains('|') {
        return head;
    }
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => letters.next().unwrap_or('\\'),
            '^' | '$' | '.' | '[' | '(' | ')' | '*' | '+' | '?' | '{' => break,
            plain => plain,
        };
        // A repetition may repeat it no time.
        if matches!(letters.peek(), Some('*' | '+' | '?')) {
            break;
        }
        head.push(letter);
    }
    head.truncate(head.rfind('/').unwrap_or(0));
    head
}

/// The text for the engine; the inner error says why the dialects may differ.
fn translate(written: &str) -> Result<Result<String, &'static str>, Broken> {
    let mut out = String::with_capacity(written.len() * 4);
    let mut bytes = written.bytes().peekable();
    let (mut groups, mut odd) = (0_usize, None);
    // Whether there is something a repetition can repeat.
    let mut repeatable = false;
    while let Some(byte) = bytes.next() {
        let mut after = true;
        match byte {
            b'\\' => match bytes.next() {
                Some(escaped) => {
                    if escaped.is_ascii_alphanumeric() {
                        odd = Some(
                            "a backslash before a letter or digit has no special meaning here, but may have been meant so",
                        );
                    }
                    literal(&mut out, escaped);
                }
                None => return Err(Broken("the pattern ends in a backslash")),
            },
            b'(' => {
                if bytes.peek() == Some(&b'?') {
                    odd = Some("`(?` is not in the dialect");
                    bytes.next();
                }
                groups += 1;
                out.push_str("(?:");
                after = false;
            }
            b')' => {
                groups = groups.checked_sub(1).ok_or(Broken("`)` closes no group"))?;
                out.push(')');
            }
            b'|' => {
                out.push('|');
                after = false;
            }
            b'*' | b'+' | b'?' => {
                if !repeatable {
                    return Err(Broken("a repetition repeats nothing"));
                }
                out.push(char::from(byte));
            }
            b'^' | b'$' => {
                out.push(char::from(byte));
                after = false;
            }
            b'.' => out.push('.'),
            b'[' => class(&mut bytes, &mut out, &mut odd)?,
            b'{' => {
                odd = Some("counted repetition is not in the dialect");
                literal(&mut out, byte);
            }
            byte => literal(&mut out, byte),
        }
        repeatable = after;
    }
    if groups > 0 {
        return Err(Broken("`(` is not closed"));
    }
    Ok(odd.map_or(Ok(out), Err))
}

fn literal(out: &mut String, byte: u8) {
    let _ = write!(out, "\\x{byte:02x}");
}

/// A class, after its `[`.
fn class(
    bytes: &mut std::iter::Peekable<std::str::Bytes<'_>>,
    out: &mut String,
    odd: &mut Option<&'static str>,
) -> Result<(), Broken> {
    const OPEN: Broken = Broken("`[` is not closed");
    out.push('[');
    if bytes.next_if_eq(&b'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let mut byte = bytes.next().ok_or(OPEN)?;
        match byte {
            b']' if !first => break,
            b'[' if matches!(bytes.peek(), Some(b':' | b'.' | b'=')) => {
                *odd = Some("named classes are not in the dialect");
            }
            b'\\' => {
                byte = bytes.next().ok_or(OPEN)?;
                if byte.is_ascii_alphanumeric() {
                    *odd = Some(
                        "a backslash before a letter or digit has no special meaning here, but may have been meant so",
                    );
                }
            }
            _ => {}
        }
        first = false;
        literal(out, byte);
        // `a-z`, unless the dash is the last of the class.
        let mut ahead = bytes.clone();
        if ahead.next() == Some(b'-') && ahead.peek().is_some_and(|next| *next != b']') {
            bytes.next();
            let mut end = bytes.next().ok_or(OPEN)?;
            if end == b'\\' {
                end = bytes.next().ok_or(OPEN)?;
            }
            if end < byte {
                return Err(Broken("a range of a class ends before it begins"));
            }
            out.push('-');
            literal(out, end);
        }
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().find(text).unwrap()
    }

    #[test]
    fn a_pattern_is_searched_for_and_anchored_only_where_it_says_so() {
        assert!(find("/Core", "/opt/CoreParts"));
        assert!(!find("^/Core", "/opt/CoreParts"));
        assert!(find("^/dev/ttys[0-9]+", "/dev/ttys003x"));
        assert!(!find("^/dev/ttys[0-9]+$", "/dev/ttys003x"));
        assert!(find("^(/a|/b)/(c+|d?)$", "/b/cc"));
        assert!(find("^/[^/]*/x$", "/ab/x") && !find("^/[^/]*/x$", "/a/b/x"));
        assert!(find(r"/\.env$", "/.env") && !find(r"/\.env$", "/xenv"));
        assert!(find(r"a\-b[\]x]$", "a-b]"));
        assert!(find("[]a]", "]") && find("[a-]", "-"));
        assert!(find("a.b", "a\nb") && find("^é$", "é") && find("^..$", "é"));
        assert!(find("", "x"));
    }

    #[test]
    fn what_the_dialect_lacks_is_not_known() {
        for pattern in [r"\d+", "a{2,3}", "[[:digit:]]", "(?:a)", "(?=a)", r"[\d]", r"\bx"] {
            assert!(Pattern::new(pattern).unwrap().find("a").is_err(), "{pattern}");
        }
        let huge = "(a?b?c?d?e?)".repeat(4000);
        assert!(Pattern::new(&format!("({huge}+)+")).unwrap().find("a").is_err());
    }

    #[test]
    fn what_cannot_be_compiled_is_broken() {
        for pattern in ["(", ")", "[", "[a", "*a", "a\\", "[z-a]", "(*)", "a|*"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn the_directory_of_a_pattern_is_what_surely_stands_first() {
        for (pattern, expected) in [
            ("^/opt/tool/(.*/)?x$", "/opt/tool"),
            ("^/dev/ttys[0-9]+", "/dev"),
            ("^/a\\.b/c", "/a.b"),
            ("^/a/b*", "/a"),
            ("^/a/b/?x", "/a"),
            ("^/a/x|/b/y", ""),
            ("/a/b", ""),
            ("^[a]/b/", ""),
            ("^/é/x", "/é"),
        ] {
            assert_eq!(directory(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn anchors_are_seen() {
        assert!(Pattern::new("^/a").unwrap().is_anchored());
        assert!(!Pattern::new("^/a|/b").unwrap().is_anchored());
    }
}
