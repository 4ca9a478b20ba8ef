//! Thin wrappers over the kernel's calls: the only place in palisade where `unsafe` is written.

#[cfg(target_os = "linux")]
pub mod probe_calls;
