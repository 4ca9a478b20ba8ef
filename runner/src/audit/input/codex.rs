//! Traces of Codex, of every generation that `codex::read` knows: session files, `exec --json`, what hooks were given.
//!
//! A call is given when its answer is read, an item of the events when it has ended; what stays open is given at the end. A
//! session file tells of an execution twice, as a call and as an item under the id of that call: it is counted once.

use std::collections::VecDeque;

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count, moment};
use crate::codex::asked::Asked;
use crate::codex::event::{Change, Event, Item, Kind, Phase, Trace};
use crate::codex::outcome::Outcome;
use crate::codex::read::{Generation, Reading, read};

pub(super) const FORMAT: Format = Format {
    name: "codex",
    about: "session files of Codex (rollout-*.jsonl), `codex exec --json`, hook logs",
    keeps: Keeps::Something,
    looks: |head| count(head, |line| matches!(read(line), Reading::Events(..))),
    parser: || Box::new(Codex::default()),
};

/// How many calls are open at once, and how many are remembered, at most.
const OPEN: usize = 4096;

#[derive(Default, Deserialize, Serialize)]
struct Codex {
    thread: Option<String>,
    cwd: Option<String>,
    open: VecDeque<(String, Entry)>,
    /// Ids of calls that were given.
    given: VecDeque<String>,
}

/// The time of a line, which stands at its beginning.
fn time(line: &[u8]) -> Option<i64> {
    let head = String::from_utf8_lossy(line.get(..80).unwrap_or(line));
    let (_, rest) = head.split_once("\"timestamp\":")?;
    let rest = rest.trim_start().trim_start_matches('"');
    let end = rest.find(['"', ',', '}'])?;
    moment::parse(rest.get(..end)?)
}

fn words(argv: Vec<String>) -> What {
    match argv.as_slice() {
        [] => What::Unknown { why: "a command without words".into() },
        // Text whose words could not be told apart.
        [one] if one.contains(char::is_whitespace) => What::Script { text: one.clone(), shell: Shell::Bash },
        _ => What::Argv { words: argv, program: None, certain: Vec::new() },
    }
}

fn patch(files: impl IntoIterator<Item = String>) -> What {
    words(std::iter::once("apply_patch".to_owned()).chain(files).collect())
}

fn what(asked: Asked) -> Option<What> {
    match asked {
        Asked::Script { script } => Some(What::Script { text: script, shell: Shell::Bash }),
        Asked::Typed { text } => Some(What::Script { text, shell: Shell::Bash }),
        Asked::Words { argv } => Some(words(argv)),
        patch @ Asked::Patch { .. } => Some(self::patch(patch.patched())),
        Asked::Unclear { .. } => Some(What::Unknown { why: "a call that is not understood".into() }),
        Asked::Code { .. } | Asked::Other { .. } => None,
    }
}

impl Codex {
    fn begin(&mut self, id: String, entry: Entry, out: &mut Out) {
        self.open.push_back((id, entry));
        if self.open.len() > OPEN
            && let Some((id, entry)) = self.open.pop_front()
        {
            self.give(id, entry, out);
        }
    }

    fn give(&mut self, id: String, entry: Entry, out: &mut Out) {
        out.entries.push(entry);
        if self.given.len() >= OPEN {
            self.given.pop_front();
        }
        self.given.push_back(id);
    }

    fn take(&mut self, id: &str) -> Option<Entry> {
        let at = self.open.iter().rposition(|(open, _)| open == id)?;
        self.open.remove(at).map(|(_, entry)| entry)
    }

