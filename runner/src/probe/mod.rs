//! Probes: one minimal attempt each at something a sandbox must deny or must leave possible.
//!
//! A row of the table says what is asked, what each mode owes, which layer should refuse, how the attempt is made and
//! what it leaves to be seen from outside. Adding a probe is adding a row. The attempt runs *inside* the subject
//! ([`inside`]), in a process of its own, and touches only bait that [`fixture`] made; [`drive`] starts the subject
//! and compares what the attempt reported with what really happened; [`judge`] holds that against the row.
//! Nothing here knows how a sandbox is built: a subject is a command line in front of another one ([`subject`]).

pub mod attempt;
mod descriptors;
mod devices;
pub mod drive;
pub mod effect;
mod environment;
pub mod expect;
mod files_read;
mod files_write;
pub mod fixture;
pub mod inside;
#[cfg(target_os = "linux")]
mod ipc;
pub mod judge;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod kernel_files;
mod launch;
mod leftovers;
#[cfg(target_os = "linux")]
mod namespaces;
pub mod need;
mod network;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod privilege;
mod processes;
mod protected;
mod pty;
pub mod report;
mod resources;
#[cfg(target_os = "linux")]
pub mod scenario;
#[cfg(not(target_os = "linux"))]
#[path = "scenario/elsewhere.rs"]
pub mod scenario;
pub mod scene;
pub mod services;
mod shared;
pub mod stage;
pub mod subject;
mod terminal;

use attempt::Attempt;
use effect::Effect;
use expect::Expect;
use need::Need;
use scene::Scene;
use serde::Serialize;

/// One row: a question put to a sandbox.
#[derive(Clone, Copy)]
pub struct Probe {
    /// Its name for ever: two letters and a number.
    pub id: &'static str,
    /// Which part of the catalogue it belongs to.
    pub class: Class,
    /// The question in plain words.
    pub asks: &'static str,
    /// What each mode owes, for an ordinary user and for uid 0.
    pub expect: Expect,
    /// What in a profile decides whether the act is granted.
    pub need: Need,
    /// Who should refuse.
    pub layer: &'static str,
    /// What the attempt leaves behind that can be seen from outside.
    pub effect: Effect,
    /// When it runs: a probe that takes away the bait of others comes after them.
    pub turn: Turn,
    /// The attempt, made inside the subject.
    pub attempt: fn(&Scene) -> Attempt,
}

/// The parts of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Creating, changing, moving and removing files.
    FilesWrite,
    /// Reading what should not be read.
    FilesRead,
    /// Names protected inside a writable root.
    Protected,
    /// Sockets of every family, and ways round their refusal.
    Network,
    /// What the caller left open.
    Descriptors,
    /// `/proc` and `/sys`.
    KernelFiles,
    /// Device nodes.
    Devices,
    /// Other processes.
    Processes,
    /// Namespaces and mounts.
    Namespaces,
    /// Capabilities and identities.
    Privilege,
    /// Rare system calls.
    Kernel,
    /// Shared memory and queues.
    Ipc,
    /// The caller's terminal.
    Terminal,
    /// What a command may use up, and what variables tell it.
    Resources,
    /// What is asked from outside, by starting the subject in odd ways.
    Scenarios,
    /// Parts of a plan that the other classes do not ask about.
    Parts,
}

