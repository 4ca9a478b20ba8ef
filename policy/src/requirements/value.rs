//! TOML as a tree in which every key and value knows its place, and the merge of such trees.
//!
//! Reading is `reader.rs`; here is the one tree for files, flags and a client's parameters alike, so that provenance is nothing
//! but the span of the value that won.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

use super::reader;
use super::table::Said;
pub use super::table::Table;
pub use super::text::Text;
use crate::source::{SourceId, Span};

/// A value with its places.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where the value stands.
    pub span: Span,
    /// Where its key stands; the value's own place in a list.
    pub key: Span,
}

/// What TOML can say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A string.
    Text(Text),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A date or time, as written.
    Datetime(Arc<String>),
    /// An array.
    List(List),
    /// A table.
    Table(Table),
}

/// The items of an array, shared between clones until one of them changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct List(Arc<Vec<Node>>);

impl From<Vec<Node>> for List {
    fn from(items: Vec<Node>) -> Self {
        Self(Arc::new(items))
    }
}

impl Deref for List {
    type Target = [Node];

    fn deref(&self) -> &[Node] {
        &self.0
    }
}

impl List {
    /// The items, to change them.
    pub fn to_mut(&mut self) -> &mut Vec<Node> {
        Arc::make_mut(&mut self.0)
    }

    /// Adds an item.
    pub(super) fn push(&mut self, node: Node) {
        self.to_mut().push(node);
    }

    /// The last table of an array of tables, to add to it; nothing if headers did not make this array.
    pub(super) fn last_table(&mut self) -> Option<&mut Table> {
        match &mut self.to_mut().last_mut()?.value {
            Value::Table(table) if table.said() == Said::Whole => Some(table),
            _ => None,
        }
    }

    /// Puts the tables of an array of tables in order.
    pub(super) fn settle_tables(&mut self) {
        if self.last_table().is_none() {
            return;
        }
        for node in self.to_mut() {
            if let Value::Table(table) = &mut node.value {
                table.settle_all();
            }
        }
    }
}

impl Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl Value {
    /// The string, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn truth(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Node]> {
        if let Self::List(items) = self { Some(&**items) } else { None }
    }

    /// The keys, if it is a table.
    #[must_use]
    pub const fn table(&self) -> Option<&Table> {
        if let Self::Table(table) = self { Some(table) } else { None }
    }

    /// The TOML word for this kind of value.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Integer(_) => "integer",
            Self::Float(_) => "float",
            Self::Bool(_) => "boolean",
            Self::Datetime(_) => "date or time",
            Self::List(_) => "array",
            Self::Table(_) => "table",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => out.write_str(text),
            Self::Datetime(text) => out.write_str(text),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Float(number) => write!(out, "{number}"),
            Self::Bool(truth) => write!(out, "{truth}"),
            Self::List(items) => {
                out.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(out, "{}{}", if at == 0 { "" } else { ", " }, item.value)?;
                }
                out.write_str("]")
            }
            Self::Table(table) => {
                out.write_str("{ ")?;
                for (at, (key, node)) in table.iter().enumerate() {
                    write!(out, "{}{key} = {}", if at == 0 { "" } else { ", " }, node.value)?;
                }
                out.write_str(" }")
            }
        }
    }
}

/// A text that is not TOML: what the parser says, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotToml {
    /// The parser's words.
    pub message: String,
    /// The place.
    pub span: Span,
}

impl NotToml {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> &'static str {
        if self.message.contains("duplicate key") {
            "a table has each key once, and a header stands once; take one of both out, or join them"
        } else {
            "up to here it is TOML; Codex does not start with a file that is none"
        }
    }
}

/// Reads a whole document.
///
/// # Errors
/// The first thing that is not TOML, a repeated key included.
pub fn document(source: SourceId, text: &str) -> Result<Table, NotToml> {
    // The parser refuses a byte-order mark that Codex accepts; places still count from the start of the text.
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    reader::read(source, skipped, text.get(skipped..).unwrap_or_default())
}

