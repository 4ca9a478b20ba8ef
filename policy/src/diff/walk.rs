//! Both sets walked at once: the product of their tries, and the groups of commands in it that change alike.
//!
//! A place of the product is what both sets have live after some words. Two things can differ there: what holds for the
//! command that ends here, and what holds for all that go on with words no rule has an edge for. Neighbouring places
//! with the same change are one group; where a group ends, a prefix is excepted from it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::prefix::{Extent, Folded, Position, Prefix};
use super::said::{Class, Half, Said};
use super::{Change, Entry, Settings, Side, TooMany, Way, World};
use crate::decision::Decision;
use crate::pattern::{Comparison, canonical};
use crate::programs;
use crate::request::last_component;
use crate::ruleset::RuleSet;
use crate::tokens::Token;
use crate::unfold;

/// How a place changes. Places of one group are equal in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    old: Decision,
    new: Decision,
    /// Looser, and stricter, in what follows beyond the decision.
    beyond: (bool, bool),
}

impl Kind {
    fn changes(self) -> bool {
        self.old != self.new || self.beyond != (false, false)
    }
}

/// A place of the product that is still to be looked at.
struct Place {
    /// Its number in `trail`; none for the start.
    trail: Option<usize>,
    halves: (Half, Half),
    /// The first word.
    head: String,
    /// Whether what is allowed of the program depends on how much of its words a rule names.
    more: bool,
    length: u32,
    /// What its longer commands are like, and the groups they are in.
    kind: Kind,
    groups: Vec<usize>,
    /// Groups of its longer commands alone, which still need a witness.
    unseen: Vec<usize>,
}

struct Walk<'a> {
    sets: (&'a RuleSet, &'a RuleSet),
    settings: Settings,
    /// Per place that was gone through: the one before and the words that led from there.
    trail: Vec<(Option<usize>, Position)>,
    entries: Vec<Entry>,
    most: usize,
}

/// The groups of commands that change; at most `most` places are looked at.
pub(super) fn entries(old: &RuleSet, new: &RuleSet, settings: Settings, most: usize) -> Result<Vec<Entry>, TooMany> {
    let mut walk = Walk { sets: (old, new), settings, trail: Vec::new(), entries: Vec::new(), most };
    let start = Place {
        trail: None,
        halves: (Half::start(), Half::start()),
        head: String::new(),
        more: false,
        length: 0,
        kind: Kind { old: settings.default, new: settings.default, beyond: (false, false) },
        groups: Vec::new(),
        unseen: Vec::new(),
    };
    let mut waiting = vec![start];
    while let Some(place) = waiting.pop() {
        let from = waiting.len();
        walk.go_on(place, &mut waiting)?;
        // The first child next, so that groups come in the order of their words.
        if let Some(children) = waiting.get_mut(from..) {
            children.reverse();
        }
    }
    Ok(join(walk.entries, walk.sets))
}

