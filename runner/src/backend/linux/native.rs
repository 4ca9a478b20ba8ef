//! The native backend: one fork into new namespaces, the mounts, then `inner`. Works as an ordinary user and as root.
//!
//! An ordinary user becomes uid 0 of a first user namespace (a new devpts asks for it), mounts everything there, and
//! then its own uid again in a second one. The mounts belong to the first, so that nothing can change them afterwards,
//! even with capabilities regained.

use std::fs;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{OFlag, open, openat};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use super::StepError;
use super::inner::{self, Command};
use super::mounts::Mounted;
use super::reap::{self, Reach};
use crate::control::{self, Report};
use crate::mask::{Keeper, Ready, Watch};
use crate::plan::{Plan, Step};
use crate::sys::process::{self, Fork};

/// A started sandbox, seen from palisade.
#[derive(Debug)]
pub struct Sandbox {
    /// Our end of the control socket.
    pub control: OwnedFd,
    /// The process to wait for.
    pub pid: Pid,
    /// The signal to that process that ends the sandbox at once.
    pub end: Signal,
    /// Who removes the masks.
    pub keeper: Option<Keeper>,
}

/// Starts a command under a plan. The caller must be single-threaded.
///
/// # Errors
/// The step that could not be done on this side; steps inside are reported over the control socket.
pub fn start(plan: &Plan, command: &Command) -> Result<Sandbox, StepError> {
    start_through(plan, command, None)
}

/// As [`start`], with a writable `/proc` to write id maps through where the visible one is locked read-only, as inside
/// another sandbox. The command does not inherit it.
///
/// # Errors
/// As [`start`].
pub fn start_through(plan: &Plan, command: &Command, proc: Option<&OwnedFd>) -> Result<Sandbox, StepError> {
    let (ours, theirs) = StepError::at("control socket", control::pair())?;
    let masks = plan.masks();
    let (wait, ready) = StepError::at("pipe", nix::unistd::pipe2(OFlag::O_CLOEXEC))?;
    // Asked before the fork: in a namespace without maps every id is the overflow id.
    let ids = Ids { uid: nix::unistd::geteuid().as_raw(), gid: nix::unistd::getegid().as_raw() };
    let forked = process::fork_into(flags(plan)).map_err(|errno| {
        StepError::new("new namespaces", format!("{}; `palisade doctor` says why and what to do", errno.desc()))
    })?;
    let pid = match forked {
        Fork::Child => {
            drop((ours, ready));
            stage(plan, command, ids, &theirs, wait, proc)
        }
        Fork::Parent(pid) => pid,
    };
    drop((theirs, wait));
    let keeper = if masks.is_empty() {
        drop(ready);
        None
    } else {
        let pidfd = StepError::at("watching the sandbox", process::pidfd_open(pid.as_raw()))?;
        Some(StepError::at("keeper of masks", Keeper::start(&masks, Watch::Process(pidfd), Ready(ready)))?)
    };
    Ok(Sandbox { control: ours, pid, end: Signal::SIGKILL, keeper })
}

/// Who the command runs as.
#[derive(Clone, Copy, Debug)]
struct Ids {
    uid: u32,
    gid: u32,
}

fn flags(plan: &Plan) -> CloneFlags {
    let mut flags = CloneFlags::empty();
    for step in &plan.steps {
        if let Step::Namespaces { mount, process, ipc, network } = step {
            flags |= CloneFlags::CLONE_NEWUSER;
            for (wanted, flag) in [
                (*mount, CloneFlags::CLONE_NEWNS),
                (*process, CloneFlags::CLONE_NEWPID),
                (*ipc, CloneFlags::CLONE_NEWIPC),
                (*network, CloneFlags::CLONE_NEWNET),
            ] {
                flags.set(flag, flags.contains(flag) || wanted);
            }
        }
    }
    flags
}

/// The new process, to its end.
fn stage(plan: &Plan, command: &Command, ids: Ids, control: &OwnedFd, ready: OwnedFd, proc: Option<&OwnedFd>) -> ! {
    let reach = Reach::of(&plan.steps);
    inner::await_guard(command, control);
    match outer(plan, ids, control, ready, reach, proc) {
        Ok(()) => inner::run(&plan.steps, command, control, reach),
        Err(error) => {
            control::report(control, &Report::Failed(error.to_string()));
            process::end(125)
        }
    }
}

