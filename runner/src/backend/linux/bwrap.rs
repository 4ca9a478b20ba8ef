//! The bwrap backend: the same plan as bubblewrap arguments, and palisade inside it for the rest.
//!
//! bubblewrap executes palisade again as the first process of the sandbox, through a descriptor, so that palisade's own
//! file need not be readable in there. That process does what the native one does after its mounts: `inner`.

mod arguments;
mod guardian;

use std::ffi::{CString, OsStr};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::Mode;
use serde::{Deserialize, Serialize};

use super::StepError;
use super::inner::{self, Command};
use super::native::{self, Sandbox};
use super::reap::Reach;
use crate::control::{self, Report};
use crate::mask::{Keeper, Ready, Watch};
use crate::plan::{Plan, Step};
use crate::sys::process::{self, Fork};
use crate::trust;

pub use arguments::arguments;

/// The hidden verb of the process inside.
pub const VERB: &str = "__inner";

/// What the process inside is told.
#[derive(Serialize, Deserialize)]
struct Told {
    steps: Vec<Step>,
    command: Command,
}

/// A bubblewrap that nobody but root could have put there.
///
/// # Errors
/// Why there is none, and the way out.
pub fn trusted() -> Result<PathBuf, StepError> {
    let mut why = "it is not installed".to_owned();
    for path in trust::on_path("bwrap") {
        match trust::only_writable_by(&path, &[0]) {
            Ok(()) => return Ok(path),
            Err(reason) => why = format!("`{}` is not trusted: {reason}", path.display()),
        }
    }
    Err(StepError::new("bubblewrap", format!("{why}; install the package `bubblewrap`, or use --backend native")))
}

/// Starts a command under a plan through bubblewrap.
///
/// # Errors
/// The step that could not be done on this side; bubblewrap reports its own on standard error.
pub fn start(plan: &Plan, command: &Command) -> Result<Sandbox, StepError> {
    let step = "starting bubblewrap";
    let bwrap = trusted()?;
    let (ours, theirs) = StepError::at("control socket", control::pair())?;
    let told = StepError::at(step, told(plan, command))?;
    let program =
        StepError::at(step, nix::fcntl::open("/proc/self/exe", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()))?;
    let (information, inform) = StepError::at(step, nix::unistd::pipe2(OFlag::O_CLOEXEC))?;
    let (wait, ready) = StepError::at(step, nix::unistd::pipe2(OFlag::O_CLOEXEC))?;
    let empty = StepError::at(step, nix::fcntl::open("/dev/null", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()))?;
    let numbers = [&theirs, &told, &program, &inform, &empty].map(AsRawFd::as_raw_fd);
    let masks = plan.masks();
    let argv = argv(&bwrap, plan, command, numbers, masks.is_empty())?;
    let pid = match StepError::at(step, process::fork_into(nix::sched::CloneFlags::empty()))? {
        Fork::Parent(pid) => pid,
        Fork::Child => {
            drop((ours, ready, information));
            let error = become_bubblewrap(&argv, &theirs, wait, &numbers, masks.is_empty());
            control::report(&theirs, &Report::Failed(error.to_string()));
            process::end(125)
        }
    };
    drop((theirs, wait, inform));
    let keeper = if masks.is_empty() {
        drop(ready);
        None
    } else {
        Some(StepError::at("keeper of masks", Keeper::start(&masks, Watch::Info(information), Ready(ready)))?)
    };
    Ok(Sandbox { control: ours, pid, end: guardian::END, keeper })
}

fn told(plan: &Plan, command: &Command) -> nix::Result<OwnedFd> {
    let told = Told { steps: plan.steps.clone(), command: command.clone() };
    let text = serde_json::to_vec(&told).map_err(|_| nix::errno::Errno::EINVAL)?;
    let memory = memfd_create(c"palisade", MFdFlags::MFD_CLOEXEC)?;
    nix::unistd::write(&memory, &text)?;
    nix::unistd::lseek(&memory, 0, nix::unistd::Whence::SeekSet)?;
    Ok(memory)
}

