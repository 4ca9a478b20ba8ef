//! The mark on everything that was simulated: no line and no record of a report is without it.

use policy::seatbelt::{ASSUMPTIONS, LABEL, MODEL};
use serde_json::{Value, json};

use crate::report::Page;
use crate::verify::report::Report;

/// The word at the head of every line and record.
const MARK: &str = "simulated";

/// Marks every line of a text, and says first what was assumed.
#[must_use]
pub fn text(text: &str) -> String {
    let head = std::iter::once(LABEL.to_owned())
        .chain([format!("model: {MODEL}")])
        .chain(ASSUMPTIONS.iter().map(|assumption| format!("assumed: {assumption}")))
        .chain([String::new()]);
    let lines = head.chain(text.lines().map(str::to_owned));
    lines.map(|line| format!("{}\n", format!("{MARK}  {line}").trim_end())).collect()
}

/// Marks the report, every run of it and every answer.
#[must_use]
pub fn json(report: &Report) -> String {
    let mut whole = serde_json::to_value(report).unwrap_or_default();
    let mark = |value: &mut Value| {
        if let Value::Object(object) = value {
            object.insert(MARK.to_owned(), Value::Bool(true));
        }
    };
    mark(&mut whole);
    for run in whole.get_mut("runs").and_then(Value::as_array_mut).into_iter().flatten() {
        mark(run);
        run.get_mut("answers").and_then(Value::as_array_mut).into_iter().flatten().for_each(mark);
    }
    if let Value::Object(object) = &mut whole {
        object.insert("label".to_owned(), json!(LABEL));
        object.insert("model".to_owned(), json!(MODEL));
        object.insert("not_accounted_for".to_owned(), json!(ASSUMPTIONS));
    }
    format!("{whole:#}\n")
}

/// Marks every check of a page, its messages and its last line.
#[must_use]
pub fn page(mut page: Page) -> Page {
    let mark = |text: &mut String| {
        if !text.is_empty() {
            *text = format!("{MARK}: {text}");
        }
    };
    for item in &mut page.items {
        mark(&mut item.group);
        mark(&mut item.name);
        mark(&mut item.message);
        item.details.iter_mut().for_each(mark);
    }
    for kind in &mut page.kinds {
        mark(&mut kind.meaning);
        mark(&mut kind.explain);
    }
    mark(&mut page.summary);
    page
}
