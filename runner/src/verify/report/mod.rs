//! A finished verification as data and in every format: data in, text out.

mod page;
mod text;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::probe::Class;
use crate::probe::expect::Word;
use crate::probe::judge::Verdict;
use crate::verify::against::Added;
use crate::verify::attribute::Attribution;
use crate::verify::baseline::Acceptance;

pub use page::page;
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
    /// The file of the profile, where it is one of the user's own.
    pub file: Option<ProfileFile>,
    /// What each run adds to having no sandbox, where that was asked for.
    pub against_none: Option<Vec<Added>>,
}

/// A profile of the user's own, to place answers at its lines.
#[derive(Clone, Debug, Serialize)]
pub struct ProfileFile {
    /// As the user named it.
    pub name: String,
    /// Its text.
    #[serde(skip)]
    pub text: String,
}

impl ProfileFile {
    /// The line of a key, from 1; `name` is `table.key`. The first line when the key is not there.
    #[must_use]
    pub fn line(&self, name: &str) -> usize {
        let key = || {
            let whole = toml::de::DeTable::parse(&self.text).ok()?;
            let (table, key) = name.split_once('.')?;
            let (_, table) = whole.get_ref().iter().find(|(at, _)| at.get_ref() == table)?;
            let (key, _) = table.get_ref().as_table()?.iter().find(|(at, _)| at.get_ref() == key)?;
            Some(self.text.get(..key.span().start)?.matches('\n').count() + 1)
        };
        key().unwrap_or(1)
    }
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
    /// What a baseline says of it, if there is one that does.
    pub accepted: Option<Acceptance>,
    /// Who refused it, where that was asked for and it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// How firmly something was expected.
    #[serde(skip)]
    pub cell: Word,
    /// Whether the act worked inside.
    #[serde(skip)]
    pub worked: bool,
    /// Whether it worked without a sandbox; none when it could not be tried there.
    #[serde(skip)]
    pub worked_without: Option<bool>,
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

impl Answer {
    /// Whether a baseline accepts it today.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.accepted.as_ref().is_some_and(|accepted| !accepted.expired)
    }

    /// Whether a baseline has accepted it until a day that has passed.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.accepted.as_ref().is_some_and(|accepted| accepted.expired)
    }

    /// What was expected and why, what happened and who should have refused, a line each.
    #[must_use]
    pub fn at_length(&self) -> String {
        let seen = match self.seen_outside {
            Some(true) => ", seen outside",
            Some(false) => ", nothing seen outside",
            None => "",
        };
        let mut told = format!(
            "expected  {}: {}\nhappened  {}{seen}\nrefuses   {}",
            self.expected,
            self.because,
            printable(&self.happened),
            self.layer
        );
        if let Some(attribution) = &self.attribution {
            told.push_str(&format!("\nrefused   by {attribution}"));
        }
        if let Some(Acceptance { reason, until, expired }) = &self.accepted {
            let word = if *expired { "expired  " } else { "accepted " };
            told.push_str(&format!("\n{word} until {until}: {}", printable(reason)));
        }
        told
    }
}

/// What a subject said, without anything a terminal or a file format would obey.
fn printable(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
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
        let kernel = kernel.unwrap_or_default();
        Self { schema: 1, subject: subject.to_owned(), uid, kernel, runs, summary, file: None, against_none: None }
    }

    /// The file and line that an answer's expectation comes from.
    #[must_use]
    pub fn place(&self, answer: &Answer) -> Option<(&str, usize)> {
        let file = self.file.as_ref()?;
        Some((&file.name, answer.line.map_or(1, |line| file.line(line))))
    }

    /// How many findings a baseline accepts, in words; nothing where there are none.
    fn accepted(&self) -> String {
        match self.runs.iter().flat_map(|run| &run.answers).filter(|answer| answer.is_accepted()).count() {
            0 => String::new(),
            count => format!(" ({count} accepted)"),
        }
    }

    /// As pretty JSON with a line end.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
