//! The keys of a TOML table with their values: sorted, shared between clones, and as small as they can be, since large files are
//! tables of tables.
//!
//! A map of the standard library takes room for eleven entries before it has one. Here a table of one key is one entry, and a
//! clone is a pointer until one of both changes. How a text says a table is remembered while the text is read.

mod index;

use std::hash::RandomState;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::SerializeMap;

use self::index::Index;
use super::text::Text;
use super::value::{Node, Value};

/// Keys with values, sorted by key, each key once.
#[derive(Clone, Debug, Default)]
pub struct Table(Option<Arc<Inner>>);

/// What clones share.
#[derive(Clone, Debug, Default)]
struct Inner {
    entries: Vec<Entry>,
    /// While a large table is read, and not in order yet.
    index: Option<Box<Index>>,
    said: Said,
}

/// A table of so many entries is looked through.
const SMALL: usize = 16;

/// A key with its value.
pub(super) type Entry = (Text, Node);

/// How a text says a table, which decides what may be added to it further on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Said {
    /// By a header of its own, or as the whole document.
    #[default]
    Whole,
    /// Only on the way to another header.
    Passed,
    /// On the way of a dotted key.
    Dotted,
    /// Between braces.
    Inline,
    /// On the way of a dotted key between braces.
    InlineDotted,
}

impl Table {
    /// A table without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// One without keys, said in this way.
    pub(super) fn said_as(said: Said) -> Self {
        Self(Some(Arc::new(Inner { said, ..Inner::default() })))
    }

    /// How the text says it.
    pub(super) fn said(&self) -> Said {
        self.0.as_ref().map_or(Said::Whole, |inner| inner.said)
    }

    /// It is said in another way as well.
    pub(super) fn say(&mut self, said: Said) {
        self.inner().said = said;
    }

    /// The entries as they stand; while a text is read, in its order.
    pub(super) fn entries(&self) -> &[Entry] {
        self.0.as_ref().map_or(&[], |inner| inner.entries.as_slice())
    }

    /// The entries, to change them.
    pub(super) fn unsettled(&mut self) -> &mut Vec<Entry> {
        &mut self.inner().entries
    }

    /// Where a key stands while the text is read, and the entries are in its order.
    pub(super) fn look(&self, key: &str, hasher: &RandomState) -> Option<usize> {
        let inner = self.0.as_ref()?;
        match &inner.index {
            Some(index) => index.look(key, &inner.entries, hasher),
            None => inner.entries.iter().position(|(held, _)| held.order(key).is_eq()),
        }
    }

    /// Adds an entry behind the others, and says where it stands.
    pub(super) fn add(&mut self, key: Text, node: Node, hasher: &RandomState) -> usize {
        let inner = self.inner();
        let place = inner.entries.len();
        if place == inner.entries.capacity() {
            // Most tables have very few entries, and each is several words.
            inner.entries.reserve_exact((place / 2).max(1));
        }
        inner.entries.push((key, node));
        match &mut inner.index {
            Some(index) => index.add(&inner.entries, hasher),
            None if place >= SMALL => inner.index = Some(Box::new(Index::of(&inner.entries, hasher))),
            None => {}
        }
        place
    }

    /// Puts entries that were added in order, and gives back the room that was not needed.
    fn settle(&mut self) {
        let inner = self.inner();
        inner.index = None;
        inner.entries.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        inner.entries.shrink_to_fit();
    }

    /// The same for every table below; what stands between braces is in order already.
    pub(super) fn settle_all(&mut self) {
        for (_, node) in self.unsettled() {
            match &mut node.value {
                Value::Table(below) if below.said() != Said::Inline => below.settle_all(),
                Value::List(items) => items.settle_tables(),
                _ => {}
            }
        }
        self.settle();
    }

