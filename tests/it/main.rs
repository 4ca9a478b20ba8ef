//! The one test binary: everything that needs more than one module, or the built program.

mod bypass;
mod check;
mod codex_scripts;
mod compare;
mod doctor;
mod execpolicy;
mod execpolicy_cases;
mod execpolicy_generator;
mod execpolicy_peer;
mod fuzz;
mod guard;
mod killed;
mod oracle;
mod peers;
mod probes;
mod requirements;
mod run;
mod sandboxed;
mod tidy;
