//! A finished comparison as text, JSON or JUnit: data in, text out.

mod junit;
mod text;

use serde::Serialize;

use super::difference::Compared;
use super::list::Fate;

pub use junit::junit;
pub use text::text;

/// A finished comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub schema: u32,
    /// Whether the list of effects is exact: contained, or only what a snapshot of the bait shows.
    pub exact: bool,
    /// The commands, in the order they were given.
    pub commands: Vec<Compared>,
    /// Numbers over all of them.
    pub summary: Summary,
    /// What was not inside as it is on the host.
    pub gaps: Vec<String>,
}

/// Numbers over a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Commands compared.
    pub commands: usize,
    /// Those whose sides differ.
    pub differences: usize,
    /// Expectations that failed.
    pub failed: usize,
    /// Commands that could not be started on one side.
    pub not_started: usize,
}

impl Report {
    /// Puts a report together.
    #[must_use]
    pub fn new(commands: Vec<Compared>, exact: bool) -> Self {
        let mut gaps: Vec<String> =
            commands.iter().flat_map(|one| one.full_auto.gaps.iter().chain(&one.bypass.gaps)).cloned().collect();
        gaps.sort();
        gaps.dedup();
        let summary = Summary {
            commands: commands.len(),
            differences: commands.iter().filter(|one| !one.differences.is_empty()).count(),
            failed: commands.iter().map(|one| one.failed.len()).sum(),
            not_started: commands.iter().filter(|one| one.not_started().is_some()).count(),
        };
        Self { schema: 1, exact, commands, summary, gaps }
    }

    /// As pretty JSON with a line end.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl Compared {
    /// Why one of the sides did not start, if one did not: then the other proves nothing.
    #[must_use]
    pub fn not_started(&self) -> Option<String> {
        [("full-auto", &self.full_auto), ("bypass", &self.bypass)].into_iter().find_map(|(name, side)| {
            matches!(side.outcome, crate::outcome::Outcome::NotStarted { .. })
                .then(|| format!("{name} {}", side.outcome))
        })
    }

    fn fates(&self) -> [Fate; 2] {
        [self.full_auto_fate, self.bypass_fate]
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize, word: &str| if count == 1 { word.to_owned() } else { format!("{word}s") };
        write!(
            out,
            "{} {}, {} {}, {} {} failed",
            self.commands,
            plural(self.commands, "command"),
            self.differences,
            plural(self.differences, "difference"),
            self.failed,
            plural(self.failed, "expectation"),
        )?;
        if self.not_started > 0 {
            write!(out, ", {} not started", self.not_started)?;
        }
        Ok(())
    }
}
