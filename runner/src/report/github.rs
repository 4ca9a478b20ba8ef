//! Workflow commands of GitHub Actions: each finding becomes an annotation of its line; the numbers last.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::{Outcome, Page, printable};

pub(super) fn written(page: &Page) -> String {
    let mut out = String::new();
    for item in page.items.iter().filter(|item| item.shown) {
        let level = match item.outcome {
            Outcome::Pass => continue,
            Outcome::Warning | Outcome::Known | Outcome::Skipped => "warning",
            Outcome::Fail | Outcome::Error => "error",
        };
        let mut about = Vec::new();
        if let Some(place) = &item.place {
            about.push(format!("file={}", property(&place.file)));
            about.push(format!("line={}", place.line));
            about.push(format!("col={}", place.column));
        }
        let title = item.code.clone().unwrap_or_else(|| item.whole_name());
        let group = if item.code.is_some() && !item.group.is_empty() {
            format!(" under {}", item.group)
        } else {
            String::new()
        };
        about.push(format!("title={}", property(&format!("palisade {}: {title}{group}", page.verb))));
        out.push_str(&format!("::{level} {}::{}\n", about.join(","), data(&item.text())));
    }
    if !page.summary.is_empty() {
        out.push_str(&format!("::notice title=palisade {}::{}\n", page.verb, data(&page.summary)));
    }
    out
}

fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
