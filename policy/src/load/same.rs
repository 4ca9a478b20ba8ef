//! Whether two loads give the same: rules, examples, networks, places of programs and findings, wherever they stand.

use super::Loaded;
use crate::decision::Decision;
use crate::diagnostic::Severity;
use crate::pattern::{Comparison, PatternElement};
use crate::rule::{Length, Reviewer};
use crate::ruleset::RuleSet;

type Said<'a> = (u32, &'a str, Vec<PatternElement>, Decision, Option<&'a str>, Comparison, Length, Option<Reviewer>);

impl Loaded {
    /// Whether another load gives the same rules in the same order, and finds the same; places apart.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let hosts = |set: &RuleSet| -> Vec<(String, Vec<String>)> {
            set.host_executables().iter().map(|(name, host)| (name.clone(), host.paths.clone())).collect()
        };
        fn networks(set: &RuleSet) -> Vec<(&str, &str, Decision, Option<&str>)> {
            let said = set.network_rules().iter();
            said.map(|rule| (rule.host.as_str(), rule.protocol.as_str(), rule.decision, rule.justification.as_deref()))
                .collect()
        }
        rules(&self.ruleset).eq(rules(&other.ruleset))
            && self.examples == other.examples
            && hosts(&self.ruleset) == hosts(&other.ruleset)
            && networks(&self.ruleset) == networks(&other.ruleset)
            && findings(self).eq(findings(other))
    }
}

fn rules(set: &RuleSet) -> impl Iterator<Item = Said<'_>> {
    set.rules().map(|rule| {
        (
            rule.call(),
            rule.head(),
            rule.rest(),
            rule.decision(),
            rule.justification(),
            rule.comparison(),
            rule.matches_lengths(),
            rule.reviewer(),
        )
    })
}

fn findings(loaded: &Loaded) -> impl Iterator<Item = (Severity, &str, &str)> {
    loaded.diagnostics.iter().map(|found| (found.severity, found.code.as_str(), found.message.as_str()))
}
