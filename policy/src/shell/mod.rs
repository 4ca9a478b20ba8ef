//! Shell decomposition: a script becomes the set of commands it may execute, and the parts that cannot be known.
//!
//! The syntax is read by a library (`shuck-parser`); this room follows the tree as a shell would, over every branch, with
//! what is known of variables, functions and options. It errs to one side: a command too many, a word not known, a part
//! opaque, never a command too few. Facts about bash are those of bash(1) 5.2; a test runs generated scripts in the real
//! one and compares. What wrappers and nested shells execute is for [`crate::inner`] and those who use it.

mod arithmetic;
mod brace;
mod builtins;
mod compound;
mod declare;
mod dialect;
mod environment;
mod escape;
mod expand;
mod limits;
mod parameter;
mod part;
mod piece;
mod place;
mod simple;
mod state;
mod walk;

pub use builtins::is_followed_builtin;
pub use dialect::Dialect;
pub use environment::danger;
pub use part::{Access, Command, CommandInput, OpaquePart, Part, Redirection};

use crate::word::Word;

/// What is known about the shell that will read a script.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// `$0`, `$1`, …; `None` where they are not known.
    pub arguments: Option<&'a [Word]>,
    /// The home directory, for `~`.
    pub home: Option<&'a str>,
}

/// Decomposes a script, in the order of its text.
#[must_use]
pub fn decompose(script: &str, dialect: Dialect, settings: &Settings<'_>) -> Vec<Part> {
    walk::Walk::new(settings, dialect).script(script)
}

#[cfg(test)]
mod tests;
