//! A verification as annotations of a GitHub workflow, placed at the line of the profile where there is a file of one.

use std::fmt::Write;

use super::{Answer, Report};
use crate::probe::judge::Verdict;

/// As workflow commands, one a line; the numbers last.
#[must_use]
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for run in &report.runs {
        let answers = run.answers.iter().filter_map(|answer| Some((level(answer)?, answer)));
        for (level, answer) in answers {
            let title = format!("{}: {} under {}", answer.result.name(), answer.id, run.profile);
            let place = report.place(answer).map(|(file, line)| format!("file={},line={line},", property(file)));
            let (place, title) = (place.unwrap_or_default(), property(&title));
            let _ = writeln!(out, "::{level} {place}title={title}::{}", message(&told(answer)));
        }
    }
    let last = format!("{}, uid {}: {}{}", report.subject, report.uid, report.summary, report.accepted());
    let _ = writeln!(out, "::notice title=palisade verify::{}", message(&last));
    out
}

/// What is worth an annotation: what a person may have to act upon.
fn level(answer: &Answer) -> Option<&'static str> {
    match answer.result {
        _ if answer.is_accepted() => None,
        _ if answer.is_expired() => Some("error"),
        Verdict::Fail | Verdict::Error => Some("error"),
        Verdict::Weak | Verdict::Skip => Some("warning"),
        Verdict::Unproven | Verdict::NotApplicable | Verdict::Noted | Verdict::Pass => None,
    }
}

fn told(answer: &Answer) -> String {
    format!("{}\n{}", answer.asks, answer.at_length())
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
