//! What each scenario would ask of Seatbelt: its ground, as far as it is otherwise than that of the probes, and the acts on it.
//!
//! A scenario prepares a host, starts the subject on it and looks. What it prepares becomes another profile here, made by the same
//! code that makes that of a run; an act that the runner refuses to start for is refused. How a command ends, what stands
//! in its environment and how the launcher finds its own parts is no question to a profile: `UNTRANSLATED` says it row by row.

use super::asks::Asks;
use Asks::{All, Any};

/// What is otherwise than on the ground of the probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Nothing.
    Usual,
    /// The workspace is this place.
    Workspace(&'static str),
    /// The workspace lies in another tree that may be written.
    Inside {
        /// The tree.
        tree: &'static str,
        /// The workspace.
        workspace: &'static str,
    },
    /// `$TMPDIR` names this place, or nothing that counts.
    Tmpdir(Option<&'static str>),
    /// These places must not be read.
    Hidden(&'static [&'static str]),
    /// `ws/.git` leads to this place, a link or a file that points.
    Repository {
        /// Whether it is a link.
        link: bool,
        /// Where it leads, and what of it is held in place.
        to: &'static [&'static str],
    },
    /// Only the system and the workspace are read.
    Reads,
    /// Everything is written, and the network is off.
    WritesEverything,
    /// Only this port of a proxy is reached.
    Proxy(u16),
}

/// A scenario: on each of these grounds the act must come out as it is owed.
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) grounds: &'static [Ground],
    pub(super) asks: Asks,
}

const fn row(id: &'static str, grounds: &'static [Ground], asks: Asks) -> Row {
    Row { id, grounds, asks }
}

