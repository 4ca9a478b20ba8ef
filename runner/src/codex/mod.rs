//! The real Codex: what its traces say, in whichever generation, and what really ran.
//!
//! `lines` cuts a stream into lines, `read` makes events of a line, `account` adds the events of one trace up, and `deed`
//! puts the accounts of all traces together. None of these does I/O.

pub mod account;
pub mod asked;
mod current;
pub mod deed;
mod envelope;
pub mod event;
mod field;
mod flat;
pub mod lines;
pub mod outcome;
pub mod read;
mod session;

#[cfg(test)]
mod tests;
