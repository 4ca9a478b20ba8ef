//! `palisade run`: policy, then sandbox, then the command.

use std::time::Duration;

use policy::verdict::{Consent, Reason, Verdict};

use crate::cli::RunArgs;
use crate::exit;
use crate::host::Host;
use crate::launch::{Launch, absolute, launch};
use crate::modes::{self, Mode, Origin};
use crate::plan::Tolerance;

/// Runs it.
pub fn main(args: RunArgs) -> u8 {
    let origin = args.profile.map_or(Origin::Mode(args.mode.unwrap_or(Mode::WorkspaceWrite)), Origin::File);
    let Ok(profile) = modes::profile(&origin) else { return exit::USAGE };
    let cwd = absolute(args.cwd.as_deref().unwrap_or_else(|| std::path::Path::new(".")));
    let run = Launch {
        argv: args.command,
        workspace: cwd.clone(),
        cwd,
        profile,
        backend: args.backend,
        tolerance: if args.degrade { Tolerance::Degrade } else { Tolerance::Strict },
        timeout: args.timeout.map(Duration::from_secs_f64),
        environment: std::env::vars_os().collect(),
    };
    let host = Host::here();
    let plan = match run.plan(&host) {
        Ok(plan) => plan,
        Err(found) => {
            let text = crate::render::diagnostics(&found, &Default::default(), crate::render::Colour::Off);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
            return exit::SETUP;
        }
    };
    let verdict = Verdict::new([Reason::NoRule { decision: policy::decision::Decision::Allow }]);
    let Some(permit) = verdict.permit(Consent::No) else { return exit::REFUSED };
    let outcome = launch(permit, &run, &plan);
    if !matches!(outcome, crate::outcome::Outcome::Exited { .. }) {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("palisade: {outcome}\n").as_bytes());
    }
    outcome.status()
}
