//! What each probe would ask of Seatbelt: one row a probe, its acts on macOS as operations with their facts.
//!
//! A row is written as `palisade seatbelt check` takes it: the operation, then facts as `name=value`; places are those of
//! [`crate::probe::scene::place`]. Probes without a row, for which `UNTRANSLATED` says why, are about what macOS does not have, or does not ask a profile about: a
//! socket that is only made, a descriptor that is open already, permissions, `/proc`, namespaces. A new probe needs no row.

/// What a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// The act needs each of these.
    All(&'static [&'static str]),
    /// One of these is enough.
    Any(&'static [&'static str]),
}

use Asks::{All, Any};

/// Every probe that translates, sorted by name.
pub(super) const ROWS: &[(&str, Asks)] = &[
    ("DV-09", All(&["file-read-data path=/dev/console vnode-type=TTY"])),
    ("DV-11", All(&["file-mknod path=/tmp/palisade-{token}-DV-11 vnode-type=BLOCK-DEVICE"])),
    ("DV-12", All(&["file-mknod path=ws/DV-12 vnode-type=CHARACTER-DEVICE"])),
    (
        "DV-13",
        All(&[
            "pseudo-tty",
            "file-read-data path=/dev/ptmx vnode-type=CHARACTER-DEVICE",
            "file-write-data path=/dev/ptmx vnode-type=CHARACTER-DEVICE",
            "file-ioctl path=/dev/ptmx ioctl-command=TIOCPTYGRANT vnode-type=CHARACTER-DEVICE",
        ]),
    ),
    ("DV-14", All(&["file-read-data path=/dev/tty vnode-type=TTY", "file-write-data path=/dev/tty vnode-type=TTY"])),
    ("DV-15", All(&["file-write-data path=/dev/null vnode-type=CHARACTER-DEVICE"])),
    (
        "EN-04",
        Any(&[
            "file-write-create path=/usr/local/bin/palisade-{token} vnode-type=REGULAR-FILE",
            "file-write-create path=/usr/bin/palisade-{token} vnode-type=REGULAR-FILE",
        ]),
    ),
    ("FR-01", All(&["file-read-data path=/etc/passwd vnode-type=REGULAR-FILE"])),
    ("FR-02", All(&["file-read-data path=out/secret vnode-type=REGULAR-FILE"])),
    ("FR-03", All(&["file-read-data path=home/.ssh/id_ed25519 vnode-type=REGULAR-FILE"])),
    ("FR-04", All(&["file-read-data path=home/.codex/auth.json vnode-type=REGULAR-FILE"])),
    ("FR-07", Any(&["sysctl-read sysctl-name=kern.procargs2.4711", "process-info-pidinfo target=others"])),
    ("FR-08", All(&["file-read-data path=/tmp/codex-daemon-{uid} vnode-type=DIRECTORY"])),
    ("FR-11", All(&["file-read-data path=/dev/klog vnode-type=CHARACTER-DEVICE"])),
    ("FW-01", All(&["file-write-create path=ws/FW-01 vnode-type=REGULAR-FILE"])),
    ("FW-02", All(&["file-write-data path=ws/file vnode-type=REGULAR-FILE"])),
    ("FW-03", All(&["file-write-create path=out/FW-03.new vnode-type=REGULAR-FILE"])),
    ("FW-04", All(&["file-write-data path=out/FW-04 vnode-type=REGULAR-FILE"])),
    ("FW-05", All(&["file-write-data path=out/FW-05 vnode-type=REGULAR-FILE"])),
    ("FW-06", All(&["file-write-data path=out/FW-06 vnode-type=REGULAR-FILE"])),
    ("FW-07", All(&["file-write-unlink path=out/FW-07 vnode-type=REGULAR-FILE"])),
    (
        "FW-08",
        All(&[
            "file-write-unlink path=out/FW-08 vnode-type=REGULAR-FILE",
            "file-write-create path=ws/FW-08.moved vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "FW-09",
        All(&[
            "file-write-unlink path=ws/FW-09 vnode-type=REGULAR-FILE",
            "file-write-create path=out/FW-09.moved vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "FW-10",
        All(&[
            "file-write-unlink path=ws/FW-10 vnode-type=REGULAR-FILE",
            "file-write-create path=ws/FW-10 vnode-type=REGULAR-FILE",
            "file-write-unlink path=out/FW-10 vnode-type=REGULAR-FILE",
            "file-write-create path=out/FW-10 vnode-type=REGULAR-FILE",
        ]),
    ),
    ("FW-11", All(&["file-write-create path=out/FW-11.new vnode-type=DIRECTORY"])),
    ("FW-12", All(&["file-write-unlink path=out/full vnode-type=DIRECTORY"])),
    ("FW-13", All(&["file-write-mode path=out/FW-13 vnode-type=REGULAR-FILE"])),
    ("FW-14", All(&["file-write-owner path=out/FW-14 vnode-type=REGULAR-FILE"])),
    ("FW-15", All(&["file-write-times path=out/FW-15 vnode-type=REGULAR-FILE"])),
    ("FW-16", All(&["file-write-xattr path=out/FW-16 vnode-type=REGULAR-FILE xattr=user.palisade"])),
    ("FW-17", All(&["file-write-flags path=out/FW-17 vnode-type=REGULAR-FILE"])),
    (
        "FW-21",
        All(&[
            "file-link path=out/FW-21 vnode-type=REGULAR-FILE",
            "file-write-create path=ws/FW-21.link vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "FW-22",
        All(&[
            "file-link path=out/FW-22 vnode-type=REGULAR-FILE",
            "file-write-create path=/tmp/palisade-{token}-FW-22 vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "FW-23",
        All(&[
            "file-link path=out/FW-23 vnode-type=REGULAR-FILE",
            "file-write-create path=ws/FW-23.link vnode-type=REGULAR-FILE",
        ]),
    ),
    ("FW-24", All(&["file-write-data path=ws/hardlink vnode-type=REGULAR-FILE"])),
    ("FW-25", All(&["file-write-data path=ws/link-to-file vnode-type=REGULAR-FILE"])),
    ("FW-26", All(&["file-write-create path=ws/link-to-directory/FW-26.new vnode-type=REGULAR-FILE"])),
    ("FW-27", All(&["file-write-create path=ws/../out/FW-27.new vnode-type=REGULAR-FILE"])),
    ("FW-28", All(&["file-write-create path=out/FW-28.new vnode-type=FIFO"])),
    ("FW-30", All(&["file-write-data path=out/FW-30 vnode-type=REGULAR-FILE"])),
    ("FW-31", All(&["file-write-data path=out/FW-31 vnode-type=REGULAR-FILE"])),
    ("FW-32", All(&["file-write-data path=out/FW-32 vnode-type=REGULAR-FILE"])),
    (
        "FW-35",
        All(&[
            "file-write-unlink path=ws vnode-type=DIRECTORY",
            "file-write-create path=ws.moved vnode-type=DIRECTORY",
        ]),
    ),
    ("FW-36", All(&["file-write-create path=/etc/palisade-{token} vnode-type=REGULAR-FILE"])),
    ("FW-37", All(&["file-write-create path=/usr/local/bin/palisade-{token} vnode-type=REGULAR-FILE"])),
    ("FW-38", All(&["file-write-create path=home/.FW-38 vnode-type=REGULAR-FILE"])),
    ("FW-39", All(&["file-write-create path=/var/tmp/palisade-{token}-FW-39 vnode-type=REGULAR-FILE"])),
    ("FW-40", All(&["file-write-create path=/tmp/palisade-{token}-FW-40 vnode-type=REGULAR-FILE"])),
    ("FW-41", All(&["file-write-create path=tmp/FW-41 vnode-type=REGULAR-FILE"])),
    ("FW-42", All(&["ipc-posix-shm-write-create ipc-posix-name=/palisade-{token}"])),
    ("FW-43", All(&["file-write-create path=/dev/palisade-{token} vnode-type=REGULAR-FILE"])),
    ("IP-01", All(&["ipc-sysv-shm"])),
    ("IP-07", All(&["ipc-posix-shm-write-data ipc-posix-name=/palisade-{token}"])),
    ("KS-11", All(&["system-kext-load kext-bundle-id=com.example.palisade"])),
    ("KS-12", All(&["system-kext-load kext-bundle-id=com.example.palisade"])),
    ("KS-13", All(&["system-kext-unload kext-bundle-id=com.example.palisade"])),
    ("KS-14", All(&["system-reboot"])),
    ("KS-16", All(&["system-set-time"])),
    ("KS-17", All(&["sysctl-write sysctl-name=kern.hostname"])),
    ("KS-18", All(&["sysctl-write sysctl-name=kern.nisdomainname"])),
    ("KS-19", All(&["system-swap"])),
    ("KS-20", All(&["system-swap"])),
    ("KS-21", All(&["system-acct"])),
    ("KS-23", All(&["ipc-sysv-shm"])),
    ("KS-31", All(&["dynamic-code-generation"])),
    ("NS-27", All(&["file-chroot path=ws vnode-type=DIRECTORY"])),
    ("NS-30", All(&["file-mount path=ws vnode-type=DIRECTORY"])),
    ("NS-31", All(&["file-unmount path=ws vnode-type=DIRECTORY"])),
    ("NW-08", All(&["system-socket socket-domain=AF_SYSTEM socket-protocol=1"])),
    ("NW-22", All(&["network-outbound remote=tcp:127.0.0.1:4711"])),
    ("NW-23", All(&["network-outbound remote=tcp:127.0.0.1:4711"])),
    ("NW-24", All(&["network-outbound remote=udp:127.0.0.1:4712"])),
    ("NW-25", All(&["network-outbound remote=udp:127.0.0.1:4712"])),
    ("NW-26", All(&["network-outbound remote=unix:/var/run/mDNSResponder"])),
    (
        "NW-27",
        All(&[
            "network-bind local=tcp:127.0.0.1:4713",
            "network-inbound local=tcp:127.0.0.1:4713",
            "network-outbound remote=tcp:127.0.0.1:4713",
        ]),
    ),
    ("NW-28", All(&["network-bind local=tcp:0.0.0.0:4713", "network-inbound local=tcp:0.0.0.0:4713"])),
    ("NW-29", All(&["network-outbound remote=unix:fix/stream.sock"])),
    ("NW-30", All(&["network-outbound remote=unix:ws/host.sock"])),
    ("NW-33", All(&["network-outbound remote=unix:fix/datagram.sock"])),
    ("NW-34", All(&["network-outbound remote=unix:fix/datagram.sock"])),
    ("NW-35", All(&["network-outbound remote=unix:fix/datagram.sock"])),
    (
        "NW-38",
        All(&["file-write-create path=ws/NW-38.sock vnode-type=SOCKET", "network-bind local=unix:ws/NW-38.sock"]),
    ),
    ("PM-01", All(&["file-write-data path=ws/.git/config vnode-type=REGULAR-FILE"])),
    ("PM-02", All(&["file-write-create path=ws/.git/hooks/pre-commit vnode-type=REGULAR-FILE"])),
    (
        "PM-03",
        All(&[
            "file-write-unlink path=ws/.git vnode-type=DIRECTORY",
            "file-write-create path=ws/.git.moved vnode-type=DIRECTORY",
        ]),
    ),
    ("PM-04", All(&["file-write-unlink path=ws/.git/HEAD vnode-type=REGULAR-FILE"])),
    (
        "PM-05",
        All(&[
            "file-link path=ws/.git/config vnode-type=REGULAR-FILE",
            "file-write-create path=ws/PM-05.link vnode-type=REGULAR-FILE",
        ]),
    ),
    ("PM-06", All(&["file-write-data path=ws/.codex/config.toml vnode-type=REGULAR-FILE"])),
    (
        "PM-07",
        All(&[
            "file-write-create path=ws/.agents vnode-type=DIRECTORY",
            "file-write-create path=ws/.agents/x vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "PM-08",
        All(&[
            "file-write-create path=ws/.aws vnode-type=DIRECTORY",
            "file-write-create path=ws/.aws/config vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "PM-09",
        All(&[
            "file-write-create path=/tmp/.git vnode-type=DIRECTORY",
            "file-write-create path=/tmp/.git/palisade-{token} vnode-type=REGULAR-FILE",
        ]),
    ),
    ("PM-10", All(&["file-write-create path=ws/vendor/new/.git/hooks/post-checkout vnode-type=REGULAR-FILE"])),
    ("PM-11", All(&["file-write-create path=ws/nested/.git/hooks/post-checkout vnode-type=REGULAR-FILE"])),
    ("PM-12", All(&["file-write-create path=ws/AGENTS.md vnode-type=REGULAR-FILE"])),
    ("PM-13", All(&["file-write-create path=ws/.vscode/tasks.json vnode-type=REGULAR-FILE"])),
    ("PM-14", All(&["file-write-create path=ws/.envrc vnode-type=REGULAR-FILE"])),
    ("PM-15", All(&["file-write-create path=home/.cache/palisade/rules/forged-{token} vnode-type=REGULAR-FILE"])),
    ("PS-01", All(&["sysctl-write sysctl-name=kern.corefile"])),
    ("PS-03", All(&["sysctl-write sysctl-name=vm.swap_enabled"])),
    ("PS-04", All(&["sysctl-write sysctl-name=kern.hostname"])),
    ("PS-06", All(&["sysctl-write sysctl-name=net.inet.ip.forwarding"])),
    ("PS-23", All(&["process-info-pidinfo target=others"])),
    ("PT-01", All(&["signal target=others"])),
    ("PT-02", All(&["signal target=others"])),
    ("PT-03", All(&["signal target=others"])),
    ("PT-04", All(&["signal target=others"])),
    ("PT-08", All(&["mach-priv-task-port target=others"])),
    ("PT-09", All(&["mach-priv-task-port target=others"])),
    ("PT-10", All(&["process-info-pidinfo target=others"])),
    ("PT-11", All(&["system-sched target=others"])),
    ("RS-03", All(&["file-write-create path=ws/RS-03 vnode-type=REGULAR-FILE"])),
    ("TT-02", All(&["file-ioctl path=/dev/ttys003 ioctl-command=TIOCSTI vnode-type=TTY"])),
    ("TT-06", All(&["file-ioctl path=/dev/ttys003 ioctl-command=TIOCSWINSZ vnode-type=TTY"])),
    (
        "XP-01",
        All(&[
            "file-write-create path=/tmp/.codex vnode-type=DIRECTORY",
            "file-write-create path=/tmp/.codex/palisade-{token} vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-02",
        All(&[
            "file-write-create path=/tmp/.agents vnode-type=DIRECTORY",
            "file-write-create path=/tmp/.agents/palisade-{token} vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-03",
        All(&[
            "file-write-create path=/tmp/.aws vnode-type=DIRECTORY",
            "file-write-create path=/tmp/.aws/palisade-{token} vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-04",
        All(&[
            "file-write-create path=tmp/.git vnode-type=DIRECTORY",
            "file-write-create path=tmp/.git/probe vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-05",
        All(&[
            "file-write-create path=tmp/.codex vnode-type=DIRECTORY",
            "file-write-create path=tmp/.codex/probe vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-06",
        All(&[
            "file-write-create path=tmp/.agents vnode-type=DIRECTORY",
            "file-write-create path=tmp/.agents/probe vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-07",
        All(&[
            "file-write-create path=tmp/.aws vnode-type=DIRECTORY",
            "file-write-create path=tmp/.aws/probe vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-08",
        All(&[
            "file-write-unlink path=ws/nested vnode-type=DIRECTORY",
            "file-write-create path=ws/nested.moved vnode-type=DIRECTORY",
        ]),
    ),
    ("XP-22", All(&["system-set-time"])),
    ("XP-23", All(&["system-set-time"])),
    ("XP-26", All(&["fs-quota-get path=/ vnode-type=DIRECTORY"])),
    ("XP-28", All(&["file-read-data path=/dev/klog vnode-type=CHARACTER-DEVICE"])),
    ("XP-34", All(&["file-mount path=ws vnode-type=DIRECTORY"])),
    ("XP-35", All(&["file-unmount path=ws vnode-type=DIRECTORY"])),
    ("XP-48", All(&["mach-priv-task-port target=others"])),
    ("XP-49", All(&["mach-priv-task-port target=others"])),
    ("XP-50", All(&["mach-priv-task-port target=others"])),
    ("XP-51", All(&["file-chroot path=ws vnode-type=DIRECTORY"])),
    ("XP-54", All(&["file-ioctl path=/dev/ttys003 ioctl-command=TIOCSTI vnode-type=TTY"])),
    ("XP-60", All(&["file-write-unlink path=out/empty vnode-type=DIRECTORY"])),
    ("XP-61", All(&["file-write-create path=out/XP-61 vnode-type=SYMLINK"])),
    ("XP-62", All(&["file-mknod path=out/XP-62 vnode-type=CHARACTER-DEVICE"])),
    ("XP-63", All(&["file-mknod path=out/XP-63 vnode-type=BLOCK-DEVICE"])),
    ("XP-64", All(&["file-write-create path=out/XP-64 vnode-type=SOCKET", "network-bind local=unix:out/XP-64"])),
    (
        "XP-65",
        All(&[
            "file-write-unlink path=ws/from/XP-65 vnode-type=REGULAR-FILE",
            "file-write-create path=ws/to/XP-65 vnode-type=REGULAR-FILE",
        ]),
    ),
    (
        "XP-66",
        All(&[
            "file-read-data path=/dev/rdisk0 vnode-type=CHARACTER-DEVICE",
            "file-ioctl path=/dev/rdisk0 ioctl-command=1 vnode-type=CHARACTER-DEVICE",
        ]),
    ),
    ("XP-67", All(&["file-write-data path=/dev/zero vnode-type=CHARACTER-DEVICE"])),
    ("XP-69", All(&["file-write-data path=/dev/random vnode-type=CHARACTER-DEVICE"])),
    ("XP-70", All(&["file-write-data path=/dev/urandom vnode-type=CHARACTER-DEVICE"])),
    (
        "XP-72",
        All(&[
            "pseudo-tty",
            "file-write-data path=/dev/ptmx vnode-type=CHARACTER-DEVICE",
            "file-ioctl path=/dev/ptmx ioctl-command=TIOCPTYGNAME vnode-type=CHARACTER-DEVICE",
        ]),
    ),
];

/// What a probe asks; none where it does not translate.
pub(super) fn of(id: &str) -> Option<Asks> {
    ROWS.binary_search_by_key(&id, |(known, _)| known).ok().and_then(|at| ROWS.get(at)).map(|(_, asks)| *asks)
}

/// Why probes do not translate: one of them, or those of a class whose own reason is not here; sorted by name.
const UNTRANSLATED: &[(&str, &str)] = &[
    ("CP", "no profile is asked about ids and capabilities"),
    ("DV", "the device is not there, or no profile is asked about it"),
    ("EN", "no profile is asked about the environment"),
    ("FD", "no profile is asked about a descriptor that is open already"),
    ("FR", "macOS has no such file, or no operation stands for it"),
    ("FW", "no operation of macOS stands for it"),
    ("IP-02", "keys are shared by the whole of macOS: to make a segment is to reach those of others"),
    ("IP-03", "keys are shared by the whole of macOS: to make a segment is to reach those of others"),
    ("IP-04", "keys are shared by the whole of macOS: to make a queue is to reach those of others"),
    ("IP-05", "macOS has no message queues by name"),
    ("IP-06", "macOS has no message queues by name"),
    ("IP-08", "names are shared by the whole of macOS: to make an object is to reach those of others"),
    ("IP-09", "macOS has no leases on files"),
    ("KS", "a system call of Linux alone, or one that no operation stands for"),
    ("NS", "macOS has no namespaces"),
    ("NW", "no profile is asked about a socket that is only made, or macOS has no such socket"),
    ("PM", "no operation of macOS stands for it"),
    ("PS", "macOS has no such file of `/proc` or `/sys`"),
    ("PT", "no operation of macOS stands for it"),
    ("RS", "a profile sets no limits"),
    ("TT-01", "no profile is asked about a descriptor that is open already"),
    ("TT-03", "an ioctl of Linux alone"),
    ("TT-04", "sessions decide it, and no profile is asked"),
    ("TT-05", "sessions decide it, and no profile is asked"),
    ("XP-09", "sessions decide it, and no profile is asked"),
    ("XP-10", "macOS has no such file of `/proc` or `/sys`"),
    ("XP-11", "macOS has no such file of `/proc` or `/sys`"),
    ("XP-12", "macOS has no such file of `/proc` or `/sys`"),
    ("XP-13", "macOS has no such file of `/proc` or `/sys`"),
    ("XP-14", "macOS has no keyrings in its kernel"),
    ("XP-20", "macOS has no io_uring"),
    ("XP-21", "macOS has no io_uring"),
    ("XP-24", "macOS starts no other kernel from a running one"),
    ("XP-25", "macOS has no cookies that stand for paths"),
    ("XP-27", "macOS asks about quotas by path alone"),
    ("XP-29", "macOS gives no program ports of input and output"),
    ("XP-30", "no operation stands for opening a file by its number"),
    ("XP-31", "macOS has no keyrings in its kernel"),
    ("XP-32", "macOS has no keyrings in its kernel"),
    ("XP-33", "macOS has no keyrings in its kernel"),
    ("XP-36", "macOS mounts by one call alone"),
    ("XP-37", "macOS mounts by one call alone"),
    ("XP-38", "macOS mounts by one call alone"),
    ("XP-39", "macOS mounts by one call alone"),
    ("XP-40", "macOS mounts by one call alone"),
    ("XP-41", "macOS mounts by one call alone"),
    ("XP-42", "macOS mounts by one call alone"),
    ("XP-43", "macOS mounts by one call alone"),
    ("XP-44", "macOS exchanges no root directory"),
    ("XP-45", "macOS compares no processes for a program"),
    ("XP-46", "macOS advises no other process's memory"),
    ("XP-47", "macOS has no descriptors of processes"),
    ("XP-52", "macOS has no namespaces"),
    ("XP-53", "macOS has no namespaces"),
    ("XP-68", "macOS has no `/dev/full`"),
    ("XP-71", "names are shared by the whole of macOS: to make an object is to reach those of others"),
    ("XP-80", "made without a socket: no profile is asked before there is one"),
    ("XP-81", "made without a socket: no profile is asked before there is one"),
    ("XP-82", "made without a socket: no profile is asked before there is one"),
    ("XP-83", "made without a socket: no profile is asked before there is one"),
    ("XP-84", "made without a socket: no profile is asked before there is one"),
    ("XP-85", "made without a socket: no profile is asked before there is one"),
    ("XP-86", "no profile is asked about a pair of sockets, which reaches nobody"),
    ("XP-87", "no profile is asked about a pair of sockets, which reaches nobody"),
    ("XP-88", "no profile is asked about a pair of sockets, which reaches nobody"),
];

/// Why a probe does not translate.
pub(super) fn why_not(id: &str) -> &'static str {
    let class = id.split('-').next().unwrap_or(id);
    let of = |name: &str| UNTRANSLATED.iter().find(|(known, _)| *known == name).map(|(_, why)| *why);
    of(id).or_else(|| of(class)).unwrap_or("no operation of macOS stands for it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_name_probes() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (id, _) in ROWS {
            assert!(crate::probe::by_id(id).is_some(), "{id}");
            assert!(of(id).is_some(), "{id}");
        }
    }

    #[test]
    fn a_probe_translates_or_says_why_not() {
        assert!(UNTRANSLATED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, _) in UNTRANSLATED.iter().filter(|(name, _)| name.contains('-')) {
            assert!(crate::probe::by_id(name).is_some() && of(name).is_none(), "{name}");
        }
        for probe in crate::probe::all().filter(|probe| of(probe.id).is_none()) {
            let class = probe.id.split('-').next().unwrap_or_default();
            assert!(UNTRANSLATED.iter().any(|(name, _)| *name == probe.id || *name == class), "{}", probe.id);
        }
    }
}
