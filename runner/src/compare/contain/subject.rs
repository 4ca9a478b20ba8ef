//! The subject: the process that enters the stage, gives up power over it, and starts the command.
//!
//! It enters while it still may mount, then moves into a user namespace below with a mount table of its own, in which
//! everything it came with is locked: read-only stays read-only, and nothing can be taken off to look beneath.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use caps::CapSet;
use nix::mount::{MntFlags, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::socket::{MsgFlags, recv, send};
use policy::decision::Decision;
use policy::verdict::{Consent, Reason, Verdict};
use serde::{Deserialize, Serialize};

use super::Failed;
use super::stage::Stage;
use crate::backend::Backend;
use crate::compare::told::{Manner, Request};
use crate::host::Host;
use crate::launch::{Launch, launch_through};
use crate::modes::{Mode, shipped};
use crate::outcome::Outcome;
use crate::plan::Tolerance;
use crate::sys::process::{self, Fork};

/// The number under which the command of the demonstration finds an inherited descriptor.
const INHERITED: i32 = 9;
/// What it leads to.
const INHERITED_FILE: &str = "/demo/outside/ledger.txt";

/// What the subject says when the command has ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Word {
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Claims of the profile that were not enforced.
    pub(super) gaps: Vec<String>,
}

/// The subject's ends of what it shares with the first process.
#[derive(Debug)]
pub(super) struct Ends {
    /// Words go out here, the go-ahead comes in.
    pub(super) control: OwnedFd,
    /// The victim tells of signals here.
    pub(super) victim: OwnedFd,
    /// Standard output of the command.
    pub(super) stdout: OwnedFd,
    /// Standard error of the command.
    pub(super) stderr: OwnedFd,
}

/// The whole life of the subject.
pub(super) fn live(request: &Request, stage: &Stage, ends: Ends) -> ! {
    let said = match prepare(request, stage, &ends) {
        Ok(victim) => {
            drop(ends.victim);
            serde_json::to_vec(&run(request, stage, victim)).unwrap_or_default()
        }
        Err(Failed(why)) => [b"F", why.as_bytes()].concat(),
    };
    tell(&ends.control, &said);
    process::end(0)
}

fn tell(control: &OwnedFd, bytes: &[u8]) {
    let _ = send(control.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL);
}

/// Everything up to the point where the command can be started; gives the victim's pid.
fn prepare(request: &Request, stage: &Stage, ends: &Ends) -> Result<i32, Failed> {
    let step = "entering the stage";
    let proc = stage.proc.as_raw_fd();
    let mut kept = vec![0, 1, 2];
    kept.extend([&ends.control, &ends.victim, &ends.stdout, &ends.stderr].map(AsRawFd::as_raw_fd));
    // A writable /proc is for our own sandbox, which hands it to nobody.
    if request.manner == Manner::FullAuto {
        kept.push(proc);
    }
    Failed::at(step, process::close_all_but(&kept))?;
    Failed::at(step, unshare(CloneFlags::CLONE_NEWNS))?;
    Failed::at(step, nix::unistd::chdir(&stage.root))?;
    Failed::at(step, nix::unistd::pivot_root(".", "."))?;
    Failed::at(step, umount2(".", MntFlags::MNT_DETACH))?;
    Failed::at(step, nix::unistd::chdir("/"))?;
    standard_streams(ends)?;
    let step = "the subject's user namespace";
    Failed::at(step, unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS))?;
    tell(&ends.control, b"M");
    if recv(ends.control.as_raw_fd(), &mut [0], MsgFlags::empty()) != Ok(1) {
        process::end(1);
    }
    let _ = nix::unistd::setsid();
    // Sockets to the machine below are in no network namespace (until Linux 7.0).
    Failed::at("keeping AF_VSOCK out of reach", crate::sys::seccomp::refuse_family(libc::AF_VSOCK))?;
    if request.ground.uid != 0 {
        // Whoever makes a user namespace has all capabilities in it; an ordinary user of the host has none.
        for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
            Failed::at(step, caps::clear(None, set))?;
        }
    }
    // Changing the user namespace made this process unreadable to its own user (`PR_SET_DUMPABLE` in `prctl(2)`).
    Failed::at(step, nix::sys::prctl::set_dumpable(true))?;
    match Failed::at("the victim", process::fork_into(CloneFlags::empty()))? {
        Fork::Child => victim(&ends.victim),
        Fork::Parent(pid) => Ok(pid.as_raw()),
    }
}

fn standard_streams(ends: &Ends) -> Result<(), Failed> {
    let step = "standard streams";
    let null = Failed::at(step, OpenOptions::new().read(true).open("/dev/null"))?;
    Failed::at(step, nix::unistd::dup2_stdin(&null))?;
    Failed::at(step, nix::unistd::dup2_stdout(&ends.stdout))?;
    Failed::at(step, nix::unistd::dup2_stderr(&ends.stderr))
}

/// Another process of the same user: it does nothing but tell of the signals it gets.
fn victim(end: &OwnedFd) -> ! {
    let _ = process::close_all_but(&[end.as_raw_fd()]);
    let _ = nix::sys::prctl::set_name(c"victim");
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None);
    loop {
        match SigSet::all().wait() {
            Ok(Signal::SIGCHLD) => {}
            Ok(signal) => {
                let _ = nix::unistd::write(end, &[signal as u8]);
            }
            Err(_) => process::end(0),
        }
    }
}

fn run(request: &Request, stage: &Stage, victim: i32) -> Word {
    let not_started = |why: String| Word { outcome: Outcome::NotStarted { why }, gaps: Vec::new() };
    inherited_descriptor();
    let (mode, proc) = match request.manner {
        Manner::FullAuto => (Mode::WorkspaceWrite, Some(&stage.proc)),
        Manner::Bypass => (Mode::DangerFullAccess, None),
    };
    let Ok(profile) = shipped(mode) else { return not_started(format!("the profile {mode} cannot be read")) };
    let mut environment: Vec<(OsString, OsString)> =
        request.environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    environment.push(("VICTIM_PID".into(), victim.to_string().into()));
    let workspace = PathBuf::from(&request.workspace);
    let workspace = workspace.canonicalize().unwrap_or(workspace);
    let launch = Launch {
        argv: request.argv.iter().map(OsString::from).collect(),
        cwd: workspace.clone(),
        workspace,
        profile,
        backend: Backend::Native,
        tolerance: Tolerance::Strict,
        timeout: None,
        environment,
    };
    let plan = match launch.plan(&Host::here()) {
        Ok(plan) => plan,
        Err(found) => {
            let why: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
            return not_started(why.join("; "));
        }
    };
    let verdict = Verdict::new([Reason::NoRule { decision: Decision::Allow }]);
    let Some(permit) = verdict.permit(Consent::No) else { return not_started("no permit".into()) };
    let gaps = plan.gaps.iter().map(|gap| format!("{}: not sure that {}: {}", gap.line, gap.claim, gap.why)).collect();
    Word { outcome: launch_through(permit, &launch, &plan, proc), gaps }
}

/// Leaves a descriptor open as a careless caller would.
fn inherited_descriptor() {
    let Ok(file) = OpenOptions::new().append(true).open(INHERITED_FILE) else { return };
    // A duplicate made this way is inherited (`dup2(2)`), and is meant to be.
    let _ = process::inherit_as(file, INHERITED);
}
