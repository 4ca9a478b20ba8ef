//! Network rules and places of programs made in the order of a dict.

use super::{Finding, Level, Lint, Subject};
use crate::source::{SourceId, Span};

pub(super) const LINT: Lint = Lint {
    code: "dict-order",
    meaning: "network rules or places of programs are made in the order of a dict",
    explain: "Of several `network_rule`s for a host, and of several `host_executable`s for a name, the last one counts. Made \
in a loop over `.items()`, `.keys()` or `.values()`, which one that is hangs on the order in which somebody wrote the \
dict. Loop over a list, or over `sorted(…)`. This lint reads the text and guesses: it looks for such a loop with such a \
call in its body.",
    level: Level::On,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (number, source) in subject.sources.iter().enumerate() {
        let Ok(number) = u32::try_from(number) else { return };
        let mut start = 0;
        // The loops that the line is in: how far each is indented, and where it is.
        let mut loops: Vec<(usize, Span)> = Vec::new();
        for line in source.text.split_inclusive('\n') {
            let (from, text) = (start, line.trim_start());
            start += line.len();
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let indent = line.len() - text.len();
            loops.retain(|(outer, _)| *outer < indent);
            let span = |length: usize| {
                let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
                Span { source: SourceId(number), start: at(from + indent), end: at(from + indent + length) }
            };
            let over_dict = [".items()", ".keys()", ".values()"].iter().any(|call| text.contains(call));
            if text.starts_with("for ") && over_dict && !text.contains("sorted(") {
                loops.push((indent, span(text.trim_end().len())));
            }
            let ordered = ["network_rule(", "host_executable("].iter().find(|call| text.contains(*call));
            if let Some(call) = ordered
                && let Some((_, at)) = loops.pop()
            {
                found.push(Finding {
                    code: LINT.code,
                    message: format!(
                        "`{})` is called in the order of a dict, and the last call for a name counts",
                        call
                    ),
                    at,
                    via: Vec::new(),
                    other: None,
                    witness: None,
                    help: "loop over a list, or over `sorted(…)`".to_owned(),
                    removable: false,
                });
            }
        }
    }
}
