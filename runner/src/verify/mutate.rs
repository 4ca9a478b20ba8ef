//! The proof that a verification can fail: one part of the plan is taken away at a time, and a probe must notice.
//!
//! A part that nobody misses may be covered by another layer. Then both go together, and the probes that notice must be
//! more than those that miss the other layer alone. What the host refuses by itself cannot be noticed here at all.

pub mod report;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::ablate::{Answers, Bench, PERILOUS, Part, each};
use super::report::Answer;
use super::{Setting, Trial};
use crate::ablation::Layer;
use crate::probe::drive::{Driver, NotRun};
use crate::probe::judge::Verdict;
use crate::probe::report::CONTROL;
use crate::probe::subject::{Identity, Subject};

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// A probe failed that did not before.
    Noticed,
    /// Another part stands behind it; with both gone a probe noticed.
    Covered,
    /// Nobody noticed.
    Survived,
    /// This host refuses the same without any sandbox, so that nobody could notice here.
    NotApplicable,
}

impl Fate {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Noticed, Self::Covered, Self::Survived, Self::NotApplicable];

    /// The word of reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Noticed => "noticed",
            Self::Covered => "covered",
            Self::Survived => "survived",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// A plan with one part less.
#[derive(Clone, Debug, Serialize)]
pub struct Mutant {
    /// The part; `{root}` stands for the fixture.
    pub name: String,
    /// The layer it belongs to.
    pub layer: &'static str,
    /// What became of it.
    pub fate: Fate,
    /// The probes that noticed.
    pub noticed_by: Vec<&'static str>,
    /// The parts that had to go with it before anybody noticed.
    pub covered_by: Vec<String>,
    /// Why nobody noticed.
    pub reason: Option<String>,
}

/// Every mutant of one profile.
#[derive(Clone, Debug, Serialize)]
pub struct Mutation {
    /// The profile.
    pub profile: String,
    /// The mutants, in the order of the plan.
    pub mutants: Vec<Mutant>,
}

/// How the tester tells that it goes on: how many more there are to do, and that one is done.
#[derive(Clone)]
pub struct Progress {
    /// So many more.
    pub more: Arc<dyn Fn(usize) + Send + Sync>,
    /// One is done.
    pub done: Arc<dyn Fn() + Send + Sync>,
}

/// Makes the mutants of each trial whose names hold one of these words, all of them when there are none.
///
/// # Errors
/// When the bait cannot be laid out, or a subject does not start whole.
pub fn mutate(
    trials: &[Trial],
    setting: Setting,
    words: &[String],
    progress: &Progress,
) -> Result<Vec<Mutation>, NotRun> {
    let Setting { parent, palisade, only, .. } = setting;
    let driver = Driver { parent, palisade, only, heard: None };
    let identity = Identity::own();
    let control = driver.run(&Subject::bypass(), identity)?;
    let mut mutations = Vec::new();
    for trial in trials {
        let bench = Bench::new(&driver, trial, &control, identity)?;
        let mut parts = bench.parts()?;
        parts.retain(|part| words.is_empty() || words.iter().any(|word| part.name.contains(word.as_str())));
        let mutants = Hunt { bench: &bench, progress }.mutants(&parts);
        mutations.push(Mutation { profile: trial.name.clone(), mutants });
    }
    Ok(mutations)
}

/// Layers that are taken away together with a part that no single one covers.
const TOGETHER: &[&[Layer]] = &[
    &[Layer::Landlock, Layer::Seccomp],
    &[Layer::Capabilities, Layer::Namespaces],
    &[Layer::Mounts, Layer::Landlock],
    &[Layer::Mounts, Layer::Seccomp],
    &[Layer::Processes, Layer::Seccomp],
    &[Layer::Landlock, Layer::Network],
    &[Layer::Network, Layer::Seccomp],
    &[Layer::Landlock, Layer::Processes],
];

/// Probes that miss something.
type Missing = BTreeSet<&'static str>;

struct Hunt<'a> {
    bench: &'a Bench<'a>,
    progress: &'a Progress,
}

