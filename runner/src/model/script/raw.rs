//! The tables of a script as they are written, and every way in which they can be wrong.

use std::collections::{BTreeMap, BTreeSet};

use policy::diagnostic::Diagnostic;
use policy::source::{SourceId, Span};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use super::{Act, Given, ModelKind, Script, Step, Tokens};
use crate::model::expect::{CLASSES, Expect};

/// How long the model thinks before an answer: Codex loses items of commands that are answered at once. In milliseconds.
const PAUSE: u64 = 250;
/// No pause is longer, in milliseconds.
const LONGEST_PAUSE: u64 = 600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawScript {
    prompt: Option<String>,
    rules: Option<String>,
    last: Option<String>,
    #[serde(default)]
    code_mode: bool,
    pause_ms: Option<Spanned<u64>>,
    #[serde(default)]
    files: BTreeMap<Spanned<String>, String>,
    trust: Option<Spanned<String>>,
    #[serde(default)]
    call: Vec<Spanned<RawCall>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCall {
    id: Option<Spanned<String>>,
    about: Option<String>,
    thread: Option<Spanned<String>>,
    #[serde(default)]
    beside: bool,
    pause_ms: Option<Spanned<u64>>,
    usage: Option<Tokens>,
    thinks: Option<String>,
    expect: Option<Spanned<Expect>>,
    run: Option<String>,
    workdir: Option<String>,
    tty: Option<bool>,
    yield_ms: Option<u64>,
    escalate: Option<String>,
    patch: Option<String>,
    r#type: Option<String>,
    into: Option<Spanned<String>>,
    agent: Option<String>,
    wait: Option<bool>,
    wait_for: Option<Spanned<String>>,
    code: Option<String>,
    tool: Option<String>,
    namespace: Option<String>,
    arguments: Option<toml::Table>,
    input: Option<String>,
    say: Option<String>,
    status: Option<Spanned<u16>>,
    fail: Option<String>,
    events: Option<Vec<toml::Table>>,
    #[serde(default)]
    cut: bool,
    #[serde(default)]
    silent: bool,
}

/// Reads a script.
pub(super) fn read(text: &str, source: SourceId) -> Result<Script, Vec<Diagnostic>> {
    let raw: RawScript = toml::from_str(text).map_err(|error| vec![syntax(&error, source, text)])?;
    let mut found = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut reader = Reader { source, ids: BTreeSet::new(), runs: BTreeSet::new(), agents: BTreeSet::new() };
    for (at, raw) in raw.call.into_iter().enumerate() {
        let span = span(source, raw.span());
        match reader.step(at, raw.into_inner(), span, steps.last()) {
            Ok(more) => steps.extend(more),
            Err(wrong) => found.push(wrong),
        }
    }
    let pause = raw.pause_ms.map(|pause| milliseconds(&pause, source)).transpose();
    let pause = pause.unwrap_or_else(|wrong| {
        found.push(wrong);
        None
    });
    for name in raw.files.keys() {
        let path = std::path::Path::new(name.get_ref());
        if path.as_os_str().is_empty() || !path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
        {
            let message = format!("`{}` is no file of a workspace", name.get_ref());
            let wrong = Diagnostic::error("script-file", message).at(span(source, name.span()), "");
            found.push(wrong.help("a path within it, without `..`"));
        }
    }
    if let Some(trust) =
        raw.trust.as_ref().filter(|trust| !["trusted", "untrusted"].contains(&trust.get_ref().as_str()))
    {
        let wrong = Diagnostic::error("script-trust", format!("`{}` is no trust", trust.get_ref()));
        found.push(wrong.at(span(source, trust.span()), "").help("`trusted` or `untrusted`"));
    }
    if !found.is_empty() {
        return Err(found);
    }
    Ok(Script {
        files: raw.files.into_iter().map(|(name, text)| (name.into_inner(), text)).collect(),
        trust: raw.trust.map(Spanned::into_inner),
        prompt: raw.prompt,
        rules: raw.rules,
        last: raw.last.unwrap_or_else(|| "finished".into()),
        kind: if raw.code_mode { ModelKind::CodeMode } else { ModelKind::Tools },
        pause: pause.unwrap_or(PAUSE),
        steps,
    })
}

struct Reader {
    source: SourceId,
    /// The ids so far, those of commands, and those of sub-agents.
    ids: BTreeSet<String>,
    runs: BTreeSet<String>,
    agents: BTreeSet<String>,
}

impl Reader {
    fn step(
        &mut self,
        at: usize,
        mut raw: RawCall,
        whole: Span,
        before: Option<&Step>,
    ) -> Result<Vec<Step>, Diagnostic> {
        let source = self.source;
        let wrong =
            |message: String, at: Span, help: &str| Diagnostic::error("script-call", message).at(at, "").help(help);
        let (id, id_at) = match raw.id.take() {
            Some(id) => (id.get_ref().clone(), span(source, id.span())),
            None => (format!("call-{}", at + 1), whole),
        };
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if id.is_empty() || id.len() > 60 || !id.chars().all(fits) {
            let help =
                "1 to 60 letters, digits, `-` or `_`: Codex hands it to hooks and to the environment of commands";
            return Err(wrong(format!("`{id}` cannot be the id of a call"), id_at, help));
        }
        if !self.ids.insert(id.clone()) {
            return Err(wrong(format!("the id `{id}` is given twice"), id_at, "every call has an id of its own"));
        }
        let thread = match raw.thread.take() {
            Some(thread) if !self.agents.contains(thread.get_ref()) => {
                let at = span(source, thread.span());
                let help = "a thread is the id of a call with `agent` further up";
                return Err(wrong(format!("there is no sub-agent `{}`", thread.get_ref()), at, help));
            }
            thread => thread.map(Spanned::into_inner),
        };
        let expect = raw.expect.take().map(|expect| {
            let at = span(source, expect.span());
            match expect.get_ref().unknown_classes().first() {
                Some(word) => Err(wrong(
                    format!("`{word}` is no class of outcomes"),
                    at,
                    &format!("known: {}", CLASSES.join(", ")),
                )),
                None => Ok(expect.into_inner()),
            }
        });
        let expect = expect.transpose()?.unwrap_or_default();
        let pause = raw.pause_ms.take().map(|pause| milliseconds(&pause, source)).transpose()?;
        let (beside, waits) = (raw.beside, raw.wait.unwrap_or(true));
        if beside
            && before.is_none_or(|before| {
                before.thread != thread || !(before.act.is_call() || matches!(before.act, Act::Say(_)))
            })
        {
            let help = "it belongs to the answer of the call before it, of the same thread";
            return Err(wrong("`beside` stands where no call is before".into(), whole, help));
        }
        let usage = raw.usage;
        let (about, thinks) = (raw.about.take(), raw.thinks.take());
        let act = self.act(raw, whole)?;
        if beside && !(act.is_call() || matches!(act, Act::Say(_))) {
            return Err(wrong("only a call can stand `beside` another".into(), whole, "leave `beside` out"));
        }
        let mut steps = Vec::new();
        match &act {
            Act::Run(..) => drop(self.runs.insert(id.clone())),
            Act::Agent(_) => {
                self.agents.insert(id.clone());
                if waits {
                    let wait = format!("{id}-wait");
                    self.ids.insert(wait.clone());
                    let act = Act::Wait(id.clone());
                    steps.push(Step { id: wait, thread: thread.clone(), act, ..Step::default() });
                }
            }
            _ => {}
        }
        steps.insert(0, Step { id, about, thread, beside, pause, usage, thinks, expect, act });
        Ok(steps)
    }

    fn act(&self, raw: RawCall, whole: Span) -> Result<Act, Diagnostic> {
        let wrong =
            |message: String, at: Span, help: &str| Diagnostic::error("script-call", message).at(at, "").help(help);
        let kinds = [
            ("run", raw.run.is_some()),
            ("patch", raw.patch.is_some()),
            ("type", raw.r#type.is_some()),
            ("agent", raw.agent.is_some()),
            ("wait-for", raw.wait_for.is_some()),
            ("code", raw.code.is_some()),
            ("tool", raw.tool.is_some()),
            ("say", raw.say.is_some()),
            ("status", raw.status.is_some()),
            ("fail", raw.fail.is_some()),
            ("events", raw.events.is_some()),
            ("cut", raw.cut),
            ("silent", raw.silent),
        ];
        let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(kind, _)| *kind).collect();
        let [kind] = given.as_slice() else {
            let all: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
            let message = if given.is_empty() {
                "a call says not what it does".into()
            } else {
                format!("a call does one thing and not {}", given.join(" and "))
            };
            return Err(wrong(message, whole, &format!("give one of: {}", all.join(", "))));
        };
        // What would be passed over in silence is refused.
        for (key, is, of) in [
            ("workdir", raw.workdir.is_some(), &["run"][..]),
            ("tty", raw.tty.is_some(), &["run"]),
            ("escalate", raw.escalate.is_some(), &["run"]),
            ("yield-ms", raw.yield_ms.is_some(), &["run", "type"]),
            ("into", raw.into.is_some(), &["type"]),
            ("wait", raw.wait.is_some(), &["agent"]),
            ("namespace", raw.namespace.is_some(), &["tool"]),
            ("arguments", raw.arguments.is_some(), &["tool"]),
            ("input", raw.input.is_some(), &["tool"]),
        ] {
            if is && !of.contains(kind) {
                return Err(wrong(
                    format!("`{key}` means nothing beside `{kind}`"),
                    whole,
                    &format!("it goes with `{}`", of.join("` or `")),
                ));
            }
        }
        let mut more = Map::new();
        if let Some(workdir) = raw.workdir {
            more.insert("workdir".into(), json!(workdir));
        }
        if let Some(tty) = raw.tty {
            more.insert("tty".into(), json!(tty));
        }
        if let Some(yields) = raw.yield_ms {
            more.insert("yield_time_ms".into(), json!(yields));
        }
        if let Some(why) = raw.escalate {
            more.insert("sandbox_permissions".into(), json!("require_escalated"));
            more.insert("justification".into(), json!(why));
        }
        if let Some(script) = raw.run {
            return Ok(Act::Run(script, more));
        }
        if let Some(text) = raw.r#type {
            if let Some(into) = &raw.into
                && !self.runs.contains(into.get_ref())
            {
                let message = format!("there is no command `{}` to type into", into.get_ref());
                return Err(wrong(
                    message,
                    span(self.source, into.span()),
                    "name the id of a call with `run` further up",
                ));
            }
            return Ok(Act::Type(text, raw.into.map(Spanned::into_inner), more));
        }
        if let Some(agent) = raw.wait_for {
            if !self.agents.contains(agent.get_ref()) {
                let message = format!("there is no sub-agent `{}` to wait for", agent.get_ref());
                return Err(wrong(
                    message,
                    span(self.source, agent.span()),
                    "name the id of a call with `agent` further up",
                ));
            }
            return Ok(Act::Wait(agent.into_inner()));
        }
        if let Some(name) = raw.tool {
            let given = match (raw.arguments, raw.input) {
                (Some(_), Some(_)) => {
                    let help = "`arguments` are a function's, `input` is a custom tool's";
                    return Err(wrong("both `arguments` and `input` are given".into(), whole, help));
                }
                (_, Some(input)) => Given::Input(input),
                (arguments, None) => Given::Arguments(json(toml::Value::Table(arguments.unwrap_or_default()))),
            };
            return Ok(Act::Tool(name, raw.namespace, given));
        }
        if let Some(status) = raw.status {
            let at = span(self.source, status.span());
            if !(400..=599).contains(status.get_ref()) {
                let message = format!("{} is no HTTP status of a failure", status.get_ref());
                return Err(wrong(message, at, "statuses are 400 to 599; what succeeds is a call or `say`"));
            }
            return Ok(Act::Status(status.into_inner()));
        }
        if let Some(events) = raw.events {
            let events: Vec<Value> = events.into_iter().map(|event| json(toml::Value::Table(event))).collect();
            if events.iter().any(|event| !event.get("type").is_some_and(Value::is_string)) {
                return Err(wrong("an event has no `type`".into(), whole, "every event is a table with a `type`"));
            }
            return Ok(Act::Events(events));
        }
        Ok(match (raw.patch, raw.agent, raw.code, raw.say, raw.fail) {
            (Some(patch), ..) => Act::Patch(patch),
            (_, Some(prompt), ..) => Act::Agent(prompt),
            (_, _, Some(program), ..) => Act::Code(program),
            (_, _, _, Some(text), _) => Act::Say(text),
            (_, _, _, _, Some(code)) => Act::Fail(code),
            _ if raw.cut => Act::Cut,
            _ => Act::Silent,
        })
    }
}

