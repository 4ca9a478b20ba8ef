//! A table of counts that never grows beyond its bound and does not depend on the order of what is put in.
//!
//! Up to the bound it is exact. Beyond it only names are kept whose hash begins with enough zero bits: the names are a
//! sample, each with its exact value, and [`Bounded::one_in`] says of how many. Which names stay depends on the set of all
//! names alone, so tables merge in any order to the same table.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Values that can be added up.
pub trait Add: Default {
    /// Takes another value in.
    fn add(&mut self, other: Self);
}

impl Add for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }
}

impl Add for [u64; 3] {
    fn add(&mut self, other: Self) {
        self.iter_mut().zip(other).for_each(|(sum, more)| *sum += more);
    }
}

/// No name is longer, in bytes; what is cut off is stood for by its hash.
const LONGEST: usize = 200;

/// The table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounded<V> {
    most: usize,
    /// How many zero bits the hash of a name must begin with.
    bits: u32,
    rows: FxHashMap<String, V>,
}

impl<V: Add> Bounded<V> {
    /// An empty table that holds so many names at most.
    #[must_use]
    pub fn up_to(most: usize) -> Self {
        Self { most, bits: 0, rows: FxHashMap::default() }
    }

    /// Of how many names one is kept; 1 where all are.
    #[must_use]
    pub const fn one_in(&self) -> u64 {
        1_u64 << self.bits
    }

    /// How many names are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Changes the value of a name, if the name is kept.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut V)) {
        if name.len() > LONGEST {
            return self.change_short(&shortened(name), change);
        }
        self.change_short(name, change);
    }

    fn change_short(&mut self, name: &str, change: impl FnOnce(&mut V)) {
        if let Some(value) = self.rows.get_mut(name) {
            return change(value);
        }
        if !keeps(self.bits, name) {
            return;
        }
        change(self.rows.entry(name.to_owned()).or_default());
        self.thin();
    }

    /// Takes another table in.
    pub fn merge(&mut self, other: Self) {
        self.bits = self.bits.max(other.bits);
        let bits = self.bits;
        for (name, value) in other.rows {
            if keeps(bits, &name) {
                self.rows.entry(name).or_default().add(value);
            }
        }
        self.rows.retain(|name, _| keeps(bits, name));
        self.thin();
    }

    /// Empties it into tables of so many names at most, one at least.
    pub(super) fn parts(&mut self, names: usize) -> Vec<Self> {
        let (most, bits) = (self.most, self.bits);
        let empty = || Self { most, bits, rows: FxHashMap::default() };
        let mut parts = vec![empty()];
        for (name, value) in self.rows.drain() {
            if parts.last().is_some_and(|part| part.rows.len() >= names) {
                parts.push(empty());
            }
            if let Some(part) = parts.last_mut() {
                part.rows.insert(name, value);
            }
        }
        parts
    }

    fn thin(&mut self) {
        while self.rows.len() > self.most && self.bits < 63 {
            self.bits += 1;
            let bits = self.bits;
            self.rows.retain(|name, _| keeps(bits, name));
        }
    }

    /// The rows, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.rows.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The rows by their size, the largest first, and by name where sizes are equal.
    pub fn largest(&self, size: impl Fn(&V) -> u64) -> Vec<(&str, &V)> {
        let mut rows: Vec<(&str, &V)> = self.iter().collect();
        rows.sort_by(|one, other| size(other.1).cmp(&size(one.1)).then_with(|| one.0.cmp(other.0)));
        rows
    }
}

fn keeps(bits: u32, name: &str) -> bool {
    bits == 0 || hash(name.as_bytes()).leading_zeros() >= bits
}

fn shortened(name: &str) -> String {
    let mut end = LONGEST - 20;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…#{:016x}", name.get(..end).unwrap_or_default(), hash(name.as_bytes()))
}

/// A hash that is the same on every machine and in every release: FNV-1a, and its bits mixed (splitmix64).
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(most: usize, names: impl Iterator<Item = u32>) -> Bounded<u64> {
        let mut table = Bounded::up_to(most);
        names.for_each(|name| table.change(&name.to_string(), |count| *count += 1));
        table
    }

    #[test]
    fn beyond_its_bound_a_table_is_a_sample_that_no_order_changes() {
        let there = table(100, (0..5000).chain(0..5000));
        let back = table(100, (0..5000).rev().chain((0..5000).rev()));
        assert_eq!(there, back);
        assert!(
            there.len() <= 100 && there.len() > 30 && there.one_in() >= 50,
            "{} of {}",
            there.len(),
            there.one_in()
        );
        assert!(there.iter().all(|(_, count)| *count == 2));
        let mut merged = table(100, 3000..5000);
        merged.merge(table(100, 0..5000));
        merged.merge(table(100, 0..3000));
        assert_eq!(merged, there);
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let mut table: Bounded<u64> = Bounded::up_to(10);
        for end in ["a", "b"] {
            table.change(&format!("{}{end}", "ä".repeat(300)), |count| *count += 1);
        }
        assert_eq!(table.len(), 2);
        assert!(table.iter().all(|(name, _)| name.len() <= LONGEST));
    }
}
