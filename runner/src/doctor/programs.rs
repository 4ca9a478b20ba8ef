//! The programs palisade may start: bubblewrap, which must be trusted before it is a wall, and Codex.
//!
//! A program is only executed here when nobody but root (for bubblewrap) or root and the caller (for Codex) could have
//! put it there; otherwise it is named, and its version is not asked for.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Availability;
use crate::trust::{on_path, only_writable_by};

/// A program found on the search path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// Where it was found.
    pub path: PathBuf,
    /// What it says its version is.
    pub version: Option<String>,
    /// Why it was not asked, or did not answer.
    pub why_unknown: Option<String>,
}

/// The bubblewrap that would be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bubblewrap {
    /// Path and version.
    pub program: Program,
    /// Whether it is installed set-user-id.
    pub setuid: bool,
    /// Whether only root can have written it.
    pub trusted: Availability,
    /// Whether it can set up what a sandboxed mode needs; tried only when trusted.
    pub works: Availability,
}

/// Finds bubblewrap and, when it can be trusted, tries it.
#[must_use]
pub fn bubblewrap() -> Option<Bubblewrap> {
    let path = on_path("bwrap").into_iter().next()?;
    let setuid = path.metadata().is_ok_and(|meta| meta.mode() & 0o4000 != 0);
    Some(match only_writable_by(&path, &[0]) {
        Ok(()) => {
            Bubblewrap { works: bubblewrap_works(&path), program: asked(path), setuid, trusted: Availability::Allowed }
        }
        Err(why) => {
            let advice = "use the distribution's package, in a folder that only root can write".to_owned();
            let trusted = Availability::Forbidden { why: why.clone(), advice };
            let program = Program { path, version: None, why_unknown: Some(format!("not executed: {why}")) };
            Bubblewrap { program, setuid, works: trusted.clone(), trusted }
        }
    })
}

fn bubblewrap_works(path: &Path) -> Availability {
    let arguments = ["--new-session", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-user"];
    let more =
        ["--unshare-pid", "--unshare-ipc", "--unshare-net", "--proc", "/proc", "--cap-drop", "ALL", "--", "true"];
    match output(Command::new(path).args(arguments).args(more)) {
        Ok((true, _)) => Availability::Allowed,
        Ok((false, said)) => Availability::Forbidden {
            why: said.lines().next().unwrap_or("it failed without a word").to_owned(),
            advice: "see the namespaces above; bubblewrap needs the same".to_owned(),
        },
        Err(why) => Availability::Forbidden { why, advice: "reinstall bubblewrap".to_owned() },
    }
}

/// Finds every Codex on the search path.
#[must_use]
pub fn codex() -> Vec<Program> {
    let me = nix::unistd::geteuid().as_raw();
    let candidates = on_path("codex").into_iter();
    candidates
        .map(|path| match only_writable_by(&path, &[0, me]) {
            Ok(()) => asked(path),
            Err(why) => Program { path, version: None, why_unknown: Some(format!("not executed: {why}")) },
        })
        .collect()
}

/// Asks a program for its version: the last word of the first line that `--version` prints.
#[must_use]
pub fn asked(path: PathBuf) -> Program {
    match output(Command::new(&path).arg("--version")) {
        Ok((true, said)) => {
            let version = said.lines().next().and_then(|line| line.split_whitespace().last()).map(str::to_owned);
            let why_unknown = version.is_none().then(|| "`--version` printed nothing".to_owned());
            Program { path, version, why_unknown }
        }
        Ok((false, _)) => Program { path, version: None, why_unknown: Some("`--version` failed".to_owned()) },
        Err(why) => Program { path, version: None, why_unknown: Some(why) },
    }
}

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a command without input and gives whether it succeeded and what it said, errors when it said nothing else.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub fn output(command: &mut Command) -> Result<(bool, String), String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let end = Instant::now() + PATIENCE;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("it did not answer within {} seconds", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_in_a_folder_anyone_can_write_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("bwrap");
        std::fs::write(&program, "#!/bin/sh\necho hello\n").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let me = nix::unistd::geteuid().as_raw();
        let why = only_writable_by(&program, &[0, me]).unwrap_err();
        assert!(why.contains("can be written by others"), "{why}");
    }

    #[test]
    fn a_system_program_is_trusted() {
        assert_eq!(only_writable_by(Path::new("/bin/sh"), &[0]), Ok(()));
    }

    #[test]
    fn a_program_that_fails_is_told_from_one_that_works() {
        assert!(output(&mut Command::new("true")).unwrap().0);
        assert!(!output(&mut Command::new("false")).unwrap().0);
        assert!(output(&mut Command::new("/nonexistent/program")).is_err());
    }
}
