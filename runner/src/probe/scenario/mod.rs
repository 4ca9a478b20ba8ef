//! Scenarios: what can only be asked from outside of a sandbox, with a driver that starts, signals, prepares and looks.
//!
//! Section O of the catalogue. A row is a [`Probe`] like those that run inside, so that reports, baselines and profiles
//! know it; its attempt is made here, on ground of its own ([`ground`]), by starting the subject one or several times.
//! Attempts are made side by side: they mostly wait. Each question is put so that *it worked* is what a sandbox must
//! prevent, or, where it must leave something possible, what it must not break.

mod ending;
mod ground;
mod hardship;
mod hosts;
mod names;
mod reading;
mod roots;
mod sockets;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;

use super::attempt::{Attempt, Stop};
use super::drive::{Driver, NotRun, Observation};
use super::expect::{Expect, NOTED, REFUSE, WORKS};
use super::fixture::Fixture;
use super::report::Line;
use super::subject::{Identity, Subject};
use super::{Class, Effect, Need, Probe, Turn};
use ground::Ground;
pub(super) use hardship::start;

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// The row; nothing of it is attempted inside.
    pub row: Probe,
    /// What it is about, in the catalogue's word.
    pub topic: &'static str,
    /// The attempt, made outside.
    attempt: fn(&Ground<'_>) -> Attempt,
}

/// What must not happen, whatever the profile says.
const HOLDS: Expect = Expect::always(REFUSE, NOTED);
/// What must stay possible.
const LEAVES: Expect = Expect::always(WORKS, WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Scenarios,
    asks: "",
    expect: HOLDS,
    layer: "",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| Err(Stop::Skip("it is asked from outside".to_owned())),
};

/// Every scenario, by topic.
const SCENARIOS: &[&[Scenario]] =
    &[ending::SCENARIOS, roots::SCENARIOS, names::SCENARIOS, reading::SCENARIOS, hosts::SCENARIOS, sockets::SCENARIOS];

/// Every scenario, in the order of the catalogue.
#[must_use]
pub fn all() -> Vec<&'static Scenario> {
    let mut rows: Vec<_> = SCENARIOS.iter().copied().flatten().collect();
    rows.sort_by_key(|scenario| scenario.row.id);
    rows
}

/// It did not happen, or not as it should: the words of the report tell which.
fn no(detail: impl Into<String>) -> Attempt {
    Err(Stop::Denied(Errno::UnknownErrno, detail.into()))
}

/// It cannot be tried with this subject, or on this host.
fn not_here<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::NoBait(reason.into()))
}

/// How many scenarios are played at once: they wait far more than they work.
const SIDE_BY_SIDE: usize = 12;

/// The one that takes longest, a race that is run for a fixed time, is begun first: the others end meanwhile.
const LONGEST: &str = "SC-44";

/// Plays the scenarios with a subject and tells what came of each, in the order of the catalogue.
///
/// # Errors
/// When there is nothing to tell, because the fixture could not be built.
pub fn run(
    driver: &Driver,
    subject: &Subject,
    identity: Identity,
) -> Result<Vec<(&'static Probe, Observation)>, NotRun> {
    let wanted = |id: &str| driver.only.is_empty() || driver.only.iter().any(|only| only == id);
    let mut scenarios: Vec<&'static Scenario> = all().into_iter().filter(|scenario| wanted(scenario.row.id)).collect();
    scenarios.sort_by_key(|scenario| scenario.row.id != LONGEST);
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    let fixture = Fixture::build(&driver.parent, &driver.palisade, subject, identity).map_err(NotRun::Fixture)?;
    // Who does not start here at all has refused nothing.
    let starts = Ground::lay_out(&fixture, subject, "SC-00").and_then(|ground| ground.starts());
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Vec::new());
    let play = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let attempt = starts
                .clone()
                .and_then(|()| Ground::lay_out(&fixture, subject, scenario.row.id))
                .and_then(|ground| (scenario.attempt)(&ground));
            let observation = Observation { line: Line::of(scenario.row.id, attempt), effect: None };
            seen.lock().unwrap_or_else(PoisonError::into_inner).push((&scenario.row, observation));
            driver.heard.iter().for_each(|heard| heard());
        }
    };
    std::thread::scope(|threads| (0..SIDE_BY_SIDE.min(scenarios.len())).for_each(|_| drop(threads.spawn(play))));
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(row, _)| row.id);
    Ok(seen)
}
