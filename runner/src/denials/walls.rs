//! Whether a failed call was denied by the sandbox, and by which layer: from its errno, the plan, and whether the host
//! would have let it through.
//!
//! palisade is outside, as the same user: what it could not do there either (a name that is missing, a plain permission) is
//! no denial. What cannot be asked without an effect is believed to work there.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, Pid, access, geteuid};

use super::asks::{Act, Call};
use crate::plan::{Plan, Step};
use crate::site::{self, State};

/// The layer that denied, as reports name it.
pub(super) type Layer = &'static str;

/// What a sandbox stands for, and who looks at it from outside.
#[derive(Debug)]
pub(super) struct Walls {
    writable: Vec<PathBuf>,
    protected: Vec<PathBuf>,
    pinned: Vec<PathBuf>,
    hidden: Vec<PathBuf>,
    /// Of those, the ones that are there without the sandbox.
    readable: Vec<PathBuf>,
    /// Those that nobody is seen reading in.
    unwatched: Vec<PathBuf>,
    /// Protected names that are not there without the sandbox.
    masks: Vec<PathBuf>,
    private: Vec<PathBuf>,
    landlock: bool,
    processes: bool,
    network: bool,
    user: bool,
}

impl Walls {
    /// The walls of a plan.
    #[must_use]
    pub(super) fn of(plan: &Plan) -> Self {
        let mut walls = Self {
            writable: Vec::new(),
            protected: Vec::new(),
            pinned: Vec::new(),
            hidden: Vec::new(),
            readable: Vec::new(),
            unwatched: Vec::new(),
            masks: Vec::new(),
            private: Vec::new(),
            landlock: false,
            processes: false,
            network: false,
            user: false,
        };
        for step in &plan.steps {
            match step {
                Step::Namespaces { process, network, .. } => {
                    (walls.processes, walls.network, walls.user) = (*process, *network, true);
                }
                Step::Writable { root, .. } => walls.writable.push(root.path.clone()),
                Step::Protect { path, exists } => {
                    walls.protected.push(path.clone());
                    walls.masks.extend((!exists).then(|| path.clone()));
                }
                Step::Pin { path } => walls.pinned.push(path.clone()),
                Step::Deny { path, state } => {
                    walls.hidden.push(path.clone());
                    walls.readable.extend((*state != State::Missing).then(|| path.clone()));
                }
                Step::PrivateDev { .. } => walls.private.push("/dev".into()),
                Step::PrivateTmp => walls.private.push("/tmp".into()),
                Step::FreshProc => walls.private.push("/proc".into()),
                Step::Landlock { .. } => walls.landlock = true,
                _ => {}
            }
        }
        // As `launch` decides: who hears of every open anyway hears of those too.
        let hears = plan.steps.iter().any(|step| matches!(step, Step::FreshRoot { .. }));
        if !hears && walls.readable.iter().all(|path| site::is_control(path)) {
            walls.unwatched = std::mem::take(&mut walls.readable);
        }
        walls
    }

    /// Hidden directories that nobody is seen reading in.
    #[must_use]
    pub(super) fn unwatched(&self) -> &[PathBuf] {
        &self.unwatched
    }

    /// The name that is protected and covers a path.
    #[must_use]
    pub(super) fn protecting(&self, path: &Path) -> Option<&Path> {
        self.protected.iter().map(PathBuf::as_path).find(|held| path.starts_with(held))
    }

    /// Whether a path lies where the command may write.
    #[must_use]
    pub(super) fn writes(&self, path: &Path) -> bool {
        self.writable.iter().any(|root| path.starts_with(root))
    }

    /// Whether a path is hidden.
    #[must_use]
    pub(super) fn hides(&self, path: &Path) -> bool {
        self.hidden.iter().any(|held| path.starts_with(held))
    }

    /// Hidden paths with something behind them that could be read without the sandbox.
    #[must_use]
    pub(super) fn readable_outside(&self) -> Vec<PathBuf> {
        self.readable.clone()
    }

