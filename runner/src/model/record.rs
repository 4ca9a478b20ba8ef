//! Making a script of what passes between Codex and a real model. Whatever is written has its secrets masked.
//!
//! One conversation is recorded, with its sub-agents. An answer becomes calls when it has ended, and what came back becomes
//! what is expected; the script is written anew after each, whole, so that what is there can always be replayed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::answer::Made;
use super::ask::{self, Ask};
use super::expect::{Words, class};
use super::play::{Log, Told, line};
use super::script::{Act, Given, ModelKind, Script, Step, Tokens, write};
use crate::codex::outcome::Outcome;
use crate::codex::read::spoken;
use crate::secrets::{mask, mask_value};

/// How many reasons why a server could not be asked are told.
const MOST_REASONS: usize = 5;

/// What is heard of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// It is a failure.
    Status(u16),
    /// More of its stream.
    Bytes(&'a [u8]),
    /// Its stream has ended.
    End,
}

/// The recorder.
pub struct Recorder {
    script: Script,
    path: PathBuf,
    log: Option<Log>,
    /// Known secrets.
    known: Vec<String>,
    root: Option<String>,
    /// The call that started each sub-agent, by its thread.
    agents: BTreeMap<String, String>,
    /// Other conversations.
    others: BTreeSet<String>,
    calls: Vec<Told>,
    /// The step of each call, by the id that the model gave it.
    names: BTreeMap<String, String>,
    open: BTreeMap<u64, Open>,
    exchanges: u64,
    failed: Option<String>,
    /// Why the server could not be asked, each reason once.
    unasked: BTreeSet<String>,
}

/// An answer that is being heard.
struct Open {
    thread: String,
    kept: Vec<u8>,
    items: Vec<Value>,
    usage: Option<Tokens>,
    ended: Ended,
}

#[derive(PartialEq)]
enum Ended {
    No,
    Completed,
    Failed(String),
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Recorder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Writes the script to this file.
    #[must_use]
    pub fn new(path: &Path, log: Option<Log>) -> Self {
        Self {
            script: Script { last: "finished".into(), pause: 250, ..Script::default() },
            path: path.to_owned(),
            log,
            known: Vec::new(),
            root: None,
            agents: BTreeMap::new(),
            others: BTreeSet::new(),
            calls: Vec::new(),
            names: BTreeMap::new(),
            open: BTreeMap::new(),
            exchanges: 0,
            failed: None,
            unasked: BTreeSet::new(),
        }
    }

    /// Learns what is secret.
    pub fn secrets(&mut self, secrets: impl Iterator<Item = String>) {
        for secret in secrets {
            if !self.known.contains(&secret) {
                self.known.push(secret);
            }
        }
    }

    /// Takes a request; gives the number under which its answer is heard.
    pub fn asked(&mut self, ask: &Ask) -> u64 {
        self.exchanges += 1;
        let thread = ask.thread();
        self.place(&thread, ask);
        self.came_back(&thread, ask);
        let open = Open { thread, kept: Vec::new(), items: Vec::new(), usage: None, ended: Ended::No };
        self.open.insert(self.exchanges, open);
        self.exchanges
    }

    /// The server could not be asked.
    pub fn unasked(&mut self, why: String) {
        if self.unasked.len() < MOST_REASONS {
            self.unasked.insert(why);
        }
    }

    fn place(&mut self, thread: &str, ask: &Ask) {
        if self.root.as_deref() == Some(thread) || self.agents.contains_key(thread) {
            return;
        }
        if ask.is_agent() {
            let said = ask.said_by_user();
            let free =
                |step: &&Step| matches!(step.act, Act::Agent(_)) && !self.agents.values().any(|id| *id == step.id);
            let given = |step: &&Step| matches!(&step.act, Act::Agent(task) if said.contains(task.as_str()));
            let mut all = self.script.steps.iter().filter(free);
            let first = all.clone().next();
            if let Some(step) = all.find(given).or(first) {
                self.agents.insert(thread.to_owned(), step.id.clone());
                return;
            }
        } else if self.root.is_none() {
            self.root = Some(thread.to_owned());
            let user = ask.input().iter().rev().find(|item| item.get("role").is_some_and(|role| role == "user"));
            self.script.prompt = user.map(|item| spoken(item.get("content").unwrap_or(&Value::Null)));
            if ask.tool("exec_command").is_none() && ask.tool("exec").is_some() {
                self.script.kind = ModelKind::CodeMode;
            }
            return;
        }
        self.others.insert(thread.to_owned());
    }

