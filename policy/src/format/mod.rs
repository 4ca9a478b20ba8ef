//! Rule files laid out in one way: `format` changes where things stand and never what they say.
//!
//! `lines` puts the engine's lexemes into statements, brackets and comments, `layout` writes those. Author's choice are
//! blank lines, comments, and whether a bracket is opened up: one whose first element stands on its own line stays so.
//! Before a result is given it is read again: the same program, the same words, every comment.

mod layout;
mod lines;

use crate::diagnostic::Diagnostic;
use crate::load::lex::{Kind, Lexed, lex};
use crate::source::{SourceId, Span};

/// No line is made longer where it can be broken.
const WIDTH: usize = 120;
/// Levels of nesting; what is deeper is not written by people.
const DEEPEST: usize = 1_000;
/// The stack that the deepest text needs.
const STACK: usize = 256 << 20;

/// A rule file in the one layout.
///
/// # Errors
/// A text that is not in the language, with the place; then there is no layout.
pub fn format(text: &str, source: SourceId) -> Result<String, Diagnostic> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("format".to_owned()).stack_size(STACK);
        match thread.spawn_scoped(scope, || formatted(text, source)).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(whole(source, "the text could not be laid out")),
            Err(error) => Err(whole(source, &format!("cannot start the thread that reads rules: {error}"))),
        }
    })
}

fn formatted(text: &str, source: SourceId) -> Result<String, Diagnostic> {
    let before = lex(text, source, DEEPEST)?;
    let out = layout::written(&lines::lines(text, &before.lexemes), line_end(text));
    let same = lex(&out, source, DEEPEST).is_ok_and(|after| {
        after.meaning == before.meaning && words(&after) == words(&before) && comments(&after) == comments(&before)
    });
    if same {
        Ok(out)
    } else {
        Err(whole(source, "the layout would not say the same as the text; nothing was changed"))
    }
}

fn whole(source: SourceId, message: &str) -> Diagnostic {
    Diagnostic::error("format", message)
        .at(Span { source, start: 0, end: 0 }, "")
        .help("this is a defect of palisade; leave the file as it is")
}

/// How the lines of a text end.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// What is said, apart from commas: one may come or go before a closing bracket, and the syntax tree knows of it.
fn words(lexed: &Lexed) -> Vec<&str> {
    let says = |kind: Kind, value: &str| {
        !matches!(kind, Kind::Comment | Kind::Newline | Kind::Indent | Kind::Dedent) && value != ","
    };
    lexed.lexemes.iter().filter(|one| says(one.kind, &one.value)).map(|one| one.value.as_str()).collect()
}

fn comments(lexed: &Lexed) -> Vec<&str> {
    let mut all: Vec<&str> =
        lexed.lexemes.iter().filter(|one| one.kind == Kind::Comment).map(|one| one.value.as_str()).collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests;
