//! The most frequent prompts, each with the rule that would settle it.
//!
//! What no rule matches is learned from, as `learn` does: the shortest rules that allow nothing wider than needed, and never a
//! banned one. A rule that asks settles by its own change; what cannot be known is settled by no rule.

use std::collections::BTreeMap;

use super::tally::{Prompt, Tally};
use crate::learn::{Proposed, Seen, learn};
use crate::verdict::RuleId;

/// One cause of prompts, or several that one rule would settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// How many commands are asked about for it.
    pub count: u64,
    /// How many of them for it alone: as many, at least, a settling rule would allow.
    pub alone: u64,
    /// What would settle it.
    pub by: By,
}

/// What settles a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A new rule that allows this.
    Allowing(Proposed),
    /// Another decision of this rule.
    Changing(RuleId),
    /// No rule: a prefix that would allow anything.
    Banned {
        /// The prefix.
        prefix: Vec<String>,
        /// Why it is not proposed.
        why: String,
    },
    /// No rule: what cannot be known.
    Opaque(String),
}

/// All of them, the most frequent first.
#[must_use]
pub fn settled(tally: &Tally) -> Vec<Settled> {
    let mut all = Vec::new();
    let mut open: BTreeMap<Vec<String>, &Prompt> = BTreeMap::new();
    for (key, prompt) in tally.prompts.iter().chain(tally.longer.iter()) {
        let (kind, rest) = key.split_at_checked(1).unwrap_or_default();
        let by = match kind {
            "r" => rest.parse().ok().map(|id| By::Changing(RuleId(id))),
            "o" => Some(By::Opaque(rest.to_owned())),
            _ => {
                open.insert(rest.split('\u{1f}').map(str::to_owned).collect(), prompt);
                None
            }
        };
        all.extend(by.map(|by| Settled { count: prompt.count, alone: prompt.alone, by }));
    }
    // A command whose first word is not known is no command that a rule could name.
    let unnamed = open.remove(&vec![String::new()]);
    all.extend(unnamed.map(|prompt| Settled {
        count: prompt.count,
        alone: prompt.alone,
        by: By::Opaque("the program is not known".into()),
    }));
    let lesson = learn(open.keys().map(|argv| Seen { argv: argv.clone() }));
    for mut rule in lesson.rules {
        let allowed: Vec<(&Vec<String>, &Prompt)> =
            open.iter().filter(|(argv, _)| begins(&rule.pattern, argv)).map(|(argv, prompt)| (argv, *prompt)).collect();
        let examples = allowed.iter().flat_map(|(_, prompt)| prompt.samples.iter());
        let chosen: BTreeMap<u64, Vec<String>> = examples.map(|(hash, argv)| (*hash, plain(argv))).collect();
        rule.examples = chosen.into_values().filter(|argv| begins(&rule.pattern, argv)).take(3).collect();
        all.push(Settled {
            count: allowed.iter().map(|(_, prompt)| prompt.count).sum(),
            alone: allowed.iter().map(|(_, prompt)| prompt.alone).sum(),
            by: By::Allowing(rule),
        });
    }
    for refused in lesson.refused {
        let prompts = || refused.commands.iter().filter_map(|argv| open.get(argv));
        all.push(Settled {
            count: prompts().map(|prompt| prompt.count).sum(),
            alone: prompts().map(|prompt| prompt.alone).sum(),
            by: By::Banned { prefix: refused.prefix, why: refused.why },
        });
    }
    all.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| name(&one.by).cmp(&name(&other.by))));
    all
}

/// A command under the name by which a rule names its program.
fn plain(argv: &[String]) -> Vec<String> {
    let mut argv = argv.to_vec();
    if let Some(first) = argv.first_mut()
        && crate::tree::in_system(first)
        && let Some(name) = crate::request::last_component(first)
    {
        *first = name.to_owned();
    }
    argv
}

fn begins(pattern: &[Vec<String>], argv: &[String]) -> bool {
    pattern.len() <= argv.len() && pattern.iter().zip(argv).all(|(words, word)| words.contains(word))
}

fn name(by: &By) -> String {
    match by {
        By::Allowing(rule) => rule.pattern.iter().map(|words| words.join("|")).collect::<Vec<_>>().join(" "),
        By::Changing(id) => format!("{:010}", id.0),
        By::Banned { prefix, .. } => prefix.join(" "),
        By::Opaque(what) => what.clone(),
    }
}
