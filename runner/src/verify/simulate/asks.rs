//! What each probe would ask of Seatbelt: one row a probe, its acts on macOS as operations with their facts.
//!
//! A row is written as `palisade seatbelt check` takes it: the operation, then facts as `name=value`; places are those of
//! [`crate::probe::scene::place`]. Probes without a row are about what macOS does not have, or does not ask a profile about: a
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
            "file-ioctl path=/dev/ptmx vnode-type=CHARACTER-DEVICE",
        ]),
    ),
    ("DV-14", All(&["file-read-data path=/dev/tty vnode-type=TTY", "file-write-data path=/dev/tty vnode-type=TTY"])),
    ("DV-15", All(&["file-write-data path=/dev/null vnode-type=CHARACTER-DEVICE"])),
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
];

/// What a probe asks; none where it does not translate.
pub(super) fn of(id: &str) -> Option<Asks> {
    ROWS.binary_search_by_key(&id, |(known, _)| known).ok().and_then(|at| ROWS.get(at)).map(|(_, asks)| *asks)
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
}
