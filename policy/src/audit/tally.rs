//! Findings added up. Everything in a tally is a sum, a least, a largest, or a sample chosen by hash, so the order in which
//! entries come changes nothing, and tallies of parts merge to the tally of the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bounded::{Add, Bounded, hash};
use super::finding::{Asked, Cause, Finding};
use super::{Entry, Recorded};
use crate::decision::Decision;

/// How many names each table keeps before it becomes a sample.
const PROGRAMS: usize = 10_000;
const SESSIONS: usize = 40_000;
const PROMPTS: usize = 6_000;
const LONGER: usize = 3_000;
const REASONS: usize = 2_000;
const GROUPS: usize = 4_000;
/// How many commands stand for a prompt.
const SAMPLES: usize = 3;

/// How often a rule was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// In how many commands it matched.
    pub matched: u64,
    /// In how many it decided.
    pub decided: u64,
}

/// What filters left out, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Outside of the time that was asked for.
    pub by_time: u64,
    /// A time was asked for, and the record has none.
    pub without_time: u64,
    /// Of another session.
    pub by_session: u64,
    /// A session was asked for, and the record has none.
    pub without_session: u64,
    /// In another directory.
    pub by_directory: u64,
    /// A directory was asked for, and the record has none.
    pub without_directory: u64,
}

impl LeftOut {
    /// All of them, by name.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, u64); 6] {
        [
            ("at another time", self.by_time),
            ("without a time", self.without_time),
            ("of another session", self.by_session),
            ("without a session", self.without_session),
            ("in another directory", self.by_directory),
            ("without a directory", self.without_directory),
        ]
    }

    fn add(&mut self, other: &Self) {
        self.by_time += other.by_time;
        self.without_time += other.without_time;
        self.by_session += other.by_session;
        self.without_session += other.without_session;
        self.by_directory += other.by_directory;
        self.without_directory += other.without_directory;
    }
}

/// The sums of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Commands by decision: allow, prompt, forbidden.
    pub decisions: [u64; 3],
    /// Commands with a part that cannot be known.
    pub opaque: u64,
    /// Commands that ran unasked and would be asked about.
    pub newly_asked: u64,
    /// Commands that ran and would be refused.
    pub newly_refused: u64,
    /// The earliest time, in milliseconds since 1970.
    pub first: Option<i64>,
    /// The latest.
    pub last: Option<i64>,
}

impl Add for Session {
    fn add(&mut self, other: Self) {
        self.decisions.add(other.decisions);
        self.opaque += other.opaque;
        self.newly_asked += other.newly_asked;
        self.newly_refused += other.newly_refused;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
    }
}

/// Commands that are counted together, with one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouped {
    /// How many.
    pub count: u64,
    /// The one with the least hash.
    pub sample: Option<(u64, String)>,
}

impl Add for Grouped {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sample = self.sample.take().into_iter().chain(other.sample).min();
    }
}

/// Commands that are asked about for one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// How many commands.
    pub count: u64,
    /// How many of them are asked about for this cause alone.
    pub alone: u64,
    /// A few of the commands that no rule matches, the ones with the least hashes.
    pub samples: BTreeMap<u64, Vec<String>>,
}

impl Add for Prompt {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.alone += other.alone;
        self.samples.extend(other.samples);
        while self.samples.len() > SAMPLES {
            self.samples.pop_last();
        }
    }
}

/// The sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Commands by decision: allow, prompt, forbidden.
    pub decisions: [u64; 3],
    /// The same by what makes them: rules, the default, doubts, nothing.
    pub causes: [u64; 4],
    /// Commands by what the record says ([`Recorded::ALL`]) and by decision.
    pub recorded: [[u64; 3]; 4],
    /// Commands by decision and by the decision of the other policy.
    pub against: [[u64; 3]; 3],
    /// Commands whose decision is another one than what the record says or than the other policy gives, by key.
    pub changes: Bounded<Grouped>,
    /// Commands of scripts and wrappers too, by program.
    pub programs: Bounded<[u64; 3]>,
    /// By rule, in load order.
    pub rules: Vec<RuleCount>,
    /// Commands with a part that cannot be known.
    pub opaque: u64,
    /// The same by what it is.
    pub reasons: Bounded<u64>,
    /// Why commands are asked about, by key.
    pub prompts: Bounded<Prompt>,
    /// The same for commands that only more words than usual keep from allowing anything.
    pub longer: Bounded<Prompt>,
    /// By session.
    pub sessions: Bounded<Session>,
    /// Commands without a session.
    pub without_session: u64,
    /// What filters left out.
    pub left_out: LeftOut,
}

