//! Programs that execute program text: one row a program, by topic, each row with its own examples.
//!
//! Shell text is told as such, to be taken apart elsewhere; text in other languages is only shown. Programs that execute
//! what their arguments name are in `wrappers`.

mod awk;
mod databases;
mod editors;
mod languages;
mod scripts;
mod sed;
mod shells;
mod tools;

use crate::rows::Row;

/// Every row, by topic.
pub(crate) const TABLES: &[&[Row]] =
    &[shells::ROWS, languages::ROWS, scripts::ROWS, awk::ROWS, sed::ROWS, editors::ROWS, databases::ROWS, tools::ROWS];
