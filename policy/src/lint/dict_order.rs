//! What is made in the order of a dict.

use super::{Finding, Level, Lint, Subject};
use crate::load::dict_order::{Hangs, dict_order};
use crate::source::{SourceId, Span};

pub(super) const LINT: Lint = Lint {
    code: "dict-order",
    meaning: "what a rule file makes hangs on the order in which a dict was written",
    explain: "Of several `network_rule`s for a host, and of several `host_executable`s for a name, the last one counts. Made \
in a loop over a dict, which one that is hangs on the order in which somebody wrote the dict; so does a pattern whose words \
are its keys or values. Loop over a list, or over `sorted(…)`. It is asked of the syntax tree, which knows names that are bound to \
dicts in the same file, and functions that make such rules.",
    level: Level::On,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (number, source) in subject.sources.iter().enumerate() {
        let Ok(number) = u32::try_from(number) else { return };
        for Hangs { at, call, looped } in dict_order(&source.text, SourceId(number)) {
            let message = match looped {
                true => format!("`{call}` is called in the order of a dict, and the last call for a name counts"),
                false => format!("the pattern of `{call}` has its words in the order of a dict"),
            };
            found.push(Finding {
                code: LINT.code,
                message,
                at,
                via: Vec::new(),
                other: None,
                witness: witness(subject, at),
                help: "loop over a list, or over `sorted(…)`".to_owned(),
                removable: false,
            });
        }
    }
}

/// A command that meets what was made there.
fn witness(subject: &Subject<'_>, at: Span) -> Option<Vec<String>> {
    let behind = |span: Span| span.source == at.source && span.start >= at.start;
    let rule = subject.rules.rules().find(|rule| rule.at() == Some(at)).map(|rule| super::first_spelling(&rule));
    let network = || {
        let mut all = subject.rules.network_rules().iter();
        all.find(|rule| behind(rule.origin.at) || rule.origin.via.iter().any(|via| behind(*via)))
            .map(super::network::reaching)
    };
    let host = || {
        let mut all = subject.rules.host_executables().iter();
        all.find(|(_, host)| behind(host.origin.at) || host.origin.via.iter().any(|via| behind(*via)))
            .map(|(name, _)| vec![name.clone()])
    };
    rule.or_else(network).or_else(host)
}
