//! A plan's outer steps in bubblewrap's language (`bwrap(1)`, 0.8.0), in the plan's order.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::Path;

use crate::plan::{Plan, Step};
use crate::site::State;

/// The arguments for a plan. `empty` is a descriptor that reads as nothing.
#[must_use]
pub fn arguments(plan: &Plan, empty: RawFd) -> Vec<OsString> {
    let mut words = Words(Vec::new());
    words.flags(&["--die-with-parent"]);
    let rooted = plan.steps.iter().any(|step| matches!(step, Step::ReadOnlyTree | Step::FreshRoot { .. }));
    if !rooted {
        words.flags(&["--dev-bind", "/", "/"]);
    }
    for step in &plan.steps {
        words.step(step, empty);
    }
    if plan.steps.contains(&Step::DropCapabilities) {
        words.flags(&["--cap-drop", "ALL"]);
    }
    words.0
}

struct Words(Vec<OsString>);

impl Words {
    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(OsString::from));
    }

    fn bind(&mut self, flag: &str, path: &Path) {
        self.0.extend([flag.into(), path.into(), path.into()]);
    }

    fn at(&mut self, flags: &[&str], path: &Path) {
        self.flags(flags);
        self.0.push(path.into());
    }

    fn step(&mut self, step: &Step, empty: RawFd) {
        match step {
            Step::Namespaces { process, ipc, network, .. } => {
                self.flags(&["--unshare-user"]);
                for (wanted, flag) in [(process, "--unshare-pid"), (ipc, "--unshare-ipc"), (network, "--unshare-net")] {
                    if *wanted {
                        self.flags(&[flag]);
                    }
                }
                if *process {
                    self.flags(&["--as-pid-1"]);
                }
            }
            Step::ReadOnlyTree => self.flags(&["--ro-bind", "/", "/"]),
            Step::FreshRoot { readable } => self.fresh_root(readable),
            Step::PrivateDev { shm_bytes, queues } => {
                self.flags(&["--dev", "/dev", "--perms", "1777", "--size"]);
                self.0.push(shm_bytes.to_string().into());
                self.flags(&["--tmpfs", "/dev/shm"]);
                // A kernel without such queues has no place for their limits.
                if *queues && Path::new("/proc/sys/fs/mqueue").exists() {
                    self.flags(&["--mqueue", "/dev/mqueue"]);
                }
                self.flags(&["--remount-ro", "/dev"]);
            }
            Step::PrivateTmp => self.flags(&["--perms", "1777", "--tmpfs", "/tmp"]),
            Step::Writable { root, .. } => self.bind("--bind", &root.path),
            Step::Pin { path } => self.bind("--bind", path),
            Step::Protect { path, exists: true } => self.bind("--ro-bind", path),
            // A mask that nobody here could make is not there, and the name cannot be created inside either.
            Step::Protect { path, exists: false } | Step::Deny { path, state: State::Missing } => {
                self.bind("--ro-bind-try", path);
            }
            Step::Deny { path, state: State::Directory } => {
                self.at(&["--perms", "000", "--tmpfs"], path);
                self.at(&["--remount-ro"], path);
            }
            Step::Deny { path, .. } => {
                self.flags(&["--perms", "000", "--ro-bind-data"]);
                self.0.extend([empty.to_string().into(), path.into()]);
            }
            Step::FreshProc => self.flags(&["--proc", "/proc", "--remount-ro", "/proc"]),
            Step::Cover { path, directory: true } => {
                self.at(&["--perms", "555", "--tmpfs"], path);
                self.at(&["--remount-ro"], path);
            }
            Step::Cover { path, directory: false } => {
                self.0.extend(["--dev-bind".into(), "/dev/null".into(), path.into()]);
            }
            _ => {}
        }
    }

    fn fresh_root(&mut self, readable: &[std::path::PathBuf]) {
        for path in readable {
            match std::fs::read_link(path) {
                Ok(target) => self.0.extend(["--symlink".into(), target.into(), path.into()]),
                Err(_) => self.bind("--ro-bind", path),
            }
        }
        self.flags(&["--dir", "/tmp"]);
    }
}
