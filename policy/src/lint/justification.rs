//! Rules that refuse without saying why.

use super::{Finding, Level, Lint, first_spelling};
use crate::decision::Decision;

pub(super) const LINT: Lint = Lint {
    code: "missing-justification",
    meaning: "a rule forbids and does not say why",
    explain: "Whoever is refused sees the justification, and so does the agent that looks for another way. Without one, \
people delete rules they do not understand. Add `justification = \"…\"`: what would go wrong, and what to do instead.",
    level: Level::On,
    find: |subject, found| {
        let mut last = None;
        for rule in subject.rules.rules() {
            if rule.decision() == Decision::Forbidden
                && rule.justification().is_none()
                && last.replace(rule.call()) != Some(rule.call())
            {
                let message = format!("`{}` is forbidden without a reason", rule.head());
                let help = "add `justification = \"…\"`: what would go wrong, and what to do instead";
                let finding = Finding::about(LINT.code, &rule, message, help);
                found.extend(finding.map(|finding| finding.shown_by(first_spelling(&rule))));
            }
        }
    },
};
