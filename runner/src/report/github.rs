//! Workflow commands of GitHub Actions: each finding becomes an annotation of its line.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::{Outcome, Page};

pub(super) fn written(page: &Page) -> String {
    let mut out = String::new();
    for item in &page.items {
        let level = match item.outcome {
            Outcome::Pass => continue,
            Outcome::Warning => "warning",
            Outcome::Fail | Outcome::Error => "error",
        };
        let mut about = Vec::new();
        if let Some(place) = &item.place {
            about.push(format!("file={}", property(&place.file)));
            about.push(format!("line={}", place.line));
            about.push(format!("col={}", place.column));
        }
        let title = item.code.as_deref().unwrap_or(&item.name);
        about.push(format!("title={}", property(&format!("palisade {}: {title}", page.verb))));
        let text = std::iter::once(&item.message).chain(&item.details).cloned().collect::<Vec<_>>().join("\n");
        out.push_str(&format!("::{level} {}::{}\n", about.join(","), data(&text)));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
