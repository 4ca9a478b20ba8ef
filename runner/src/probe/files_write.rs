//! Section A: creating, changing, moving and removing files, inside the workspace and outside of it.
//!
//! Every row that would change something outside has a canary of its own, `out/<id>`, laid out by the fixture.

mod ways;

use nix::errno::Errno::{EACCES, EBUSY, EPERM, EROFS, EXDEV};

use super::attempt::{append, create, worked};
use super::expect::{Expect, MAY, NOTED, REFUSE, WORKS, refuse, should};
use super::{Class, Effect, Need, Probe, Turn};
use Effect::{Appears, Changes, Unseen, Vanishes};

const INSIDE: Expect = Expect::new(refuse(&[EROFS, EACCES]), WORKS, WORKS, WORKS);
const OUTSIDE: Expect = Expect::always(refuse(&[EROFS, EACCES]), WORKS);
const METADATA: Expect = Expect::always(refuse(&[EROFS]), WORKS);
const MOVED: Expect = Expect::new(refuse(&[EROFS, EACCES]), refuse(&[EXDEV, EACCES]), refuse(&[EXDEV, EACCES]), WORKS);
const LINKED: Expect = Expect::new(refuse(&[EROFS, EACCES]), refuse(&[EXDEV]), refuse(&[EXDEV]), WORKS);

const MOUNT_ONLY: &str = "mount only: Landlock has no right for metadata";
const WITH_REFER: &str = "mount, Landlock ABI 2 (refer)";

