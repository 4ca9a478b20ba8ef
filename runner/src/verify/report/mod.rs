//! A finished verification as data, and as text or JSON: data in, text out.

mod text;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::probe::Class;
use crate::probe::judge::Verdict;

pub use text::text;

/// A finished verification.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub schema: u32,
    /// Who was verified.
    pub subject: String,
    /// The user it was verified for.
    pub uid: u32,
    /// The kernel's release.
    pub kernel: String,
    /// One run a profile, in the order they were asked for.
    pub runs: Vec<Run>,
    /// Numbers over all runs.
    pub summary: Counts,
}

/// Every probe under one profile.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// The mode, or the profile's own name.
    pub profile: String,
    /// Why the subject did not start, if it did not.
    pub not_started: Option<String>,
    /// Numbers over this run.
    pub counts: Counts,
    /// What came of each probe, in the order of the catalogue.
    pub answers: Vec<Answer>,
}

/// What came of one probe.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The probe.
    pub id: &'static str,
    /// Its part of the catalogue.
    pub class: Class,
    /// The question.
    pub asks: &'static str,
    /// What it came to.
    pub result: Verdict,
    /// What was expected, in words.
    pub expected: String,
    /// The errnos with which a refusal may come; any when empty.
    pub errnos: Vec<String>,
    /// What of the profile the expectation follows from.
    pub because: String,
    /// The line of the profile that decides, as `table.key`.
    pub line: Option<&'static str>,
    /// Who should refuse.
    pub layer: &'static str,
    /// What happened.
    pub happened: String,
    /// Whether its effect was seen from outside; null for a probe without one.
    pub seen_outside: Option<bool>,
    /// What happened without a sandbox.
    pub without_sandbox: String,
}

/// How many answers of each word; the words never merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; Verdict::ALL.len()]);

impl Counts {
    fn add(&mut self, result: Verdict) {
        for (count, verdict) in self.0.iter_mut().zip(Verdict::ALL) {
            *count += usize::from(verdict == result);
        }
    }

    /// How many of one word.
    #[must_use]
    pub fn of(&self, result: Verdict) -> usize {
        self.0.iter().zip(Verdict::ALL).find(|(_, verdict)| *verdict == result).map_or(0, |(count, _)| *count)
    }

    /// All answers.
    #[must_use]
    pub fn all(&self) -> usize {
        self.0.iter().sum()
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (count, verdict) in self.0.iter().zip(Verdict::ALL) {
            map.serialize_entry(verdict.name(), count)?;
        }
        map.end()
    }
}

impl std::fmt::Display for Counts {
    /// Every word with its number, zeros too: a skip is never left out of the last line.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> =
            Verdict::ALL.iter().rev().map(|verdict| format!("{} {}", self.of(*verdict), verdict.name())).collect();
        out.write_str(&words.join(", "))
    }
}

impl<'a> FromIterator<&'a Answer> for Counts {
    fn from_iter<I: IntoIterator<Item = &'a Answer>>(answers: I) -> Self {
        let mut counts = Self::default();
        answers.into_iter().for_each(|answer| counts.add(answer.result));
        counts
    }
}

impl Run {
    /// Puts a run together.
    #[must_use]
    pub fn new(profile: &str, not_started: Option<String>, answers: Vec<Answer>) -> Self {
        Self { profile: profile.to_owned(), not_started, counts: answers.iter().collect(), answers }
    }
}

impl Report {
    /// Puts a report together.
    #[must_use]
    pub fn new(subject: &str, uid: u32, runs: Vec<Run>) -> Self {
        let kernel = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
        let summary = runs.iter().flat_map(|run| &run.answers).collect();
        Self { schema: 1, subject: subject.to_owned(), uid, kernel: kernel.unwrap_or_default(), runs, summary }
    }

    /// As pretty JSON with a line end.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}
