//! Playing a script: where each thread stands in it, what was called and what came back, and the log of that.
//!
//! Each thread that no other started plays the script from its beginning. An answer is taken from the script by its place, so a
//! request that Codex repeats is answered by what comes next, as a real model would.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::answer::{self, Made, Scene};
use super::ask::{self, Ask};
use super::script::{Act, Script, Step};
use crate::codex::invocation::Mode;
use crate::codex::outcome::Outcome;
use crate::codex::read::spoken;
use crate::moment::rfc3339;

/// What the server does with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It streams these events.
    Events(Vec<Value>),
    /// It answers with this status.
    Status(u16),
    /// It streams the beginning of an answer and drops the connection.
    Cut,
    /// It answers nothing.
    Silent,
}

/// A call that was made, and what came back.
#[derive(Clone, Debug)]
pub struct Told {
    /// The step.
    pub id: String,
    /// The thread that made it, and the one that started that thread.
    pub thread: String,
    /// The thread that started that one.
    pub parent: Option<String>,
    /// The call.
    pub made: Made,
    /// What came back; nothing where the run ended before.
    pub output: Option<Value>,
    /// What that says.
    pub outcome: Outcome,
    /// What did not come as expected.
    pub failures: Vec<String>,
}

/// Told of calls when their outputs have come back, and before the next answer is given.
pub type Watcher = Box<dyn FnMut(&[Told]) + Send>;

struct Track {
    agent: Option<String>,
    parent: Option<String>,
    answers: Vec<Vec<Step>>,
    next: usize,
    seen: usize,
}

/// A script being played.
pub struct Play {
    script: Script,
    mode: Option<Mode>,
    log: Option<Log>,
    watcher: Option<Watcher>,
    tracks: BTreeMap<String, Track>,
    calls: Vec<Told>,
    exchanges: u64,
}

impl std::fmt::Debug for Play {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Play").field("script", &self.script).field("calls", &self.calls).finish_non_exhaustive()
    }
}

/// The log: one JSON object a line. The first error ends it and is kept.
pub struct Log {
    out: Box<dyn Write + Send>,
    /// The error that ended it.
    broken: Option<String>,
}

impl Log {
    /// Writes to this.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, broken: None }
    }

    /// Writes a line.
    pub fn line(&mut self, value: &Value) {
        if self.broken.is_none()
            && let Err(error) = self.out.write_all(format!("{value}\n").as_bytes()).and_then(|()| self.out.flush())
        {
            self.broken = Some(error.to_string());
        }
    }

    /// Why it ended too early, if it did.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }
}

/// A call with what came back, as a line of the log.
#[must_use]
pub fn line(told: &Told) -> Value {
    let mut line = json!({
        "call_id": told.id, "type": told.made.kind, "tool": told.made.tool, "arguments": told.made.arguments,
        "output": told.output, "thread": told.thread,
    });
    if let Some(parent) = &told.parent {
        line["parent"] = json!(parent);
    }
    line
}

impl Play {
    /// A script, judged by what it expects in this mode.
    #[must_use]
    pub fn new(script: Script, mode: Option<Mode>, log: Option<Log>, watcher: Option<Watcher>) -> Self {
        let tracks = BTreeMap::new();
        Self { script, mode, log, watcher, tracks, calls: Vec::new(), exchanges: 0 }
    }

    /// Takes a request; gives what to do, and how long to think before, in milliseconds.
    pub fn ask(&mut self, ask: &Ask) -> (Reply, u64) {
        self.exchanges += 1;
        let thread = ask.thread();
        self.track(&thread, ask);
        self.hear(&thread, ask);
        let (reply, pause) = self.reply(&thread, ask);
        self.note(&thread, ask, &reply);
        (reply, pause)
    }

    fn track(&mut self, thread: &str, ask: &Ask) {
        if self.tracks.contains_key(thread) {
            return;
        }
        let agent = ask.is_agent().then(|| self.agent_of(ask)).flatten();
        let parent = agent.as_ref().and_then(|id| self.calls.iter().find(|told| told.id == *id));
        let parent = parent.map(|told| told.thread.clone());
        // A sub-agent that no call of the script started has nothing to do.
        let answers =
            if ask.is_agent() && agent.is_none() { Vec::new() } else { self.script.answers(agent.as_deref()) };
        self.tracks.insert(thread.to_owned(), Track { agent, parent, answers, next: 0, seen: 0 });
    }

    /// The call that started the sub-agent that asks: one whose task it was given, else the first that has none yet.
    fn agent_of(&self, ask: &Ask) -> Option<String> {
        let said = ask.said_by_user();
        let free = |id: &str| !self.tracks.values().any(|track| track.agent.as_deref() == Some(id));
        let started = |step: &&Step| {
            matches!(step.act, Act::Agent(_)) && self.calls.iter().any(|told| told.id == step.id) && free(&step.id)
        };
        let given = |step: &&Step| matches!(&step.act, Act::Agent(task) if said.contains(task.as_str()));
        let mut all = self.script.steps.iter().filter(started);
        let first = all.clone().next();
        all.find(given).or(first).map(|step| step.id.clone())
    }

