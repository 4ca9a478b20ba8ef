//! Section M: the caller's terminal, which these attempts have as standard input.
//!
//! Whoever types into it types commands for the shell that the caller goes back to.

use std::io::IsTerminal;
use std::time::Duration;

use nix::errno::Errno::{EACCES, EIO, ENOTTY, EPERM};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{getpgrp, setsid, tcsetpgrp};

use crate::sys::probe_calls::process::paused_in_a_group;
use crate::sys::probe_calls::terminal::{ask, claim, resize, type_into};

use super::attempt::{Attempt, Setup, Step, worked};
use super::expect::{Expect, NOTED, REFUSE, WORKS, refuse};
use super::pty::OnTerminal;
use super::{Class, Effect, Need, Probe, Turn};

/// How long a change is kept for the driver to see.
const MOMENT: Duration = Duration::from_millis(60);

const ROW: Probe = Probe {
    id: "",
    class: Class::Terminal,
    asks: "",
    expect: Expect::always(refuse(&[EPERM, EIO, ENOTTY, EACCES]), WORKS),
    layer: "session of its own",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "TT-01",
        asks: "is its standard input the caller's terminal?",
        expect: Expect::always(NOTED, WORKS),
        layer: "a terminal of its own",
        attempt: |_| match std::io::stdin().is_terminal() {
            true => worked(),
            false => Err(ENOTTY.into()),
        },
        ..ROW
    },
    Probe {
        id: "TT-02",
        asks: "can it type into the caller's terminal, for the shell behind it to execute?",
        layer: "session of its own, Landlock, seccomp",
        effect: Effect::Terminal(OnTerminal::Typed),
        attempt: |_| {
            b"TT-02".iter().try_for_each(|byte| type_into(*byte))?;
            std::thread::sleep(MOMENT);
            worked()
        },
        ..ROW
    },
    Probe {
        id: "TT-03",
        asks: "can it use the console's calls on the caller's terminal, which can paste as well?",
        expect: Expect::always(refuse(&[ENOTTY, EPERM, EACCES]), REFUSE),
        layer: "session of its own, seccomp",
        attempt: |_| {
            ask()?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "TT-04",
        asks: "can it make the caller's terminal its own?",
        expect: Expect::always(refuse(&[EPERM, ENOTTY, EACCES]), REFUSE),
        attempt: |_| {
            setsid().setup("no session of its own")?;
            claim()?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "TT-05",
        asks: "can it say who stands in front of the caller's terminal?",
        effect: Effect::Terminal(OnTerminal::Foreground),
        attempt: |_| stand_in_front(),
        ..ROW
    },
    Probe {
        id: "TT-06",
        asks: "can it change the size of the caller's terminal?",
        expect: Expect::always(NOTED, WORKS),
        layer: "a terminal of its own",
        effect: Effect::Terminal(OnTerminal::Resized),
        attempt: |_| {
            resize(25, 81)?;
            worked()
        },
        ..ROW
    },
];

/// Puts a process group of its own in front for a moment.
fn stand_in_front() -> Attempt {
    // Taking it back from behind would stop this process.
    SigSet::from(Signal::SIGTTOU).thread_block().setup("no signal could be held back")?;
    let group = paused_in_a_group().setup("no process of its own")?;
    let stdin = std::io::stdin();
    let put = tcsetpgrp(&stdin, group).step("tcsetpgrp");
    if put.is_ok() {
        std::thread::sleep(MOMENT);
        let _ = tcsetpgrp(&stdin, getpgrp());
    }
    let _ = kill(group, Signal::SIGKILL);
    put.map(|()| String::new())
}
