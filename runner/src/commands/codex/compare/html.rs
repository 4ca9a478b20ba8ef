//! The comparison as a page of its own, with nothing to fetch; the template escapes whatever it is given.

use askama::Template;

use super::report::{Comparison, TWO_RUNS};

#[derive(Template)]
#[template(path = "compare.html")]
struct Sheet<'a> {
    comparison: &'a Comparison,
    two_runs: &'static str,
}

/// The page.
pub(super) fn page(comparison: &Comparison) -> String {
    // Writing to a text does not fail.
    Sheet { comparison, two_runs: TWO_RUNS }.render().unwrap_or_default()
}