impl Walk<'_> {
    fn go_on(&mut self, place: Place, waiting: &mut Vec<Place>) -> Result<(), TooMany> {
        let classes = self.classes(&place);
        if !place.unseen.is_empty() {
            let other = fresh(&classes);
            for group in &place.unseen {
                if let Some(entry) = self.entries.get_mut(*group) {
                    entry.witness.push(other.clone());
                }
            }
        }
        let length = place.length + 1;
        let mut seen: FxHashMap<(Half, Half), usize> = FxHashMap::default();
        let mut children: Vec<((Half, Half), Vec<Class>)> = Vec::new();
        for class in classes {
            let name = (place.length == 0 && self.settings.world == World::Strict && class.text.contains('/'))
                .then(|| last_component(&class.text).unwrap_or(""));
            let head = if place.length == 0 { &class.text } else { &place.head };
            let step = |half: &Half, set: &RuleSet| half.step(set, &class, name, head, length, self.settings.world);
            let halves = (step(&place.halves.0, self.sets.0), step(&place.halves.1, self.sets.1));
            // Programs stay apart: what is known of them differs.
            let known = if place.length == 0 { None } else { seen.get(&halves).copied() };
            match known.and_then(|at| children.get_mut(at)) {
                Some((_, classes)) => classes.push(class),
                None => {
                    seen.insert(halves.clone(), children.len());
                    children.push((halves, vec![class]));
                }
            }
        }
        for (halves, classes) in children {
            if self.trail.len() >= self.most {
                return Err(TooMany { places: self.most });
            }
            waiting.push(self.arrive(&place, halves, &classes, length));
        }
        Ok(())
    }

    /// A new place: the groups it ends, and those it begins.
    fn arrive(&mut self, from: &Place, halves: (Half, Half), classes: &[Class], length: u32) -> Place {
        let head = if from.length == 0 {
            classes.first().map(|class| class.text.clone()).unwrap_or_default()
        } else {
            from.head.clone()
        };
        let more = if from.length == 0 { does_more(&head) } else { from.more };
        self.trail.push((from.trail, position(classes)));
        let trail = self.trail.len() - 1;
        let kind = self.kind((&halves.0.beyond, &halves.1.beyond), more);
        let here = self.kind((&halves.0.here, &halves.1.here), more);
        let parts = match (here == from.kind, kind == from.kind) {
            (true, true) => Vec::new(),
            (false, true) => vec![(Extent::Exactly, here)],
            (true, false) => vec![(Extent::Longer, kind)],
            (false, false) if here == kind => vec![(Extent::AtLeast, kind)],
            (false, false) => vec![(Extent::Exactly, here), (Extent::Longer, kind)],
        };
        if !from.groups.is_empty() {
            let extent = match parts.as_slice() {
                [] => None,
                [(extent, _)] => Some(*extent),
                _ => Some(Extent::AtLeast),
            };
            if let Some(extent) = extent {
                let prefix = self.prefix(trail, extent);
                for group in &from.groups {
                    if let Some(entry) = self.entries.get_mut(*group) {
                        entry.except.push(prefix.clone());
                    }
                }
            }
        }
        let mut groups = if kind == from.kind { from.groups.clone() } else { Vec::new() };
        let mut unseen = Vec::new();
        for (extent, kind) in parts.into_iter().filter(|(_, kind)| kind.changes()) {
            let said = match extent {
                Extent::Exactly => (&halves.0.here, &halves.1.here),
                _ => (&halves.0.beyond, &halves.1.beyond),
            };
            for number in self.enter(trail, extent, kind, said) {
                if extent != Extent::Exactly {
                    groups.push(number);
                }
                if extent == Extent::Longer {
                    unseen.push(number);
                }
            }
        }
        Place { trail: Some(trail), halves, head, more, length, kind, groups, unseen }
    }

    /// Begins the groups of a place: one, or where what lies beyond goes both ways, two.
    fn enter(&mut self, trail: usize, extent: Extent, kind: Kind, said: (&Said, &Said)) -> Vec<usize> {
        let prefix = self.prefix(trail, extent);
        let witness: Vec<String> = prefix.positions.iter().map(|position| position.sample().to_owned()).collect();
        let side = |said: &Said| {
            let (decision, rule) = said.decides(self.settings.default);
            Side { decision, rule }
        };
        let (old, new) = (side(said.0), side(said.1));
        let ways = match kind.new.cmp(&kind.old) {
            std::cmp::Ordering::Less => vec![(Way::Looser, Change::Decision)],
            std::cmp::Ordering::Greater => vec![(Way::Stricter, Change::Decision)],
            std::cmp::Ordering::Equal => {
                let both = [(kind.beyond.0, Way::Looser), (kind.beyond.1, Way::Stricter)];
                both.into_iter().filter(|(is, _)| *is).map(|(_, way)| (way, Change::Beyond)).collect()
            }
        };
        let first = self.entries.len();
        self.entries.extend(ways.into_iter().map(|(way, change)| Entry {
            way,
            change,
            prefix: prefix.clone(),
            except: Vec::new(),
            old,
            new,
            witness: witness.clone(),
        }));
        (first..self.entries.len()).collect()
    }

    fn kind(&self, (old, new): (&Said, &Said), more: bool) -> Kind {
        let default = self.settings.default;
        let decisions = (old.decides(default).0, new.decides(default).0);
        let mut beyond = (false, false);
        if decisions.0 == decisions.1 && self.settings.world == World::Strict {
            let restrictions = (old.restriction(), new.restriction());
            beyond.0 |= restrictions.1 < restrictions.0;
            beyond.1 |= restrictions.1 > restrictions.0;
            // How much an allowing rule names decides only where something else does not decide before.
            let asked = match restrictions.0.min(restrictions.1) {
                Decision::Allow => true,
                Decision::Prompt => default == Decision::Forbidden,
                Decision::Forbidden => false,
            };
            let (reach, reached) = (old.reach(), new.reach());
            if asked && (more || (reach == 0) != (reached == 0)) {
                beyond.0 |= reached > reach;
                beyond.1 |= reached < reach;
            }
        }
        Kind { old: decisions.0, new: decisions.1, beyond }
    }

    fn prefix(&self, trail: usize, extent: Extent) -> Prefix {
        let mut positions = Vec::new();
        let mut at = Some(trail);
        while let Some((before, position)) = at.and_then(|at| self.trail.get(at)) {
            positions.push(position.clone());
            at = *before;
        }
        positions.reverse();
        Prefix { positions, extent }
    }

    /// Every word that leads anywhere from a place, and every spelling that does so only in another case.
    fn classes(&self, place: &Place) -> Vec<Class> {
        let mut texts: FxHashSet<&str> = FxHashSet::default();
        let mut folds: BTreeSet<&str> = BTreeSet::new();
        for (half, set) in [(&place.halves.0, self.sets.0), (&place.halves.1, self.sets.1)] {
            let word = |(token, _): (Token, u32)| set.text_of(token);
            for node in half.live.exact.iter().chain(&half.live.under_name) {
                texts.extend(set.exact().children(*node).map(word));
            }
            for node in half.live.folded.iter().chain(&half.live.folded_under_name) {
                folds.extend(set.canonical().children(*node).map(word));
            }
            if place.length == 0 && !set.canonical().is_empty() {
                let canonically = |rule: &crate::rule::Rule<'_>| rule.comparison() == Comparison::Canonical;
                texts.extend(set.rules().filter(canonically).map(|rule| rule.head()));
            }
        }
        let mut classes: Vec<Class> =
            texts.iter().map(|text| Class { text: (*text).to_owned(), exact: true, apart: Vec::new() }).collect();
        classes.sort_unstable_by(|one, other| one.text.cmp(&other.text));
        let folded: Vec<Class> = folds
            .into_iter()
            .filter_map(|fold| {
                let text = spellings(fold).find(|text| !texts.contains(text.as_str()))?;
                let apart =
                    classes.iter().filter(|class| canonical(&class.text) == fold).map(|class| class.text.clone());
                Some(Class { text, exact: false, apart: apart.collect() })
            })
            .collect();
        classes.extend(folded);
        classes
    }
}

