//! JUnit XML: one suite a group, one test case a check; within the schema that Jenkins publishes.
//!
//! JUnit knows pass, failure, error and skipped: what is known or was not decided is skipped, and its text says which.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Item, Outcome, Page, printable};

pub(super) fn written(page: &Page) -> String {
    let mut whole = Report::new(format!("palisade {}", page.verb));
    for items in page.items.chunk_by(|one, next| one.group == next.group) {
        let group = items.first().map_or("", |item| &item.group);
        let mut suite = TestSuite::new(if group.is_empty() { page.verb } else { group });
        for item in items {
            let mut case = TestCase::new(item.name.as_str(), status(item));
            case.set_classname(format!("palisade.{}", page.verb.replace(' ', ".")));
            suite.add_test_case(case);
        }
        whole.add_test_suite(suite);
    }
    within_schema(&whole.to_string().unwrap_or_default())
}

/// The number of skipped checks is told for each suite; the schema has no place for it above them.
fn within_schema(text: &str) -> String {
    let number = || {
        let start = text.find("<testsuites ")?;
        let end = start + text[start..].find('>')?;
        let from = start + text[start..end].find(" skipped=\"")?;
        let length = text[from..end].find("\" ").map_or(end - from, |quote| quote + 1);
        Some(from..from + length)
    };
    match number() {
        Some(range) => format!("{}{}", &text[..range.start], &text[range.end..]),
        None => text.to_owned(),
    }
}

fn status(item: &Item) -> TestCaseStatus {
    let mut status = match item.outcome {
        Outcome::Pass => return TestCaseStatus::success(),
        Outcome::Warning | Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Outcome::Known | Outcome::Skipped => TestCaseStatus::skipped(),
    };
    let place = item.place.iter().map(|place| format!("at {place}"));
    let told = place.chain(item.details.iter().cloned()).collect::<Vec<_>>().join("\n");
    // What is skipped has no attributes in the schema.
    if matches!(item.outcome, Outcome::Known | Outcome::Skipped) {
        status.set_description(printable(format!("{}\n{told}", item.message).trim_end()));
        return status;
    }
    status.set_message(printable(&item.message));
    if let Some(code) = &item.code {
        status.set_type(code.as_str());
    }
    status.set_description(printable(&told));
    status
}
