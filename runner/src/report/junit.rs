//! JUnit XML: one suite a group, one test case a check.
//!
//! JUnit knows pass, failure, error and skipped: what is known or was not decided is skipped, and its type says which.

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
    whole.to_string().unwrap_or_default()
}

fn status(item: &Item) -> TestCaseStatus {
    let mut status = match item.outcome {
        Outcome::Pass => return TestCaseStatus::success(),
        Outcome::Warning | Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Outcome::Known | Outcome::Skipped => TestCaseStatus::skipped(),
    };
    status.set_message(printable(&item.message));
    if let Some(code) = &item.code {
        status.set_type(code.as_str());
    }
    let place = item.place.iter().map(|place| format!("at {place}"));
    status.set_description(printable(&place.chain(item.details.iter().cloned()).collect::<Vec<_>>().join("\n")));
    status
}
