//! Section H: other processes. The one outside is a victim of the fixture's, which holds back every signal it gets.

use std::process::{Child, Command, Stdio};

use nix::errno::Errno::{EACCES, EFAULT, EPERM, ESRCH};
use nix::libc::{SIGURG, SIGUSR1, SIGUSR2, SIGWINCH};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use policy::profile::CallGroup;

use crate::sys::probe_calls::others::{Touch, send_signals_to, touch};
use crate::sys::probe_calls::plain::{NICE, REAL_TIME, REAL_TIME_IO, TRACE_ME, make};
use crate::sys::probe_calls::process::pidfd_open;

use super::attempt::{Attempt, Setup, passed, worked};
use super::expect::{Expect, MAY, NOTED, REFUSE, WORKS, Wanted, refuse, should};
use super::{Class, Effect, Need, Probe, Scene, Turn};

const UNREACHED: Wanted = refuse(&[ESRCH, EPERM]);
const OUTSIDE: Expect = Expect::always(UNREACHED, WORKS);
const OWN: Expect = Expect::new(should(&[EPERM]), should(&[EPERM]), MAY, WORKS);
const PRIVILEGED: Expect = Expect::always(refuse(&[EPERM, EACCES]), REFUSE).root_bypass(WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Processes,
    asks: "",
    expect: OUTSIDE,
    layer: "pid namespace, Landlock scope (ABI 6)",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Processes,
    attempt: |_| worked(),
};

const TRACED: Probe = Probe { expect: OWN, layer: "seccomp", need: Need::Calls(CallGroup::Tracing), ..ROW };

