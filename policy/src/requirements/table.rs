//! The keys of a TOML table with their values: sorted, and as small as they can be, since large files are tables of tables.
//!
//! A map of the standard library takes room for eleven entries before it has one. Here a table of one key is one entry.

use serde::Serialize;
use serde::ser::SerializeMap;

use super::value::Node;

/// Keys with values, sorted by key, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(Vec<(String, Node)>);

type Entry = (String, Node);

impl Table {
    /// A table without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn at(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| held.as_str().cmp(key))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.get(self.at(key).ok()?).map(|(_, node)| node)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.at(key).ok()?;
        self.0.get_mut(at).map(|(_, node)| node)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.at(key).is_ok()
    }

    /// Puts a value, in place of the one that was there.
    pub fn insert(&mut self, key: String, node: Node) {
        match self.at(&key) {
            Ok(at) => {
                if let Some(entry) = self.0.get_mut(at) {
                    entry.1 = node;
                }
            }
            Err(at) => self.0.insert(at, (key, node)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.at(key).ok().map(|at| self.0.remove(at).1)
    }

    /// Adds many keys that are not there yet.
    pub(super) fn join(&mut self, new: Vec<Entry>) {
        if !new.is_empty() {
            self.0.extend(new);
            self.0.sort_by(|left, right| left.0.cmp(&right.0));
        }
    }

    /// Keeps what is wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(&String, &Node) -> bool) {
        self.0.retain(|(key, node)| wanted(key, node));
    }

    /// Keys and values.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(key, node)| (key, node))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Node> {
        self.0.iter().map(|(_, node)| node)
    }

    /// The keys alone.
    pub fn into_keys(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(key, _)| key)
    }

    /// The first key with its value.
    #[must_use]
    pub fn first_key_value(&self) -> Option<(&String, &Node)> {
        self.0.first().map(|(key, node)| (key, node))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Goes through keys and values.
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> (&'a String, &'a Node)>;

impl<'a> IntoIterator for &'a Table {
    type Item = (&'a String, &'a Node);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Table {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Entry> for Table {
    /// Of a repeated key the last value stays.
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut all: Vec<Entry> = entries.into_iter().collect();
        all.reverse();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all.dedup_by(|later, kept| later.0 == kept.0);
        all.shrink_to_fit();
        Self(all)
    }
}

impl Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, node) in &self.0 {
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
    fn keys_are_sorted_and_the_last_of_a_repeated_one_stays() {
        let mut table: Table =
            [("b", 1), ("a", 2), ("b", 3)].map(|(key, number)| (key.to_owned(), node(number))).into_iter().collect();
        assert_eq!(table.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(table.get("b"), Some(&node(3)));
        table.insert("aa".into(), node(4));
        table.insert("a".into(), node(5));
        table.join(vec![("0".into(), node(6))]);
        assert_eq!(table.keys().collect::<Vec<_>>(), ["0", "a", "aa", "b"]);
        assert_eq!((table.remove("a"), table.remove("x")), (Some(node(5)), None));
    }
}
