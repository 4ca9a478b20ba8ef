//! Brace expansion (bash(1), "Brace Expansion") on the pieces of a word.

use super::piece::{Kind, Piece};

/// No word becomes more than this many.
const MOST: usize = 1024;

/// No word holds more opening braces than this.
const MOST_GROUPS: usize = 64;

#[derive(Clone, Debug)]
enum Token {
    Open,
    Comma,
    Close,
    Other(Piece),
}

/// The words a word becomes, each as pieces; `None` when there are too many.
pub(super) fn expand(pieces: Vec<Piece>) -> Option<Vec<Vec<Piece>>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text { text, kind: Kind::Plain } => tokenize(&text, &mut tokens),
            other => tokens.push(Token::Other(other)),
        }
    }
    // Looking for a group takes the square of them.
    if tokens.iter().filter(|token| matches!(token, Token::Open)).count() > MOST_GROUPS {
        return None;
    }
    let mut words = Vec::new();
    let mut budget = MOST * 16;
    expand_tokens(&tokens, &mut words, &mut budget)?;
    Some(words.into_iter().map(|tokens| tokens.into_iter().map(piece_of).collect()).collect())
}

fn plain(text: &str) -> Token {
    Token::Other(Piece::Text { text: text.to_owned(), kind: Kind::Plain })
}

fn tokenize(text: &str, tokens: &mut Vec<Token>) {
    let mut rest = text;
    while let Some(at) = rest.find(['{', ',', '}']) {
        let (before, special) = rest.split_at(at);
        if !before.is_empty() {
            tokens.push(plain(before));
        }
        tokens.push(match special.as_bytes().first() {
            Some(b'{') => Token::Open,
            Some(b',') => Token::Comma,
            _ => Token::Close,
        });
        rest = special.get(1..).unwrap_or("");
    }
    if !rest.is_empty() {
        tokens.push(plain(rest));
    }
}

fn piece_of(token: Token) -> Piece {
    let text = match token {
        Token::Other(piece) => return piece,
        Token::Open => "{",
        Token::Comma => ",",
        Token::Close => "}",
    };
    Piece::Text { text: text.to_owned(), kind: Kind::Plain }
}

/// The first group that expands: where it opens and closes, and its alternatives.
fn group(tokens: &[Token]) -> Option<(usize, usize, Vec<Vec<Token>>)> {
    for (open, token) in tokens.iter().enumerate() {
        if !matches!(token, Token::Open) {
            continue;
        }
        let mut depth = 0_usize;
        let mut commas = Vec::new();
        for (at, token) in tokens.iter().enumerate().skip(open) {
            match token {
                Token::Open => depth += 1,
                Token::Comma if depth == 1 => commas.push(at),
                Token::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let inside = tokens.get(open + 1..at).unwrap_or(&[]);
                if !commas.is_empty() {
                    let mut alternatives = Vec::new();
                    let mut start = open + 1;
                    for end in commas.into_iter().chain([at]) {
                        alternatives.push(tokens.get(start..end).unwrap_or(&[]).to_vec());
                        start = end + 1;
                    }
                    return Some((open, at, alternatives));
                }
                if let [Token::Other(Piece::Text { text, kind: Kind::Plain })] = inside
                    && let Some(all) = sequence(text)
                {
                    return Some((open, at, all.iter().map(|text| vec![plain(text)]).collect()));
                }
                break;
            }
        }
    }
    None
}

fn expand_tokens(tokens: &[Token], words: &mut Vec<Vec<Token>>, budget: &mut usize) -> Option<()> {
    *budget = budget.checked_sub(tokens.len() + 1)?;
    let Some((open, close, alternatives)) = group(tokens) else {
        words.push(tokens.to_vec());
        return (words.len() <= MOST).then_some(());
    };
    let before = tokens.get(..open).unwrap_or(&[]);
    let mut after = Vec::new();
    expand_tokens(tokens.get(close + 1..).unwrap_or(&[]), &mut after, budget)?;
    for alternative in &alternatives {
        let mut middles = Vec::new();
        expand_tokens(alternative, &mut middles, budget)?;
        for middle in &middles {
            for tail in &after {
                *budget = budget.checked_sub(1)?;
                words.push([before, middle, tail].concat());
            }
        }
    }
    (words.len() <= MOST).then_some(())
}

