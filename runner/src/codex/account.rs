//! Adding up one trace while it is read: what was said of the run, and each command, patch and call in it.
//!
//! Outputs are not kept, so memory grows with the number of commands and not with what they print; and of more commands than any
//! session has, only the number is kept, so that a stream may go on for ever.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::asked::Asked;
use super::event::{Change, Event, Item, Kind, Phase, Settings, Trace, Usage};
use super::lines::Line;
use super::outcome::Outcome;
use super::quick::{self, Short};
use super::read::{Generation, Reading, read};

/// How many lines of preamble and how many unknown objects are kept; all are counted.
const KEPT: usize = 20;
/// How much of such a line is kept, in bytes.
const SHORT: usize = 300;

/// How a run of Codex says it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum End {
    /// It does not say; the stream stops.
    #[default]
    Open,
    /// The turn was completed.
    Completed,
    /// The turn failed.
    Failed {
        /// Why.
        #[serde(rename = "failure")]
        message: String,
    },
}

/// A call of a tool, as one trace tells it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) thread: Option<String>,
    pub(super) tool: String,
    pub(super) asked: Asked,
    pub(super) cwd: Option<String>,
    pub(super) outcome: Option<Outcome>,
}

/// A command or a patch, as an item tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The id of the item.
    pub item: String,
    /// Codex's word for its state.
    pub status: Option<String>,
    /// The exit status, if said.
    pub exit: Option<i64>,
    /// Whether its end was seen.
    pub ended: Ended,
    #[serde(skip)]
    pub(super) process: u32,
    #[serde(skip)]
    pub(super) thread: Option<String>,
    #[serde(skip)]
    pub(super) argv: Vec<String>,
    #[serde(skip)]
    pub(super) changes: Vec<Change>,
    #[serde(skip)]
    pub(super) cwd: Option<String>,
    #[serde(skip)]
    pub(super) milliseconds: Option<u64>,
}

/// Whether the end of an item was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It was.
    Yes,
    /// It was still open when the stream or its process ended.
    No,
}

/// What was not understood or not kept whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leftovers {
    /// How many lines are no objects.
    pub preamble: u64,
    /// How many objects no generation knows.
    pub unknown: u64,
    /// How many items are of an unknown type.
    pub unknown_items: u64,
    /// How many lines were longer than what is kept of one.
    pub cut: u64,
    /// How many commands, patches and calls came when as many were kept as ever are; they are in no list and not judged.
    pub not_kept: u64,
    /// The beginning of the first of all these.
    pub first: Vec<String>,
}

/// What one trace says.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// How many lines it has.
    pub lines: u64,
    /// The schemas of its lines.
    pub generations: BTreeSet<Generation>,
    /// What was not understood.
    pub leftovers: Leftovers,
    /// The threads, in order, each with the one that started it.
    pub threads: Vec<(String, Option<String>)>,
    /// The settings in effect; a later word replaces an earlier one.
    pub settings: Settings,
    /// Tokens of each thread: the largest report, since each is a total. The key is empty where no thread is named.
    pub usage: BTreeMap<String, Usage>,
    /// How it says it ended.
    pub end: End,
    /// The errors, which by themselves end nothing.
    pub errors: Vec<String>,
    /// The last message of the model.
    pub message: Option<String>,
    /// How many turns began.
    pub turns: u64,
    pub(super) items: Vec<Shown>,
    pub(super) calls: Vec<Call>,
    process: u32,
    thread: Option<String>,
    /// The generation that last named the thread of a stream.
    named_by: Option<Generation>,
    turn_open: bool,
    /// Items of this process that have begun, by id: where they are in `items`, or nowhere when they were not kept.
    open: HashMap<String, Option<usize>>,
    /// How much text `items` and `calls` hold, in bytes.
    text: usize,
}

/// What a line says.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// An event.
    Event(&'a Event),
    /// An item that was read the short way, which is an event too, once it is asked for.
    Short(&'a Short<'a>),
}

