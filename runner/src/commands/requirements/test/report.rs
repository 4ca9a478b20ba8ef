//! The outcome of cases, in each format: data in, text out.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::json;

use super::Tried;
use crate::cli::TestFormat;

/// Writes every outcome.
pub(super) fn write(tried: &[Tried], format: TestFormat) -> String {
    match format {
        TestFormat::Text => text(tried),
        TestFormat::Json => json(tried),
        TestFormat::Junit => junit(tried),
        TestFormat::Tap => tap(tried),
        TestFormat::Github => github(tried),
    }
}

fn failed(tried: &[Tried]) -> usize {
    tried.iter().filter(|one| !one.wrong.is_empty()).count()
}

fn title(one: &Tried) -> String {
    format!("{} (Codex {})", one.name, one.release)
}

fn text(tried: &[Tried]) -> String {
    let mut out = String::new();
    for one in tried.iter().filter(|one| !one.wrong.is_empty()) {
        out.push_str(&format!("FAILED {}: {}\n", one.file, title(one)));
        for wrong in &one.wrong {
            out.push_str(&format!("  {wrong}\n"));
        }
    }
    out.push_str(&format!("{} cases hold, {} do not\n", tried.len() - failed(tried), failed(tried)));
    out
}

fn json(tried: &[Tried]) -> String {
    let one =
        |one: &Tried| json!({ "file": one.file, "name": one.name, "codex_version": one.release, "wrong": one.wrong });
    let cases: Vec<_> = tried.iter().map(one).collect();
    format!(
        "{}\n",
        serde_json::to_string_pretty(&json!({ "failed": failed(tried), "cases": cases })).unwrap_or_default()
    )
}

fn junit(tried: &[Tried]) -> String {
    let mut suite = TestSuite::new("requirements");
    for one in tried {
        let status = if one.wrong.is_empty() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(one.wrong.join("\n"));
            status
        };
        let mut case = TestCase::new(title(one), status);
        case.set_classname(one.file.clone());
        suite.add_test_case(case);
    }
    let mut report = Report::new("palisade requirements test");
    report.add_test_suite(suite);
    report.to_string().unwrap_or_default()
}

fn tap(tried: &[Tried]) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", tried.len());
    for (at, one) in tried.iter().enumerate() {
        let word = if one.wrong.is_empty() { "ok" } else { "not ok" };
        out.push_str(&format!("{word} {} - {}\n", at + 1, title(one).replace('#', "\\#")));
        for wrong in &one.wrong {
            out.push_str(&format!("# {}\n", wrong.replace('\n', " ")));
        }
    }
    out
}

fn github(tried: &[Tried]) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let mut out = String::new();
    for one in tried.iter().filter(|one| !one.wrong.is_empty()) {
        let message = escape(&one.wrong.join("\n"));
        out.push_str(&format!("::error file={},title={}::{message}\n", property(&one.file), property(&title(one))));
    }
    out
}
