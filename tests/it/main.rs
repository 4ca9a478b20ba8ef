//! The one test binary: everything that needs more than one module, or the built program.

mod bypass;
mod check;
mod codex_exec;
mod codex_recordings;
mod codex_scripts;
mod codex_stand_in;
mod compare;
mod doctor;
mod execpolicy;
mod execpolicy_cases;
mod execpolicy_generator;
mod execpolicy_peer;
mod fuzz;
mod guard;
mod hook;
mod killed;
mod oracle;
mod peers;
mod probes;
mod run;
mod sandboxed;
mod scripted_model;
mod seatbelt;
mod tidy;
mod verify;
