//! What is read of a request that Codex makes of its model. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codex::read::spoken;

/// Headers that may be kept: none that carries a credential.
const KEPT: &[&str] = &[
    "originator",
    "session-id",
    "session_id",
    "thread-id",
    "user-agent",
    "x-codex-parent-thread-id",
    "x-codex-turn-metadata",
    "x-codex-window-id",
    "x-openai-subagent",
];

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The headers that may be kept.
    pub headers: BTreeMap<String, String>,
    /// The body; null where it is no JSON.
    pub body: Value,
}

/// How a version wants a tool to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The namespace that it is in.
    pub namespace: Option<String>,
    /// The names of its arguments.
    pub arguments: Vec<String>,
}

impl Ask {
    /// Reads a request; of the headers only those are kept that say who asks.
    pub fn new<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, body: &[u8]) -> Self {
        let headers = headers
            .filter(|(name, _)| KEPT.contains(name))
            .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        Self { headers, body: serde_json::from_slice(body).unwrap_or(Value::Null) }
    }

    /// The thread that asks.
    #[must_use]
    pub fn thread(&self) -> String {
        let header = |name: &str| self.headers.get(name).cloned();
        let cache_key = || self.body.get("prompt_cache_key").and_then(Value::as_str).map(str::to_owned);
        header("thread-id").or_else(|| header("session_id")).or_else(cache_key).unwrap_or_default()
    }

    /// Whether a sub-agent asks.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.headers.get("x-openai-subagent").is_some_and(|kind| kind.contains("spawn"))
    }

    /// The model that is asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        self.body.get("model").and_then(Value::as_str).unwrap_or_default()
    }

    /// The conversation so far.
    #[must_use]
    pub fn input(&self) -> &[Value] {
        self.body.get("input").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The output of a call, if it has come back.
    #[must_use]
    pub fn output(&self, id: &str) -> Option<&Value> {
        let of = |item: &&Value| {
            item.get("call_id").is_some_and(|call| call == id)
                && item.get("type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("_output"))
        };
        self.input().iter().rev().find(of).and_then(|item| item.get("output"))
    }

    /// All that users have said, on one text: where a sub-agent finds its task.
    #[must_use]
    pub fn said_by_user(&self) -> String {
        let user = |item: &&Value| item.get("role").is_some_and(|role| role == "user" || role == "agent");
        let mut said = String::new();
        for item in self.input().iter().filter(user) {
            said.push_str(&spoken(item.get("content").unwrap_or(&Value::Null)));
            said.push('\n');
        }
        said
    }

    /// How a tool is to be called, where it is offered.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<Tool> {
        let listed = self.body.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let added = self.input().iter().filter_map(|item| item.get("tools").and_then(Value::as_array)).flatten();
        listed.iter().chain(added).find_map(|tool| find(tool, None, name))
    }
}

fn find(tool: &Value, namespace: Option<&str>, name: &str) -> Option<Tool> {
    let named = tool.get("name").and_then(Value::as_str);
    if let Some(inner) = tool.get("tools").and_then(Value::as_array) {
        return inner.iter().find_map(|tool| find(tool, named, name));
    }
    if named != Some(name) {
        return None;
    }
    let properties = tool.pointer("/parameters/properties").and_then(Value::as_object);
    let arguments = properties.map(|members| members.keys().cloned().collect()).unwrap_or_default();
    // Tools that every model has are listed in a namespace of that name and called without it.
    let namespace = namespace.filter(|namespace| *namespace != "functions").map(str::to_owned);
    Some(Tool { namespace, arguments })
}

/// The number of the session that an output says is still running.
#[must_use]
pub fn session(output: &str) -> Option<u64> {
    let at = output.find("Process running with session ID ")?;
    let rest = output.get(at + "Process running with session ID ".len()..)?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}
