//! What a run of Codex says, in one vocabulary, whichever generation of its stream, or which of its other traces, said it.
//!
//! Plain data. A word that Codex uses and palisade does not know is kept as it came and never dropped. The readers are in
//! `current`, `envelope`, `flat` and `session`; `account` adds up what they give.

use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;
use super::outcome::Outcome;

/// Where a fact about a run was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trace {
    /// The stream of `codex exec --json`, any generation.
    Events,
    /// A session file below `CODEX_HOME/sessions`.
    Session,
    /// What a hook was told.
    Hook,
    /// The log of a scripted model: each tool call with what came back.
    Model,
    /// The record of the guard: each program that was about to run.
    Guard,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The thread that the run belongs to.
    Thread {
        /// Its id.
        id: String,
        /// The thread that started it, for a sub-agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
    },
    /// The settings in effect.
    Settings(Settings),
    /// What was asked of the model.
    Prompt {
        /// The words.
        text: String,
    },
    /// A turn has begun.
    TurnStarted,
    /// An item of the stream began, changed or ended.
    Item {
        /// Which of the three.
        phase: Phase,
        /// The item as it is now.
        item: Item,
    },
    /// More output of a running item.
    Output {
        /// The item.
        id: String,
        /// The text.
        text: String,
    },
    /// The model called a tool.
    Called {
        /// The id of the call.
        id: String,
        /// The tool, as the model named it.
        tool: String,
        /// What it asked for.
        asked: Asked,
        /// Where it would run, if said.
        #[serde(skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
    },
    /// What the model was told of a call.
    Answered {
        /// The id of the call.
        id: String,
        /// What that says of its end.
        outcome: Outcome,
        /// The text.
        text: String,
    },
    /// Tokens of the whole thread up to here.
    Tokens(Usage),
    /// Tokens of one answer of the model, which later totals of its thread include.
    TokensOfAnswer(Usage),
    /// The turn has ended as it should.
    TurnCompleted {
        /// Tokens of the whole thread, where the generation says so here.
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// The last message, where the generation says so here.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The turn has failed.
    TurnFailed {
        /// Why.
        message: String,
    },
    /// Something went wrong; by itself this ends nothing (a retry announces itself so).
    Error {
        /// What.
        message: String,
    },
    /// Bookkeeping that says nothing of what was done.
    Aside {
        /// Its name.
        name: String,
    },
    /// An object that no generation knows, as it came.
    Unknown {
        /// The object.
        raw: Value,
    },
}

/// What a run was set to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// The version of Codex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The sandbox, in Codex's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The approval policy, in Codex's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// Where in its life an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It has begun.
    Started,
    /// It has changed.
    Updated,
    /// It has ended.
    Completed,
}

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// Its id: unique in one process of Codex, and counted anew in the next.
    pub id: String,
    /// Codex's word for its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// A command.
    Command(Command),
    /// Files that a patch changes.
    Patch {
        /// Each file, with `add`, `update` or `delete`.
        changes: Vec<Change>,
    },
    /// The model to the user.
    Message {
        /// The words.
        text: String,
    },
    /// The model to itself.
    Reasoning {
        /// The words.
        text: String,
    },
    /// A list of steps.
    Plan {
        /// The steps, each with whether it is done.
        steps: Vec<(String, bool)>,
    },
    /// A search of the web.
    Search {
        /// What for.
        query: String,
    },
    /// A call of a tool that an MCP server offers.
    Mcp {
        /// The server.
        server: String,
        /// The tool.
        tool: String,
        /// What it was given.
        arguments: Value,
        /// Why it failed, if it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// Something asked of a sub-agent.
    Agents {
        /// What: `spawn_agent`, `wait`, …
        tool: String,
        /// The threads it was asked of.
        receivers: Vec<String>,
        /// The prompt, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
    },
    /// A warning; not a failure.
    Warning {
        /// The words.
        text: String,
    },
    /// An item of a type that is not known, as it came.
    Other {
        /// The item.
        raw: Value,
    },
}

/// A command as an item tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The words that were executed: mostly a shell, `-lc` and a script.
    pub argv: Vec<String>,
    /// Both streams as they arrived.
    pub output: String,
    /// The exit status as Codex says it; −1 also stands for a refusal or a signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i64>,
    /// Where it ran, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// How long it ran, in milliseconds, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// A file that a patch changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The file, absolute in the stream.
    pub path: String,
    /// `add`, `update` or `delete`.
    pub kind: String,
}

/// Tokens of a thread since it began, resumed runs included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// All that was sent, cached ones included.
    pub input: u64,
    /// Of `input`, what the provider had cached; never more than `input`.
    pub cached: u64,
    /// Written to the provider's cache, beside `input`; 0 before 0.145.
    pub cache_write: u64,
    /// All that came back, reasoning included.
    pub output: u64,
    /// Of `output`, what was reasoning; 0 before 0.125.
    pub reasoning: u64,
}

impl Usage {
    /// The larger of each, since every report is a total.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cached: self.cached.max(other.cached),
            cache_write: self.cache_write.max(other.cache_write),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
        }
    }

    /// Both together, of two threads.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }

    /// What came on top of an earlier total of the same thread.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            cached: self.cached.saturating_sub(earlier.cached),
            cache_write: self.cache_write.saturating_sub(earlier.cache_write),
            output: self.output.saturating_sub(earlier.output),
            reasoning: self.reasoning.saturating_sub(earlier.reasoning),
        }
    }
}
