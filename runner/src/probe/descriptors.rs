//! Section G: what the caller left open must not arrive in the command.
//!
//! The launching stage opens descriptors 6 to 9; see `launch.rs` for what they are.

use nix::errno::Errno::{EBADF, EPERM};
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, write};
use policy::profile::CallGroup;

use crate::sys::probe_calls::process::{inherited, is_open, pidfd_getfd, pidfd_open};

use super::attempt::{Step, worked};
use super::expect::{Expect, NOTED, WORKS, refuse, should};
use super::launch::{DIRECTORY, OUTSIDE_FILE, TCP, UNIX_STREAM};
use super::services::Service;
use super::{Class, Effect, Need, Probe, Turn};

const CLOSED: Expect = Expect::always(refuse(&[EBADF]), WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Descriptors,
    asks: "",
    expect: CLOSED,
    layer: "close_range before exec",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "FD-01",
        asks: "can it write to a file outside through a descriptor the caller left open?",
        effect: Effect::Changes("out/FD-01"),
        attempt: |_| {
            write(inherited(OUTSIDE_FILE)?, b"FD-01\n")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FD-02",
        asks: "can it create a file below an inherited descriptor of the root directory?",
        layer: "close_range before exec; Landlock also refuses",
        effect: Effect::Appears("out/FD-02.new"),
        attempt: |scene| {
            let place = scene.at("out/FD-02.new");
            let below = place.strip_prefix("/").unwrap_or(&place);
            openat(inherited(DIRECTORY)?, below, OFlag::O_CREAT | OFlag::O_WRONLY, Mode::from_bits_truncate(0o644))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FD-03",
        asks: "can it talk over an inherited TCP connection?",
        effect: Effect::Arrives(Service::Tcp),
        attempt: |_| {
            write(inherited(TCP)?, b"FD-03\n")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FD-04",
        asks: "can it talk over an inherited unix socket connection?",
        effect: Effect::Arrives(Service::Stream),
        attempt: |_| {
            write(inherited(UNIX_STREAM)?, b"FD-04\n")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FD-05",
        asks: "which descriptors are open in the command at its start?",
        expect: Expect::always(NOTED, NOTED),
        attempt: |_| {
            let open = (0..1024).filter(|&number| is_open(number)).map(|number| number.to_string());
            Ok(open.collect::<Vec<_>>().join(" "))
        },
        ..ROW
    },
    Probe {
        id: "FD-06",
        asks: "can it copy a descriptor out of the sandbox's own pid 1?",
        expect: Expect::always(should(&[EPERM]), NOTED),
        layer: "seccomp; pid 1 that is not dumpable",
        need: Need::Calls(CallGroup::Tracing),
        attempt: |scene| {
            scene.own_init()?;
            let init = pidfd_open(Pid::from_raw(1)).step("pidfd_open")?;
            pidfd_getfd(&init, 1).step("pidfd_getfd")?;
            worked()
        },
        ..ROW
    },
];
