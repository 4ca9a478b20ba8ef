//! Puts one question to a real Codex in its room and reads the answer to the end, or as far as is needed.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use policy::requirements::combinations::combination;
use policy::requirements::heard;
use policy::requirements::release::newest;
use policy::requirements::scene::{Client, Scene};
use policy::requirements::shown::Way;
use serde_json::{Value, json};

use super::room::{Codex, room};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a server must say nothing more before it is taken to be done.
const QUIET: Duration = Duration::from_millis(400);

/// What Codex says of its version, asked in a room too: even that may write into its folder.
///
/// # Errors
/// It could not be started, or does not end.
pub(super) fn version(codex: &Codex, bwrap: &Path) -> Result<String, String> {
    let nothing = Scene { documents: Vec::new(), ..combination(0, newest()).scene() };
    let room = room(codex, &nothing)?;
    let mut command = Command::new(bwrap);
    command.args(&room.arguments).arg("--").arg(codex.inside()).arg("--version");
    run(command, &|_| false).map(|(text, _)| text)
}

/// Asks, and gives what was heard.
///
/// # Errors
/// Codex could not be started, or does not answer.
pub(super) fn ask(codex: &Codex, bwrap: &Path, scene: &Scene, way: &Way) -> Result<Value, String> {
    let room = room(codex, scene)?;
    let flags: Vec<&str> = scene.line.words.iter().map(|(word, _)| word.as_str()).collect();
    let mut command = Command::new(bwrap);
    command.args(&room.arguments).arg("--").arg(codex.inside());
    match way {
        Way::Session => command.args(&flags).arg("app-server"),
        Way::Exec | Way::Turn(_) => command.args(["exec", "--skip-git-repo-check"]).args(&flags).arg("hello"),
        Way::Screen => command.args(&flags).args(["debug", "prompt-input", "hello"]),
        Way::Servers => command.args(&flags).args(["mcp", "list", "--json"]),
        Way::Features(_) => command.args(&flags).args(["features", "list"]),
    };
    if *way == Way::Session {
        return session(command, scene);
    }
    let header = |text: &str| heard::plain(text).matches("--------").count() >= 2;
    let never = |_: &str| false;
    let (text, succeeded) = match way {
        Way::Exec | Way::Turn(_) => run(command, &header)?,
        _ => run(command, &never)?,
    };
    Ok(match way {
        Way::Screen => heard::screen(&text, succeeded),
        Way::Servers => heard::servers(&text, succeeded),
        Way::Features(wanted) => heard::features(&text, succeeded, wanted),
        _ => heard::exec(&text),
    })
}

/// A program that was started, killed when it is no longer asked.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(mut command: Command, input: Stdio) -> Result<Running, String> {
    let child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.map(Running).map_err(|error| format!("bubblewrap cannot be started: {error}"))
}

/// What a stream says, piece by piece.
fn pieces(from: Option<impl Read + Send + 'static>, to: std::sync::mpsc::Sender<String>) {
    let Some(mut from) = from else { return };
    std::thread::spawn(move || {
        let mut piece = [0; 16384];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let text = String::from_utf8_lossy(piece.get(..count).unwrap_or_default()).into_owned();
            if to.send(text).is_err() {
                return;
            }
        }
    });
}

/// Runs a program to its end, or until `enough` has been said.
fn run(command: Command, enough: &dyn Fn(&str) -> bool) -> Result<(String, Option<bool>), String> {
    let mut running = started(command, Stdio::null())?;
    let (to, said) = channel();
    pieces(running.0.stdout.take(), to.clone());
    pieces(running.0.stderr.take(), to);
    let until = Instant::now() + PATIENCE;
    let mut text = String::new();
    loop {
        match said.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(piece) => text.push_str(&piece),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => return Err(format!("Codex does not end; it said: {}", last(&text))),
        }
        if enough(&text) {
            return Ok((text, None));
        }
    }
    let status = running.0.wait().map_err(|error| error.to_string())?;
    if text.starts_with("bwrap: ") {
        return Err(format!("the room cannot be made: {}", last(&text)));
    }
    // Bubblewrap passes a signal on as 128 and its number.
    if status.code().is_none_or(|code| code > 128) || (text.trim().is_empty() && !status.success()) {
        return Err(format!("Codex was ended from outside ({status})"));
    }
    Ok((text, Some(status.success())))
}

