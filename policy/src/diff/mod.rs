//! Which commands get another verdict from one rule set than from another: exact, and with a witness for each group.
//!
//! Prefix rules over words are a decidable world: both sets are walked at once (`walk`), word class by word class, and
//! every place where what the rules say differs is in the answer. Nothing listed means that nothing differs, in any
//! script and on any host: what follows from more than the words of a rule (options in another order, what a wrapper
//! carries, where a program may live) is compared in `beyond` and by [`Change::Beyond`].
//!
//! Hosts are taken as they should be: a bare name is the program a rule means. What that program's options do besides is
//! judged by `tree` in both sets alike.

mod beyond;
mod prefix;
mod said;
mod walk;

use crate::decision::Decision;
use crate::network::Protocol;
use crate::ruleset::RuleSet;
use crate::verdict::RuleId;

pub use prefix::{Extent, Folded, Position, Prefix};

/// Whose matching is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// palisade's own.
    Strict,
    /// That of `codex execpolicy check`: the words alone.
    Codex,
}

/// How to compare.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whose matching.
    pub world: World,
    /// What a command gets that no rule matches.
    pub default: Decision,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// The new set is milder.
    Looser,
    /// The new set is stricter.
    Stricter,
}

/// What one set says of a group of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// The decision.
    pub decision: Decision,
    /// The rule that decides about the witness; `None` where no rule matches and the default holds.
    pub rule: Option<RuleId>,
}

/// How a group changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The decision about each of its commands differs.
    Decision,
    /// The decision is the same. What else the rules say differs, and decides where an option does more than the
    /// program's name says or a wrapper carries the command.
    Beyond,
}

/// A group of commands that change alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which way.
    pub way: Way,
    /// How.
    pub change: Change,
    /// The commands: all that begin so,
    pub prefix: Prefix,
    /// and not so. What changes otherwise in there has an entry of its own.
    pub except: Vec<Prefix>,
    /// What the old set says of the witness.
    pub old: Side,
    /// What the new set says of the witness.
    pub new: Side,
    /// One of the commands.
    pub witness: Vec<String>,
}

impl Entry {
    /// Whether a command is of this group.
    #[must_use]
    pub fn holds(&self, command: &[String]) -> bool {
        self.prefix.holds(command) && !self.except.iter().any(|except| except.holds(command))
    }
}

/// A program whose places differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The program.
    pub name: String,
    /// Which ways: more places for an allowing rule are looser.
    pub ways: Vec<Way>,
    /// The old places; `None` where any will do.
    pub old: Option<Vec<String>>,
    /// The new places.
    pub new: Option<Vec<String>>,
}

/// A host whose connections are decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Which way.
    pub way: Way,
    /// The host.
    pub host: String,
    /// The protocol.
    pub protocol: Protocol,
    /// What the old set says; `None` where it has no rule.
    pub old: Option<Decision>,
    /// What the new set says.
    pub new: Option<Decision>,
}

/// A rule that prompts or forbids, for which the other set has no counterpart that is shown to restrict as much in every
/// spelling, although no listed group tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// Which way the sets may differ: a rule of the old one alone may make the new one looser.
    pub way: Way,
    /// The rule: of the old set where `way` is looser, of the new one where it is stricter.
    pub rule: RuleId,
}

/// Everything that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Commands, in the order of their words.
    pub entries: Vec<Entry>,
    /// Places of programs.
    pub gates: Vec<Gate>,
    /// Network rules.
    pub connections: Vec<Connection>,
    /// What could not be shown to be the same.
    pub unproven: Vec<Unproven>,
}

impl Difference {
    /// Whether it is shown that no command and no connection gets another decision.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.entries.is_empty() && self.gates.is_empty() && self.connections.is_empty() && self.unproven.is_empty()
    }

    /// Whether anything changes, or may change, in one way.
    #[must_use]
    pub fn goes(&self, way: Way) -> bool {
        self.entries.iter().any(|entry| entry.way == way)
            || self.gates.iter().any(|gate| gate.ways.contains(&way))
            || self.connections.iter().any(|connection| connection.way == way)
            || self.unproven.iter().any(|unproven| unproven.way == way)
    }
}

/// The two sets differ in more places than can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How many places were looked at.
    pub places: usize,
}

/// More places than these are not looked at.
const MOST_PLACES: usize = 2_000_000;

/// Compares two rule sets.
///
/// # Errors
/// Alternatives that overlap in many positions multiply; past two million places the answer is given up, never cut.
pub fn diff(old: &RuleSet, new: &RuleSet, settings: Settings) -> Result<Difference, TooMany> {
    let mut entries = walk::entries(old, new, settings, MOST_PLACES)?;
    entries.sort_by(|one, other| one.prefix.cmp(&other.prefix));
    let gates = beyond::gates(old, new, settings.world);
    let connections = beyond::connections(old, new);
    let unproven = match settings.world {
        World::Strict => beyond::unproven(old, new, &entries),
        World::Codex => Vec::new(),
    };
    Ok(Difference { entries, gates, connections, unproven })
}

#[cfg(test)]
mod tests;