    /// Whether no wall stands in the way of a call: it writes, makes or removes a file where that is granted.
    #[must_use]
    pub(super) fn leaves_free(&self, call: &Call) -> bool {
        /// Devices that every sandbox lets be written.
        const DEVICES: [&str; 2] = ["/dev/null", "/dev/tty"];
        let ([path], Act::Write | Act::Create | Act::Remove) = (call.target.paths.as_slice(), call.act) else {
            return false;
        };
        if DEVICES.iter().any(|device| path == Path::new(device)) {
            return true;
        }
        // By where it really is: a link may lead out of what may be written.
        let Some(Ok(parent)) = path.parent().map(Path::canonicalize) else { return false };
        let Some(path) = path.file_name().map(|name| parent.join(name)) else { return false };
        let walls = [&self.protected, &self.pinned, &self.hidden, &self.private];
        self.writes(&path)
            && !self.writable.contains(&path)
            && !walls.iter().any(|walls| walls.iter().any(|wall| path.starts_with(wall)))
            && !path.is_symlink()
    }

    /// Which layer denied a call that came to the kernel and failed; none when nobody did.
    #[must_use]
    pub(super) fn denied(&self, call: &Call, errno: Errno) -> Option<Layer> {
        let layer = self.suspect(call, errno)?;
        // Whoever finds a stand-in there is refused to make what is missing.
        if call.target.paths.iter().any(|path| self.masks.iter().any(|mask| path.starts_with(mask))) {
            return Some(layer);
        }
        let private = call.target.paths.iter().any(|path| self.private.iter().any(|held| path.starts_with(held)));
        // What is another's inside than outside cannot be asked about outside; it is no wall that stands there.
        if private && errno != Errno::EROFS && errno != Errno::EACCES {
            return None;
        }
        works_outside(call).then_some(layer)
    }

    /// Whether a call that the filter refused would have done anything without it.
    #[must_use]
    pub(super) fn misses(&self, call: &Call) -> bool {
        // A process is named as the sandbox counts them.
        call.act == Act::Process || works_outside(call)
    }

    fn suspect(&self, call: &Call, errno: Errno) -> Option<Layer> {
        let first = call.target.paths.first();
        match (errno, call.act) {
            (Errno::EROFS, _) => Some("mounts"),
            (Errno::EBUSY, Act::Move | Act::Remove) => {
                let held = |path: &PathBuf| {
                    [&self.protected, &self.pinned, &self.writable, &self.hidden].iter().any(|all| all.contains(path))
                };
                call.target.paths.iter().any(held).then_some("mounts")
            }
            (Errno::EXDEV, Act::Move | Act::Link) => {
                let mount = |path: &PathBuf| {
                    let all = self.writable.iter().chain(&self.protected).chain(&self.pinned);
                    all.filter(|held| path.starts_with(held)).max_by_key(|held| held.components().count())
                };
                match call.target.paths.as_slice() {
                    [from, to] if mount(from) == mount(to) => self.landlock.then_some("landlock"),
                    _ => Some("mounts"),
                }
            }
            (Errno::EACCES, Act::Reach) => self.landlock.then_some("landlock"),
            (Errno::EACCES, _) if first.is_some_and(|path| self.hides(path)) => Some("mounts"),
            (Errno::EACCES, Act::Right) => self.user.then_some("capabilities"),
            (Errno::EACCES, _) => self.landlock.then_some("landlock"),
            (Errno::ESRCH, Act::Process) => self.processes.then_some("processes"),
            (Errno::EPERM, Act::Process) => self.landlock.then_some("landlock"),
            (Errno::EPERM, Act::Reach) => self.landlock.then_some("landlock"),
            (Errno::ECONNREFUSED | Errno::ENETUNREACH | Errno::EADDRNOTAVAIL, Act::Reach) => {
                self.network.then_some("network")
            }
            (Errno::EPERM | Errno::EINVAL, Act::Right | Act::Node) if geteuid().is_root() => {
                self.user.then_some("capabilities")
            }
            (Errno::EPERM, Act::Metadata) if geteuid().is_root() => self.user.then_some("capabilities"),
            _ => None,
        }
    }
}

