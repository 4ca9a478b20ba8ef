//! Backslashes and quotes: the text that a piece of a script stands for, or that it was not understood.

use super::piece::{Kind, Piece};

/// Reads unquoted text; `false` when something special is left in it. `operand` is text inside `${…}`.
pub(super) fn unescape(raw: &str, operand: bool, pieces: &mut Vec<Piece>) -> bool {
    let mut plain = String::new();
    let mut letters = raw.chars().peekable();
    let flush = |plain: &mut String, pieces: &mut Vec<Piece>| {
        if !plain.is_empty() {
            pieces.push(Piece::Text { text: std::mem::take(plain), kind: Kind::Plain });
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('\n') => {}
                Some(escaped) => {
                    flush(&mut plain, pieces);
                    pieces.push(Piece::quoted(escaped.to_string()));
                }
                None => plain.push('\\'),
            },
            '`' => return false,
            '$' if letters.peek().is_some_and(|next| starts_expansion(*next)) => return false,
            // A process substitution that the parser took for text.
            '<' | '>' if letters.peek() == Some(&'(') => return false,
            '\'' | '"' | ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' if !operand => return false,
            letter => plain.push(letter),
        }
    }
    flush(&mut plain, pieces);
    true
}

/// Reads text between double quotes or in a here-document: a backslash takes away the meaning of these letters only.
pub(super) fn unescape_double(raw: &str, escapes: &[char], pieces: &mut Vec<Piece>) -> bool {
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('\n') => {}
                Some(escaped) if escapes.contains(&escaped) => text.push(escaped),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            },
            '`' => return false,
            '$' if letters.peek().is_some_and(|next| starts_expansion(*next) && !matches!(next, '\'' | '"')) => {
                return false;
            }
            letter => text.push(letter),
        }
    }
    pieces.push(Piece::quoted(text));
    true
}

fn starts_expansion(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(letter, '_' | '{' | '(' | '[' | '\'' | '"' | '@' | '*' | '#' | '?' | '$' | '!' | '-')
}

pub(super) fn unescape_backquotes(inner: &str, in_quotes: bool) -> String {
    let mut script = String::with_capacity(inner.len());
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        let special = |next: &char| matches!(next, '$' | '`' | '\\') || (in_quotes && *next == '"');
        match letters.next_if(|next| letter == '\\' && special(next)) {
            Some(escaped) => script.push(escaped),
            None => script.push(letter),
        }
    }
    script
}

/// The text of `$'…'` (bash(1), "QUOTING"); `None` where it holds a NUL or what is not text.
pub(super) fn ansi_c(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let escape = letters.next()?;
        let mut number = |most: usize, radix: u32, first: Option<char>| {
            let mut value = first.and_then(|digit| digit.to_digit(radix));
            for _ in usize::from(first.is_some())..most {
                let Some(digit) = letters.next_if(|next| next.is_digit(radix)) else { break };
                value = Some(value.unwrap_or(0) * radix + digit.to_digit(radix).unwrap_or(0));
            }
            value
        };
        let code = match escape {
            'a' => 7,
            'b' => 8,
            'e' | 'E' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' | '\'' | '"' | '?' => u32::from(escape),
            // Bytes from 0x80 on are no characters of their own.
            'x' => number(2, 16, None).filter(|value| *value < 0x80)?,
            '0'..='7' => number(3, 8, Some(escape)).filter(|value| *value < 0x80)?,
            'u' => number(4, 16, None)?,
            'U' => number(8, 16, None)?,
            'c' => return None,
            other => {
                text.extend(['\\', other]);
                continue;
            }
        };
        text.push(char::from_u32(code).filter(|letter| *letter != '\0')?);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ansi_c_quoting_is_decoded_or_not_known() {
        assert_eq!(ansi_c(r"\x72\155\t\u41\'").as_deref(), Some("rm\tA'"));
        assert_eq!(ansi_c(r"\z\x").as_deref(), None);
        assert_eq!(ansi_c(r"\0"), None);
        assert_eq!(ansi_c(r"\xff"), None);
        assert_eq!(ansi_c(r"\cA"), None);
    }

    #[test]
    fn literals_with_something_special_left_in_them_are_refused() {
        for raw in ["a$(b)", "a`b`", "${x}", "a b", "a;b", "a(b"] {
            assert!(!unescape(raw, false, &mut Vec::new()), "{raw}");
        }
        for raw in [r"a\$\(b", "a$", r"\;", "a=b", "~"] {
            assert!(unescape(raw, false, &mut Vec::new()), "{raw}");
        }
        assert!(!unescape_double("$(a)", &['$'], &mut Vec::new()));
        assert!(unescape_double(r#"\$(a) 'b' $'"#, &['$'], &mut Vec::new()));
    }
}
