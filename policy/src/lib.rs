//! palisade-policy: decides. Rule files and profiles come in as text, decisions go out as values.
//!
//! Nothing here reads a file, a clock, an environment variable or a process table: the caller gathers facts and hands
//! them over, so that every answer can be repeated from its arguments (`clippy.toml` forbids the slips).
//! The way through: [`source`] → `load` → [`decision`] by `judge` → [`verdict`]. Profiles ([`profile`]) say what
//! a permitted command may touch; the runner turns them into a plan for one host.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

pub mod audit;
pub mod ban;
pub mod cases;
pub mod codes;
pub mod codex;
pub mod convert;
pub mod decision;
pub mod diagnostic;
pub mod diff;
pub mod example;
pub mod format;
pub mod identity;
mod index;
pub mod inner;
mod interpreters;
pub mod judge;
pub mod learn;
pub mod likeness;
pub mod lint;
pub mod load;
mod meaning;
pub mod network;
pub mod options;
pub mod pattern;
pub mod profile;
mod program_text;
pub mod programs;
pub mod request;
pub mod requirements;
mod rows;
pub mod rule;
pub mod ruleset;
pub mod seatbelt;
pub mod shell;
pub mod source;
mod tokens;
pub mod tree;
pub mod unfold;
pub mod verdict;
pub mod word;
mod wrappers;
