//! Section D: `/proc` and `/sys`, where files are the kernel's switches and other processes' insides.
//!
//! A switch is written back with the value that was read, or opened for writing and not written.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno::{EACCES, ENOENT, EPERM, EROFS, ETXTBSY};

use crate::sys::probe_calls::plain::{LIST_MOUNTS, make};

use super::attempt::{Attempt, Setup, Stop, create, read, worked};
use super::effect::Secret;
use super::expect::{Expect, MAY, NOTED, REFUSE, SHOULD, WORKS, Wanted, refuse};
use super::{Class, Effect, Need, Probe, Scene, Turn};

const SEALED: Wanted = refuse(&[EROFS, EACCES, EPERM]);
const SWITCH: Expect = Expect::always(SEALED, REFUSE).root_bypass(WORKS);
/// Where the host decides alone, or may lack the file: what it says is noted.
const HOST: Expect = Expect::always(REFUSE, REFUSE);
const TOLD: Expect = Expect::always(NOTED, NOTED);

const ROW: Probe = Probe {
    id: "",
    class: Class::KernelFiles,
    asks: "",
    expect: SWITCH,
    layer: "read-only /proc/sys, Landlock",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "PS-01",
        asks: "can it say which program the kernel runs as root when something crashes?",
        attempt: |_| rewrite("/proc/sys/kernel/core_pattern"),
        ..ROW
    },
    Probe {
        id: "PS-02",
        asks: "can it turn off address randomisation for everybody?",
        attempt: |_| rewrite("/proc/sys/kernel/randomize_va_space"),
        ..ROW
    },
    Probe {
        id: "PS-03",
        asks: "can it tune the host's memory?",
        attempt: |_| rewrite("/proc/sys/vm/swappiness"),
        ..ROW
    },
    Probe {
        id: "PS-04",
        asks: "can it name the host through a file?",
        attempt: |_| rewrite("/proc/sys/kernel/hostname"),
        ..ROW
    },
    Probe {
        id: "PS-05",
        asks: "can it open the switch that empties the host's caches?",
        attempt: |_| open("/proc/sys/vm/drop_caches"),
        ..ROW
    },
    Probe {
        id: "PS-06",
        asks: "can it make the host forward packets?",
        layer: "net namespace, read-only /proc/sys",
        attempt: |_| rewrite("/proc/sys/net/ipv4/ip_forward"),
        ..ROW
    },
    Probe {
        id: "PS-07",
        asks: "can it open the kernel's emergency keys?",
        expect: HOST,
        layer: "read-only bind",
        attempt: |_| open("/proc/sysrq-trigger"),
        ..ROW
    },
    Probe {
        id: "PS-08",
        asks: "can it register interpreters for the whole host?",
        expect: HOST,
        attempt: |_| open("/proc/sys/fs/binfmt_misc/register"),
        ..ROW
    },
    Probe {
        id: "PS-09",
        asks: "can it offer itself first when memory runs out?",
        expect: Expect::always(MAY, WORKS),
        layer: "none",
        attempt: |_| write("/proc/self/oom_score_adj", b"500"),
        ..ROW
    },
    Probe {
        id: "PS-10",
        asks: "can it spare itself when memory runs out?",
        expect: HOST,
        layer: "no capabilities",
        attempt: |_| write("/proc/self/oom_score_adj", b"-900"),
        ..ROW
    },
    Probe {
        id: "PS-11",
        asks: "can it rewrite who it is in its user namespace?",
        expect: HOST,
        layer: "kernel",
        attempt: |_| write("/proc/self/uid_map", b"0 0 1\n"),
        ..ROW
    },
    Probe {
        id: "PS-12",
        asks: "can it open the clock offsets of its children?",
        expect: Expect::always(NOTED, NOTED),
        layer: "none: harmless without a time namespace",
        attempt: |_| open("/proc/self/timens_offsets"),
        ..ROW
    },
    Probe {
        id: "PS-13",
        asks: "can it change the login that the audit log knows it by?",
        expect: Expect::always(SHOULD, NOTED),
        layer: "read-only /proc entries, Landlock",
        attempt: |scene| write("/proc/self/loginuid", scene.uid.to_string().as_bytes()),
        ..ROW
    },
    Probe {
        id: "PS-14",
        asks: "can it open a switch below /sys/kernel?",
        layer: "mount, Landlock",
        attempt: |_| {
            let switches =
                ["/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/mm/ksm/run", "/sys/kernel/uevent_helper"];
            let switch = switches.into_iter().find(|path| Path::new(path).exists());
            open(switch.ok_or_else(|| Stop::NoBait("this kernel has none of the known switches".to_owned()))?)
        },
        ..ROW
    },
    Probe {
        id: "PS-15",
        asks: "can it open the file that moves processes into another control group?",
        layer: "mount, Landlock",
        attempt: |_| {
            let groups = [
                "/sys/fs/cgroup/cgroup.procs",
                "/sys/fs/cgroup/unified/cgroup.procs",
                "/sys/fs/cgroup/memory/cgroup.procs",
            ];
            let group = groups.into_iter().find(|path| Path::new(path).exists());
            open(group.ok_or_else(|| Stop::NoBait("no control group is mounted".to_owned()))?)
        },
        ..ROW
    },
    Probe {
        id: "PS-16",
        asks: "can it make a control group in one of the older hierarchies?",
        layer: "mount, Landlock",
        attempt: |scene| group(scene, &super::fixture::GROUPS[..super::fixture::OLDER]),
        ..ROW
    },
    Probe {
        id: "PS-17",
        asks: "can it make a control group in the one hierarchy of today?",
        layer: "mount, Landlock",
        attempt: |scene| group(scene, &super::fixture::GROUPS[super::fixture::OLDER..]),
        ..ROW
    },
    Probe {
        id: "PS-18",
        asks: "can it list the kernel's debugging files?",
        expect: TOLD,
        layer: "mask",
        attempt: |_| Ok(format!("{} entries", std::fs::read_dir("/sys/kernel/debug")?.count())),
        ..ROW
    },
    Probe {
        id: "PS-19",
        asks: "can it open its own program file for writing?",
        expect: Expect::always(refuse(&[ETXTBSY, EACCES, EROFS]), REFUSE),
        layer: "kernel",
        attempt: |_| open("/proc/self/exe"),
        ..ROW
    },
    Probe {
        id: "PS-20",
        asks: "can it open the program file of the sandbox's own pid 1 for writing?",
        expect: Expect::always(refuse(&[ETXTBSY, EACCES, EROFS, EPERM]), REFUSE),
        layer: "kernel, mount",
        attempt: |scene| {
            scene.own_init()?;
            open("/proc/1/exe")
        },
        ..ROW
    },
    Probe {
        id: "PS-21",
        asks: "can it read a file outside through the root of the sandbox's own pid 1?",
        expect: TOLD,
        layer: "pid namespace: the sandbox's pid 1 sees what the command sees",
        effect: Effect::Tells(Secret::Outside),
        attempt: |scene| {
            scene.own_init()?;
            read(&Path::new("/proc/1/root").join(scene.at("out/secret").strip_prefix("/").setup("a place below /")?))
        },
        ..ROW
    },
    Probe {
        id: "PS-22",
        asks: "can it write outside through the working directory of the sandbox's own pid 1?",
        expect: Expect::always(REFUSE, NOTED),
        layer: "mount",
        effect: Effect::Appears("PS-22"),
        attempt: |scene| {
            scene.own_init()?;
            create("/proc/1/cwd/../PS-22".as_ref())
        },
        ..ROW
    },
    Probe {
        id: "PS-23",
        asks: "can it see that a process outside exists?",
        expect: Expect::always(refuse(&[ENOENT]), WORKS),
        layer: "pid namespace with its own /proc",
        need: Need::Processes,
        attempt: |scene| {
            let line = read(format!("/proc/{}/cmdline", scene.victim).as_ref())?;
            // Inside a pid namespace the number may belong to somebody else.
            let ours = line.contains(super::stage::VICTIM);
            ours.then(String::new).ok_or(Stop::Denied(ENOENT, "another process has this number".to_owned()))
        },
        ..ROW
    },
    Probe {
        id: "PS-24",
        asks: "how many processes does it see?",
        expect: TOLD,
        layer: "pid namespace with its own /proc",
        attempt: |_| {
            let entries = std::fs::read_dir("/proc")?.flatten();
            let count = entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok()).count();
            Ok(format!("{count} processes"))
        },
        ..ROW
    },
    Probe {
        id: "PS-25",
        asks: "which of its mounts are writable?",
        expect: TOLD,
        layer: "mount",
        attempt: |scene| mounts(scene, |options| options.contains(&"rw")),
        ..ROW
    },
    Probe {
        id: "PS-26",
        asks: "on how many of its mounts do set-user-id bits count?",
        expect: TOLD,
        layer: "mount",
        attempt: |scene| mounts(scene, |options| !options.contains(&"nosuid")),
        ..ROW
    },
    Probe {
        id: "PS-27",
        asks: "on how many of its mounts do device nodes count?",
        expect: TOLD,
        layer: "mount",
        attempt: |scene| mounts(scene, |options| !options.contains(&"nodev")),
        ..ROW
    },
    Probe {
        id: "PS-28",
        asks: "can it list its mounts by the newer call?",
        expect: TOLD,
        layer: "none",
        attempt: |_| Ok(format!("{} mounts", make(LIST_MOUNTS)?)),
        ..ROW
    },
];