    fn came_back(&mut self, thread: &str, ask: &Ask) {
        for told in self.calls.iter_mut().filter(|told| told.thread == thread && told.output.is_none()) {
            let Some(output) = ask.output(&told.id) else { continue };
            let text = spoken(output);
            told.outcome = Outcome::read(&text);
            told.output = Some(mask_value(output, &self.known));
            let name = self.names.get(&told.id);
            if let Some(step) = self.script.steps.iter_mut().find(|step| Some(&step.id) == name) {
                step.expect.outcome = Some(Words(vec![class(&told.outcome)]));
                step.expect.exit = told.outcome.exit();
                // Text is typed into the command whose session this is.
                if let Some(session) = ask::session(&text) {
                    told.made.item = serde_json::json!({ "session": session });
                }
            }
            if let Some(log) = &mut self.log {
                log.line(&mask_value(&line(told), &self.known));
            }
        }
    }

    /// Takes more of an answer.
    pub fn heard(&mut self, number: u64, heard: Heard<'_>) {
        let Some(open) = self.open.get_mut(&number) else { return };
        match heard {
            Heard::Bytes(bytes) => open.take(bytes),
            Heard::Status(status) => {
                let thread = open.thread.clone();
                self.open.remove(&number);
                self.push(&thread, vec![Step { act: Act::Status(status.clamp(400, 599)), ..Step::default() }]);
            }
            Heard::End => {
                let Some(open) = self.open.remove(&number) else { return };
                let mut steps = match &open.ended {
                    Ended::Failed(code) => vec![Step { act: Act::Fail(code.clone()), ..Step::default() }],
                    Ended::No if open.items.is_empty() => vec![Step { act: Act::Cut, ..Step::default() }],
                    _ => self.steps(&open.items),
                };
                if let Some(first) = steps.first_mut() {
                    first.usage = open.usage;
                }
                self.push(&open.thread, steps);
            }
        }
    }

    /// The steps of an answer.
    fn steps(&self, items: &[Value]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut thinks: Option<String> = None;
        for item in items {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
            let act = match text("type") {
                "message" => Act::Say(spoken(item.get("content").unwrap_or(&Value::Null))),
                "reasoning" => {
                    let summary = spoken(item.get("summary").unwrap_or(&Value::Null));
                    thinks = Some(summary).filter(|summary| !summary.is_empty()).or(thinks);
                    continue;
                }
                "function_call" => self.function(text("name"), item.get("namespace"), text("arguments")),
                "custom_tool_call" => match text("name") {
                    "apply_patch" => Act::Patch(text("input").to_owned()),
                    "exec" => Act::Code(text("input").to_owned()),
                    name => Act::Tool(name.to_owned(), None, Given::Input(text("input").to_owned())),
                },
                // What Codex does not answer: a search that the server has done, say.
                _ => continue,
            };
            let beside = !steps.is_empty();
            steps.push(Step { id: text("call_id").to_owned(), beside, thinks: thinks.take(), act, ..Step::default() });
        }
        steps
    }

