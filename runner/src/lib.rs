//! palisade: everything with an effect. The library exists for the binary and the tests; it promises nothing to others.
//!
//! `commands` gathers, calls and reports; `policy` (the other crate) decides; `plan` turns a profile into steps for this
//! host; `backend` applies them; `sys` holds every unsafe call.

pub mod cli;
pub mod commands;
pub mod exit;
#[cfg(target_os = "linux")]
pub mod probe;
pub mod render;
pub mod sys;
