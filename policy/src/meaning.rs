//! Which rules a command falls under by what it says, however its options are spelled and ordered.
//!
//! A rule is a list of operands and a set of options. The operands of a command must begin with those of the rule, and
//! the options of the rule must be among those of the command. Only rules that prompt or forbid are asked this way: what
//! allows must be written as it is. The index knows operands and nothing of programs, so that it can be kept; what an
//! option means is asked of `programs` at the leaf.
//!
//! Where a rule can be read in several ways (`-X POST` may be an option with its value, or an option and an operand) it
//! is entered as several variants, and the grammar of the program rules out those that it does not mean.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::index::{Index, IndexBuilder};
use crate::options::Takes;
use crate::pattern::{Comparison, canonical, same_word};
use crate::programs::reading::{Extent, Given, Grammars, Piece, Read, Value, Words, bundle, grammars, pieces, read};
use crate::programs::{self, Globals, Program, Style};
use crate::tokens::{Token, Tokens};
use crate::verdict::RuleId;

/// More readings of one rule than these are not entered.
const MOST_VARIANTS: usize = 16;
/// More rules that may match than these are not looked for: one is enough to ask.
const MOST_POSSIBLE: usize = 16;

type Range = (u32, u32);

/// One reading of a rule.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Variant {
    rule: RuleId,
    needs: Range,
    comparison: Comparison,
}

/// An option that a variant needs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Need {
    /// The spellings that will do.
    options: Range,
    /// The values that will do; empty for any.
    values: Range,
    /// Whether the rule has it behind an operand.
    behind: bool,
    /// Whether the word behind it is taken for an operand, which is no reading if the option takes a value.
    bare: bool,
}

/// The rules of a set by their meaning.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Meanings {
    /// Leads over operands to variants.
    index: Index,
    variants: Vec<Variant>,
    needs: Vec<Need>,
    words: Vec<Token>,
}

/// A rule that a command falls under by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Meant {
    pub(crate) rule: RuleId,
    /// How many words of the command it took to say so, from the first.
    pub(crate) matched: u32,
}

/// What a command means to a rule set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Rules that it falls under.
    pub(crate) hits: SmallVec<[Meant; 4]>,
    /// Rules that it may fall under, by what its unknown words become; not all of them where there are many.
    pub(crate) possible: SmallVec<[Meant; 4]>,
}

impl Found {
    /// Leaves each rule once, in load order; what surely holds is not also possible.
    pub(crate) fn name_once(&mut self) {
        for rules in [&mut self.hits, &mut self.possible] {
            rules.sort_unstable();
            rules.dedup_by_key(|meant| meant.rule);
        }
        let hits = &self.hits;
        self.possible.retain(|meant| hits.binary_search_by_key(&meant.rule, |hit| hit.rule).is_err());
    }
}

/// Enters rules one by one.
#[derive(Debug, Default)]
pub(crate) struct MeaningBuilder {
    index: IndexBuilder,
    made: Meanings,
}

/// A variant being made.
#[derive(Clone, Debug, Default)]
struct Draft {
    path: Vec<Vec<Token>>,
    needs: Vec<NeedDraft>,
    /// Whether the position before was an option that may take the next word.
    hungry: bool,
    /// Whether `--` has been seen.
    ended: bool,
}

#[derive(Clone, Debug, Default)]
struct NeedDraft {
    options: Vec<Token>,
    values: Vec<Token>,
    behind: bool,
    bare: bool,
}

/// One position of a rule: the words as written, and as the index compares them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position<'a> {
    pub(crate) written: &'a [Token],
    pub(crate) compared: &'a [Token],
}

