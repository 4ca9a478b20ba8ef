//! A model for the real Codex: it answers on loopback what a test says, turn by turn. No account, no key, no other connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// What the model does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// It calls tools: each with its id and its script.
    Calls(Vec<(&'static str, &'static str)>),
    /// It says something, which ends the turn.
    Says(&'static str),
    /// It refuses with this status.
    Status(u16),
    /// It says nothing and keeps the connection.
    Silent,
}

/// A home for Codex that knows only this model. It lies outside of the temporary directory, where Codex' sandbox would not work.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new(turns: Vec<Turn>) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for (asked, stream) in listener.incoming().flatten().enumerate() {
                let turn = turns.get(asked).cloned().unwrap_or(Turn::Says("the script is over"));
                std::thread::spawn(move || answer(stream, asked, &turn));
            }
        });
        let home = Self { folder };
        std::fs::create_dir_all(home.path()).expect("a home");
        let config = format!(
            "model = \"palisade-scripted\"\nmodel_provider = \"scripted\"\ncheck_for_update_on_startup = false\n\
             [model_providers.scripted]\nname = \"scripted\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             request_max_retries = 0\nstream_max_retries = 0\n\
             [analytics]\nenabled = false\n[features]\nplugins = false\napps = false\n"
        );
        std::fs::write(home.path().join("config.toml"), config).expect("config.toml");
        home
    }

    /// CODEX_HOME.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("codex-home")
    }

    /// The workspace, with git.
    pub(crate) fn workspace(&self) -> PathBuf {
        let workspace = self.folder.path().join("workspace");
        if !workspace.exists() {
            std::fs::create_dir_all(&workspace).expect("a workspace");
            let status = std::process::Command::new("git").args(["init", "-q"]).arg(&workspace).status();
            assert!(status.expect("git").success());
        }
        workspace
    }

    /// Also for HOME: login files of whoever runs the tests are none of theirs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn answer(stream: TcpStream, asked: usize, turn: &Turn) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    // Items of a command whose answer comes at once may be lost by Codex.
    std::thread::sleep(Duration::from_millis(300));
    let items: Vec<Value> = match turn {
        Turn::Silent => {
            std::thread::sleep(Duration::from_secs(60));
            return;
        }
        Turn::Status(status) => {
            let said = format!("HTTP/1.1 {status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            let _ = (&stream).write_all(said.as_bytes());
            return;
        }
        Turn::Says(text) => vec![json!({
            "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": text }]
        })],
        Turn::Calls(calls) => calls
            .iter()
            .map(|(id, script)| {
                let arguments = json!({ "cmd": script }).to_string();
                json!({ "type": "function_call", "call_id": id, "name": "exec_command", "arguments": arguments })
            })
            .collect(),
    };
    let mut events: Vec<Value> =
        items.into_iter().map(|item| json!({ "type": "response.output_item.done", "item": item })).collect();
    let usage = json!({
        "input_tokens": 1000, "input_tokens_details": { "cached_tokens": 400 },
        "output_tokens": 20, "output_tokens_details": { "reasoning_tokens": 5 }, "total_tokens": 1020
    });
    events.push(json!({ "type": "response.completed", "response": { "id": format!("resp_{asked}"), "usage": usage } }));
    let mut said = String::from("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for event in events {
        said.push_str(&format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()));
    }
    let _ = (&stream).write_all(said.as_bytes());
}
