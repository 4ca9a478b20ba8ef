//! Where the keys of a large table stand while it is read: a table of places, with open addressing.
//!
//! Four bytes a slot, since the keys themselves are in the entries; the hash is the standard library's, which nobody can make
//! keys collide in.

use std::hash::{BuildHasher, RandomState};

use super::Entry;

/// The places of keys.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// One more than the place of an entry; 0 where nothing is.
    slots: Vec<u32>,
}

impl Index {
    /// Of all entries.
    pub(super) fn of(entries: &[Entry], hasher: &RandomState) -> Self {
        let mut index = Self { slots: vec![0; (entries.len() * 4).next_power_of_two()] };
        for place in 0..entries.len() {
            index.take(place, entries, hasher);
        }
        index
    }

    /// Where a key stands.
    pub(super) fn look(&self, key: &str, entries: &[Entry], hasher: &RandomState) -> Option<usize> {
        for slot in self.way(key, hasher) {
            let place = (*self.slots.get(slot)? as usize).checked_sub(1)?;
            if entries.get(place).is_some_and(|(held, _)| held.order(key).is_eq()) {
                return Some(place);
            }
        }
        None
    }

    /// Takes the last entry in.
    pub(super) fn add(&mut self, entries: &[Entry], hasher: &RandomState) {
        if entries.len() * 3 > self.slots.len() * 2 {
            *self = Self::of(entries, hasher);
        } else if let Some(place) = entries.len().checked_sub(1) {
            self.take(place, entries, hasher);
        }
    }

    fn take(&mut self, place: usize, entries: &[Entry], hasher: &RandomState) {
        let Some((key, _)) = entries.get(place) else { return };
        for slot in self.way(key, hasher) {
            if let Some(free) = self.slots.get_mut(slot).filter(|held| **held == 0) {
                *free = u32::try_from(place + 1).unwrap_or(u32::MAX);
                return;
            }
        }
    }

    /// Every slot, beginning with the one a key would have.
    fn way(&self, key: &str, hasher: &RandomState) -> impl Iterator<Item = usize> + use<> {
        let (length, hash) = (self.slots.len(), hasher.hash_one(key));
        let first = usize::try_from(hash % (length.max(1) as u64)).unwrap_or(0);
        (first..length).chain(0..first)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::Index;
    use crate::requirements::value::{Node, Value};
    use crate::source::{SourceId, Span};

    #[test]
    fn every_key_is_found_and_no_other_is() {
        let hasher = RandomState::new();
        let span = Span { source: SourceId(0), start: 0, end: 1 };
        let mut entries = Vec::new();
        let mut index = Index::of(&entries, &hasher);
        for number in 0..1000 {
            let key = format!("key {number}");
            assert_eq!(index.look(&key, &entries, &hasher), None);
            entries.push((key.as_str().into(), Node { value: Value::Integer(number), span, key: span }));
            index.add(&entries, &hasher);
        }
        for number in 0..1000 {
            assert_eq!(index.look(&format!("key {number}"), &entries, &hasher), Some(number));
        }
        assert_eq!(index.look("key 1000", &entries, &hasher), None);
    }
}
