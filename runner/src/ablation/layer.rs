//! The mechanisms of a plan of steps, each of which refuses on its own.

use std::fmt;

/// A mechanism that refuses on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The user namespace, which every other namespace needs.
    Namespaces,
    /// A mount table of its own and what is mounted in it.
    Mounts,
    /// A process table of its own, with its `/proc`.
    Processes,
    /// System V and POSIX queues of its own.
    Ipc,
    /// A network of its own.
    Network,
    /// A session of its own.
    Session,
    /// A session keyring of its own.
    Keyring,
    /// Descriptors closed.
    Descriptors,
    /// Resource limits.
    Limits,
    /// Capabilities dropped.
    Capabilities,
    /// No privileges gained by executing.
    NoNewPrivileges,
    /// Landlock.
    Landlock,
    /// The system-call filter.
    Seccomp,
}

impl Layer {
    /// All of them, in the order in which they are put up.
    pub const ALL: [Self; 13] = [
        Self::Namespaces,
        Self::Mounts,
        Self::Processes,
        Self::Ipc,
        Self::Network,
        Self::Session,
        Self::Keyring,
        Self::Descriptors,
        Self::Limits,
        Self::Capabilities,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::Seccomp,
    ];

    /// The word of reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Processes => "processes",
            Self::Ipc => "ipc",
            Self::Network => "network",
            Self::Session => "session",
            Self::Keyring => "keyring",
            Self::Descriptors => "descriptors",
            Self::Limits => "limits",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }

    /// Whether it stands on the user namespace.
    #[must_use]
    pub const fn needs_namespaces(self) -> bool {
        matches!(self, Self::Mounts | Self::Processes | Self::Ipc | Self::Network)
    }

    /// The name under which all of it is taken away.
    #[must_use]
    pub fn whole(self) -> String {
        format!("layer {}", self.name())
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
