//! For people: the sums, and of each list the rows that matter most.

use std::fmt::Write;

use super::{Newly, ROWS, Report, moment, percent};

pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    let all = report.commands;
    let _ = writeln!(out, "{all} commands under {} rules (default {})", report.policy.rules, report.policy.default);
    if !report.complete {
        let _ = writeln!(out, "  not all of it was read; the same command goes on");
    }
    let decisions = report.decisions;
    for (name, count) in [("allow", decisions.allow), ("prompt", decisions.prompt), ("forbidden", decisions.forbidden)]
    {
        let _ = writeln!(out, "  {name:9}  {count:>10}  {:>7}", percent(count, all));
    }
    let by = &report.decided_by;
    let _ = writeln!(
        out,
        "  decided by a rule {}, by the default {}, by what cannot be known {}, by nothing {}",
        by.rules, by.default, by.opaque, by.nothing
    );
    for (why, count) in report.left_out.rows().into_iter().filter(|(_, count)| *count > 0) {
        let _ = writeln!(out, "  left out {count} {why}");
    }
    newly(&mut out, "newly asked about or refused, against what the records say", &report.newly);
    if let Some(against) = &report.against {
        let _ = writeln!(
            out,
            "\nunder the other policy: {} newly asked about, {} newly refused, {} newly allowed",
            against.newly_asked, against.newly_refused, against.newly_allowed
        );
        newly(&mut out, "what changes under the other policy", &against.changes);
    }
    prompts(&mut out, report);
    programs(&mut out, report);
    rules(&mut out, report);
    if report.opaque.commands > 0 {
        let share = percent(report.opaque.commands, all);
        let _ = writeln!(out, "\nwith a part that cannot be known: {} ({share})", report.opaque.commands);
        for reason in report.opaque.reasons.iter().take(ROWS) {
            let _ = writeln!(out, "  {:>10}  {}", reason.count, reason.what);
        }
        more(&mut out, report.opaque.reasons.len());
    }
    sessions(&mut out, report);
    sources(&mut out, report);
    // What was recorded may hold anything, and a terminal obeys.
    out.chars().map(|letter| if letter.is_control() && letter != '\n' { '·' } else { letter }).collect()
}

fn more(out: &mut String, rows: usize) {
    if rows > ROWS {
        let _ = writeln!(out, "  and {} more", rows - ROWS);
    }
}

fn sample_of(out: &mut String, one_in: u64) {
    if one_in > 1 {
        let _ = writeln!(out, "  a sample: one in {one_in} of all names, by hash");
    }
}

fn newly(out: &mut String, title: &str, rows: &[Newly]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for row in rows.iter().take(ROWS) {
        let _ = writeln!(out, "  {:>10}  {} -> {}  {}", row.count, row.was, row.becomes, row.because);
        let _ = writeln!(out, "              {}", row.sample);
    }
    more(out, rows.len());
}

fn prompts(out: &mut String, report: &Report) {
    if report.prompts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nmost frequent prompts (commands, of them for this alone)");
    sample_of(out, report.prompts_one_in);
    if report.longer_prompts_one_in > 1 {
        let _ = writeln!(out, "  of interpreters and wrappers a sample: one in {}", report.longer_prompts_one_in);
    }
    for row in report.prompts.iter().take(ROWS) {
        let _ = writeln!(out, "  {:>10} {:>10}  {}", row.count, row.alone, row.what);
        match (&row.rule, &row.why) {
            (Some(rule), _) => {
                for line in rule.lines() {
                    let _ = writeln!(out, "                         {line}");
                }
                match row.verified {
                    Some((held, of)) if held < of => {
                        let _ = writeln!(
                            out,
                            "                         settles {held} of {of} samples: the others need more"
                        );
                    }
                    _ => {}
                }
            }
            (None, Some(why)) => {
                let _ = writeln!(out, "                         {why}");
            }
            (None, None) => {}
        }
    }
    more(out, report.prompts.len());
}

fn programs(out: &mut String, report: &Report) {
    if report.programs.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nprograms, of scripts and wrappers too");
    sample_of(out, report.programs_one_in);
    let _ = writeln!(out, "  {:>10} {:>10} {:>10}", "allow", "prompt", "forbidden");
    for row in report.programs.iter().take(ROWS) {
        let d = row.decisions;
        let _ = writeln!(out, "  {:>10} {:>10} {:>10}  {}", d.allow, d.prompt, d.forbidden, row.program);
    }
    more(out, report.programs.len());
}

fn rules(out: &mut String, report: &Report) {
    let mut used: Vec<_> = report.rules.iter().filter(|row| row.matched > 0).collect();
    used.sort_by_key(|row| std::cmp::Reverse(row.matched));
    if !used.is_empty() {
        let _ = writeln!(out, "\nrules (matched, decided)");
    }
    for row in used.iter().take(ROWS) {
        let place = super::shown(row.at.as_ref());
        let _ =
            writeln!(out, "  {:>10} {:>10}  {:9}  {}  {place}", row.matched, row.decided, row.decision, row.pattern);
    }
    more(out, used.len());
    if !report.never_used.is_empty() {
        let _ = writeln!(out, "\n{} rules were never used", report.never_used.len());
    }
    for rule in report.never_used.iter().take(ROWS) {
        let _ = writeln!(out, "  {rule}");
    }
    more(out, report.never_used.len());
}

fn sessions(out: &mut String, report: &Report) {
    if report.sessions.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nsessions");
    sample_of(out, report.sessions_one_in);
    let _ = writeln!(out, "  {:>8} {:>8} {:>8} {:>8} {:>8}", "allow", "prompt", "forbid", "opaque", "new");
    for row in report.sessions.iter().take(ROWS) {
        let s = &row.sums;
        let _ = writeln!(
            out,
            "  {:>8} {:>8} {:>8} {:>8} {:>8}  {}  {}",
            s.decisions.allow,
            s.decisions.prompt,
            s.decisions.forbidden,
            s.opaque,
            s.newly_asked + s.newly_refused,
            row.session,
            moment(s.first)
        );
    }
    more(out, report.sessions.len());
    if report.without_session > 0 {
        let _ = writeln!(out, "  {} commands without a session", report.without_session);
    }
}

fn sources(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\nsources");
    // What went wrong is never cut off.
    let wrong = |row: &&super::SourceNote| row.problem.is_some() || row.malformed > 0 || row.remark.is_some();
    let fine = report.sources.iter().filter(|row| !wrong(row)).take(ROWS);
    for row in report.sources.iter().filter(wrong).chain(fine) {
        let _ = write!(
            out,
            "  {}  {}: {} commands in {} lines",
            row.name,
            row.format.as_deref().unwrap_or("no format"),
            row.commands,
            row.lines
        );
        if row.malformed > 0 {
            let _ = write!(out, ", {} malformed", row.malformed);
        }
        for said in row.problem.iter().chain(&row.remark) {
            let _ = write!(out, "; {said}");
        }
        out.push('\n');
    }
    let quiet = report.sources.iter().filter(|row| !wrong(row)).count();
    more(out, quiet);
    for shown in &report.malformed.first {
        let name = report.sources.get(shown.source).map_or("", |source| source.name.as_str());
        let begins = shown.begins.replace('\n', " ");
        let _ = writeln!(out, "  {name}:{}: {}: {begins}", shown.line, shown.why);
    }
}
