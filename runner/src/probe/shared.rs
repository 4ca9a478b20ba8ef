//! Bait that is no file: a segment of shared memory and a message queue of the host, and what was written to them.

use std::ffi::CString;
use std::os::fd::OwnedFd;

use nix::unistd::{Gid, Uid, fchown};

use crate::sys::probe_calls::ipc::{self, NEW};

use super::scene::Scene;
use super::subject::Identity;

/// What of the host is shared without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// A System V segment, by its key.
    Segment,
    /// A POSIX queue, by its name.
    Queue,
}

impl Shared {
    /// What it is called among what could not be laid out.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Queue => "queue",
        }
    }
}

/// How many keys and names a run uses, the bait's among them.
pub(super) const NUMBERS: std::ops::Range<i32> = 0..8;

/// The bait; the driver's leftovers remove it.
#[derive(Default)]
pub(super) struct Laid {
    segment: Option<usize>,
    queue: Option<OwnedFd>,
}

impl Laid {
    /// Lays out what the host has, and says why not the rest.
    pub(super) fn out(scene: &Scene, identity: Identity) -> (Self, Vec<(Shared, String)>) {
        let mut missing = Vec::new();
        let segment = ipc::segment(scene.key_number(0), 4096, NEW);
        let segment = segment
            .map_err(|errno| missing.push((Shared::Segment, format!("no shared memory segment can be made: {errno}"))))
            .ok();
        let queue = queue(&scene.queue_name(0), identity);
        let queue =
            queue.map_err(|why| missing.push((Shared::Queue, format!("no message queue can be made: {why}")))).ok();
        (Self { segment, queue }, missing)
    }

    /// What was written to one of them.
    pub(super) fn told(&self, which: Shared) -> Vec<u8> {
        match which {
            Shared::Segment => self.segment.and_then(|segment| ipc::read_segment(segment).ok()).unwrap_or_default(),
            Shared::Queue => self.queue.as_ref().and_then(|queue| ipc::receive(queue).ok()).unwrap_or_default(),
        }
    }
}

fn queue(name: &str, identity: Identity) -> Result<OwnedFd, String> {
    let name = CString::new(name).map_err(|error| error.to_string())?;
    let queue = ipc::new_named_queue(&name).map_err(|errno| errno.to_string())?;
    if identity != Identity::own() {
        fchown(&queue, Some(Uid::from_raw(identity.uid)), Some(Gid::from_raw(identity.gid)))
            .map_err(|errno| errno.to_string())?;
    }
    Ok(queue)
}

/// Removes everything of these keys and names.
pub(super) fn sweep(keys: &[i32], queues: &[String]) {
    for key in keys {
        let _ = ipc::segment(*key, 0, 0).and_then(ipc::remove_segment);
        let _ = ipc::queue(*key, 0).and_then(ipc::remove_queue);
    }
    for queue in queues.iter().filter_map(|name| CString::new(name.as_str()).ok()) {
        let _ = ipc::remove_named_queue(&queue);
    }
}

/// The keys of a run that nobody else uses.
pub(super) fn free_keys(scene: &Scene) -> Vec<i32> {
    let free = |key: &i32| ipc::segment(*key, 0, 0).is_err() && ipc::queue(*key, 0).is_err();
    NUMBERS.map(|number| scene.key_number(number)).filter(free).collect()
}
