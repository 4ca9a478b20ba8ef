//! A script as TOML again, for the recorder: what is read back is what was written.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Act, Given, ModelKind, Script, Step};

/// The script as text.
#[must_use]
pub fn write(script: &Script) -> String {
    let mut out = String::new();
    if let Some(prompt) = &script.prompt {
        put(&mut out, "prompt", &text(prompt));
    }
    if let Some(rules) = &script.rules {
        put(&mut out, "rules", &text(rules));
    }
    put(&mut out, "last", &text(&script.last));
    if script.kind == ModelKind::CodeMode {
        put(&mut out, "code-mode", "true");
    }
    put(&mut out, "pause-ms", &script.pause.to_string());
    if let Some(trust) = &script.trust {
        put(&mut out, "trust", &text(trust));
    }
    if !script.files.is_empty() {
        out.push_str("\n[files]\n");
        for (name, content) in &script.files {
            put(&mut out, &basic(name), &text(content));
        }
    }
    for step in &script.steps {
        call(&mut out, step);
    }
    out
}

fn put(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}");
}

fn call(out: &mut String, step: &Step) {
    out.push_str("\n[[call]]\n");
    put(out, "id", &text(&step.id));
    for (key, value) in [("about", &step.about), ("thread", &step.thread), ("thinks", &step.thinks)] {
        if let Some(value) = value {
            put(out, key, &text(value));
        }
    }
    if step.beside {
        put(out, "beside", "true");
    }
    if let Some(pause) = step.pause {
        put(out, "pause-ms", &pause.to_string());
    }
    match &step.act {
        Act::Run(script, more) => {
            put(out, "run", &text(script));
            options(out, more);
        }
        Act::Patch(patch) => put(out, "patch", &text(patch)),
        Act::Type(chars, into, more) => {
            put(out, "type", &text(chars));
            if let Some(into) = into {
                put(out, "into", &text(into));
            }
            options(out, more);
        }
        Act::Agent(prompt) => {
            put(out, "agent", &text(prompt));
            // What waits for it is a call of its own here.
            put(out, "wait", "false");
        }
        Act::Wait(agent) => put(out, "wait-for", &text(agent)),
        Act::Code(program) => put(out, "code", &text(program)),
        Act::Tool(name, namespace, given) => {
            put(out, "tool", &text(name));
            if let Some(namespace) = namespace {
                put(out, "namespace", &text(namespace));
            }
            match given {
                Given::Input(input) => put(out, "input", &text(input)),
                Given::Arguments(arguments) => put(out, "arguments", &inline(arguments)),
            }
        }
        Act::Say(said) => put(out, "say", &text(said)),
        Act::Status(status) => put(out, "status", &status.to_string()),
        Act::Fail(code) => put(out, "fail", &text(code)),
        Act::Events(events) => put(out, "events", &inline(&Value::Array(events.clone()))),
        Act::Cut => put(out, "cut", "true"),
        Act::Silent => put(out, "silent", "true"),
    }
    if let Some(tokens) = step.usage {
        let (input, cached, output, reasoning) = (tokens.input, tokens.cached, tokens.output, tokens.reasoning);
        let _ = writeln!(
            out,
            "usage = {{ input = {input}, cached = {cached}, output = {output}, reasoning = {reasoning} }}"
        );
    }
    let mut expected = Vec::new();
    if let Some(words) = &step.expect.outcome {
        let words: Vec<String> = words.0.iter().map(|word| text(word)).collect();
        expected.push(format!("outcome = [{}]", words.join(", ")));
    }
    if let Some(exit) = step.expect.exit {
        expected.push(format!("exit = {exit}"));
    }
    if !expected.is_empty() {
        put(out, "expect", &format!("{{ {} }}", expected.join(", ")));
    }
}

/// The further arguments of a command, under the names that a script gives them.
fn options(out: &mut String, more: &Map<String, Value>) {
    for (name, value) in more {
        match (name.as_str(), value) {
            ("sandbox_permissions", _) => {}
            ("justification", Value::String(why)) => put(out, "escalate", &text(why)),
            ("yield_time_ms", value) => put(out, "yield-ms", &value.to_string()),
            (name, value) => put(out, name, &inline(value)),
        }
    }
}

/// A string; one of several lines is shown as such where it can be.
fn text(value: &str) -> String {
    let plain = value.chars().all(|letter| letter == '\n' || letter == '\t' || !letter.is_control());
    if value.contains('\n') && plain && !value.contains("'''") && !value.ends_with('\'') {
        return format!("'''\n{value}'''");
    }
    basic(value)
}

/// A value on one line. TOML has no null: a member that is null is left out, an element is an empty text.
fn inline(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".into(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => format!("\"{number}\""),
        Value::Number(number) => number.to_string(),
        Value::String(value) => basic(value),
        Value::Array(list) => format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let one = |(key, value): (&String, &Value)| format!("{} = {}", basic(key), inline(value));
            let members: Vec<String> = members.iter().filter(|(_, value)| !value.is_null()).map(one).collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

/// A basic string on one line.
fn basic(value: &str) -> String {
    let mut out = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
