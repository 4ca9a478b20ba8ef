//! A verification as a page of checks, for the formats that a CI reads: one group a profile, one check a probe.

use policy::source::Place;

use super::{Answer, Report, Run, printable};
use crate::probe::by_id;
use crate::probe::judge::Verdict;
use crate::report::{Item, Kind, Outcome, Page};

/// As a page. The message of what did not pass begins with the word it came to.
#[must_use]
pub fn page(report: &Report) -> Page {
    let answers = || report.runs.iter().flat_map(|run| run.answers.iter().map(move |answer| (run, answer)));
    let mut ids: Vec<&str> = answers().map(|(_, answer)| answer.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let kinds = ids.into_iter().filter_map(by_id).map(|probe| Kind {
        code: probe.id.to_owned(),
        meaning: probe.asks.to_owned(),
        explain: probe.class.matters().to_owned(),
    });
    Page {
        verb: "verify",
        items: answers().map(|(run, answer)| item(report, run, answer)).collect(),
        kinds: kinds.collect(),
        summary: format!("{}, uid {}: {}{}", report.subject, report.uid, report.summary, report.accepted()),
    }
}

fn item(report: &Report, run: &Run, answer: &Answer) -> Item {
    let name = format!("{} {}", answer.id, answer.asks);
    let mut item = match answer.result {
        Verdict::Pass => Item::passed(name),
        word => {
            let message = format!("{}: {} {}", word.name(), answer.asks, printable(&answer.happened));
            Item::told(name, outcome(answer), message)
        }
    };
    item.group.clone_from(&run.profile);
    item.shown &= asks_for_attention(answer);
    item.code = Some(answer.id.to_owned());
    item.details = answer.at_length().lines().map(str::to_owned).collect();
    item.details.extend(run.not_started.iter().map(|why| format!("not started  {}", printable(why))));
    item.place = report.place(answer).map(|(file, line)| Place { file: file.to_owned(), line, column: 1 });
    item
}

fn outcome(answer: &Answer) -> Outcome {
    match answer.result {
        Verdict::Pass => Outcome::Pass,
        _ if answer.is_expired() => Outcome::Fail,
        _ if answer.is_accepted() => Outcome::Known,
        Verdict::Fail => Outcome::Fail,
        Verdict::Error => Outcome::Error,
        Verdict::Weak => Outcome::Known,
        Verdict::Unproven | Verdict::Skip | Verdict::NotApplicable | Verdict::Noted => Outcome::Skipped,
    }
}

/// What a person may have to act upon.
fn asks_for_attention(answer: &Answer) -> bool {
    let undecided = matches!(answer.result, Verdict::Unproven | Verdict::NotApplicable | Verdict::Noted);
    answer.is_expired() || !(answer.is_accepted() || undecided)
}