    fn function(&self, name: &str, namespace: Option<&Value>, arguments: &str) -> Act {
        let namespace = namespace.and_then(Value::as_str).map(str::to_owned);
        let Ok(Value::Object(mut given)) = serde_json::from_str::<Value>(arguments) else {
            return Act::Tool(name.to_owned(), namespace, Given::Arguments(Value::String(arguments.to_owned())));
        };
        let other = |given: Map<String, Value>| {
            Act::Tool(name.to_owned(), namespace.clone(), Given::Arguments(Value::Object(given)))
        };
        let plain = |given: &Map<String, Value>, known: &[&str]| given.keys().all(|key| known.contains(&key.as_str()));
        let text = |given: &mut Map<String, Value>, key: &str| match given.remove(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let is_text = |given: &Map<String, Value>, key: &str| given.get(key).is_some_and(Value::is_string);
        match name {
            "exec_command" if is_text(&given, "cmd") => {
                let escalates = given.get("sandbox_permissions").is_some_and(|value| value == "require_escalated");
                let known: &[&str] = if escalates {
                    &["cmd", "workdir", "tty", "yield_time_ms", "sandbox_permissions", "justification"]
                } else {
                    &["cmd", "workdir", "tty", "yield_time_ms"]
                };
                let whole = !escalates || is_text(&given, "justification");
                if whole && plain(&given, known) { Act::Run(text(&mut given, "cmd"), given) } else { other(given) }
            }
            "write_stdin" if is_text(&given, "chars") && plain(&given, &["chars", "session_id", "yield_time_ms"]) => {
                let session = given.remove("session_id");
                let of = self.calls.iter().rev().find(|told| told.made.item.get("session") == session.as_ref());
                Act::Type(text(&mut given, "chars"), of.and_then(|told| self.names.get(&told.id).cloned()), given)
            }
            "spawn_agent" if is_text(&given, "message") => Act::Agent(text(&mut given, "message")),
            "wait_agent" => {
                // Which sub-agent it is, is another number in each run.
                let named =
                    ["targets", "ids"].iter().find_map(|key| given.get(*key)).map(Value::to_string).unwrap_or_default();
                let by_output = self.calls.iter().rev().filter(|told| told.made.tool == "spawn_agent").find(|told| {
                    let output = told.output.as_ref().map(spoken).unwrap_or_default();
                    let id = serde_json::from_str::<Value>(&output).ok();
                    let id = id.as_ref().and_then(|value| value.get("agent_id").and_then(Value::as_str));
                    named.is_empty() || id.is_some_and(|id| named.contains(id))
                });
                by_output
                    .and_then(|told| self.names.get(&told.id))
                    .map_or_else(|| other(given), |id| Act::Wait(id.clone()))
            }
            _ => other(given),
        }
    }

    /// Takes the steps of an answer into the script, and writes it.
    fn push(&mut self, thread: &str, steps: Vec<Step>) {
        if self.others.contains(thread) {
            return;
        }
        let agent = self.agents.get(thread).cloned();
        for mut step in steps {
            let call_id = std::mem::take(&mut step.id);
            step.thread = agent.clone();
            step.id = self.free(&call_id);
            if step.act.is_call() {
                let (kind, tool, arguments) = described(&step.act);
                self.names.insert(call_id.clone(), step.id.clone());
                self.calls.push(Told {
                    // The id under which Codex gives the output back.
                    id: call_id.clone(),
                    thread: thread.to_owned(),
                    parent: agent.as_ref().and(self.root.clone()),
                    made: Made { kind, tool, arguments, item: Value::Null },
                    output: None,
                    outcome: Outcome::Unknown,
                    failures: Vec::new(),
                });
            }
            self.script.steps.push(step);
        }
        self.save();
    }

    /// An id that can be one, and that no other step has.
    fn free(&self, wanted: &str) -> String {
        let fits = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-' || *letter == '_';
        let plain: String = wanted.chars().filter(fits).take(50).collect();
        let plain = if plain.is_empty() { format!("step-{}", self.script.steps.len() + 1) } else { plain };
        let taken = |id: &str| self.script.steps.iter().any(|step| step.id == id);
        if !taken(&plain) {
            return plain;
        }
        (2..).map(|number| format!("{plain}-{number}")).find(|id| !taken(id)).unwrap_or(plain)
    }

    /// Writes the script, whole or not at all.
    fn save(&mut self) {
        let text = write(&masked(&self.script, &self.known));
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = self.path.with_file_name(name);
        let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &self.path));
        if let Err(error) = written {
            self.failed.get_or_insert(format!("`{}` cannot be written: {error}", self.path.display()));
        }
    }

    /// Ends the recording: how many calls it has, what of it could not be kept, and how many other conversations there were.
    #[must_use]
    pub fn finish(&mut self) -> (usize, Vec<String>) {
        self.save();
        let mut problems: Vec<String> = self.failed.take().into_iter().collect();
        if let Some(broken) = self.log.as_ref().and_then(Log::broken) {
            problems.push(format!("the log ended too early: {broken}"));
        }
        problems.extend(std::mem::take(&mut self.unasked));
        if !self.others.is_empty() {
            problems.push(format!("{} other conversations passed and were not recorded", self.others.len()));
        }
        (self.script.steps.len(), problems)
    }
}

