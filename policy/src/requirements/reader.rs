//! From a text to the tree of its values, in one pass: the lexer's tokens come one by one, and nothing is kept but the tree.
//!
//! The lexer and the decoding of keys and scalars are those of `toml_parser`, which the `toml` crate stands on; the order of
//! tokens and the rules of what may be said twice are here, since that crate's own tree takes twenty times the text. A test
//! holds both against each other. What is wrong is told in that crate's words, as long as the text is of a usual size.

mod growing;
mod values;

use std::borrow::Cow;

use toml::de::DeTable;
use toml_parser::lexer::{Lexer, TokenKind};
use toml_parser::{ErrorSink, ParseError, Raw, Source as Tokens};

use self::growing::{Growing, Twice};
use self::values::Depth;
use super::text::Text;
use super::value::{NotToml, Table};
use crate::source::{SourceId, Span};

/// How deep values and dotted keys go, as in the `toml` crate.
const DEEPEST: usize = 80;

/// How deep a tree may be in all, so that no walk through it can run out of stack.
const DEEPEST_TREE: usize = 400;

/// The largest text that is read once more for the words of what is wrong with it.
const USUAL: usize = 1 << 20;

/// Reads a whole document; `skipped` bytes stand before it in its source.
pub(super) fn read(source: SourceId, skipped: usize, text: &str) -> Result<Table, NotToml> {
    let mut reader = Reader {
        text: Tokens::new(text),
        lexer: Tokens::new(text).lex(),
        ahead: [None; 2],
        source,
        skipped,
        growing: Growing::new(),
        wrong: None,
        path: Vec::new(),
    };
    match reader.document() {
        Ok(()) => Ok(reader.growing.grown()),
        Err(Wrong) => Err(reader.told(text)),
    }
}

/// Something is wrong, and [`Reader::wrong`] says what.
#[derive(Debug)]
pub(super) struct Wrong;

/// A part of a key, or where something stands.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: Text,
    pub(super) at: Span,
}

/// A token, as far as it matters here.
#[derive(Clone, Copy, Debug)]
struct Token {
    kind: TokenKind,
    span: toml_parser::Span,
}

struct Reader<'t> {
    text: Tokens<'t>,
    lexer: Lexer<'t>,
    /// What was looked at and not yet taken.
    ahead: [Option<Token>; 2],
    source: SourceId,
    skipped: usize,
    growing: Growing,
    /// What was wrong first.
    wrong: Option<ParseError>,
    /// The parts of the key that is being read.
    path: Vec<Part>,
}

impl<'t> Reader<'t> {
    fn lex(&mut self) -> Token {
        let end = self.text.input().len();
        self.lexer.next().map_or(
            Token { kind: TokenKind::Eof, span: toml_parser::Span::new_unchecked(end, end) },
            |token| Token { kind: token.kind(), span: token.span() },
        )
    }

    /// The token after `others` more, without taking it.
    fn peek(&mut self, others: usize) -> Token {
        for at in 0..=others {
            if self.ahead.get(at).is_some_and(Option::is_none) {
                let token = self.lex();
                if let Some(slot) = self.ahead.get_mut(at) {
                    *slot = Some(token);
                }
            }
        }
        let end = Token { kind: TokenKind::Eof, span: toml_parser::Span::default() };
        self.ahead.get(others).copied().flatten().unwrap_or(end)
    }

    fn take(&mut self) -> Token {
        match self.ahead {
            [Some(token), after] => {
                self.ahead = [after, None];
                token
            }
            [None, _] => self.lex(),
        }
    }

    fn skip(&mut self, kind: TokenKind) -> bool {
        let there = self.peek(0).kind == kind;
        if there {
            self.take();
        }
        there
    }

    /// Keeps what is wrong, if nothing was before.
    fn fail<T>(&mut self, what: impl Into<Cow<'static, str>>, at: toml_parser::Span) -> Result<T, Wrong> {
        self.wrong.report_error(ParseError::new(what).with_unexpected(at));
        Err(Wrong)
    }

