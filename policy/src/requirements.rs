//! What Codex will really run as, here, under these constraints, and by whose word.
//!
//! A [`scene::Scene`] holds every layer as a value; [`resolve::resolve`] goes through the steps of start-up as one
//! [`release`] does them and answers with a [`outcome::Resolution`]: each value with the place that declared it and the place
//! that constrained it, or the failure that keeps Codex from starting. Keys are rows in `keys/`, releases are rows in
//! [`release`]. Nothing here reads a file; the runner gathers the scene.

mod approval;
pub mod combinations;
pub mod demands;
pub mod diff;
mod exact;
pub mod failure;
pub mod features;
pub mod flags;
pub mod heard;
pub mod keys;
pub mod layers;
pub mod lints;
pub mod outcome;
pub mod permissions;
mod reader;
pub mod release;
pub mod resolve;
mod sandbox;
pub mod scene;
pub mod servers;
pub mod shape;
pub mod shown;
pub mod table;
pub mod text;
pub mod value;
pub mod warning;
mod web;

#[cfg(test)]
mod tests;