/// Whether a program can do more than its name says, or carries commands.
fn does_more(head: &str) -> bool {
    let name = last_component(head).unwrap_or(head);
    unfold::is_listed(name) || programs::has_effects(name)
}

/// Spellings that fold to a text: as it is, in capitals, and with single letters changed.
fn spellings(fold: &str) -> impl Iterator<Item = String> + '_ {
    let changed = fold.char_indices().take(64).flat_map(move |(at, letter)| {
        let others = match letter {
            'k' => ['K', '\u{212a}'],
            's' => ['S', 'ſ'],
            letter => [letter.to_uppercase().next().unwrap_or(letter); 2],
        };
        others.into_iter().map(move |other| {
            let (before, after) = fold.split_at(at);
            format!("{before}{other}{}", after.get(letter.len_utf8()..).unwrap_or(""))
        })
    });
    let all = [fold.to_owned(), fold.to_uppercase()].into_iter().chain(changed);
    all.filter(move |text| canonical(text) == fold)
}

fn position(classes: &[Class]) -> Position {
    let mut position = Position::default();
    for class in classes {
        if class.exact {
            position.words.push(class.text.clone());
        } else {
            position.any_case.push(Folded { like: class.text.clone(), except: class.apart.clone() });
        }
    }
    position
}

/// A word that is of no class.
fn fresh(classes: &[Class]) -> String {
    let mut word = String::from("x");
    while classes.iter().any(|class| canonical(&class.text) == canonical(&word)) {
        word.push('x');
    }
    word
}

/// Groups that differ in the program alone, by rules of one call, are one.
fn join(entries: Vec<Entry>, sets: (&RuleSet, &RuleSet)) -> Vec<Entry> {
    let mut joined: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    for entry in entries {
        let call = |set: &RuleSet, side: Side| side.rule.map(|id| set.call_number_of(id));
        let tail = |prefix: &Prefix| prefix.positions.get(1..).map(<[Position]>::to_vec);
        let excepts: Vec<_> = entry.except.iter().map(|except| (tail(except), except.extent)).collect();
        let key = format!(
            "{:?}",
            (
                (entry.way, entry.change, entry.prefix.extent, tail(&entry.prefix), excepts),
                (entry.old.decision, entry.new.decision, call(sets.0, entry.old), call(sets.1, entry.new)),
            )
        );
        match seen.get(&key).and_then(|at| joined.get_mut(*at)) {
            Some(first) => {
                let heads = entry.prefix.positions.first().cloned().unwrap_or_default();
                for prefix in std::iter::once(&mut first.prefix).chain(&mut first.except) {
                    if let Some(position) = prefix.positions.first_mut() {
                        position.words.extend(heads.words.iter().cloned());
                        position.any_case.extend(heads.any_case.iter().cloned());
                    }
                }
            }
            None => {
                seen.insert(key, joined.len());
                joined.push(entry);
            }
        }
    }
    joined
}
