//! `palisade compare --backend seatbelt --on-host`: full-auto under `sandbox-exec`, bypass bare, each in a copy of the workspace.

use std::ffi::OsString;
use std::path::Path;

use policy::decision::Decision;
use policy::verdict::{Consent, Reason, Verdict};

use super::run_seatbelt;
use super::sandbox::say;
use super::verify::shipped;
use crate::backend::{Backend, seatbelt};
use crate::compare::drive::Setting;
use crate::compare::list::Entry;
use crate::compare::on_host::{self, Front, Wall};
use crate::compare::told::Side;
use crate::launch::Launch;
use crate::plan::Tolerance;
use crate::probe::expect::Mode;
use crate::seatbelt::generate::SANDBOX_EXEC;
use crate::seatbelt::generate::from_profile;

/// Where copies are made: the temporary directories are writable as a whole under full-auto.
const BELOW: &str = "/var/tmp";

/// Both sides of each command.
pub(super) fn sides(
    entries: &[Entry],
    workspace: Option<&Path>,
    setting: &Setting,
    consent: Consent,
) -> Result<Vec<Side>, String> {
    let sandbox_exec = Path::new(SANDBOX_EXEC);
    if !sandbox_exec.is_file() {
        return Err(format!("`{SANDBOX_EXEC}` is not here, nothing ran; Seatbelt is a part of macOS"));
    }
    let profile = shipped(Mode::WorkspaceWrite).map_err(|_| "the shipped profile cannot be read".to_owned())?;
    for gap in from_profile::gaps(&profile) {
        say(format_args!("gap: {}: not sure that {}: {}", gap.line, gap.claim, gap.why));
    }
    let front = |place: &Path| {
        let launch = Launch {
            argv: Vec::new(),
            cwd: place.join("project"),
            workspace: place.join("project"),
            profile: profile.clone(),
            backend: Backend::Seatbelt,
            tolerance: Tolerance::Degrade,
            timeout: None,
            environment: vec![("HOME".into(), place.join("home").into_os_string())],
        };
        let made = run_seatbelt::made(&launch, None)
            .map_err(|found| found.into_iter().map(|found| found.message).collect::<Vec<_>>().join("; "))?;
        let (wanted, generated, gaps) = made.ok_or("the profile confines nothing")?;
        let words: Vec<OsString> = seatbelt::words(sandbox_exec, &generated, &[]);
        let marks = seatbelt::marks(&wanted).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let gaps = gaps.into_iter().map(|gap| format!("{}: not sure that {}", gap.line, gap.claim)).collect();
        Ok(Front { words, marks: marks.collect(), gaps })
    };
    let wall = Wall { below: Path::new(BELOW), front: &front };
    // Whatever rules say: nothing runs here that a person did not agree to.
    let verdict = Verdict::new([Reason::NoRule { decision: Decision::Prompt }]);
    let mut sides = Vec::new();
    for entry in entries {
        for wall in [Some(&wall), None] {
            let Some(permit) = verdict.permit(consent) else { return Err("nobody agreed, nothing ran".into()) };
            sides.push(on_host::run(permit, entry, workspace, &setting.environment, setting.timeout, wall)?);
        }
    }
    Ok(sides)
}