const RANKED: Probe = Probe { expect: PRIVILEGED, layer: "no capabilities", need: Need::Sandbox, ..ROW };

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "PT-01",
        asks: "can it ask whether a process outside would take a signal?",
        attempt: |scene| {
            kill(Pid::from_raw(victim(scene)?), None)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "PT-02",
        asks: "can it send a signal to a process outside?",
        effect: Effect::Pends(SIGUSR1),
        attempt: |scene| {
            kill(Pid::from_raw(victim(scene)?), Signal::SIGUSR1)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "PT-03",
        asks: "can it send a signal to a thread outside?",
        effect: Effect::Pends(SIGUSR2),
        attempt: |scene| passed(touch(victim(scene)?, Touch::ThreadSignal(SIGUSR2)), &[]),
        ..ROW
    },
    Probe {
        id: "PT-04",
        asks: "can it queue a signal with a value to a process outside?",
        effect: Effect::Pends(SIGURG),
        attempt: |scene| passed(touch(victim(scene)?, Touch::QueuedSignal(SIGURG)), &[]),
        ..ROW
    },
    Probe {
        id: "PT-05",
        asks: "can it have the kernel send a process outside the signals of a descriptor?",
        layer: "pid namespace; Landlock at delivery only",
        attempt: |scene| {
            let (reader, _) = std::io::pipe().setup("no pipe")?;
            passed(send_signals_to(&reader, victim(scene)?), &[])
        },
        ..ROW
    },
    Probe {
        id: "PT-06",
        asks: "how many of the processes that it sees would take a signal?",
        expect: Expect::always(NOTED, NOTED),
        attempt: |_| {
            let entries = std::fs::read_dir("/proc")?.flatten();
            let seen = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
            Ok(format!("{} processes", seen.filter(|&pid| kill(Pid::from_raw(pid), None).is_ok()).count()))
        },
        ..ROW
    },
    Probe {
        id: "PT-07",
        asks: "can it get a handle on a process outside?",
        layer: "pid namespace",
        attempt: |scene| {
            pidfd_open(Pid::from_raw(victim(scene)?))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "PT-08",
        asks: "can it trace a process outside?",
        layer: "pid namespace, seccomp, Landlock",
        attempt: |scene| passed(touch(victim(scene)?, Touch::Seize), &[]),
        ..ROW
    },
    Probe {
        id: "PT-09",
        asks: "can it read the memory of a process outside?",
        layer: "pid namespace, seccomp, Landlock",
        attempt: |scene| passed(touch(victim(scene)?, Touch::ReadMemory), &[EFAULT]),
        ..ROW
    },
    Probe {
        id: "PT-10",
        asks: "can it read the limits of a process outside?",
        layer: "pid namespace",
        attempt: |scene| passed(touch(victim(scene)?, Touch::Limit), &[]),
        ..ROW
    },
    Probe {
        id: "PT-11",
        asks: "can it slow down a process outside?",
        layer: "pid namespace",
        attempt: |scene| passed(touch(victim(scene)?, Touch::Renice), &[]),
        ..ROW
    },
    Probe {
        id: "PT-12",
        asks: "can it read which processors a process outside may use?",
        layer: "pid namespace",
        attempt: |scene| passed(touch(victim(scene)?, Touch::Affinity), &[]),
        ..ROW
    },
    Probe {
        id: "PT-13",
        asks: "can it ask where the memory of a process outside lies?",
        layer: "pid namespace, Landlock",
        attempt: |scene| passed(touch(victim(scene)?, Touch::MovePages), &[]),
        ..ROW
    },
    Probe { id: "PT-14", asks: "can it trace a child of its own?", attempt: |_| own_child(Touch::Attach), ..TRACED },
    Probe { id: "PT-15", asks: "can it ask to be traced?", attempt: |_| passed(make(TRACE_ME), &[]), ..TRACED },
    Probe {
        id: "PT-16",
        asks: "can it read the memory of a child of its own?",
        attempt: |_| own_child(Touch::ReadMemory),
        ..TRACED
    },
    Probe {
        id: "PT-17",
        asks: "can it write to the memory of a child of its own?",
        attempt: |_| own_child(Touch::WriteMemory),
        ..TRACED
    },
    Probe {
        id: "PT-18",
        asks: "can it open the memory of a child of its own as a file?",
        expect: Expect::always(NOTED, WORKS),
        layer: "Landlock; the filter of tracing does not cover it",
        attempt: |_| {
            with_child(|child| {
                std::fs::OpenOptions::new().read(true).write(true).open(format!("/proc/{child}/mem"))?;
                worked()
            })
        },
        ..TRACED
    },
    Probe {
        id: "PT-19",
        asks: "can it trace the sandbox's own pid 1?",
        expect: Expect::new(refuse(&[EPERM]), refuse(&[EPERM]), should(&[EPERM]), NOTED),
        layer: "seccomp; pid 1 that is not dumpable",
        need: Need::Sandbox,
        attempt: |scene| {
            scene.own_init()?;
            passed(touch(1, Touch::Seize), &[])
        },
        ..ROW
    },
    Probe {
        id: "PT-20",
        asks: "does the sandbox's own pid 1 take a signal?",
        expect: Expect::always(NOTED, NOTED),
        layer: "pid 1 ignores what it does not handle",
        need: Need::Sandbox,
        attempt: |scene| {
            scene.own_init()?;
            passed(touch(1, Touch::QueuedSignal(SIGWINCH)), &[])
        },
        ..ROW
    },
    Probe {
        id: "PT-21",
        asks: "can it put itself before other processes?",
        attempt: |_| passed(make(NICE), &[]),
        ..RANKED
    },
    Probe {
        id: "PT-22",
        asks: "can it put itself before everything, in real time?",
        attempt: |_| passed(make(REAL_TIME), &[]),
        ..RANKED
    },
    Probe {
        id: "PT-23",
        asks: "can it put its reading and writing before everything?",
        attempt: |_| passed(make(REAL_TIME_IO), &[]),
        ..RANKED
    },
];

fn victim(scene: &Scene) -> Result<i32, super::attempt::Stop> {
    i32::try_from(scene.victim).setup("a process number that is none")
}

/// Touches a process that this one has started.
fn own_child(how: Touch) -> Attempt {
    with_child(|child| passed(touch(child, how), &[EFAULT]))
}

fn with_child(work: impl FnOnce(i32) -> Attempt) -> Attempt {
    let mut command = Command::new("/proc/self/exe");
    command.arg(super::stage::VICTIM).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child: Child = command.spawn().setup("no child could be started")?;
    let done = i32::try_from(child.id()).setup("a process number that is none").and_then(work);
    let _ = child.kill();
    let _ = child.wait();
    done
}
