//! How a command ends, and what is left of it: processes, stand-ins, the status.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::super::attempt::{Attempt, Setup, Stop, worked};
use super::super::{Probe, stage};
use super::ground::{Ground, PATIENCE, ended, number};
use super::{LEAVES, ROW, Scenario, no};

/// A process that is there for a few seconds, known by the word `$0`; what started it waits for it.
const LINGERS: &str = "sh -c 'sleep 3; :' \"$0\" </dev/null >/dev/null 2>&1 & wait";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe {
            id: "SC-01",
            asks: "does a process in a session of its own live on when the command has ended?",
            layer: "pid namespace, cgroup",
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| {
            let script = "(setsid sh -c 'sleep 3; :' \"$0\" </dev/null >/dev/null 2>&1 &) ; sleep 0.1";
            let ended = ground.script(script, &[ground.mark()]).run()?;
            if ground.survivors() { worked() } else { no(format!("nothing is left; {}", ended.told())) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-02",
            asks: "does it end with the command although a process in the background holds the output open?",
            expect: LEAVES,
            layer: "pipes of its own",
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| {
            let mut child = ground.script("sleep 4 & exit 0", &[]).spawn(Stdio::piped(), Stdio::null())?;
            let started = Instant::now();
            ended(&mut child, Duration::from_secs(5))?;
            let took = started.elapsed();
            if took < Duration::from_secs(3) { worked() } else { no(format!("it took {} s", took.as_secs())) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-03",
            asks: "does anything live on, or the status mislead, when the launcher is told to end (TERM)?",
            layer: "signals passed on",
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| signalled(ground, Signal::SIGTERM, Some(143)),
    },
    Scenario {
        row: Probe {
            id: "SC-04",
            asks: "does anything live on when the launcher is killed (KILL)?",
            layer: "parent-death signals, sweeping at the next start",
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| signalled(ground, Signal::SIGKILL, None),
    },
    Scenario {
        row: Probe {
            id: "SC-05",
            asks: "is everything gone when the process that the launcher started is killed?",
            expect: LEAVES,
            layer: "parent-death signals, keeper of stand-ins",
            ..ROW
        },
        topic: "persistence",
        attempt: supervisor_killed,
    },
    Scenario {
        row: Probe {
            id: "SC-06",
            asks: "does anything live on, or the status mislead, when a terminal interrupts the launcher (INT to its group)?",
            layer: "signals passed on",
            ..ROW
        },
        topic: "persistence",
        attempt: |ground| signalled(ground, Signal::SIGINT, Some(130)),
    },
    Scenario {
        row: Probe {
            id: "SC-07",
            asks: "does every end of a command come back as its status?",
            expect: LEAVES,
            layer: "none: the launcher must not lose it",
            ..ROW
        },
        topic: "status",
        attempt: |ground| {
            let ends = [
                ("exit 0", 0),
                ("exit 7", 7),
                ("exit 255", 255),
                ("kill -TERM $$", 143),
                ("kill -KILL $$", 137),
                ("ulimit -c 0; kill -SEGV $$", 139),
                ("ulimit -c 0; kill -SYS $$", 159),
            ];
            for (script, status) in ends {
                let ended = ground.script(script, &[]).run()?;
                if ended.status != status {
                    return no(format!("`{script}` came back as {}", ended.told()));
                }
            }
            worked()
        },
    },
    Scenario {
        row: Probe {
            id: "SC-08",
            asks: "are a missing command and one that is not executable told by their status (127, 126)?",
            expect: LEAVES,
            layer: "none: the launcher must tell it",
            ..ROW
        },
        topic: "status",
        attempt: |ground| {
            ground.file("ws/plain", "no program\n").setup("no file")?;
            for (program, status) in [("/palisade/no-such-program".to_owned(), 127), (ground.word("ws/plain"), 126)] {
                let ended = ground.start(&[program]).run()?;
                if ended.status != status {
                    return no(format!("{} instead of {status}", ended.told()));
                }
            }
            worked()
        },
    },
    Scenario {
        row: Probe {
            id: "SC-09",
            asks: "does a broken pipe end a command, as everywhere?",
            expect: LEAVES,
            layer: "none: the launcher must not pass on that it ignores the signal",
            ..ROW
        },
        topic: "status",
        attempt: |ground| {
            let ended = ground.script("kill -PIPE $$; exit 0", &[]).run()?;
            if ended.status == 141 { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-39",
            asks: "does a foreign system call end otherwise than with 159, or without a word about who ended it?",
            layer: "seccomp, attribution",
            ..ROW
        },
        topic: "status",
        attempt: |ground| {
            if !cfg!(target_arch = "x86_64") {
                return Err(Stop::NoBait("this machine has no foreign door into the kernel".to_owned()));
            }
            let ended = ground.start(&[ground.word("bin/palisade"), stage::OLD_CALL.to_owned()]).run()?;
            match (ended.status, ended.errors.trim().is_empty()) {
                (159, false) => no(ended.told()),
                (159, true) if !ground.is_palisade() => no("status 159".to_owned()),
                _ => Ok(ended.told()),
            }
        },
    },
];

/// Starts a command that lingers, and waits until it is there.
fn lingering(ground: &Ground<'_>) -> Result<Child, Stop> {
    let mut child = ground.script(LINGERS, &[ground.mark()]).spawn(Stdio::null(), Stdio::null())?;
    // The launcher has the mark among its words as well; the process that lingers is the third at least, or the second.
    let lingers = || ground.marked().iter().any(|pid| is_lingering(*pid));
    if ground.soon(Duration::from_secs(4), lingers) {
        return Ok(child);
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(Stop::Skip("the command did not come to its first line".to_owned()))
}

fn is_lingering(pid: Pid) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sh\0-c\0sleep 3; :\0"))
}

fn signalled(ground: &Ground<'_>, signal: Signal, status: Option<i32>) -> Attempt {
    let mut child = lingering(ground)?;
    let launcher = pid_of(&child)?;
    let sent = if signal == Signal::SIGINT { killpg(launcher, signal) } else { kill(launcher, signal) };
    sent.setup("no signal can be sent")?;
    let end = ended(&mut child, 2 * PATIENCE)?;
    if ground.survivors() {
        return Ok("the command lives on".to_owned());
    }
    let left = ground.stand_ins();
    if !left.is_empty() {
        return Ok(format!("{} are left in the workspace", left.join(" ")));
    }
    match (end.map(number), status) {
        (None, _) => Ok("the launcher goes on".to_owned()),
        (Some(end), Some(status)) if end != status => Ok(format!("status {end} instead of {status}")),
        (Some(end), _) => no(format!("nothing is left, status {end}")),
    }
}

fn supervisor_killed(ground: &Ground<'_>) -> Attempt {
    let mut child = lingering(ground)?;
    let runner = pid_of(&child)?;
    let lingering = ground.marked().into_iter().find(|pid| is_lingering(*pid)).setup("the command has gone")?;
    // The one between the launcher and the command; a keeper beside them is not meant.
    let supervisor =
        std::iter::successors(Some(lingering), |pid| parent(*pid)).find(|pid| parent(*pid) == Some(runner));
    let supervisor = supervisor.setup("the command does not descend from the launcher")?;
    if kill(supervisor, Signal::SIGKILL) == Err(Errno::EPERM) {
        return Err(Stop::Skip("the launcher runs with other rights".to_owned()));
    }
    let ended = ended(&mut child, 2 * PATIENCE)?;
    if ground.survivors() {
        return no("the command lives on");
    }
    let left = ground.stand_ins();
    match (left.is_empty(), ended) {
        (false, _) => no(format!("{} are left in the workspace", left.join(" "))),
        (true, None) => no("the launcher goes on"),
        (true, Some(_)) => worked(),
    }
}

fn pid_of(child: &Child) -> Result<Pid, Stop> {
    i32::try_from(child.id()).map(Pid::from_raw).setup("a process number that is none")
}

/// The process that a process descends from.
fn parent(pid: Pid) -> Option<Pid> {
    let told = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    told.lines()
        .find_map(|line| line.strip_prefix("PPid:"))?
        .trim()
        .parse()
        .ok()
        .filter(|pid| *pid > 1)
        .map(Pid::from_raw)
}
