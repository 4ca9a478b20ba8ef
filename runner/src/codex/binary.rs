//! Which Codex is started, and which version it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{AccessFlags, access};

use super::invocation::Release;

/// How long it may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first `codex` on a search path that can be executed.
#[must_use]
pub fn on(path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join("codex")).find(|file| executable(file))
}

/// Whether there is a file here that may be executed.
#[must_use]
pub fn executable(file: &Path) -> bool {
    file.is_file() && access(file, AccessFlags::X_OK).is_ok()
}

/// Asks a program for its version. A Codex that has no credentials still says it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn release(program: &Path) -> Result<Release, String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{}` cannot be started: {error}", program.display()))?;
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(_)) => break,
            Ok(None) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("`{} --version` does not end", program.display()));
            }
        }
    }
    let output = child.wait_with_output().map_err(|error| format!("`{}`: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("`{} --version` failed: {}", program.display(), output.status));
    }
    Release::read(&said).ok_or_else(|| {
        let first: String = said.lines().next().unwrap_or_default().chars().take(80).collect();
        format!("`{} --version` says `{first}`, which is no version of Codex", program.display())
    })
}
