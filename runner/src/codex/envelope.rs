//! The stream of `codex exec --json` up to 0.42: a header, the prompt, then messages in envelopes, `{"id", "msg"}`.

use serde_json::Value;

use super::event::{Change, Command, Event, Item, Kind, Phase, Settings};
use super::field::{duration, kind, list, maybe, strings, text, usage};

/// The first line, which names the settings, and the second, which holds the prompt. Neither has a type.
pub(super) fn header(value: &Value) -> Option<Event> {
    if value.get("type").is_some() || value.get("msg").is_some() {
        return None;
    }
    if value.get("workdir").is_some() && value.get("sandbox").is_some() {
        return Some(Event::Settings(Settings {
            version: None,
            model: maybe(value, "model"),
            cwd: maybe(value, "workdir"),
            sandbox: maybe(value, "sandbox"),
            approval: maybe(value, "approval"),
        }));
    }
    let alone = value.as_object().is_some_and(|members| members.len() == 1);
    maybe(value, "prompt").filter(|_| alone).map(|text| Event::Prompt { text })
}

/// The event in an envelope; nothing, if its message is not known.
pub(super) fn read(message: &Value) -> Option<Event> {
    let id = || text(message, "call_id");
    let whole = |kind: Kind| {
        let item = Item { id: String::new(), status: None, kind };
        Event::Item { phase: Phase::Completed, item }
    };
    Some(match kind(message) {
        "task_started" => Event::TurnStarted,
        "task_complete" => Event::TurnCompleted { usage: None, message: maybe(message, "last_agent_message") },
        "turn_aborted" => Event::Error {
            message: format!("the turn was aborted: {}", maybe(message, "reason").unwrap_or_else(|| "unknown".into())),
        },
        "session_configured" => Event::Thread { id: text(message, "session_id"), parent: None },
        "agent_message" => whole(Kind::Message { text: text(message, "message") }),
        "agent_reasoning" => whole(Kind::Reasoning { text: text(message, "text") }),
        "exec_command_begin" => {
            let command =
                Command { argv: strings(message, "command"), cwd: maybe(message, "cwd"), ..Command::default() };
            let item = Item { id: id(), status: None, kind: Kind::Command(command) };
            Event::Item { phase: Phase::Started, item }
        }
        "exec_command_output_delta" => Event::Output { id: id(), text: decoded(message) },
        "exec_command_end" => {
            let output = maybe(message, "aggregated_output")
                .unwrap_or_else(|| text(message, "stdout") + &text(message, "stderr"));
            let exit = message.get("exit_code").and_then(Value::as_i64);
            let milliseconds = duration(message, "duration");
            let command = Command { output, exit, milliseconds, ..Command::default() };
            let item = Item { id: id(), status: None, kind: Kind::Command(command) };
            Event::Item { phase: Phase::Completed, item }
        }
        "patch_apply_begin" => {
            let changes = message.get("changes").and_then(Value::as_object);
            let mut changes: Vec<Change> = changes
                .into_iter()
                .flatten()
                .map(|(path, change)| Change {
                    path: path.clone(),
                    kind: change.as_object().and_then(|how| how.keys().next()).cloned().unwrap_or_default(),
                })
                .collect();
            changes.sort();
            let item = Item { id: id(), status: None, kind: Kind::Patch { changes } };
            Event::Item { phase: Phase::Started, item }
        }
        "patch_apply_end" => {
            let success = message.get("success").and_then(Value::as_bool) == Some(true);
            let status = Some(if success { "completed" } else { "failed" }.to_owned());
            let item = Item { id: id(), status, kind: Kind::Patch { changes: Vec::new() } };
            Event::Item { phase: Phase::Completed, item }
        }
        "plan_update" => whole(Kind::Plan {
            steps: list(message, "plan")
                .iter()
                .map(|step| (text(step, "step"), maybe(step, "status").as_deref() == Some("completed")))
                .collect(),
        }),
        "mcp_tool_call_begin" | "mcp_tool_call_end" => {
            let call = message.get("invocation").unwrap_or(message);
            let failure = message.get("result").and_then(|result| maybe(result, "Err"));
            let kind = Kind::Mcp {
                server: text(call, "server"),
                tool: text(call, "tool"),
                arguments: call.get("arguments").cloned().unwrap_or_default(),
                failure,
            };
            let ended = kind_ends(message);
            Event::Item { phase: ended, item: Item { id: id(), status: None, kind } }
        }
        "web_search_end" => whole(Kind::Search { query: text(message, "query") }),
        "token_count" => match usage(message.get("info").and_then(|info| info.get("total_token_usage"))) {
            Some(total) => Event::Tokens(total),
            None => Event::Aside { name: "token_count".into() },
        },
        "error" | "stream_error" => Event::Error { message: text(message, "message") },
        "warning" => whole(Kind::Warning { text: text(message, "message") }),
        name @ ("agent_message_delta"
        | "agent_reasoning_delta"
        | "agent_reasoning_section_break"
        | "turn_diff"
        | "web_search_begin"
        | "user_message"
        | "background_event"
        | "shutdown_complete") => Event::Aside { name: name.into() },
        _ => return None,
    })
}

fn kind_ends(message: &Value) -> Phase {
    if kind(message).ends_with("_end") { Phase::Completed } else { Phase::Started }
}

/// A chunk of output, which is base64; as it came where it is not.
fn decoded(message: &Value) -> String {
    let chunk = text(message, "chunk");
    base64(&chunk).map_or(chunk, |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Base64 (RFC 4648, section 4) with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        held = (held << 6) | u32::from(digit(letter)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_read_and_what_is_none_is_refused() {
        for (text, bytes) in [("aGkK", "hi\n"), ("ZQo=", "e\n"), ("YQ==", "a"), ("YQ", "a"), ("", "")] {
            assert_eq!(super::base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(super::base64("not base64!"), None);
    }
}
