//! What a command may touch, as an admin writes it: a profile, OS-neutral, read from TOML.
//!
//! `raw` is what serde reads; [`parse`] turns it into a [`Profile`] once, with every mistake of the file in one go.
//! A profile knows no host: whether a line can be enforced is the runner's `plan`.

mod lines;
pub mod macos;
mod raw;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use lines::{LINES, Line};
pub use macos::Macos;
pub use raw::{parse, schema};
pub use text::text;

/// A valid profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name, shown in reports.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Lines that may be missing on a host; every other line is required.
    pub best_effort: BTreeSet<String>,
    /// Files and directories.
    pub files: Files,
    /// What of the network is reached.
    pub network: Network,
    /// What the command does not share with the host.
    pub private: Private,
    /// Groups of system calls that are refused.
    pub refuse: BTreeSet<CallGroup>,
    /// Resource limits.
    pub limits: Limits,
    /// The environment filter.
    pub environment: Environment,
    /// Whether Landlock stands behind the mounts.
    pub landlock: bool,
    /// What is granted on macOS besides.
    #[serde(default)]
    pub macos: Macos,
}

/// Files and directories a command may touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Readable trees.
    pub read: Vec<Tree>,
    /// Writable trees.
    pub write: Vec<Tree>,
    /// Hidden trees and files.
    pub deny_read: Vec<Tree>,
    /// Names protected at the top of each writable tree.
    pub protect: Vec<String>,
    /// How many levels below a workspace nested repositories are looked for.
    pub nested_repositories: u32,
    /// Dangerous writable trees the author knows about.
    pub accept_dangerous: Vec<Tree>,
}

/// A directory or file as a profile names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Tree {
    /// `:root`, everything.
    Root,
    /// `:minimal`, the system directories a program needs to start.
    Minimal,
    /// `:workspace`.
    Workspace,
    /// `:tmpdir`, what `$TMPDIR` names.
    Tmpdir,
    /// `~` or `~/x`: relative to the home directory; empty for the home directory itself.
    Home(String),
    /// An absolute path.
    Path(String),
}

impl TryFrom<String> for Tree {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            ":root" | "/" => Self::Root,
            ":minimal" => Self::Minimal,
            ":workspace" => Self::Workspace,
            ":tmpdir" => Self::Tmpdir,
            "~" => Self::Home(String::new()),
            word if word.starts_with("~/") => Self::Home(word.trim_start_matches("~/").to_owned()),
            word if word.contains('\0') => return Err("a path cannot hold a NUL".into()),
            word if word.starts_with('/') => Self::Path(word.to_owned()),
            word => {
                return Err(format!(
                    "`{word}` is neither an absolute path nor `~/…` nor one of `:root`, `:minimal`, `:workspace`, `:tmpdir`"
                ));
            }
        })
    }
}

impl From<Tree> for String {
    fn from(tree: Tree) -> Self {
        tree.to_string()
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => out.write_str(":root"),
            Self::Minimal => out.write_str(":minimal"),
            Self::Workspace => out.write_str(":workspace"),
            Self::Tmpdir => out.write_str(":tmpdir"),
            Self::Home(rest) if rest.is_empty() => out.write_str("~"),
            Self::Home(rest) => write!(out, "~/{rest}"),
            Self::Path(path) => out.write_str(path),
        }
    }
}

/// What of the network a command reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Nothing but local streams between its own processes.
    Off,
    /// The host's network.
    Host,
}

/// What a command has for itself instead of sharing it with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// A `/dev` of its own.
    pub dev: bool,
    /// An empty `/tmp` of its own.
    pub tmp: bool,
    /// System V and POSIX message queues, semaphores and shared memory.
    pub ipc: bool,
    /// A process table of its own that ends with the command.
    pub processes: bool,
}

/// A group of system calls; the runner's table names the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CallGroup {
    /// `io_uring_*`: a second way to most calls, past the filter.
    IoUring,
    /// Kernel-wide state and powerful interfaces: modules, kexec, bpf, perf, clocks, fanotify, …
    Kernel,
    /// `keyctl` and friends.
    Keyrings,
    /// Everything that changes what is mounted where.
    Mounts,
    /// New or other namespaces.
    Namespaces,
    /// Typing into a terminal on somebody's behalf.
    Terminal,
    /// Looking into and changing other processes.
    Tracing,
}

impl CallGroup {
    /// The word of the profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IoUring => "io-uring",
            Self::Kernel => "kernel",
            Self::Keyrings => "keyrings",
            Self::Mounts => "mounts",
            Self::Namespaces => "namespaces",
            Self::Terminal => "terminal",
            Self::Tracing => "tracing",
        }
    }
}

/// Resource limits of each process; `None` leaves the caller's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Size of core files in bytes.
    pub core_bytes: Option<u64>,
    /// Open descriptors.
    pub open_files: Option<u64>,
    /// Processes of the user (all of them, not only the sandbox's).
    pub processes: Option<u64>,
    /// Address space of one process in bytes.
    pub memory_bytes: Option<u64>,
    /// Largest file written, in bytes.
    pub file_bytes: Option<u64>,
}

/// Which variables reach the command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Names or one-star patterns that are taken away.
    pub remove: Vec<String>,
    /// Names or one-star patterns that stay even so.
    pub keep: Vec<String>,
    /// Variables that are set.
    pub set: BTreeMap<String, String>,
}

impl Environment {
    /// Whether a variable of this name passes.
    #[must_use]
    pub fn passes(&self, name: &str) -> bool {
        let hit = |patterns: &[String]| patterns.iter().any(|pattern| star_matches(pattern, name));
        hit(&self.keep) || !hit(&self.remove)
    }
}

/// `*X`, `X*` or `X`; case matters, as it does for variables.
fn star_matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(tail), _) => name.ends_with(tail),
        (None, Some(head)) => name.starts_with(head),
        (None, None) => name == pattern,
    }
}

impl Profile {
    /// Whether a gap in this line (named `table.key`) stops the run.
    #[must_use]
    pub fn requires(&self, line: &str) -> bool {
        !self.best_effort.contains(line)
    }

    /// Whether everything may be written.
    #[must_use]
    pub fn writes_everything(&self) -> bool {
        self.files.write.contains(&Tree::Root)
    }

    /// Whether everything may be read.
    #[must_use]
    pub fn reads_everything(&self) -> bool {
        self.files.read.contains(&Tree::Root)
    }
}

#[cfg(test)]
mod tests;
