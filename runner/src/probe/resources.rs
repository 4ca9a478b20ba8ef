//! Section N, first part: how much of the host a command may use up. Every attempt is bounded, and gives back what it took.

use nix::errno::Errno::{self, EACCES, EAGAIN, ENOMEM, EPERM, EROFS};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use crate::sys::probe_calls::process::{fork_many, in_child};
use crate::sys::probe_calls::room::{fill_file, fill_memory};

use super::attempt::{Attempt, Setup, Step, Stop, worked};
use super::expect::{Expect, NOTED, WORKS, refuse, should};
use super::need::Limit;
use super::{Class, Effect, Need, Probe, Scene, Turn};

/// How many processes are started at most.
pub(super) const PROCESSES: u32 = 2_500;
/// How many bytes of memory are touched at most.
pub(super) const MEMORY: usize = 1 << 30;
/// How large the file becomes at most.
const FILE: u64 = 256 << 20;

const ROW: Probe = Probe {
    id: "",
    class: Class::Resources,
    asks: "",
    expect: Expect::always(should(&[EAGAIN, EPERM, ENOMEM]), NOTED),
    layer: "limits",
    effect: Effect::Unseen,
    turn: Turn::UsesUp,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "RS-01",
        asks: "can it start 2,500 processes?",
        layer: "limit of processes, cgroup",
        need: Need::Limit(Limit::Processes),
        attempt: |_| match fork_many(PROCESSES) {
            (made, None) => Ok(format!("{made} processes")),
            (made, Some(errno)) => Err(Stop::Denied(errno, format!("after {made} processes"))),
        },
        ..ROW
    },
    Probe {
        id: "RS-02",
        asks: "can it use 1 GiB of memory?",
        layer: "limit of memory, cgroup",
        need: Need::Limit(Limit::Memory),
        attempt: |_| use_memory(),
        ..ROW
    },
    Probe {
        id: "RS-03",
        asks: "can it fill 256 MiB of the disk in the workspace?",
        expect: Expect::new(refuse(&[EROFS, EACCES]), NOTED, NOTED, WORKS),
        layer: "mount, Landlock; inside a writable root a limit of file sizes, or a quota",
        need: Need::Write("ws"),
        attempt: use_disk,
        ..ROW
    },
    Probe {
        id: "RS-04",
        asks: "how many files may it have open at once?",
        expect: Expect::always(NOTED, NOTED),
        attempt: |_| limit(Resource::RLIMIT_NOFILE),
        ..ROW
    },
    Probe {
        id: "RS-05",
        asks: "can it leave core dumps, with the memory of a program in them?",
        expect: Expect::always(should(&[EPERM]), NOTED),
        need: Need::Limit(Limit::Core),
        attempt: |_| {
            let (_, hard) = getrlimit(Resource::RLIMIT_CORE).setup("no look at the own limits")?;
            if hard == 0 {
                return Err(Stop::Denied(EPERM, "the hard limit is 0".to_owned()));
            }
            setrlimit(Resource::RLIMIT_CORE, hard, hard)?;
            Ok(format!("of {hard} bytes"))
        },
        ..ROW
    },
];

fn limit(of: Resource) -> Attempt {
    let (soft, hard) = getrlimit(of)?;
    Ok(format!("{soft}, can be raised to {hard}"))
}

fn use_memory() -> Attempt {
    let free = std::fs::read_to_string("/proc/meminfo").setup("no look at the free memory")?;
    let free =
        free.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok());
    let free: usize = free.setup("the kernel does not say how much memory is free")?;
    if free / 2 < MEMORY >> 10 {
        return Err(Stop::NoBait("this host has less than 2 GiB of memory free".to_owned()));
    }
    let ended = in_child(7, || {
        // Should the host run out all the same, this process goes first.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        fill_memory(MEMORY).map_or_else(|errno| errno as i32, |()| 0)
    });
    match ended.setup("no process of its own")? {
        WaitStatus::Exited(_, 0) => worked(),
        WaitStatus::Exited(_, errno) => Err(Errno::from_raw(errno).into()),
        WaitStatus::Signaled(_, Signal::SIGKILL, _) => Err(Stop::Denied(ENOMEM, "the kernel ended it".to_owned())),
        WaitStatus::Signaled(_, Signal::SIGALRM, _) => {
            Err(Stop::NoBait("this host is too busy to fill so much memory in a few seconds".to_owned()))
        }
        other => Err(Stop::Skip(format!("the memory could not be touched: {other:?}"))),
    }
}

fn use_disk(scene: &Scene) -> Attempt {
    let at = scene.at("ws/RS-03");
    let file = std::fs::File::create(&at)?;
    let filled = fill_file(&file, FILE).step("fallocate");
    std::fs::remove_file(&at).setup("the file cannot be removed")?;
    filled.map(|()| String::new())
}
