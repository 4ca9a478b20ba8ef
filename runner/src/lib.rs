//! palisade: everything with an effect. The library exists for the binary and the tests; it promises nothing to others.
//!
//! `commands` gathers, calls and reports; `policy` (the other crate) decides; `plan` turns a profile into steps for this
//! host; `backend` applies them; `sys` holds every unsafe call.

pub mod backend;
pub mod bare;
pub mod cli;
pub mod commands;
pub mod control;
pub mod doctor;
pub mod exit;
pub mod host;
pub mod launch;
pub mod mask;
pub mod modes;
pub mod outcome;
pub mod plan;
pub mod render;
pub mod site;
pub mod supervise;
#[cfg(target_os = "linux")]
pub mod sys;
