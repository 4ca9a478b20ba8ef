//! How soon this process gets a processor once it is woken (`sched_setattr(2)`).

use super::check;

/// `struct sched_attr` in its second version (Linux 5.3).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    clamp_least: u32,
    clamp_most: u32,
}

/// The shortest slice of time that the kernel takes, in nanoseconds.
const SHORTEST: u64 = 100_000;

/// Asks for short slices of time, so that this thread, and those it starts, run at once when they are woken and leave the
/// processor sooner: what waits for it never waits for somebody else's slice. Needs no right. Linux before 6.12 takes
/// no notice.
///
/// # Errors
/// The errno of `sched_getattr(2)` or `sched_setattr(2)`; `EPERM` under a filter.
pub fn short_slices() -> nix::Result<()> {
    let mut attributes = Attributes { size: size_of::<Attributes>() as u32, ..Attributes::default() };
    let own = &raw mut attributes;
    // SAFETY: the kernel writes at most the size it is given into a live value.
    check(unsafe { libc::syscall(libc::SYS_sched_getattr, 0, own, attributes.size, 0) })?;
    attributes.runtime = SHORTEST;
    // SAFETY: the kernel reads as many bytes as the value says it has.
    check(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_ask_and_niceness_stays() {
        std::thread::spawn(|| {
            // SAFETY: changes a number of this thread.
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 5) };
            assert_eq!(short_slices(), Ok(()));
            // SAFETY: reads a number of this thread.
            assert_eq!(unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }, 5);
        })
        .join()
        .unwrap();
    }
}
