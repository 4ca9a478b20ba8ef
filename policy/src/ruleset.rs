//! All rules of one load: ordered, immutable, indexed, and flat enough to be cached as a few vectors.
//!
//! A `prefix_rule` call with several heads is several rules that share everything else, so the set keeps calls and
//! rules apart. [`RuleSetBuilder`] makes one; nothing changes it afterwards. Judging is elsewhere (`judge`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::index::{Index, IndexBuilder};
use crate::meaning::{Found, MeaningBuilder, Meanings, Position};
use crate::network::NetworkRule;
use crate::pattern::{Comparison, PatternElement, canonical};
use crate::programs::reading::Words;
use crate::rule::{Length, NewRule, Origin, Reviewer, Rule};
use crate::source::Span;
use crate::tokens::{Token, Tokens};
use crate::verdict::RuleId;

/// Where a program may live: one `host_executable` definition. The last definition of a name is the one that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostExecutable {
    /// The absolute paths, normalised, each once; empty means that no path will do.
    pub paths: Vec<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// What the rules of one `prefix_rule` call share.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) decision: Decision,
    pub(crate) comparison: Comparison,
    pub(crate) length: Length,
    pub(crate) reviewer: Option<Reviewer>,
    pub(crate) at: Span,
    /// Number in `texts` plus one, zero for none.
    justification: u32,
    via: (u32, u32),
    rest: (u32, u32),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Row {
    call: u32,
    head: Token,
}

/// All rules of one load.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RuleSet {
    tokens: Tokens,
    rows: Vec<Row>,
    calls: Vec<Call>,
    /// One range of `words` for each position of each call.
    elements: Vec<(u32, u32)>,
    words: Vec<Token>,
    texts: Tokens,
    spans: Vec<Span>,
    exact: Index,
    canonical: Index,
    /// The rules that prompt or forbid, by their meaning.
    meanings: Meanings,
    network: Vec<NetworkRule>,
    hosts: BTreeMap<String, HostExecutable>,
    /// Whether the head of any rule is a path and not a bare name.
    path_heads: bool,
    /// Heads of rules that prompt or forbid, which are not in the form that folding their case gives; each once.
    cased_heads: Vec<Token>,
    /// Whether any rule is for one length only.
    exact_lengths: bool,
}

impl RuleSet {
    /// Whether the head of any rule is a path and not a bare name.
    pub(crate) const fn path_heads(&self) -> bool {
        self.path_heads
    }

    /// Heads of rules that prompt or forbid, where folding their case gives another word.
    pub(crate) fn cased_heads(&self) -> impl Iterator<Item = &str> {
        self.cased_heads.iter().map(|head| self.tokens.text(*head))
    }

    /// Whether a rule of this set matches a command of so many words when its own are there.
    #[inline]
    pub(crate) fn takes_length(&self, id: RuleId, matched: u32, words: usize) -> bool {
        !self.exact_lengths
            || matched as usize == words
            || self.call_of(id).is_none_or(|call| call.length == Length::AtLeast)
    }

    /// How many rules there are, one per head.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rules in load order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = Rule<'_>> {
        (0..self.rows.len()).map(|at| Rule { set: self, id: RuleId(narrow(at)) })
    }

    /// The programs that a rule restricts, as written: heads of rules that prompt or forbid, each once.
    #[must_use]
    pub fn restricted_heads(&self) -> BTreeSet<&str> {
        self.rules().filter(|rule| rule.decision() > Decision::Allow).map(|rule| rule.head()).collect()
    }

    /// The rule of a reason, if it is of this set.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<Rule<'_>> {
        self.rows.get(id.0 as usize).map(|_| Rule { set: self, id })
    }

    /// All network rules in load order.
    #[must_use]
    pub fn network_rules(&self) -> &[NetworkRule] {
        &self.network
    }

    /// Where programs may live, by name.
    #[must_use]
    pub fn host_executables(&self) -> &BTreeMap<String, HostExecutable> {
        &self.hosts
    }

    pub(crate) fn exact(&self) -> &Index {
        &self.exact
    }

    pub(crate) fn canonical(&self) -> &Index {
        &self.canonical
    }

    /// Adds the restrictive rules that a command falls under by its meaning when its program is called `head`.
    pub(crate) fn meant<W: Words + ?Sized>(&self, head: &str, words: &W, found: &mut Found) {
        self.meanings.find(&self.tokens, head, words, Comparison::Exact, found);
        if !self.canonical.is_empty() {
            self.meanings.find(&self.tokens, head, words, Comparison::Canonical, found);
        }
        found.name_once();
    }

    #[inline]
    pub(crate) fn find(&self, word: &str) -> Option<Token> {
        self.tokens.find(word)
    }

    /// The word behind a token of this set.
    pub(crate) fn text_of(&self, token: Token) -> &str {
        self.tokens.text(token)
    }

    pub(crate) fn head_of(&self, id: RuleId) -> &str {
        self.rows.get(id.0 as usize).map_or("", |row| self.tokens.text(row.head))
    }

    #[inline]
    pub(crate) fn call_of(&self, id: RuleId) -> Option<&Call> {
        self.calls.get(self.rows.get(id.0 as usize)?.call as usize)
    }

    pub(crate) fn call_number_of(&self, id: RuleId) -> u32 {
        self.rows.get(id.0 as usize).map_or(u32::MAX, |row| row.call)
    }

    pub(crate) fn length_of(&self, id: RuleId) -> u32 {
        self.call_of(id).map_or(0, |call| call.rest.1.saturating_sub(call.rest.0) + 1)
    }

    pub(crate) fn rest_of(&self, id: RuleId) -> Vec<PatternElement> {
        let Some(call) = self.call_of(id) else { return Vec::new() };
        range(&self.elements, call.rest).iter().map(|words| self.element(*words)).collect()
    }

    fn element(&self, words: (u32, u32)) -> PatternElement {
        let text = |token: &Token| self.tokens.text(*token).to_owned();
        match range(&self.words, words) {
            [one] => PatternElement::Word(text(one)),
            many => PatternElement::AnyOf(many.iter().map(text).collect()),
        }
    }

    pub(crate) fn justification_of(&self, id: RuleId) -> Option<&str> {
        let number = self.call_of(id)?.justification.checked_sub(1)?;
        Some(self.texts.text(Token(number)))
    }

    pub(crate) fn via_of(&self, id: RuleId) -> &[Span] {
        self.call_of(id).map_or(&[], |call| range(&self.spans, call.via))
    }
}