    fn raw(&self, kind: TokenKind, span: toml_parser::Span) -> Raw<'t> {
        let text = self.text.input().get(span.start()..span.end()).unwrap_or_default();
        Raw::new_unchecked(text, kind.encoding(), span)
    }

    /// Whether decoding found nothing wrong.
    fn sound(&self) -> Result<(), Wrong> {
        if self.wrong.is_some() { Err(Wrong) } else { Ok(()) }
    }

    fn span(&self, at: toml_parser::Span) -> Span {
        let place = |at: usize| u32::try_from(at + self.skipped).unwrap_or(u32::MAX);
        Span { source: self.source, start: place(at.start()), end: place(at.end()) }
    }

    fn document(&mut self) -> Result<(), Wrong> {
        loop {
            let token = self.take();
            match token.kind {
                TokenKind::Whitespace => {}
                TokenKind::Newline => self.newline(token)?,
                TokenKind::Comment => self.comment(token)?,
                TokenKind::Eof => return self.sound(),
                TokenKind::LeftSquareBracket => self.header(token)?,
                kind if is_key(kind) => {
                    self.key(token)?;
                    self.pair()?;
                }
                _ => return self.fail("invalid key-value pair, expected key", token.span),
            }
        }
    }

    fn newline(&mut self, token: Token) -> Result<(), Wrong> {
        self.raw(token.kind, token.span).decode_newline(&mut self.wrong);
        self.sound()
    }

    /// A comment, with the end of its line.
    fn comment(&mut self, token: Token) -> Result<(), Wrong> {
        self.raw(token.kind, token.span).decode_comment(&mut self.wrong);
        self.sound()?;
        let next = self.peek(0);
        match next.kind {
            TokenKind::Newline | TokenKind::Eof => Ok(()),
            _ => self.fail("unexpected content between comment and newline, expected newline", next.span),
        }
    }

    /// Nothing more on this line.
    fn end_of_line(&mut self) -> Result<(), Wrong> {
        self.skip(TokenKind::Whitespace);
        let token = self.take();
        match token.kind {
            TokenKind::Newline => self.newline(token),
            TokenKind::Comment => self.comment(token),
            TokenKind::Eof => Ok(()),
            _ => self.fail("unexpected key or value, expected newline, `#`", token.span),
        }
    }

    /// `[a.b]` or `[[a.b]]`, of which the first bracket was taken.
    fn header(&mut self, open: Token) -> Result<(), Wrong> {
        let many = self.skip(TokenKind::LeftSquareBracket);
        self.skip(TokenKind::Whitespace);
        let token = self.take();
        if !is_key(token.kind) {
            return self.fail("invalid table header, expected key", token.span);
        }
        self.key(token)?;
        let mut close = self.take();
        if many && close.kind == TokenKind::RightSquareBracket {
            close = self.take();
        }
        if close.kind != TokenKind::RightSquareBracket {
            return self.fail("unclosed table, expected `]`", close.span);
        }
        let at = self.span(open.span.append(close.span));
        let opened = self.growing.open(&self.path, at, many);
        self.allowed(opened)?;
        self.end_of_line()
    }

    /// A key of one or more parts into `path`; the first token of it was taken.
    fn key(&mut self, first: Token) -> Result<(), Wrong> {
        self.path.clear();
        let mut token = first;
        loop {
            let mut name = Cow::Borrowed("");
            self.raw(token.kind, token.span).decode_key(&mut name, &mut self.wrong);
            self.sound()?;
            if self.path.len() >= DEEPEST {
                return self.fail("recursion limit", token.span);
            }
            let at = self.span(token.span);
            self.path.push(Part { name: name.as_ref().into(), at });
            self.skip(TokenKind::Whitespace);
            if !self.skip(TokenKind::Dot) {
                return Ok(());
            }
            self.skip(TokenKind::Whitespace);
            token = self.take();
            if !is_key(token.kind) {
                return self.fail("invalid key, expected key", token.span);
            }
        }
    }

    /// `= value` and the end of the line, for the key in `path`.
    fn pair(&mut self) -> Result<(), Wrong> {
        let token = self.take();
        if token.kind != TokenKind::Equals {
            return self.fail("key with no value, expected `=`", token.span);
        }
        self.skip(TokenKind::Whitespace);
        let path = std::mem::take(&mut self.path);
        let token = self.take();
        let node = self.value(token, Depth { tree: self.growing.depth() + path.len(), value: 0 })?;
        let put = self.growing.put(&path, node);
        self.path = path;
        self.allowed(put)?;
        self.end_of_line()
    }

    /// What the tree says of an addition.
    fn allowed(&mut self, added: Result<(), Twice>) -> Result<(), Wrong> {
        added.or_else(|twice| {
            let at = |place: u32| (place as usize).saturating_sub(self.skipped);
            self.fail(twice.what, toml_parser::Span::new_unchecked(at(twice.at.start), at(twice.at.end)))
        })
    }

    /// What was wrong, and where.
    fn told(&self, text: &str) -> NotToml {
        let usual = if text.len() <= USUAL { DeTable::parse(text).err() } else { None };
        let (message, at) = match (&usual, &self.wrong) {
            (Some(error), _) => (error.message().trim().to_owned(), error.span().unwrap_or(0..1)),
            (None, Some(wrong)) => {
                let at = wrong.unexpected().unwrap_or_default();
                (wrong.description().to_owned(), at.start()..at.end())
            }
            (None, None) => ("no TOML".to_owned(), 0..1),
        };
        NotToml { message, span: self.span(toml_parser::Span::new_unchecked(at.start, at.end)) }
    }
}

/// Whether a token can be a part of a key.
const fn is_key(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Atom
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString
    )
}

#[cfg(test)]
mod tests;
