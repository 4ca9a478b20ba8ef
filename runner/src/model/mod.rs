//! A model for the real Codex that says what a script says: a server of the Responses API on loopback, and its recorder.
//!
//! `script` is what a script may hold, `ask` what is read of a request and `answer` what is said in return, all pure; `play` keeps
//! where each thread stands and writes the log; `serve` is the one place that listens, `upstream` the one that connects out,
//! and `record` makes a script of what passes. `home` writes a CODEX_HOME that knows only this model.

pub mod answer;
pub mod ask;
pub mod expect;
pub mod home;
pub mod play;
pub mod record;
pub mod script;
pub mod serve;
pub mod upstream;

#[cfg(test)]
mod tests;
