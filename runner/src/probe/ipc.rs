//! Section L: memory and queues that are shared by a key or a name instead of a file.

use std::ffi::CString;

use nix::errno::Errno::{EACCES, ENOENT, ENOSYS, EPERM};

use crate::sys::probe_calls::files::lease;
use crate::sys::probe_calls::ipc::{self, NEW};

use super::attempt::{Attempt, Setup, Step, append, worked};
use super::expect::{Expect, NOTED, WORKS, refuse};
use super::shared::Shared;
use super::{Class, Effect, Need, Probe, Scene, Turn};

const HIDDEN: Expect = Expect::always(refuse(&[ENOENT, EACCES, EPERM, ENOSYS]), WORKS);
const NEEDED: Expect = Expect::always(WORKS, WORKS);

const ROW: Probe = Probe {
    id: "",
    class: Class::Ipc,
    asks: "",
    expect: NEEDED,
    layer: "ipc namespace, which keeps it private",
    effect: Effect::Unseen,
    turn: Turn::Any,
    need: Need::Ipc,
    attempt: |_| worked(),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        id: "IP-01",
        asks: "can it write to a shared memory segment of the host, found by its key?",
        expect: HIDDEN,
        layer: "ipc namespace",
        effect: Effect::Shares(Shared::Segment),
        attempt: |scene| {
            scene.bait(Shared::Segment.name())?;
            ipc::write_segment(ipc::segment(scene.key_number(0), 0, 0).step("shmget")?, b"IP-01").step("shmat")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "IP-02",
        asks: "can it make a shared memory segment, as programs must?",
        attempt: |scene| segment(scene.key_number(2), 4096),
        ..ROW
    },
    Probe {
        id: "IP-03",
        asks: "can it make a shared memory segment of 64 MiB?",
        expect: Expect::always(NOTED, NOTED),
        layer: "limits",
        attempt: |scene| segment(scene.key_number(3), 64 << 20),
        ..ROW
    },
    Probe {
        id: "IP-04",
        asks: "can it make a message queue by a key, as programs must?",
        attempt: |scene| {
            let queue = ipc::queue(scene.key_number(4), NEW).step("msgget")?;
            ipc::remove_queue(queue).step("msgctl")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "IP-05",
        asks: "can it send to a message queue of the host, found by its name?",
        expect: HIDDEN,
        layer: "ipc namespace",
        effect: Effect::Shares(Shared::Queue),
        attempt: |scene| {
            scene.bait(Shared::Queue.name())?;
            let queue = ipc::named_queue(&name(scene, 0)?).step("mq_open")?;
            ipc::send(&queue, b"IP-05").step("mq_send")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "IP-06",
        asks: "can it make a message queue by a name, as programs must?",
        attempt: |scene| {
            let name = name(scene, 6)?;
            ipc::new_named_queue(&name).step("mq_open")?;
            ipc::remove_named_queue(&name).step("mq_unlink")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "IP-07",
        asks: "can it write to an object of shared memory of the host, found by its name?",
        expect: HIDDEN,
        layer: "/dev of its own",
        effect: Effect::Changes(super::fixture::SHARED_OBJECT),
        need: Need::Dev,
        attempt: |scene| append(&scene.bait(super::fixture::SHARED_OBJECT)?),
        ..ROW
    },
    Probe {
        id: "IP-08",
        asks: "can it make an object of shared memory by a name, as programs must?",
        layer: "/dev of its own, which keeps it private",
        need: Need::Dev,
        attempt: |scene| {
            let object = scene.at("/dev/shm/palisade-{token}-IP-08");
            super::attempt::create(&object)?;
            std::fs::remove_file(&object).setup("the object cannot be removed")?;
            worked()
        },
        ..ROW
    },
    Probe {
        id: "IP-09",
        asks: "can it take a lease on a file outside, so that others' opening it waits?",
        expect: Expect::always(NOTED, WORKS),
        layer: "none of the layers",
        need: Need::Sandbox,
        attempt: |scene| {
            let file = std::fs::File::open(scene.at("out/canary2")).setup("the file cannot be opened")?;
            lease(&file)?;
            worked()
        },
        ..ROW
    },
];

/// A segment, made and removed again.
fn segment(key: i32, bytes: usize) -> Attempt {
    let segment = ipc::segment(key, bytes, NEW).step("shmget")?;
    let written = ipc::write_segment(segment, b"palisade").step("shmat");
    ipc::remove_segment(segment).step("shmctl")?;
    written.map(|()| String::new())
}

fn name(scene: &Scene, number: i32) -> Result<CString, super::attempt::Stop> {
    CString::new(scene.queue_name(number)).setup("a name with a zero byte")
}
