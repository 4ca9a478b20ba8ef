//! What is judged of a command before it starts, where everything below it is judged as it starts.

use policy::verdict::{Reason, Verdict};

/// A verdict on a command that will run under the guard, made before it starts: program text is left aside, as
/// the guard does, where the command may be asked for or allowed without it.
#[must_use]
pub fn without_what_it_executes(verdict: &Verdict) -> Verdict {
    Verdict::new(verdict.because().iter().filter(|reason| !matches!(reason, Reason::Executes { .. })).cloned())
}
