//! Where a part of a script is: its own bytes, or those of the word that holds the text it was read from.

use std::ops::Range;

use shuck_ast::Span;

/// How places in a text become places in the script.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The text is the script.
    Own,
    /// The text was made from these bytes of the script.
    Within(Range<u32>),
}

impl Place {
    pub(super) fn of(&self, span: Span) -> Range<u32> {
        match self {
            Self::Own => narrow(span.start.offset())..narrow(span.end.offset()),
            Self::Within(range) => range.clone(),
        }
    }
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