/// Every scenario that translates, sorted by name.
pub(super) const ROWS: &[Row] = &[
    row(
        "SC-10",
        &[Ground::Tmpdir(Some("/")), Ground::Tmpdir(Some("")), Ground::Tmpdir(Some("home"))],
        Any(&[
            "file-write-create path=out/SC-10 vnode-type=REGULAR-FILE",
            "file-write-create path=home/.rc vnode-type=REGULAR-FILE",
        ]),
    ),
    row("SC-11", &[Ground::Tmpdir(None)], All(&["process-exec* path=/usr/bin/true vnode-type=REGULAR-FILE"])),
    row("SC-12", &[Ground::Workspace("/")], All(&["file-write-create path=out/SC-12 vnode-type=REGULAR-FILE"])),
    row("SC-13", &[Ground::Workspace("home")], All(&["file-write-create path=home/.bashrc vnode-type=REGULAR-FILE"])),
    row(
        "SC-14",
        &[Ground::Inside { tree: "tree", workspace: "tree/level/ws" }],
        All(&[
            "file-write-unlink path=tree/level vnode-type=DIRECTORY",
            "file-write-create path=tree/moved vnode-type=DIRECTORY",
        ]),
    ),
    row(
        "SC-15",
        &[
            Ground::Repository { link: true, to: &["ws/real"] },
            Ground::Repository { link: true, to: &["out/real"] },
            Ground::Repository { link: true, to: &[] },
        ],
        Any(&[
            "file-write-data path=ws/.git/config vnode-type=REGULAR-FILE",
            "file-write-create path=ws/.git/config vnode-type=REGULAR-FILE",
            "file-write-unlink path=ws/.git vnode-type=SYMLINK",
        ]),
    ),
    row(
        "SC-16",
        &[Ground::Usual],
        Any(&[
            "file-write-data path=ws/.git vnode-type=REGULAR-FILE",
            "file-write-data path=out/main/.git/worktrees/w/HEAD vnode-type=REGULAR-FILE",
        ]),
    ),
    row(
        "SC-17",
        &[Ground::Repository { link: false, to: &["ws/repository"] }],
        Any(&[
            "file-write-data path=ws/.git vnode-type=REGULAR-FILE",
            "file-write-data path=ws/repository/HEAD vnode-type=REGULAR-FILE",
            "file-write-data path=ws/repository/config vnode-type=REGULAR-FILE",
            "file-write-unlink path=ws/repository vnode-type=DIRECTORY",
        ]),
    ),
    row(
        "SC-18",
        &[Ground::Repository { link: false, to: &["tmp/main/.git/worktrees/w", "tmp/main/.git"] }],
        Any(&[
            "file-write-data path=ws/.git vnode-type=REGULAR-FILE",
            "file-write-data path=tmp/main/.git/worktrees/w/HEAD vnode-type=REGULAR-FILE",
            "file-write-data path=tmp/main/.git/config vnode-type=REGULAR-FILE",
            "file-write-create path=tmp/main/.git/hooks/post-commit vnode-type=REGULAR-FILE",
            "file-write-unlink path=tmp/main vnode-type=DIRECTORY",
        ]),
    ),
    row(
        "SC-19",
        &[Ground::Usual],
        Any(&[
            "file-write-data path=ws/.codex vnode-type=REGULAR-FILE",
            "file-write-unlink path=ws/.codex vnode-type=REGULAR-FILE",
            "file-write-data path=ws/.agents vnode-type=REGULAR-FILE",
            "file-write-unlink path=ws/.agents vnode-type=REGULAR-FILE",
        ]),
    ),
    row(
        "SC-20",
        &[Ground::Usual],
        All(&[
            "file-write-unlink path=ws/prepared vnode-type=DIRECTORY",
            "file-write-create path=ws/.git vnode-type=DIRECTORY",
        ]),
    ),
    row(
        "SC-21",
        &[Ground::Hidden(&["ws/secret", "ws/folder"])],
        Any(&[
            "file-read-data path=ws/secret vnode-type=REGULAR-FILE",
            "file-read-data path=ws/folder vnode-type=DIRECTORY",
            "file-read-data path=ws/folder/secret vnode-type=REGULAR-FILE",
            "file-write-data path=ws/secret vnode-type=REGULAR-FILE",
            "file-write-unlink path=ws/secret vnode-type=REGULAR-FILE",
            "file-link path=ws/secret vnode-type=REGULAR-FILE",
            "file-clone path=ws/secret vnode-type=REGULAR-FILE",
        ]),
    ),
    row(
        "SC-22",
        &[Ground::Hidden(&["ws/above/secret"])],
        Any(&[
            "file-write-unlink path=ws/above vnode-type=DIRECTORY",
            "file-read-data path=ws/above/secret vnode-type=REGULAR-FILE",
        ]),
    ),
    row(
        "SC-25",
        &[Ground::Hidden(&["ws/missing/secret"])],
        All(&["file-write-create path=ws/missing/secret vnode-type=REGULAR-FILE"]),
    ),
    row(
        "SC-26",
        &[Ground::Reads],
        All(&[
            "process-exec* path=/usr/bin/true vnode-type=REGULAR-FILE",
            "file-read-data path=/usr/lib/dyld vnode-type=REGULAR-FILE",
            "file-map-executable path=/usr/lib/libSystem.B.dylib vnode-type=REGULAR-FILE",
        ]),
    ),
    row(
        "SC-30",
        &[Ground::Usual],
        Any(&["sysctl-read sysctl-name=kern.procargs2.4711", "process-info-pidinfo target=others"]),
    ),
    row(
        "SC-37",
        &[Ground::WritesEverything],
        Any(&[
            "network-outbound remote=tcp:127.0.0.1:4711",
            "network-outbound remote=udp:127.0.0.1:4712",
            "network-outbound remote=unix:fix/stream.sock",
            "network-outbound remote=unix:fix/datagram.sock",
        ]),
    ),
    row(
        "SC-38",
        &[Ground::Proxy(3128)],
        Any(&[
            "network-outbound remote=tcp:127.0.0.1:3129",
            "network-outbound remote=tcp:198.51.100.7:3128",
            "network-outbound remote=udp:198.51.100.7:53",
            "network-outbound remote=unix:fix/stream.sock",
            "network-bind local=tcp:127.0.0.1:4713",
            "network-inbound local=tcp:0.0.0.0:4713",
        ]),
    ),
    row(
        "SC-40",
        &[Ground::Usual],
        Any(&[
            "network-outbound remote=unix:/var/run/docker.sock",
            "network-outbound remote=unix:home/.docker/run/docker.sock",
            "network-outbound remote=unix:home/.colima/default/docker.sock",
        ]),
    ),
    row(
        "SC-41",
        &[Ground::Usual],
        Any(&[
            "lsopen",
            "job-creation",
            "appleevent-send appleevent-destination=com.apple.finder",
            "mach-lookup global-name=com.apple.coreservices.launchservicesd",
        ]),
    ),
    row(
        "SC-42",
        &[Ground::Usual],
        Any(&[
            "network-outbound remote=unix:/private/tmp/com.apple.launchd.x/Listeners",
            "network-outbound remote=unix:home/.gnupg/S.gpg-agent",
        ]),
    ),
    row(
        "SC-43",
        &[Ground::Usual],
        Any(&[
            "file-write-create path=home/Library/LaunchAgents/x.plist vnode-type=REGULAR-FILE",
            "file-write-create path=/Library/LaunchDaemons/x.plist vnode-type=REGULAR-FILE",
            "file-write-create path=home/.zprofile vnode-type=REGULAR-FILE",
            "file-write-create path=/var/at/tabs/x vnode-type=REGULAR-FILE",
        ]),
    ),
    row("SC-45", &[Ground::Usual], All(&["file-write-create path=ws/.GIT vnode-type=DIRECTORY"])),
];

