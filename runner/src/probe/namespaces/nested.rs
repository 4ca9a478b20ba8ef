//! What is done inside a user namespace that the attempt made for itself.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::fcntl::{OFlag, openat};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::sys::wait::WaitStatus;

use crate::sys::mount::{Depth, copy_of, open_exact};
use crate::sys::probe_calls::files::open_tree_writable;
use crate::sys::probe_calls::process::in_child;
use crate::sys::probe_calls::sockets;

use super::super::Scene;
use super::super::attempt::{Attempt, Setup, Step, Stop, create, terminated, worked};

/// Becomes root in a new user namespace, and makes these namespaces below it.
pub(super) fn nested(more: CloneFlags) -> Result<(), Stop> {
    let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
    unshare(CloneFlags::CLONE_NEWUSER | more).step("unshare")?;
    // Refused to a privileged caller only by a limit that shows in the next step.
    let _ = std::fs::write("/proc/self/setgroups", "deny");
    for (map, line) in [("/proc/self/uid_map", format!("0 {uid} 1")), ("/proc/self/gid_map", format!("0 {gid} 1"))] {
        std::fs::write(map, line)?;
    }
    Ok(())
}

/// Makes the whole tree writable, then creates a file.
pub(super) fn remounted(scene: &Scene, at: &str) -> Attempt {
    nested(CloneFlags::CLONE_NEWNS)?;
    let again = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    mount(None::<&str>, "/", None::<&str>, again, None::<&str>).step("mount")?;
    create(&scene.at(at))
}

/// Binds a directory over the fixture's `tmp`, makes that writable, then creates a file below it.
pub(super) fn bound(scene: &Scene, from: &str, below: &str) -> Attempt {
    nested(CloneFlags::CLONE_NEWNS)?;
    let over = scene.at("tmp");
    let bind = |flags, source: Option<&Path>| mount(source, &over, None::<&str>, flags, None::<&str>).step("mount");
    bind(MsFlags::MS_BIND, Some(&scene.at(from)))?;
    bind(MsFlags::MS_BIND | MsFlags::MS_REMOUNT, None)?;
    create(&over.join(below))
}

/// Mounts a `/proc` for a pid namespace of its own.
pub(super) fn proc(scene: &Scene) -> Attempt {
    nested(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?;
    let at = scene.at("tmp");
    // Only a process inside the new pid namespace may.
    let mounted = in_child(5, || match mount(None::<&str>, &at, Some("proc"), MsFlags::empty(), None::<&str>) {
        Ok(()) => 0,
        Err(errno) => errno as i32,
    });
    match mounted {
        Ok(WaitStatus::Exited(_, 0)) => worked(),
        Ok(WaitStatus::Exited(_, errno)) => Err(Stop::Denied(nix::errno::Errno::from_raw(errno), "mount".to_owned())),
        other => Err(Stop::Skip(format!("no process in the new pid namespace: {other:?}"))),
    }
}

/// Makes a raw socket in a net namespace of its own.
pub(super) fn socket(family: i32, protocol: i32) -> Attempt {
    nested(CloneFlags::CLONE_NEWNET)?;
    sockets::socket(family, libc::SOCK_RAW, protocol).step("socket")?;
    worked()
}

/// Takes a detached copy of a tree, lets `change` work on it, then creates a file below it.
pub(super) fn detached(
    from: &Path,
    depth: Depth,
    change: impl Fn(&OwnedFd) -> Result<(), Stop>,
    below: &Path,
) -> Attempt {
    nested(CloneFlags::CLONE_NEWNS)?;
    let tree = copy_of(open_exact(from).setup("the tree cannot be opened")?, depth).step("open_tree")?;
    change(&tree)?;
    created(&tree, below)
}

/// The same by the call that copies and changes in one.
pub(super) fn copied_writable(from: &Path, below: &Path) -> Attempt {
    nested(CloneFlags::CLONE_NEWNS)?;
    created(&open_tree_writable(&terminated(from)?).step("open_tree_attr")?, below)
}

fn created(tree: &OwnedFd, below: &Path) -> Attempt {
    openat(tree, below, OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY, Mode::from_bits_truncate(0o644))
        .step("openat")?;
    worked()
}
