//! JUnit XML: one test case a check.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Outcome, Page};

pub(super) fn written(page: &Page) -> String {
    let mut suite = TestSuite::new(page.verb);
    for item in &page.items {
        let kind = match item.outcome {
            Outcome::Pass => None,
            Outcome::Warning | Outcome::Fail => Some(NonSuccessKind::Failure),
            Outcome::Error => Some(NonSuccessKind::Error),
        };
        let mut status = kind.map_or_else(TestCaseStatus::success, TestCaseStatus::non_success);
        if kind.is_some() {
            status.set_message(item.message.as_str());
            if let Some(code) = &item.code {
                status.set_type(code.as_str());
            }
            let place = item.place.iter().map(|place| format!("at {place}"));
            status.set_description(place.chain(item.details.iter().cloned()).collect::<Vec<_>>().join("\n"));
        }
        let mut case = TestCase::new(item.name.as_str(), status);
        case.set_classname(format!("palisade.{}", page.verb));
        suite.add_test_case(case);
    }
    let mut whole = Report::new(format!("palisade {}", page.verb));
    whole.add_test_suite(suite);
    whole.to_string().unwrap_or_default()
}
