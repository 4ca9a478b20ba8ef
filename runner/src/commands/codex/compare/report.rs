//! The comparison, for people and for machines; the page is in `html`.

use std::fmt::Write;

use serde::Serialize;

use super::differ::{Difference, Kind, differences};
use super::side::{Call, Side};
use crate::render::Colour;
use crate::report::{Format, Item, Outcome, Page, written};

/// One script, or one prompt, on all its sides.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    /// Whether a script was played, so that the sides differ in nothing but what they are.
    pub(super) scripted: bool,
    pub(super) sides: Vec<Side>,
    pub(super) differences: Vec<Difference>,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    pub(super) schema: u32,
    pub(super) parts: Vec<Part>,
}

/// What is said of a prompt.
pub(super) const TWO_RUNS: &str = "Each side is a run of its own: the model was asked anew and may have done something else, and denials \
change what it does next. A difference here may be the model's and not the mode's.";

impl Part {
    pub(super) fn new(name: String, scripted: bool, sides: Vec<Side>) -> Self {
        let differences = differences(&sides);
        Self { name, scripted, sides, differences }
    }

    /// The calls of all sides, each once, in order.
    pub(super) fn calls(&self) -> Vec<&Call> {
        let mut calls: Vec<&Call> = Vec::new();
        for call in self.sides.iter().flat_map(|side| &side.calls) {
            if !calls.iter().any(|known| known.id == call.id) {
                calls.push(call);
            }
        }
        calls
    }

    /// The differences of each kind, those of no kind left out.
    pub(super) fn by_kind(&self) -> Vec<(&'static str, Vec<&Difference>)> {
        let mut kinds: Vec<Kind> = self.differences.iter().map(|difference| difference.kind).collect();
        kinds.dedup();
        let of = |kind: Kind| self.differences.iter().filter(move |difference| difference.kind == kind).collect();
        kinds.into_iter().map(|kind| (kind.title(), of(kind))).collect()
    }
}

impl Comparison {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self { schema: 1, parts }
    }

    /// Whether something did not come as a script expects, or a run did not complete.
    pub(super) fn failed(&self) -> bool {
        let mut sides = self.parts.iter().flat_map(|part| &part.sides);
        sides.any(|side| side.problem.is_some() || side.calls.iter().any(|call| !call.failures.is_empty()))
    }
}

pub(super) fn json(comparison: &Comparison) -> String {
    serde_json::to_string_pretty(comparison).map_or_else(|_| String::new(), |text| text + "\n")
}

/// Text without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

pub(super) fn text(comparison: &Comparison, colour: Colour) -> String {
    let bold = |text: &str| if colour == Colour::On { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
    let mut out = String::new();
    for part in &comparison.parts {
        let _ = writeln!(out, "{}", bold(&part.name));
        for call in part.calls() {
            let about = call.about.as_ref().map(|about| format!("  ({about})")).unwrap_or_default();
            let _ = writeln!(out, "\n{}{}", plain(&call.id), plain(&about));
            if call.command != call.id {
                let _ = writeln!(out, "  {}", plain(&call.command));
            }
            if let Some(policy) = &call.policy {
                let rules = if call.rules.is_empty() { String::new() } else { format!("  {}", call.rules.join(", ")) };
                let _ = writeln!(out, "  policy: {policy}{rules}");
            }
            for side in &part.sides {
                let Some(here) = side.call(call) else { continue };
                let codex = here.codex.as_ref().map(|codex| format!("rules of codex: {codex}; ")).unwrap_or_default();
                let _ = write!(out, "  {:9} {:10} {codex}{}", side.version, side.mode.name(), plain(&here.did));
                for effect in &here.effects {
                    let _ = write!(out, "; {}", plain(effect));
                }
                if here.network > 0 {
                    out.push_str("; reached the network");
                }
                if let Some(tokens) = here.tokens {
                    let _ = write!(out, "; {}+{} tokens", tokens.input, tokens.output);
                }
                if here.missing_from_events == Some(true) {
                    out.push_str("; not in the events");
                }
                out.push('\n');
            }
        }
        out.push('\n');
        for side in &part.sides {
            let time = side.milliseconds.unwrap_or_default();
            let _ = writeln!(out, "{:9} {:10} {}, {time} ms", side.version, side.mode.name(), side.spent());
            for effect in &side.effects {
                let _ = writeln!(out, "  besides: {}", plain(effect));
            }
            if let Some(problem) = &side.problem {
                let _ = writeln!(out, "  {}", plain(problem));
            }
        }
        if !part.scripted {
            let _ = writeln!(out, "\n{TWO_RUNS}");
        }
        for (title, differences) in part.by_kind() {
            let _ = writeln!(out, "\n{}", bold(title));
            for difference in differences {
                let _ = writeln!(
                    out,
                    "  {} {}: {}",
                    difference.versions.join(", "),
                    plain(&difference.call),
                    plain(&difference.text)
                );
            }
        }
        out.push('\n');
    }
    out
}

/// One case a call and side: failed where it did not come as expected.
pub(super) fn junit(comparison: &Comparison) -> String {
    let mut items = Vec::new();
    for part in &comparison.parts {
        for side in &part.sides {
            let group = format!("{} {} {}", part.name, side.version, side.mode.name());
            if let Some(problem) = &side.problem {
                items.push(Item {
                    group: group.clone(),
                    ..Item::told("the run".into(), Outcome::Error, problem.clone())
                });
            }
            for call in &side.calls {
                let item = if call.failures.is_empty() {
                    Item::passed(call.id.clone())
                } else {
                    Item::told(call.id.clone(), Outcome::Fail, call.failures.join("; "))
                };
                items.push(Item { group: group.clone(), details: vec![super::differ::told(call)], ..item });
            }
        }
    }
    written(&Page { verb: "compare", items, kinds: Vec::new(), summary: String::new() }, Format::Junit)
}
