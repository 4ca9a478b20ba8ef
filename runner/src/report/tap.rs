//! The Test Anything Protocol, version 14: a line a check, what is wrong as a block of YAML below it.
//!
//! <https://testanything.org/tap-version-14-specification.html>

use super::{Outcome, Page};

pub(super) fn written(page: &Page) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", page.items.len());
    for (number, item) in page.items.iter().enumerate() {
        let passed = if item.outcome == Outcome::Pass { "ok" } else { "not ok" };
        // A hash or a backslash in a description begins a directive or an escape.
        let name = item.name.replace('\\', r"\\").replace('#', r"\#").replace(['\n', '\r'], " ");
        out.push_str(&format!("{passed} {} - {name}\n", number + 1));
        if item.outcome == Outcome::Pass {
            continue;
        }
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        out.push_str("  ---\n");
        out.push_str(&format!("  message: {}\n", quoted(&item.message)));
        let severity = if item.outcome == Outcome::Warning { "warning" } else { "fail" };
        out.push_str(&format!("  severity: {severity}\n"));
        if let Some(code) = &item.code {
            out.push_str(&format!("  code: {}\n", quoted(code)));
        }
        if let Some(place) = &item.place {
            out.push_str(&format!("  at: {}\n", quoted(&place.to_string())));
        }
        if !item.details.is_empty() {
            out.push_str("  details:\n");
            for detail in &item.details {
                out.push_str(&format!("    - {}\n", quoted(detail)));
            }
        }
        out.push_str("  ...\n");
    }
    out
}
