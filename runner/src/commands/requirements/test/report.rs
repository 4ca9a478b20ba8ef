//! The outcome of cases, in each format: data in, text out.

use serde_json::json;

use super::Tried;
use crate::cli::ReportFormat;
use crate::report::{Item, Outcome, Page, written};

/// Writes every outcome.
pub(super) fn write(tried: &[Tried], format: ReportFormat) -> String {
    match format {
        ReportFormat::Text => text(tried),
        ReportFormat::Json => json(tried),
        ReportFormat::Ci(format) => written(&page(tried), format),
    }
}

fn failed(tried: &[Tried]) -> usize {
    tried.iter().filter(|one| !one.wrong.is_empty()).count()
}

fn texts(one: &Tried) -> Vec<&str> {
    one.wrong.iter().map(|wrong| wrong.text.as_str()).collect()
}

fn title(one: &Tried) -> String {
    format!("{} (Codex {})", one.name, one.release)
}

fn text(tried: &[Tried]) -> String {
    let mut out = String::new();
    for one in tried.iter().filter(|one| !one.wrong.is_empty()) {
        out.push_str(&format!("FAILED {}: {}\n", one.file, title(one)));
        for wrong in &one.wrong {
            out.push_str(&format!("  {}\n", wrong.text));
        }
    }
    out.push_str(&format!("{} cases hold, {} do not\n", tried.len() - failed(tried), failed(tried)));
    out
}

fn json(tried: &[Tried]) -> String {
    let one =
        |one: &Tried| json!({ "file": one.file, "name": one.name, "codex_version": one.release, "wrong": texts(one) });
    let cases: Vec<_> = tried.iter().map(one).collect();
    format!(
        "{}\n",
        serde_json::to_string_pretty(&json!({ "failed": failed(tried), "cases": cases })).unwrap_or_default()
    )
}

fn page(tried: &[Tried]) -> Page {
    let item = |one: &Tried| {
        let mut item = if one.wrong.is_empty() {
            Item::passed(title(one))
        } else {
            Item::told(title(one), Outcome::Fail, texts(one).join("\n"))
        };
        item.group.clone_from(&one.file);
        item.place = Some(one.place.clone());
        item
    };
    Page {
        verb: "requirements test",
        items: tried.iter().map(item).collect(),
        kinds: Vec::new(),
        summary: String::new(),
    }
}