/// Reads one value as a flag gives it; every place in it is the flag's.
#[must_use]
pub fn of_flag(text: &str, at: Span) -> Value {
    let document = format!("value = {text}");
    let Ok(read) = reader::read(at.source, 0, &document) else { return raw(text) };
    // More than one key means that the text ran on behind a line end.
    if read.len() != 1 {
        return raw(text);
    }
    read.into_iter().next().map_or_else(|| raw(text), |(_, node)| moved(node, at).value)
}

/// What a flag's value is when it is not TOML: its text, without quotes around it.
fn raw(text: &str) -> Value {
    Value::Text(text.trim().trim_matches(['"', '\'']).into())
}

fn moved(node: Node, at: Span) -> Node {
    let value = match node.value {
        Value::List(items) => Value::List(items.iter().map(|item| moved(item.clone(), at)).collect::<Vec<_>>().into()),
        Value::Table(table) => Value::Table(table.into_iter().map(|(key, node)| (key, moved(node, at))).collect()),
        other => other,
    };
    Node { value, span: at, key: at }
}

/// Lays `over` on `under`: tables key by key, anything else replaced.
pub fn merge(under: &mut Table, over: &Table) {
    let mut new = Vec::new();
    for (key, node) in over {
        match under.get_mut(key) {
            Some(held) => match (&mut held.value, &node.value) {
                (Value::Table(held), Value::Table(new)) => merge(held, new),
                _ => *held = node.clone(),
            },
            None => new.push((key.into(), node.clone())),
        }
    }
    under.join(new);
}

/// The value at a path of keys.
#[must_use]
pub fn at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Node> {
    let (first, rest) = path.split_first()?;
    let node = table.get(first)?;
    if rest.is_empty() { Some(node) } else { at(node.value.table()?, rest) }
}

/// Puts a value at a path of keys, making tables on the way and replacing what is none.
pub fn put(table: &mut Table, path: &[&str], node: Node) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        let mut over = Table::new();
        over.insert(*first, node);
        merge(table, &over);
        return;
    }
    let (span, key) = (node.span, node.key);
    if table.get(first).is_none_or(|held| held.value.table().is_none()) {
        table.insert(*first, Node { value: Value::Table(Table::new()), span, key });
    }
    if let Some(Value::Table(inner)) = table.get_mut(first).map(|held| &mut held.value) {
        put(inner, rest, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Table {
        document(SourceId(0), text).expect("TOML")
    }

    #[test]
    fn tables_merge_and_arrays_are_replaced() {
        let mut under = read("[a]\nb = [1]\nc = 2\n");
        merge(&mut under, &read("[a]\nb = [3]\n"));
        assert_eq!(at(&under, &["a", "b"]).expect("b").value.to_string(), "[3]");
        assert_eq!(at(&under, &["a", "c"]).expect("c").value.to_string(), "2");
    }

    #[test]
    fn a_place_behind_a_byte_order_mark_is_where_the_eye_sees_it() {
        let node = read("\u{feff}key = 1\n").remove("key").expect("key");
        assert_eq!((node.key.start, node.key.end), (3, 6));
    }

    #[test]
    fn a_flag_is_toml_or_else_text() {
        let at = Span { source: SourceId(0), start: 0, end: 1 };
        assert_eq!(of_flag("[\"a\"]", at).kind(), "array");
        assert_eq!(of_flag("workspace-write", at), Value::Text("workspace-write".into()));
        assert_eq!(of_flag("", at), Value::Text(Text::default()));
        assert_eq!(of_flag("1\nb = 2", at).kind(), "string");
    }

    #[test]
    fn a_repeated_key_is_placed_at_its_second_line() {
        let wrong = document(SourceId(0), "a = 1\na = 2\n").expect_err("repeated");
        assert_eq!(wrong.span.start, 6);
    }
}
