//! The conversation that a session file holds, as text to begin another with: what was asked, said and run. Pure.
//!
//! Instructions that Codex gives the model by itself are left out, since it will give them again. The newest is kept where
//! there is too much, and what was asked first.

use std::fmt::Write;

use serde_json::Value;

use super::asked::Asked;
use super::field::{kind, list, text};
use super::outcome::Outcome;
use super::session::answer;

/// How much of the conversation is handed on, in bytes.
pub const LONGEST: usize = 256 << 10;
/// How much of one message or one output, in bytes.
const LONGEST_PART: usize = 16 << 10;

/// One piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Asked(String),
    Said(String),
    Called { id: String, what: String },
    Came { id: String, what: String },
}

/// A conversation being read.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    parts: Vec<Part>,
}

/// A conversation as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The text.
    pub text: String,
    /// How many pieces it tells.
    pub parts: usize,
    /// How many are left out.
    pub left_out: usize,
}

impl Conversation {
    /// Takes a line of the session file in; one that is cut off or not known says nothing.
    pub fn take(&mut self, line: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { return };
        let Some(payload) = value.get("payload") else { return };
        let part = match (kind(&value), kind(payload)) {
            ("event_msg", "user_message") => Part::Asked(text(payload, "message")),
            // As 0.169 keeps it.
            ("event_msg", "item_completed") => match payload.get("item") {
                Some(item) if kind(item) == "UserMessage" => Part::Asked(joined(item)),
                _ => return,
            },
            ("response_item", "message") if text(payload, "role") == "assistant" => Part::Said(joined(payload)),
            ("response_item", "function_call" | "custom_tool_call" | "local_shell_call") => {
                let given = ["arguments", "input", "action"].iter().find_map(|key| payload.get(*key));
                let tool = Some(text(payload, "name")).filter(|name| !name.is_empty());
                let tool = tool.unwrap_or_else(|| "local_shell".into());
                Part::Called { id: text(payload, "call_id"), what: called(&tool, given.unwrap_or(&Value::Null)) }
            }
            ("response_item", "function_call_output" | "custom_tool_call_output") => {
                let what = answer(payload.get("output").unwrap_or(&Value::Null));
                Part::Came { id: text(payload, "call_id"), what }
            }
            _ => return,
        };
        self.parts.push(part);
    }

    /// The conversation as text, at most this long.
    #[must_use]
    pub fn told(&self, longest: usize) -> Told {
        let pieces: Vec<String> = self.parts.iter().map(|part| self.piece(part)).collect();
        let mut room = longest.saturating_sub(pieces.first().map_or(0, String::len));
        let newest = pieces.iter().skip(1).rev().take_while(|piece| {
            let fits = piece.len() <= room;
            room = room.saturating_sub(piece.len());
            fits
        });
        let newest = newest.count();
        let from = pieces.len().saturating_sub(newest);
        let left_out = from.saturating_sub(1);
        let mut out = pieces.first().cloned().unwrap_or_default();
        if left_out > 0 {
            let _ = write!(out, "[{left_out} pieces are left out here]\n\n");
        }
        if from > 0 || newest > 0 {
            out.extend(pieces.into_iter().skip(from.max(1)));
        }
        Told { text: out, parts: self.parts.len() - left_out, left_out }
    }

    fn piece(&self, part: &Part) -> String {
        match part {
            Part::Asked(text) => format!("[the user]\n{}\n\n", short(text)),
            Part::Said(text) => format!("[you]\n{}\n\n", short(text)),
            Part::Called { what, .. } => format!("[you called]\n{}\n\n", short(what)),
            Part::Came { id, what } => {
                let of = self.parts.iter().find_map(|part| match part {
                    Part::Called { id: known, what } if known == id => Some(what.lines().next().unwrap_or_default()),
                    _ => None,
                });
                let of = of.map(|of| format!(" of {}", of.chars().take(80).collect::<String>())).unwrap_or_default();
                format!("[outcome{of}: {}]\n{}\n\n", Outcome::read(what), short(what))
            }
        }
    }
}

/// A prompt that begins with a conversation.
#[must_use]
pub fn before(thread: &str, told: &Told, prompt: &str) -> String {
    format!(
        "This goes on from an earlier conversation (thread {thread}). What it ran has been run and is not to be run again. Here it is:\n\n\
         {}[the earlier conversation ends here]\n\n{prompt}",
        told.text
    )
}

fn called(tool: &str, given: &Value) -> String {
    match Asked::read(tool, given) {
        Asked::Script { script } => format!("$ {script}"),
        Asked::Words { argv } => format!("$ {}", argv.join(" ")),
        Asked::Patch { text } => text,
        Asked::Typed { text } => format!("typed: {text}"),
        Asked::Code { program } => program,
        Asked::Unclear { arguments } | Asked::Other { arguments } => format!("{tool} {arguments}"),
    }
}

fn joined(payload: &Value) -> String {
    list(payload, "content").iter().map(|part| text(part, "text")).collect::<Vec<_>>().join("\n")
}

fn short(text: &str) -> String {
    let text = text.trim_end();
    if text.len() <= LONGEST_PART {
        return text.to_owned();
    }
    let (head, tail) =
        (text.floor_char_boundary(LONGEST_PART / 2), text.ceil_char_boundary(text.len() - LONGEST_PART / 2));
    let kept = (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
    format!("{}\n[{} bytes are left out here]\n{}", kept.0, tail - head, kept.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Conversation {
        let mut conversation = Conversation::default();
        lines.iter().for_each(|line| conversation.take(line.as_bytes()));
        conversation
    }

    const LINES: &[&str] = &[
        r#"{"timestamp":"t","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"INSTRUCTIONS"}]}}"#,
        r#"{"timestamp":"t","type":"event_msg","payload":{"type":"user_message","message":"count the files"}}"#,
        r#"{"timestamp":"t","type":"response_item","payload":{"type":"function_call","name":"exec_command","call_id":"c","arguments":"{\"cmd\":\"ls | wc -l\"}"}}"#,
        r#"{"timestamp":"t","type":"response_item","payload":{"type":"function_call_output","call_id":"c","output":"Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\n7\n"}}"#,
        r#"{"timestamp":"t","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"There are 7."}]}}"#,
        r#"{"timestamp":"t","type":"event_msg","payload":{"type":"item_completed","item":{"type":"UserMessage","content":[{"type":"text","text":"and now?"}]}}}"#,
        "cut off {",
    ];

    #[test]
    fn what_was_asked_said_and_run_is_told_and_instructions_are_not() {
        let told = read(LINES).told(LONGEST);
        for part in ["count the files", "$ ls | wc -l", "exit 0", "There are 7.", "and now?"] {
            assert!(told.text.contains(part), "{part}: {}", told.text);
        }
        assert!(!told.text.contains("INSTRUCTIONS") && told.left_out == 0 && told.parts == 5, "{told:?}");
        let prompt = before("ID", &told, "go on");
        assert!(prompt.ends_with("ends here]\n\ngo on") && prompt.contains("thread ID"), "{prompt}");
    }

    #[test]
    fn the_first_and_the_newest_are_kept_where_there_is_too_much() {
        let told = read(LINES).told(100);
        assert!(told.text.contains("count the files") && told.text.contains("and now?"), "{}", told.text);
        assert!(told.left_out > 0 && told.text.contains("left out here"), "{told:?}");
        assert_eq!(Conversation::default().told(100), Told { text: String::new(), parts: 0, left_out: 0 });
        assert!(short(&"é".repeat(20_000)).len() < LONGEST_PART + 100);
    }
}