fn milliseconds(pause: &Spanned<u64>, source: SourceId) -> Result<u64, Diagnostic> {
    if *pause.get_ref() > LONGEST_PAUSE {
        let message = format!("a pause of {} ms is too long", pause.get_ref());
        return Err(Diagnostic::error("script-call", message)
            .at(span(source, pause.span()), "")
            .help(format!("at most {LONGEST_PAUSE}; a model that never answers is `silent = true`")));
    }
    Ok(*pause.get_ref())
}

/// A value of TOML as JSON; a date is its text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(json).collect()),
        toml::Value::Table(members) => Value::Object(members.into_iter().map(|(key, one)| (key, json(one))).collect()),
    }
}

fn span(source: SourceId, range: std::ops::Range<usize>) -> Span {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: byte(range.start), end: byte(range.end) }
}

fn syntax(error: &toml::de::Error, source: SourceId, text: &str) -> Diagnostic {
    let message = error.message().trim();
    let at = span(source, error.span().unwrap_or(0..text.len().min(1)));
    match message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        Some((key, known)) => {
            let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            Diagnostic::error("script-unknown-key", format!("unknown key `{key}`; what it asks for would not happen"))
                .at(at, "")
                .help(format!("known keys here: {}", names.join(", ")))
        }
        None => Diagnostic::error("script-syntax", message)
            .at(at, "")
            .help("a script is TOML: `prompt`, `rules`, and a `[[call]]` for each thing the model does"),
    }
}
