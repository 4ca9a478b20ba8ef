//! Kernel release, Landlock, seccomp, and where we are: read from the kernel, nothing assumed from version numbers.

use serde::Serialize;

use super::Availability;
use super::namespaces::{self, Surroundings};
use crate::sys::trial::{self, Trial};

/// The machine and who we are on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct System {
    /// `Linux` and the like.
    pub os: String,
    /// The kernel release.
    pub kernel: String,
    /// The machine type.
    pub machine: String,
    /// The effective user id.
    pub uid: u32,
    /// The kind of container we are in, when one shows.
    pub container: Option<String>,
}

impl System {
    /// Asks this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        let name = nix::sys::utsname::uname().ok();
        let text = |part: Option<&std::ffi::OsStr>| {
            part.map_or_else(|| "unknown".to_owned(), |part| part.to_string_lossy().into_owned())
        };
        Self {
            os: text(name.as_ref().map(|name| name.sysname())),
            kernel: text(name.as_ref().map(|name| name.release())),
            machine: text(name.as_ref().map(|name| name.machine())),
            uid: nix::unistd::geteuid().as_raw(),
            container: container(),
        }
    }
}

/// The container we are in, by the marks that the common runtimes leave.
#[must_use]
pub fn container() -> Option<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    if let Some(kind) = Some(read("/run/systemd/container")).filter(|kind| !kind.trim().is_empty()) {
        return Some(kind.trim().to_owned());
    }
    for (mark, kind) in [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")] {
        if std::path::Path::new(mark).exists() {
            return Some(kind.to_owned());
        }
    }
    let groups = read("/proc/1/cgroup");
    for kind in ["kubepods", "docker", "lxc", "containerd"] {
        if groups.contains(kind) {
            return Some(kind.to_owned());
        }
    }
    let release = read("/proc/sys/kernel/osrelease");
    (release.contains("Microsoft") || release.contains("microsoft")).then(|| "wsl".to_owned())
}

/// Landlock as this kernel offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Landlock {
    /// The ABI version; none when Landlock cannot be had.
    pub abi: Option<u32>,
    /// Fixed errata, by number.
    pub errata: Vec<u32>,
    /// Why there is none.
    pub why: Option<String>,
}

/// Asks the kernel for its Landlock.
#[must_use]
pub fn landlock() -> Landlock {
    match trial::landlock_abi() {
        Ok(abi) => Landlock { abi: Some(abi), errata: trial::landlock_errata(), why: None },
        Err(errno) => Landlock { abi: None, errata: Vec::new(), why: Some(no_landlock(errno)) },
    }
}

/// The ABI alone, for callers that plan.
#[must_use]
pub fn landlock_abi() -> Option<u32> {
    trial::landlock_abi().ok()
}

fn no_landlock(errno: i32) -> String {
    match errno {
        libc::ENOSYS => "the kernel has no Landlock (5.13 is the first with it, and it must be built in)".to_owned(),
        libc::EOPNOTSUPP => "Landlock is built in but switched off at boot".to_owned(),
        _ => format!("the query was refused: {}", namespaces::errno(errno)),
    }
}

/// System call filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seccomp {
    /// Whether a filter can be installed.
    pub filter: Availability,
    /// The actions the kernel knows, as it names them.
    pub actions: Vec<String>,
    /// How many filters we already run under: more than none means that we are inside a sandbox or container.
    pub outer_filters: u32,
}

/// Tries to install a filter, and reads what the kernel says about filters.
#[must_use]
pub fn seccomp(surroundings: &Surroundings) -> Seccomp {
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    Seccomp {
        filter: namespaces::judge(trial::attempt(Trial::Filter), surroundings),
        actions: actions.split_whitespace().map(str::to_owned).collect(),
        outer_filters: surroundings.outer_filters,
    }
}
