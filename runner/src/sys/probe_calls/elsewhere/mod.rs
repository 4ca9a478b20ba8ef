//! The calls probes make, where Linux's own are not: what another system has as well is made; the rest answers `ENOSYS` without
//! asking anybody, with a sandbox and without one, so that no probe passes by it.

pub mod files;
pub mod names;
pub mod process;
pub mod sockets;
pub mod terminal;

/// Shared memory and queues, by key and by name.
pub mod ipc {
    use std::ffi::CStr;
    use std::os::fd::OwnedFd;

    use nix::errno::Errno;

    /// To make one that nobody has.
    pub const NEW: i32 = 0;

    /// A segment by its key.
    ///
    /// # Errors
    /// `ENOSYS`, always: keys are shared by the whole system, and no bait is laid out there.
    pub const fn segment(_key: i32, _bytes: usize, _flags: i32) -> Result<usize, Errno> {
        Err(Errno::ENOSYS)
    }

    /// What a segment holds.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn read_segment(_segment: usize) -> Result<Vec<u8>, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Removes a segment.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn remove_segment(_segment: usize) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// A queue by its key.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn queue(_key: i32, _flags: i32) -> Result<usize, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Removes a queue.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn remove_queue(_queue: usize) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// A queue by its name.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn new_named_queue(_name: &CStr) -> Result<OwnedFd, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Removes a queue by its name.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn remove_named_queue(_name: &CStr) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// What came into a queue.
    ///
    /// # Errors
    /// `ENOSYS`, always.
    pub const fn receive(_queue: &OwnedFd) -> Result<Vec<u8>, Errno> {
        Err(Errno::ENOSYS)
    }
}

/// Calls that name another process.
pub mod others {
    use nix::errno::Errno;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    /// What is done to a process; see the room of Linux.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Touch {
        /// A signal to its first thread.
        ThreadSignal(i32),
        /// A signal with a value.
        QueuedSignal(i32),
        /// Being traced, without a stop.
        Seize,
        /// Being traced.
        Attach,
        /// A byte of its memory read.
        ReadMemory,
        /// A byte of its memory written.
        WriteMemory,
        /// Its limit of open files read.
        Limit,
        /// Its rank lowered.
        Renice,
        /// Its processors read.
        Affinity,
        /// The places of its memory read.
        MovePages,
    }

    /// Touches a process, as far as there is such a call.
    ///
    /// # Errors
    /// The errno of the call; `ENOSYS` where there is none.
    pub fn touch(process: i32, how: Touch) -> Result<usize, Errno> {
        match how {
            Touch::ThreadSignal(signal) | Touch::QueuedSignal(signal) => {
                kill(Pid::from_raw(process), Signal::try_from(signal)?).map(|()| 0)
            }
            Touch::Renice => {
                let who = libc::id_t::try_from(process).map_err(|_| Errno::ESRCH)?;
                // SAFETY: passes numbers only.
                Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, who, 5) }).map(|_| 0)
            }
            _ => Err(Errno::ENOSYS),
        }
    }

    /// Has the kernel send a process the signals of a descriptor.
    ///
    /// # Errors
    /// The errno of the call.
    pub fn send_signals_to(descriptor: &impl std::os::fd::AsRawFd, process: i32) -> Result<usize, Errno> {
        // SAFETY: a descriptor that is open across the call, and numbers.
        Errno::result(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETOWN, process) }).map(|_| 0)
    }
}

/// Calls that need nothing of their caller.
pub mod plain {
    use nix::errno::Errno;

    /// One call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Plain {
        /// A rank before others.
        Rank,
        /// What there is no call for.
        Absent,
    }

    /// To stand before other processes.
    pub const NICE: Plain = Plain::Rank;
    /// To stand before everything.
    pub const REAL_TIME: Plain = Plain::Absent;
    /// To read and write before everything.
    pub const REAL_TIME_IO: Plain = Plain::Absent;
    /// To be traced.
    pub const TRACE_ME: Plain = Plain::Absent;

    /// Makes the call.
    ///
    /// # Errors
    /// The errno of the call; `ENOSYS` where there is none.
    pub fn make(one: Plain) -> Result<usize, Errno> {
        match one {
            // SAFETY: passes numbers only.
            Plain::Rank => Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -5) }).map(|_| 0),
            Plain::Absent => Err(Errno::ENOSYS),
        }
    }
}

/// Using up memory and disk.
pub mod room {
    use std::fs::File;
    use std::io::Write;

    use nix::errno::Errno;

    /// Uses this much memory; it is given back at the end.
    ///
    /// # Errors
    /// `ENOMEM` when there is not so much.
    pub fn fill_memory(bytes: usize) -> Result<(), Errno> {
        let mut room: Vec<u8> = Vec::new();
        room.try_reserve_exact(bytes).map_err(|_| Errno::ENOMEM)?;
        room.resize(bytes, 1);
        std::hint::black_box(&room);
        Ok(())
    }

    /// Gives a file this many bytes.
    ///
    /// # Errors
    /// The errno of the writing.
    pub fn fill_file(mut file: &File, bytes: u64) -> Result<(), Errno> {
        let part = [1_u8; 1 << 16];
        let mut left = bytes;
        while left > 0 {
            let now = usize::try_from(left).map_or(part.len(), |left| left.min(part.len()));
            let Some(part) = part.get(..now) else { break };
            file.write_all(part).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
            left -= now as u64;
        }
        Ok(())
    }
}