/// Calls that need a privilege: what the filter refuses of them, an ordinary user could not do either.
const PRIVILEGED: &[&str] = &[
    "mount",
    "umount2",
    "chroot",
    "pivot_root",
    "setns",
    "acct",
    "bpf",
    "clock_settime",
    "settimeofday",
    "delete_module",
    "init_module",
    "finit_module",
    "kexec_load",
    "kexec_file_load",
    "lookup_dcookie",
    "open_by_handle_at",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "swapon",
    "swapoff",
    "syslog",
    "vhangup",
    "ioperm",
    "iopl",
    "fsopen",
    "fsmount",
    "fspick",
    "fsconfig",
    "move_mount",
    "mount_setattr",
    "fanotify_init",
];

/// Whether palisade itself, outside and as the same user, would be let through.
fn works_outside(call: &Call) -> bool {
    let paths = &call.target.paths;
    match (call.act, paths.as_slice()) {
        (Act::Read, [path]) => may(path, AccessFlags::R_OK),
        (Act::Write, [path]) if path.exists() => may(path, AccessFlags::W_OK) && !read_only(path),
        (Act::Write | Act::Create | Act::Node, [path]) => path.symlink_metadata().is_err() && may_change_around(path),
        (Act::Remove, [path]) => may_take_away(path),
        (Act::Move, [from, to]) => may_take_away(from) && may_change_around(to) && same_device(from, to),
        (Act::Link, [from, to]) => from.symlink_metadata().is_ok() && may_change_around(to) && same_device(from, to),
        (Act::Metadata, [path]) => {
            let owner = path.metadata().map(|data| data.uid());
            owner.is_ok_and(|owner| geteuid().is_root() || owner == geteuid().as_raw()) && !read_only(path)
        }
        (Act::Reach, [path]) => call.name == "bind" || may(path, AccessFlags::W_OK),
        (Act::Reach, _) => reaches(&call.target.words),
        (Act::Process, _) => call.target.process.is_some_and(|pid| {
            // Itself, its group and everybody are not somebody else.
            pid > 0 && kill(Pid::from_raw(pid), None).is_ok()
        }),
        (Act::Right, _) => geteuid().is_root() || !PRIVILEGED.contains(&call.name.as_str()),
        _ => true,
    }
}

fn may(path: &Path, how: AccessFlags) -> bool {
    access(path, how).is_ok()
}

fn read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|system| system.flags().contains(FsFlags::ST_RDONLY))
}

/// Whether names may be made beside this path.
fn may_change_around(path: &Path) -> bool {
    path.parent().is_some_and(|parent| may(parent, AccessFlags::W_OK | AccessFlags::X_OK) && !read_only(parent))
}

fn may_take_away(path: &Path) -> bool {
    let Ok(data) = path.symlink_metadata() else { return false };
    let sticky = path.parent().and_then(|parent| parent.metadata().ok()).filter(|parent| parent.mode() & 0o1000 != 0);
    let own = geteuid().as_raw();
    let owns = own == 0 || sticky.is_none_or(|parent| parent.uid() == own || data.uid() == own);
    owns && may_change_around(path)
}

fn same_device(from: &Path, to: &Path) -> bool {
    let device = |path: &Path| path.parent().and_then(|parent| parent.metadata().ok()).map(|data| data.dev());
    device(from) == device(to)
}

/// Whether somebody listens there on this host; for what cannot be looked up, it is believed.
fn reaches(words: &str) -> bool {
    if let Some(name) = words.strip_prefix('@') {
        let names = std::fs::read("/proc/net/unix").unwrap_or_default();
        let name = [b" @", name.trim_end_matches('\0').as_bytes()].concat();
        return names.windows(name.len()).any(|part| part == name.as_slice());
    }
    let Some((host, port)) = words.rsplit_once(':') else { return true };
    let local = host.starts_with("127.") || host == "[::1]";
    let Ok(port) = port.parse::<u16>() else { return true };
    !local || listens(port)
}

fn listens(port: u16) -> bool {
    const LISTEN: &str = "0A";
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        std::fs::read_to_string(table).unwrap_or_default().lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, state) = (words.next().unwrap_or_default(), words.nth(1));
            local.ends_with(&format!(":{port:04X}")) && state == Some(LISTEN)
        })
    })
}

/// A path as text that a profile can hold.
#[must_use]
pub(super) fn quoted(path: &Path) -> String {
    format!("{:?}", String::from_utf8_lossy(path.as_os_str().as_bytes()))
}
