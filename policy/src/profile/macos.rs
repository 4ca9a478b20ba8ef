//! What a profile grants on macOS beyond its other tables; nothing of it is granted anywhere else.

use serde::{Deserialize, Serialize};

use super::Tree;

/// Grants that only Seatbelt knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Macos {
    /// Ports on loopback that are reached though `network.access` is off: those of proxies.
    pub proxy_ports: Vec<u16>,
    /// Whether servers may be started on loopback, and reached.
    pub local_binding: bool,
    /// Unix sockets that are reached and offered, with those below them; `:root` for all but the known control sockets.
    pub unix_sockets: Vec<Tree>,
    /// Mach services that are looked up; a `*` at the end stands for any ending.
    pub mach_services: Vec<String>,
    /// Kernel variables that are read; a `*` at the end stands for any ending.
    pub sysctls: Vec<String>,
}

/// Whether a text names a service or a kernel variable: plain letters, and a `*` at most at its end.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let stem = text.strip_suffix('*').unwrap_or(text);
    !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:%".contains(&byte))
}
