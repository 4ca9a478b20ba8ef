//! A comparison for a CI: one test case a command, failed when an expectation failed, in error when a side did not start.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::Report;

/// As JUnit XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut suite = TestSuite::new("compare");
    for one in &report.commands {
        let mut status = if let Some(why) = one.not_started() {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(why);
            status
        } else if one.failed.is_empty() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(one.failed.join("; "));
            status
        };
        if !one.differences.is_empty() && !matches!(status, TestCaseStatus::Success { .. }) {
            status.set_description(one.differences.join("\n"));
        }
        let mut case = TestCase::new(one.name.as_str(), status);
        case.set_classname("palisade.compare");
        case.set_time(Duration::from_millis(one.full_auto.milliseconds + one.bypass.milliseconds));
        case.set_system_out(one.differences.join("\n"));
        suite.add_test_case(case);
    }
    let mut whole = quick_junit::Report::new("palisade compare");
    whole.add_test_suite(suite);
    whole.to_string().unwrap_or_default()
}