    fn item(&mut self, phase: Phase, item: Item, generation: Generation, time: Option<i64>, out: &mut Out) {
        let (told, exit, cwd) = match item.kind {
            Kind::Command(command) => {
                let told = (!command.argv.is_empty()).then(|| words(command.argv));
                (told, command.exit, command.cwd)
            }
            Kind::Patch { changes } => {
                let told = (!changes.is_empty()).then(|| patch(changes.into_iter().map(|Change { path, .. }| path)));
                (told, None, None)
            }
            _ => return,
        };
        let recorded = match (phase, item.status.as_deref(), exit) {
            (_, Some("declined"), _) => Recorded::Refused,
            (Phase::Completed, _, Some(_)) | (Phase::Completed, Some("completed"), None) => Recorded::Ran,
            _ => Recorded::Unsaid,
        };
        let in_session = generation.trace() == Trace::Session;
        if in_session && let Some((_, call)) = self.open.iter_mut().rev().find(|(open, _)| *open == item.id) {
            // The call is given with its answer.
            call.cwd = cwd.or_else(|| call.cwd.take());
            call.recorded = recorded;
            return;
        }
        if in_session && self.given.contains(&item.id) {
            return;
        }
        // The end of the older forms does not say again what began.
        let begun = self.take(&item.id);
        let said = |entry: &Entry| !matches!(entry.what, What::Unknown { .. });
        let begun = begun.filter(said);
        let Some(what) = told.or_else(|| begun.as_ref().map(|entry| entry.what.clone())) else {
            if phase == Phase::Completed {
                let what = What::Unknown { why: "the end of a command whose beginning is missing".into() };
                let entry = self.entry(what, time);
                out.entries.push(Entry { recorded, ..entry });
            }
            return;
        };
        let entry = Entry { recorded, ..self.entry(what, begun.as_ref().and_then(|entry| entry.time).or(time)) };
        let entry = Entry { cwd: cwd.or_else(|| begun.and_then(|entry| entry.cwd)).or(entry.cwd), ..entry };
        if phase == Phase::Completed {
            out.entries.push(entry);
        } else {
            self.begin(item.id, entry, out);
        }
    }

    fn entry(&self, what: What, time: Option<i64>) -> Entry {
        Entry { what, cwd: self.cwd.clone(), session: self.thread.clone(), time, recorded: Recorded::Unsaid }
    }

    fn event(&mut self, event: Event, generation: Generation, time: Option<i64>, out: &mut Out) {
        match event {
            Event::Thread { id, .. } => {
                // A process of its own counts its items anew.
                if generation.trace() == Trace::Events {
                    self.end(out);
                }
                self.thread = Some(id).filter(|id| !id.is_empty());
            }
            Event::Settings(settings) => self.cwd = settings.cwd.or_else(|| self.cwd.take()),
            Event::Called { id, asked, cwd, .. } => {
                let Some(what) = what(asked) else { return };
                let entry = self.entry(what, time);
                let entry = Entry { cwd: cwd.or(entry.cwd), ..entry };
                // A hook hears of a call before, and in its log nothing tells of the end.
                if id.is_empty() { out.entries.push(entry) } else { self.begin(id, entry, out) }
            }
            Event::Answered { id, outcome, .. } => {
                if let Some(mut entry) = self.take(&id) {
                    entry.recorded = match outcome {
                        outcome if outcome.ran() => Recorded::Ran,
                        Outcome::PatchInvalid | Outcome::BadCall => Recorded::Unsaid,
                        // A patch that was applied answers in words of its own.
                        Outcome::Answered if entry.recorded == Recorded::Unsaid => Recorded::Ran,
                        outcome if outcome.refused() => Recorded::Refused,
                        _ => entry.recorded,
                    };
                    self.give(id, entry, out);
                }
            }
            Event::Item { phase, item } => self.item(phase, item, generation, time, out),
            _ => {}
        }
    }
}

impl Parser for Codex {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let before = out.entries.len() + self.open.len();
        match read(line) {
            Reading::Events(generation, events) => {
                let time = time(line);
                for event in events {
                    self.event(event, generation, time, out);
                }
            }
            Reading::Blank => {}
            Reading::Preamble => return out.malformed(number, "no line of a trace of Codex", line),
            Reading::Unknown(_) => return out.malformed(number, "an object that no generation of Codex writes", line),
        }
        out.asides += u64::from(before == out.entries.len() + self.open.len());
    }

    fn end(&mut self, out: &mut Out) {
        out.entries.extend(self.open.drain(..).map(|(_, entry)| entry));
        self.given.clear();
    }

    fn save(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, kept: &Value) -> Option<()> {
        *self = Self::deserialize(kept).ok()?;
        Some(())
    }
}
