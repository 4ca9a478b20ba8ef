//! The current stream (`codex exec --json` since 0.44) and the one before it (`--experimental-json` up to 0.42), which
//! differs in the name of the first event and of two keys.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::event::{Change, Command, Event, Item, Kind, Phase};
use super::field::{kind, list, maybe, strings, text, usage};
use super::quick::words;

/// The events of one object; nothing, if it is none of this generation. `line` is the text it was read from.
pub(super) fn read(value: &Value, line: &[u8]) -> Option<Event> {
    let message = |value: &Value| text(value, "message");
    Some(match kind(value) {
        "thread.started" => Event::Thread { id: text(value, "thread_id"), parent: None },
        "session.created" => Event::Thread { id: text(value, "session_id"), parent: None },
        "turn.started" => Event::TurnStarted,
        "turn.completed" => Event::TurnCompleted { usage: usage(value.get("usage")), message: None },
        "turn.failed" => Event::TurnFailed { message: message(value.get("error")?) },
        "error" => Event::Error { message: message(value) },
        "item.started" => Event::Item { phase: Phase::Started, item: item(value.get("item")?, line) },
        "item.updated" => Event::Item { phase: Phase::Updated, item: item(value.get("item")?, line) },
        "item.completed" => Event::Item { phase: Phase::Completed, item: item(value.get("item")?, line) },
        _ => return None,
    })
}

fn item(value: &Value, line: &[u8]) -> Item {
    let name = maybe(value, "type").or_else(|| maybe(value, "item_type")).unwrap_or_default();
    let mut id = text(value, "id");
    let kind = match name.as_str() {
        "command_execution" => Kind::Command(Command {
            argv: words(&text(value, "command")),
            output: text(value, "aggregated_output"),
            exit: value.get("exit_code").and_then(Value::as_i64),
            ..Command::default()
        }),
        "file_change" => Kind::Patch {
            changes: list(value, "changes")
                .iter()
                .map(|change| Change { path: text(change, "path"), kind: text(change, "kind") })
                .collect(),
        },
        "agent_message" | "assistant_message" => Kind::Message { text: text(value, "text") },
        "reasoning" => Kind::Reasoning { text: text(value, "text") },
        "todo_list" => Kind::Plan {
            steps: list(value, "items")
                .iter()
                .map(|step| (text(step, "text"), step.get("completed").and_then(Value::as_bool) == Some(true)))
                .collect(),
        },
        "web_search" => {
            // Its object has the key `id` twice; the item's is the first, and a map keeps the last.
            if let Ok(Outer { item: FirstId(Some(first)) }) = serde_json::from_slice(line) {
                id = first;
            }
            Kind::Search { query: text(value, "query") }
        }
        "mcp_tool_call" => Kind::Mcp {
            server: text(value, "server"),
            tool: text(value, "tool"),
            arguments: value.get("arguments").cloned().unwrap_or_default(),
            failure: value.get("error").and_then(|error| maybe(error, "message")),
        },
        "collab_tool_call" => Kind::Agents {
            tool: text(value, "tool"),
            receivers: strings(value, "receiver_thread_ids"),
            prompt: maybe(value, "prompt"),
        },
        "error" => Kind::Warning { text: text(value, "message") },
        _ => Kind::Other { raw: value.clone() },
    };
    Item { id, status: maybe(value, "status"), kind }
}

#[derive(Deserialize)]
struct Outer {
    item: FirstId,
}

/// The first of the members called `id`.
struct FirstId(Option<String>);

impl<'de> Deserialize<'de> for FirstId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = FirstId;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FirstId, A::Error> {
                let mut first = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key == "id" && first.is_none() {
                        first = map.next_value::<Value>()?.as_str().map(str::to_owned);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(FirstId(first))
            }
        }
        from.deserialize_map(Members)
    }
}
