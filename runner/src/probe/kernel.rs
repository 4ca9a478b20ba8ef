//! Section K: doors into the kernel that no build needs.
//!
//! A call that only a privileged caller may make is given arguments that cannot do anything: the errno then says whether
//! the caller's rights were what stopped it.

use std::ffi::CString;

use nix::errno::Errno::{self, EACCES, EBADF, EFAULT, EINVAL, ENOENT, ENOEXEC, ENOKEY, ENOSYS, EPERM};
use policy::profile::CallGroup;

use crate::sys::probe_calls::others::{add_key, find_key, keep_tick, set_domain_name};
use crate::sys::probe_calls::plain::{
    ACCT, BPF_LOAD, BPF_MAP, DELETE_MODULE, FANOTIFY, FINIT_MODULE, INIT_MODULE, IO_PORTS, KEXEC_LOAD, LANDLOCK_ABI,
    MEMFD_SECRET, PERF_OWN, PERF_SYSTEM, READ_LDT, REBOOT, SWAPOFF, SWAPON, USER_KEYRING, USERFAULTFD,
    USERFAULTFD_USER, WRITE_AND_EXECUTE, make,
};

use super::attempt::{Setup, passed, worked};
use super::expect::{Expect, MAY, REFUSE, SHOULD, WORKS, refuse};
use super::{Class, Effect, Need, Probe, Turn};

const PRIVILEGED: Expect = Expect::always(refuse(&[EPERM, EACCES]), REFUSE).root_bypass(WORKS);
/// Calls that this kernel may have been built without: what the host says is noted.
const RARE: Expect = Expect::always(REFUSE, REFUSE);
const KEYS: Need = Need::Calls(CallGroup::Keyrings);
const SURFACE: Need = Need::Calls(CallGroup::Kernel);

