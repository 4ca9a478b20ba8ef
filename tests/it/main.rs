//! The one test binary: everything that needs more than one module, or the built program.

mod doctor;
mod execpolicy;
mod execpolicy_cases;
mod execpolicy_generator;
mod execpolicy_peer;
mod peers;
#[cfg(target_os = "linux")]
mod probes;
mod tidy;