/// Opens a file for writing and writes nothing. It is never created.
fn open(path: &str) -> Attempt {
    OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    worked()
}

fn write(path: &str, text: &[u8]) -> Attempt {
    OpenOptions::new().write(true).open(path)?.write_all(text)?;
    worked()
}

/// Writes the value back that is there.
fn rewrite(path: &str) -> Attempt {
    let value = std::fs::read(path).setup("the switch cannot be read")?;
    OpenOptions::new().write(true).open(path)?.write_all(&value)?;
    worked()
}

/// Makes a control group below the first of these that is mounted, and removes it again.
fn group(scene: &Scene, places: &[&str]) -> Attempt {
    let place = places
        .iter()
        .map(|place| scene.at(place))
        .find(|place| place.parent().is_some_and(|parent| parent.join("cgroup.procs").exists()));
    let place = place.ok_or_else(|| Stop::NoBait("no such hierarchy is mounted".to_owned()))?;
    std::fs::create_dir(&place)?;
    std::fs::remove_dir(&place).setup("the group cannot be removed")?;
    worked()
}

fn mounts(_: &Scene, wanted: fn(&[&str]) -> bool) -> Attempt {
    let table = std::fs::read_to_string("/proc/self/mountinfo")?;
    let matching = table
        .lines()
        .filter(|line| line.split(' ').nth(5).is_some_and(|options| wanted(&options.split(',').collect::<Vec<_>>())));
    Ok(format!("{} of {} mounts", matching.count(), table.lines().count()))
}
