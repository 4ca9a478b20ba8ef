//! Section I: namespaces and mounts: undoing the sandbox's walls, or building a world in which one is root again.
//!
//! Attempts named *nested* make a user namespace first, which an ordinary user may do. What would change mounts of the
//! namespace it stands in is tried only where that cannot be the host's.

mod nested;

use std::os::fd::OwnedFd;

use nix::errno::Errno::{EACCES, EINVAL, EPERM, EROFS};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{chroot, pivot_root};
use policy::profile::CallGroup;

use crate::sys::mount::{Depth, change};
use crate::sys::probe_calls::others::{clone_into_user_namespace, parent_of_user_namespace};
use crate::sys::probe_calls::plain::{FSOPEN, make};

use super::attempt::{Attempt, Step, Stop, create, passed, worked};
use super::expect::{Expect, NOTED, REFUSE, SHOULD, WORKS, refuse};
use super::{Class, Effect, Need, Probe, Scene, Turn};
use nested::nested;

const PRIVILEGED: Expect = Expect::always(refuse(&[EPERM, EACCES]), REFUSE).root_bypass(WORKS);
const INSIDE: Expect = Expect::always(REFUSE, NOTED);
const HARDENING: Expect = Expect::always(SHOULD, WORKS);
const LOCKED: Expect = Expect::always(refuse(&[EPERM, EACCES, EINVAL, EROFS]), WORKS);
/// `MOUNT_ATTR_RDONLY`.
const READ_ONLY: u64 = 1;
const GROUP: Need = Need::Calls(CallGroup::Namespaces);

