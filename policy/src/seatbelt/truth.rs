//! Three-valued truth, and what lowers the confidence of an answer.

use serde::Serialize;

/// Whether a filter matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does not.
    False,
    /// It cannot be known from what was told.
    Unknown,
    /// It does.
    True,
}

impl Truth {
    /// The other way round; what is unknown stays so.
    #[must_use]
    pub const fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// How sure the clauses are by which an answer was found; the lowest that took part counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A single remark, or inference.
    Low,
    /// One measurement, or a table without a measurement.
    Medium,
    /// Several independent measurements.
    High,
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// Something that took part and is not known for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// How sure it is.
    pub confidence: Confidence,
    /// What was taken to be so.
    pub assumed: &'static str,
}

/// What evaluating filters noticed.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Facts that would have been needed.
    pub(super) missing: Vec<String>,
    /// What was assumed.
    pub(super) doubts: Vec<Doubt>,
}

impl Notes {
    pub(super) fn missing(&mut self, what: &str) -> Truth {
        if !self.missing.iter().any(|known| known == what) {
            self.missing.push(what.to_owned());
        }
        Truth::Unknown
    }

    pub(super) fn doubt(&mut self, confidence: Confidence, assumed: &'static str) {
        if !self.doubts.iter().any(|known| known.assumed == assumed) {
            self.doubts.push(Doubt { confidence, assumed });
        }
    }
}
