//! The containment: a process tree in namespaces of its own, over a file tree whose writes are caught in memory.
//!
//! ```text
//! compare ── __contain ── first process: builds the stage, keeps the services, looks at what was caught
//!                           └─ subject: enters the stage, gives up power over it, starts the command
//!                                ├─ victim: another process of the same user
//!                                └─ the command, bare (bypass) or in our own sandbox (full-auto)
//! ```
//! Everything lies in namespaces and on file systems in memory, and each process dies with its parent, so that nothing
//! is left whenever any of them is killed. The first process keeps the host's view and is out of the subject's reach:
//! the subject lives in a user namespace below.

mod bait;
mod names;
mod services;
mod stage;
mod subject;
mod walk;
mod watch;

use std::io::{BufRead, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::ground::Ground;
use super::told::{Answer, Request};
use crate::exit;
use crate::sys::process::{self, Fork};

pub(super) use walk::snapshot;

/// Lays the bait out in a directory of the host.
pub(super) fn lay_bait(top: &std::path::Path) -> std::io::Result<()> {
    bait::lay(top)
}

/// The hidden verb.
pub const VERB: &str = "__contain";

/// Whether this system has what a containment is made of.
pub const BUILT: bool = true;

/// A step that failed, in words.
#[derive(Clone, Debug)]
pub struct Failed(pub String);

impl Failed {
    /// Names the step an error belongs to.
    fn at<T, E: std::fmt::Display>(step: &str, result: Result<T, E>) -> Result<T, Self> {
        result.map_err(|error| Self(format!("{step}: {error}")))
    }
}

/// Reads a request from standard input, carries it out, answers on standard output, and gives the exit status.
///
/// Standard input stays open as the lifeline: when its other end is gone, so is this.
#[must_use]
pub fn main() -> u8 {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() {
        return exit::USAGE;
    }
    let Ok(request) = serde_json::from_str::<Request>(&line) else { return exit::USAGE };
    // Who was gone before the first line above was not waited for; its end of standard input may still be held, by another
    // containment that is only just being started.
    if abandoned() || nix::unistd::getppid().as_raw().cast_unsigned() != request.parent {
        return exit::SETUP;
    }
    match carry_out(&request) {
        Ok(()) => exit::OK,
        Err(Failed(why)) => {
            answer(&Answer::NotBuilt { why });
            exit::SETUP
        }
    }
}

/// Whether the one who asked is gone already.
fn abandoned() -> bool {
    let stdin = std::io::stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Writes the answer.
fn answer(answer: &Answer) {
    let Ok(mut text) = serde_json::to_vec(answer) else { return };
    text.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(&text).and_then(|()| stdout.flush());
}

fn carry_out(request: &Request) -> Result<(), Failed> {
    let step = "new namespaces";
    let (wait, go) = Failed::at(step, nix::unistd::pipe2(OFlag::O_CLOEXEC))?;
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWNET;
    let pid = match Failed::at(step, process::fork_into(flags))? {
        Fork::Child => {
            drop(go);
            first_process(request, wait);
        }
        Fork::Parent(pid) => pid,
    };
    drop(wait);
    map(pid, &request.ground)?;
    Failed::at(step, nix::unistd::write(&go, b"g"))?;
    while matches!(waitpid(pid, Some(WaitPidFlag::empty())), Err(nix::errno::Errno::EINTR)) {}
    Ok(())
}

fn first_process(request: &Request, wait: OwnedFd) -> ! {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
    // INVARIANT: the byte comes only from a parent that lived after the line above.
    if nix::unistd::read(&wait, &mut [0]) != Ok(1) {
        process::end(1);
    }
    match watch::run(request) {
        Ok(side) => answer(&Answer::Ran(Box::new(side))),
        Err(Failed(why)) => answer(&Answer::NotBuilt { why }),
    }
    process::end(0)
}

/// Writes the id maps of the containment. Root keeps all ids it has, so that bypass as root is like root; an ordinary
/// user becomes uid 0 in here, which a new devpts asks for, and is itself again in the subject's namespace.
fn map(pid: Pid, ground: &Ground) -> Result<(), Failed> {
    let own = std::path::PathBuf::from(format!("/proc/{pid}"));
    let write = |name: &str, content: &str| {
        Failed::at(&format!("writing {name} of the containment"), std::fs::write(own.join(name), content))
    };
    if ground.uid == 0 {
        write("uid_map", &all_ids("uid_map")?)?;
        return write("gid_map", &all_ids("gid_map")?);
    }
    write("setgroups", "deny")?;
    write("uid_map", &format!("0 {} 1\n", ground.uid))?;
    write("gid_map", &format!("0 {} 1\n", ground.gid))
}

/// Every id that exists in our own namespace, mapped to itself.
fn all_ids(name: &str) -> Result<String, Failed> {
    let text = Failed::at("reading our id maps", std::fs::read_to_string(format!("/proc/self/{name}")))?;
    let mut rows = String::new();
    for line in text.lines() {
        let mut fields = line.split_whitespace();
        if let (Some(inside), Some(_), Some(count)) = (fields.next(), fields.next(), fields.next()) {
            rows.push_str(&format!("{inside} {inside} {count}\n"));
        }
    }
    Ok(rows)
}