fn outer(
    plan: &Plan,
    ids: Ids,
    control: &OwnedFd,
    ready: OwnedFd,
    reach: Reach,
    proc: Option<&OwnedFd>,
) -> Result<(), StepError> {
    die_with_parent(control, reach)?;
    let second = ids.uid != 0 && flags(plan).contains(CloneFlags::CLONE_NEWNS);
    let mut mounted = Mounted::default();
    let mut ready = Some(ready);
    for step in &plan.steps {
        match step {
            Step::Namespaces { mount: own_mounts, .. } => {
                map_first(ids, second, proc)?;
                if *own_mounts {
                    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
                    StepError::at(
                        "a mount table of its own",
                        mount(None::<&str>, "/", None::<&str>, private, None::<&str>),
                    )?;
                    // The second id map is written when everything is read-only; a fresh /proc takes care of itself.
                    if second && !plan.steps.contains(&Step::FreshProc) {
                        mounted.keep_proc()?;
                    }
                }
            }
            Step::NewSession => {
                let _ = nix::unistd::setsid();
            }
            Step::FreshKeyring => match process::fresh_session_keyring() {
                Ok(()) | Err(nix::errno::Errno::ENOSYS) => {}
                Err(errno) => return Err(StepError::new("a session keyring of its own", errno.desc())),
            },
            Step::Protect { exists: false, .. } | Step::Deny { state: crate::site::State::Missing, .. } => {
                if let Some(ready) = ready.take() {
                    await_masks(ready)?;
                }
                mounted.apply(step)?;
            }
            step => mounted.apply(step)?,
        }
    }
    if second {
        map_second(ids, mounted.proc.as_ref().or(proc))?;
        die_with_parent(control, reach)?;
    }
    Ok(())
}

/// Arranges to be ended when palisade ends, and makes sure that it has not ended before that.
pub(super) fn die_with_parent(control: &OwnedFd, reach: Reach) -> Result<(), StepError> {
    if reach == Reach::Descendants {
        // Without a process table of its own the first process has to live to hunt down the rest; the end of the
        // control socket tells it when.
        StepError::at("adopting orphans", nix::sys::prctl::set_child_subreaper(true))?;
        reap::block_signals();
    } else {
        StepError::at("ending with palisade", nix::sys::prctl::set_pdeathsig(Signal::SIGKILL))?;
    }
    if control::is_closed(control) {
        process::end(125);
    }
    Ok(())
}

/// Writes one of the map files of this process, through an open directory of it in some `/proc`.
fn write_map(own: impl AsFd, name: &str, content: &str) -> Result<(), StepError> {
    let step = format!("writing {name}");
    let file = openat(own, name, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty());
    let file = StepError::at(&step, file)?;
    StepError::at(step, nix::unistd::write(file, content.as_bytes()))?;
    Ok(())
}

/// Identity maps in the first namespace, or uid 0 for an ordinary user that will get its own uid back in a second one.
fn map_first(Ids { uid, gid }: Ids, second: bool, proc: Option<&OwnedFd>) -> Result<(), StepError> {
    let own = StepError::at("user namespace", own_directory(proc))?;
    let (inner_uid, inner_gid) = if second { (0, 0) } else { (uid, gid) };
    write_map(&own, "setgroups", "deny")?;
    write_map(&own, "uid_map", &format!("{inner_uid} {uid} 1\n"))?;
    write_map(&own, "gid_map", &format!("{inner_gid} {gid} 1\n"))
}

/// This process's directory in that `/proc`, or in the visible one.
fn own_directory(proc: Option<&OwnedFd>) -> nix::Result<OwnedFd> {
    match proc {
        Some(proc) => openat(proc, "self", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()),
        None => open("/proc/self", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()),
    }
}

fn map_second(Ids { uid, gid }: Ids, proc: Option<&OwnedFd>) -> Result<(), StepError> {
    let step = "second user namespace";
    StepError::at(step, unshare(CloneFlags::CLONE_NEWUSER))?;
    let own = StepError::at(step, own_directory(proc))?;
    write_map(&own, "uid_map", &format!("{uid} 0 1\n"))?;
    write_map(&own, "gid_map", &format!("{gid} 0 1\n"))
}

/// Waits until the keeper says that the masks stand.
pub(super) fn await_masks(ready: OwnedFd) -> Result<(), StepError> {
    let mut said = String::new();
    let read = fs::File::from(ready).read_to_string(&mut said);
    match (read, said.as_str()) {
        (Ok(_), "r") => Ok(()),
        (Ok(_), "") => Err(StepError::new("masks", "their keeper ended early")),
        (Ok(_), why) => Err(StepError::new("masks", why)),
        (Err(error), _) => Err(StepError::new("masks", error)),
    }
}
