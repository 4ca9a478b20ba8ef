//! The ledger: what ran, what was decided, what was denied and what changed, kept so that an edit shows.
//!
//! One SQLite file in WAL mode. All facts are records of one table, appended and never changed, each with a hash over itself and
//! the hash of the one before (`chain`); runs, commands, verdicts, denials and effects are views of it (`schema`). `store` opens and
//! appends, `check` verifies, `prune` shortens. Secrets are masked in the one place where records enter.

mod chain;
mod check;
mod fault;
mod prune;
mod read;
mod schema;
mod store;

pub use rusqlite::Connection;

pub use chain::Head;
pub use check::{Checked, verify};
pub use fault::Fault;
pub use prune::{Pruned, prune};
pub use read::{Row, reader, records, rows, table};
pub use schema::{VERSION, VIEWS};
pub use store::{Durability, Entry, Kind, Ledger, run_id};

#[cfg(test)]
mod tests;
