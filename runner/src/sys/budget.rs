//! An allocator that can put one thread on a budget, and a way to stop that thread where it stands.
//!
//! Reading the rules of strangers runs an engine whose single steps can ask for any amount of memory, panic, or compute for
//! ever. A thread that overdraws its budget, or panics, is parked for good at that very call, and whoever waits for it
//! is told; the rest of the process goes on. Nothing is unwound and nothing freed: the caller is about to refuse the
//! input and end.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::Thread;

/// What the waiting thread and the budgeted one share.
#[derive(Debug)]
pub struct Gate {
    stopped: AtomicU8,
    waiter: Thread,
}

/// Why a thread was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It asked for more memory than it had left.
    Memory,
    /// It panicked.
    Panic,
}

impl Gate {
    /// A gate for the calling thread to wait at. It lives as long as the process, as the stopped thread does.
    #[must_use]
    pub fn new() -> &'static Self {
        Box::leak(Box::new(Self { stopped: AtomicU8::new(0), waiter: std::thread::current() }))
    }

    /// Why the budgeted thread was stopped, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<Stopped> {
        match self.stopped.load(Ordering::Acquire) {
            1 => Some(Stopped::Memory),
            2 => Some(Stopped::Panic),
            _ => None,
        }
    }

    /// Wakes the waiting thread.
    pub fn wake(&self) {
        self.waiter.unpark();
    }
}

const UNLIMITED: usize = usize::MAX;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(UNLIMITED) };
    static GATE: Cell<Option<&'static Gate>> = const { Cell::new(None) };
}

/// Puts the calling thread on a budget until [`release`]; panics on it count as overdrawing.
pub fn limit(bytes: usize, gate: &'static Gate) {
    park_panicking_threads();
    GATE.set(Some(gate));
    LEFT.set(bytes);
}

/// Takes the calling thread off its budget.
pub fn release() {
    LEFT.set(UNLIMITED);
    GATE.set(None);
}

fn park_panicking_threads() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if GATE.get().is_some() {
                stop(2);
            }
            before(panic);
        }));
    });
}

fn stop(why: u8) -> ! {
    LEFT.set(UNLIMITED);
    if let Some(gate) = GATE.get() {
        gate.stopped.store(why, Ordering::Release);
        gate.wake();
    }
    loop {
        std::thread::park();
    }
}

#[inline]
fn charge(bytes: usize) {
    let left = LEFT.get();
    if left != UNLIMITED {
        match left.checked_sub(bytes) {
            Some(left) => LEFT.set(left),
            None => stop(1),
        }
    }
}

#[inline]
fn refund(bytes: usize) {
    let left = LEFT.get();
    if left != UNLIMITED {
        LEFT.set(left.saturating_add(bytes).min(UNLIMITED - 1));
    }
}

/// The system's allocator, with budgets.
#[derive(Debug)]
pub struct Budgeted;

#[global_allocator]
static ALLOCATOR: Budgeted = Budgeted;

// SAFETY: every call is passed to the system's allocator unchanged; the accounting touches thread-local cells that need
// neither initialisation nor allocation, and a call that is not passed on never returns.
unsafe impl GlobalAlloc for Budgeted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        charge(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        charge(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        refund(layout.size());
        // SAFETY: the caller's promise about `block` and `layout` is passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        charge(size);
        // SAFETY: the caller's promise about `block`, `layout` and `size` is passed on.
        let moved = unsafe { System.realloc(block, layout, size) };
        refund(if moved.is_null() { size } else { layout.size() });
        moved
    }
}

/// The processor time a thread has used so far; `None` where the system cannot say.
#[cfg(target_os = "linux")]
#[must_use]
pub fn processor_time<T>(thread: &std::thread::JoinHandle<T>) -> Option<std::time::Duration> {
    use std::os::unix::thread::JoinHandleExt;
    let mut clock: libc::clockid_t = 0;
    // SAFETY: the handle has not been joined, so the thread it names still exists; `clock` is ours.
    if unsafe { libc::pthread_getcpuclockid(thread.as_pthread_t(), &raw mut clock) } != 0 {
        return None;
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours and large enough.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return None;
    }
    Some(std::time::Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// The processor time a thread has used so far; this system cannot say.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn processor_time<T>(_thread: &std::thread::JoinHandle<T>) -> Option<std::time::Duration> {
    None
}
