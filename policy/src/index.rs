//! The index of a rule set: a trie over tokens whose edges sit in one hash table.
//!
//! A set of alternatives is one child reached by one edge per alternative, so the trie grows with what is written and
//! never with the product of alternatives. Different sets at the same place are different children, which is why a
//! walk may follow several; each lies above at least one rule, and no rule is reached twice.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::tokens::Token;
use crate::verdict::{By, RuleId};

/// A rule that matched and how many words it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) id: RuleId,
    pub(crate) matched: u32,
    pub(crate) by: By,
}

/// Hits, rarely more than a few.
pub(crate) type Hits = SmallVec<[Hit; 4]>;

const ROOT: u32 = 0;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Edge {
    from: u32,
    token: u32,
    to: u32,
    /// The next edge with the same start and token, plus one; zero at the end.
    next: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    /// In the order of their starts.
    edges: Vec<Edge>,
    /// Edge number plus one, zero where free; a power of two long, at most half full.
    slots: Vec<u32>,
    /// Per node, where its rules end in `rules`; they begin where the node before ends.
    ends: Vec<u32>,
    rules: Vec<u32>,
}

#[inline]
fn hash(from: u32, token: u32) -> usize {
    let mixed = (u64::from(from) << 32 | u64::from(token)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 32).unwrap_or(0)
}

impl Index {
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    #[inline]
    fn first_edge(&self, from: u32, token: u32) -> Option<&Edge> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(from, token) & mask;
        for _ in 0..self.slots.len() {
            let edge = self.edges.get((*self.slots.get(at)?).checked_sub(1)? as usize)?;
            if edge.from == from && edge.token == token {
                return Some(edge);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Where every walk begins.
    pub(crate) const fn root() -> u32 {
        ROOT
    }

    /// The children that a token leads to.
    #[inline]
    pub(crate) fn step(&self, from: u32, token: Token) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first_edge(from, token.0), |edge| {
            edge.next.checked_sub(1).and_then(|at| self.edges.get(at as usize))
        })
        .map(|edge| edge.to)
    }

    /// Every child with the token that leads there.
    pub(crate) fn children(&self, from: u32) -> impl Iterator<Item = (Token, u32)> {
        let start = self.edges.partition_point(|edge| edge.from < from);
        let below = self.edges.get(start..).unwrap_or(&[]);
        below.iter().take_while(move |edge| edge.from == from).map(|edge| (Token(edge.token), edge.to))
    }

    #[inline]
    pub(crate) fn rules_at(&self, node: u32) -> &[u32] {
        let node = node as usize;
        let start = node.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(node).copied().unwrap_or(start);
        self.rules.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// Adds every rule whose pattern is a prefix of the command to `hits`, in no order. `word(n)` names the n-th token of
    /// the command, `None` past its end or for a word that no rule uses.
    #[inline]
    pub(crate) fn walk(&self, mut word: impl FnMut(usize) -> Option<Token>, hits: &mut Hits) {
        let mut waiting: SmallVec<[(u32, u32); 4]> = SmallVec::new();
        let (mut node, mut depth) = (ROOT, 0_u32);
        loop {
            for id in self.rules_at(node) {
                hits.push(Hit { id: RuleId(*id), matched: depth, by: By::Spelling });
            }
            let edge = word(depth as usize).and_then(|token| self.first_edge(node, token.0));
            if let Some(edge) = edge {
                let mut next = edge.next;
                while let Some(other) = next.checked_sub(1).and_then(|at| self.edges.get(at as usize)) {
                    waiting.push((other.to, depth + 1));
                    next = other.next;
                }
                (node, depth) = (edge.to, depth + 1);
            } else if let Some(branch) = waiting.pop() {
                (node, depth) = branch;
            } else {
                return;
            }
        }
    }
}

/// Builds an index rule by rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct IndexBuilder {
    children: FxHashMap<(u32, u32), u32>,
    sets: FxHashMap<Box<[Token]>, u32>,
    edges: Vec<(u32, u32, u32)>,
    /// Per rule added: the node it ends at, and the rule.
    ends: Vec<(u32, u32)>,
    nodes: u32,
}

impl IndexBuilder {
    /// Adds a rule: each position is the set of tokens that will do there.
    pub(crate) fn add<'a>(&mut self, id: RuleId, positions: impl Iterator<Item = &'a [Token]>) {
        self.nodes = self.nodes.max(1);
        let mut node = ROOT;
        for tokens in positions {
            let set = self.set(tokens);
            node = match self.children.get(&(node, set)) {
                Some(child) => *child,
                None => self.branch(node, set, tokens),
            };
        }
        self.ends.push((node, id.0));
    }

    /// A number for a set of tokens: even for one token, odd for several.
    fn set(&mut self, tokens: &[Token]) -> u32 {
        if let [one] = tokens {
            return one.0.wrapping_mul(2);
        }
        let mut key: Vec<Token> = tokens.to_vec();
        key.sort_unstable();
        key.dedup();
        if let [one] = key.as_slice() {
            return one.0.wrapping_mul(2);
        }
        let next = u32::try_from(self.sets.len()).unwrap_or(u32::MAX).wrapping_mul(2) | 1;
        *self.sets.entry(key.into_boxed_slice()).or_insert(next)
    }

    fn branch(&mut self, node: u32, set: u32, tokens: &[Token]) -> u32 {
        let child = self.nodes;
        self.nodes = self.nodes.saturating_add(1);
        self.children.insert((node, set), child);
        let mut distinct: SmallVec<[Token; 8]> = SmallVec::from_slice(tokens);
        distinct.sort_unstable();
        distinct.dedup();
        self.edges.extend(distinct.iter().map(|token| (node, token.0, child)));
        child
    }

    /// The finished index.
    pub(crate) fn build(mut self) -> Index {
        let size = (self.edges.len() * 2).next_power_of_two().max(2);
        let mut index = Index { edges: Vec::with_capacity(self.edges.len()), slots: vec![0; size], ..Index::default() };
        // The children of a node stand together.
        self.edges.sort_by_key(|(from, ..)| *from);
        for (from, token, to) in self.edges {
            index.insert(Edge { from, token, to, next: 0 });
        }
        self.ends.sort_unstable();
        let mut ends = self.ends.iter().peekable();
        for node in 0..self.nodes {
            while let Some((_, rule)) = ends.next_if(|(at, _)| *at == node) {
                index.rules.push(*rule);
            }
            index.ends.push(u32::try_from(index.rules.len()).unwrap_or(u32::MAX));
        }
        index
    }
}

impl Index {
    fn insert(&mut self, mut edge: Edge) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let number = u32::try_from(self.edges.len()).unwrap_or(u32::MAX).saturating_add(1);
        let mut at = hash(edge.from, edge.token) & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            let taken = (*slot).checked_sub(1).and_then(|held| self.edges.get(held as usize));
            match taken {
                Some(held) if held.from == edge.from && held.token == edge.token => {
                    edge.next = *slot;
                    *slot = number;
                    break;
                }
                Some(_) => at = (at + 1) & mask,
                None => {
                    *slot = number;
                    break;
                }
            }
        }
        self.edges.push(edge);
    }
}
