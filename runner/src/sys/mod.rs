//! Thin wrappers over the kernel's calls: the only place in palisade where `unsafe` is written.

pub mod budget;
