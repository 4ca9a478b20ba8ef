//! Whether an exec that was seen is one of those that a script was decomposed into, or comes from an opaque part.

use policy::inner::{Inner, Input};
use policy::shell::{CommandInput, Dialect, Part, Settings, danger, decompose, is_followed_builtin};
use policy::unfold;
use policy::word::{Fields, Word};

use super::record::Exec;

/// How deep texts and wrappers are opened.
const DEEPEST: usize = 12;

/// What a script may execute: its commands and what they execute beyond themselves.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) commands: Vec<Vec<Word>>,
    /// Why anything at all may be executed.
    pub(super) opaque: Vec<String>,
}

/// How an exec is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    Exact,
    Opaque,
    Missed,
}

/// The last component of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Tree {
    pub(super) fn new(parts: &[Part], home: &str) -> Self {
        let mut tree = Self::default();
        tree.parts(parts, home, 0);
        tree
    }

    fn parts(&mut self, parts: &[Part], home: &str, depth: usize) {
        for part in parts {
            let command = match part {
                Part::Opaque(opaque) => {
                    self.opaque.push(opaque.what.clone());
                    continue;
                }
                Part::Command(command) => command,
            };
            self.opaque.extend(command.doubts.iter().cloned());
            let input = match &command.input {
                CommandInput::Inherited => Input::Inherited,
                CommandInput::Unknown => Input::Unknown,
                CommandInput::Text(text) => Input::Text(text),
            };
            let followed = command.words.first().and_then(Word::text).is_some_and(is_followed_builtin);
            if followed {
                self.commands.push(command.words.clone());
            } else {
                self.command(&command.words, input, home, depth);
            }
        }
    }

    fn command(&mut self, words: &[Word], input: Input<'_>, home: &str, depth: usize) {
        let Some(first) = words.first() else { return };
        self.commands.push(words.to_vec());
        let Some(program) = first.text() else {
            // It may be `eval`.
            self.opaque.push(format!("the program `{}`", first.written()));
            return;
        };
        if depth >= DEEPEST {
            self.opaque.push("too deep".into());
            return;
        }
        for inner in unfold::inner(last(program), words, input) {
            match inner {
                Inner::Command { words, environment } => {
                    self.opaque.extend(environment.iter().filter_map(|(name, value)| danger(name, value.text())));
                    self.command(&words, Input::Unknown, home, depth + 1);
                }
                Inner::Script { shell, text, arguments } => match (Dialect::of(&shell), text.text()) {
                    (Some(dialect), Some(text)) => {
                        let settings = Settings { arguments: Some(&arguments), home: Some(home) };
                        self.parts(&decompose(text, dialect, &settings), home, depth + 1);
                    }
                    _ => self.opaque.push(format!("a text for `{shell}`")),
                },
                Inner::Text { language, .. } => self.opaque.push(format!("{language} text")),
                Inner::Executes { what, .. } => self.opaque.push(format!("`{program}` {what}")),
                Inner::Touches { .. } => {}
            }
        }
    }

    pub(super) fn covers(&self, exec: &Exec) -> Cover {
        if self.commands.iter().any(|words| is(words, exec)) {
            Cover::Exact
        } else if self.opaque.is_empty() {
            Cover::Missed
        } else {
            Cover::Opaque
        }
    }
}

/// Whether a command of a known program can be this exec. `argv[0]` is what the caller likes; the file counts.
fn is(words: &[Word], exec: &Exec) -> bool {
    let Some((Word::Known(program), rest)) = words.split_first() else { return false };
    // A system's name for a program may be a link: `sh` is dash.
    let same = exec.argv.first() == Some(program) && !exec.program.starts_with("zq");
    let linked = same || (last(program) == "sh" && exec.program == "dash");
    (last(program) == exec.program || linked) && fit(rest, exec.argv.get(1..).unwrap_or(&[]))
}

fn fit(words: &[Word], argv: &[String]) -> bool {
    let Some((word, rest)) = words.split_first() else { return argv.is_empty() };
    let begins = |text: &String| text.starts_with(word.prefix());
    match word {
        Word::Known(text) => argv.split_first().is_some_and(|(first, after)| first == text && fit(rest, after)),
        Word::Opaque(opaque) if opaque.fields == Fields::One => {
            argv.split_first().is_some_and(|(first, after)| begins(first) && fit(rest, after))
        }
        Word::Opaque(_) => {
            // No word, or some of which the first begins as is known.
            let most = if argv.first().is_some_and(begins) { argv.len() } else { 0 };
            (0..=most).any(|taken| fit(rest, argv.get(taken..).unwrap_or(&[])))
        }
    }
}
