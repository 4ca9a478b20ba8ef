//! `env`: options, assignments, a command, and a text that is cut into words.

use crate::inner::Inner;
use crate::rows::{Call, Form, Row, executes, first, row};
use crate::word::{Fields, Opaque, Word};

const ENV: &str = "i,ignore-environment 0,null u,unset= C,chdir= S,split-string= v,debug a,argv0= P= block-signal? \
                   default-signal? ignore-signal? list-signal-handling help version";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["env", "genv"], first(ENV), &[], Form::Special(0, env), &[
        ("env rm x", &["rm x"]),
        ("env -i A=1 -u B rm x", &["A=1 -u B rm x"]),
        ("env -iu B A=1 C=2 rm x", &["A=1 C=2 rm x"]),
        ("env - rm x", &["rm x"]),
        ("env -S 'rm x' y", &["rm x y"]),
        ("env -S'-i A=1 rm \"a b\"'", &["A=1 rm a b"]),
        ("env -vS 'rm\\_x'", &["rm x"]),
        ("env --split-string='rm x'", &["rm x"]),
        ("env --chdir=/x -- rm x", &["rm x"]),
        ("env", &[]),
        ("env A=1", &[]),
        ("env $X rm y", &["$X rm y", "executes 1", "rm y"]),
        ("env -S '${CMD} x'", &["${CMD} x", "executes 1", "x"]),
        ("env --frob a rm x", &["a rm x", "executes 1", "rm x"]),
    ]),
];

/// `env`: options, assignments, a command; `-S` cuts a text into words that are read as if they stood there.
fn env(call: &Call<'_>, out: &mut Vec<Inner>) {
    env_at(call, 4, out);
}

fn env_at(call: &Call<'_>, deep: usize, out: &mut Vec<Inner>) {
    if let Some(found) = call.reading.options.iter().find(|found| found.name == "S") {
        match (&found.value, deep.checked_sub(1)) {
            (Some(Word::Known(text)), Some(deeper)) => {
                let program = call.words.first().cloned();
                let mut words: Vec<Word> = program.into_iter().collect();
                words.extend(split_string(text));
                words.extend(call.words.iter().skip(found.value_at + 1).cloned());
                let reading = first(ENV).read(&words);
                env_at(&Call { words: &words, input: call.input, reading }, deeper, out);
            }
            _ => out.push(executes("executes a text that is cut into words, and not known", found.value_at)),
        }
        return;
    }
    let mut environment = Vec::new();
    let mut operands = call.operands(0).into_iter().peekable();
    // A lone dash is `-i`.
    if operands.peek().and_then(Word::text) == Some("-") {
        operands.next();
    }
    while let Some((name, value)) = operands.peek().and_then(assignment) {
        environment.push((name, value));
        operands.next();
    }
    let words: Vec<Word> = operands.collect();
    let doubt = call.reading.unsure.as_ref().map(|(at, _)| *at);
    let start = call.words.len().saturating_sub(words.len());
    let unsure = doubt.is_some_and(|at| at <= start);
    let likely_shorter = words.get(1..).filter(|rest| unsure && !rest.is_empty()).map(<[Word]>::to_vec);
    if !words.is_empty() {
        out.push(Inner::Command { words, environment: environment.clone() });
    }
    call.doubt_before(start, out);
    if let Some(words) = likely_shorter {
        out.push(Inner::Command { words, environment });
    }
}

/// `NAME=value` taken apart.
pub(crate) fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, _) = word.prefix().split_once('=')?;
    Some((name.to_owned(), word.without(name.len() + 1)?))
}

/// The words of a text as `env -S` cuts it: quotes, its own escapes, `${NAME}` not known.
fn split_string(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut unknown: Option<(String, String)> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    let finish = |word: &mut Option<String>, unknown: &mut Option<(String, String)>, words: &mut Vec<Word>| {
        if let Some(text) = word.take() {
            words.push(match unknown.take() {
                None => Word::Known(text),
                Some((prefix, why)) => Word::Opaque(Opaque { written: text, prefix, fields: Fields::One, why }),
            });
        }
    };
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}', None) => finish(&mut word, &mut unknown, &mut words),
            ('#', None) if word.is_none() => break,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            ('\'' | '"', Some(open)) if open == letter => quote = None,
            ('\\', _) => {
                let Some(next) = letters.next() else { break };
                let text = match (next, quote) {
                    ('\\' | '\'', Some('\'')) => next,
                    (_, Some('\'')) => {
                        word.get_or_insert_default().push('\\');
                        next
                    }
                    ('c', None) => break,
                    ('_', None) => {
                        finish(&mut word, &mut unknown, &mut words);
                        continue;
                    }
                    ('_', _) => ' ',
                    ('f', _) => '\u{c}',
                    ('n', _) => '\n',
                    ('r', _) => '\r',
                    ('t', _) => '\t',
                    ('v', _) => '\u{b}',
                    _ => next,
                };
                word.get_or_insert_default().push(text);
            }
            ('$', Some('"') | None) if letters.peek() == Some(&'{') => {
                let name: String = letters.by_ref().skip(1).take_while(|letter| *letter != '}').collect();
                let text = word.get_or_insert_default();
                let known = text.clone();
                text.push_str(&format!("${{{name}}}"));
                unknown.get_or_insert_with(|| (known, format!("the value of `${name}`")));
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    finish(&mut word, &mut unknown, &mut words);
    words
}
