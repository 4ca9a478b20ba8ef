//! From a permit and a profile to a running command: survey, plan, backend, outcome.
//!
//! Nothing is started without a [`Permit`], and only a verdict makes one. How a plan of steps is carried out is told in the room
//! of the system; a generated profile is handed to `sandbox-exec` the same way everywhere.

#[cfg(not(target_os = "linux"))]
#[path = "launch/elsewhere.rs"]
mod host;
#[cfg(target_os = "linux")]
#[path = "launch/linux.rs"]
mod host;

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use policy::diagnostic::Diagnostic;
use policy::profile::{Environment, Profile};
use policy::verdict::Permit;

use crate::backend::{Backend, seatbelt};
use crate::command::Command;
use crate::host::Host;
use crate::outcome::Outcome;
use crate::plan::{Plan, Step, Tolerance, plan};
use crate::seatbelt::generate::{Generated, Wanted};
use crate::site::{Site, Wish, survey};
use crate::sys::signals::Signals;

pub use host::*;

/// What is to be run, where and under what.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The words of the command.
    pub argv: Vec<OsString>,
    /// Its working directory, absolute.
    pub cwd: PathBuf,
    /// The workspace, as its real path; the working directory unless said otherwise.
    pub workspace: PathBuf,
    /// The profile.
    pub profile: Profile,
    /// Who applies the plan.
    pub backend: Backend,
    /// Whether gaps are tolerated.
    pub tolerance: Tolerance,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// The caller's environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Launch {
    fn variable(&self, name: &str) -> Option<PathBuf> {
        let value = self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    }

    /// What lies on disk where the profile of this launch points.
    ///
    /// # Errors
    /// What makes the profile unusable here.
    pub fn site(&self) -> Result<Site, Vec<Diagnostic>> {
        let wish = Wish {
            workspace: self.workspace.clone(),
            home: self.variable("HOME"),
            tmpdir: self.variable("TMPDIR"),
            own_state: crate::rule_cache::cache_dir().into_iter().collect(),
        };
        let site = survey(&self.profile, &wish)?;
        if site.workspace == self.workspace {
            return Ok(site);
        }
        let message = format!("a link has taken the place of the workspace `{}`", self.workspace.display());
        Err(vec![
            Diagnostic::error("workspace", message).help("start again, where nobody else can change what lies there"),
        ])
    }

    /// The plan this launch would carry out on a host.
    ///
    /// # Errors
    /// Everything that stops it.
    pub fn plan(&self, host: &Host) -> Result<Plan, Vec<Diagnostic>> {
        plan(&self.profile, host, &self.site()?, self.tolerance)
    }

    fn command(&self) -> Result<Command, String> {
        let text = |word: &OsString| {
            CString::new(word.as_bytes()).map_err(|_| format!("`{}` holds a NUL", word.to_string_lossy()))
        };
        let argv = self.argv.iter().map(text).collect::<Result<_, _>>()?;
        let environment = environment(&self.environment, &self.profile.environment)?;
        let path =
            self.variable("PATH").map_or_else(|| "/usr/bin:/bin".into(), |path| path.to_string_lossy().into_owned());
        Ok(Command { argv, environment, path, cwd: self.cwd.clone(), terminal: false, guarded: false, watched: None })
    }
}

/// The environment of the command: what passes the filter, and what the profile sets.
fn environment(given: &[(OsString, OsString)], filter: &Environment) -> Result<Vec<CString>, String> {
    let mut rows = Vec::new();
    for (name, value) in given {
        let shown = name.to_string_lossy();
        if filter.passes(&shown) && !filter.set.contains_key(shown.as_ref()) {
            rows.push([name.as_bytes(), b"=", value.as_bytes()].concat());
        }
    }
    rows.extend(filter.set.iter().map(|(name, value)| format!("{name}={value}").into_bytes()));
    rows.into_iter().map(|row| CString::new(row).map_err(|_| "a variable holds a NUL".to_owned())).collect()
}

/// Runs a permitted command under `sandbox-exec`, the program at this path, with a generated profile.
pub fn launch_seatbelt(
    _permit: Permit,
    launch: &Launch,
    wanted: &Wanted,
    generated: &Generated,
    sandbox_exec: &Path,
) -> Outcome {
    let not_started = |why: String| Outcome::NotStarted { why };
    // Without the wall nothing may run; exec would look like a command that is not there.
    if !sandbox_exec.is_file() {
        return not_started(format!("`{}` is not here; Seatbelt is a part of macOS", sandbox_exec.display()));
    }
    let mut confined = launch.clone();
    confined.argv = seatbelt::words(sandbox_exec, generated, &launch.argv);
    for (name, value) in seatbelt::marks(wanted) {
        confined.profile.environment.set.insert(name.into(), value.into());
    }
    let command = match confined.command() {
        Ok(command) => command,
        Err(why) => return not_started(why),
    };
    match Signals::take() {
        Ok(mut signals) => crate::bare::run(&command, &mut signals, launch.timeout),
        Err(errno) => not_started(format!("watching signals: {}", errno.desc())),
    }
}

/// Whether a failed start means that namespaces are forbidden here.
#[must_use]
pub fn namespaces_refused(outcome: &Outcome, plan: &Plan) -> Option<String> {
    let asked = plan.steps.iter().any(|step| matches!(step, Step::Namespaces { .. }));
    match outcome {
        Outcome::NotStarted { why }
            if asked
                && ["new namespaces", "user namespace", "writing uid_map", "writing setgroups"]
                    .iter()
                    .any(|step| why.starts_with(step)) =>
        {
            Some(why.clone())
        }
        _ => None,
    }
}

/// The absolute form of a path, by text alone.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
