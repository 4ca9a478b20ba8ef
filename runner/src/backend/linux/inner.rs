//! What the first process of a sandbox does once the mounts stand: it gives up everything, then starts the command.
//!
//! The order is fixed: descriptors, limits, capabilities, `no_new_privs`, Landlock (after every mount, which it would
//! refuse), seccomp last. The first process keeps the same walls as the command, or it would be a way around them.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use policy::profile::Limits;

use super::reap::{self, Reach};
use super::{StepError, calls, landlock};
pub use crate::command::{Command, Watched, become_command, start};
use crate::control::{self, Order, Report};
use crate::plan::Step;
use crate::sys::watch::{self, Opens};
use crate::sys::{hearing, process, spawn};

/// Waits, where there is a guard, until palisade traces this process: before it gives up anything that would keep
/// palisade from doing so, and before it starts anything.
pub fn await_guard(command: &Command, control: &OwnedFd) {
    if !command.guarded {
        return;
    }
    control::report(control, &Report::Ready(0));
    match control::read_order(control) {
        Some(Order::Go) => {}
        _ => process::end(125),
    }
}

/// Carries out the inner steps, runs the command to its end and ends this process.
pub fn run(steps: &[Step], command: &Command, control: &OwnedFd, reach: Reach) -> ! {
    if let Err(error) = prepare(steps, command, control) {
        control::report(control, &Report::Failed(error.to_string()));
        process::end(125);
    }
    // With a terminal of its own the command is in the foreground group from its first instruction: ours.
    let group = if command.terminal { spawn::Group::Inherited } else { spawn::Group::Own };
    let started = if command.guarded { start_in_sight(command, group, control) } else { start(command, group) };
    match started {
        Ok(child) => reap::until_end(child, control, reach),
        Err(errno) => {
            control::report(control, &Report::NotExecuted(errno as i32));
            process::end(125)
        }
    }
}

/// As [`start`], from a process of its own memory, which lets palisade look into it; this one does not.
fn start_in_sight(command: &Command, group: spawn::Group, control: &OwnedFd) -> nix::Result<nix::unistd::Pid> {
    // Both see to the group, as each may be the first that needs it.
    let own_group = |pid| {
        if group == spawn::Group::Own {
            let _ = nix::unistd::setpgid(pid, pid);
        }
    };
    match process::fork_into(nix::sched::CloneFlags::empty())? {
        process::Fork::Parent(child) => {
            own_group(child);
            Ok(child)
        }
        process::Fork::Child => {
            own_group(nix::unistd::Pid::from_raw(0));
            let errno = nix::sys::prctl::set_dumpable(true).err().unwrap_or_else(|| become_command(command));
            control::report(control, &Report::NotExecuted(errno as i32));
            process::end(125)
        }
    }
}

fn prepare(steps: &[Step], command: &Command, control: &OwnedFd) -> Result<(), StepError> {
    let cwd = format!("entering {}", command.cwd.display());
    StepError::at(cwd, nix::unistd::chdir(&command.cwd))?;
    process::wipe_environment();
    if command.terminal {
        let master = StepError::at("a terminal of its own", crate::terminal::inside())?;
        control::report(control, &Report::Terminal(std::sync::Arc::new(master)));
    }
    let mut watched = command.watched;
    let mut followed = command.guarded && command.watched.is_none();
    for step in steps {
        match step {
            Step::CloseDescriptors => close_all_but(control)?,
            Step::Limits(limits) => limit(limits)?,
            Step::DropCapabilities => drop_capabilities()?,
            Step::NoNewPrivileges => StepError::at("no_new_privs", nix::sys::prctl::set_no_new_privs())?,
            Step::Landlock { abi, writable, no_tcp, without } => {
                landlock::confine(*abi, writable, *no_tcp, without)?;
            }
            Step::FilterCalls { refuse, network, without } => {
                // Before the sandbox's own filter, which may refuse that a listener is made; at a call the stricter of both
                // answers, whichever came first.
                watch_calls(watched.take(), control)?;
                follow_programs(std::mem::take(&mut followed), command, control)?;
                let filter = calls::filter(refuse, *network, without).map_err(|why| StepError::new("seccomp", why))?;
                let told = command.watched.is_some() && watch::SEES_REFUSED;
                let filter = if told { calls::told(filter) } else { filter };
                reap::block_signals();
                StepError::at("not being looked into", nix::sys::prctl::set_dumpable(false))?;
                seccompiler::apply_filter(&filter).map_err(|error| StepError::new("seccomp", error))?;
            }
            _ => {}
        }
    }
    watch_calls(watched.take(), control)?;
    follow_programs(followed, command, control)?;
    if command.guarded && command.watched.is_some() {
        stay_in_sight()?;
    }
    reap::block_signals();
    Ok(())
}

