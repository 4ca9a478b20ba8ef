//! Section B: reading what a command has no business reading.

use nix::errno::Errno::{EACCES, ENOENT, EPERM};
use policy::profile::CallGroup;

use crate::sys::probe_calls::files::{fanotify_by_identifier, inotify_watch};
use crate::sys::probe_calls::process::read_kernel_log;

use super::attempt::{Attempt, Stop, read, terminated, worked};
use super::effect::Secret;
use super::expect::{Expect, MAY, NOTED, REFUSE, SHOULD, WORKS, refuse, should};
use super::{Class, Effect, Need, Probe, Scene, Turn};

const ROW: Probe = Probe {
    id: "",
    class: Class::FilesRead,
    asks: "",
    expect: Expect::always(NOTED, WORKS),
    layer: "deny-read rule: mask",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "FR-01",
        asks: "can it read the list of accounts, as programs must?",
        expect: Expect::always(WORKS, WORKS),
        layer: "none: programs need it",
        need: Need::Read("/etc/passwd"),
        attempt: |_| size_of("/etc/passwd"),
        ..ROW
    },
    Probe {
        id: "FR-02",
        asks: "can it read a file of the same user outside the workspace?",
        expect: Expect::always(WORKS, WORKS),
        layer: "only a deny-read rule",
        effect: Effect::Tells(Secret::Outside),
        need: Need::Read("out/secret"),
        attempt: |scene| read(&scene.at("out/secret")),
        ..ROW
    },
    Probe {
        id: "FR-03",
        asks: "can it read a private ssh key?",
        effect: Effect::Tells(Secret::SshKey),
        need: Need::Read("home/.ssh/id_ed25519"),
        attempt: |scene| read(&scene.at("home/.ssh/id_ed25519")),
        ..ROW
    },
    Probe {
        id: "FR-04",
        asks: "can it read the agent's own credentials?",
        effect: Effect::Tells(Secret::Credentials),
        need: Need::Read("home/.codex/auth.json"),
        attempt: |scene| read(&scene.at("home/.codex/auth.json")),
        ..ROW
    },
    Probe {
        id: "FR-05",
        asks: "can it read the host's password hashes?",
        expect: Expect::always(refuse(&[EACCES]), REFUSE).root_always(NOTED).root_bypass(WORKS),
        layer: "host permissions; for uid 0 a mask",
        need: Need::Read("/etc/shadow"),
        attempt: |_| size_of("/etc/shadow"),
        ..ROW
    },
    Probe {
        id: "FR-06",
        asks: "can it read a private file of another user?",
        expect: Expect::always(refuse(&[EACCES]), REFUSE).root_bypass(WORKS),
        layer: "no CAP_DAC_OVERRIDE",
        effect: Effect::Tells(Secret::OtherUser),
        attempt: |scene| read(&scene.bait("fix/other-user")?),
        ..ROW
    },
    Probe {
        id: "FR-07",
        asks: "can it read the environment of a process outside?",
        expect: Expect::always(refuse(&[ENOENT, EACCES, EPERM]), WORKS),
        layer: "pid namespace with its own /proc",
        effect: Effect::Tells(Secret::Victim),
        need: Need::Processes,
        attempt: |scene| {
            let environment = read(format!("/proc/{}/environ", scene.victim).as_ref())?;
            let secret = environment.split('\0').find(|entry| entry.starts_with("PALISADE_BAIT="));
            // Inside a pid namespace the number may belong to somebody else, who is none of our business.
            secret.map(str::to_owned).ok_or(Stop::Denied(ENOENT, "another process has this number".to_owned()))
        },
        ..ROW
    },
    Probe {
        id: "FR-08",
        asks: "can it list the directory of the agent's control sockets?",
        expect: Expect::always(refuse(&[EACCES]), WORKS),
        layer: "mask",
        need: Need::Hidden(".codex"),
        attempt: |scene| {
            let entries = std::fs::read_dir(scene.bait("/tmp/codex-daemon-{uid}")?)?.count();
            Ok(format!("{entries} entries"))
        },
        ..ROW
    },
    Probe {
        id: "FR-09",
        asks: "what does the environment of the sandbox's own pid 1 hold?",
        expect: Expect::always(NOTED, NOTED),
        layer: "environment scrubbed before exec",
        attempt: |scene| {
            scene.own_init()?;
            let environment = read("/proc/1/environ".as_ref())?;
            let key = if environment.contains(super::environment::KEY) { "the API key is" } else { "no API key" };
            Ok(format!("{} variables, {key} among them", environment.split('\0').count()))
        },
        ..ROW
    },
    Probe {
        id: "FR-10",
        asks: "can it read the kernel's symbol table?",
        expect: Expect::always(MAY, WORKS),
        layer: "mask (optional)",
        attempt: |_| {
            use std::io::Read;
            let mut first = [0; 64];
            let length = std::fs::File::open("/proc/kallsyms")?.read(&mut first)?;
            Ok(format!("the first {length} bytes"))
        },
        ..ROW
    },
    Probe {
        id: "FR-11",
        asks: "can it read the kernel log?",
        expect: Expect::always(refuse(&[EPERM]), REFUSE).root_bypass(WORKS),
        layer: "capability, seccomp",
        attempt: |_| Ok(format!("{} bytes", read_kernel_log()?)),
        ..ROW
    },
    Probe {
        id: "FR-12",
        asks: "can it open the image of the kernel's memory?",
        expect: Expect::always(REFUSE, REFUSE),
        layer: "mask",
        attempt: |_| {
            std::fs::File::open("/proc/kcore")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FR-13",
        asks: "can it list the keys of the caller's session?",
        expect: Expect::always(SHOULD, WORKS),
        layer: "mask, fresh session keyring",
        need: Need::Calls(CallGroup::Keyrings),
        attempt: |scene| {
            let keys = read("/proc/keys".as_ref())?;
            if keys.contains(&scene.key()) {
                return Ok(format!("{} keys, the bait among them", keys.lines().count()));
            }
            Err(Stop::Denied(ENOENT, format!("{} keys, but not the bait", keys.lines().count())))
        },
        ..ROW
    },
    Probe {
        id: "FR-14",
        asks: "can it watch what happens in a directory outside?",
        expect: Expect::always(NOTED, WORKS),
        layer: "none of the layers",
        attempt: watch,
        ..ROW
    },
    Probe {
        id: "FR-15",
        asks: "can it open a watch queue of the kind that covers whole file systems?",
        expect: Expect::always(should(&[EPERM]), WORKS),
        layer: "seccomp",
        need: Need::Calls(CallGroup::Kernel),
        attempt: |_| {
            fanotify_by_identifier()?;
            worked()
        },
        ..ROW
    },
];

/// Reads a file of the host and tells only how long it is.
fn size_of(path: &str) -> Attempt {
    Ok(format!("{} bytes", std::fs::read(path)?.len()))
}

fn watch(scene: &Scene) -> Attempt {
    inotify_watch(&terminated(&scene.at("out"))?)?;
    worked()
}