impl Hunt<'_> {
    fn mutants(&self, parts: &[Part]) -> Vec<Mutant> {
        (self.progress.more)(parts.len());
        let mut mutants = each(parts, |part| {
            let mutant = self.alone(part);
            (self.progress.done)();
            mutant
        });
        for layer in Layer::ALL.into_iter().filter(|layer| *layer != Layer::Namespaces) {
            self.cover(&mut mutants, &[layer]);
        }
        TOGETHER.iter().for_each(|layers| self.cover(&mut mutants, layers));
        self.cover_within(&mut mutants, parts);
        mutants
    }

    /// Those that miss something which they do not miss in the whole sandbox.
    fn missing(&self, answers: &Answers) -> Missing {
        let bad = |result| matches!(result, Verdict::Fail | Verdict::Weak);
        let before = |id| self.bench.whole.get(id).is_some_and(|answer| bad(answer.result));
        answers.values().filter(|answer| bad(answer.result) && !before(answer.id)).map(|answer| answer.id).collect()
    }

    /// Takes one part away and nothing else.
    fn alone(&self, part: &Part) -> Mutant {
        let mut mutant = Mutant {
            name: part.name.clone(),
            layer: part.layer.name(),
            fate: Fate::Survived,
            noticed_by: Vec::new(),
            covered_by: Vec::new(),
            reason: None,
        };
        match self.bench.answers(std::slice::from_ref(&part.name), &[]) {
            // A verification says so, and fails.
            Err(NotRun::NotStarted { .. }) => (mutant.fate, mutant.noticed_by) = (Fate::Noticed, vec![CONTROL]),
            Err(why) => mutant.reason = Some(why.to_string()),
            Ok(answers) => {
                mutant.noticed_by = self.missing(&answers).into_iter().collect();
                if mutant.noticed_by.is_empty() {
                    (mutant.fate, mutant.reason) = self.unnoticed(&part.name, &answers);
                } else {
                    mutant.fate = Fate::Noticed;
                }
            }
        }
        mutant
    }

    /// What is to be said of a part that nobody missed.
    fn unnoticed(&self, name: &str, answers: &Answers) -> (Fate, Option<String>) {
        // A row that asks for this very part, and has nothing to ask about on this host.
        let mut words = name.split(' ');
        let thing = if words.next() == Some("seccomp") { words.next() } else { words.next_back() }.unwrap_or(name);
        let named = |asks: &str| asks.split([' ', '?', ',', '(', ')']).any(|word| word == thing);
        let spared = answers.values().find(|now| PERILOUS.contains(&now.id) && named(now.asks));
        // What this host refuses to everybody has no control that worked; then only a row that names the part itself counts.
        let names_it = format!("({thing})");
        let idle = |now: &&Answer| match now.result {
            Verdict::NotApplicable => named(now.asks),
            Verdict::Unproven => now.asks.contains(&names_it),
            _ => false,
        };
        if let Some(now) = answers.values().find(idle) {
            let otherwise =
                if now.result == Verdict::Unproven { ", and does not work here without a sandbox" } else { "" };
            return (Fate::NotApplicable, Some(format!("{} {}{otherwise}", now.id, now.happened)));
        }
        let changed: Vec<_> = answers
            .values()
            .filter_map(|now| self.bench.whole.get(now.id).map(|before| (before, now)))
            .filter(|(before, now)| before.result != now.result)
            .collect();
        let told: Vec<String> = changed.iter().map(|(_, now)| format!("{} {}", now.id, now.happened)).collect();
        let by_host = !changed.is_empty() && changed.iter().all(|(_, now)| now.result == Verdict::NotApplicable);
        if by_host {
            return (Fate::NotApplicable, Some(told.join("; ")));
        }
        let reason = match spared {
            _ if !told.is_empty() => format!("no probe came to anything worse: {}", told.join("; ")),
            Some(asks) => format!("only {} asks for it, and only where two more walls keep it from the host", asks.id),
            None => "no probe came to anything else".to_owned(),
        };
        (Fate::Survived, Some(reason))
    }

    /// Looks for survivors that these layers cover.
    fn cover(&self, mutants: &mut [Mutant], layers: &[Layer]) {
        let open = |mutant: &Mutant| {
            !matches!(mutant.fate, Fate::Noticed | Fate::Covered)
                && !layers.iter().any(|layer| layer.name() == mutant.layer)
        };
        let names: Vec<String> =
            mutants.iter().filter(|mutant| open(mutant)).map(|mutant| mutant.name.clone()).collect();
        let gone: Vec<String> = layers.iter().map(|layer| layer.whole()).collect();
        let found = self.behind(&gone, &names);
        for (name, by) in names.iter().zip(found).filter(|(_, by)| !by.is_empty()) {
            if let Some(mutant) = mutants.iter_mut().find(|mutant| mutant.name == *name) {
                covered(mutant, gone.clone(), by);
            }
        }
    }

    /// For each of these parts the probes that notice it once `gone` is gone too, and would not notice that alone.
    fn behind(&self, gone: &[String], names: &[String]) -> Vec<Missing> {
        let nobody = || names.iter().map(|_| Missing::new()).collect();
        let (false, Ok(without)) = (names.is_empty(), self.bench.answers(gone, &[])) else { return nobody() };
        let known = self.missing(&without);
        // All of them at once first: what then nobody misses, nobody misses of each.
        let news = match self.bench.answers(&[gone, names].concat(), &[]) {
            Ok(answers) => self.missing(&answers).difference(&known).copied().collect::<Vec<_>>(),
            Err(_) => self.bench.whole.keys().filter(|id| !known.contains(*id)).copied().collect(),
        };
        if news.is_empty() {
            return nobody();
        }
        (self.progress.more)(names.len());
        each(names, |name| {
            let together = [gone, std::slice::from_ref(name)].concat();
            let answers = self.bench.answers(&together, &news);
            (self.progress.done)();
            answers.map(|answers| self.missing(&answers).difference(&known).copied().collect()).unwrap_or_default()
        })
    }

    /// Looks for survivors that other parts of their own layer cover, and for as few of those as do.
    fn cover_within(&self, mutants: &mut [Mutant], parts: &[Part]) {
        let open = mutants.iter().filter(|mutant| mutant.fate == Fate::Survived).cloned().collect::<Vec<_>>();
        (self.progress.more)(open.len());
        let found = each(&open, |mutant| {
            let others: Vec<String> = parts
                .iter()
                .filter(|part| part.layer.name() == mutant.layer && part.name != mutant.name)
                .filter(|part| part.name != part.layer.whole())
                .map(|part| part.name.clone())
                .collect();
            let found = self.fewest(others, &mutant.name);
            (self.progress.done)();
            found
        });
        for (open, (others, by)) in open.iter().zip(found).filter(|(_, (_, by))| !by.is_empty()) {
            if let Some(mutant) = mutants.iter_mut().find(|mutant| mutant.name == open.name) {
                covered(mutant, others, by);
            }
        }
    }

    /// Halves a set of parts for as long as one half is enough to make a part noticed.
    fn fewest(&self, mut others: Vec<String>, name: &str) -> (Vec<String>, Missing) {
        let name = [name.to_owned()];
        let notices = |others: &[String]| self.behind(others, &name).pop().unwrap_or_default();
        if others.is_empty() {
            return (others, Missing::new());
        }
        let mut by = notices(&others);
        let mut piece = others.len() / 2;
        while !by.is_empty() && piece > 0 && others.len() > 1 {
            let mut start = 0;
            while start < others.len() && others.len() > 1 {
                let mut fewer = others.clone();
                fewer.drain(start..(start + piece).min(others.len()));
                let now = if fewer.is_empty() { Missing::new() } else { notices(&fewer) };
                if now.is_empty() {
                    start += piece;
                } else {
                    (others, by) = (fewer, now);
                }
            }
            piece = if piece == 1 { 0 } else { piece.div_ceil(2).min(others.len() / 2).max(1) };
        }
        (others, by)
    }
}

fn covered(mutant: &mut Mutant, parts: Vec<String>, by: Missing) {
    mutant.fate = Fate::Covered;
    mutant.covered_by = parts;
    mutant.noticed_by = by.into_iter().collect();
    mutant.reason = None;
}

impl Mutation {
    /// How many came to this.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        self.mutants.iter().filter(|mutant| mutant.fate == fate).count()
    }

    /// How many were noticed or are covered, of all that could be noticed on this host.
    #[must_use]
    pub fn score(&self) -> (usize, usize) {
        let found = self.count(Fate::Noticed) + self.count(Fate::Covered);
        (found, found + self.count(Fate::Survived))
    }
}