fn last(text: &str) -> &str {
    text.trim().lines().last().unwrap_or("nothing")
}

fn session(command: Command, scene: &Scene) -> Result<Value, String> {
    let mut running = started(command, Stdio::piped())?;
    let (to, lines) = channel();
    if let Some(out) = running.0.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
    }
    let (to, errors) = channel();
    pieces(running.0.stderr.take(), to);
    let mut said = heard::Session::default();
    let cwd = &scene.machine.cwd;
    send(
        &mut running,
        &json!({ "id": 0, "method": "initialize", "params": {
        "clientInfo": { "name": "palisade", "version": env!("CARGO_PKG_VERSION") },
        "capabilities": { "experimentalApi": true },
    } }),
    );
    let mut answers = Vec::new();
    if collect(&lines, &[0], &mut answers, &mut said.notes, PATIENCE)? {
        send(&mut running, &json!({ "method": "initialized" }));
        send(
            &mut running,
            &json!({ "id": 1, "method": "config/read", "params": { "includeLayers": true, "cwd": cwd } }),
        );
        send(&mut running, &json!({ "id": 2, "method": "configRequirements/read" }));
        send(&mut running, &json!({ "id": 3, "method": "thread/start", "params": start(cwd, scene.client.as_ref()) }));
        if collect(&lines, &[1, 2, 3], &mut answers, &mut said.notes, PATIENCE)? {
            // Warnings may follow the answer.
            let _ = collect(&lines, &[99], &mut answers, &mut said.notes, QUIET);
        }
    }
    drop(running);
    said.errors = errors.iter().collect();
    if said.errors.starts_with("bwrap: ") {
        return Err(format!("the room cannot be made: {}", last(&said.errors)));
    }
    if answers.is_empty() && said.errors.trim().is_empty() {
        return Err("Codex ended without a word".into());
    }
    let mut of = |id: u64| {
        let at = answers.iter().position(|answer: &Value| answer.get("id") == Some(&json!(id)))?;
        Some(answers.swap_remove(at))
    };
    (said.config, said.requirements, said.thread) = (of(1), of(2), of(3));
    Ok(heard::session(&said))
}

/// The parameters of `thread/start`.
fn start(cwd: &str, client: Option<&Client>) -> Value {
    let mut params = json!({ "cwd": cwd, "ephemeral": true });
    let Some(client) = client else { return params };
    for (name, typed) in
        [("approvalPolicy", &client.approval), ("sandbox", &client.sandbox), ("approvalsReviewer", &client.reviewer)]
    {
        if let (Some(typed), Some(params)) = (typed, params.as_object_mut()) {
            params.insert(name.to_owned(), json!(typed.value));
        }
    }
    if let (false, Some(params)) = (client.config.is_empty(), params.as_object_mut()) {
        params.insert("config".to_owned(), json!(client.config));
    }
    params
}

fn send(running: &mut Running, message: &Value) {
    // A server that has ended is seen when its answers are collected.
    if let Some(to) = &mut running.0.stdin {
        let _ = writeln!(to, "{message}").and_then(|()| to.flush());
    }
}

/// Reads until the wanted answers are there; whether they are. A stream that ends is an answer too.
fn collect(
    lines: &Receiver<String>,
    wanted: &[u64],
    answers: &mut Vec<Value>,
    notes: &mut Vec<Value>,
    patience: Duration,
) -> Result<bool, String> {
    let until = Instant::now() + patience;
    let mut missing = wanted.to_vec();
    while !missing.is_empty() {
        let line = match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
            Err(RecvTimeoutError::Timeout) => return Err("Codex does not answer".into()),
        };
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if message.get("method").is_some() {
            notes.push(message);
        } else if let Some(id) = message.get("id").and_then(Value::as_u64) {
            missing.retain(|one| *one != id);
            answers.push(message);
        }
    }
    Ok(true)
}