/// Lets palisade hear of every program; where nobody can listen, it traces every process, which is slower and as complete.
fn follow_programs(wanted: bool, command: &Command, control: &OwnedFd) -> Result<(), StepError> {
    if !wanted {
        return Ok(());
    }
    let listener = match hearing::of_programs() {
        // Without the privilege to do it otherwise.
        Err(Errno::EACCES) => {
            StepError::at("guard: no_new_privs", nix::sys::prctl::set_no_new_privs())?;
            hearing::of_programs()
        }
        other => other,
    };
    match listener {
        Ok(listener) => control::report(control, &Report::Listener(std::sync::Arc::new(listener))),
        Err(_) => {
            await_guard(command, control);
            stay_in_sight()?;
        }
    }
    Ok(())
}

/// Lets a tracer, and a listener where reading is looked at, see the calls that may be denied.
fn watch_calls(watched: Option<Watched>, control: &OwnedFd) -> Result<(), StepError> {
    let listened = match watched {
        None => return Ok(()),
        Some(Watched::Writing) => watch::stop_calls(Opens::Writing),
        Some(Watched::Reading) => watch::stop_calls(Opens::All),
        // Where nobody can listen it is slower, and as complete.
        Some(Watched::Hidden) => watch::stop_calls(Opens::Told).or_else(|_| watch::stop_calls(Opens::All)),
    };
    if let Some(listener) = StepError::at("denials: stopping calls", listened)? {
        control::report(control, &Report::Listener(std::sync::Arc::new(listener)));
    }
    Ok(())
}

/// Takes away the one way to start a process that a tracer does not see.
///
/// # Errors
/// The filter that could not be installed.
pub fn stay_in_sight() -> Result<(), StepError> {
    let step = "guard: refusing processes out of sight";
    match crate::sys::trace::refuse_untraced() {
        // Without the privilege to do it otherwise. A traced program gains no privilege at exec as it is (`ptrace(2)`).
        Err(Errno::EACCES) => {
            StepError::at(step, nix::sys::prctl::set_no_new_privs())?;
            StepError::at(step, crate::sys::trace::refuse_untraced())
        }
        other => StepError::at(step, other),
    }
}

/// Closes everything but the standard streams and our control socket, which the command will not inherit.
fn close_all_but(control: &OwnedFd) -> Result<(), StepError> {
    let control = control.as_raw_fd();
    let step = "closing inherited descriptors";
    if control > 3 {
        StepError::at(step, process::close_range(3, (control - 1) as libc::c_uint))?;
    }
    StepError::at(step, process::close_range(control + 1, libc::c_uint::MAX))
}

fn limit(limits: &Limits) -> Result<(), StepError> {
    let rows = [
        (limits.core_bytes, Resource::RLIMIT_CORE, "core size"),
        (limits.open_files, Resource::RLIMIT_NOFILE, "open files"),
        (limits.processes, Resource::RLIMIT_NPROC, "processes"),
        (limits.memory_bytes, Resource::RLIMIT_AS, "memory"),
        (limits.file_bytes, Resource::RLIMIT_FSIZE, "file size"),
    ];
    for (value, resource, name) in rows {
        let Some(value) = value else { continue };
        let (_, hard) = StepError::at(name, nix::sys::resource::getrlimit(resource))?;
        let value = value.min(hard);
        StepError::at(format!("limiting {name}"), setrlimit(resource, value, value))?;
    }
    Ok(())
}

/// Empties all capability sets and reads them back.
fn drop_capabilities() -> Result<(), StepError> {
    use caps::CapSet;
    let step = "dropping capabilities";
    let at = |error: caps::errors::CapsError| StepError::new(step, error);
    let privileged = caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).map_err(at)?;
    if privileged {
        StepError::at(step, process::lock_secure_bits())?;
        StepError::at(step, process::empty_bounding_set())?;
    }
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        caps::clear(None, set).map_err(at)?;
    }
    // The ambient set is a part of the permitted and the inheritable one (`capabilities(7)`).
    for set in [CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        if !caps::read(None, set).map_err(at)?.is_empty() {
            return Err(StepError::new(step, format!("the {set:?} set is not empty afterwards")));
        }
    }
    Ok(())
}
