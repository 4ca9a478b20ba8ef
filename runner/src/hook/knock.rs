//! A model on loopback that asks an agent for one command and listens to what becomes of it: whether a hook is called, only
//! the agent itself can show.
//!
//! It speaks as much of the Responses API (Codex) and of the Messages API (Claude Code) as that takes. The command does nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// The beginning of the command; a number follows that nobody can guess.
const COMMAND: &str = ": palisade-hook-status-";
/// The id of the one call.
const CALL: &str = "palisade_hook_status";
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// No request is larger, in bytes.
const LARGEST: usize = 64 << 20;

/// A model that has been asked nothing yet.
#[derive(Debug)]
pub struct Knock {
    port: u16,
    /// What the agent said of the command, each time it said it.
    told: Arc<Mutex<Vec<String>>>,
    /// The number in the command.
    number: String,
}

impl Knock {
    /// Begins to listen.
    ///
    /// # Errors
    /// The error of the socket.
    pub fn open(number: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (to, command) = (Arc::clone(&told), format!("{COMMAND}{number}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (to, command) = (Arc::clone(&to), command.clone());
                std::thread::spawn(move || {
                    // An agent that goes away in the middle has said what it said.
                    let _ = serve(&stream, &to, &command);
                });
            }
        });
        Ok(Self { port, told, number: number.to_owned() })
    }

    /// Where it listens, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the agent told of the command: nothing when it never got that far.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// What the hook says when it denies this command.
    #[must_use]
    pub fn denial(&self) -> String {
        denial(&self.number)
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> String {
        format!("{COMMAND}{}", self.number)
    }
}

/// The number in a script, if it is the command of a [`Knock`] and nothing else.
#[must_use]
pub fn number(script: &str) -> Option<&str> {
    let number = script.strip_prefix(COMMAND)?;
    (number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(number)
}

/// What the hook says when it denies it.
#[must_use]
pub fn denial(number: &str) -> String {
    format!("denied: palisade's hook is here ({number})")
}

fn serve(stream: &TcpStream, told: &Mutex<Vec<String>>, command: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(LARGEST as u64));
    let (mut length, mut line, mut first) = (0, String::new(), None);
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        first.get_or_insert_with(|| line.clone());
        line.clear();
    }
    let mut body = vec![0; length.min(LARGEST)];
    reader.read_exact(&mut body)?;
    let first = first.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = answer_in(&asked);
    let over = answer.is_some();
    if let Some(answer) = answer {
        told.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }
    let events = match path {
        path if path.ends_with("/responses") => responses(command, over),
        // A request that offers no shell is about a title or the like.
        path if path.ends_with("/messages") => messages(command, over || !offers(&asked, "Bash")),
        _ => return (&*stream).write_all(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    };
    // Codex loses events of a command whose answer comes at once.
    std::thread::sleep(Duration::from_millis(200));
    let body: String = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()))
        .collect();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Length:";
    (&*stream).write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes())
}

fn offers(asked: &Value, tool: &str) -> bool {
    asked.get("tools").and_then(Value::as_array).is_some_and(|tools| tools.iter().any(|known| known["name"] == tool))
}

/// What a request says of our call, wherever in it.
fn answer_in(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => {
            let ours = ["call_id", "tool_use_id"].iter().any(|key| members.get(*key).is_some_and(|id| id == CALL));
            let text = members.get("output").or_else(|| members.get("content")).map(text_in);
            text.filter(|_| ours).or_else(|| members.values().find_map(answer_in))
        }
        Value::Array(items) => items.iter().find_map(answer_in),
        _ => None,
    }
}

fn text_in(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_in).collect(),
        Value::Object(members) => {
            members.get("text").or_else(|| members.get("content")).map(text_in).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// As Codex wants it.
fn responses(command: &str, over: bool) -> Vec<Value> {
    let item = if over {
        json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "done" }] })
    } else {
        let arguments = json!({ "cmd": command }).to_string();
        json!({ "type": "function_call", "call_id": CALL, "name": "exec_command", "arguments": arguments })
    };
    vec![
        json!({ "type": "response.output_item.done", "item": item }),
        json!({ "type": "response.completed", "response": { "id": "response" } }),
    ]
}

/// As Claude Code wants it.
fn messages(command: &str, over: bool) -> Vec<Value> {
    let (block, delta, reason) = if over {
        (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": "done" }), "end_turn")
    } else {
        let input = json!({ "command": command, "description": "asks whether the hook is there" }).to_string();
        (
            json!({ "type": "tool_use", "id": CALL, "name": "Bash", "input": {} }),
            json!({ "type": "input_json_delta", "partial_json": input }),
            "tool_use",
        )
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
    vec![
        json!({ "type": "message_start", "message": { "id": "message", "type": "message", "role": "assistant",
            "model": "palisade", "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
            "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_command_itself_is_known_by_its_number() {
        assert_eq!(number(": palisade-hook-status-0123456789abcdef"), Some("0123456789abcdef"));
        for other in ["", ": palisade-hook-status-", ": palisade-hook-status-0123456789abcde;", "git push"] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn what_became_of_the_call_is_found_in_both_shapes() {
        let codex = json!({ "input": [{ "type": "function_call_output", "call_id": CALL, "output": "a" }] });
        let claude = json!({ "messages": [{ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": CALL, "content": [{ "type": "text", "text": "b" }] }] }] });
        assert_eq!(answer_in(&codex).as_deref(), Some("a"));
        assert_eq!(answer_in(&claude).as_deref(), Some("b"));
        assert_eq!(answer_in(&json!({ "input": [{ "call_id": "other", "output": "a" }] })), None);
    }
}
