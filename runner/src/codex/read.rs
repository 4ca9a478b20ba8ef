//! One line of any trace of Codex becomes events: the one place that knows which generation a line is of.
//!
//! Each line is looked at by itself, since wrappers mix streams. Nothing is fatal: what is no object is preamble, and an
//! object that nobody knows is kept as it came.

use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;
use super::event::{Event, Trace};
use super::field::{kind, maybe, text};
use super::outcome::Outcome;
use super::{current, envelope, flat, quick, session};

/// Which schema a line is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// `--json` since 0.44.
    Current,
    /// `--experimental-json` up to 0.42.
    Early,
    /// `--json` up to 0.42.
    Envelope,
    /// The flat form of other integrations.
    Flat,
    /// A session file.
    Session,
    /// What a hook was given on its standard input.
    Hook,
    /// The log of a scripted model.
    Model,
}

impl Generation {
    /// Whose trace it is.
    #[must_use]
    pub const fn trace(self) -> Trace {
        match self {
            Self::Current | Self::Early | Self::Envelope | Self::Flat => Trace::Events,
            Self::Session => Trace::Session,
            Self::Hook => Trace::Hook,
            Self::Model => Trace::Model,
        }
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "events (since 0.44)",
            Self::Early => "events (--experimental-json, up to 0.42)",
            Self::Envelope => "events (--json, up to 0.42)",
            Self::Flat => "events (flat)",
            Self::Session => "session file",
            Self::Hook => "hook log",
            Self::Model => "log of a scripted model",
        }
    }
}

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Events of a generation.
    Events(Generation, Vec<Event>),
    /// An object that no generation knows, as it came.
    Unknown(Value),
    /// No object: what a wrapper said, or a line that was cut off.
    Preamble,
    /// Nothing but blanks.
    Blank,
}

/// Reads a line, without its line feed.
#[must_use]
pub fn read(line: &[u8]) -> Reading {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Reading::Blank;
    }
    if line.first() != Some(&b'{') {
        return Reading::Preamble;
    }
    if let Some(short) = quick::read(line) {
        return Reading::Events(Generation::Current, vec![short.event()]);
    }
    read_whole(line)
}

/// Reads an object through a tree of values.
fn read_whole(line: &[u8]) -> Reading {
    // Text that is not UTF-8 is no JSON; it is read all the same, with a sign where the bytes were.
    let parsed = serde_json::from_slice(line)
        .or_else(|_| serde_json::from_str(&String::from_utf8_lossy(line)))
        .ok()
        .filter(Value::is_object);
    let Some(value) = parsed else { return Reading::Preamble };
    known(&value, line).map_or(Reading::Unknown(value), |(generation, events)| Reading::Events(generation, events))
}

fn known(value: &Value, line: &[u8]) -> Option<(Generation, Vec<Event>)> {
    if value.get("payload").is_some() && value.get("timestamp").is_some() {
        return Some((Generation::Session, session::read(value)?));
    }
    if let Some(message) = value.get("msg") {
        return Some((Generation::Envelope, vec![envelope::read(message)?]));
    }
    if value.get("hook_event_name").is_some() {
        return Some((Generation::Hook, hook(value)));
    }
    if value.get("call_id").is_some() && value.get("tool").is_some() {
        return Some((Generation::Model, model(value)));
    }
    if value.get("exchange").is_some() && value.get("asked").is_some() {
        return Some((Generation::Model, vec![Event::Aside { name: "exchange".into() }]));
    }
    if let Some(event) = envelope::header(value) {
        return Some((Generation::Envelope, vec![event]));
    }
    if let Some(event) = current::read(value, line) {
        let early = kind(value) == "session.created" || value.pointer("/item/item_type").is_some();
        return Some((if early { Generation::Early } else { Generation::Current }, vec![event]));
    }
    Some((Generation::Flat, flat::read(value)?))
}

/// What a hook is told. It hears of a call before Codex decides on it.
fn hook(value: &Value) -> Vec<Event> {
    let thread = Event::Thread { id: text(value, "session_id"), parent: None };
    let name = text(value, "hook_event_name");
    let event = match name.as_str() {
        "PreToolUse" => {
            let tool = text(value, "tool_name");
            let asked = Asked::read(&tool, value.get("tool_input").unwrap_or(&Value::Null));
            Event::Called { id: text(value, "tool_use_id"), tool, asked, cwd: maybe(value, "cwd") }
        }
        "UserPromptSubmit" => Event::Prompt { text: text(value, "prompt") },
        _ => Event::Aside { name },
    };
    let mut events = vec![thread, event];
    // The log of our own hook holds its verdict too.
    if let Some(verdict) =
        value.get("palisade").filter(|verdict| verdict.get("denied").is_some_and(|denied| denied == true))
    {
        let why = text(verdict, "why");
        let outcome = Outcome::HookDenied { why: why.lines().next().unwrap_or_default().to_owned() };
        events.push(Event::Answered { id: text(value, "tool_use_id"), outcome, text: why });
    }
    events
}

/// A call with its answer, as a scripted model logs it.
fn model(value: &Value) -> Vec<Event> {
    let (id, tool) = (text(value, "call_id"), text(value, "tool"));
    let asked = Asked::read(&tool, value.get("arguments").unwrap_or(&Value::Null));
    let mut events: Vec<Event> =
        maybe(value, "thread").map(|id| Event::Thread { id, parent: maybe(value, "parent") }).into_iter().collect();
    events.push(Event::Called { id: id.clone(), tool, asked, cwd: None });
    if let Some(output) = value.get("output").filter(|output| !output.is_null()) {
        let text = spoken(output);
        events.push(Event::Answered { id, outcome: Outcome::read(&text), text });
    }
    events
}

/// The text of an output or of a message: a string, or a list of parts with text.
#[must_use]
pub fn spoken(content: &Value) -> String {
    session::answer(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_way_reads_or_nothing() {
        let long = |line: &str| read_whole(line.as_bytes());
        for (line, short) in [
            (
                r#"{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"/bin/bash -lc 'a b'","aggregated_output":"x\ny\u0000","exit_code":-1,"status":"failed"}}"#,
                true,
            ),
            (
                r#"{"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"a 'b","exit_code":null,"status":"in_progress"}}"#,
                true,
            ),
            (
                r#"{"type":"item.completed","item":{"id":"item_1","type":"file_change","changes":[{"path":"/a","kind":"add"}],"status":"completed"}}"#,
                true,
            ),
            (r#"{"type":"item.completed","item":{"id":"item_2","type":"agent_message","text":"\ud83d\ude00"}}"#, true),
            (r#"{"type":"item.updated","item":{"id":"item_2","type":"reasoning","text":"x"}}"#, true),
            (r#"{"type":"item.completed","item":{"id":"a","id":"b","type":"agent_message","text":"x"}}"#, false),
            (
                r#"{"type":"item.completed","item":{"id":"a","type":"agent_message","text":"x"},"msg":{"type":"error"}}"#,
                false,
            ),
            (r#"{"type":"item.completed","item":{"id":"a","item_type":"agent_message","text":"x"}}"#, false),
            (
                r#"{"type":"item.completed","item":{"id":"a","type":"command_execution","command":5,"exit_code":1.5}}"#,
                false,
            ),
            (r#"{"type":"item.completed","item":{"id":"a","type":"new","text":"x"}}"#, false),
            (r#"{"type":"item.lost","item":{"id":"a","type":"agent_message","text":"x"}}"#, false),
        ] {
            assert_eq!(quick::read(line.as_bytes()).is_some(), short, "{line}");
            assert_eq!(read(line.as_bytes()), long(line), "{line}");
        }
    }
}