/// Why the others do not translate, sorted by name.
const UNTRANSLATED: &[(&str, &str)] = &[
    ("SC-01", "a profile ends no process; what made a session of its own lives on, the gap of `private.processes`"),
    ("SC-02", "how a command ends is no question to a profile"),
    ("SC-03", "how a command ends is no question to a profile"),
    ("SC-04", "a profile ends no process; what the launcher leaves lives on under its profile"),
    ("SC-05", "how a command ends is no question to a profile"),
    ("SC-06", "how a command ends is no question to a profile"),
    ("SC-07", "how a command ends is no question to a profile"),
    ("SC-08", "sandbox-exec looks for the command, and no profile is asked where"),
    ("SC-09", "how a command ends is no question to a profile"),
    ("SC-23", "what is told at the start comes from the disk, before there is a profile"),
    ("SC-24", "a pattern is asked when a file is: one that is made later is covered, and there is nothing to tell"),
    ("SC-27", "no profile is asked about the environment"),
    ("SC-28", "macOS applies no second profile (status 71), whatever the first one says"),
    ("SC-29", "nothing of a run is put at a fixed name in /tmp"),
    ("SC-31", "macOS has no namespaces that could be used up"),
    ("SC-32", "macOS has no namespaces that could be used up"),
    ("SC-33", "macOS has no namespaces and no filters of calls"),
    ("SC-34", "macOS has no Landlock"),
    ("SC-35", "sandbox-exec is started by its absolute path, and no profile is asked which program that is"),
    ("SC-36", "sandbox-exec is started by its absolute path, and no profile is asked which program that is"),
    ("SC-39", "Seatbelt refuses a call and ends nobody for it"),
    ("SC-44", "a profile names paths: what happens while it is made is no question to it"),
    ("SC-46", "doors of the Linux kernel alone"),
];

/// What a scenario asks, and on which grounds; none where it does not translate.
pub(super) fn of(id: &str) -> Option<&'static Row> {
    ROWS.binary_search_by_key(&id, |row| row.id).ok().and_then(|at| ROWS.get(at))
}

/// Why a scenario does not translate.
pub(super) fn why_not(id: &str) -> &'static str {
    let known = UNTRANSLATED.binary_search_by_key(&id, |(known, _)| known).ok().and_then(|at| UNTRANSLATED.get(at));
    known.map_or("no operation of macOS stands for it", |(_, why)| why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_translates_or_says_why_not() {
        assert!(ROWS.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(UNTRANSLATED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let scenarios = crate::probe::scenario::all();
        for scenario in &scenarios {
            let told = UNTRANSLATED.iter().any(|(id, _)| *id == scenario.row.id);
            assert_ne!(of(scenario.row.id).is_some(), told, "{}", scenario.row.id);
        }
        assert_eq!(ROWS.len() + UNTRANSLATED.len(), scenarios.len());
        assert!(ROWS.iter().all(|row| !row.grounds.is_empty()));
    }
}
