//! Tries things in a child that is thrown away: the only honest way to learn what this host allows.
//!
//! This file names the trials; `linux` holds their steps and performs them. What a refusal means is not decided here:
//! see `doctor::namespaces`.

#[cfg(not(target_os = "linux"))]
#[path = "trial/elsewhere.rs"]
mod host;
#[cfg(target_os = "linux")]
#[path = "trial/linux.rs"]
mod host;

pub use host::{attempt, landlock_abi, landlock_errata};

/// What can be tried. Everything but the filter happens inside a fresh user namespace, as an unprivileged run does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Make a user namespace and map the caller into it.
    User,
    /// Make a mount namespace and mount a tmpfs in it.
    Mount,
    /// Make a pid namespace with a process in it.
    Pid,
    /// Mount a fresh `/proc` for a pid namespace.
    Proc,
    /// Make an ipc namespace.
    Ipc,
    /// Make a net namespace.
    Net,
    /// Make a uts namespace.
    Uts,
    /// Make a cgroup namespace.
    Cgroup,
    /// Mount an overlay of `/usr` with a throw-away upper layer and create a file in it.
    Overlay,
    /// Install a seccomp filter that allows everything.
    Filter,
}

/// What [`Trial::Proc`] is for, as [`Refused::doing`] names it.
pub const MOUNT_PROC: &str = "mount a fresh /proc";

/// A step the host refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What was being done, in words.
    pub doing: &'static str,
    /// The error number; `None` when the child was killed for trying.
    pub errno: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_leaves_this_process_where_it_was() {
        let before = std::fs::read_link("/proc/self/ns/user").ok();
        let _ = attempt(Trial::Overlay);
        assert_eq!(std::fs::read_link("/proc/self/ns/user").ok(), before);
    }
}
