//! The stage before the subject: leaves open what careless callers leave open, then becomes the subject.
//!
//! Runs as the user of the subject, outside of it. Its descriptors 6 to 9 and its session keyring are bait.

use std::ffi::{CString, OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Result};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::AccessFlags;

use crate::keep;

use crate::sys::probe_calls::process::{moved_up, new_session_key, place};
use crate::sys::process::told_of_parents_end;
use crate::sys::terminal::make_controlling;

use super::scene::Scene;

/// The inherited descriptors by number.
pub(super) const UNIX_STREAM: i32 = 6;
/// The root directory.
pub(super) const DIRECTORY: i32 = 7;
/// A connection to the TCP service.
pub(super) const TCP: i32 = 8;
/// A file outside the workspace, for reading and writing.
pub(super) const OUTSIDE_FILE: i32 = 9;

pub(super) fn run(scene: &Path, command: &[OsString]) -> Result<()> {
    // The subject ends when its driver is killed; a driver that was killed before shows as another parent.
    match told_of_parents_end(Signal::SIGKILL) {
        Ok(()) | Err(nix::errno::Errno::ENOSYS) => {}
        Err(errno) => return Err(errno.into()),
    }
    let scene = super::inside::read(scene)?;
    if std::os::unix::process::parent_id() != scene.driver {
        return Err(Error::other("the driver has ended"));
    }
    if let Some(terminal) = &scene.terminal {
        stand_on(terminal)?;
    }
    lay_out(&scene)?;
    let (program, arguments) = command.split_first().ok_or_else(|| Error::other("no command"))?;
    let own = scene.at("bin/palisade");
    if *program == own {
        return Err(Command::new(program).args(arguments).exec());
    }
    // palisade sees to what it started; what a foreign launcher leaves nobody would.
    let program = found(program).ok_or_else(|| Error::new(ErrorKind::NotFound, "it is not on PATH"))?;
    Err(Command::new(own).args(keep::words(scene.driver, &program, arguments)).exec())
}

/// The file of a program, looked for on `PATH` when it is a bare name.
fn found(program: &OsStr) -> Option<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Some(program.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && nix::unistd::access(file, AccessFlags::X_OK).is_ok()
}

/// Makes a terminal the controlling one of a new session, and standard input.
fn stand_on(terminal: &Path) -> Result<()> {
    nix::unistd::setsid()?;
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(terminal)?;
    make_controlling(terminal.as_fd())?;
    nix::unistd::dup2_stdin(&terminal)?;
    Ok(())
}

fn lay_out(scene: &Scene) -> Result<()> {
    let stream = moved_up(&UnixStream::connect(scene.at("fix/stream.sock"))?)?;
    let directory = moved_up(&std::fs::File::open("/")?)?;
    let tcp = moved_up(&TcpStream::connect(("127.0.0.1", scene.tcp))?)?;
    let file = moved_up(&OpenOptions::new().read(true).append(true).open(scene.at("out/FD-01"))?)?;
    for (file, at) in [(stream, UNIX_STREAM), (directory, DIRECTORY), (tcp, TCP), (file, OUTSIDE_FILE)] {
        place(&file, at)?;
        debug_assert!(file.as_raw_fd() > OUTSIDE_FILE);
    }
    let keyring = CString::new(format!("palisade-ring-{}", scene.token))?;
    // Without keyrings on this host, what asks about them finds nothing to ask about.
    let _ = new_session_key(&keyring, &CString::new(scene.key())?, b"bait");
    Ok(())
}