impl Tally {
    /// An empty one for so many rules.
    #[must_use]
    pub fn new(rules: usize) -> Self {
        Self {
            decisions: [0; 3],
            causes: [0; 4],
            recorded: [[0; 3]; 4],
            against: [[0; 3]; 3],
            changes: Bounded::up_to(GROUPS),
            programs: Bounded::up_to(PROGRAMS),
            rules: vec![RuleCount::default(); rules],
            opaque: 0,
            reasons: Bounded::up_to(REASONS),
            prompts: Bounded::up_to(PROMPTS),
            longer: Bounded::up_to(LONGER),
            sessions: Bounded::up_to(SESSIONS),
            without_session: 0,
            left_out: LeftOut::default(),
        }
    }

    /// How many commands were judged.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.decisions.iter().sum()
    }

    /// How many names its tables hold.
    #[must_use]
    pub fn names(&self) -> usize {
        self.changes.len()
            + self.programs.len()
            + self.reasons.len()
            + self.prompts.len()
            + self.longer.len()
            + self.sessions.len()
    }

    /// Adds the part of an entry that is its own and not of what was executed.
    pub fn enter(&mut self, entry: &Entry, finding: &Finding) {
        let Some(name) = &entry.session else {
            self.without_session += 1;
            return;
        };
        let strict = finding.decision > Decision::Allow;
        self.sessions.change(name, |session| {
            if let Some(count) = session.decisions.get_mut(finding.decision as usize) {
                *count += 1;
            }
            session.opaque += u64::from(!finding.opaque.is_empty());
            match entry.recorded {
                Recorded::Ran if finding.decision == Decision::Prompt => session.newly_asked += 1,
                Recorded::Ran | Recorded::Agreed if strict && finding.decision == Decision::Forbidden => {
                    session.newly_refused += 1;
                }
                _ => {}
            }
            if let Some(time) = entry.time {
                session.first = Some(session.first.map_or(time, |first| first.min(time)));
                session.last = Some(session.last.map_or(time, |last| last.max(time)));
            }
        });
    }

    /// Adds a finding as often as it was made, by what the records say; `text` shows the command.
    pub fn add(&mut self, finding: &Finding, often: [u64; 4], text: &str) {
        let count: u64 = often.iter().sum();
        if count == 0 {
            return;
        }
        let at = finding.decision as usize;
        bump(&mut self.decisions, at, count);
        bump(&mut self.causes, place(finding.cause), count);
        for (recorded, often) in Recorded::ALL.into_iter().zip(often).filter(|(_, often)| *often > 0) {
            if let Some(row) = self.recorded.get_mut(recorded as usize) {
                bump(row, at, often);
            }
            if is_new(recorded, finding.decision) {
                let key = format!("{}>{}>{}", recorded.as_str(), finding.decision, key(finding.cause));
                self.group(&key, often, text);
            }
        }
        if let Some(other) = finding.against {
            if let Some(row) = self.against.get_mut(at) {
                bump(row, other.decision as usize, count);
            }
            if other.decision != finding.decision {
                let (from, to) = (key(finding.cause), key(other.cause));
                self.group(&format!("{}>{from}>{}>{to}", finding.decision, other.decision), count, text);
            }
        }
        for (name, decision) in &finding.programs {
            self.programs.change(name, |row| bump(row, *decision as usize, count));
        }
        for (id, decides) in &finding.rules {
            if let Some(rule) = self.rules.get_mut(id.0 as usize) {
                rule.matched += count;
                rule.decided += if *decides { count } else { 0 };
            }
        }
        self.opaque += if finding.opaque.is_empty() { 0 } else { count };
        for what in &finding.opaque {
            self.reasons.change(what, |sum| *sum += count);
        }
        let alone = if finding.asked.len() == 1 { count } else { 0 };
        for asked in &finding.asked {
            let mut table = &mut self.prompts;
            let (key, sample) = match asked {
                Asked::NoRule { words, whole, more } => {
                    if *more {
                        table = &mut self.longer;
                    }
                    (format!("n{}", words.join("\u{1f}")), whole.as_ref())
                }
                Asked::Rule(id) => (format!("r{}", id.0), None),
                Asked::Opaque(what) => (format!("o{what}"), None),
            };
            table.change(&key, |prompt| {
                let sample = sample.map(|words| (hash(words.join("\u{1f}").as_bytes()), words.clone()));
                prompt.add(Prompt { count, alone, samples: sample.into_iter().collect() });
            });
        }
    }

    fn group(&mut self, key: &str, count: u64, text: &str) {
        let sample = (hash(text.as_bytes()), text);
        self.changes.change(key, |group| {
            group.count += count;
            if group.sample.as_ref().is_none_or(|(hash, text)| (*hash, text.as_str()) > sample) {
                group.sample = Some((sample.0, sample.1.to_owned()));
            }
        });
    }

    /// The same in parts of so many names at most in each table, which merge to it again.
    #[must_use]
    pub fn parts(self, names: usize) -> Vec<Self> {
        let mut first = self;
        let (mut changes, mut programs) = (first.changes.parts(names), first.programs.parts(names));
        let (mut reasons, mut prompts) = (first.reasons.parts(names), first.prompts.parts(names));
        let (mut longer, mut sessions) = (first.longer.parts(names), first.sessions.parts(names));
        let most = [changes.len(), programs.len(), reasons.len(), prompts.len(), longer.len(), sessions.len()];
        let most = most.into_iter().max();
        let mut parts = Vec::new();
        for _ in 0..most.unwrap_or_default() {
            let mut part = if parts.is_empty() { std::mem::replace(&mut first, Self::new(0)) } else { Self::new(0) };
            part.changes.merge(changes.pop().unwrap_or_else(|| Bounded::up_to(GROUPS)));
            part.programs.merge(programs.pop().unwrap_or_else(|| Bounded::up_to(PROGRAMS)));
            part.reasons.merge(reasons.pop().unwrap_or_else(|| Bounded::up_to(REASONS)));
            part.prompts.merge(prompts.pop().unwrap_or_else(|| Bounded::up_to(PROMPTS)));
            part.longer.merge(longer.pop().unwrap_or_else(|| Bounded::up_to(LONGER)));
            part.sessions.merge(sessions.pop().unwrap_or_else(|| Bounded::up_to(SESSIONS)));
            parts.push(part);
        }
        parts
    }

    /// Takes the sums of another part in.
    pub fn merge(&mut self, other: Self) {
        self.decisions.add(other.decisions);
        self.causes.iter_mut().zip(other.causes).for_each(|(sum, more)| *sum += more);
        self.recorded.iter_mut().zip(other.recorded).for_each(|(row, more)| row.add(more));
        self.against.iter_mut().zip(other.against).for_each(|(row, more)| row.add(more));
        self.changes.merge(other.changes);
        self.programs.merge(other.programs);
        self.rules.iter_mut().zip(other.rules).for_each(|(sum, more)| {
            sum.matched += more.matched;
            sum.decided += more.decided;
        });
        self.opaque += other.opaque;
        self.reasons.merge(other.reasons);
        self.prompts.merge(other.prompts);
        self.longer.merge(other.longer);
        self.sessions.merge(other.sessions);
        self.without_session += other.without_session;
        self.left_out.add(&other.left_out);
    }
}

