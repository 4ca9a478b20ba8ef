//! The command of a run, ready to be executed: words, environment, where it is looked for and where it starts.
//!
//! Nothing here knows of a sandbox; whoever built one starts the command from inside of it.

use std::ffi::CString;
use std::path::PathBuf;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::sys::spawn;

/// The command as it will be executed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Its words; the first is looked up in `path` unless it holds a `/`.
    pub argv: Vec<CString>,
    /// Its whole environment, `NAME=value` each.
    pub environment: Vec<CString>,
    /// The directories to look it up in, as `PATH` holds them.
    pub path: String,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Whether it gets a terminal of its own, because palisade has one.
    pub terminal: bool,
    /// Whether palisade watches every exec of it and below.
    pub guarded: bool,
    /// Whether palisade sees which calls are denied, and which opens it looks at then.
    #[serde(default)]
    pub watched: Option<Watched>,
}

/// How closely denials are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watched {
    /// Files that are written.
    Writing,
    /// Files that are read, too, as far as they lead to something hidden.
    Hidden,
    /// All files that are read: what is not granted is not there.
    Reading,
}

/// Looks the program up where the command will see it, and starts it.
///
/// # Errors
/// The errno of exec: `ENOENT` when it is nowhere, `EACCES` when it is only where it may not be executed.
pub fn start(command: &Command, group: spawn::Group) -> Result<nix::unistd::Pid, Errno> {
    look_up(command, |program| spawn::spawn(program, &command.argv, &command.environment, group))
}

/// As [`start`], but this process becomes the command; it returns only with the errno that kept it from doing so.
#[must_use]
pub fn become_command(command: &Command) -> Errno {
    let tried = look_up::<std::convert::Infallible>(command, |program| {
        Err(spawn::become_program(program, &command.argv, &command.environment))
    });
    match tried {
        Ok(never) => match never {},
        Err(errno) => errno,
    }
}

/// Tries every place the program may be in.
fn look_up<T>(command: &Command, attempt: impl Fn(&CString) -> Result<T, Errno>) -> Result<T, Errno> {
    let program = command.argv.first().filter(|program| !program.is_empty()).ok_or(Errno::ENOENT)?;
    if program.as_bytes().contains(&b'/') {
        return attempt(program);
    }
    let mut refused = Errno::ENOENT;
    for directory in command.path.split(':') {
        let directory = if directory.is_empty() { "." } else { directory };
        let path = [directory.as_bytes(), b"/", program.as_bytes()].concat();
        let Ok(path) = CString::new(path) else { continue };
        match attempt(&path) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            // A directory that cannot be entered holds nothing for this user; a file that cannot be executed counts.
            Err(Errno::EACCES) if nix::unistd::access(path.as_c_str(), nix::unistd::AccessFlags::F_OK).is_ok() => {
                refused = Errno::EACCES;
            }
            Err(Errno::EACCES) => {}
            other => return other,
        }
    }
    Err(refused)
}
