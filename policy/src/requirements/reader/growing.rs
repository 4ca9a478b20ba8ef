//! The tree while it grows: where a statement puts its value, and what may not be said twice.
//!
//! Entries stand in the order of the text until the end, so that the way to the table of the last header is a few positions.

use std::borrow::Cow;
use std::hash::RandomState;

use super::super::value::{Node, Table, Value};
use super::Part;
use crate::requirements::table::Said;
use crate::source::Span;

/// Something that is said twice, or in two ways that exclude each other.
#[derive(Debug)]
pub(super) struct Twice {
    pub(super) what: Cow<'static, str>,
    pub(super) at: Span,
}

/// The tree, and the table of the last header.
#[derive(Debug)]
pub(super) struct Growing {
    root: Table,
    /// The positions on the way from the root to that table.
    way: Vec<usize>,
    hasher: RandomState,
}

impl Growing {
    pub(super) fn new() -> Self {
        Self { root: Table::new(), way: Vec::new(), hasher: RandomState::new() }
    }

    /// The whole, in order.
    pub(super) fn grown(mut self) -> Table {
        self.root.settle_all();
        self.root
    }

    /// How deep the table of the last header stands.
    pub(super) fn depth(&self) -> usize {
        self.way.len()
    }

    /// A header: a table of this name, or one more of the array of this name.
    pub(super) fn open(&mut self, path: &[Part], at: Span, many: bool) -> Result<(), Twice> {
        self.way.clear();
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut table = &mut self.root;
        for part in parents {
            let position = position(table, part, Said::Passed, &self.hasher);
            self.way.push(position);
            table = match node(table, position).map(|node| &mut node.value) {
                Some(Value::Table(below)) => {
                    if is_inline(below) {
                        return Err(no_table("inline table", part));
                    }
                    below
                }
                Some(Value::List(items)) => items.last_table().ok_or_else(|| no_table("array", part))?,
                Some(value) => return Err(no_table(value.kind(), part)),
                None => return Err(no_table("none", part)),
            };
        }
        let one = || Node { value: Value::Table(Table::said_as(Said::Whole)), span: at, key: at };
        let Some(position) = table.look(&last.name, &self.hasher) else {
            let new = if many { Value::List(vec![one()].into()) } else { one().value };
            let new = Node { value: new, span: at, key: last.at };
            self.way.push(table.add(last.name.clone(), new, &self.hasher));
            return Ok(());
        };
        self.way.push(position);
        let Some(held) = node(table, position) else { return Err(twice(last)) };
        match &mut held.value {
            Value::Table(below) if !many && below.said() == Said::Passed => {
                below.say(Said::Whole);
                held.span = at;
                held.key = last.at;
            }
            Value::List(items) if many => {
                items.last_table().ok_or_else(|| twice(last))?;
                items.push(one());
            }
            _ => return Err(twice(last)),
        }
        Ok(())
    }

    /// A value below the last header.
    pub(super) fn put(&mut self, path: &[Part], new: Node) -> Result<(), Twice> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut table = &mut self.root;
        for position in &self.way {
            table = match node(table, *position).map(|node| &mut node.value) {
                Some(Value::Table(below)) => below,
                Some(Value::List(items)) => items.last_table().ok_or_else(|| twice(last))?,
                _ => return Err(twice(last)),
            };
        }
        for part in parents {
            let position = position(table, part, Said::Dotted, &self.hasher);
            table = match node(table, position).map(|node| &mut node.value) {
                Some(Value::Table(below)) => match below.said() {
                    Said::Passed | Said::Dotted => {
                        below.say(Said::Dotted);
                        below
                    }
                    Said::Whole => return Err(twice(part)),
                    Said::Inline | Said::InlineDotted => return Err(no_table("inline table", part)),
                },
                Some(Value::List(items)) => items.last_table().ok_or_else(|| no_table("array", part))?,
                Some(value) => return Err(no_table(value.kind(), part)),
                None => return Err(no_table("none", part)),
            };
        }
        // A table with a header of its own takes no more by dotted keys.
        if !parents.is_empty() && table.said() == Said::Whole {
            return Err(twice(last));
        }
        last_of(table, last, new, &self.hasher)
    }

    /// A value between braces, into the table that they make.
    pub(super) fn put_inline(&self, table: &mut Table, path: &[Part], new: Node) -> Result<(), Twice> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut table = table;
        for part in parents {
            let position = position(table, part, Said::InlineDotted, &self.hasher);
            table = match node(table, position).map(|node| &mut node.value) {
                Some(Value::Table(below)) => {
                    if below.said() != Said::InlineDotted {
                        return Err(twice(part));
                    }
                    below
                }
                Some(value) => return Err(no_table(value.kind(), part)),
                None => return Err(no_table("none", part)),
            };
        }
        last_of(table, last, new, &self.hasher)
    }
}

/// The last part of a key, which nothing may have said before.
fn last_of(table: &mut Table, last: &Part, new: Node, hasher: &RandomState) -> Result<(), Twice> {
    if table.look(&last.name, hasher).is_some() {
        return Err(twice(last));
    }
    table.add(last.name.clone(), Node { key: last.at, ..new }, hasher);
    Ok(())
}

/// Where a part of a key stands in a table; a new table, if nothing does.
fn position(table: &mut Table, part: &Part, said: Said, hasher: &RandomState) -> usize {
    table.look(&part.name, hasher).unwrap_or_else(|| {
        let new = Node { value: Value::Table(Table::said_as(said)), span: part.at, key: part.at };
        table.add(part.name.clone(), new, hasher)
    })
}

fn node(table: &mut Table, position: usize) -> Option<&mut Node> {
    table.unsettled().get_mut(position).map(|(_, node)| node)
}

fn is_inline(table: &Table) -> bool {
    matches!(table.said(), Said::Inline | Said::InlineDotted)
}

fn twice(part: &Part) -> Twice {
    Twice { what: "duplicate key".into(), at: part.at }
}

fn no_table(kind: &str, part: &Part) -> Twice {
    Twice { what: format!("cannot extend value of type {kind} with a dotted key").into(), at: part.at }
}