fn argv(
    bwrap: &Path,
    plan: &Plan,
    command: &Command,
    fds: [RawFd; 5],
    no_masks: bool,
) -> Result<Vec<CString>, StepError> {
    let [control, told, program, inform, empty] = fds;
    let mut words = vec![bwrap.as_os_str().to_owned()];
    words.extend(arguments(plan, empty));
    if !no_masks {
        // The keeper of the masks reads from it which process to outlive.
        words.extend(["--info-fd".into(), inform.to_string().into()]);
    }
    words.extend(["--chdir".into(), command.cwd.clone().into()]);
    let inside = format!("/proc/self/fd/{program}");
    words.extend(["--".into(), inside.into(), VERB.into(), control.to_string().into(), told.to_string().into()]);
    words
        .iter()
        .map(|word| CString::new(word.as_bytes()).map_err(|_| StepError::new("bubblewrap", "a path holds a NUL")))
        .collect()
}

fn become_bubblewrap(argv: &[CString], control: &OwnedFd, ready: OwnedFd, pass: &[RawFd], no_masks: bool) -> StepError {
    let prepared = guardian::stand(control)
        .and_then(|()| native::die_with_parent(control, Reach::Namespace))
        .and_then(|()| if no_masks { Ok(()) } else { native::await_masks(ready) });
    if let Err(error) = prepared {
        return error;
    }
    for fd in pass {
        if let Err(error) = StepError::at("starting bubblewrap", process::pass_on(*fd)) {
            return error;
        }
    }
    let Some(program) = argv.first() else { return StepError::new("starting bubblewrap", "no program") };
    let environment: [CString; 0] = [];
    match nix::unistd::execve(program, argv, &environment) {
        Err(errno) => StepError::new("starting bubblewrap", errno.desc()),
        Ok(never) => match never {},
    }
}

/// The process inside: told by palisade outside, it checks what bubblewrap mounted and does the inner steps.
pub fn inside(arguments: &[std::ffi::OsString]) -> ! {
    let number = |word: Option<&std::ffi::OsString>| -> Option<OwnedFd> {
        let number: RawFd = word.map(std::ffi::OsString::as_os_str).and_then(OsStr::to_str)?.parse().ok()?;
        process::adopt(number).ok()
    };
    let (Some(control), Some(told)) = (number(arguments.first()), number(arguments.get(1))) else { process::end(2) };
    let result = read(told).and_then(|told| {
        inner::await_guard(&told.command, &control);
        native::die_with_parent(&control, Reach::of(&told.steps))?;
        same_roots(&told.steps)?;
        if told.steps.contains(&Step::NewSession) {
            let _ = nix::unistd::setsid();
        }
        if !told.steps.contains(&Step::FreshKeyring) {
            return Ok(told);
        }
        match process::fresh_session_keyring() {
            Ok(()) | Err(nix::errno::Errno::ENOSYS) => Ok(told),
            Err(errno) => Err(StepError::new("a session keyring of its own", errno.desc())),
        }
    });
    match result {
        Ok(told) => {
            let reach = Reach::of(&told.steps);
            inner::run(&told.steps, &told.command, &control, reach)
        }
        Err(error) => {
            control::report(&control, &Report::Failed(error.to_string()));
            process::end(125)
        }
    }
}

fn read(told: OwnedFd) -> Result<Told, StepError> {
    let mut text = Vec::new();
    let read = std::fs::File::from(told).read_to_end(&mut text);
    read.map_err(|error| StepError::new("reading the plan", error))?;
    serde_json::from_slice(&text).map_err(|error| StepError::new("reading the plan", error))
}

/// Compares what is mounted now with what was judged.
fn same_roots(steps: &[Step]) -> Result<(), StepError> {
    for step in steps {
        let Step::Writable { root, .. } = step else { continue };
        let now = std::fs::symlink_metadata(&root.path);
        if !now.is_ok_and(|now| (now.dev(), now.ino()) == (root.device, root.inode)) {
            let step = format!("opening {}", root.path.display());
            return Err(StepError::new(step, "it is no longer what was judged: another file has taken its place"));
        }
    }
    Ok(())
}

/// The bubblewrap command line for a plan, ready to paste; it lacks what palisade does inside.
#[must_use]
pub fn line(plan: &Plan) -> String {
    let words = arguments(plan, 0);
    let quoted: Vec<_> = words
        .iter()
        .map(|word| {
            let word = word.to_string_lossy();
            let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.:=,@+".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.into_owned()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        })
        .collect();
    format!("bwrap {}", quoted.join(" "))
}