    /// Takes in what has come back.
    fn hear(&mut self, thread: &str, ask: &Ask) {
        let mut heard = Vec::new();
        for told in self.calls.iter_mut().filter(|told| told.thread == thread && told.output.is_none()) {
            let Some(output) = ask.output(&told.id) else { continue };
            let text = spoken(output);
            told.outcome = Outcome::read(&text);
            if let Some(step) = self.script.steps.iter().find(|step| step.id == told.id) {
                told.failures = step.expect.failures(self.mode, &told.outcome, &text);
            }
            told.output = Some(output.clone());
            heard.push(told.clone());
        }
        if let Some(log) = &mut self.log {
            heard.iter().for_each(|told| log.line(&line(told)));
        }
        if let Some(watcher) = &mut self.watcher {
            watcher(&heard);
        }
    }

    fn reply(&mut self, thread: &str, ask: &Ask) -> (Reply, u64) {
        let number = self.exchanges;
        let track = self.tracks.get_mut(thread);
        let Some(steps) = track.and_then(|track| {
            track.next += 1;
            track.answers.get(track.next - 1).cloned()
        }) else {
            // Something is always said, or Codex would ask again and again.
            let events = answer::events(vec![answer::message(&self.script.last)], None, number);
            return (Reply::Events(events), self.script.pause.max(LAST_PAUSE.min(self.script.pause * 2)));
        };
        let pause = steps.iter().find_map(|step| step.pause).unwrap_or(self.script.pause);
        let usage = steps.iter().find_map(|step| step.usage);
        let mut items = Vec::new();
        for step in &steps {
            if let Some(thought) = &step.thinks {
                items.push(answer::thought(thought));
            }
            match &step.act {
                Act::Say(text) => items.push(answer::message(text)),
                Act::Status(status) => return (Reply::Status(*status), pause),
                Act::Fail(code) => return (Reply::Events(vec![answer::failed(code, number)]), pause),
                Act::Events(events) => return (Reply::Events(events.clone()), pause),
                Act::Cut => return (Reply::Cut, pause),
                Act::Silent => return (Reply::Silent, pause),
                _ => {}
            }
            let session = |of: Option<&str>| self.session(thread, of, ask);
            let agent = |of: &str| self.agent_id(of);
            let Some(made) = answer::call(step, &Scene { ask, session: &session, agent: &agent }) else { continue };
            items.push(made.item.clone());
            let parent = self.tracks.get(thread).and_then(|track| track.parent.clone());
            self.calls.push(Told {
                id: step.id.clone(),
                thread: thread.to_owned(),
                parent,
                made,
                output: None,
                outcome: Outcome::Unknown,
                failures: Vec::new(),
            });
        }
        (Reply::Events(answer::events(items, usage, number)), pause)
    }

    fn session(&self, thread: &str, of: Option<&str>, ask: &Ask) -> Option<u64> {
        let mut calls = self.calls.iter().rev().filter(|told| told.thread == thread);
        calls.find_map(|told| {
            let meant = of.is_none_or(|of| of == told.id);
            ask.output(&told.id).filter(|_| meant).and_then(|output| ask::session(&spoken(output)))
        })
    }

    /// The id of a sub-agent, as the answer to its call names it.
    fn agent_id(&self, call: &str) -> Option<String> {
        let output = self.calls.iter().find(|told| told.id == call)?.output.as_ref()?;
        let value: Value = serde_json::from_str(&spoken(output)).ok()?;
        ["agent_id", "task_name", "agent_name"].iter().find_map(|key| value.get(key)?.as_str().map(str::to_owned))
    }

    /// Logs an exchange: what is new in the conversation, and what was answered.
    fn note(&mut self, thread: &str, ask: &Ask, reply: &Reply) {
        let (Some(log), Some(track)) = (&mut self.log, self.tracks.get_mut(thread)) else { return };
        let new = ask.input().get(track.seen..).unwrap_or_default();
        track.seen = ask.input().len();
        let answered = match reply {
            Reply::Events(events) => json!({ "status": 200, "events": events }),
            Reply::Status(status) => json!({ "status": status }),
            Reply::Cut => json!({ "status": 200, "cut": true }),
            Reply::Silent => json!({ "silent": true }),
        };
        let asked = json!({ "headers": ask.headers, "model": ask.model(), "input": new });
        let time = rfc3339(SystemTime::now());
        log.line(&json!({ "exchange": self.exchanges, "time": time, "thread": thread, "asked": asked, "answered": answered }));
    }

    /// Ends the play: logs the calls that were never answered, and gives what was played.
    pub fn finish(&mut self) -> Played {
        if let Some(log) = &mut self.log {
            self.calls.iter().filter(|told| told.output.is_none()).for_each(|told| log.line(&line(told)));
        }
        let unplayed = |step: &&Step| {
            step.act.is_call() && !self.calls.iter().any(|told| told.id == step.id && told.output.is_some())
        };
        let unplayed = self.script.steps.iter().filter(unplayed).map(|step| step.id.clone()).collect();
        Played {
            calls: std::mem::take(&mut self.calls),
            unplayed,
            exchanges: self.exchanges,
            log: self.log.as_ref().and_then(|log| log.broken().map(str::to_owned)),
        }
    }
}

/// The pause before the last answer is longer: items of the last command are lost otherwise. In milliseconds.
const LAST_PAUSE: u64 = 400;

/// What was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The calls.
    pub calls: Vec<Told>,
    /// The ids of calls that were never made, or never answered.
    pub unplayed: Vec<String>,
    /// How many requests there were.
    pub exchanges: u64,
    /// Why the log ended too early, if it did.
    pub log: Option<String>,
}