impl Class {
    /// The word of every report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FilesWrite => "files-write",
            Self::FilesRead => "files-read",
            Self::Protected => "protected",
            Self::Network => "network",
            Self::Descriptors => "descriptors",
            Self::KernelFiles => "kernel-files",
            Self::Devices => "devices",
            Self::Processes => "processes",
            Self::Namespaces => "namespaces",
            Self::Privilege => "privilege",
            Self::Kernel => "kernel",
            Self::Ipc => "ipc",
            Self::Terminal => "terminal",
            Self::Resources => "resources",
            Self::Scenarios => "scenarios",
            Self::Parts => "parts",
        }
    }

    /// Why a refusal in this class matters.
    #[must_use]
    pub const fn matters(self) -> &'static str {
        match self {
            Self::FilesWrite => {
                "what is written outside the workspace outlives the command: start files, binaries and keys that others trust"
            }
            Self::FilesRead => {
                "what is read can be sent away or end in a log: keys, passwords, other processes' environments"
            }
            Self::Protected => {
                "whoever writes these names makes later commands, outside of any sandbox, run what they like"
            }
            Self::Network => {
                "a socket takes data out and commands in, and local services do work for whoever reaches them"
            }
            Self::Descriptors => "an open descriptor was checked when it was opened: no wall asks again",
            Self::KernelFiles => {
                "one word written to /proc or /sys changes the whole host, up to a program that the kernel runs as root"
            }
            Self::Devices => "a device node leads past every file: to disks, memory, other machines, what is typed",
            Self::Processes => {
                "other processes of the user have no walls: who can signal, trace or read them has none either"
            }
            Self::Namespaces => {
                "who is root in a namespace may undo mounts, and reaches parts of the kernel that break often"
            }
            Self::Privilege => "the walls hold against a command without rights; every right is a way over one of them",
            Self::Kernel => {
                "seldom used calls are where a kernel's mistakes are; keys and clocks belong to the whole session"
            }
            Self::Ipc => "databases, browsers and displays keep in shared memory what no file would show",
            Self::Terminal => "what is typed into the caller's terminal is a command to the shell behind it",
            Self::Scenarios => "a sandbox is as good as its launcher on a bad day: killed, misled, short of something",
            Self::Resources => "a command that takes everything stops the host; keys in variables go wherever it goes",
            Self::Parts => "a wall behind another wall is missed by nobody until the first one falls",
        }
    }

    /// Where to read more: manual pages.
    #[must_use]
    pub const fn references(self) -> &'static str {
        match self {
            Self::FilesWrite => "mount_setattr(2), landlock(7), path_resolution(7)",
            Self::FilesRead => "proc(5), pid_namespaces(7), keyrings(7)",
            Self::Protected => "githooks(5), mount_namespaces(7)",
            Self::Network => "network_namespaces(7), unix(7), seccomp(2), landlock(7)",
            Self::Descriptors => "close_range(2), pidfd_getfd(2)",
            Self::KernelFiles => "proc(5), sysfs(5), core(5), cgroups(7)",
            Self::Devices => "null(4), pts(4), loop(4), mknod(2)",
            Self::Processes => "pid_namespaces(7), ptrace(2), kill(2), landlock(7)",
            Self::Namespaces => "user_namespaces(7), mount_namespaces(7), clone3(2)",
            Self::Privilege => "capabilities(7), credentials(7), PR_SET_NO_NEW_PRIVS(2const)",
            Self::Kernel => "keyrings(7), bpf(2), perf_event_open(2), userfaultfd(2)",
            Self::Ipc => "ipc_namespaces(7), sysvipc(7), mq_overview(7), shm_overview(7)",
            Self::Terminal => "TIOCSTI(2const), credentials(7), tcsetpgrp(3)",
            Self::Scenarios => "unshare(1), environ(7), githooks(5), signal(7)",
            Self::Resources => "getrlimit(2), cgroups(7), environ(7)",
            Self::Parts => "seccomp(2), mount_namespaces(7), proc(5)",
        }
    }
}

/// The order of attempts within one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// In the order of the table.
    Any,
    /// After those: for a moment little is left for others.
    UsesUp,
    /// After those: the repository may be gone afterwards.
    TakesRepository,
    /// Last of all: the workspace may be gone afterwards.
    TakesWorkspace,
}

/// Every probe, by part of the catalogue.
pub const PROBES: &[&[Probe]] = &[
    files_write::PROBES,
    files_read::PROBES,
    protected::PROBES,
    network::PROBES,
    descriptors::PROBES,
    #[cfg(target_os = "linux")]
    kernel_files::PROBES,
    devices::PROBES,
    processes::PROBES,
    #[cfg(target_os = "linux")]
    namespaces::PROBES,
    #[cfg(target_os = "linux")]
    privilege::PROBES,
    #[cfg(target_os = "linux")]
    kernel::PROBES,
    #[cfg(target_os = "linux")]
    ipc::PROBES,
    terminal::PROBES,
    environment::PROBES,
    resources::PROBES,
    #[cfg(target_os = "linux")]
    parts::PROBES,
];

/// Every probe that runs inside a subject, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Probe> {
    PROBES.iter().copied().flatten()
}

/// Every probe, in the order in which they can share one fixture.
#[must_use]
pub fn in_turn() -> Vec<&'static Probe> {
    let mut probes: Vec<_> = all().collect();
    probes.sort_by_key(|probe| probe.turn);
    probes
}

/// Those and the scenarios, which are asked from outside.
pub fn catalogue() -> impl Iterator<Item = &'static Probe> {
    all().chain(scenario::all().into_iter().map(|scenario| &scenario.row))
}

/// The probe or scenario of this name.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Probe> {
    catalogue().find(|probe| probe.id == id)
}

#[cfg(test)]
mod tests;
