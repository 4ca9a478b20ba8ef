//! How the heap of the C library grows (`mallopt(3)`).

/// Makes it grow in large steps, and give back only much at once. A second thread's heap grows by 4 KiB a call of
/// `mprotect(2)` otherwise, which is a sixth of the time that 1,000 rules take to load. What is not touched costs no memory.
pub fn grows_in_large_steps() {
    #[cfg(target_env = "gnu")]
    for (what, bytes) in [
        (libc::M_TOP_PAD, 8 << 20),
        // Naming one ends the adaptation of the others, so these are what it would come to.
        (libc::M_TRIM_THRESHOLD, 16 << 20),
        (libc::M_MMAP_THRESHOLD, 4 << 20),
    ] {
        // SAFETY: it takes two numbers. Whether it was heard changes nothing but time.
        unsafe { libc::mallopt(what, bytes) };
    }
}
