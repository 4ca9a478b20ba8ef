//! Programs that execute what their arguments say: one row a program, by topic, each row with its own examples.
//!
//! A row names the inner command; what is decided about it is not known here. Programs that read program text of their
//! own are in `interpreters`.

mod build;
mod containers;
mod env;
mod git;
mod network;
mod packages;
mod privilege;
mod process;
mod repeat;
mod search;
mod secrets;
mod shell;
mod terminal;
mod trace;
mod watchers;

use crate::rows::Row;

/// Every row, by topic.
pub(crate) const TABLES: &[&[Row]] = &[
    process::ROWS,
    env::ROWS,
    repeat::ROWS,
    watchers::ROWS,
    secrets::ROWS,
    privilege::ROWS,
    shell::ROWS,
    search::ROWS,
    trace::ROWS,
    terminal::ROWS,
    network::ROWS,
    containers::ROWS,
    git::ROWS,
    build::ROWS,
    packages::ROWS,
];