const ROW: Probe = Probe {
    id: "",
    class: Class::Namespaces,
    asks: "",
    expect: PRIVILEGED,
    layer: "no capabilities, seccomp",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

const NESTED: Probe = Probe { expect: HARDENING, layer: "seccomp, Landlock", need: GROUP, ..ROW };
const UNDO: Probe = Probe { expect: LOCKED, layer: "seccomp, locked mounts, Landlock", ..ROW };

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "NS-01",
        asks: "can it make a user namespace of its own?",
        attempt: |_| alone(CloneFlags::CLONE_NEWUSER),
        ..NESTED
    },
    Probe {
        id: "NS-02",
        asks: "can it become root in a user namespace of its own?",
        attempt: |_| {
            nested(CloneFlags::empty())?;
            worked()
        },
        ..NESTED
    },
    Probe {
        id: "NS-03",
        asks: "can it make a user namespace by the call whose flags a filter cannot read?",
        attempt: |_| {
            clone_into_user_namespace()?;
            worked()
        },
        ..NESTED
    },
    Probe {
        id: "NS-04",
        asks: "can it leave its mount namespace?",
        attempt: |_| alone(CloneFlags::CLONE_NEWNS),
        ..ROW
    },
    Probe { id: "NS-05", asks: "can it leave its net namespace?", attempt: |_| alone(CloneFlags::CLONE_NEWNET), ..ROW },
    Probe { id: "NS-06", asks: "can it make a pid namespace?", attempt: |_| alone(CloneFlags::CLONE_NEWPID), ..ROW },
    Probe { id: "NS-07", asks: "can it make a uts namespace?", attempt: |_| alone(CloneFlags::CLONE_NEWUTS), ..ROW },
    Probe {
        id: "NS-08",
        asks: "can it make a cgroup namespace?",
        attempt: |_| alone(CloneFlags::CLONE_NEWCGROUP),
        ..ROW
    },
    Probe {
        id: "NS-09",
        asks: "can it enter the mount namespace of the sandbox's own pid 1?",
        expect: INSIDE,
        attempt: |scene| enter(scene, "/proc/1/ns/mnt"),
        ..ROW
    },
    Probe {
        id: "NS-10",
        asks: "can it enter the user namespace of the sandbox's own pid 1?",
        expect: INSIDE,
        layer: "kernel",
        attempt: |scene| enter(scene, "/proc/1/ns/user"),
        ..ROW
    },
    Probe {
        id: "NS-11",
        asks: "can it get hold of the user namespace that its own was made in?",
        expect: Expect::always(refuse(&[EPERM]), REFUSE),
        layer: "kernel",
        attempt: |_| passed(parent_of_user_namespace(), &[]),
        ..ROW
    },
    Probe {
        id: "NS-12",
        asks: "can it mount a file system of its own in a nested namespace?",
        attempt: |scene| {
            nested(CloneFlags::CLONE_NEWNS)?;
            file_system(scene, "tmpfs")
        },
        ..NESTED
    },
    Probe {
        id: "NS-13",
        asks: "can it make the root writable again in a nested namespace?",
        effect: Effect::Appears("out/NS-13.new"),
        attempt: |scene| nested::remounted(scene, "out/NS-13.new"),
        ..UNDO
    },
    Probe {
        id: "NS-14",
        asks: "can it make the repository writable again in a nested namespace?",
        expect: Expect::always(refuse(&[EPERM, EINVAL, EACCES, EROFS]), NOTED),
        effect: Effect::Appears("ws/.git/NS-14"),
        attempt: |scene| {
            nested(CloneFlags::CLONE_NEWNS)?;
            let (at, again) = (scene.at("ws/.git"), MsFlags::MS_REMOUNT | MsFlags::MS_BIND);
            mount(None::<&str>, &at, None::<&str>, again, None::<&str>).step("mount")?;
            create(&at.join("NS-14"))
        },
        ..UNDO
    },
    Probe {
        id: "NS-15",
        asks: "can it take the wall before the repository away in a nested namespace?",
        expect: Expect::always(refuse(&[EINVAL, EPERM, EACCES]), REFUSE),
        attempt: |scene| {
            nested(CloneFlags::CLONE_NEWNS)?;
            umount2(&scene.at("ws/.git"), MntFlags::MNT_DETACH).step("umount2")?;
            worked()
        },
        ..UNDO
    },
    Probe {
        id: "NS-16",
        asks: "can it bind a directory outside and make that writable in a nested namespace?",
        effect: Effect::Appears("out/NS-16.new"),
        attempt: |scene| nested::bound(scene, "out", "NS-16.new"),
        ..UNDO
    },
    Probe {
        id: "NS-17",
        asks: "can it uncover the repository by binding the workspace alone in a nested namespace?",
        effect: Effect::Appears("ws/.git/NS-17"),
        attempt: |scene| nested::bound(scene, "ws", ".git/NS-17"),
        need: GROUP,
        ..UNDO
    },
    Probe {
        id: "NS-18",
        asks: "can it uncover the repository by copying the workspace alone in a nested namespace?",
        effect: Effect::Appears("ws/.git/NS-18"),
        attempt: |scene| nested::detached(&scene.at("ws"), Depth::Top, |_| Ok(()), ".git/NS-18".as_ref()),
        need: GROUP,
        ..UNDO
    },
    Probe {
        id: "NS-19",
        asks: "can it copy a tree outside and make the copy writable in a nested namespace?",
        effect: Effect::Appears("out/NS-19.new"),
        attempt: |scene| {
            let writable = |tree: &OwnedFd| change(tree, Depth::Recursive, 0, READ_ONLY).step("mount_setattr");
            nested::detached(&scene.at("out"), Depth::Recursive, writable, "NS-19.new".as_ref())
        },
        ..UNDO
    },
    Probe {
        id: "NS-20",
        asks: "can it copy a tree outside writable by the newest call in a nested namespace?",
        effect: Effect::Appears("out/NS-20.new"),
        attempt: |scene| nested::copied_writable(&scene.at("out"), "NS-20.new".as_ref()),
        ..UNDO
    },
    Probe {
        id: "NS-21",
        asks: "can it mount a /proc of its own in a nested namespace?",
        attempt: nested::proc,
        ..NESTED
    },
    Probe {
        id: "NS-22",
        asks: "can it mount a /sys of its own in a nested namespace?",
        layer: "a read-only /sys that may not be shown writable, seccomp, Landlock",
        attempt: |scene| {
            nested(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET)?;
            file_system(scene, "sysfs")
        },
        ..NESTED
    },
    Probe {
        id: "NS-23",
        asks: "can it mount the control groups in a nested namespace?",
        attempt: |scene| {
            nested(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWCGROUP)?;
            file_system(scene, "cgroup2")
        },
        ..NESTED
    },
    Probe {
        id: "NS-24",
        asks: "can it make a net namespace of its own in a nested namespace?",
        attempt: |_| {
            nested(CloneFlags::CLONE_NEWNET)?;
            worked()
        },
        ..NESTED
    },
    Probe {
        id: "NS-25",
        asks: "can it make a packet socket in a nested net namespace?",
        attempt: |_| nested::socket(libc::AF_PACKET, 0),
        ..NESTED
    },
    Probe {
        id: "NS-26",
        asks: "can it reach the packet filter in a nested net namespace, a usual way into the kernel?",
        attempt: |_| nested::socket(libc::AF_NETLINK, libc::NETLINK_NETFILTER),
        ..NESTED
    },
    Probe {
        id: "NS-27",
        asks: "can it change its root directory?",
        attempt: |scene| {
            chroot(&scene.at("ws"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "NS-28",
        asks: "can it change its root directory in a nested namespace?",
        attempt: |scene| {
            nested(CloneFlags::empty())?;
            chroot(&scene.at("ws")).step("chroot")?;
            worked()
        },
        ..NESTED
    },
    Probe {
        id: "NS-29",
        asks: "can it put another root in the place of its own?",
        expect: INSIDE,
        attempt: |scene| {
            apart(scene)?;
            pivot_root(".", ".").step("pivot_root")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "NS-30",
        asks: "can it mount in its own mount namespace?",
        attempt: |scene| {
            apart(scene)?;
            file_system(scene, "tmpfs")
        },
        ..ROW
    },
    Probe {
        id: "NS-31",
        asks: "can it take away what is mounted over /proc?",
        expect: INSIDE,
        attempt: |scene| {
            apart(scene)?;
            umount2("/proc", MntFlags::MNT_DETACH).step("umount2")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "NS-32",
        asks: "can it prepare a file system by the newer calls?",
        attempt: |_| passed(make(FSOPEN), &[]),
        ..ROW
    },
];

fn alone(flags: CloneFlags) -> Attempt {
    unshare(flags)?;
    worked()
}

fn enter(scene: &Scene, namespace: &str) -> Attempt {
    scene.own_init()?;
    setns(std::fs::File::open(namespace)?, CloneFlags::empty()).step("setns")?;
    worked()
}

fn file_system(scene: &Scene, kind: &str) -> Attempt {
    mount(None::<&str>, &scene.at("tmp"), Some(kind), MsFlags::empty(), None::<&str>).step("mount")?;
    worked()
}

/// Makes sure that the mounts it stands in are not the host's; whoever may leave them does.
fn apart(scene: &Scene) -> Result<(), Stop> {
    let left = unshare(CloneFlags::CLONE_NEWNS)
        .and_then(|()| mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>));
    let here = std::fs::read_link("/proc/self/ns/mnt").ok();
    match left {
        Err(errno) if here.is_none_or(|here| here == scene.mount_namespace) => {
            Err(Stop::Denied(errno, "leaving the host's mounts".to_owned()))
        }
        _ => Ok(()),
    }
}
