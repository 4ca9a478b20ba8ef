//! Network rules that never count, here or in Codex.

use std::collections::BTreeMap;

use super::{Finding, Level, Lint};
use crate::decision::Decision;
use crate::network::NetworkRule;

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
                witness: Some(reaching(rule)),
                help: "take one of the two out".to_owned(),
                removable: rule.origin.via.is_empty(),
            });
        }
    },
};

pub(super) const IN_CODEX: Lint = Lint {
    code: "network-rule-in-codex",
    meaning: "in Codex, a network rule does not do what it says",
    explain: "Codex keeps one list of hosts that are allowed and one of hosts that are not, whatever the protocol: a later rule for the \
same host moves it to the other list, and a rule that prompts puts it on neither. So `https` allowed and then `http` forbidden \
is the host forbidden, and the other way round it is allowed. Decide the same for every protocol of a host, and allow or forbid.",
    level: Level::UnderCodex,
    find: |subject, found| {
        let rules = subject.rules.network_rules();
        for (number, rule) in rules.iter().enumerate() {
            let finding = |message: String| Finding {
                code: IN_CODEX.code,
                message,
                at: rule.origin.at,
                via: rule.origin.via.clone(),
                other: None,
                witness: Some(reaching(rule)),
                help: "decide the same for every protocol of a host, and allow or forbid".to_owned(),
                removable: false,
            };
            if rule.decision == Decision::Prompt {
                found.push(finding(format!("in Codex `prompt` for {} has no effect", rule.host)));
                continue;
            }
            let later = rules.iter().skip(number + 1).rfind(|later| {
                later.host == rule.host && later.protocol != rule.protocol && later.decision != Decision::Prompt
            });
            if let Some(later) = later.filter(|later| later.decision != rule.decision) {
                let mut finding = finding(format!(
                    "in Codex {} is `{}` for {} too: a later rule counts for every protocol",
                    rule.host,
                    later.decision,
                    rule.protocol.as_str()
                ));
                finding.other = Some((later.origin.at, "this one counts".to_owned()));
                found.push(finding);
            }
        }
    },
};

/// A command that would reach the host of a rule.
pub(super) fn reaching(rule: &NetworkRule) -> Vec<String> {
    let scheme = match rule.protocol.as_str() {
        "http" => "http",
        _ => "https",
    };
    vec!["curl".to_owned(), format!("{scheme}://{}/", rule.host)]
}
