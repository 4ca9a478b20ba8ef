//! SARIF 2.1.0, as code scanning reads it.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Value, json};

use super::{Item, Outcome, Page, printable};

pub(super) fn written(page: &Page) -> String {
    let rules: Vec<Value> = page
        .kinds
        .iter()
        .map(|kind| {
            json!({
                "id": kind.code,
                "shortDescription": { "text": kind.meaning },
                "fullDescription": { "text": kind.explain },
                "help": { "text": kind.explain },
            })
        })
        .collect();
    let found = page.items.iter().filter(|item| !matches!(item.outcome, Outcome::Pass | Outcome::Skipped));
    let results: Vec<Value> = found.map(|item| result(page, item)).collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "palisade", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

fn result(page: &Page, item: &Item) -> Value {
    let level = match item.outcome {
        Outcome::Warning => "warning",
        Outcome::Known => "note",
        Outcome::Pass | Outcome::Skipped | Outcome::Fail | Outcome::Error => "error",
    };
    let group = if item.group.is_empty() { String::new() } else { format!("under {}: ", item.group) };
    let text = printable(&format!("{group}{}", item.text()));
    let id = item.code.clone().unwrap_or_else(|| page.verb.to_owned());
    let mut result = json!({ "ruleId": id, "level": level, "message": { "text": text } });
    if let Some(place) = &item.place {
        result["locations"] = json!([{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&place.file) },
                "region": { "startLine": place.line, "startColumn": place.column },
            },
        }]);
    }
    result
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
