//! Writes what was observed into the cases that do not hold, after asking: comments, order and the rest of a page stay.
//!
//! A case about several releases has one table of values; where they differ there is nothing to write, and it is said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use policy::verdict::Consent;
use toml_edit::{DocumentMut, Item, Table, value};

use super::super::super::sandbox::say;
use super::{Difference, Tried};
use crate::consent;
use crate::exit;

/// A value to write: which case of the page, which table, which key, what.
type Change = (usize, &'static str, String, String);

/// Asks, and writes; 0 when every case holds afterwards, 1 when not, 2 when a page could not be written.
pub(super) fn bless(tried: &[Tried], yes: bool) -> u8 {
    let mut pages: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    let mut left = 0;
    for one in tried {
        for wrong in &one.wrong {
            let same = |other: &&Tried| other.file == one.file && other.index == one.index;
            let others: Vec<&Tried> = tried.iter().filter(same).collect();
            if others.iter().any(|other| !agrees(other, wrong)) {
                left += 1;
                let name = &one.name;
                say(format_args!("`{name}`: {} differs between releases; give each its own case", wrong.key));
                continue;
            }
            let change = (one.index, wrong.table, wrong.key.clone(), wrong.found.clone());
            let changes = pages.entry(&one.file).or_default();
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    let count: usize = pages.values().map(Vec::len).sum();
    if count == 0 {
        return exit::FINDINGS;
    }
    let what = format!("write {count} observed values into {}?", pages.keys().copied().collect::<Vec<_>>().join(", "));
    if !yes && consent::question("", &what, None) != Consent::Yes {
        say("nothing was written (asking needs a terminal and a yes; `--yes` does without)");
        return exit::FINDINGS;
    }
    for (file, changes) in &pages {
        if let Err(why) = write(Path::new(file), changes) {
            say(format_args!("`{file}` was not written: {why}"));
            return exit::USAGE;
        }
        say(format_args!("{} values were written into `{file}`", changes.len()));
    }
    if left == 0 { exit::OK } else { exit::FINDINGS }
}

/// Whether another release of the same case found the same.
fn agrees(other: &Tried, wrong: &Difference) -> bool {
    let found = other.wrong.iter().find(|one| one.table == wrong.table && one.key == wrong.key);
    found.is_some_and(|found| found.found == wrong.found)
}

fn write(path: &Path, changes: &[Change]) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut page: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let cases = page.get_mut("case").and_then(Item::as_array_of_tables_mut).ok_or("its cases are no `[[case]]`")?;
    for (index, table, key, found) in changes {
        let case = cases.get_mut(*index).ok_or("a case is gone")?;
        let entry = case.entry(table).or_insert_with(|| Item::Table(Table::new()));
        let entry = entry.as_table_like_mut().ok_or_else(|| format!("`{table}` is no table"))?;
        match entry.get_mut(key).and_then(Item::as_value_mut) {
            Some(held) => {
                // What stands before and behind a value, such as a comment, is its own.
                let around = held.decor().clone();
                *held = found.as_str().into();
                *held.decor_mut() = around;
            }
            None => {
                entry.insert(key, value(found.as_str()));
            }
        }
    }
    // Beside the page and then in its place, so that no half of it is ever there.
    let beside = path.with_extension("toml.new");
    fs::write(&beside, page.to_string()).and_then(|()| fs::rename(&beside, path)).map_err(|error| error.to_string())
}
