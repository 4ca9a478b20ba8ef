//! A flat stream that other integrations take for Codex's. No real Codex that was tried writes it; it is read because
//! recordings of it exist.

use serde_json::Value;

use super::asked::Asked;
use super::event::{Event, Item, Kind, Phase, Usage};
use super::field::{kind, maybe, text};
use super::outcome::Outcome;

/// The events of one object; nothing, if it is none of this form.
pub(super) fn read(value: &Value) -> Option<Vec<Event>> {
    let id = || maybe(value, "tool_id").unwrap_or_default();
    let mut events = vec![match kind(value) {
        "session" | "session_start" | "init" => Event::Thread { id: text(value, "session_id"), parent: None },
        "message" => {
            let kind = Kind::Message { text: text(value, "text") };
            Event::Item { phase: Phase::Completed, item: Item { id: String::new(), status: None, kind } }
        }
        "tool_use" | "tool_call" => {
            let tool = text(value, "tool_name");
            let asked = Asked::read(&tool, value.get("parameters").unwrap_or(&Value::Null));
            Event::Called { id: id(), tool, asked, cwd: None }
        }
        "tool_result" => {
            let text = text(value, "output");
            Event::Answered { id: id(), outcome: Outcome::read(&text), text }
        }
        "result" | "turn_complete" | "message_stop" => match maybe(value, "status").as_deref() {
            Some("error" | "failed" | "failure") => Event::TurnFailed {
                message: maybe(value, "message").or_else(|| maybe(value, "error")).unwrap_or_else(|| "failed".into()),
            },
            _ => Event::TurnCompleted { usage: None, message: maybe(value, "text") },
        },
        _ => return None,
    }];
    if let Some(used) = value.get("tokens_used") {
        let number = |key| used.get(key).and_then(Value::as_u64).unwrap_or_default();
        let total = Usage { input: number("input"), output: number("output"), ..Usage::default() };
        events.insert(0, Event::Tokens(total));
    }
    Some(events)
}
