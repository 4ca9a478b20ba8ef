//! A comparison for people: one row a command, one column a side, what differs below it.

use std::fmt::Write;

use super::Report;
use crate::compare::difference::Compared;
use crate::compare::effect::{outermost, printable};
use crate::compare::list::Fate;
use crate::compare::told::Side;
use crate::outcome::Outcome;
use crate::render::Colour;

/// The widest first column.
const WIDEST: usize = 44;

/// Draws it; the last line is the summary.
#[must_use]
pub fn text(report: &Report, colour: Colour) -> String {
    let paint = Paint(colour);
    let name_width = width(report.commands.iter().map(|one| one.name.as_str()), "command").min(WIDEST);
    let policy_width = width(report.commands.iter().map(|one| one.policy.word.as_str()), "policy");
    let cells: Vec<[String; 2]> = report.commands.iter().map(cells).collect();
    let left_width = width(cells.iter().map(|[left, _]| left.as_str()), "full-auto");
    let right_width = width(cells.iter().map(|[_, right]| right.as_str()), "bypass");
    let mut out = String::new();
    let _ = writeln!(
        out,
        "  {}  {}  {}  bypass",
        padded("command", name_width),
        padded("policy", policy_width),
        padded("full-auto", left_width)
    );
    for (one, [left, right]) in report.commands.iter().zip(&cells) {
        let differs = !one.differences.is_empty();
        let mark = if !one.failed.is_empty() || one.not_started().is_some() {
            paint.bad("!")
        } else if differs {
            paint.strong("≠")
        } else {
            " ".into()
        };
        let (mut left, mut right) = (padded(left, left_width), padded(right, right_width));
        if differs {
            left = if one.full_auto_fate == Fate::Denied { paint.good(&left) } else { paint.bad(&left) };
            right = paint.bad(&right);
        }
        let name = padded(&shortened(&one.name, name_width), name_width);
        let line = format!("{mark} {name}  {}  {left}  {right}", padded(&one.policy.word, policy_width));
        let _ = writeln!(out, "{}", line.trim_end());
        details(one, &paint, &mut out);
    }
    if !report.gaps.is_empty() {
        let _ = writeln!(out, "\nnot inside as on the host:");
        for gap in &report.gaps {
            let _ = writeln!(out, "  {gap}");
        }
    }
    if !report.exact {
        let _ = writeln!(
            out,
            "\nbypass ran on the host: its effects are those a snapshot of the bait shows, not all there were"
        );
    }
    let _ = writeln!(out, "\n{}", report.summary);
    out
}

fn details(one: &Compared, paint: &Paint, out: &mut String) {
    if let Some(act) = &one.denies
        && !one.differences.iter().any(|line| line.ends_with(act.as_str()))
        && !one.differences.is_empty()
    {
        let _ = writeln!(out, "      {}", paint.faint(act));
    }
    for line in &one.differences {
        let _ = writeln!(out, "    {}", printable(line));
    }
    if one.differences.is_empty() {
        for effect in outermost(&one.bypass.effects) {
            let _ = writeln!(out, "    {}", paint.faint(&printable(&format!("both: {effect}"))));
        }
    }
    for line in one.policy.reasons.lines() {
        let _ = writeln!(out, "    policy: {line}");
    }
    let unlisted = one.full_auto.unlisted + one.bypass.unlisted;
    if unlisted > 0 {
        let _ = writeln!(out, "    and {unlisted} effects more");
    }
    one.not_started().into_iter().chain(one.failed.iter().cloned()).for_each(|line| {
        let _ = writeln!(out, "    {}", paint.bad(&printable(&line)));
    });
}

fn cells(one: &Compared) -> [String; 2] {
    let [left, right] = one.fates();
    [cell(left, &one.full_auto), cell(right, &one.bypass)]
}

fn cell(fate: Fate, side: &Side) -> String {
    match &side.outcome {
        Outcome::NotStarted { .. } => "not started".into(),
        outcome => format!("{fate}, {outcome}"),
    }
}

fn width<'a>(texts: impl Iterator<Item = &'a str>, heading: &str) -> usize {
    texts.map(|text| text.chars().count()).chain([heading.len()]).max().unwrap_or(0)
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

fn shortened(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

struct Paint(Colour);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        match self.0 {
            Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Colour::Off => text.to_owned(),
        }
    }

    fn good(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn bad(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn strong(&self, text: &str) -> String {
        self.with("1;33", text)
    }

    fn faint(&self, text: &str) -> String {
        self.with("2", text)
    }
}
