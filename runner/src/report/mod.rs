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
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
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

#[cfg(test)]
mod tests;
