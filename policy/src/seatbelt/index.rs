//! Which filtered rules of an operation can match a question at all, found without trying each.
//!
//! A rule is passed over only where its guard, the paths or names that its filter asks for first, is known not to match: then
//! its filter is false and notices nothing. What is left is tried as ever, so that no verdict depends on this file; the tests
//! hold both ways against each other.

use rustc_hash::FxHashMap;

use super::filters::{Filter, Leaf, Row, Scalar, Side, Subject, Takes, Value, is_told, subject_of};
use super::operations::Operation;
use super::pattern::{Pattern, Patterns};
use super::query::Query;

/// How many rules one operation may have to be looked up; with more, each is tried.
const MOST: usize = 1024;

/// How many patterns ask for the same directory before they are asked together.
const CROWD: usize = 4;

/// Places in the list of an operation's filtered rules, the newest first.
pub(super) type Set = [u64; MOST / 64];

/// Rules, by what they ask for.
type Ranks = FxHashMap<Box<str>, Vec<u32>>;

/// The guards of an operation's filtered rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Rules without a guard.
    always: Set,
    /// By the whole path.
    literals: Ranks,
    /// By a path that is the root of a tree.
    trees: Ranks,
    /// The lengths of those roots; the last bit stands for all longer ones.
    lengths: u128,
    /// By the value of a fact.
    names: Vec<(&'static Row, Ranks)>,
    /// Patterns asked at once, and the rule that each belongs to.
    patterns: Option<(Patterns, Vec<u32>)>,
    /// Whether there is anything to be looked up.
    useful: bool,
}

/// What a filter asks for first.
enum Guard<'a> {
    Literal(&'a str),
    Tree(&'a str),
    Name(&'static Row, &'a str),
    Pattern(&'a Pattern),
}

impl Index {
    /// The guards of rules that name `operation`, the newest first.
    pub(super) fn new<'a>(operation: Operation, filters: impl ExactSizeIterator<Item = Option<&'a Filter>>) -> Self {
        let mut index = Self::default();
        if filters.len() > MOST {
            return index;
        }
        let mut patterns: Vec<(&Pattern, u32)> = Vec::new();
        for (rank, filter) in filters.enumerate() {
            let mut guards = Vec::new();
            if filter.is_some_and(|filter| guard(filter, operation, &mut guards)) {
                index.useful = true;
                let rank = u32::try_from(rank).unwrap_or(u32::MAX);
                for guard in guards {
                    match guard {
                        Guard::Pattern(pattern) => patterns.push((pattern, rank)),
                        guard => index.add(guard, rank),
                    }
                }
            } else {
                mark(&mut index.always, rank);
            }
        }
        index.add_patterns(&patterns);
        index
    }

    /// A pattern is looked up by the directory that it surely asks for; where many ask for the same one, or for none, one
    /// machine looks for all of them.
    fn add_patterns(&mut self, patterns: &[(&Pattern, u32)]) {
        let mut sharing: FxHashMap<&str, usize> = FxHashMap::default();
        patterns.iter().for_each(|(pattern, _)| *sharing.entry(pattern.directory()).or_default() += 1);
        let crowded = |pattern: &Pattern| sharing.get(pattern.directory()).is_some_and(|many| *many >= CROWD);
        let together = || patterns.iter().filter(|(pattern, _)| crowded(pattern));
        if together().next().is_some() {
            self.patterns = Patterns::new(together().map(|(pattern, _)| *pattern))
                .map(|all| (all, together().map(|(_, rank)| *rank).collect()));
        }
        for (pattern, rank) in patterns {
            if self.patterns.is_none() || !crowded(pattern) {
                self.add(Guard::Tree(pattern.directory()), *rank);
            }
        }
    }

    fn add(&mut self, guard: Guard<'_>, rank: u32) {
        let ranks = match guard {
            Guard::Literal(path) => self.literals.entry(path.into()).or_default(),
            Guard::Tree(root) => {
                self.lengths |= length(root);
                self.trees.entry(root.into()).or_default()
            }
            Guard::Name(row, value) => {
                let at = self.names.iter().position(|(known, _)| std::ptr::eq(*known, row)).unwrap_or_else(|| {
                    self.names.push((row, Ranks::default()));
                    self.names.len() - 1
                });
                match self.names.get_mut(at) {
                    Some((_, values)) => values.entry(value.into()).or_default(),
                    None => return,
                }
            }
            Guard::Pattern(_) => return,
        };
        ranks.push(rank);
    }

    /// Those that may match; none where each has to be tried.
    pub(super) fn candidates(&self, query: &Query) -> Option<Set> {
        if !self.useful {
            return None;
        }
        let mut set = self.always;
        if !self.literals.is_empty() || !self.trees.is_empty() || self.patterns.is_some() {
            match subject_of(query) {
                Subject::Path(path) => self.paths(path, &mut set),
                Subject::NoPath => {}
                Subject::Untold(_) => return None,
            }
        }
        for (row, values) in &self.names {
            match query.facts.get(row.name) {
                Some(Value::Text(told)) => take(values.get(told.as_str()), &mut set),
                Some(Value::Number(_)) => return None,
                None if is_told(row, query) => {}
                None => return None,
            }
        }
        Some(set)
    }

    fn paths(&self, path: &str, set: &mut Set) {
        take(self.literals.get(path), set);
        if let Some((patterns, ranks)) = &self.patterns {
            patterns.found(path).filter_map(|at| ranks.get(at)).for_each(|rank| mark(set, *rank as usize));
        }
        if self.trees.is_empty() {
            return;
        }
        let ends = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
        for root in ends.chain([path.len()]).filter_map(|end| path.get(..end)) {
            if self.lengths & length(root) != 0 {
                take(self.trees.get(root), set);
            }
        }
    }
}

fn length(root: &str) -> u128 {
    1 << root.len().min(127)
}

fn mark(set: &mut Set, rank: usize) {
    if let Some(word) = set.get_mut(rank / 64) {
        *word |= 1 << (rank % 64);
    }
}

fn take(ranks: Option<&Vec<u32>>, set: &mut Set) {
    ranks.into_iter().flatten().for_each(|rank| mark(set, *rank as usize));
}

/// The places of a set, in order.
pub(super) fn places(set: Set) -> impl Iterator<Item = usize> {
    set.into_iter().enumerate().flat_map(|(word, bits)| {
        std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)))
            .take_while(|bits| *bits != 0)
            .map(move |bits| word * 64 + bits.trailing_zeros() as usize)
    })
}

