//! Section E: device nodes. An attempt opens and closes; it writes to nothing but `/dev/null`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno::{EACCES, ENOENT, ENXIO, EPERM, EROFS};
use nix::sys::stat::{Mode, SFlag, mknod};

use crate::sys::probe_calls::files::{device, root_disk};

use super::attempt::{Attempt, Stop, worked};
use super::expect::{Expect, REFUSE, WORKS, Wanted, refuse};
use super::services::Service;
use super::{Class, Effect, Need, Probe, Turn};

const ABSENT: Wanted = refuse(&[ENOENT, EACCES, EPERM]);
const HIDDEN: Expect = Expect::always(ABSENT, REFUSE);
const NEEDED: Expect = Expect::always(WORKS, WORKS);
const MADE: Expect = Expect::always(refuse(&[EROFS, EPERM, EACCES]), REFUSE);

const ROW: Probe = Probe {
    id: "",
    class: Class::Devices,
    asks: "",
    expect: HIDDEN,
    layer: "private /dev",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Dev,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "DV-01",
        asks: "can it open the disk that the root file system lies on?",
        attempt: |_| {
            let disk = root_disk().ok_or_else(|| Stop::NoBait("no disk is known here".to_owned()))?;
            OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(disk)?;
            worked()
        },
        ..ROW
    },
    Probe { id: "DV-02", asks: "can it open a loop device?", attempt: |_| open("/dev/loop0"), ..ROW },
    Probe {
        id: "DV-03",
        asks: "can it open the control of loop devices?",
        attempt: |_| open("/dev/loop-control"),
        ..ROW
    },
    Probe { id: "DV-04", asks: "can it open the virtual machine monitor?", attempt: |_| open("/dev/kvm"), ..ROW },
    Probe {
        id: "DV-05",
        asks: "can it open the door to file systems of its own?",
        attempt: |_| open("/dev/fuse"),
        ..ROW
    },
    Probe {
        id: "DV-06",
        asks: "can it open the door to network interfaces of its own?",
        attempt: |_| open("/dev/net/tun"),
        ..ROW
    },
    Probe {
        id: "DV-07",
        asks: "can it open the kernel log for reading and writing?",
        attempt: |_| both("/dev/kmsg"),
        ..ROW
    },
    Probe {
        id: "DV-08",
        asks: "can it open the socket device of the virtual machine?",
        attempt: |_| open("/dev/vsock"),
        ..ROW
    },
    Probe { id: "DV-09", asks: "can it open the host's console?", attempt: |_| open("/dev/console"), ..ROW },
    Probe {
        id: "DV-10",
        asks: "can it write to another terminal of the user's?",
        expect: Expect::always(ABSENT, WORKS),
        layer: "/dev/pts of its own",
        effect: Effect::Arrives(Service::Terminal),
        attempt: |scene| {
            scene.bait(super::fixture::TERMINAL)?;
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
            OpenOptions::new().write(true).custom_flags(flags).open(&scene.pty)?.write_all(b"DV-10")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "DV-11",
        asks: "can it make a block device node in /tmp?",
        expect: MADE,
        layer: "no capabilities, nodev",
        effect: Effect::Appears("/tmp/palisade-{token}-DV-11"),
        need: Need::Sandbox,
        attempt: |scene| {
            mknod(&scene.at("/tmp/palisade-{token}-DV-11"), SFlag::S_IFBLK, Mode::empty(), device(7, 255))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "DV-12",
        asks: "can it make a character device node in the workspace?",
        expect: MADE.root_bypass(WORKS),
        layer: "no capabilities, nodev",
        effect: Effect::Appears("ws/DV-12"),
        need: Need::Sandbox,
        attempt: |scene| {
            mknod(&scene.at("ws/DV-12"), SFlag::S_IFCHR, Mode::empty(), device(1, 3))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "DV-13",
        asks: "can it open a terminal of its own, as programs must?",
        expect: NEEDED,
        attempt: |_| both("/dev/ptmx"),
        ..ROW
    },
    Probe {
        id: "DV-14",
        asks: "can it open the caller's terminal?",
        expect: Expect::always(refuse(&[ENXIO]), REFUSE),
        layer: "session of its own",
        need: Need::Sandbox,
        attempt: |_| both("/dev/tty"),
        ..ROW
    },
    Probe {
        id: "DV-15",
        asks: "can it write to nowhere, as programs must?",
        expect: NEEDED,
        attempt: |_| {
            OpenOptions::new().write(true).open("/dev/null")?.write_all(b"DV-15")?;
            worked()
        },
        ..ROW
    },
];

fn open(path: &str) -> Attempt {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    worked()
}

fn both(path: &str) -> Attempt {
    OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    worked()
}