fn range<T>(all: &[T], (start, end): (u32, u32)) -> &[T] {
    all.get(start as usize..end as usize).unwrap_or(&[])
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Makes a rule set, call by call in load order.
#[derive(Clone, Debug, Default)]
pub struct RuleSetBuilder {
    set: RuleSet,
}

impl RuleSetBuilder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one `prefix_rule` call: as many rules as it has heads.
    pub fn rule(&mut self, new: &NewRule) {
        let set = &mut self.set;
        let first = narrow(set.elements.len());
        for element in &new.rest {
            let start = narrow(set.words.len());
            for word in element.words() {
                let token = set.tokens.intern(word);
                set.words.push(token);
            }
            set.elements.push((start, narrow(set.words.len())));
        }
        let via = narrow(set.spans.len());
        set.spans.extend(&new.origin.via);
        let justification = new.justification.as_deref().map_or(0, |text| set.texts.intern(text).0.saturating_add(1));
        let call = narrow(set.calls.len());
        set.calls.push(Call {
            decision: new.decision,
            comparison: new.comparison,
            length: new.length,
            reviewer: new.reviewer,
            at: new.origin.at,
            justification,
            via: (via, narrow(set.spans.len())),
            rest: (first, narrow(set.elements.len())),
        });
        for head in &new.heads {
            let head = set.tokens.intern(head);
            set.rows.push(Row { call, head });
        }
    }

    /// Adds a network rule.
    pub fn network(&mut self, rule: NetworkRule) {
        self.set.network.push(rule);
    }

    /// Defines where a program may live, replacing an earlier definition.
    pub fn host_executable(&mut self, name: String, host: HostExecutable) {
        self.set.hosts.insert(name, host);
    }

    /// The definitions so far.
    #[must_use]
    pub fn host_executables(&self) -> &BTreeMap<String, HostExecutable> {
        &self.set.hosts
    }

    /// The finished, indexed rule set.
    #[must_use]
    pub fn build(self) -> RuleSet {
        let mut set = self.set;
        let (mut exact, mut folded) = (IndexBuilder::default(), IndexBuilder::default());
        let mut meanings = MeaningBuilder::default();
        // Canonical positions, as folded tokens in the same shape as `elements` and `words`.
        let needs_folding = set.calls.iter().any(|call| call.comparison == Comparison::Canonical);
        let originals = if needs_folding { set.words.clone() } else { Vec::new() };
        let fold = |tokens: &mut Tokens, token: Token| {
            let folded = canonical(tokens.text(token)).into_owned();
            tokens.intern(&folded)
        };
        for at in 0..set.rows.len() {
            let Some(row) = set.rows.get(at).copied() else { continue };
            let Some(call) = set.calls.get(row.call as usize).copied() else { continue };
            let positions = range(&set.elements, call.rest);
            let id = RuleId(narrow(at));
            // A rule for one exact command is about its very words.
            let restrictive = call.decision > Decision::Allow && call.length == Length::AtLeast;
            match call.comparison {
                Comparison::Exact => {
                    let rest = positions.iter().map(|words| range(&set.words, *words));
                    exact.add(id, std::iter::once([row.head].as_slice()).chain(rest));
                    if restrictive {
                        let position = |words: &(u32, u32)| range(&set.words, *words);
                        let rest =
                            positions.iter().map(position).map(|words| Position { written: words, compared: words });
                        meanings.add((id, call.comparison), row.head, rest, &set.tokens);
                    }
                }
                Comparison::Canonical => {
                    let head = [fold(&mut set.tokens, row.head)];
                    let rest: Vec<Vec<Token>> = positions
                        .iter()
                        .map(|words| range(&originals, *words).iter().map(|w| fold(&mut set.tokens, *w)).collect())
                        .collect();
                    folded.add(id, std::iter::once(head.as_slice()).chain(rest.iter().map(Vec::as_slice)));
                    if restrictive {
                        let written = positions.iter().map(|words| range(&originals, *words));
                        let rest = written.zip(&rest).map(|(written, compared)| Position { written, compared });
                        let [head] = head;
                        meanings.add((id, call.comparison), head, rest, &set.tokens);
                    }
                }
            }
        }
        set.exact_lengths = set.calls.iter().any(|call| call.length == Length::Exactly);
        set.path_heads = set.rows.iter().any(|row| set.tokens.text(row.head).contains('/'));
        let restricts =
            |row: &&Row| set.calls.get(row.call as usize).is_some_and(|call| call.decision > Decision::Allow);
        let mut cased: Vec<Token> = set.rows.iter().filter(restricts).map(|row| row.head).collect();
        cased.retain(|head| {
            let text = set.tokens.text(*head);
            canonical(text) != text
        });
        cased.sort_unstable();
        cased.dedup();
        set.cased_heads = cased;
        set.exact = exact.build();
        set.canonical = folded.build();
        set.meanings = meanings.build();
        set
    }
}
