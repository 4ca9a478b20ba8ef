//! One table with the same columns for every kind of row, as spreadsheets want it. A text that a spreadsheet would take for a
//! formula gets an apostrophe in front.

use super::{Decisions, Report, moment};

const COLUMNS: &[&str] =
    &["row", "name", "commands", "allow", "prompt", "forbidden", "decision", "note", "first", "last"];

#[derive(Default)]
struct Row<'a> {
    row: &'a str,
    name: String,
    commands: Option<u64>,
    decisions: Option<Decisions>,
    decision: String,
    note: String,
    times: (Option<i64>, Option<i64>),
}

pub(super) fn table(report: &Report) -> String {
    let mut rows = vec![Row {
        row: "all",
        commands: Some(report.commands),
        decisions: Some(report.decisions),
        note: if report.complete { String::new() } else { "not all of it was read".into() },
        ..Row::default()
    }];
    rows.push(Row { row: "opaque", commands: Some(report.opaque.commands), ..Row::default() });
    rows.push(Row { row: "malformed", commands: Some(report.malformed.lines), ..Row::default() });
    for (row, list) in
        [("newly", Some(&report.newly)), ("change", report.against.as_ref().map(|against| &against.changes))]
    {
        rows.extend(list.into_iter().flatten().map(|newly| Row {
            row,
            name: newly.was.clone(),
            commands: Some(newly.count),
            decision: newly.becomes.to_string(),
            note: format!("{}: {}", newly.because, newly.sample),
            ..Row::default()
        }));
    }
    rows.extend(report.programs.iter().map(|program| Row {
        row: "program",
        name: program.program.clone(),
        decisions: Some(program.decisions),
        ..Row::default()
    }));
    rows.extend(report.rules.iter().map(|rule| Row {
        row: "rule",
        name: rule.pattern.clone(),
        commands: Some(rule.matched),
        decision: rule.decision.to_string(),
        note: super::shown(rule.at.as_ref()),
        ..Row::default()
    }));
    rows.extend(report.prompts.iter().map(|prompt| Row {
        row: "prompt",
        name: prompt.what.clone(),
        commands: Some(prompt.count),
        decision: prompt.kind.to_owned(),
        note: prompt.rule.clone().or_else(|| prompt.why.clone()).unwrap_or_default(),
        ..Row::default()
    }));
    rows.extend(report.opaque.reasons.iter().map(|reason| Row {
        row: "reason",
        name: reason.what.clone(),
        commands: Some(reason.count),
        ..Row::default()
    }));
    rows.extend(report.sessions.iter().map(|session| Row {
        row: "session",
        name: session.session.clone(),
        commands: Some(session.sums.commands),
        decisions: Some(session.sums.decisions),
        times: (session.sums.first, session.sums.last),
        ..Row::default()
    }));
    rows.extend(report.sources.iter().map(|source| Row {
        row: "source",
        name: source.name.clone(),
        commands: Some(source.commands),
        note: source.problem.clone().unwrap_or_default(),
        ..Row::default()
    }));
    let mut out = ::csv::Writer::from_writer(Vec::new());
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let _ = out.write_record(COLUMNS);
    for row in rows {
        let by = |pick: fn(&Decisions) -> u64| number(row.decisions.as_ref().map(pick));
        let _ = out.write_record([
            row.row.to_owned(),
            harmless(&row.name),
            number(row.commands),
            by(|decisions| decisions.allow),
            by(|decisions| decisions.prompt),
            by(|decisions| decisions.forbidden),
            row.decision,
            harmless(&row.note),
            moment(row.times.0),
            moment(row.times.1),
        ]);
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
