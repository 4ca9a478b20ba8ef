//! Section K: doors into the kernel that no build needs.
//!
//! A call that only a privileged caller may make is given arguments that cannot do anything: the errno then says whether
//! the caller's rights were what stopped it.

use std::ffi::CString;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use nix::errno::Errno::{self, EACCES, EBADF, EFAULT, EINVAL, ENOENT, ENOEXEC, ENOKEY, ENOSYS, EPERM};
use nix::sys::memfd::{MFdFlags, memfd_create};
use policy::profile::CallGroup;

use crate::sys::probe_calls::files::{name_to_handle, open_by_handle};
use crate::sys::probe_calls::others::{
    add_key, find_key, keep_tick, set_clock_to_itself, set_domain_name, sync_quotas,
};
use crate::sys::probe_calls::plain::{
    ACCT, BPF_LOAD, BPF_MAP, DELETE_MODULE, FANOTIFY, FINIT_MODULE, HANG_UP, INIT_MODULE, IO_PORTS, KEXEC_LOAD,
    LANDLOCK_ABI, LOG_LEVEL, MEMFD_SECRET, NO_NEW_PRIVS, PERF_OWN, PERF_SYSTEM, READ_LDT, REBOOT, SWAPOFF, SWAPON,
    USER_KEYRING, USERFAULTFD, USERFAULTFD_USER, WRITE_AND_EXECUTE, make,
};

use super::attempt::{Attempt, Setup, Stop, passed, terminated, worked};
use super::expect::{Expect, MAY, NOTED, REFUSE, SHOULD, WORKS, refuse};
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
    Probe {
        id: "KS-14",
        asks: "may it restart the machine (reboot)?",
        attempt: |_| passed(make(REBOOT), &[EINVAL]),
        ..ROW
    },
    Probe {
        id: "KS-15",
        asks: "may it set the host's clock?",
        attempt: |_| {
            careful()?;
            set_clock_to_itself()?;
            worked()
        },
        ..ROW
    },
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
    Probe { id: "KS-19", asks: "may it add swap space (swapon)?", attempt: |_| passed(make(SWAPON), &[ENOENT]), ..ROW },
    Probe {
        id: "KS-20",
        asks: "may it take swap space away (swapoff)?",
        attempt: |_| passed(make(SWAPOFF), &[ENOENT]),
        ..ROW
    },
    Probe {
        id: "KS-21",
        asks: "may it turn on process accounting (acct)?",
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
        id: "KS-24",
        asks: "may it hang up terminals, with vhangup?",
        // Without a terminal there is nothing to hang up.
        attempt: |_| {
            nix::unistd::setsid().setup("no session of its own")?;
            passed(make(HANG_UP), &[])
        },
        ..ROW
    },
    Probe {
        id: "KS-25",
        asks: "may it change what becomes of the kernel's log, as clearing it does?",
        attempt: |_| passed(make(LOG_LEVEL), &[EINVAL]),
        ..ROW
    },
    Probe {
        id: "KS-26",
        asks: "can it open a watch queue that may hold up others' access to files?",
        attempt: |_| passed(make(FANOTIFY), &[]),
        ..ROW
    },
    Probe {
        id: "KS-27",
        asks: "can it open the host's root by a handle, past every directory?",
        attempt: |_| {
            let mut handle = name_to_handle(c"/").setup("the root has no handle")?;
            let root = std::fs::File::open("/").setup("the root cannot be opened")?;
            open_by_handle(&root.into(), &mut handle, libc::O_RDONLY)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "KS-28",
        asks: "can it reach the quotas of the root file system?",
        expect: Expect::always(REFUSE, NOTED),
        layer: "no device node, seccomp",
        attempt: |_| {
            let disk = crate::sys::probe_calls::files::root_disk()
                .ok_or_else(|| Stop::NoBait("no disk is known here".to_owned()))?;
            passed(sync_quotas(&terminated(&disk)?), &[ENOSYS, Errno::ESRCH])
        },
        ..ROW
    },
    Probe {
        id: "KS-29",
        asks: "can it execute a program that is in memory only?",
        expect: Expect::always(MAY, WORKS),
        layer: "seccomp (optional)",
        attempt: |_| from_memory(),
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

/// What can change the host is asked by whoever may only where no program gains rights.
fn careful() -> Result<(), Stop> {
    let status = std::fs::read_to_string("/proc/self/status").setup("no look at the own status")?;
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = held.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(u64::MAX);
    const SYS_TIME: u64 = 1 << 25;
    if held & SYS_TIME != 0 && make(NO_NEW_PRIVS)? == 0 {
        return Err(Stop::Skip("it would work here, and is never done without a sandbox".to_owned()));
    }
    Ok(())
}

/// Executes a small program of the host's out of memory.
fn from_memory() -> Attempt {
    let program = std::fs::read("/bin/true").setup("no /bin/true")?;
    let mut file = std::fs::File::from(memfd_create(c"palisade", MFdFlags::empty())?);
    file.write_all(&program).setup("the program cannot be written to memory")?;
    // What is open for writing is not executed; another look at it is.
    let program = std::fs::File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    drop(file);
    Command::new(format!("/proc/self/fd/{}", program.as_raw_fd())).stdin(Stdio::null()).status()?;
    worked()
}
