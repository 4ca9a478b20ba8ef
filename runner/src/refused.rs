//! Why something that was given cannot be used: what is wrong with it, and the texts it is wrong in.

use policy::diagnostic::Diagnostic;
use policy::source::Sources;

/// What is wrong, for [`crate::render::diagnostics`].
#[derive(Clone, Debug, Default)]
pub struct Refused {
    /// What is wrong.
    pub found: Vec<Diagnostic>,
    /// Where the places point.
    pub sources: Sources,
}

impl From<Vec<Diagnostic>> for Refused {
    /// Without a place.
    fn from(found: Vec<Diagnostic>) -> Self {
        Self { found, sources: Sources::default() }
    }
}

impl From<Diagnostic> for Refused {
    /// Without a place.
    fn from(found: Diagnostic) -> Self {
        vec![found].into()
    }
}