const ROW: Probe = Probe {
    id: "",
    class: Class::FilesWrite,
    asks: "",
    expect: OUTSIDE,
    layer: "mount, Landlock",
    effect: Unseen,
    turn: Turn::Any,
    need: Need::Write("out"),
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "FW-01",
        asks: "can it create a file in the workspace?",
        expect: INSIDE,
        effect: Appears("ws/FW-01"),
        need: Need::Write("ws"),
        attempt: |scene| create(&scene.at("ws/FW-01")),
        ..ROW
    },
    Probe {
        id: "FW-02",
        asks: "can it append to a file of the workspace?",
        expect: INSIDE,
        effect: Changes("ws/file"),
        need: Need::Write("ws"),
        attempt: |scene| append(&scene.at("ws/file")),
        ..ROW
    },
    Probe {
        id: "FW-03",
        asks: "can it create a file outside every writable root?",
        effect: Appears("out/FW-03.new"),
        attempt: |scene| create(&scene.at("out/FW-03.new")),
        ..ROW
    },
    Probe {
        id: "FW-04",
        asks: "can it empty a file outside by opening it?",
        layer: "mount, Landlock (ABI 3 for truncation)",
        effect: Changes("out/FW-04"),
        attempt: |scene| {
            std::fs::OpenOptions::new().write(true).truncate(true).open(scene.at("out/FW-04"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-05",
        asks: "can it append to a file outside?",
        effect: Changes("out/FW-05"),
        attempt: |scene| append(&scene.at("out/FW-05")),
        ..ROW
    },
    Probe {
        id: "FW-06",
        asks: "can it cut a file outside without opening it?",
        layer: "mount, Landlock ABI 3",
        effect: Changes("out/FW-06"),
        attempt: |scene| {
            nix::unistd::truncate(&scene.at("out/FW-06"), 1)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-07",
        asks: "can it remove a file outside?",
        effect: Vanishes("out/FW-07"),
        attempt: |scene| {
            std::fs::remove_file(scene.at("out/FW-07"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-08",
        asks: "can it move a file from outside into the workspace?",
        expect: MOVED,
        layer: WITH_REFER,
        effect: Vanishes("out/FW-08"),
        need: Need::Across("ws"),
        attempt: |scene| {
            std::fs::rename(scene.at("out/FW-08"), scene.at("ws/FW-08.moved"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-09",
        asks: "can it move a file of the workspace to the outside?",
        expect: MOVED,
        layer: WITH_REFER,
        effect: Appears("out/FW-09.moved"),
        need: Need::Across("ws"),
        attempt: |scene| {
            std::fs::rename(scene.at("ws/FW-09"), scene.at("out/FW-09.moved"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-10",
        asks: "can it exchange a file of the workspace with one outside?",
        expect: MOVED,
        layer: WITH_REFER,
        effect: Changes("out/FW-10"),
        need: Need::Across("ws"),
        attempt: ways::exchange,
        ..ROW
    },
    Probe {
        id: "FW-11",
        asks: "can it make a directory outside?",
        effect: Appears("out/FW-11.new"),
        attempt: |scene| {
            std::fs::create_dir(scene.at("out/FW-11.new"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-12",
        asks: "is removing a full directory outside refused by the sandbox before the file system?",
        expect: Expect::always(refuse(&[EROFS, EACCES]), NOTED),
        attempt: |scene| {
            std::fs::remove_dir(scene.at("out/full"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-13",
        asks: "can it change the mode of its own file outside?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-13"),
        attempt: ways::chmod,
        ..ROW
    },
    Probe {
        id: "FW-14",
        asks: "can it give its own file outside to itself again?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-14"),
        attempt: |scene| {
            std::os::unix::fs::chown(scene.at("out/FW-14"), Some(scene.uid), None)?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-15",
        asks: "can it set the times of its own file outside?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-15"),
        attempt: ways::set_times,
        ..ROW
    },
    Probe {
        id: "FW-16",
        asks: "can it set an extended attribute on its own file outside?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-16"),
        attempt: ways::set_attribute,
        ..ROW
    },
    Probe {
        id: "FW-17",
        asks: "can it change the inode flags of a file outside through a descriptor opened for reading?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-17"),
        attempt: ways::set_flags,
        ..ROW
    },
    Probe {
        id: "FW-18",
        asks: "can it change a mode outside by a call that old filters do not know (fchmodat2)?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-18"),
        attempt: ways::chmod_by_new_number,
        ..ROW
    },
    Probe {
        id: "FW-19",
        asks: "can it set an attribute outside by a call that old filters do not know (setxattrat)?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-19"),
        attempt: ways::set_attribute_by_new_number,
        ..ROW
    },
    Probe {
        id: "FW-20",
        asks: "can it set inode flags outside by a call that old filters do not know (file_setattr)?",
        expect: METADATA,
        layer: MOUNT_ONLY,
        effect: Changes("out/FW-20"),
        attempt: ways::set_flags_by_new_number,
        ..ROW
    },
    Probe {
        id: "FW-21",
        asks: "can it link a file from outside into the workspace and write through the link?",
        expect: LINKED,
        layer: WITH_REFER,
        effect: Changes("out/FW-21"),
        need: Need::Across("ws"),
        attempt: |scene| ways::link_and_write(&scene.at("out/FW-21"), &scene.at("ws/FW-21.link")),
        ..ROW
    },
    Probe {
        id: "FW-22",
        asks: "can it link a file from outside into /tmp and write through the link?",
        expect: LINKED,
        layer: WITH_REFER,
        effect: Changes("out/FW-22"),
        need: Need::Across("/tmp"),
        attempt: |scene| ways::link_and_write(&scene.at("out/FW-22"), &scene.at("/tmp/palisade-{token}-FW-22")),
        ..ROW
    },
    Probe {
        id: "FW-23",
        asks: "can it link an outside file through a descriptor that only names it?",
        expect: LINKED,
        layer: WITH_REFER,
        effect: Appears("ws/FW-23.link"),
        need: Need::Across("ws"),
        attempt: ways::link_by_descriptor,
        ..ROW
    },
    Probe {
        id: "FW-24",
        asks: "can it write outside through a hard link that was in the workspace before the run?",
        expect: Expect::new(refuse(&[EROFS, EACCES]), NOTED, NOTED, WORKS),
        layer: "none can: the inode is inside; report the link count",
        effect: Changes("out/canary2"),
        need: Need::Write("ws"),
        attempt: |scene| append(&scene.at("ws/hardlink")),
        ..ROW
    },
    Probe {
        id: "FW-25",
        asks: "can it write outside through a symbolic link to a file?",
        effect: Changes("out/FW-25"),
        attempt: |scene| append(&scene.at("ws/link-to-file")),
        ..ROW
    },
    Probe {
        id: "FW-26",
        asks: "can it create a file outside through a symbolic link to a directory?",
        effect: Appears("out/directory/FW-26.new"),
        attempt: |scene| create(&scene.at("ws/link-to-directory/FW-26.new")),
        ..ROW
    },
    Probe {
        id: "FW-27",
        asks: "can it climb out of a workspace descriptor with `..`?",
        effect: Appears("out/FW-27.new"),
        attempt: ways::climb,
        ..ROW
    },
    Probe {
        id: "FW-28",
        asks: "can it make a named pipe outside?",
        effect: Appears("out/FW-28.new"),
        attempt: ways::make_pipe,
        ..ROW
    },
    Probe {
        id: "FW-29",
        asks: "can it make a nameless file outside and give it a name?",
        effect: Appears("out/FW-29.new"),
        attempt: ways::nameless,
        ..ROW
    },
    Probe {
        id: "FW-30",
        asks: "can it reopen for writing what it opened outside for reading?",
        effect: Changes("out/FW-30"),
        attempt: ways::reopen,
        ..ROW
    },
    Probe {
        id: "FW-31",
        asks: "can it reserve space in a file outside?",
        effect: Changes("out/FW-31"),
        attempt: ways::allocate,
        ..ROW
    },
    Probe {
        id: "FW-32",
        asks: "can it punch a hole into a file outside?",
        effect: Changes("out/FW-32"),
        attempt: ways::punch,
        ..ROW
    },
    Probe {
        id: "FW-33",
        asks: "can it make a shared map of a descriptor opened for reading writable?",
        expect: Expect::always(refuse(&[EACCES]), refuse(&[EACCES])),
        layer: "kernel",
        effect: Changes("out/FW-33"),
        need: Need::Sandbox,
        attempt: ways::map,
        ..ROW
    },
    Probe {
        id: "FW-34",
        asks: "can it open a file outside for writing by its handle, round the path?",
        expect: Expect::always(refuse(&[EPERM]), refuse(&[EPERM])).root_bypass(WORKS),
        layer: "capability",
        effect: Changes("out/FW-34"),
        need: Need::Sandbox,
        attempt: ways::by_handle,
        ..ROW
    },
    Probe {
        id: "FW-35",
        asks: "can it move the workspace itself away?",
        expect: Expect::always(refuse(&[EROFS, EACCES, EBUSY]), WORKS),
        effect: Effect::Moves("ws", "ws.moved"),
        turn: Turn::TakesWorkspace,
        need: Need::Write("."),
        attempt: |scene| {
            std::fs::rename(scene.at("ws"), scene.at("ws.moved"))?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "FW-36",
        asks: "can it create a file below /etc?",
        expect: Expect::always(refuse(&[EROFS, EACCES]), refuse(&[EACCES])).root_bypass(WORKS),
        effect: Appears("/etc/palisade-{token}"),
        need: Need::Write("/etc"),
        attempt: |scene| create(&scene.at("/etc/palisade-{token}")),
        ..ROW
    },
    Probe {
        id: "FW-37",
        asks: "can it create a program on everybody's PATH?",
        expect: Expect::always(refuse(&[EROFS, EACCES]), REFUSE).root_bypass(WORKS),
        effect: Appears("/usr/local/bin/palisade-{token}"),
        need: Need::Write("/usr/local/bin"),
        attempt: |scene| create(&scene.at("/usr/local/bin/palisade-{token}")),
        ..ROW
    },
    Probe {
        id: "FW-38",
        asks: "can it create a dot file in the home directory?",
        effect: Appears("home/.FW-38"),
        need: Need::Write("home"),
        attempt: |scene| create(&scene.at("home/.FW-38")),
        ..ROW
    },
    Probe {
        id: "FW-39",
        asks: "can it create a file in /var/tmp?",
        effect: Appears("/var/tmp/palisade-{token}-FW-39"),
        need: Need::Write("/var/tmp"),
        attempt: |scene| create(&scene.at("/var/tmp/palisade-{token}-FW-39")),
        ..ROW
    },
    Probe {
        id: "FW-40",
        asks: "can it create a file in /tmp?",
        expect: INSIDE,
        effect: Appears("/tmp/palisade-{token}-FW-40"),
        need: Need::Tmp,
        attempt: |scene| create(&scene.at("/tmp/palisade-{token}-FW-40")),
        ..ROW
    },
    Probe {
        id: "FW-41",
        asks: "can it create a file in $TMPDIR?",
        expect: INSIDE,
        effect: Appears("tmp/FW-41"),
        need: Need::Write("tmp"),
        attempt: |scene| create(&scene.at("tmp/FW-41")),
        ..ROW
    },
    Probe {
        id: "FW-42",
        asks: "can it create shared memory in /dev/shm, seen by nobody else?",
        expect: Expect::always(MAY, WORKS),
        layer: "private tmpfs or Landlock",
        need: Need::Dev,
        attempt: |scene| create(&scene.at("/dev/shm/palisade-{token}")),
        ..ROW
    },
    Probe {
        id: "FW-43",
        asks: "can it create a plain file in /dev?",
        expect: Expect::always(should(&[EROFS, EACCES]), REFUSE).root_bypass(WORKS),
        layer: "/dev made read-only after its setup, Landlock",
        need: Need::Dev,
        attempt: |scene| create(&scene.at("/dev/palisade-{token}")),
        ..ROW
    },
    Probe {
        id: "FW-44",
        asks: "can it make a whiteout, the device 0:0 by which overlays hide files, in the workspace?",
        expect: Expect::new(refuse(&[EROFS, EACCES]), MAY, MAY, WORKS),
        layer: "Landlock (character devices)",
        effect: Appears("ws/FW-44"),
        need: Need::Write("ws"),
        attempt: ways::whiteout,
        ..ROW
    },
];
