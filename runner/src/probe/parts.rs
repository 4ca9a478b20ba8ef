//! Beyond the catalogue: parts of a plan that no other row asks about, so that none can go missing unnoticed.
//!
//! A refused call is made with arguments that can do nothing, most of them wrong in a way the kernel sees before it asks
//! for rights: any other answer than that of a filter says that none is there.

use nix::errno::Errno::{self, EBADF, EFAULT, EINVAL, ENOKEY, EOPNOTSUPP, EROFS, ESRCH};
use policy::profile::CallGroup::{self, IoUring, Kernel, Keyrings, Mounts, Tracing};

use crate::sys::probe_calls::idle;
use crate::sys::probe_calls::plain::{Plain, make};

use super::attempt::{Attempt, Setup, Step, Stop, create_with_parents, passed, worked};
use super::expect::{Expect, NOTED, REFUSE, SHOULD, WORKS, refuse};
use super::{Class, Effect, Need, Probe, Turn};

const ROW: Probe = Probe {
    id: "",
    class: Class::Parts,
    asks: "",
    expect: Expect::new(refuse(&[EROFS, Errno::ENOENT]), refuse(&[EROFS]), refuse(&[EROFS]), WORKS),
    layer: "mount",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

/// A protected name at the top of a writable root that is not the workspace.
const fn name(
    id: &'static str,
    asks: &'static str,
    need: Need,
    place: &'static str,
    attempt: fn(&super::Scene) -> Attempt,
) -> Probe {
    Probe { id, asks, need, effect: Effect::Appears(place), attempt, layer: "mount (synthetic mask)", ..ROW }
}

/// A refused call.
const fn call(id: &'static str, asks: &'static str, group: CallGroup, attempt: fn(&super::Scene) -> Attempt) -> Probe {
    Probe {
        id,
        asks,
        expect: Expect::always(SHOULD, NOTED),
        need: Need::Calls(group),
        layer: "seccomp",
        attempt,
        ..ROW
    }
}

/// What the kernel shows of the machine to whoever asks.
const fn shown(id: &'static str, asks: &'static str, attempt: fn(&super::Scene) -> Attempt) -> Probe {
    Probe {
        id,
        asks,
        expect: Expect::always(SHOULD, NOTED),
        need: Need::Processes,
        layer: "mount (cover)",
        attempt,
        ..ROW
    }
}

/// An act outside every writable root.
const fn outside(id: &'static str, asks: &'static str, effect: Effect, attempt: fn(&super::Scene) -> Attempt) -> Probe {
    let expect = Expect::always(refuse(&[EROFS, Errno::EACCES, Errno::EPERM]), WORKS);
    Probe { id, asks, expect, need: Need::Write("out"), layer: "mount, Landlock", effect, attempt, ..ROW }
}

/// What honest programs do with a private `/dev`.
const fn works(id: &'static str, asks: &'static str, attempt: fn(&super::Scene) -> Attempt) -> Probe {
    let layer = "none: programs need it";
    Probe { id, asks, expect: Expect::always(WORKS, WORKS), need: Need::Dev, layer, attempt, ..ROW }
}

/// A call about sockets that a filter refuses where there is no network.
const fn socket(id: &'static str, asks: &'static str, attempt: fn(&super::Scene) -> Attempt) -> Probe {
    let expect = Expect::new(SHOULD, SHOULD, NOTED, NOTED);
    Probe { id, asks, expect, need: Need::Network, layer: "seccomp", attempt, ..ROW }
}

fn node(path: &std::path::Path, kind: nix::sys::stat::SFlag, device: u64) -> Attempt {
    nix::sys::stat::mknod(path, kind, nix::sys::stat::Mode::S_IRUSR, device)?;
    worked()
}

/// Opened for writing, and a byte written; a full device says so.
fn written(device: &str) -> Attempt {
    use std::io::Write;
    match std::fs::OpenOptions::new().write(true).open(device)?.write(b"x") {
        Err(error) if error.raw_os_error() != Some(Errno::ENOSPC as i32) => Err(error.into()),
        _ => worked(),
    }
}

/// Every errno but those of a filter means that the call came through.
fn through(call: Plain) -> Attempt {
    passed(make(call), &[EBADF, EFAULT, EINVAL, ENOKEY, EOPNOTSUPP, ESRCH])
}

/// Whether a directory of the kernel's shows anything.
fn listed(path: &str) -> Attempt {
    let mut entries = std::fs::read_dir(path)?;
    match entries.next() {
        Some(_) => worked(),
        // Empty without a sandbox too, or covered: the control tells.
        None => Err(Stop::Denied(Errno::ENOENT, "it is empty".to_owned())),
    }
}

/// Whether a file of the kernel's shows anything.
fn told(path: &str) -> Attempt {
    use std::io::Read;
    let mut byte = [0];
    match std::fs::File::open(path)?.read(&mut byte)? {
        0 => Err(Stop::Denied(Errno::ENOENT, "it is empty".to_owned())),
        _ => worked(),
    }
}

pub(super) const PROBES: &[Probe] = &[
    name(
        "XP-01",
        "can it create .codex in /tmp?",
        Need::Name(".codex", "/tmp"),
        "/tmp/.codex/palisade-{token}",
        |scene| create_with_parents(&scene.bait("/tmp/.codex/palisade-{token}")?),
    ),
    name(
        "XP-02",
        "can it create .agents in /tmp?",
        Need::Name(".agents", "/tmp"),
        "/tmp/.agents/palisade-{token}",
        |scene| create_with_parents(&scene.bait("/tmp/.agents/palisade-{token}")?),
    ),
    name("XP-03", "can it create .aws in /tmp?", Need::Name(".aws", "/tmp"), "/tmp/.aws/palisade-{token}", |scene| {
        create_with_parents(&scene.bait("/tmp/.aws/palisade-{token}")?)
    }),
    name("XP-04", "can it create .git in $TMPDIR?", Need::Name(".git", "tmp"), "tmp/.git/probe", |scene| {
        create_with_parents(&scene.at("tmp/.git/probe"))
    }),
    name("XP-05", "can it create .codex in $TMPDIR?", Need::Name(".codex", "tmp"), "tmp/.codex/probe", |scene| {
        create_with_parents(&scene.at("tmp/.codex/probe"))
    }),
    name("XP-06", "can it create .agents in $TMPDIR?", Need::Name(".agents", "tmp"), "tmp/.agents/probe", |scene| {
        create_with_parents(&scene.at("tmp/.agents/probe"))
    }),
    name("XP-07", "can it create .aws in $TMPDIR?", Need::Name(".aws", "tmp"), "tmp/.aws/probe", |scene| {
        create_with_parents(&scene.at("tmp/.aws/probe"))
    }),
    Probe {
        id: "XP-08",
        asks: "can it move away the directory that holds a nested repository, to build another there?",
        need: Need::Nested,
        expect: Expect::new(REFUSE, SHOULD, SHOULD, WORKS),
        layer: "mount (pinned ancestors)",
        effect: Effect::Moves("ws/nested", "ws/nested.moved"),
        turn: Turn::TakesRepository,
        attempt: |scene| {
            std::fs::rename(scene.at("ws/nested"), scene.at("ws/nested.moved"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "XP-09",
        asks: "is it still in the session of its caller?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "new session",
        attempt: |scene| {
            let of = |pid: u32| nix::unistd::getsid(Some(nix::unistd::Pid::from_raw(pid.cast_signed())));
            let own = nix::unistd::getsid(None).setup("its own session")?;
            // A session led by a process out of sight has no number.
            match own.as_raw() == 0 || of(scene.driver) == Ok(own) {
                true => worked(),
                false => Err(Stop::Denied(Errno::EPERM, "a session of its own".to_owned())),
            }
        },
        ..ROW
    },
    shown("XP-10", "does it see the kernel's timers in /proc/timer_list?", |_| told("/proc/timer_list")),
    shown("XP-11", "does it see the machine's tables in /sys/firmware?", |_| listed("/sys/firmware")),
    shown("XP-12", "does it see the kernel's insides in /sys/kernel/debug?", |_| listed("/sys/kernel/debug")),
    shown("XP-13", "does it see what can be traced in /sys/kernel/tracing?", |_| listed("/sys/kernel/tracing")),
    shown("XP-14", "does it see keys in /proc/keys?", |_| told("/proc/keys")),
    call("XP-20", "does io_uring_enter come through?", IoUring, |_| through(idle::IO_URING_ENTER)),
    call("XP-21", "does io_uring_register come through?", IoUring, |_| through(idle::IO_URING_REGISTER)),
    call("XP-22", "does clock_settime come through?", Kernel, |_| through(idle::CLOCK_SETTIME)),
    call("XP-23", "does settimeofday come through?", Kernel, |_| through(idle::SETTIMEOFDAY)),
    call("XP-24", "does kexec_file_load come through?", Kernel, |_| through(idle::KEXEC_FILE_LOAD)),
    call("XP-25", "does lookup_dcookie come through?", Kernel, |_| through(idle::LOOKUP_DCOOKIE)),
    call("XP-26", "does quotactl come through?", Kernel, |_| through(idle::QUOTACTL)),
    call("XP-27", "does quotactl_fd come through?", Kernel, |_| through(idle::QUOTACTL_FD)),
    call("XP-28", "does syslog come through?", Kernel, |_| through(idle::SYSLOG)),
    call("XP-29", "does ioperm come through?", Kernel, |_| through(idle::IOPERM)),
    call("XP-30", "does open_by_handle_at come through?", Kernel, |_| through(idle::OPEN_BY_HANDLE_AT)),
    call("XP-31", "does request_key come through?", Keyrings, |_| through(idle::REQUEST_KEY)),
    call("XP-32", "does keyctl come through?", Keyrings, |_| through(idle::KEYCTL)),
    call("XP-33", "does add_key come through?", Keyrings, |_| through(idle::ADD_KEY)),
    call("XP-34", "does mount come through?", Mounts, |_| through(idle::MOUNT)),
    call("XP-35", "does umount2 come through?", Mounts, |_| through(idle::UMOUNT)),
    call("XP-36", "does fsopen come through?", Mounts, |_| through(idle::FSOPEN)),
    call("XP-37", "does fsconfig come through?", Mounts, |_| through(idle::FSCONFIG)),
    call("XP-38", "does fsmount come through?", Mounts, |_| through(idle::FSMOUNT)),
    call("XP-39", "does fspick come through?", Mounts, |_| through(idle::FSPICK)),
    call("XP-40", "does mount_setattr come through?", Mounts, |_| through(idle::MOUNT_SETATTR)),
    call("XP-41", "does move_mount come through?", Mounts, |_| through(idle::MOVE_MOUNT)),
    call("XP-42", "does open_tree come through?", Mounts, |_| through(idle::OPEN_TREE)),
    call("XP-43", "does open_tree_attr come through?", Mounts, |_| through(idle::OPEN_TREE_ATTR)),
    call("XP-44", "does pivot_root come through?", Mounts, |_| through(idle::PIVOT_ROOT)),
    call("XP-45", "does kcmp come through?", Tracing, |_| through(idle::KCMP)),
    call("XP-46", "does process_madvise come through?", Tracing, |_| through(idle::PROCESS_MADVISE)),
    call("XP-47", "does pidfd_getfd come through?", Tracing, |_| through(idle::PIDFD_GETFD)),
    call("XP-48", "does process_vm_writev come through?", Tracing, |_| through(idle::PROCESS_VM_WRITEV)),
    call("XP-49", "does process_vm_readv come through?", Tracing, |_| through(idle::PROCESS_VM_READV)),
    call("XP-50", "does ptrace come through?", Tracing, |_| through(idle::PTRACE)),
    call("XP-51", "does chroot come through?", Mounts, |_| through(idle::CHROOT)),
    call("XP-52", "does setns come through?", CallGroup::Namespaces, |_| through(idle::SETNS)),
    call("XP-53", "does clone come through with a namespace?", CallGroup::Namespaces, |_| through(idle::CLONE)),
    call("XP-54", "does ioctl come through that types into a terminal?", CallGroup::Terminal, |_| through(idle::TYPE)),
    outside(
        "XP-60",
        "can it remove an empty directory outside every writable root?",
        Effect::Vanishes("out/empty"),
        |scene| {
            std::fs::remove_dir(scene.at("out/empty"))?;
            worked()
        },
    ),
    outside(
        "XP-61",
        "can it make a symbolic link outside every writable root?",
        Effect::Appears("out/XP-61"),
        |scene| {
            std::os::unix::fs::symlink("nowhere", scene.at("out/XP-61"))?;
            worked()
        },
    ),
    outside(
        "XP-62",
        "can it make a device without a number outside every writable root?",
        Effect::Appears("out/XP-62"),
        // The one device that anybody may make (a whiteout), since Linux 5.8.
        |scene| node(&scene.at("out/XP-62"), nix::sys::stat::SFlag::S_IFCHR, 0),
    ),
    Probe {
        // uid 0 may make one where its device group lets it, nobody else.
        expect: Expect::always(refuse(&[EROFS, Errno::EACCES, Errno::EPERM]), NOTED),
        ..outside(
            "XP-63",
            "can it make a block device (MakeBlock) outside every writable root?",
            Effect::Appears("out/XP-63"),
            |scene| node(&scene.at("out/XP-63"), nix::sys::stat::SFlag::S_IFBLK, 0),
        )
    },
    outside("XP-64", "can it make a socket outside every writable root?", Effect::Appears("out/XP-64"), |scene| {
        std::os::unix::net::UnixListener::bind(scene.at("out/XP-64"))?;
        worked()
    }),
    Probe {
        id: "XP-65",
        asks: "can it move a file from one directory of the workspace to another?",
        expect: Expect::new(refuse(&[EROFS, Errno::EACCES]), WORKS, WORKS, WORKS),
        need: Need::Write("ws"),
        layer: "none: programs need it",
        effect: Effect::Appears("ws/to/XP-65"),
        attempt: |scene| {
            std::fs::rename(scene.at("ws/from/XP-65"), scene.at("ws/to/XP-65"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "XP-66",
        asks: "does it reach a device driver through a descriptor for reading (IoctlDev)?",
        expect: Expect::always(SHOULD, NOTED),
        need: Need::Dev,
        layer: "private /dev, Landlock",
        attempt: |_| {
            let devices = ["/dev/net/tun", "/dev/kvm", "/dev/loop-control", "/dev/hwrng", "/dev/kmsg"];
            let opened: Vec<_> = devices.iter().map(std::fs::File::open).collect();
            if let Some(device) = opened.iter().flatten().next() {
                // No driver knows this number: whoever says so was asked.
                return passed(idle::unknown_ioctl(device), &[Errno::ENOTTY, Errno::EBADFD, EINVAL]);
            }
            match opened.into_iter().next() {
                Some(Err(error)) => Err(error.into()),
                _ => worked(),
            }
        },
        ..ROW
    },
    works("XP-67", "can it write to /dev/zero?", |_| written("/dev/zero")),
    works("XP-68", "can it open /dev/full for writing?", |_| written("/dev/full")),
    works("XP-69", "can it open /dev/random for writing?", |_| written("/dev/random")),
    works("XP-70", "can it open /dev/urandom for writing?", |_| written("/dev/urandom")),
    works("XP-71", "can it share memory in /dev/shm?", |scene| {
        let path = format!("/dev/shm/palisade-{}-XP-71", scene.token);
        std::fs::write(&path, "shared")?;
        std::fs::remove_file(path)?;
        worked()
    }),
    works("XP-72", "can it open both ends of a terminal in /dev/pts?", |_| {
        let pair = nix::pty::openpty(None, None).step("openpty")?;
        drop(pair);
        worked()
    }),
    socket("XP-80", "does connect come through?", |_| through(idle::CONNECT)),
    socket("XP-81", "does bind come through?", |_| through(idle::BIND)),
    socket("XP-82", "does listen come through?", |_| through(idle::LISTEN)),
    socket("XP-83", "does accept come through?", |_| through(idle::ACCEPT)),
    socket("XP-84", "does accept4 come through?", |_| through(idle::ACCEPT4)),
    socket("XP-85", "does sendmmsg come through?", |_| through(idle::SENDMMSG)),
    socket("XP-86", "can it pair sockets for datagrams?", |_| through(idle::DATAGRAM_PAIR)),
    socket("XP-87", "can it pair sockets for raw access?", |_| through(idle::RAW_PAIR)),
    Probe {
        expect: Expect::always(SHOULD, NOTED),
        ..socket("XP-88", "can it ask for a pair of sockets of another family?", |_| through(idle::INTERNET_PAIR))
    },
];
