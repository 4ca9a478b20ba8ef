//! The real Codex: starting and following it, what its traces say in whichever generation, and what really ran.
//!
//! `lines` cuts a stream into lines, `read` makes events of a line, `account` adds the events of one trace up, and `deed`
//! puts the accounts of all traces together, with what the guard saw (`guarded`); `invocation`, `finish` and `price` are pure too. `binary`, `package`,
//! `sessions`, `effects` and `follow` touch the machine.

pub mod account;
pub mod asked;
pub mod binary;
pub mod budget;
pub mod conversation;
mod current;
pub mod deed;
pub mod effects;
mod envelope;
pub mod event;
mod field;
pub mod finish;
mod flat;
pub mod follow;
pub mod guarded;
pub mod invocation;
pub mod lines;
pub mod model_host;
pub mod outcome;
pub mod package;
pub mod price;
pub mod quick;
pub mod read;
mod session;
pub mod sessions;

#[cfg(test)]
mod tests;