impl MeaningBuilder {
    /// Enters a rule that prompts or forbids. `head` is the program as the index compares it.
    pub(crate) fn add<'a>(
        &mut self,
        (rule, comparison): (RuleId, Comparison),
        head: Token,
        positions: impl Iterator<Item = Position<'a>>,
        tokens: &Tokens,
    ) {
        let mut drafts = vec![Draft::default()];
        let style = programs::find(tokens.text(head)).map_or(Style::Usual, |program| program.style);
        for (number, position) in positions.enumerate() {
            let is_option = |token: &Token| {
                let text = tokens.text(*token);
                (text.len() > 1 && text.starts_with('-'))
                    || (style == Style::Keyed && text.contains('='))
                    || (style == Style::Bundled && number == 0 && !text.is_empty())
            };
            drafts = drafts.into_iter().flat_map(|draft| draft.next(position, &is_option, tokens)).collect();
            drafts.truncate(MOST_VARIANTS);
        }
        for draft in drafts {
            let first = narrow(self.made.needs.len());
            for need in &draft.needs {
                let options = self.words(&need.options);
                let values = self.words(&need.values);
                self.made.needs.push(Need { options, values, behind: need.behind, bare: need.bare });
            }
            let needs = (first, narrow(self.made.needs.len()));
            let number = RuleId(narrow(self.made.variants.len()));
            self.made.variants.push(Variant { rule, needs, comparison });
            let path = draft.path.iter().map(Vec::as_slice);
            self.index.add(number, std::iter::once([head].as_slice()).chain(path));
        }
    }

    fn words(&mut self, tokens: &[Token]) -> Range {
        let start = narrow(self.made.words.len());
        self.made.words.extend(tokens);
        (start, narrow(self.made.words.len()))
    }

    pub(crate) fn build(self) -> Meanings {
        Meanings { index: self.index.build(), ..self.made }
    }
}

impl Draft {
    /// This draft with one position more, in every way it can be read.
    fn next(mut self, position: Position<'_>, is_option: &dyn Fn(&Token) -> bool, tokens: &Tokens) -> Vec<Self> {
        let mut all = Vec::new();
        let ended = self.ended;
        let option = |token: &&Token| !ended && is_option(token);
        let options: Vec<Token> = position.written.iter().filter(option).copied().collect();
        let pairs = position.written.iter().zip(position.compared);
        let operands: Vec<(Token, Token)> =
            pairs.filter(|(token, _)| !option(token)).map(|(one, other)| (*one, *other)).collect();
        if !operands.is_empty() {
            let mut operand = self.clone();
            if operand.hungry
                && let Some(need) = operand.needs.last_mut()
            {
                need.bare = true;
            }
            operand.path.push(operands.iter().map(|(_, compared)| *compared).collect());
            operand.hungry = false;
            all.push(operand);
            if self.hungry {
                let mut value = self.clone();
                if let Some(need) = value.needs.last_mut() {
                    need.values = operands.iter().map(|(written, _)| *written).collect();
                }
                value.hungry = false;
                all.push(value);
            }
        }
        if !options.is_empty() {
            let end = options.iter().all(|token| tokens.text(*token) == "--");
            self.ended = end;
            self.hungry = !end;
            let behind = !self.path.is_empty();
            self.needs.push(NeedDraft { options, behind, ..NeedDraft::default() });
            all.push(self);
        }
        all
    }
}

/// How well something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    /// It may, and no word says more than this.
    Perhaps,
    /// It does; the last word that says so.
    Yes(usize),
}

/// Where a walk stands.
#[derive(Clone, Copy, Debug)]
struct Spot {
    node: u32,
    /// The next operand.
    next: usize,
    /// The last word that was used.
    last: usize,
    /// Whether everything so far is known.
    sure: bool,
    /// Whether the next operand has already been some words.
    inside: bool,
}

impl Meanings {
    /// Adds what the command means when its program is called `head`, comparing words as `comparison` says.
    pub(crate) fn find<W: Words + ?Sized>(
        &self,
        tokens: &Tokens,
        head: &str,
        words: &W,
        comparison: Comparison,
        found: &mut Found,
    ) {
        let token = |text: &str| match comparison {
            Comparison::Exact => tokens.find(text),
            Comparison::Canonical => tokens.find(&canonical(text)),
        };
        let Some(start) = token(head).and_then(|token| self.index.step(Index::root(), token).next()) else { return };
        // Most commands name nothing that any rule of their program names.
        if self.index.rules_at(start).is_empty() && !self.begins(start, words, token) {
            return;
        }
        let program = programs::find(head);
        let walk = Walk { all: self, tokens, program, words, reading: read(program, words), comparison };
        walk.go(start, token, found);
    }

    /// Whether any word can be the first operand of a rule.
    fn begins<W: Words + ?Sized>(&self, start: u32, words: &W, token: impl Fn(&str) -> Option<Token>) -> bool {
        let mut at = 1;
        while let Some(word) = words.at(at) {
            let leads = |token| self.index.step(start, token).next().is_some();
            if word.extent != Extent::Whole || token(word.text).is_some_and(leads) {
                return true;
            }
            at += 1;
        }
        false
    }
}

