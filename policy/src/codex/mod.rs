//! What Codex makes of a shell script, version by version: for comparing with it, never for deciding here.
//!
//! [`version`] holds what differs as data. [`decompose`] says whether Codex sees commands in a script or only the
//! wrapper around it; [`dangerous`] and [`known_safe`] are its two built-in lists, [`heuristics`] is what becomes of a
//! command in a turn. The scripts are read with the parser Codex embeds, so its mistakes are repeated on purpose;
//! palisade's own judgement uses none of this. Only this folder names tree-sitter.

pub mod dangerous;
pub mod decompose;
pub mod heuristics;
pub mod known_safe;
mod tree;
pub mod version;
mod words;
