//! A verification for a CI: one suite a profile, one test case a probe.
//!
//! JUnit knows pass, failure, error and skipped; every other word is a skipped case whose message begins with it.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Answer, Report, printable};
use crate::probe::judge::Verdict;

/// As JUnit XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut whole = quick_junit::Report::new(format!("palisade verify {}", report.subject));
    for run in &report.runs {
        let mut suite = TestSuite::new(run.profile.as_str());
        for answer in &run.answers {
            let mut case = TestCase::new(format!("{} {}", answer.id, answer.asks), status(answer));
            case.set_classname(format!("palisade.verify.{}", answer.class.name()));
            suite.add_test_case(case);
        }
        if let Some(why) = &run.not_started {
            suite.set_system_err(printable(why));
        }
        whole.add_test_suite(suite);
    }
    whole.to_string().unwrap_or_default()
}

fn status(answer: &Answer) -> TestCaseStatus {
    let mut status = match answer.result {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::Fail if answer.is_accepted() => TestCaseStatus::skipped(),
        _ if answer.is_expired() => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::skipped(),
    };
    status.set_type(answer.result.name());
    status.set_message(format!("{}: {}", answer.result.name(), printable(&answer.happened)));
    status.set_description(answer.at_length());
    status
}
