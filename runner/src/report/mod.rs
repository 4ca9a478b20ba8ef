//! Reports for a CI: what a checker found, in the formats that the field reads. One file a format; each takes a [`Page`]
//! and gives text.

mod github;
mod junit;
mod sarif;
mod tap;

use policy::source::Place;

/// How one check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Pass,
    /// Worth a look.
    Warning,
    /// Not as it should.
    Fail,
    /// It could not be checked.
    Error,
    /// Not as it should, and known: it fails nobody.
    Known,
    /// Nothing was decided; the message begins with why.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it was checked under, where the same is checked several times; empty otherwise.
    pub group: String,
    /// What was checked.
    pub name: String,
    /// How it went.
    pub outcome: Outcome,
    /// The kind of finding, for those that have a page of their own.
    pub code: Option<String>,
    /// What is wrong; empty where nothing is.
    pub message: String,
    /// More lines about it.
    pub details: Vec<String>,
    /// Where.
    pub place: Option<Place>,
    /// Whether it asks for somebody's attention where findings are shown beside the lines they are about.
    pub shown: bool,
}

impl Item {
    /// A check that went as it should.
    #[must_use]
    pub fn passed(name: String) -> Self {
        let (group, message, details) = (String::new(), String::new(), Vec::new());
        Self { group, name, outcome: Outcome::Pass, code: None, message, details, place: None, shown: false }
    }

    /// A check that did not.
    #[must_use]
    pub fn told(name: String, outcome: Outcome, message: String) -> Self {
        Self { outcome, message, shown: true, ..Self::passed(name) }
    }

    /// What is wrong, and more about it, a line each.
    fn text(&self) -> String {
        std::iter::once(&self.message).chain(&self.details).cloned().collect::<Vec<_>>().join("\n")
    }

    /// Its name with what it was checked under.
    fn whole_name(&self) -> String {
        if self.group.is_empty() { self.name.clone() } else { format!("{} {}", self.group, self.name) }
    }
}

/// A kind of finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub code: String,
    /// One sentence.
    pub meaning: String,
    /// More about it.
    pub explain: String,
}

/// Everything that one run of a checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The verb.
    pub verb: &'static str,
    /// The checks, in order.
    pub items: Vec<Item>,
    /// The kinds of finding there are.
    pub kinds: Vec<Kind>,
    /// The numbers, in a line; empty where the items say enough.
    pub summary: String,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// Annotations of GitHub Actions.
    Github,
}

/// A page in a format.
#[must_use]
pub fn written(page: &Page, format: Format) -> String {
    match format {
        Format::Junit => junit::written(page),
        Format::Sarif => sarif::written(page),
        Format::Tap => tap::written(page),
        Format::Github => github::written(page),
    }
}

/// Text without anything a terminal or a format would obey; lines stay.
fn printable(text: &str) -> String {
    text.chars().map(|one| if one.is_control() && one != '\n' { '\u{fffd}' } else { one }).collect()
}

#[cfg(test)]
mod tests;
