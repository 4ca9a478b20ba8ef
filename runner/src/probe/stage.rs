//! The hidden verbs under which the palisade binary plays a part in its own probes.
//!
//! They are looked for before anything else in `main`, while the process has one thread and no descriptor of ours:
//! the probes ask about exactly those.

use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

/// Opens the descriptors to be inherited, then executes the subject: `SCENE -- COMMAND…`.
pub const LAUNCH: &str = "__probe-launch";
/// Makes the attempts, inside the subject: `SCENE`.
pub const ATTEMPT: &str = "__probe";
/// Holds a secret in its environment, and every signal back, until its standard input ends.
pub const VICTIM: &str = "__probe-victim";
/// Becomes a subject for a scenario, on a host that may lack something: `DRIVER HARDSHIP COMMAND…`.
pub const START: &str = "__probe-start";
/// Makes one system call of a foreign architecture.
pub const OLD_CALL: &str = "__probe-old-call";
/// Says a word to a socket in the file system: `SOCKET WORD`.
pub const SAY: &str = "__probe-say";
/// Tries two hundred times to give a directory another name: `FROM TO`.
pub const MOVE: &str = "__probe-move";
/// Clears up when its standard input ends before it was told that everything is done.
pub const KEEPER: &str = "__probe-keeper";

/// Plays the part the arguments name; `None` when they name none.
#[must_use]
pub fn enter(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    let part = args.next()?;
    let part = part.to_str()?;
    if !part.starts_with(ATTEMPT) {
        return None;
    }
    let rest: Vec<OsString> = args.collect();
    let played = match (part, rest.as_slice()) {
        (START, [driver, hardship, command @ ..]) => {
            match super::scenario::start(&driver.to_string_lossy(), &hardship.to_string_lossy(), command) {
                Ok(status) => return Some(status),
                Err(error) => Err(error),
            }
        }
        (OLD_CALL, []) => crate::sys::probe_calls::process::getpid_by_int80().map(drop).map_err(Into::into),
        (MOVE, [from, to]) => (0..200).map(|_| std::fs::rename(from, to)).find(Result::is_ok).unwrap_or(Ok(())),
        (SAY, [socket, word]) => UnixStream::connect(Path::new(socket))
            .and_then(|mut socket| std::io::Write::write_all(&mut socket, word.as_encoded_bytes())),
        (LAUNCH, [scene, dashes, command @ ..]) if dashes == "--" => super::launch::run(Path::new(scene), command),
        (ATTEMPT, [scene]) => super::inside::run(Path::new(scene)),
        (VICTIM, []) => hold_back().and_then(|()| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).map(drop)),
        (KEEPER, []) => super::leftovers::keep(),
        _ => return None,
    };
    match played {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{part}: {error}\n").as_bytes());
            Some(ExitCode::FAILURE)
        }
    }
}

/// Signals that are sent stay pending, where they can be seen.
fn hold_back() -> std::io::Result<()> {
    Ok(nix::sys::signal::SigSet::all().thread_block()?)
}
