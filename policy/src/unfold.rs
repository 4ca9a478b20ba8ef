//! What a command executes beyond itself: the one question the tables of `wrappers` and `interpreters` answer.
//!
//! A program is found by the last component of what it is known as, whatever its case, version or `.exe`. One that is in
//! no table executes nothing that its words would say.

use crate::inner::{Inner, Input};
use crate::rows::{Row, plain_name, run};
use crate::word::Word;
use crate::{interpreters, wrappers};

const TABLES: &[&[&[Row]]] = &[wrappers::TABLES, interpreters::TABLES];

/// More than twice as many slots as there are names.
const SLOTS: usize = 4096;

/// Every name by its hash; what is there is the number of its row plus one.
static INDEX: [u16; SLOTS] = index();

const fn hash(name: &[u8]) -> usize {
    let mut sum: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < name.len() {
        #[expect(clippy::indexing_slicing, reason = "the index is below the length; iterators are not const")]
        let byte = name[at];
        sum = (sum ^ byte as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (sum ^ (sum >> 15)) as usize % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "every index is below a length; iterators are not const")]
const fn index() -> [u16; SLOTS] {
    let mut slots = [0; SLOTS];
    let mut number = 0_u16;
    let (mut table, mut topic, mut row, mut name);
    table = 0;
    while table < TABLES.len() {
        topic = 0;
        while topic < TABLES[table].len() {
            row = 0;
            while row < TABLES[table][topic].len() {
                number += 1;
                name = 0;
                let names = TABLES[table][topic][row].names;
                while name < names.len() {
                    let mut slot = hash(names[name].as_bytes());
                    while slots[slot] != 0 {
                        slot = (slot + 1) % SLOTS;
                    }
                    slots[slot] = number;
                    name += 1;
                }
                row += 1;
            }
            topic += 1;
        }
        table += 1;
    }
    slots
}

#[cfg(test)]
fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().copied().flatten().copied().flatten()
}

/// The row of a number, counted as `index` counts.
fn row(number: u16) -> Option<&'static Row> {
    let mut left = usize::from(number).checked_sub(1)?;
    for topic in TABLES.iter().copied().flatten() {
        match topic.get(left) {
            Some(row) => return Some(row),
            None => left -= topic.len(),
        }
    }
    None
}

fn exactly(name: &str) -> Option<&'static Row> {
    let mut slot = hash(name.as_bytes());
    loop {
        let row = row(INDEX.get(slot).copied().filter(|number| *number != 0)?)?;
        if row.names.contains(&name) {
            return Some(row);
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// The row of a program, by the last component of what it is known as.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    exactly(name).or_else(|| {
        let varies = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if name.len() > 40 || !name.bytes().any(varies) {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        exactly(&lower).or_else(|| exactly(&plain_name(name)))
    })
}

/// Whether a program is in a table, by the last component of what it is known as.
#[must_use]
pub fn is_listed(name: &str) -> bool {
    find(name).is_some()
}

/// What a command executes beyond itself. `name` is what its program is known as: the last component of a path.
#[must_use]
pub fn inner(name: &str, words: &[Word], input: Input<'_>) -> Vec<Inner> {
    find(name).map_or_else(Vec::new, |row| run(&row.part, words, input))
}

/// Words behind a program's name that its row has as examples; what they make a certain command execute, [`inner`] tells.
#[must_use]
pub fn ways(name: &str) -> Vec<Vec<String>> {
    let known = |line: &&str| !line.contains(['$', '!', '…', '~']);
    let examples = find(name).map_or(&[][..], |row| row.examples).iter().filter(|(_, executes)| !executes.is_empty());
    let tail = |line: &str| line.split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>();
    examples.map(|(line, _)| *line).filter(known).map(tail).collect()
}

#[cfg(test)]
mod tests;