/// The script without secrets.
fn masked(script: &Script, known: &[String]) -> Script {
    let clean = |text: &str| mask(text, known).into_owned();
    let members = |more: &Map<String, Value>| match mask_value(&Value::Object(more.clone()), known) {
        Value::Object(more) => more,
        _ => Map::new(),
    };
    let step = |step: &Step| {
        let act = match &step.act {
            Act::Run(script, more) => Act::Run(clean(script), members(more)),
            Act::Patch(text) => Act::Patch(clean(text)),
            Act::Type(text, into, more) => Act::Type(clean(text), into.clone(), members(more)),
            Act::Agent(text) => Act::Agent(clean(text)),
            Act::Code(text) => Act::Code(clean(text)),
            Act::Say(text) => Act::Say(clean(text)),
            Act::Tool(name, namespace, Given::Input(text)) => {
                Act::Tool(name.clone(), namespace.clone(), Given::Input(clean(text)))
            }
            Act::Tool(name, namespace, Given::Arguments(arguments)) => {
                Act::Tool(name.clone(), namespace.clone(), Given::Arguments(mask_value(arguments, known)))
            }
            other => other.clone(),
        };
        Step { thinks: step.thinks.as_deref().map(clean), act, ..step.clone() }
    };
    Script {
        prompt: script.prompt.as_deref().map(clean),
        last: clean(&script.last),
        steps: script.steps.iter().map(step).collect(),
        ..script.clone()
    }
}

/// A call as the log has it.
fn described(act: &Act) -> (&'static str, String, String) {
    let with = |key: &str, text: &str, more: &Map<String, Value>| {
        let mut arguments = Map::from_iter([(key.to_owned(), Value::from(text))]);
        arguments.extend(more.clone());
        Value::Object(arguments).to_string()
    };
    let none = Map::new();
    match act {
        Act::Run(script, more) => ("function_call", "exec_command".into(), with("cmd", script, more)),
        Act::Type(chars, _, more) => ("function_call", "write_stdin".into(), with("chars", chars, more)),
        Act::Patch(text) => ("custom_tool_call", "apply_patch".into(), text.clone()),
        Act::Code(text) => ("custom_tool_call", "exec".into(), text.clone()),
        Act::Agent(task) => ("function_call", "spawn_agent".into(), with("message", task, &none)),
        Act::Tool(name, _, Given::Input(text)) => ("custom_tool_call", name.clone(), text.clone()),
        Act::Tool(name, _, Given::Arguments(arguments)) => ("function_call", name.clone(), arguments.to_string()),
        _ => ("function_call", "wait_agent".into(), "{}".into()),
    }
}

impl Open {
    /// Takes more of a stream of events in; an event ends at an empty line.
    fn take(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        while let Some(at) = self.kept.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.kept.drain(..=at).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(data) = line.trim_end().strip_prefix("data:") {
                self.event(&serde_json::from_str(data.trim()).unwrap_or(Value::Null));
            }
        }
    }

    fn event(&mut self, event: &Value) {
        match event.get("type").and_then(Value::as_str) {
            Some("response.output_item.done") => self.items.extend(event.get("item").cloned()),
            Some("response.completed") => {
                self.ended = Ended::Completed;
                let usage = event.pointer("/response/usage").filter(|usage| usage.is_object());
                let number = |usage: &Value, at: &str| usage.pointer(at).and_then(Value::as_u64).unwrap_or_default();
                self.usage = usage.map(|usage| Tokens {
                    input: number(usage, "/input_tokens"),
                    cached: number(usage, "/input_tokens_details/cached_tokens"),
                    output: number(usage, "/output_tokens"),
                    reasoning: number(usage, "/output_tokens_details/reasoning_tokens"),
                });
            }
            Some("response.failed") => {
                let code = event.pointer("/response/error/code").and_then(Value::as_str).unwrap_or("server_error");
                self.ended = Ended::Failed(code.to_owned());
            }
            _ => {}
        }
    }
}
