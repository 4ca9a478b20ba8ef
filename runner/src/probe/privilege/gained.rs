//! Rights gained by executing a program that has them from its file.
//!
//! The program only waits; what rights it runs with is read from `/proc`, also when it has ended and not been reaped.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno::{EACCES, EPERM};

use super::super::Scene;
use super::super::attempt::{Attempt, Setup, Stop, worked};
use super::super::fixture::{CAPABLE, OWNED_BY_ROOT};

/// Programs of a host that are usually root's with the bit set, asked for nothing but their version; `su` first, for
/// `mount` gives its rights up before it answers.
const USUAL: [&str; 5] = ["/usr/bin/su", "/bin/su", "/usr/bin/chsh", "/usr/bin/mount", "/bin/mount"];
/// How long `su` may take before it counts as waiting for a password.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long a program may take to have its rights.
const MOMENT: Duration = Duration::from_millis(150);
/// `CAP_NET_RAW`.
const NET_RAW: u64 = 1 << 13;

/// A set-user-id program: the bait where uid 0 could lay it out, else one of the host's.
pub(super) fn by_owner(scene: &Scene) -> Attempt {
    let (program, argument) = match scene.bait(OWNED_BY_ROOT) {
        Ok(bait) => (bait, "2"),
        Err(_) => {
            (usual().ok_or_else(|| Stop::NoBait("no set-user-id program is known here".to_owned()))?, "--version")
        }
    };
    let (user, capabilities) = rights_of(&program, argument)?;
    if user == 0 && capabilities != 0 {
        return worked();
    }
    Err(Stop::Denied(
        EPERM,
        format!("it runs as uid {user}{}", if capabilities == 0 { ", without capabilities" } else { "" }),
    ))
}

/// A program with a capability of its own.
pub(super) fn by_capability(scene: &Scene) -> Attempt {
    let (_, capabilities) = rights_of(&scene.bait(CAPABLE)?, "2")?;
    if capabilities & NET_RAW != 0 {
        return worked();
    }
    Err(Stop::Denied(EPERM, "it runs without the capability".to_owned()))
}

fn usual() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    // Not by its owner: inside a user namespace root's files are nobody's.
    let marked = |path: &&'static str| Path::new(path).metadata().is_ok_and(|at| at.mode() & 0o4000 != 0);
    USUAL.into_iter().find(marked).map(PathBuf::from)
}

/// The effective user and capabilities of a program that is started and ended again.
fn rights_of(program: &Path, argument: &str) -> Result<(u32, u64), Stop> {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let deadline = Instant::now() + MOMENT;
    // What the kernel calls it once it is in place, in 15 bytes (`PR_SET_NAME(2const)`).
    let called: String = program.file_name().unwrap_or_default().to_string_lossy().chars().take(15).collect();
    // The kernel lets the starter go a little before the program has its rights; those of one that has ended stay to be read,
    // and one that sleeps under its own name has all that it will have.
    let rights = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let user = line("Uid:").and_then(|users| users.split_whitespace().nth(1)?.parse().ok());
        let capabilities = line("CapEff:").and_then(|set| u64::from_str_radix(set, 16).ok());
        let rights: Option<(u32, u64)> = user.zip(capabilities);
        let sleeps = line("Name:") == Some(&called) && line("State:").is_some_and(|state| state.starts_with('S'));
        let over = sleeps || line("State:").is_none_or(|state| state.starts_with('Z')) || Instant::now() > deadline;
        if over || rights.is_some_and(|(_, capabilities)| capabilities != 0) {
            break rights;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    end(&mut child);
    rights.setup("the kernel does not say what rights the program has")
}

/// `su -c id`, without a password: where it asks for one it is ended, so that no failure is ever counted.
pub(super) fn by_su() -> Attempt {
    let mut command = Command::new("su");
    command.args(["-c", "id -u"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| Stop::NoBait(format!("su cannot be started: {error}")))?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().setup("su was lost")?.is_none() {
        if Instant::now() > deadline {
            end(&mut child);
            return Err(Stop::Denied(EACCES, "it asks for a password, or takes long to refuse".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut said = String::new();
    let read = child.stdout.take().map(|mut out| out.read_to_string(&mut said));
    read.transpose().setup("su cannot be heard")?;
    if said.trim() == "0" { worked() } else { Err(Stop::Denied(EPERM, "it gives up".to_owned())) }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