    /// This table's own entries: a copy of one level, if a clone shares them.
    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    fn at(&self, key: &str) -> Result<usize, usize> {
        self.entries().binary_search_by(|(held, _)| held.order(key))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().get(self.at(key).ok()?).map(|(_, node)| node)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.at(key).ok()?;
        self.inner().entries.get_mut(at).map(|(_, node)| node)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.at(key).is_ok()
    }

    /// Puts a value, in place of the one that was there.
    pub fn insert(&mut self, key: impl Into<Text>, node: Node) {
        let key = key.into();
        match self.at(&key) {
            Ok(at) => {
                if let Some(entry) = self.inner().entries.get_mut(at) {
                    entry.1 = node;
                }
            }
            Err(at) => self.inner().entries.insert(at, (key, node)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.at(key).ok().map(|at| self.inner().entries.remove(at).1)
    }

    /// Adds many keys that are not there yet.
    pub(super) fn join(&mut self, new: Vec<Entry>) {
        if !new.is_empty() {
            self.unsettled().extend(new);
            self.settle();
        }
    }

    /// Keeps what is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&str, &Node) -> bool) {
        // What keeps everything copies nothing.
        if !self.entries().iter().all(|(key, node)| wanted(key, node)) {
            self.inner().entries.retain(|(key, node)| wanted(key, node));
        }
    }

    /// Keys and values.
    pub fn iter(&self) -> Iter<'_> {
        self.entries().iter().map(|(key, node)| (key.as_str(), node))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries().iter().map(|(key, _)| key.as_str())
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Node> {
        self.entries().iter().map(|(_, node)| node)
    }

    /// The first key with its value.
    #[must_use]
    pub fn first_key_value(&self) -> Option<(&str, &Node)> {
        self.iter().next()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

/// Goes through keys and values.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> (&'a str, &'a Node)>;

impl<'a> IntoIterator for &'a Table {
    type Item = (&'a str, &'a Node);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Table {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().entries.into_iter()
    }
}

impl<K: Into<Text>> FromIterator<(K, Node)> for Table {
    /// Of a repeated key the last value stays.
    fn from_iter<I: IntoIterator<Item = (K, Node)>>(entries: I) -> Self {
        let mut all: Vec<Entry> = entries.into_iter().map(|(key, node)| (key.into(), node)).collect();
        all.reverse();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all.dedup_by(|later, kept| later.0 == kept.0);
        all.shrink_to_fit();
        let mut table = Self::new();
        *table.unsettled() = all;
        table
    }
}

impl Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, node) in self {
            map.serialize_entry(key, node)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::{Node, Value};
    use super::Table;
    use crate::source::{SourceId, Span};

    fn node(number: i64) -> Node {
        let span = Span { source: SourceId(0), start: 0, end: 1 };
        Node { value: Value::Integer(number), span, key: span }
    }

    #[test]
    fn a_clone_is_shared_until_one_of_both_changes() {
        let mut table: Table = [("a", node(1)), ("b", node(2))].into_iter().collect();
        let kept = table.clone();
        assert!(std::ptr::eq(table.entries(), kept.entries()));
        table.retain(|_, _| true);
        assert!(std::ptr::eq(table.entries(), kept.entries()));
        table.remove("a");
        assert_eq!((table.len(), kept.len()), (1, 2));
        assert_eq!(size_of::<Table>(), 8);
    }

    #[test]
    fn keys_are_sorted_and_the_last_of_a_repeated_one_stays() {
        let mut table: Table =
            [("b", 1), ("a", 2), ("b", 3)].map(|(key, number)| (key.to_owned(), node(number))).into_iter().collect();
        assert_eq!(table.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(table.get("b"), Some(&node(3)));
        table.insert("aa", node(4));
        table.insert("a", node(5));
        table.join(vec![("0".into(), node(6))]);
        assert_eq!(table.keys().collect::<Vec<_>>(), ["0", "a", "aa", "b"]);
        assert_eq!((table.remove("a"), table.remove("x")), (Some(node(5)), None));
    }
}
