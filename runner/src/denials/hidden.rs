//! Who reads what is hidden: a listener is told of each open that only reads, and looks where it leads.
//!
//! Compilers open headers by the ten thousand, and stopping each for a tracer, at its beginning and its end, takes as long as
//! compiling. A listener sees the beginning alone, which is enough here: what lies at or below a hidden path is behind a file
//! or directory without any permission, the command has no capability to read past that, and nothing else in such a plan
//! refuses to read. So whatever leads there, and could be read outside, is refused with EACCES.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::stat::Mode;
use nix::unistd::{AccessFlags, Pid, access};

use super::asks::path_at;
use crate::sys::hearing::Ear;
use crate::sys::watch::Asked;

/// An open that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) pid: Pid,
    pub(super) program: String,
    pub(super) call: &'static str,
    pub(super) path: PathBuf,
}

/// What the listener has noted; taken out by who reports.
pub(super) type Notes = Arc<Mutex<Vec<Refused>>>;

/// Listens from now on, in a thread of its own, until everybody who could be heard has ended.
///
/// # Errors
/// When there is no thread for it.
pub(super) fn listen(listener: OwnedFd, hidden: Vec<PathBuf>, notes: Notes) -> std::io::Result<()> {
    let ear = Ear::new(listener).taking_turns();
    // Signals are for the thread that traces, which they interrupt.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let started = std::thread::Builder::new().name("listener".into()).spawn(move || {
        while ear.next(|pid, asked| {
            // Noted before it goes on, so that nothing is missing when the command has ended.
            if let Some(refused) = look(pid, asked, &hidden) {
                notes.lock().unwrap_or_else(PoisonError::into_inner).push(refused);
            }
        }) {}
    });
    before.thread_set_mask()?;
    started.map(drop)
}

fn look(pid: Pid, asked: &Asked, hidden: &[PathBuf]) -> Option<Refused> {
    let [first, second, third, ..] = asked.arguments;
    let (call, path, flags) = if asked.number == libc::SYS_openat {
        ("openat", path_at(pid, Some(first), second)?, third)
    } else {
        ("open", path_at(pid, None, first)?, second)
    };
    let flags = OFlag::from_bits_truncate(flags as i32);
    let led = leads_to(&path, flags)?;
    let held = hidden.iter().find(|held| led.starts_with(held))?;
    // Without reading one may have the hidden path itself.
    let free = flags.contains(OFlag::O_PATH) && led == *held;
    if free || !flags.contains(OFlag::O_PATH) && access(&led, AccessFlags::R_OK).is_err() {
        return None;
    }
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    Some(Refused { pid, program: program.to_string_lossy().into_owned(), call, path })
}

/// Where an open leads on the host, links followed; none where it fails there too, which is no denial.
fn leads_to(path: &Path, flags: OFlag) -> Option<PathBuf> {
    let same = flags & (OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY);
    let found = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC | same, Mode::empty()).ok()?;
    std::fs::read_link(format!("/proc/self/fd/{}", found.as_raw_fd())).ok()
}
