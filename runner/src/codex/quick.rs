//! A short way for the lines that a stream consists of: commands, patches and messages of the current generation. Pure.
//!
//! What it reads, `current` reads alike, only through a tree of values, which costs several times as much; a test compares them over
//! all recordings. Whatever is in any way unusual (another key, a key twice, another type) is left to the long way.

use serde::Deserialize;

use super::current::words;
use super::event::{Change, Command, Event, Item, Kind, Phase};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outer<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    item: Inner<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    command: String,
    #[serde(default)]
    aggregated_output: String,
    #[serde(default)]
    exit_code: Option<i64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    changes: Vec<Changed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    path: String,
    kind: String,
}

/// The event of such a line; nothing for any other.
pub(super) fn read(line: &[u8]) -> Option<Event> {
    if !line.starts_with(b"{\"type\":\"item.") {
        return None;
    }
    let Outer { kind, item } = serde_json::from_slice(line).ok()?;
    let phase = match kind {
        "item.started" => Phase::Started,
        "item.updated" => Phase::Updated,
        "item.completed" => Phase::Completed,
        _ => return None,
    };
    let kind = match item.kind {
        "command_execution" => Kind::Command(Command {
            argv: words(&item.command),
            output: item.aggregated_output,
            exit: item.exit_code,
            ..Command::default()
        }),
        "file_change" => Kind::Patch {
            changes: item.changes.into_iter().map(|Changed { path, kind }| Change { path, kind }).collect(),
        },
        "agent_message" => Kind::Message { text: item.text },
        "reasoning" => Kind::Reasoning { text: item.text },
        _ => return None,
    };
    Some(Event::Item { phase, item: Item { id: item.id, status: item.status, kind } })
}
