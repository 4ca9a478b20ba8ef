//! Values: scalars, arrays, tables between braces.

use std::borrow::Cow;
use std::sync::Arc;

use toml::value::Datetime;
use toml_parser::decoder::ScalarKind;
use toml_parser::lexer::TokenKind;

use super::super::value::{Node, Table, Value};
use super::{DEEPEST, DEEPEST_TREE, Reader, Token, Wrong, is_key};
use crate::requirements::table::Said;

/// How deep a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    /// In the tree.
    pub(super) tree: usize,
    /// In arrays and tables of its own statement.
    pub(super) value: usize,
}

impl Reader<'_> {
    /// The value that begins with this token; its key is the value's own place.
    pub(super) fn value(&mut self, token: Token, depth: Depth) -> Result<Node, Wrong> {
        let below = Depth { tree: depth.tree + 1, value: depth.value + 1 };
        let opens = matches!(token.kind, TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket);
        if opens && (below.value > DEEPEST || below.tree > DEEPEST_TREE) {
            return self.fail("cannot recurse further; max recursion depth met", token.span);
        }
        match token.kind {
            TokenKind::LeftSquareBracket => self.array(token, below),
            TokenKind::LeftCurlyBracket => self.inline(token, below),
            TokenKind::Dot => self.scalar(token),
            kind if is_key(kind) => self.scalar(token),
            _ => self.fail("missing value, expected value", token.span),
        }
    }

    /// Blanks, line ends and comments, as they may stand between brackets; the first token that is none.
    fn beyond(&mut self) -> Result<Token, Wrong> {
        loop {
            let token = self.take();
            match token.kind {
                TokenKind::Whitespace => {}
                TokenKind::Newline => self.newline(token)?,
                TokenKind::Comment => self.comment(token)?,
                _ => return Ok(token),
            }
        }
    }

    fn array(&mut self, open: Token, depth: Depth) -> Result<Node, Wrong> {
        let mut items = Vec::new();
        let mut needs_comma = false;
        loop {
            let token = self.beyond()?;
            match (token.kind, needs_comma) {
                (TokenKind::RightSquareBracket, _) => {
                    items.shrink_to_fit();
                    let span = self.span(open.span.append(token.span));
                    return Ok(Node { value: Value::List(items.into()), span, key: span });
                }
                (TokenKind::Eof, _) => return self.fail("unclosed array, expected `]`", token.span),
                (TokenKind::Comma, true) => needs_comma = false,
                (TokenKind::Comma, false) => return self.fail("extra comma in array, expected value", token.span),
                (_, true) => {
                    return self.fail("missing comma between array elements, expected `,`", token.span.before());
                }
                (_, false) => {
                    let item = self.value(token, depth)?;
                    if items.len() == items.capacity() {
                        // Most arrays have very few items, and there can be an array for every other byte.
                        items.reserve_exact((items.len() / 2).max(1));
                    }
                    items.push(item);
                    needs_comma = true;
                }
            }
        }
    }

    fn inline(&mut self, open: Token, depth: Depth) -> Result<Node, Wrong> {
        let mut table = Table::said_as(Said::Inline);
        let mut needs_comma = false;
        loop {
            let token = self.beyond()?;
            match (token.kind, needs_comma) {
                (TokenKind::RightCurlyBracket, _) => {
                    table.settle_all();
                    let span = self.span(open.span.append(token.span));
                    return Ok(Node { value: Value::Table(table), span, key: span });
                }
                (TokenKind::Eof, _) => return self.fail("unclosed inline table, expected `}`", token.span),
                (TokenKind::Comma, true) => needs_comma = false,
                (kind, false) if is_key(kind) => {
                    self.key(token)?;
                    let path = std::mem::take(&mut self.path);
                    let equals = self.beyond()?;
                    if equals.kind != TokenKind::Equals {
                        return self.fail("missing assignment between key-value pairs, expected `=`", equals.span);
                    }
                    let first = self.beyond()?;
                    let node = self.value(first, Depth { tree: depth.tree + path.len(), ..depth })?;
                    let put = self.growing.put_inline(&mut table, &path, node);
                    self.path = path;
                    self.allowed(put)?;
                    needs_comma = true;
                }
                (_, true) => {
                    return self.fail("missing comma between key-value pairs, expected `,`", token.span.before());
                }
                (_, false) => return self.fail("invalid inline table, expected key", token.span),
            }
        }
    }

    fn scalar(&mut self, first: Token) -> Result<Node, Wrong> {
        let mut span = first.span;
        // Numbers and times are several tokens: dots, and the blank between a date and a time.
        let bare = matches!(first.kind, TokenKind::Atom | TokenKind::Dot);
        loop {
            match self.peek(0).kind {
                _ if !bare => break,
                TokenKind::Atom | TokenKind::Dot => {}
                TokenKind::Whitespace if self.peek(1).kind == TokenKind::Atom => {
                    self.take();
                }
                _ => break,
            }
            span = span.append(self.take().span);
        }
        let mut text = Cow::Borrowed("");
        let kind = self.raw(first.kind, span).decode_scalar(&mut text, &mut self.wrong);
        self.sound()?;
        let value = match kind {
            ScalarKind::String => Value::Text(text.as_ref().into()),
            ScalarKind::Boolean(truth) => Value::Bool(truth),
            ScalarKind::Float => Value::Float(text.parse().unwrap_or(f64::NAN)),
            ScalarKind::DateTime => match text.parse::<Datetime>() {
                Ok(time) => Value::Datetime(Arc::new(time.to_string())),
                Err(error) => return self.fail(error.to_string(), span),
            },
            ScalarKind::Integer(radix) => i64::from_str_radix(&text, radix.value()).map_or_else(
                |_| {
                    let before = match radix.value() {
                        2 => "0b",
                        8 => "0o",
                        16 => "0x",
                        _ => "",
                    };
                    Value::Text(format!("{before}{text}").into())
                },
                Value::Integer,
            ),
        };
        let span = self.span(span);
        Ok(Node { value, span, key: span })
    }
}