const ROW: Probe = Probe {
    id: "",
    class: Class::Kernel,
    asks: "",
    expect: PRIVILEGED,
    layer: "no capabilities, seccomp",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "KS-01",
        asks: "can it find a key of the caller's session?",
        expect: Expect::always(refuse(&[ENOKEY, EPERM, ENOSYS]), WORKS),
        layer: "session keyring of its own, seccomp",
        need: KEYS,
        attempt: |scene| {
            find_key(&CString::new(scene.key()).setup("a key with a zero byte")?)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-02",
        asks: "can it add a key to the caller's session?",
        expect: Expect::always(REFUSE, WORKS),
        layer: "session keyring of its own, seccomp",
        need: KEYS,
        attempt: |scene| {
            add_key(&CString::new(format!("{}-added", scene.key())).setup("a key with a zero byte")?)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-03",
        asks: "can it look up the user's own keyring?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "user namespace with keyrings of its own, seccomp",
        need: KEYS,
        attempt: |_| {
            make(USER_KEYRING)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-04",
        asks: "can it load a program into the kernel (bpf)?",
        attempt: |_| passed(make(BPF_LOAD), &[EINVAL, EFAULT, Errno::E2BIG]),
        ..ROW
    },
    Probe {
        id: "KS-05",
        asks: "can it make a table shared with kernel programs (bpf)?",
        attempt: |_| passed(make(BPF_MAP), &[]),
        ..ROW
    },
    Probe {
        id: "KS-06",
        asks: "can it count events of its own process (perf)?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "seccomp, perf_event_paranoid",
        need: SURFACE,
        attempt: |_| passed(make(PERF_OWN), &[]),
        ..ROW
    },
    Probe {
        id: "KS-07",
        asks: "can it count events of the whole system (perf)?",
        attempt: |_| passed(make(PERF_SYSTEM), &[]),
        ..ROW
    },
    Probe {
        id: "KS-08",
        asks: "can it hold up the kernel's own page faults (userfaultfd)?",
        attempt: |_| passed(make(USERFAULTFD), &[]),
        ..ROW
    },
    Probe {
        id: "KS-09",
        asks: "can it hold up its own page faults (userfaultfd)?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "seccomp",
        need: SURFACE,
        attempt: |_| passed(make(USERFAULTFD_USER), &[]),
        ..ROW
    },
    Probe {
        id: "KS-10",
        asks: "can it put another kernel in place?",
        expect: RARE,
        attempt: |_| passed(make(KEXEC_LOAD), &[EINVAL]),
        ..ROW
    },
    Probe {
        id: "KS-11",
        asks: "can it load a kernel module from memory?",
        expect: RARE,
        attempt: |_| passed(make(INIT_MODULE), &[ENOEXEC, EFAULT]),
        ..ROW
    },
    Probe {
        id: "KS-12",
        asks: "can it load a kernel module from a file?",
        expect: RARE,
        attempt: |_| passed(make(FINIT_MODULE), &[EBADF]),
        ..ROW
    },
    Probe {
        id: "KS-13",
        asks: "can it remove a kernel module?",
        expect: RARE,
        attempt: |_| passed(make(DELETE_MODULE), &[ENOENT]),
        ..ROW
    },
    Probe { id: "KS-14", asks: "may it restart the machine?", attempt: |_| passed(make(REBOOT), &[EINVAL]), ..ROW },
    Probe {
        id: "KS-16",
        asks: "may it tune the host's clock?",
        attempt: |_| {
            keep_tick()?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-17",
        asks: "may it name the host?",
        attempt: |_| {
            let names = nix::sys::utsname::uname()?;
            nix::unistd::sethostname(names.nodename())?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-18",
        asks: "may it name the host's domain?",
        attempt: |_| {
            let name = std::fs::read_to_string("/proc/sys/kernel/domainname").setup("no look at the domain's name")?;
            set_domain_name(&CString::new(name.trim_end()).setup("a name with a zero byte")?)?;
            worked()
        },
        ..ROW
    },
    Probe { id: "KS-19", asks: "may it add swap space?", attempt: |_| passed(make(SWAPON), &[ENOENT]), ..ROW },
    Probe { id: "KS-20", asks: "may it take swap space away?", attempt: |_| passed(make(SWAPOFF), &[ENOENT]), ..ROW },
    Probe {
        id: "KS-21",
        asks: "may it turn on process accounting?",
        expect: RARE,
        attempt: |_| passed(make(ACCT), &[ENOENT]),
        ..ROW
    },
    Probe {
        id: "KS-22",
        asks: "may it talk to devices through input and output ports?",
        expect: RARE,
        attempt: |_| passed(make(IO_PORTS), &[]),
        ..ROW
    },
    Probe {
        id: "KS-23",
        asks: "can it reach the table of old memory segments?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "seccomp",
        need: SURFACE,
        attempt: |_| passed(make(READ_LDT), &[]),
        ..ROW
    },
    Probe {
        id: "KS-26",
        asks: "can it open a watch queue that may hold up others' access to files?",
        attempt: |_| passed(make(FANOTIFY), &[]),
        ..ROW
    },
    Probe {
        id: "KS-30",
        asks: "can it make memory that the kernel itself does not see?",
        expect: Expect::always(MAY, WORKS),
        layer: "seccomp (optional)",
        attempt: |_| passed(make(MEMFD_SECRET), &[]),
        ..ROW
    },
    Probe {
        id: "KS-31",
        asks: "can it make memory both writable and executable, as compilers in time do?",
        expect: Expect::always(MAY, WORKS),
        layer: "none: programs need it",
        attempt: |_| passed(make(WRITE_AND_EXECUTE), &[]),
        ..ROW
    },
    Probe {
        id: "KS-32",
        asks: "can it ask for Landlock, to confine itself further?",
        expect: Expect::always(WORKS, WORKS),
        layer: "none: programs need it",
        attempt: |_| Ok(format!("ABI {}", make(LANDLOCK_ABI)?)),
        ..ROW
    },
];
