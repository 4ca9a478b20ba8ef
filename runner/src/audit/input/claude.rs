//! Transcripts of Claude Code: calls of tools in messages of the assistant, and their ends in messages of the user.
//!
//! A call is given when its end is read, or when the transcript ends. What a tool writes is judged as the hook judges it, as
//! the command `apply_patch FILE`. A denial is read where Claude Code writes it, at the beginning of an error.

use std::collections::VecDeque;

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count_json, moment, text};
use crate::codex::asked::Asked;

pub(super) const FORMAT: Format = Format {
    name: "claude",
    about: "transcripts of Claude Code",
    keeps: Keeps::Something,
    looks: |head| count_json(head, is_line),
    parser: || Box::new(Claude::default()),
};

fn is_line(value: &Value) -> bool {
    value.get("type").is_some()
        && value.get("payload").is_none()
        && (value.get("sessionId").is_some()
            || value.get("leafUuid").is_some()
            || text(value, "type") == Some("file-history-snapshot"))
}

/// How many calls are open at once at most; the oldest is given without an end.
const OPEN: usize = 1024;

/// Tools that write the file they name.
const WRITERS: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// How a call that was denied ends.
const DENIED: &[&str] = &[
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "Permission to use ",
    "This command requires approval",
    "PreToolUse:",
    "Claude requested permissions to ",
];

#[derive(Default, Deserialize, Serialize)]
struct Claude {
    open: VecDeque<(String, Entry)>,
}

impl Claude {
    fn called(&mut self, part: &Value, line: &Value, out: &mut Out) {
        let (tool, input) = (text(part, "name").unwrap_or_default(), part.get("input").unwrap_or(&Value::Null));
        let what = match Asked::read(tool, input) {
            Asked::Script { script } => What::Script { text: script, shell: Shell::Bash },
            Asked::Words { argv } => What::Argv { words: argv, program: None, certain: Vec::new() },
            Asked::Unclear { .. } => What::Unknown { why: "a call that is not understood".into() },
            _ if WRITERS.contains(&tool) => {
                let file = ["file_path", "notebook_path"].iter().find_map(|key| text(input, key));
                let words = ["apply_patch"].into_iter().chain(file).map(str::to_owned).collect();
                What::Argv { words, program: None, certain: Vec::new() }
            }
            _ => return,
        };
        let id = text(part, "id").unwrap_or_default().to_owned();
        self.open.push_back((id, Entry { what, ..about(line) }));
        if self.open.len() > OPEN {
            out.entries.extend(self.open.pop_front().map(|(_, entry)| entry));
        }
    }

    fn ended(&mut self, part: &Value, out: &mut Out) {
        let id = text(part, "tool_use_id").unwrap_or_default();
        let Some(at) = self.open.iter().position(|(open, _)| open == id) else { return };
        let Some((_, mut entry)) = self.open.remove(at) else { return };
        let failed = part.get("is_error").and_then(Value::as_bool) == Some(true);
        let said = match part.get("content") {
            Some(Value::String(said)) => said.as_str(),
            Some(Value::Array(parts)) => parts.iter().find_map(|part| text(part, "text")).unwrap_or_default(),
            _ => "",
        };
        let said = said.trim_start().trim_start_matches("Error: ");
        let denied = failed && DENIED.iter().any(|begin| said.starts_with(begin));
        entry.recorded = if denied { Recorded::Refused } else { Recorded::Ran };
        out.entries.push(entry);
    }
}

/// What a line says of every call in it.
fn about(line: &Value) -> Entry {
    Entry {
        what: What::Unknown { why: String::new() },
        cwd: text(line, "cwd").map(str::to_owned),
        session: text(line, "sessionId").map(str::to_owned),
        time: line.get("timestamp").and_then(moment::of),
        recorded: Recorded::Unsaid,
    }
}

impl Parser for Claude {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let line = line.trim_ascii();
        if line.is_empty() {
            out.asides += 1;
            return;
        }
        let value: Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(error) => return out.malformed(number, format!("no JSON: {error}"), line),
        };
        if !is_line(&value) {
            return out.malformed(number, "no line of a transcript of Claude Code", line);
        }
        let before = (out.entries.len(), self.open.len());
        match value.pointer("/message/content") {
            Some(Value::Array(parts)) => {
                for part in parts {
                    match text(part, "type") {
                        Some("tool_use") => self.called(part, &value, out),
                        Some("tool_result") => self.ended(part, out),
                        _ => {}
                    }
                }
            }
            // What a person typed after an exclamation mark.
            Some(Value::String(said)) => {
                let typed = said.split_once("<bash-input>").and_then(|(_, rest)| rest.split_once("</bash-input>"));
                if let Some((typed, _)) = typed {
                    let what = What::Script { text: typed.to_owned(), shell: Shell::Bash };
                    out.entries.push(Entry { what, recorded: Recorded::Ran, ..about(&value) });
                }
            }
            _ => {}
        }
        out.asides += u64::from(before == (out.entries.len(), self.open.len()));
    }

    fn end(&mut self, out: &mut Out) {
        out.entries.extend(self.open.drain(..).map(|(_, entry)| entry));
    }

    fn save(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, kept: &Value) -> Option<()> {
        *self = Self::deserialize(kept).ok()?;
        Some(())
    }
}
