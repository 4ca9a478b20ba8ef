//! The real Codex: starting and following it, what its traces say in whichever generation, and what really ran.
//!
//! `lines` cuts a stream into lines, `read` makes events of a line, `account` adds the events of one trace up, and `deed`
//! puts the accounts of all traces together; `invocation`, `finish` and `price` are pure too. `binary`, `sessions` and
//! `follow` touch the machine.

pub mod account;
pub mod asked;
pub mod binary;
mod current;
pub mod deed;
mod envelope;
pub mod event;
mod field;
pub mod finish;
mod flat;
pub mod follow;
pub mod invocation;
pub mod lines;
pub mod outcome;
pub mod price;
pub mod read;
mod session;
pub mod sessions;

#[cfg(test)]
mod tests;