struct Walk<'a, W: ?Sized> {
    all: &'a Meanings,
    tokens: &'a Tokens,
    program: Option<&'static Program>,
    words: &'a W,
    reading: Read<'a>,
    comparison: Comparison,
}

impl<W: Words + ?Sized> Walk<'_, W> {
    fn go(&self, start: u32, token: impl Fn(&str) -> Option<Token>, found: &mut Found) {
        let mut waiting: SmallVec<[Spot; 8]> = SmallVec::new();
        let mut seen: FxHashSet<(u32, usize, bool, bool)> = FxHashSet::default();
        // Which word was used last says nothing of where the walk can go.
        let mut new = |spot: Spot| seen.insert((spot.node, spot.next, spot.sure, spot.inside));
        waiting.push(Spot { node: start, next: 0, last: 0, sure: true, inside: false });
        while let Some(spot) = waiting.pop() {
            if !spot.sure && found.possible.len() >= MOST_POSSIBLE {
                continue;
            }
            self.leaf(spot, found);
            let Some(operand) = self.reading.operands.get(spot.next) else { continue };
            let Some(word) = self.words.at(operand.word) else { continue };
            let on = Spot { next: spot.next + 1, inside: false, ..spot };
            let inside = spot.inside || operand.rest;
            if word.extent == Extent::Whole {
                for node in token(word.text).into_iter().flat_map(|token| self.all.index.step(spot.node, token)) {
                    let spot = Spot { node, last: operand.word, ..on };
                    if operand.sure || new(spot) {
                        waiting.push(spot);
                    }
                }
                if !operand.sure && new(on) {
                    waiting.push(on);
                }
                continue;
            }
            let unsure = Spot { sure: false, last: operand.word, ..on };
            let mut wait = |spot: Spot| {
                if new(spot) {
                    waiting.push(spot);
                }
            };
            if !operand.sure || inside {
                wait(unsure);
            }
            for (token, node) in self.all.index.children(spot.node) {
                if inside || self.tokens.text(token).starts_with(&*self.folded(word.text)) {
                    wait(Spot { node, ..unsure });
                    if word.extent > Extent::Start {
                        wait(Spot { node, next: spot.next, inside: word.extent == Extent::Many, ..unsure });
                    }
                }
            }
        }
    }

    fn folded<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        match self.comparison {
            Comparison::Exact => text.into(),
            Comparison::Canonical => canonical(text),
        }
    }

    /// The variants that end here, if the options are there.
    fn leaf(&self, spot: Spot, found: &mut Found) {
        for number in self.all.index.rules_at(spot.node) {
            let Some(variant) = self.all.variants.get(*number as usize) else { continue };
            if variant.comparison != self.comparison || (!spot.sure && found.possible.len() >= MOST_POSSIBLE) {
                continue;
            }
            let mut fit = Fit::Yes(spot.last);
            for need in range(&self.all.needs, variant.needs) {
                fit = both(fit, self.need(need));
                if fit == Fit::No {
                    break;
                }
            }
            let meant = |last: usize| Meant { rule: variant.rule, matched: narrow(last + 1) };
            match fit {
                Fit::Yes(last) if spot.sure => found.hits.push(meant(last)),
                Fit::Yes(last) => found.possible.push(meant(last)),
                Fit::Perhaps if found.possible.len() < MOST_POSSIBLE => {
                    let open = self.reading.open.last().copied().unwrap_or(0);
                    found.possible.push(meant(spot.last.max(open)));
                }
                Fit::Perhaps | Fit::No => {}
            }
        }
    }

    fn need(&self, need: &Need) -> Fit {
        let mut best = Fit::No;
        for token in range(&self.all.words, need.options) {
            best = best.max(self.option(self.tokens.text(*token), need));
            if let Fit::Yes(_) = best {
                break;
            }
        }
        best
    }

    /// Whether the command has the option that a rule spells like this.
    fn option(&self, text: &str, need: &Need) -> Fit {
        if text == "--" {
            return self.given(|given| given.name == "--", &[]);
        }
        let style = self.program.map_or(Style::Usual, |program| program.style);
        if style == Style::Keyed
            && let Some((name, value)) = text.split_once('=')
        {
            return self.given(|given| given.name == name, &[value]);
        }
        let grammars: Grammars = grammars(self.program, self.reading.sub, need.behind);
        let pieces = if text.starts_with('-') { pieces(&grammars, text, true) } else { bundle(&grammars, text) };
        if !grammars.is_empty() {
            return pieces.iter().map(|piece| self.piece(&grammars, piece, text, need)).fold(Fit::Yes(0), both);
        }
        // Nobody knows: one long name, a cluster of letters, or a letter and its value.
        let (long, letters): (SmallVec<[&Piece<'_>; 8]>, SmallVec<[&Piece<'_>; 8]>) =
            pieces.iter().partition(|piece| piece.long);
        let word = long.iter().map(|piece| self.piece(&grammars, piece, text, need)).max().unwrap_or(Fit::No);
        let mut cluster = if letters.is_empty() { Fit::No } else { Fit::Yes(0) };
        for piece in &letters {
            cluster = both(cluster, self.piece(&grammars, &Piece { glued: None, ..**piece }, text, need));
        }
        let valued = letters.first().filter(|piece| piece.glued.is_some());
        let valued = valued.map_or(Fit::No, |piece| self.piece(&grammars, piece, text, need));
        word.max(cluster).max(valued)
    }

    /// Whether the command has one option of a rule's word.
    fn piece(&self, grammars: &Grammars, piece: &Piece<'_>, text: &str, need: &Need) -> Fit {
        let values = range(&self.all.words, need.values);
        let separate = piece.last && piece.glued.is_none();
        let takes = piece.known && piece.takes == Takes::Value;
        if separate && ((need.bare && takes) || (!values.is_empty() && piece.known && !takes)) {
            return Fit::No;
        }
        let mut wanted: SmallVec<[&str; 4]> = SmallVec::new();
        match piece.glued {
            Some(start) => wanted.push(text.get(start..).unwrap_or("")),
            None if separate => wanted.extend(values.iter().map(|token| self.tokens.text(*token))),
            None => {}
        }
        let before = self.program.is_some_and(|program| program.globals == Globals::Before);
        let spelled = text.trim_start_matches('-');
        let spelled = spelled.split_once('=').map_or(spelled, |(name, _)| name);
        let begins = |given: &str| {
            (piece.long && spelled.starts_with(given))
                || grammars.iter().any(|grammar| piece.known && grammar.begins(piece.name, given))
        };
        let fits = |given: &Given<'_>| {
            if before && given.sub != need.behind {
                return false;
            }
            if given.known && piece.known {
                return given.name == piece.name;
            }
            let name = if piece.long { spelled } else { piece.name };
            let same = given.long == piece.long && same_word(given.name, name, self.comparison);
            // Many programs accept the beginning of a long name.
            let begun = !given.known && given.long && given.name.len() > 2;
            same || (begun && begins(given.name))
        };
        match self.given(fits, &wanted) {
            Fit::No if self.open(piece) => Fit::Perhaps,
            fit => fit,
        }
    }

    fn given(&self, fits: impl Fn(&Given<'_>) -> bool, wanted: &[&str]) -> Fit {
        let is = |text: &str| wanted.iter().any(|wanted| same_word(text, wanted, self.comparison));
        let fit = |given: &Given<'_>| match given.value {
            _ if wanted.is_empty() => Fit::Yes(given.word),
            Value::Text { text, word } | Value::Maybe { text, word } => {
                let equal = is(text) || text.strip_prefix('=').is_some_and(is);
                if equal { Fit::Yes(word) } else { Fit::No }
            }
            Value::Unknown { .. } => Fit::Perhaps,
            Value::None => Fit::No,
        };
        self.reading.givens.iter().filter(|given| fits(given)).map(fit).max().unwrap_or(Fit::No)
    }

    /// Whether a word of unknown value may be this option.
    fn open(&self, piece: &Piece<'_>) -> bool {
        self.reading.open.iter().filter_map(|at| self.words.at(*at)).any(|word| match word.text {
            _ if word.extent == Extent::Many => true,
            "" | "-" => true,
            text => match text.strip_prefix("--") {
                Some(name) => piece.name.starts_with(name) || name.is_empty(),
                None => true,
            },
        })
    }
}

/// The weaker of two, and the later word.
fn both(one: Fit, other: Fit) -> Fit {
    match (one, other) {
        (Fit::Yes(one), Fit::Yes(other)) => Fit::Yes(one.max(other)),
        (one, other) => one.min(other),
    }
}

fn range<T>(all: &[T], (start, end): Range) -> &[T] {
    all.get(start as usize..end as usize).unwrap_or(&[])
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