/// Gathers what must match for the filter to match or to notice anything; false where that cannot be told.
fn guard<'a>(filter: &'a Filter, operation: Operation, guards: &mut Vec<Guard<'a>>) -> bool {
    match filter {
        Filter::Any(parts) => parts.iter().all(|part| guard(part, operation, guards)),
        // All parts must match; what the first does not match is false before another is asked.
        Filter::All(parts) => parts.first().is_some_and(|first| guard(first, operation, guards)),
        Filter::Not(_) => false,
        Filter::Leaf(leaf) if leaf.families() & operation.families() == 0 => false,
        Filter::Leaf(Leaf::Path(sides)) => sides.iter().all(|side| {
            match side {
                Side::Literal(path) => guards.push(Guard::Literal(path)),
                Side::Subpath { path, .. } => guards.push(Guard::Tree(path)),
                Side::Prefix(text) => guards.push(Guard::Tree(above(text))),
                Side::Regex { pattern, .. } if pattern.is_known() => guards.push(Guard::Pattern(pattern)),
                // What is not known about a pattern is to be said.
                Side::Regex { .. } => return false,
                Side::Ancestors(of) => {
                    guards.push(Guard::Literal("/"));
                    guards.extend(of.match_indices('/').filter_map(|(at, _)| of.get(..at)).map(Guard::Literal));
                }
            }
            true
        }),
        Filter::Leaf(Leaf::Name(row, scalars)) if row.takes == Takes::Text => scalars.iter().all(|scalar| {
            let Scalar::Is(Value::Text(value)) = scalar else { return false };
            guards.push(Guard::Name(row, value));
            true
        }),
        Filter::Leaf(_) => false,
    }
}

/// The directory of a text that a path begins with.
fn above(text: &str) -> &str {
    text.rfind('/').and_then(|at| text.get(..at)).unwrap_or_default()
}
