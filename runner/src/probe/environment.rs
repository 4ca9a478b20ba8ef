//! Section N, second part: what a command learns from variables and from the words of the processes around it.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno::{ENOENT, EOPNOTSUPP, EPERM};

use crate::sys::probe_calls::names::NAMELESS;

use super::attempt::{Attempt, Setup, Stop, worked};
use super::expect::{Expect, NOTED, WORKS};
use super::{Class, Effect, Need, Probe, Turn};

/// The variable that holds a key as bait.
pub(super) const KEY: &str = "PALISADE_BAIT_API_KEY";

const ROW: Probe = Probe {
    id: "",
    class: Class::Resources,
    asks: "",
    expect: Expect::always(NOTED, NOTED),
    layer: "environment filter",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Sandbox,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "EN-01",
        asks: "does it see an API key of the caller's environment?",
        expect: Expect::always(NOTED, WORKS),
        need: Need::Variable(KEY),
        attempt: |scene| match std::env::var(KEY) {
            Ok(value) if value.ends_with(&scene.token) => worked(),
            _ => Err(Stop::Denied(ENOENT, "there is no such variable".to_owned())),
        },
        ..ROW
    },
    Probe {
        id: "EN-02",
        asks: "does it see that API key in the environment of the sandbox's own pid 1?",
        layer: "environment filter, applied before the launcher starts; pid 1 that is not dumpable",
        need: Need::Variable(KEY),
        attempt: |scene| {
            scene.own_init()?;
            let environment = super::attempt::read("/proc/1/environ".as_ref())?;
            if environment.contains(KEY) && environment.contains(&scene.token) {
                return worked();
            }
            Err(Stop::Denied(ENOENT, "it can be read, and the key is not there".to_owned()))
        },
        ..ROW
    },
    Probe {
        id: "EN-03",
        asks: "is it told by Codex's variable that it has no network?",
        layer: "none: it only tells",
        attempt: |_| {
            let value = std::env::var("CODEX_SANDBOX_NETWORK_DISABLED");
            Ok(value.map_or_else(|_| "unset".to_owned(), |value| format!("={value}")))
        },
        ..ROW
    },
    Probe {
        id: "EN-04",
        asks: "can it put programs where its search path looks?",
        layer: "mount, Landlock",
        attempt: |_| {
            let path = std::env::var_os("PATH").setup("there is no search path")?;
            let open: Vec<_> = std::env::split_paths(&path).filter(|folder| is_open(folder)).collect();
            match open.as_slice() {
                [] => Err(Stop::Denied(EPERM, "none of its folders".to_owned())),
                open => Ok(format!("{open:?}")),
            }
        },
        ..ROW
    },
    Probe {
        id: "EN-05",
        asks: "does it see how its sandbox was started?",
        layer: "none: it only tells",
        attempt: |scene| {
            scene.own_init()?;
            words_of_init()
        },
        ..ROW
    },
];

/// Whether a file could be made in a folder; none is left there.
fn is_open(folder: &Path) -> bool {
    let Some(nameless) = NAMELESS else { return may_write(folder) };
    let flags = nameless | libc::O_CLOEXEC;
    match std::fs::OpenOptions::new().write(true).custom_flags(flags).open(folder) {
        Ok(_) => true,
        // A file system without nameless files: the mount and the mode have to answer.
        Err(error) if error.raw_os_error() == Some(EOPNOTSUPP as i32) => may_write(folder),
        Err(_) => false,
    }
}

fn may_write(folder: &Path) -> bool {
    nix::unistd::access(folder, nix::unistd::AccessFlags::W_OK).is_ok()
}

fn words_of_init() -> Attempt {
    let line = std::fs::read("/proc/1/cmdline")?;
    Ok(format!("{} words, {} bytes", line.split(|byte| *byte == 0).count().saturating_sub(1), line.len()))
}