impl Account {
    /// Takes a line in; what it says is handed out too.
    pub fn take(&mut self, line: Line<'_>, mut each: impl FnMut(Said<'_>)) {
        self.lines += 1;
        if line.cut() {
            self.leftovers.cut += 1;
            self.keep(line.kept);
        }
        if let Some(short) = quick::read(line.kept.trim_ascii()) {
            self.generations.insert(Generation::Current);
            each(Said::Short(&short));
            self.short(&short, line.kept);
            return;
        }
        match read(line.kept) {
            Reading::Events(generation, events) => {
                self.generations.insert(generation);
                for event in events {
                    if self.named_before(&event, generation) {
                        continue;
                    }
                    each(Said::Event(&event));
                    self.note(event, generation, line.kept);
                }
            }
            Reading::Unknown(raw) => {
                self.leftovers.unknown += 1;
                self.keep(line.kept);
                each(Said::Event(&Event::Unknown { raw }));
            }
            // What is left of a line that was cut is no preamble.
            Reading::Preamble if line.cut() => {}
            Reading::Preamble => {
                self.leftovers.preamble += 1;
                self.keep(line.kept);
            }
            Reading::Blank => {}
        }
    }

    /// The trace this is from: the best of what its lines are.
    #[must_use]
    pub fn trace(&self) -> Option<Trace> {
        self.generations.iter().map(|generation| generation.trace()).max()
    }

    fn keep(&mut self, line: &[u8]) {
        if self.leftovers.first.len() < KEPT {
            let text = String::from_utf8_lossy(line.get(..SHORT).unwrap_or(line)).into_owned();
            self.leftovers.first.push(text);
        }
    }

    /// Notes an item of the short way. When no more is kept, nothing of it is copied.
    fn short(&mut self, short: &Short<'_>, line: &[u8]) {
        let ended = short.phase == Phase::Completed;
        match (&short.what, self.open.get(short.id.as_ref())) {
            (quick::What::Reasoning(_), _) => {}
            (quick::What::Message(text), _) => text.as_ref().clone_into(self.message.get_or_insert_default()),
            // One that was not kept when it began.
            (_, Some(None)) => {
                if ended {
                    self.open.remove(short.id.as_ref());
                }
            }
            (_, None) if self.full() => {
                self.leftovers.not_kept += 1;
                if !ended {
                    self.begin(short.id.to_string(), None);
                }
            }
            _ => self.item(short.phase, short.item(), line),
        }
    }

    fn note(&mut self, event: Event, generation: Generation, line: &[u8]) {
        match event {
            Event::Thread { id, parent } => self.thread_named(id, parent, generation),
            Event::Settings(said) => {
                let now = &mut self.settings;
                for (now, said) in [
                    (&mut now.version, said.version),
                    (&mut now.model, said.model),
                    (&mut now.cwd, said.cwd),
                    (&mut now.sandbox, said.sandbox),
                    (&mut now.approval, said.approval),
                ] {
                    if said.is_some() {
                        *now = said;
                    }
                }
            }
            Event::TurnStarted => {
                self.turns += 1;
                self.turn_open = true;
                self.end = End::Open;
            }
            Event::Item { phase, item } => self.item(phase, item, line),
            Event::Called { id, tool, asked, cwd } => {
                if self.has_room(asked.length()) {
                    self.calls.push(Call { id, thread: self.thread.clone(), tool, asked, cwd, outcome: None });
                }
            }
            Event::Answered { id, outcome, .. } => {
                let open = self.calls.iter_mut().rev().find(|call| call.id == id && call.outcome.is_none());
                if let Some(call) = open {
                    // A tool that is no command may answer in the words of one.
                    let no_command = matches!(call.asked, Asked::Other { .. }) && outcome.ran();
                    call.outcome = Some(if no_command { Outcome::Answered } else { outcome });
                }
            }
            Event::Tokens(usage) => self.tokens(usage),
            Event::TokensOfAnswer(usage) => {
                let total = self.usage.entry(self.thread.clone().unwrap_or_default()).or_default();
                *total = total.plus(usage);
            }
            Event::TurnCompleted { usage, message } => {
                usage.into_iter().for_each(|usage| self.tokens(usage));
                self.message = message.or_else(|| self.message.take());
                self.end = End::Completed;
                self.turn_open = false;
            }
            Event::TurnFailed { message } => {
                self.end = End::Failed { message };
                self.turn_open = false;
            }
            Event::Error { message } => {
                if self.errors.len() < KEPT {
                    self.errors.push(message);
                }
            }
            Event::Prompt { .. } | Event::Output { .. } | Event::Aside { .. } | Event::Unknown { .. } => {}
        }
    }

    /// Whether not even a command without a word is kept any more.
    fn full(&self) -> bool {
        self.items.len() + self.calls.len() >= MOST
    }

    /// Whether one more command with this much text is kept; one that is not is counted.
    fn has_room(&mut self, text: usize) -> bool {
        let room = !self.full() && self.text + text <= MOST_TEXT;
        if room {
            self.text += text;
        } else {
            self.leftovers.not_kept += 1;
        }
        room
    }

    /// Whether this only says once more, in the words of another generation, which thread a stream is of: somebody mixes two.
    fn named_before(&self, event: &Event, generation: Generation) -> bool {
        let Event::Thread { id, .. } = event else { return false };
        generation.trace() == Trace::Events
            && self.thread.as_ref() == Some(id)
            && self.named_by.is_some_and(|by| by != generation)
    }

    fn thread_named(&mut self, id: String, parent: Option<String>, generation: Generation) {
        // A hook says with each call whose it is; a stream says it once a process, and ids of items begin anew.
        if generation.trace() == Trace::Events {
            self.process += 1;
            self.open.clear();
            self.end = End::Open;
            self.named_by = Some(generation);
        }
        if !self.threads.iter().any(|(known, _)| *known == id) {
            self.threads.push((id.clone(), parent));
        }
        self.thread = Some(id);
    }

    fn tokens(&mut self, usage: Usage) {
        let total = self.usage.entry(self.thread.clone().unwrap_or_default()).or_default();
        *total = total.max(usage);
    }

    /// An item has begun.
    fn begin(&mut self, id: String, at: Option<usize>) {
        if self.open.len() >= OPEN {
            self.open.clear();
        }
        self.open.insert(id, at);
    }

    fn item(&mut self, phase: Phase, item: Item, line: &[u8]) {
        let ended = if phase == Phase::Completed { Ended::Yes } else { Ended::No };
        let mut shown = Shown {
            item: item.id,
            status: item.status,
            exit: None,
            ended,
            process: self.process,
            thread: self.thread.clone(),
            argv: Vec::new(),
            changes: Vec::new(),
            cwd: None,
            milliseconds: None,
        };
        match item.kind {
            Kind::Command(command) => {
                shown.argv = command.argv;
                shown.exit = command.exit;
                shown.cwd = command.cwd;
                shown.milliseconds = command.milliseconds;
            }
            Kind::Patch { changes } => shown.changes = changes,
            Kind::Message { text } => {
                self.message = Some(text);
                return;
            }
            Kind::Other { .. } => {
                self.leftovers.unknown_items += 1;
                self.keep(line);
                return;
            }
            _ => return,
        }
        let known =
            if ended == Ended::Yes { self.open.remove(&shown.item) } else { self.open.get(&shown.item).copied() };
        match known {
            Some(None) => {}
            Some(Some(at)) => {
                let Some(known) = self.items.get_mut(at) else { return };
                // The end of the older forms does not say again what began.
                if !shown.argv.is_empty() {
                    known.argv = shown.argv;
                }
                if !shown.changes.is_empty() {
                    known.changes = shown.changes;
                }
                known.status = shown.status.or_else(|| known.status.take());
                known.exit = shown.exit.or(known.exit);
                known.milliseconds = shown.milliseconds;
                known.ended = shown.ended;
            }
            None => {
                let length =
                    shown.argv.iter().chain(shown.changes.iter().map(|change| &change.path)).map(String::len).sum();
                let at = self.has_room(length).then_some(self.items.len());
                if ended == Ended::No {
                    self.begin(shown.item.clone(), at);
                }
                if at.is_some() {
                    self.items.push(shown);
                }
            }
        }
    }
}

/// How many items are open at most. Codex runs a few commands at a time, not thousands.
const OPEN: usize = 4096;
/// How many commands, patches and calls of one trace are kept, and how much text of them, in bytes.
const MOST: usize = 20_000;
const MOST_TEXT: usize = 16 << 20;
