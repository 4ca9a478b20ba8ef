//! One row a line: `{"row": "summary" | "program" | "rule" | "prompt" | …, …}`.

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;

pub(super) fn lines(report: &Report) -> String {
    let mut out = String::new();
    let mut row = |kind: &str, fields: Value| {
        let mut object = json!({ "row": kind });
        if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
            object.extend(fields);
        }
        out.push_str(&object.to_string());
        out.push('\n');
    };
    row(
        "summary",
        json!({
            "complete": report.complete, "commands": report.commands, "decisions": report.decisions,
            "decided_by": report.decided_by, "policy": report.policy, "opaque": report.opaque.commands,
            "opaque_share": report.opaque.share, "malformed": report.malformed.lines, "left_out": report.left_out,
            "without_session": report.without_session,
        }),
    );
    each(&mut row, "newly", &report.newly);
    if let Some(against) = &report.against {
        let mut whole = value(against);
        let changes = whole.as_object_mut().and_then(|fields| fields.remove("changes"));
        row("against", whole);
        changes
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .for_each(|change| row("change", change.clone()));
    }
    each(&mut row, "program", &report.programs);
    each(&mut row, "rule", &report.rules);
    each(&mut row, "prompt", &report.prompts);
    each(&mut row, "opaque", &report.opaque.reasons);
    each(&mut row, "session", &report.sessions);
    each(&mut row, "source", &report.sources);
    each(&mut row, "malformed", &report.malformed.first);
    out
}

fn each<T: Serialize>(row: &mut impl FnMut(&str, Value), kind: &str, rows: &[T]) {
    rows.iter().for_each(|one| row(kind, value(one)));
}

fn value(one: &impl Serialize) -> Value {
    serde_json::to_value(one).unwrap_or_default()
}
