//! A rule file as the engine's own lexer cuts it: what `format` lays out anew, and what shows that nothing else changed.
//!
//! An f-string is one lexeme, with everything in it. `meaning` is the engine's syntax tree written out: two texts with the
//! same are the same program, whatever their layout.

use starlark::syntax::{AstModule, Dialect};
use starlark_syntax::codemap::CodeMap;
use starlark_syntax::lexer::{Lexer, Token};

use super::{Limits, nesting, outcome};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// What a lexeme is to a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Comment,
    /// The end of a statement.
    Newline,
    Indent,
    Dedent,
    /// Names, numbers and everything else that can be an operand by itself.
    Name,
    Keyword,
    Number,
    /// A plain string, whose quotes may be others.
    Text,
    /// A string whose text stays as it is: with a letter before its quotes.
    Verbatim,
    Symbol,
}

/// One piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What it says: a string's content, anything else as it is written.
    pub(crate) value: String,
}

/// A text in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Lexed {
    pub(crate) lexemes: Vec<Lexeme>,
    /// The program, without its layout.
    pub(crate) meaning: String,
}

/// Cuts a text into lexemes.
///
/// # Errors
/// A text that is not in the language, or nested deeper than `deepest`.
pub(crate) fn lex(text: &str, source: SourceId, deepest: usize) -> Result<Lexed, Diagnostic> {
    let limits = Limits { nesting: deepest, ..Limits::default() };
    if let Some(at) = nesting::too_deep(text, deepest) {
        return Err(outcome::too_deep(source, at, deepest));
    }
    let dialect = Dialect { enable_f_strings: true, ..Dialect::Extended };
    let failed = |error: &starlark::Error| outcome::diagnostic(error, source, &limits, outcome::Stage::Parsing);
    let meaning = AstModule::parse("rules", text.to_owned(), &dialect)
        .map(|ast| ast.statement().to_string())
        .map_err(|error| failed(&error))?;
    let codemap = CodeMap::new("rules".to_owned(), text.to_owned());
    let mut lexemes = Vec::new();
    // Where the f-string began, and how many stand in each other.
    let mut outer: Option<(usize, usize)> = None;
    for lexeme in Lexer::new(text, &dialect, codemap) {
        let (start, token, end) = lexeme.map_err(|error| failed(&error.into_error()))?;
        let written = || text.get(start..end).unwrap_or_default().to_owned();
        match (&token, &mut outer) {
            (Token::FStringStart(_), None) => outer = Some((start, 1)),
            (Token::FStringStart(_), Some((_, deep))) => *deep += 1,
            (Token::FStringEnd, Some((from, 1))) => {
                let value = text.get(*from..end).unwrap_or_default().to_owned();
                lexemes.push(Lexeme { kind: Kind::Verbatim, start: *from, end, value });
                outer = None;
            }
            (Token::FStringEnd, Some((_, deep))) => *deep -= 1,
            (_, Some(_)) => {}
            (token, None) => lexemes.push(match token {
                Token::Comment(said) => Lexeme { kind: Kind::Comment, start, end, value: said.trim_end().to_owned() },
                Token::String(said) => {
                    let plain = text.get(start..).is_some_and(|rest| rest.starts_with(['"', '\'']));
                    let kind = if plain { Kind::Text } else { Kind::Verbatim };
                    Lexeme { kind, start, end, value: said.clone() }
                }
                token => Lexeme { kind: kind(token), start, end, value: written() },
            }),
        }
    }
    if outer.is_some() {
        let span = Span { source, start: 0, end: 0 };
        return Err(Diagnostic::error("syntax", "an f-string does not end").at(span, ""));
    }
    Ok(Lexed { lexemes, meaning })
}

fn kind(token: &Token) -> Kind {
    match token {
        Token::Newline => Kind::Newline,
        Token::Indent => Kind::Indent,
        Token::Dedent => Kind::Dedent,
        Token::Identifier(_) | Token::Ellipsis | Token::Break | Token::Continue | Token::Pass | Token::Load => {
            Kind::Name
        }
        Token::Int(_) | Token::Float(_) => Kind::Number,
        Token::Bytes(_) => Kind::Verbatim,
        Token::And
        | Token::Def
        | Token::Elif
        | Token::Else
        | Token::For
        | Token::If
        | Token::In
        | Token::Lambda
        | Token::Not
        | Token::Or
        | Token::Return => Kind::Keyword,
        _ => Kind::Symbol,
    }
}
