//! Session files (`CODEX_HOME/sessions/**/rollout-*.jsonl`): every call of a thread with its answer, and the settings in
//! effect. Up to 0.125 they hold no event of an execution; what became of a command is in the text of its answer.

use serde_json::Value;

use super::asked::Asked;
use super::event::{Change, Command, Event, Item, Kind, Phase, Settings};
use super::field::{duration, kind, list, maybe, strings, text};
use super::outcome::Outcome;
use super::{envelope, field};

/// The events of one line; nothing, if its type is not known.
pub(super) fn read(value: &Value) -> Option<Vec<Event>> {
    let payload = value.get("payload")?;
    Some(match kind(value) {
        "session_meta" => {
            let parent = payload
                .pointer("/source/subagent/thread_spawn/parent_thread_id")
                .or_else(|| payload.get("parent_thread_id"))
                .and_then(Value::as_str)
                .map(str::to_owned);
            let settings =
                Settings { version: maybe(payload, "cli_version"), cwd: maybe(payload, "cwd"), ..Settings::default() };
            vec![Event::Thread { id: text(payload, "id"), parent }, Event::Settings(settings)]
        }
        "turn_context" => vec![Event::Settings(Settings {
            version: None,
            model: maybe(payload, "model"),
            cwd: maybe(payload, "cwd"),
            sandbox: payload
                .get("sandbox_policy")
                .and_then(|policy| maybe(policy, "type"))
                .or_else(|| payload.get("permission_profile").and_then(|profile| maybe(profile, "type"))),
            approval: maybe(payload, "approval_policy"),
        })],
        "response_item" => vec![response(payload)?],
        "event_msg" if kind(payload) == "item_completed" => item(payload.get("item")?).into_iter().collect(),
        // What the model said is in `response_item` too.
        "event_msg" if matches!(kind(payload), "agent_message" | "agent_reasoning" | "user_message") => {
            vec![Event::Aside { name: kind(payload).to_owned() }]
        }
        "event_msg" if kind(payload) == "thread_settings_applied" => {
            vec![Event::Aside { name: "thread_settings_applied".into() }]
        }
        "event_msg" => vec![envelope::read(payload)?],
        // At once, while the total comes when the calls of the answer have come back.
        "token_usage_record" => vec![match field::usage(payload.get("usage")) {
            Some(usage) => Event::TokensOfAnswer(usage),
            None => Event::Aside { name: "token_usage_record".into() },
        }],
        name @ ("world_state" | "compacted" | "ghost_snapshot") => {
            vec![Event::Aside { name: name.to_owned() }]
        }
        _ => return None,
    })
}

/// A piece of the conversation with the model.
fn response(payload: &Value) -> Option<Event> {
    let id = || text(payload, "call_id");
    let whole = |kind: Kind| Event::Item {
        phase: Phase::Completed,
        item: Item { id: text(payload, "id"), status: None, kind },
    };
    Some(match kind(payload) {
        "function_call" | "custom_tool_call" => {
            let tool = text(payload, "name");
            let given = payload.get("arguments").or_else(|| payload.get("input")).unwrap_or(&Value::Null);
            Event::Called { id: id(), asked: Asked::read(&tool, given), tool, cwd: None }
        }
        "local_shell_call" => {
            let given = payload.get("action").unwrap_or(&Value::Null);
            let tool = "local_shell".to_owned();
            Event::Called { id: id(), asked: Asked::read(&tool, given), tool, cwd: None }
        }
        "function_call_output" | "custom_tool_call_output" => {
            let text = answer(payload.get("output").unwrap_or(&Value::Null));
            Event::Answered { id: id(), outcome: Outcome::read(&text), text }
        }
        "message" => match maybe(payload, "role").as_deref() {
            Some("assistant") => whole(Kind::Message { text: joined(payload, "content") }),
            // The first messages of a thread are instructions, so none of them is said to be the prompt.
            _ => Event::Aside { name: "message".into() },
        },
        "reasoning" => whole(Kind::Reasoning { text: joined(payload, "summary") }),
        name @ ("web_search_call" | "additional_tools" | "tool_search_call" | "tool_search_output" | "compaction"
        | "ghost_snapshot") => Event::Aside { name: name.to_owned() },
        _ => return None,
    })
}

/// The text of an answer: a string, an object that has one, or a list of texts.
pub(super) fn answer(output: &Value) -> String {
    match output {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| text(part, "text")).collect(),
        Value::Object(_) => maybe(output, "content").unwrap_or_else(|| output.to_string()),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn joined(payload: &Value, key: &str) -> String {
    list(payload, key).iter().map(|part| text(part, "text")).collect::<Vec<_>>().join("\n")
}

/// An item as 0.169 keeps it: an execution under the id of its call, or under one of its own inside the code mode.
fn item(item: &Value) -> Option<Event> {
    let kind = match field::kind(item) {
        "CommandExecution" => Kind::Command(Command {
            argv: strings(item, "command"),
            output: text(item, "aggregated_output"),
            exit: item.get("exit_code").and_then(Value::as_i64),
            cwd: maybe(item, "cwd").map(|cwd| cwd.strip_prefix("file://").map_or(cwd.clone(), str::to_owned)),
            milliseconds: duration(item, "duration"),
        }),
        "FileChange" => {
            let changes = item.get("changes").and_then(Value::as_object);
            let mut changes: Vec<Change> = changes
                .into_iter()
                .flatten()
                .map(|(path, change)| Change { path: path.clone(), kind: field::kind(change).to_owned() })
                .collect();
            changes.sort();
            Kind::Patch { changes }
        }
        name @ ("AgentMessage"
        | "UserMessage"
        | "Reasoning"
        | "McpToolCall"
        | "WebSearch"
        | "CollabAgentToolCall"
        | "Plan"
        | "ImageView") => return Some(Event::Aside { name: name.to_owned() }),
        _ => Kind::Other { raw: item.clone() },
    };
    let item = Item { id: text(item, "id"), status: maybe(item, "status"), kind };
    Some(Event::Item { phase: Phase::Completed, item })
}
