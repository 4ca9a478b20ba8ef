//! What this host can enforce, as a value: an old kernel is a file and not a virtual machine.
//!
//! [`Host::here`] asks cheaply and without trials; whether namespaces are really permitted shows when they are made.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Facts about a host that a plan depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Kernel release, as `uname -r` prints it.
    pub kernel: String,
    /// The Landlock ABI, 0 where there is none.
    pub landlock_abi: u32,
    /// Why unprivileged user namespaces cannot be made, where they cannot.
    pub no_user_namespaces: Option<String>,
    /// Whether seccomp filters can be installed.
    pub seccomp: bool,
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// A trustworthy bubblewrap, if there is one.
    pub bubblewrap: Option<PathBuf>,
}

impl Host {
    /// This host.
    #[must_use]
    pub fn here() -> Self {
        let kernel =
            nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            kernel,
            landlock_abi: crate::sys::trial::landlock_abi().unwrap_or(0),
            no_user_namespaces: None,
            seccomp: std::path::Path::new("/proc/sys/kernel/seccomp").exists(),
            uid: nix::unistd::geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            bubblewrap: None,
        }
    }

    /// The kernel's major and minor number, (0, 0) when the release is not understood.
    #[must_use]
    pub fn kernel_version(&self) -> (u32, u32) {
        let mut numbers = self.kernel.split(['.', '-']).map_while(|part| part.parse().ok());
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}