fn bump<const N: usize>(row: &mut [u64; N], at: usize, count: u64) {
    if let Some(sum) = row.get_mut(at) {
        *sum += count;
    }
}

/// Whether a decision is stricter than what happened.
const fn is_new(recorded: Recorded, decision: Decision) -> bool {
    match recorded {
        Recorded::Ran => !matches!(decision, Decision::Allow),
        Recorded::Agreed => matches!(decision, Decision::Forbidden),
        Recorded::Refused => matches!(decision, Decision::Allow),
        Recorded::Unsaid => false,
    }
}

const fn place(cause: Cause) -> usize {
    match cause {
        Cause::Rule(_) => 0,
        Cause::Default => 1,
        Cause::Opaque => 2,
        Cause::Nothing => 3,
    }
}

/// A cause as a part of a key; [`Cause::of_key`] reads it back.
fn key(cause: Cause) -> String {
    match cause {
        Cause::Rule(id) => format!("r{id}"),
        Cause::Default => "d".into(),
        Cause::Opaque => "o".into(),
        Cause::Nothing => "n".into(),
    }
}

impl Cause {
    /// Reads what stands for a cause in a key of [`Tally::changes`].
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        match key {
            "d" => Some(Self::Default),
            "o" => Some(Self::Opaque),
            "n" => Some(Self::Nothing),
            rule => rule.strip_prefix('r')?.parse().ok().map(Self::Rule),
        }
    }
}
