//! What one rule set says of a command by its words: everything that a verdict can follow from.

use smallvec::SmallVec;

use super::World;
use crate::decision::Decision;
use crate::index::Index;
use crate::pattern::canonical;
use crate::rule::Length;
use crate::ruleset::RuleSet;
use crate::verdict::RuleId;

/// What the rules that matched say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Said {
    /// The strictest rule that prompts or forbids, the longest of these.
    pub(super) restricts: Option<(Decision, RuleId)>,
    /// The longest rule that allows, with how many words it takes.
    pub(super) allows: Option<(u32, RuleId)>,
}

impl Said {
    /// The decision, and the rule that makes it.
    pub(super) fn decides(&self, default: Decision) -> (Decision, Option<RuleId>) {
        match (self.restricts, self.allows) {
            (Some((decision, rule)), _) => (decision, Some(rule)),
            (None, Some((_, rule))) => (Decision::Allow, Some(rule)),
            (None, None) => (default, None),
        }
    }

    pub(super) fn restriction(&self) -> Decision {
        self.restricts.map_or(Decision::Allow, |(decision, _)| decision)
    }

    pub(super) fn reach(&self) -> u32 {
        self.allows.map_or(0, |(reach, _)| reach)
    }
}

/// The nodes of the two indices that the words so far lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Live {
    pub(super) exact: SmallVec<[u32; 2]>,
    pub(super) folded: SmallVec<[u32; 1]>,
    /// Those that only rules are taken from which prompt or forbid: a path also falls under those of its last component.
    pub(super) under_name: SmallVec<[u32; 1]>,
    pub(super) folded_under_name: SmallVec<[u32; 1]>,
}

/// One set, some words on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Half {
    pub(super) live: Live,
    /// What holds for every command that goes on from here.
    pub(super) beyond: Said,
    /// What holds for the command that ends here.
    pub(super) here: Said,
}

/// All words that lead to the same places: one word, or every spelling of one that no rule names by itself.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) text: String,
    /// Whether it is this very word.
    pub(super) exact: bool,
    /// Spellings that are classes of their own.
    pub(super) apart: Vec<String>,
}

impl Half {
    /// Before the first word.
    pub(super) fn start() -> Self {
        let root = Index::root();
        let live =
            Live { exact: [root].into_iter().collect(), folded: [root].into_iter().collect(), ..Live::default() };
        Self { live, ..Self::default() }
    }

    /// One word on. `name` is the last component of a first word that is a path; `head` the first word of all.
    pub(super) fn step(
        &self,
        set: &RuleSet,
        class: &Class,
        name: Option<&str>,
        head: &str,
        at: u32,
        world: World,
    ) -> Self {
        let mut next = Self { beyond: self.beyond, ..Self::default() };
        let word = class.exact.then(|| set.find(&class.text)).flatten();
        let folding = !set.canonical().is_empty();
        let fold = |text: &str| folding.then(|| set.find(&canonical(text))).flatten();
        let folded = fold(&class.text);
        let follow = |index: &Index, from: &[u32], token| {
            let mut found: SmallVec<[u32; 2]> = SmallVec::new();
            if let Some(token) = token {
                found.extend(from.iter().flat_map(|node| index.step(*node, token)));
                found.sort_unstable();
            }
            found
        };
        next.live.exact = follow(set.exact(), &self.live.exact, word);
        next.live.folded = follow(set.canonical(), &self.live.folded, folded).into_iter().collect();
        let by_name = |live: &[u32]| -> SmallVec<[u32; 2]> {
            if at == 1 { [Index::root()].into_iter().collect() } else { live.iter().copied().collect() }
        };
        let (name_word, name_folded) = match name {
            Some(name) if at == 1 => (set.find(name), fold(name)),
            None if at == 1 => (None, None),
            _ => (word, folded),
        };
        next.live.under_name = follow(set.exact(), &by_name(&self.live.under_name), name_word).into_iter().collect();
        next.live.folded_under_name =
            follow(set.canonical(), &by_name(&self.live.folded_under_name), name_folded).into_iter().collect();
        next.hear(set, head, at, world);
        next
    }

    /// Adds what the rules say that end here.
    fn hear(&mut self, set: &RuleSet, head: &str, at: u32, world: World) {
        let mut here = self.beyond;
        let groups = [
            (set.exact(), self.live.exact.as_slice(), false),
            (set.canonical(), self.live.folded.as_slice(), false),
            (set.exact(), self.live.under_name.as_slice(), true),
            (set.canonical(), self.live.folded_under_name.as_slice(), true),
        ];
        for (index, nodes, only_restricting) in groups {
            for id in nodes.iter().flat_map(|node| index.rules_at(*node)) {
                let id = RuleId(*id);
                let Some(call) = set.call_of(id) else { continue };
                // An allowing rule needs the program in the spelling it names.
                let spelled = world == World::Codex || set.head_of(id) == head;
                if call.decision == Decision::Allow && (only_restricting || !spelled) {
                    continue;
                }
                let add = |said: &mut Said| match call.decision {
                    Decision::Allow => said.allows = Some((at, id)),
                    decision if said.restricts.is_none_or(|(before, _)| decision >= before) => {
                        said.restricts = Some((decision, id));
                    }
                    _ => {}
                };
                add(&mut here);
                if call.length == Length::AtLeast {
                    add(&mut self.beyond);
                }
            }
        }
        self.here = here;
    }
}
