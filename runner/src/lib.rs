//! palisade: everything with an effect. The library exists for the binary and the tests; it promises nothing to others.
//!
//! `commands` gathers, calls and reports; `policy` (the other crate) decides; `plan` turns a profile into steps for this
//! host; `backend` applies them; `sys` holds every unsafe call.

pub mod ablation;
pub mod audit;
pub mod backend;
pub mod bare;
pub mod cli;
pub mod codex;
pub mod codex_layers;
pub mod commands;
pub mod compare;
pub mod consent;
pub mod control;
pub mod denial;
pub mod denials;
pub mod doctor;
pub mod exit;
pub mod files;
pub mod guard;
pub mod hook;
pub mod host;
pub mod identity;
pub mod judging;
pub mod keep;
pub mod launch;
pub mod ledger;
pub mod mask;
pub mod model;
pub mod modes;
pub mod moment;
pub mod outcome;
pub mod packs;
pub mod passage;
pub mod plan;
pub mod probe;
pub mod render;
pub mod replace;
pub mod report;
pub mod revision;
pub mod rule_cache;
pub mod seatbelt;
pub mod secrets;
pub mod site;
pub mod state;
pub mod supervise;
pub mod sys;
pub mod terminal;
pub mod trust;
pub mod truth;
pub mod verdict_text;
pub mod verify;
pub mod wall;
