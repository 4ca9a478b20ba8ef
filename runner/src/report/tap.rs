//! The Test Anything Protocol, version 14: a line a check, what is wrong as a block of YAML below it.
//!
//! What is known is a failure to be mended (`todo`); what was not decided is a `skip`.
//! <https://testanything.org/tap-version-14-specification.html>

use super::{Item, Outcome, Page, printable};

pub(super) fn written(page: &Page) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", page.items.len());
    for (number, item) in page.items.iter().enumerate() {
        let (word, directive) = match item.outcome {
            Outcome::Pass => ("ok", None),
            Outcome::Skipped => ("ok", Some("skip")),
            Outcome::Known => ("not ok", Some("todo")),
            Outcome::Warning | Outcome::Fail | Outcome::Error => ("not ok", None),
        };
        out.push_str(&format!("{word} {} - {}", number + 1, escaped(&item.whole_name())));
        if let Some(directive) = directive {
            out.push_str(&format!(" # {directive} {}", escaped(&item.message)));
        }
        out.push('\n');
        if word == "not ok" {
            block(&mut out, item);
        }
    }
    if !page.summary.is_empty() {
        out.push_str(&format!("# {}\n", page.summary));
    }
    out
}

/// What is wrong. A JSON text is a YAML text.
fn block(out: &mut String, item: &Item) {
    let quoted = |text: &str| serde_json::to_string(&printable(text)).unwrap_or_default();
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

/// Text on one line in which nothing begins a directive.
fn escaped(text: &str) -> String {
    printable(text).replace('\n', " ").replace('\\', r"\\").replace('#', r"\#")
}
