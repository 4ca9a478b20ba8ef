//! Judging: what was observed, held against the row and against the control. Pure.

use nix::errno::Errno;
use nix::libc;

use serde::Serialize;

use super::drive::Observation;
use super::expect::{Wanted, Word};
use super::report;

/// What a row came to; the words never merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Not as the row says.
    Fail,
    /// The subject or the attempt broke before there was an answer.
    Error,
    /// Allowed though it should have been refused: hardening that is missing.
    Weak,
    /// Refused, and not as the host does it; but nothing shows that the attempt could ever succeed here.
    Unproven,
    /// The question was not put.
    Skip,
    /// The host answers the same without any sandbox, or has nothing to ask about: no credit, no blame.
    NotApplicable,
    /// Only reported.
    Noted,
    /// As the row says.
    Pass,
}

impl Verdict {
    /// All of them, those to be looked at first.
    pub const ALL: [Self; 8] =
        [Self::Fail, Self::Error, Self::Weak, Self::Unproven, Self::Skip, Self::NotApplicable, Self::Noted, Self::Pass];

    /// The word of every report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Weak => "weak",
            Self::Unproven => "unproven",
            Self::Skip => "skip",
            Self::NotApplicable => "not-applicable",
            Self::Noted => "noted",
            Self::Pass => "pass",
        }
    }
}

/// Whether the cells of a run were written for a sandbox or for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// To what a sandbox owes.
    Sandboxed,
    /// To what happens without one: the control.
    Bare,
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in words.
    pub why: String,
}

/// How an attempt ended, the report corrected by what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Worked,
    /// Reported as allowed, but nothing came of it outside.
    Hollow,
    Refused(Errno),
    /// Killed by the filter.
    Killed,
    /// Reported as refused, but it happened.
    Leaked(Errno),
    /// Ended by another signal.
    Broken(i32),
    Unasked,
    /// Nothing to ask about on this host.
    Baitless,
}

/// Judges one observation; `control` is the same probe without a sandbox, for the same user.
#[must_use]
pub fn judge(wanted: Wanted, held: Held, seen: &Observation, control: Option<&Observation>) -> Judgement {
    let ended = ended(seen);
    let say = |verdict, why: String| Judgement { verdict, why };
    if held == Held::Bare {
        return without_sandbox(wanted, ended, seen);
    }
    let proven = control.is_none_or(Observation::worked);
    match (wanted.word, ended) {
        (_, Ended::Baitless) => say(Verdict::NotApplicable, seen.line.detail.clone()),
        (Word::Informative, _) => say(Verdict::Noted, words(ended, seen)),
        (_, Ended::Unasked) => say(Verdict::Skip, seen.line.detail.clone()),
        (_, Ended::Leaked(_)) => say(Verdict::Fail, words(ended, seen)),
        (Word::MustRefuse, Ended::Worked) => say(Verdict::Fail, words(ended, seen)),
        (Word::ShouldRefuse, Ended::Worked) => say(Verdict::Weak, words(ended, seen)),
        (_, Ended::Broken(_)) => say(Verdict::Error, words(ended, seen)),
        (Word::MustRefuse | Word::ShouldRefuse, _) if same_without(seen, control) => {
            say(Verdict::NotApplicable, format!("{}, as without a sandbox", words(ended, seen)))
        }
        (Word::MustRefuse, Ended::Refused(errno)) if !wanted.errnos.is_empty() && !wanted.errnos.contains(&errno) => {
            say(Verdict::Fail, format!("{}: not one of the expected refusals", words(ended, seen)))
        }
        (Word::MustRefuse | Word::ShouldRefuse, _) if !proven => say(Verdict::Unproven, words(ended, seen)),
        (Word::MustRefuse | Word::ShouldRefuse, _) => say(Verdict::Pass, words(ended, seen)),
        (Word::MustWork, Ended::Worked) => say(Verdict::Pass, words(ended, seen)),
        (Word::MustWork, _) if !proven => say(Verdict::NotApplicable, words(ended, seen)),
        (Word::MustWork, _) => say(Verdict::Fail, words(ended, seen)),
        (Word::MayWork, _) => say(Verdict::Noted, words(ended, seen)),
    }
}

/// The control is not judged for what the host refuses: that is no claim of any sandbox.
fn without_sandbox(wanted: Wanted, ended: Ended, seen: &Observation) -> Judgement {
    let absent = [
        Errno::ENOENT,
        Errno::ENOSYS,
        Errno::ENODEV,
        Errno::EAFNOSUPPORT,
        Errno::EPROTONOSUPPORT,
        Errno::ESOCKTNOSUPPORT,
        Errno::EOPNOTSUPP,
        // The resolver's: this host has no network.
        Errno::UnknownErrno,
    ];
    let verdict = match (wanted.word, ended) {
        (_, Ended::Unasked) => Verdict::Skip,
        (_, Ended::Broken(_)) => Verdict::Error,
        (_, Ended::Baitless) => Verdict::NotApplicable,
        (Word::MustWork, Ended::Worked) => Verdict::Pass,
        (Word::MustWork, Ended::Refused(errno)) if absent.contains(&errno) => Verdict::NotApplicable,
        (Word::MustWork, _) | (_, Ended::Hollow | Ended::Leaked(_)) => Verdict::Fail,
        _ => Verdict::Noted,
    };
    Judgement { verdict, why: words(ended, seen) }
}

/// Whether the host itself refuses, in the same way.
fn same_without(seen: &Observation, control: Option<&Observation>) -> bool {
    control.is_some_and(|control| {
        !control.worked() && (control.line.result, control.line.number) == (seen.line.result, seen.line.number)
    })
}

fn ended(seen: &Observation) -> Ended {
    match (seen.line.result, seen.effect) {
        (report::Result::Skip, _) => Ended::Unasked,
        (report::Result::NoBait, _) => Ended::Baitless,
        (report::Result::Broken, _) => Ended::Broken(0),
        (report::Result::Allowed, Some(false)) => Ended::Hollow,
        (report::Result::Allowed, _) => Ended::Worked,
        (report::Result::Denied | report::Result::Signal, Some(true)) => Ended::Leaked(seen.line.errno()),
        (report::Result::Denied, _) => Ended::Refused(seen.line.errno()),
        (report::Result::Signal, _) if seen.line.number == libc::SIGSYS => Ended::Killed,
        (report::Result::Signal, _) => Ended::Broken(seen.line.number),
    }
}

/// What happened, in words.
#[must_use]
pub fn happened(seen: &Observation) -> String {
    words(ended(seen), seen)
}

fn words(ended: Ended, seen: &Observation) -> String {
    let mut said = match ended {
        Ended::Worked => "it worked".to_owned(),
        Ended::Hollow => "reported as allowed, but nothing came of it outside".to_owned(),
        // No errno: a scenario, or the resolver of names.
        Ended::Refused(Errno::UnknownErrno) => "no".to_owned(),
        Ended::Refused(errno) => format!("refused by {errno:?}"),
        Ended::Killed => "killed by SIGSYS".to_owned(),
        Ended::Leaked(errno) => format!("reported as refused by {errno:?}, but its effect was seen outside"),
        Ended::Broken(0) => "broke".to_owned(),
        Ended::Broken(signal) => format!("ended by signal {signal}"),
        Ended::Unasked | Ended::Baitless => "not asked".to_owned(),
    };
    if !seen.line.detail.is_empty() {
        said.push_str(": ");
        said.push_str(&seen.line.detail);
    }
    said
}

#[cfg(test)]
mod tests;
