//! The Linux backends. `native` and `bwrap` differ in who makes namespaces and mounts; what is done inside is the same
//! code, `inner`, run by the first process of the sandbox.

pub mod bwrap;
pub mod calls;
pub mod inner;
pub mod landlock;
pub mod mounts;
pub mod native;
pub mod reap;

use nix::errno::Errno;

/// A step that could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    /// The step in words.
    pub step: String,
    /// What went wrong.
    pub why: String,
}

impl std::fmt::Display for StepError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.step, self.why)
    }
}

impl StepError {
    fn new(step: impl Into<String>, why: impl ToString) -> Self {
        Self { step: step.into(), why: why.to_string() }
    }

    /// Names the step an errno belongs to.
    fn at<T>(step: impl Into<String>, result: nix::Result<T>) -> Result<T, Self> {
        result.map_err(|errno: Errno| Self::new(step, errno.desc()))
    }
}
