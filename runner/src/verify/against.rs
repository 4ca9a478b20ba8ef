//! What a sandbox adds to having none: of the acts that work without it, how many it refuses. Pure.

use std::fmt::Write;

use serde::Serialize;

use super::report::{Answer, Report, Run};
use crate::probe::Class;
use crate::probe::expect::Word;
use crate::probe::judge::Verdict;

/// What a sandbox adds under one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Added {
    /// The profile.
    pub profile: String,
    /// Class by class; only those with an act that applies.
    pub classes: Vec<Share>,
    /// Probes that work inside and not without the sandbox: rights that it gives.
    pub gains: Vec<&'static str>,
}

/// How much of one class is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The class.
    pub class: Class,
    /// Of what must be refused.
    pub must: Part,
    /// Of what should be refused.
    pub should: Part,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Acts that work without a sandbox and are refused inside.
    pub refused: usize,
    /// Acts that work without a sandbox.
    pub applicable: usize,
}

/// What each run of a report adds.
#[must_use]
pub fn none(report: &Report) -> Vec<Added> {
    report.runs.iter().map(added).collect()
}

fn added(run: &Run) -> Added {
    let answered = || run.answers.iter().filter(|answer| !matches!(answer.result, Verdict::Error | Verdict::Skip));
    let mut classes: Vec<Class> = answered().map(|answer| answer.class).collect();
    classes.sort();
    classes.dedup();
    let part = |class: Class, word: Word| {
        let applies =
            |answer: &&Answer| answer.class == class && answer.cell == word && answer.worked_without == Some(true);
        let refused = answered().filter(applies).filter(|answer| !answer.worked).count();
        Part { refused, applicable: answered().filter(applies).count() }
    };
    let shares = classes.into_iter().map(|class| Share {
        class,
        must: part(class, Word::MustRefuse),
        should: part(class, Word::ShouldRefuse),
    });
    let gained = answered().filter(|answer| answer.worked && answer.worked_without == Some(false));
    Added {
        profile: run.profile.clone(),
        classes: shares.filter(|share| share.must.applicable + share.should.applicable > 0).collect(),
        gains: gained.map(|answer| answer.id).collect(),
    }
}

/// For people: one line a class, what must and what should be refused apart.
#[must_use]
pub fn text(added: &[Added]) -> String {
    let mut out = String::new();
    for one in added {
        let _ = writeln!(out, "against no sandbox, {}: refused of what works without", one.profile);
        for share in &one.classes {
            let part = |part: Part| format!("{}/{}", part.refused, part.applicable);
            let (must, should) = (part(share.must), part(share.should));
            let _ = writeln!(out, "  {:12}  must {must:7}  should {should}", share.class.name());
        }
        let gains = if one.gains.is_empty() { "none".to_owned() } else { one.gains.join(", ") };
        let _ = writeln!(out, "  rights gained: {gains}\n");
    }
    out
}
