//! What the model says in return: the items of an answer, and its events. Pure.

use serde_json::{Map, Value, json};

use super::ask::{Ask, Tool};
use super::script::{Act, Given, Step, TOKENS, Tokens};

/// What is known when an answer is made.
pub struct Scene<'a> {
    /// The request.
    pub ask: &'a Ask,
    /// The session of a running command: of this call, or of the last that still runs.
    pub session: &'a dyn Fn(Option<&str>) -> Option<u64>,
    /// The id of the sub-agent that a call has started.
    pub agent: &'a dyn Fn(&str) -> Option<String>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// `function_call` or `custom_tool_call`.
    pub kind: &'static str,
    /// The tool.
    pub tool: String,
    /// What it was given: JSON text, or text.
    pub arguments: String,
    /// The item of the answer.
    pub item: Value,
}

/// How long a sub-agent is waited for, in milliseconds.
const WAIT: u64 = 120_000;

/// The call that a step makes; nothing where it makes none.
#[must_use]
pub fn call(step: &Step, scene: &Scene<'_>) -> Option<Made> {
    Some(match &step.act {
        Act::Run(script, more) => {
            let mut arguments = Map::new();
            arguments.insert("cmd".into(), json!(script));
            arguments.extend(more.clone());
            function(&step.id, "exec_command", None, &Value::Object(arguments))
        }
        Act::Patch(text) if scene.ask.tool("apply_patch").is_none() && scene.ask.tool("exec").is_some() => {
            let program = format!("text(JSON.stringify(await tools.apply_patch({})));", json!(text));
            custom(&step.id, "exec", &program)
        }
        Act::Patch(text) => custom(&step.id, "apply_patch", text),
        Act::Type(chars, into, more) => {
            let mut arguments = Map::new();
            // Where nothing runs any more Codex says so; that too is an answer to learn from.
            arguments.insert("session_id".into(), json!((scene.session)(into.as_deref()).unwrap_or_default()));
            arguments.insert("chars".into(), json!(chars));
            arguments.extend(more.clone());
            function(&step.id, "write_stdin", None, &Value::Object(arguments))
        }
        Act::Agent(prompt) => {
            let tool = agents(scene.ask, "spawn_agent", &["message"]);
            let mut arguments = json!({ "message": prompt });
            if tool.arguments.iter().any(|name| name == "task_name") {
                arguments["task_name"] = json!(step.id.replace('-', "_").to_lowercase());
            }
            function(&step.id, "spawn_agent", tool.namespace.as_deref(), &arguments)
        }
        Act::Wait(started) => {
            let tool = agents(scene.ask, "wait_agent", &["targets"]);
            let mut arguments = json!({ "timeout_ms": WAIT });
            let agent = (scene.agent)(started).unwrap_or_default();
            for key in ["targets", "ids"] {
                if tool.arguments.iter().any(|name| name == key) {
                    arguments[key] = json!([agent]);
                }
            }
            function(&step.id, "wait_agent", tool.namespace.as_deref(), &arguments)
        }
        Act::Code(program) => custom(&step.id, "exec", program),
        Act::Tool(name, namespace, Given::Arguments(arguments)) => {
            function(&step.id, name, namespace.as_deref(), arguments)
        }
        Act::Tool(name, _, Given::Input(input)) => custom(&step.id, name, input),
        _ => return None,
    })
}

/// How the tools for sub-agents are called: as they are offered, else as the newest version takes them unoffered.
fn agents(ask: &Ask, name: &str, arguments: &[&str]) -> Tool {
    ask.tool(name).unwrap_or_else(|| Tool {
        namespace: Some("multi_agent_v1".into()),
        arguments: arguments.iter().map(|name| (*name).to_owned()).collect(),
    })
}

fn function(id: &str, name: &str, namespace: Option<&str>, arguments: &Value) -> Made {
    // A script may hold arguments that are no object, to see what becomes of them.
    let arguments = arguments.to_string();
    let mut item = json!({ "type": "function_call", "call_id": id, "name": name, "arguments": arguments });
    if let Some(namespace) = namespace {
        item["namespace"] = json!(namespace);
    }
    Made { kind: "function_call", tool: name.to_owned(), arguments, item }
}

fn custom(id: &str, name: &str, input: &str) -> Made {
    let item = json!({ "type": "custom_tool_call", "call_id": id, "name": name, "input": input });
    Made { kind: "custom_tool_call", tool: name.to_owned(), arguments: input.to_owned(), item }
}

/// A message as an item.
#[must_use]
pub fn message(text: &str) -> Value {
    json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": text }] })
}

/// What the model thinks, as an item.
#[must_use]
pub fn thought(text: &str) -> Value {
    json!({ "type": "reasoning", "summary": [{ "type": "summary_text", "text": text }] })
}

/// The events of an answer that holds these items.
#[must_use]
pub fn events(items: Vec<Value>, usage: Option<Tokens>, number: u64) -> Vec<Value> {
    let mut events: Vec<Value> =
        items.into_iter().map(|item| json!({ "type": "response.output_item.done", "item": item })).collect();
    let tokens = usage.unwrap_or(TOKENS);
    let usage = json!({
        "input_tokens": tokens.input, "input_tokens_details": { "cached_tokens": tokens.cached },
        "output_tokens": tokens.output, "output_tokens_details": { "reasoning_tokens": tokens.reasoning },
        "total_tokens": tokens.input.saturating_add(tokens.output)
    });
    let id = format!("resp_{number}");
    events.push(json!({ "type": "response.completed", "response": { "id": id, "usage": usage } }));
    events
}

/// The event of a response that fails.
#[must_use]
pub fn failed(code: &str, number: u64) -> Value {
    let error = json!({ "code": code, "message": format!("the script says: {code}") });
    json!({ "type": "response.failed", "response": { "id": format!("resp_{number}"), "status": "failed", "error": error } })
}

/// Events as a stream writes them.
#[must_use]
pub fn stream(events: &[Value]) -> String {
    let mut text = String::new();
    for event in events {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!("event: {kind}\ndata: {event}\n\n"));
    }
    text
}
