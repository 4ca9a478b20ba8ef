//! The one test binary: everything that needs more than one module, or the built program.

#[cfg(target_os = "linux")]
mod probes;
mod tidy;
