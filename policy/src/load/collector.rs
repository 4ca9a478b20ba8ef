//! What the builtins of one file have made and found so far.
//!
//! A builtin notes what is wrong and lets the file go on, so that one load shows every mistake; only the engine's own
//! errors stop a file.
#![expect(
    unsafe_code,
    reason = "the engine's derive for values carried by an evaluator implements an unsafe marker trait"
)]

use std::cell::RefCell;

use starlark::any::ProvidesStaticType;
use starlark::eval::Evaluator;

use super::Room;
use crate::diagnostic::Diagnostic;
use crate::example::Examples;
use crate::network::NetworkRule;
use crate::rule::{NewRule, Origin};
use crate::ruleset::HostExecutable;
use crate::source::{SourceId, Span};

/// What one call of a builtin made.
#[derive(Debug)]
pub(super) enum Item {
    Rule(NewRule, Examples),
    Network(NetworkRule),
    Host(String, HostExecutable),
}

/// More findings than this in one file help nobody.
const MOST_FINDINGS: usize = 100;

/// Said to the engine when a builtin cannot let the file go on; the finding itself is in the collector.
pub(super) const TOLD: &str = "palisade: stopped after a finding";

#[derive(Debug, ProvidesStaticType)]
pub(super) struct Collector {
    source: SourceId,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    items: Vec<Item>,
    found: Vec<Diagnostic>,
    room: Room,
}

impl Collector {
    pub(super) fn new(source: SourceId, room: Room) -> Self {
        Self { source, state: RefCell::new(State { items: Vec::new(), found: Vec::new(), room }) }
    }

    pub(super) fn finish(self) -> (Vec<Item>, Vec<Diagnostic>, Room) {
        let state = self.state.into_inner();
        (state.items, state.found, state.room)
    }

    /// The collector an evaluator carries.
    pub(super) fn of<'a>(evaluator: &Evaluator<'_, 'a, '_>) -> anyhow::Result<&'a Self> {
        evaluator
            .extra
            .and_then(|extra| extra.downcast_ref::<Self>())
            .ok_or_else(|| anyhow::anyhow!("the rule builtins work in rule files only"))
    }

    /// Where the builtin that is running was called, and what led there.
    pub(super) fn origin(&self, evaluator: &Evaluator<'_, '_, '_>) -> Origin {
        let mut places = evaluator.call_stack().frames.into_iter().rev().filter_map(|frame| {
            let span = frame.location?.span;
            Some(Span { source: self.source, start: span.begin().get(), end: span.end().get() })
        });
        let at = places.next().unwrap_or(Span { source: self.source, start: 0, end: 0 });
        Origin { at, via: places.collect() }
    }

    /// Keeps what a call made, within the room there is.
    pub(super) fn keep(&self, item: Item, rules: usize, text: usize, origin: &Origin) -> anyhow::Result<()> {
        let mut state = self.state.borrow_mut();
        let left = (state.room.rules.checked_sub(rules), state.room.text.checked_sub(text));
        let (Some(rules), Some(text)) = left else {
            let message = "the rule files make more rules, or longer ones, than a rule set may hold";
            state.found.push(place(Diagnostic::error("too-many-rules", message), origin));
            anyhow::bail!(TOLD);
        };
        state.room = Room { rules, text };
        state.items.push(item);
        Ok(())
    }

    /// Notes what is wrong with a call; the file goes on unless there is too much of it.
    pub(super) fn note(&self, found: Diagnostic, origin: &Origin) -> anyhow::Result<()> {
        let mut state = self.state.borrow_mut();
        state.found.push(place(found, origin));
        anyhow::ensure!(state.found.len() < MOST_FINDINGS, TOLD);
        Ok(())
    }
}

fn place(found: Diagnostic, origin: &Origin) -> Diagnostic {
    origin.via.iter().fold(found.at(origin.at, ""), |found, place| found.at(*place, "called from here"))
}
