//! What the model says, as data: one call a table, read from TOML, and written again. Pure.
//!
//! A step is one call or another thing that the model does with a request. Each is an answer of its own unless it stands `beside`
//! the one before; the steps of a sub-agent name its call as their `thread`.

mod raw;
mod write;

use policy::source::{Source, Sources};
use serde::Serialize;
use serde_json::Value;

use super::expect::Expect;
use crate::refused::Refused;
pub use write::write;

/// A script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// What Codex is asked.
    pub prompt: Option<String>,
    /// Rules that Codex is given.
    pub rules: Option<String>,
    /// What the model says when nothing is left to do.
    pub last: String,
    /// Whether the model has code mode as its only tool.
    pub kind: ModelKind,
    /// How long the model thinks before an answer, in milliseconds.
    pub pause: u64,
    /// Files that are laid in the workspace before.
    pub files: std::collections::BTreeMap<String, String>,
    /// Whether the workspace is marked as `trusted` or `untrusted`.
    pub trust: Option<String>,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// Which of the two scripted models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelKind {
    /// It calls tools.
    #[default]
    Tools,
    /// Its only tool is a program that calls tools.
    CodeMode,
}

impl ModelKind {
    /// The name under which Codex knows it.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Tools => "palisade-scripted",
            Self::CodeMode => "palisade-scripted-code",
        }
    }
}

/// One thing that the model does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The id of the call.
    pub id: String,
    /// What it shows, in words.
    pub about: Option<String>,
    /// The call that started the sub-agent whose step this is.
    pub thread: Option<String>,
    /// Whether it belongs to the answer of the step before.
    pub beside: bool,
    /// Instead of the script's pause, in milliseconds.
    pub pause: Option<u64>,
    /// What the answer is said to have cost.
    pub usage: Option<Tokens>,
    /// What the model says that it thinks, before.
    pub thinks: Option<String>,
    /// What should come out.
    pub expect: Expect,
    /// What it is.
    pub act: Act,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Shell text for `exec_command`, with further arguments of that tool.
    Run(String, serde_json::Map<String, Value>),
    /// A patch.
    Patch(String),
    /// Text for a running command: of this call, or of the last that still runs.
    Type(String, Option<String>, serde_json::Map<String, Value>),
    /// A sub-agent that is told this.
    Agent(String),
    /// Waiting for the sub-agent of this call.
    Wait(String),
    /// A program of the code mode.
    Code(String),
    /// Any tool: its name, its namespace, and what it is given.
    Tool(String, Option<String>, Given),
    /// The model says something, which ends the turn where nothing is called beside it.
    Say(String),
    /// It answers with this HTTP status.
    Status(u16),
    /// The response fails with this code.
    Fail(String),
    /// These events, as they are.
    Events(Vec<Value>),
    /// It begins to answer and drops the connection.
    Cut,
    /// It answers nothing and keeps the connection.
    Silent,
}

impl Default for Act {
    fn default() -> Self {
        Self::Say(String::new())
    }
}

/// What a tool is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A function's arguments.
    Arguments(Value),
    /// A custom tool's text.
    Input(String),
}

/// Tokens of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tokens {
    /// All of the input.
    pub input: u64,
    /// What of it was cached.
    #[serde(default)]
    pub cached: u64,
    /// All of the output.
    pub output: u64,
    /// What of it was reasoning.
    #[serde(default)]
    pub reasoning: u64,
}

/// What an answer is said to have cost where the script does not say.
pub const TOKENS: Tokens = Tokens { input: 1000, cached: 400, output: 20, reasoning: 5 };

impl Act {
    /// Whether it is a call, which is answered with an output.
    #[must_use]
    pub const fn is_call(&self) -> bool {
        matches!(
            self,
            Self::Run(..)
                | Self::Patch(_)
                | Self::Type(..)
                | Self::Agent(_)
                | Self::Wait(_)
                | Self::Code(_)
                | Self::Tool(..)
        )
    }

    /// Its text on one line, for people.
    #[must_use]
    pub fn line(&self) -> String {
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        match self {
            Self::Run(script, _) => first(script),
            Self::Patch(text) => {
                let files: Vec<&str> = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("*** ").and_then(|line| line.split_once(" File: ")))
                    .map(|(_, file)| file)
                    .collect();
                format!("patch {}", files.join(" "))
            }
            Self::Type(text, ..) => format!("type {:?}", text),
            Self::Agent(text) => format!("agent {}", first(text)),
            Self::Wait(_) => "wait".into(),
            Self::Code(program) => format!("code {}", first(program)),
            Self::Tool(name, ..) => name.clone(),
            Self::Say(text) => first(text),
            Self::Status(status) => format!("status {status}"),
            Self::Fail(code) => format!("fail {code}"),
            Self::Events(_) => "events".into(),
            Self::Cut => "cut".into(),
            Self::Silent => "silent".into(),
        }
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// All that is wrong with it, with places.
    pub fn parse(name: &str, text: &str) -> Result<Self, Refused> {
        let mut sources = Sources::default();
        let id = sources.add(Source { name: name.to_owned(), text: text.to_owned() });
        raw::read(text, id).map_err(|found| Refused { found, sources })
    }

    /// The answers of a thread, in order: the run's own, or those of the sub-agent of this call.
    #[must_use]
    pub fn answers(&self, thread: Option<&str>) -> Vec<Vec<Step>> {
        let mut answers: Vec<Vec<Step>> = Vec::new();
        for step in self.steps.iter().filter(|step| step.thread.as_deref() == thread) {
            match answers.last_mut() {
                Some(answer) if step.beside => answer.push(step.clone()),
                _ => answers.push(vec![step.clone()]),
            }
        }
        answers
    }
}