/// `1..9`, `a..e`, with an optional step; `None` for anything else.
fn sequence(text: &str) -> Option<Vec<String>> {
    let mut parts = text.split("..");
    let (first, last) = (parts.next()?, parts.next()?);
    let step: i64 = match parts.next() {
        Some(step) => step.parse().ok()?,
        None => 1,
    };
    if parts.next().is_some() {
        return None;
    }
    if let (Ok(first), Ok(last)) = (number(first), number(last)) {
        let width = [first.1, last.1].into_iter().max().unwrap_or(0);
        return count(first.0, last.0, step, |value| {
            let sign = if value < 0 { "-" } else { "" };
            let digits = width.saturating_sub(sign.len());
            format!("{sign}{:0digits$}", value.unsigned_abs())
        });
    }
    let letter = |text: &str| match text.as_bytes() {
        [one] if one.is_ascii_alphabetic() => Some(i64::from(*one)),
        _ => None,
    };
    count(letter(first)?, letter(last)?, step, |value| {
        u8::try_from(value).map_or_else(|_| String::new(), |byte| char::from(byte).to_string())
    })
}

/// A number, and its width where it is written with leading zeros.
fn number(text: &str) -> Result<(i64, usize), std::num::ParseIntError> {
    let value: i64 = text.parse()?;
    let digits = text.trim_start_matches(['-', '+']);
    Ok((value, if digits.len() > 1 && digits.starts_with('0') { text.len() } else { 0 }))
}

fn count(first: i64, last: i64, step: i64, show: impl Fn(i64) -> String) -> Option<Vec<String>> {
    let step = step.checked_abs()?.max(1);
    let mut all = Vec::new();
    let mut value = first;
    loop {
        all.push(show(value));
        if all.len() > MOST {
            return None;
        }
        let next = if first <= last { value.checked_add(step)? } else { value.checked_sub(step)? };
        if (first <= last && next > last) || (first > last && next < last) {
            return Some(all);
        }
        value = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::piece::assemble;

    fn expanded(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        for pieces in expand(vec![Piece::Text { text: text.into(), kind: Kind::Plain }]).unwrap() {
            assemble(&pieces, text, true, &mut words);
        }
        words.iter().map(|word| word.written().to_owned()).collect()
    }

    /// Each result as bash 5.2 prints it.
    #[test]
    fn braces_expand_as_in_bash() {
        let rows: &[(&str, &str)] = &[
            ("{rm,x}", "rm x"),
            ("a{b,c}d{1..3}", "abd1 abd2 abd3 acd1 acd2 acd3"),
            ("{a,b{c,d}}", "a bc bd"),
            ("{a}", "{a}"),
            ("{a,b", "{a,b"),
            ("a}b{c,d}", "a}bc a}bd"),
            ("{{a,b}", "{a {b"),
            ("{01..3}", "01 02 03"),
            ("{3..1}", "3 2 1"),
            ("{a..e..2}", "a c e"),
            ("{,x}y", "y xy"),
            ("{1..b}", "{1..b}"),
            ("{}", "{}"),
            ("r{m,}", "rm r"),
            ("{-2..2..2}", "-2 0 2"),
            ("{a,}{b,}", "ab a b"),
            ("{a,{b,c}", "{a,b {a,c"),
            ("{a,b}}", "a} b}"),
        ];
        for (given, wanted) in rows {
            assert_eq!(expanded(given).join(" ").trim_end(), *wanted, "{given}");
        }
    }

    #[test]
    fn too_many_words_are_not_made() {
        assert!(expand(vec![Piece::Text { text: "{1..99}{1..99}".into(), kind: Kind::Plain }]).is_none());
        assert!(expand(vec![Piece::Text { text: "{a,b}".repeat(40), kind: Kind::Plain }]).is_none());
        assert!(expand(vec![Piece::Text { text: "{".repeat(50_000), kind: Kind::Plain }]).is_none());
    }
}
