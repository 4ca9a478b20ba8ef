//! A verification in the Test Anything Protocol, version 14.
//!
//! A weak answer, and one that a baseline accepts, is a failure that is known about (`todo`); what was not decided is a `skip` whose reason begins with
//! the word.

use std::fmt::Write;

use super::{Answer, Report};
use crate::probe::judge::Verdict;

/// As TAP.
#[must_use]
pub fn tap(report: &Report) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.summary.all());
    let answers = report.runs.iter().flat_map(|run| run.answers.iter().map(|answer| (run.profile.as_str(), answer)));
    for (number, (profile, answer)) in answers.enumerate() {
        let (ok, directive) = match answer.result {
            Verdict::Pass => ("ok", None),
            Verdict::Fail if answer.is_accepted() => ("not ok", Some("todo")),
            Verdict::Weak if answer.is_expired() => ("not ok", None),
            Verdict::Fail | Verdict::Error => ("not ok", None),
            Verdict::Weak => ("not ok", Some("todo")),
            Verdict::Unproven | Verdict::Skip | Verdict::NotApplicable | Verdict::Noted => ("ok", Some("skip")),
        };
        let what = escaped(&format!("{profile} {} {}", answer.id, answer.asks));
        let _ = write!(out, "{ok} {} - {what}", number + 1);
        if let Some(directive) = directive {
            let why = format!("{}: {}", answer.result.name(), answer.happened);
            let _ = write!(out, " # {directive} {}", escaped(&why));
        }
        out.push('\n');
        if ok == "not ok" {
            details(&mut out, answer);
        }
    }
    let _ = writeln!(out, "# {}, uid {}: {}{}", report.subject, report.uid, report.summary, report.accepted());
    out
}

/// The block of YAML below a failed line. A JSON text is a YAML text.
fn details(out: &mut String, answer: &Answer) {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let _ = writeln!(out, "  ---\n  result: {}", answer.result.name());
    let rows = [
        ("expected", answer.expected.as_str()),
        ("because", &answer.because),
        ("happened", &answer.happened),
        ("refuses", answer.layer),
    ];
    for (name, text) in rows {
        let _ = writeln!(out, "  {name}: {}", quoted(text));
    }
    out.push_str("  ...\n");
}

/// Text on one line in which nothing begins a directive.
fn escaped(text: &str) -> String {
    super::printable(text).replace('\\', "\\\\").replace('#', "\\#")
}
