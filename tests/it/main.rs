//! The one test binary.

#[cfg(target_os = "linux")]
mod probes;
