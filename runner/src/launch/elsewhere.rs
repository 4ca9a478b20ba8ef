//! Where no plan of steps can be carried out: namespaces, Landlock and filters are Linux's. What confines nothing runs as it is.

use policy::verdict::Permit;

use super::Launch;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::sys::signals::Signals;

/// Runs a permitted command that nothing is to confine; anything else is not started.
pub fn launch(_permit: Permit, launch: &Launch, plan: &Plan) -> Outcome {
    let not_started = |why: String| Outcome::NotStarted { why };
    if !plan.is_bare() {
        return not_started(format!("the backend {} is Linux's; use `--backend seatbelt`", launch.backend));
    }
    let command = match launch.command() {
        Ok(command) => command,
        Err(why) => return not_started(why),
    };
    match Signals::take() {
        Ok(mut signals) => crate::bare::run(&command, &mut signals, launch.timeout),
        Err(errno) => not_started(format!("watching signals: {}", errno.desc())),
    }
}
