//! A plan of steps on Linux: by palisade itself, by bubblewrap, or not at all, and under a guard where there is one.

use std::os::fd::OwnedFd;

use policy::verdict::Permit;

use super::Launch;
use crate::backend::Backend;
use crate::backend::linux::{bwrap, native};
use crate::command::Watched;
use crate::guard::Guard;
use crate::outcome::Outcome;
use crate::plan::{Plan, Step};
use crate::site::{self, State};
use crate::supervise::follow;
use crate::sys::signals::Signals;
use crate::terminal;

/// Runs a permitted command under a plan, and under a guard where there is one.
pub fn launch(permit: Permit, launch: &Launch, plan: &Plan, guard: Option<&mut Guard>) -> Outcome {
    start(permit, launch, plan, None, guard)
}

/// As [`launch`], with a writable `/proc` for a backend that finds the visible one locked read-only.
pub fn launch_through(permit: Permit, launch: &Launch, plan: &Plan, proc: Option<&OwnedFd>) -> Outcome {
    start(permit, launch, plan, proc, None)
}

fn start(_permit: Permit, launch: &Launch, plan: &Plan, proc: Option<&OwnedFd>, guard: Option<&mut Guard>) -> Outcome {
    let not_started = |why: String| Outcome::NotStarted { why };
    let mut command = match launch.command() {
        Ok(command) => command,
        Err(why) => return not_started(why),
    };
    let mut signals = match Signals::take() {
        Ok(signals) => signals,
        Err(errno) => return not_started(format!("watching signals: {}", errno.desc())),
    };
    command.terminal = plan.steps.contains(&Step::NewSession) && terminal::here();
    command.guarded = guard.is_some();
    command.watched = guard.as_ref().filter(|guard| guard.wants_denials()).map(|_| watched(plan));
    let started = if plan.is_bare() {
        return match guard {
            None => crate::bare::run(&command, &mut signals, launch.timeout),
            Some(guard) => crate::bare::run_guarded(&command, &mut signals, launch.timeout, guard),
        };
    } else {
        match launch.backend {
            Backend::Bwrap => bwrap::start(plan, &command),
            Backend::Seatbelt => return not_started("a plan of steps is not for Seatbelt".into()),
            Backend::Native | Backend::None => native::start_through(plan, &command, proc),
        }
    };
    match started {
        Ok(sandbox) => follow(sandbox, &mut signals, launch.timeout, guard),
        Err(error) => not_started(error.to_string()),
    }
}

/// What a denial can concern. A hidden path that is missing has nothing behind it: nobody could read it outside either. The
/// agent's own control directory, which it leaves behind, is no reason to hear of every open; `denials` says so.
fn watched(plan: &Plan) -> Watched {
    let hides =
        |step: &Step| matches!(step, Step::Deny { state, path } if *state != State::Missing && !site::is_control(path));
    if plan.steps.iter().any(|step| matches!(step, Step::FreshRoot { .. })) {
        Watched::Reading
    } else if plan.steps.iter().any(hides) {
        Watched::Hidden
    } else {
        Watched::Writing
    }
}
