//! Section J: rights a command must not have, nor gain.

mod gained;

use nix::errno::Errno::{self, EACCES, EINVAL, EPERM};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, setgroups, setresuid};
use policy::profile::CallGroup;

use crate::sys::probe_calls::others::install_filter;
use crate::sys::probe_calls::plain::{AMBIENT_RAISE, NO_NEW_PRIVS, PERSONALITY, SET_MM, make};

use super::attempt::{Attempt, Setup, Step, Stop, passed, worked};
use super::expect::{Expect, NOTED, REFUSE, SHOULD, WORKS, refuse};
use super::{Class, Effect, Need, Probe, Turn};

const GONE: Expect = Expect::always(refuse(&[EPERM]), REFUSE).root_bypass(WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Privilege,
    asks: "",
    expect: GONE,
    layer: "no capabilities",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

/// A user nobody is.
const NOBODY: u32 = 65_531;
/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`.
const LISTENER: usize = 8;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "CP-01",
        asks: "can it still gain rights by executing a program?",
        expect: Expect::always(refuse(&[EPERM]), WORKS),
        layer: "no_new_privs",
        attempt: |_| match make(NO_NEW_PRIVS)? {
            0 => Ok("no_new_privs is not set".to_owned()),
            _ => Err(Stop::Denied(EPERM, "no_new_privs is set".to_owned())),
        },
        ..ROW
    },
    Probe {
        id: "CP-02",
        asks: "does it hold capabilities?",
        attempt: |_| {
            let status = std::fs::read_to_string("/proc/self/status").setup("no look at the own status")?;
            let held = |set: &&str| {
                let line = status.lines().find(|line| line.starts_with(set));
                line.is_some_and(|line| line.trim_start_matches(set).bytes().any(|digit| matches!(digit, b'1'..=b'f')))
            };
            let sets: Vec<&str> = ["CapEff:", "CapPrm:"].into_iter().filter(held).collect();
            if sets.is_empty() {
                Err(Stop::Denied(EPERM, "both sets are empty".to_owned()))
            } else {
                Ok(sets.join(" "))
            }
        },
        ..ROW
    },
    Probe {
        id: "CP-03",
        asks: "does a set-user-id program of root's run with root's rights?",
        expect: Expect::always(REFUSE, NOTED),
        layer: "no_new_privs, nosuid",
        attempt: |scene| gained::by_owner(scene),
        ..ROW
    },
    Probe {
        id: "CP-04",
        asks: "does a program with a capability of its own run with it?",
        expect: Expect::always(REFUSE, NOTED),
        layer: "no_new_privs, bounding set",
        attempt: |scene| gained::by_capability(scene),
        ..ROW
    },
    Probe {
        id: "CP-05",
        asks: "can it become root by `su`?",
        expect: Expect::always(REFUSE, NOTED),
        layer: "no_new_privs",
        attempt: |_| gained::by_su(),
        ..ROW
    },
    Probe {
        id: "CP-06",
        asks: "can it become another user?",
        expect: Expect::always(refuse(&[EINVAL, EPERM]), REFUSE).root_bypass(WORKS),
        layer: "user namespace with one user, no capabilities",
        attempt: |_| {
            let other = Uid::from_raw(NOBODY);
            setresuid(other, other, other)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "CP-07",
        asks: "can it change its supplementary groups?",
        layer: "setgroups denied, no capabilities",
        attempt: |_| {
            setgroups(&[Gid::current()])?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "CP-08",
        asks: "can it raise a capability that programs it executes would keep?",
        expect: Expect::always(refuse(&[EPERM]), REFUSE),
        attempt: |_| {
            make(AMBIENT_RAISE)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "CP-09",
        asks: "can it rewrite where its own memory begins and ends?",
        expect: Expect::always(refuse(&[EPERM]), REFUSE),
        attempt: |_| passed(make(SET_MM), &[EINVAL]),
        ..ROW
    },
    Probe {
        id: "CP-10",
        asks: "can it raise a limit that it has lowered for good?",
        expect: Expect::always(refuse(&[EPERM]), REFUSE),
        attempt: |_| {
            setrlimit(Resource::RLIMIT_NOFILE, 64, 64).setup("no limit could be lowered")?;
            setrlimit(Resource::RLIMIT_NOFILE, 128, 128)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "CP-11",
        asks: "can it confine itself further with a system-call filter?",
        expect: Expect::always(WORKS, refuse(&[EACCES])).root_bypass(WORKS),
        layer: "none: programs need it",
        attempt: |_| filter(0),
        ..ROW
    },
    Probe {
        id: "CP-12",
        asks: "can it install a filter that answers system calls of others?",
        expect: Expect::always(SHOULD, REFUSE).root_bypass(WORKS),
        layer: "seccomp",
        need: Need::Calls(CallGroup::Kernel),
        attempt: |_| filter(LISTENER),
        ..ROW
    },
    Probe {
        id: "CP-13",
        asks: "can it turn off address randomisation for programs it executes?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "seccomp",
        need: Need::Calls(CallGroup::Kernel),
        attempt: |_| {
            make(PERSONALITY)?;
            worked()
        },
        ..ROW
    },
];

fn filter(flags: usize) -> Attempt {
    let made: Result<usize, Errno> = install_filter(flags);
    made.step("seccomp")?;
    worked()
}
