//! Hosts on which something is missing, taken or false; and what else of the surroundings a launcher could trip over.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::attempt::{Attempt, Setup, Stop, worked};
use super::super::environment::KEY;
use super::super::expect::{Expect, MAY, Mode, NOTED, WORKS};
use super::super::subject::Identity;
use super::super::{Probe, stage};
use super::ground::{Ground, Start, set};
use super::hardship::Hardship;
use super::{LEAVES, ROW, Scenario, no, not_here};

const DEGRADED: Probe = Probe { layer: "refusing to start, or another layer and a word about it", ..ROW };
const TRUSTED: Probe = Probe { expect: LEAVES, layer: "absolute paths, owners", ..ROW };

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe {
            id: "SC-27",
            asks: "are the variables inside those outside, but for what is documented?",
            expect: LEAVES,
            layer: "environment filter",
            ..ROW
        },
        topic: "environment",
        attempt: variables,
    },
    Scenario {
        row: Probe {
            id: "SC-28",
            asks: "does the sandbox work inside itself?",
            expect: Expect::always(MAY, NOTED),
            layer: "none: a clear refusal will do",
            ..ROW
        },
        topic: "nesting",
        attempt: |ground| {
            let inner = ground.start(&["true"]).line();
            let ended = ground.start(&inner).run()?;
            if ended.status == 0 { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-29",
            asks: "does it start where another user was first at the fixed names in /tmp?",
            expect: LEAVES,
            layer: "runtime paths that are private or cannot be guessed",
            ..ROW
        },
        topic: "squatting",
        attempt: |ground| {
            if !Identity::own().is_root() || !ground.fixture.runs_as_driver() {
                return not_here("only uid 0 can be another user");
            }
            let ended = ground.start(&["true"]).under(Hardship::Squatted).run()?;
            if ended.status == 0 { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-30",
            asks: "does it see the words of processes outside where parts of /proc are covered, as in containers?",
            layer: "mask, or refusing to start",
            ..ROW
        },
        topic: "degraded",
        attempt: |ground| {
            let start = ground.script("cat /proc/[0-9]*/cmdline", &[]).under(Hardship::CoveredProc);
            let ended = start.run()?;
            if ended.out.contains(stage::VICTIM) { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe { id: "SC-31", asks: "can it do more where no user namespace is left?", ..DEGRADED },
        topic: "degraded",
        attempt: |ground| degraded(ground, Hardship::UserNamespaces),
    },
    Scenario {
        row: Probe { id: "SC-32", asks: "can it do more where no net namespace is left?", ..DEGRADED },
        topic: "degraded",
        attempt: |ground| degraded(ground, Hardship::NetNamespaces),
    },
    Scenario {
        row: Probe { id: "SC-33", asks: "can it do more where a filter refuses user namespaces?", ..DEGRADED },
        topic: "degraded",
        attempt: |ground| degraded(ground, Hardship::FilteredNamespaces),
    },
    Scenario {
        row: Probe { id: "SC-34", asks: "can it do more where a filter knows no Landlock?", ..DEGRADED },
        topic: "degraded",
        attempt: |ground| degraded(ground, Hardship::FilteredLandlock),
    },
    Scenario {
        row: Probe {
            id: "SC-35",
            asks: "are programs of somebody's that are named like its own, first on the search path, left alone?",
            ..TRUSTED
        },
        topic: "trust",
        attempt: |ground| named_alike(ground, "home/bin"),
    },
    Scenario {
        row: Probe {
            id: "SC-36",
            asks: "are programs in the workspace that are named like its own, first on the search path, left alone?",
            ..TRUSTED
        },
        topic: "trust",
        attempt: |ground| named_alike(ground, "ws/bin"),
    },
    Scenario {
        row: Probe {
            id: "SC-37",
            asks: "does it reach services of the host where everything may be written and the network is off?",
            layer: "net namespace, seccomp",
            ..ROW
        },
        topic: "modes",
        attempt: |ground| {
            everything_but_the_network(ground.start(&["true"]))?;
            let asked = ground.ask(&["NW-22", "NW-31", "NW-34"], |start| {
                everything_but_the_network(start.clone()).unwrap_or(start)
            })?;
            told(&asked)
        },
    },
    Scenario {
        row: Probe {
            id: "SC-38",
            asks: "does it reach more than the proxy where only that may be reached?",
            layer: "net namespace, seccomp",
            ..ROW
        },
        topic: "proxy",
        attempt: |_| {
            not_here("no mode and no profile of palisade's asks for a proxy: the network is off, or the host's")
        },
    },
    Scenario {
        row: Probe {
            id: "SC-44",
            asks: "does it write elsewhere when the workspace is exchanged for a link while it starts?",
            layer: "descriptors, devices and inodes compared",
            ..ROW
        },
        topic: "race",
        attempt: exchanged,
    },
    Scenario {
        row: Probe {
            id: "SC-46",
            asks: "does it reach what only some kernels have: x32, AF_ALG, AF_TIPC, modules, another kernel?",
            expect: Expect::always(super::super::expect::REFUSE, WORKS),
            layer: "seccomp",
            ..ROW
        },
        topic: "kernel",
        attempt: |ground| {
            let offline = !matches!(ground.mode(), Mode::Network);
            let families: &[&str] = if offline { &["NW-12", "NW-16"] } else { &[] };
            let ids = [&["NW-41", "KS-10", "KS-11", "KS-12", "KS-13"], families].concat();
            told(&ground.ask(&ids, |start| start)?)
        },
    },
];

fn everything_but_the_network(start: Start<'_>) -> Result<Start<'_>, Stop> {
    start.changed(|profile| {
        set(profile, "network", "access", "off".into());
        let root = toml::Value::from(vec![":root"]);
        set(profile, "files", "write", root.clone());
        set(profile, "files", "accept_dangerous", root);
    })
}

/// Those that worked, or that none did, and how it ended.
fn told(asked: &super::ground::Asked) -> Attempt {
    match (asked.worked.as_slice(), asked.started) {
        ([], true) => no("nothing of it worked"),
        ([], false) => no(format!("it does not start: {}", asked.ended.told())),
        (worked, _) => Ok(worked.join(" ")),
    }
}

fn degraded(ground: &Ground<'_>, hardship: Hardship) -> Attempt {
    // With the network of the host, reaching a service is no finding; nor is writing where everything may be written.
    let ids: &[&str] = match ground.mode() {
        Mode::Network => &["FW-03", "FW-13"],
        _ => &["FW-03", "FW-13", "NW-22", "NW-34"],
    };
    // What is open on a good day is no finding of a bad one; without a sandbox everything is.
    let open = if ground.is_bare() { Vec::new() } else { ground.ask(ids, |start| start)?.worked };
    let mut asked = ground.ask(ids, |start| start.under(hardship))?;
    asked.worked.retain(|id| !open.contains(id));
    told(&asked)
}

fn variables(ground: &Ground<'_>) -> Attempt {
    let start = ground.start(&["env"]).with("PALISADE_PLAIN", "kept");
    let ended = start.run()?;
    if ended.status != 0 {
        return Err(Stop::Skip(ended.told()));
    }
    let home = ground.word("home");
    let outside = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", &home),
        ("TMPDIR", &ground.word("tmp")),
        ("CODEX_HOME", &ground.word("home/.codex")),
        ("PALISADE_PLAIN", "kept"),
        (KEY, "bait"),
    ];
    let inside: Vec<(&str, &str)> = ended.out.lines().filter_map(|line| line.split_once('=')).collect();
    let mut changes = Vec::new();
    for (name, value) in outside {
        match inside.iter().find(|(known, _)| *known == name) {
            // A secret taken away is what a profile documents.
            None if name == KEY => {}
            None => changes.push(format!("{name} is gone")),
            Some((_, now)) if *now != value => changes.push(format!("{name} is changed")),
            Some(_) => {}
        }
    }
    let known = |name: &str| outside.iter().any(|(known, _)| *known == name) || ["PWD", "_"].contains(&name);
    changes.extend(inside.iter().filter(|(name, _)| !known(name)).map(|(name, _)| format!("{name} is added")));
    match (changes.is_empty(), ground.is_bare() || ground.is_palisade()) {
        (true, _) => worked(),
        (false, true) => no(changes.join(", ")),
        (false, false) => not_here(format!("what this launcher documents is not known; {}", changes.join(", "))),
    }
}

/// Programs that leave a trace when they are executed, under the names that launchers look for.
fn named_alike(ground: &Ground<'_>, folder: &str) -> Attempt {
    let trace = ground.word("out/trace");
    for name in ["bwrap", "palisade", "codex", "codex-linux-sandbox", "newuidmap", "unshare", "firejail", "nsjail"] {
        let place = format!("{folder}/{name}");
        ground.file(&place, &format!("#!/bin/sh\necho \"$0 $*\" >> '{trace}'\nexit 1\n")).setup("no program")?;
        std::fs::set_permissions(ground.at(&place), std::fs::Permissions::from_mode(0o755)).setup("no program")?;
    }
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", ground.word(folder));
    ground.start(&["/bin/true"]).with("PATH", path).run()?;
    let trace = ground.read("out/trace");
    match trace.lines().next() {
        None => worked(),
        Some(line) => no(format!("executed: {line}")),
    }
}

/// Starts again and again while the workspace is a directory at one moment and a link to the outside at the next.
fn exchanged(ground: &Ground<'_>) -> Attempt {
    let (workspace, link) = (ground.at("ws"), ground.at("link"));
    std::os::unix::fs::symlink(ground.at("out"), &link).setup("no link")?;
    let over = AtomicBool::new(false);
    // Only for whoever took the directory for the workspace: to take what the link names is right at other moments.
    let script = "[ \"$(pwd -P)\" = \"$0\" ] && echo written > \"$0/SC-44\"";
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(Ordering::Acquire) {
                let _ = exchange(&workspace, &link);
                std::thread::sleep(Duration::from_micros(300));
            }
            // A directory again, for whoever clears up.
            if workspace.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
                let _ = exchange(&workspace, &link);
            }
        });
        let deadline = Instant::now() + Duration::from_millis(700);
        let mut starts = 0;
        let found = loop {
            let child = ground.script(script, &[ground.word("ws")]).spawn(Stdio::null(), Stdio::null());
            let ended = child.and_then(|mut child| super::ground::ended(&mut child, Duration::from_secs(5)));
            starts += 1;
            if ground.at("out/SC-44").exists() {
                break Ok(format!("at start {starts}"));
            }
            if Instant::now() > deadline {
                break ended.and_then(|_| no(format!("{starts} starts")));
            }
        };
        over.store(true, Ordering::Release);
        found
    })
}

fn exchange(one: &Path, other: &Path) -> nix::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)
}
