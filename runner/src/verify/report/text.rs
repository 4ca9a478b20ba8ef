//! A verification for people: what is wrong first, then a matrix of classes and profiles, the numbers last.

use std::fmt::Write;

use super::{Answer, Counts, Report, printable};
use crate::probe::Class;
use crate::probe::judge::Verdict;
use crate::render::Colour;
use crate::verify::against;
use crate::verify::attribute::Attribution;

/// The words that are told at length, worst first.
const LONG: [Verdict; 3] = [Verdict::Fail, Verdict::Error, Verdict::Weak];
/// Those that are told in a line: nothing is wrong, and nothing is shown either.
const SHORT: [Verdict; 2] = [Verdict::Unproven, Verdict::Skip];

/// Draws it; the last line is the summary.
#[must_use]
pub fn text(report: &Report, colour: Colour) -> String {
    let mut out = String::new();
    for run in &report.runs {
        if let Some(why) = &run.not_started {
            let _ = writeln!(out, "{}  {}: {}\n", paint(Verdict::Error, colour), run.profile, why.trim_end());
        }
    }
    for verdict in LONG {
        for (answer, profiles) in alike(report, verdict) {
            at_length(&mut out, answer, &profiles, colour);
        }
    }
    for verdict in SHORT {
        let found = alike(report, verdict);
        for (answer, profiles) in &found {
            in_a_line(&mut out, answer, profiles, colour);
        }
        out.push_str(if found.is_empty() { "" } else { "\n" });
    }
    attributed(&mut out, report);
    matrix(&mut out, report);
    if let Some(added) = &report.against_none {
        out.push('\n');
        out.push_str(against::text(added).trim_end());
        out.push('\n');
    }
    let (all, accepted) = (report.summary.all(), report.accepted());
    let _ = writeln!(out, "\n{}, uid {}: {all} probes: {}{accepted}", report.subject, report.uid, report.summary);
    out
}

/// Who refused what, where that was asked for: a line a probe, the same under several profiles told once.
fn attributed(out: &mut String, report: &Report) {
    let mut told: Vec<(&Answer, &Attribution, Vec<&str>)> = Vec::new();
    for run in &report.runs {
        for (answer, by) in run.answers.iter().filter_map(|answer| Some((answer, answer.attribution.as_ref()?))) {
            match told.iter_mut().find(|(other, said, _)| (other.id, *said) == (answer.id, by)) {
                Some((.., profiles)) => profiles.push(&run.profile),
                None => told.push((answer, by, vec![&run.profile])),
            }
        }
    }
    told.sort_by_key(|(answer, ..)| (answer.class, answer.id));
    for (answer, by, profiles) in &told {
        let _ = writeln!(out, "{}  {}: {by} ({})", answer.id, printable(&answer.happened), profiles.join(", "));
    }
    out.push_str(if told.is_empty() { "" } else { "\n" });
}

/// Answers of one word, the same answer under several profiles told once.
fn alike(report: &Report, verdict: Verdict) -> Vec<(&Answer, Vec<&str>)> {
    let mut found: Vec<(&Answer, Vec<&str>)> = Vec::new();
    for run in report.runs.iter().filter(|run| run.not_started.is_none()) {
        for answer in run.answers.iter().filter(|answer| answer.result == verdict) {
            let said = |other: &Answer| {
                let owed = SHORT.contains(&verdict)
                    || (&other.expected, &other.because) == (&answer.expected, &answer.because);
                owed && other.accepted == answer.accepted
                    && (other.id, &other.happened) == (answer.id, &answer.happened)
            };
            match found.iter_mut().find(|(other, _)| said(other)) {
                Some((_, profiles)) => profiles.push(&run.profile),
                None => found.push((answer, vec![&run.profile])),
            }
        }
    }
    found
}

fn at_length(out: &mut String, answer: &Answer, profiles: &[&str], colour: Colour) {
    let word = paint(answer.result, colour);
    let _ = writeln!(out, "{word}  {}  {}", answer.id, answer.asks);
    let _ = writeln!(out, "      under     {}", profiles.join(", "));
    for line in answer.at_length().lines() {
        let _ = writeln!(out, "      {line}");
    }
    out.push('\n');
}

fn in_a_line(out: &mut String, answer: &Answer, profiles: &[&str], colour: Colour) {
    let word = paint(answer.result, colour);
    let happened = printable(&answer.happened);
    let without = match answer.result {
        Verdict::Unproven => format!("; without a sandbox {}", printable(&answer.without_sandbox)),
        _ => String::new(),
    };
    let _ = writeln!(out, "{word}  {}  {happened}{without} ({})", answer.id, profiles.join(", "));
}

/// Every class against every profile: how many passed of those that were decided, and what else there was.
fn matrix(out: &mut String, report: &Report) {
    let mut classes: Vec<Class> = report.runs.iter().flat_map(|run| &run.answers).map(|answer| answer.class).collect();
    classes.sort();
    classes.dedup();
    let cell = |class: Class, answers: &[Answer]| -> String {
        let counts: Counts = answers.iter().filter(|answer| answer.class == class).collect();
        let others = LONG.iter().chain(&SHORT).filter(|verdict| counts.of(**verdict) > 0);
        let others: Vec<String> = others.map(|verdict| format!("{} {}", counts.of(*verdict), verdict.name())).collect();
        let decided = counts.all() - counts.of(Verdict::NotApplicable) - counts.of(Verdict::Noted);
        let mut text = format!("{}/{decided}", counts.of(Verdict::Pass));
        if !others.is_empty() {
            let _ = write!(text, " {}", others.join(" "));
        }
        text
    };
    let mut columns: Vec<Vec<String>> =
        vec![std::iter::once("passed".to_owned()).chain(classes.iter().map(|class| class.name().to_owned())).collect()];
    for run in &report.runs {
        let cells = classes.iter().map(|class| cell(*class, &run.answers));
        columns.push(std::iter::once(run.profile.clone()).chain(cells).collect());
    }
    let widths: Vec<usize> =
        columns.iter().map(|column| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    for row in 0..=classes.len() {
        let cells = columns.iter().zip(&widths);
        let line: Vec<String> =
            cells.filter_map(|(column, &width)| Some(format!("{:width$}", column.get(row)?))).collect();
        let _ = writeln!(out, "{}", line.join("  ").trim_end());
    }
}

fn paint(verdict: Verdict, colour: Colour) -> String {
    let code = match verdict {
        Verdict::Fail | Verdict::Error => "31",
        Verdict::Weak | Verdict::Unproven | Verdict::Skip => "33",
        _ => "32",
    };
    match colour {
        Colour::On => format!("\x1b[{code}m{}\x1b[0m", verdict.name()),
        Colour::Off => verdict.name().to_owned(),
    }
}
