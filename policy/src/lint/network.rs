//! Network rules that never count.

use std::collections::BTreeMap;

use super::{Finding, Level, Lint};

pub(super) const DEAD: Lint = Lint {
    code: "dead-network-rule",
    meaning: "a later rule for the same host and protocol replaces a network rule",
    explain: "Of several network rules for one host and protocol the last one counts, whatever it decides: unlike the rules \
for commands, the strictest does not win. An earlier `forbidden` is lost without a word. Take one of them out.",
    level: Level::On,
    find: |subject, found| {
        let mut last = BTreeMap::new();
        for rule in subject.rules.network_rules().iter().rev() {
            let key = (rule.host.as_str(), rule.protocol.as_str());
            let Some(later) = last.get(&key) else {
                last.insert(key, rule);
                continue;
            };
            found.push(Finding {
                code: DEAD.code,
                message: format!(
                    "`{}` for {} by {} never counts: a later rule decides `{}`",
                    rule.decision,
                    rule.host,
                    rule.protocol.as_str(),
                    later.decision
                ),
                at: rule.origin.at,
                via: rule.origin.via.clone(),
                other: Some((later.origin.at, "this one counts".to_owned())),
                witness: None,
                help: "take one of the two out".to_owned(),
                removable: rule.origin.via.is_empty(),
            });
        }
    },
};
