//! Starting the command itself: `posix_spawn(3)`, which shares memory until exec and reports exec's errno.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::Pid;

/// Null-terminated pointers to strings that outlive the array.
fn pointers(strings: &[CString]) -> Vec<*mut libc::c_char> {
    strings.iter().map(|string| string.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect()
}

/// Starts `program` with every signal at its default and none blocked, as the leader of its own process group when
/// `own_group` says so.
///
/// # Errors
/// The errno of exec or of the fork behind it.
pub fn spawn(program: &CString, argv: &[CString], environment: &[CString], own_group: Group) -> nix::Result<Pid> {
    let argv = pointers(argv);
    let environment = pointers(environment);
    let mut attributes = std::mem::MaybeUninit::<libc::posix_spawnattr_t>::uninit();
    // SAFETY: initialises the attributes object.
    Errno::result(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
    // SAFETY: initialised by the call above.
    let mut attributes = unsafe { attributes.assume_init() };
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: initialises the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: both objects are initialised.
    unsafe { libc::posix_spawnattr_setsigmask(&raw mut attributes, set.as_ptr()) };
    // SAFETY: the set is initialised.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: both objects are initialised.
    unsafe { libc::posix_spawnattr_setsigdefault(&raw mut attributes, set.as_ptr()) };
    let mut flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
    if own_group == Group::Own {
        flags |= libc::POSIX_SPAWN_SETPGROUP;
    }
    // SAFETY: the attributes are initialised.
    unsafe { libc::posix_spawnattr_setflags(&raw mut attributes, flags as libc::c_short) };
    let mut pid: libc::pid_t = 0;
    // SAFETY: all pointers are to live, null-terminated arrays and initialised objects.
    let errno = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            program.as_ptr(),
            std::ptr::null(),
            &raw const attributes,
            argv.as_ptr(),
            environment.as_ptr(),
        )
    };
    // SAFETY: initialised above and not used after.
    unsafe { libc::posix_spawnattr_destroy(&raw mut attributes) };
    match errno {
        0 => Ok(Pid::from_raw(pid)),
        errno => Err(Errno::from_raw(errno)),
    }
}

/// The process group a command starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Its parent's.
    Inherited,
    /// One of its own.
    Own,
}

/// Becomes `program`, with every signal at its default and none blocked, as [`spawn`] starts it.
///
/// Returns the errno of exec; the signals are changed then all the same.
#[must_use]
pub fn become_program(program: &CString, argv: &[CString], environment: &[CString]) -> Errno {
    let argv = pointers(argv);
    let environment = pointers(environment);
    for signal in 1..=last_signal() {
        // SAFETY: SIG_DFL installs no handler of ours; signals that cannot be changed stay as they are.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let _ = nix::sys::signal::sigprocmask(
        nix::sys::signal::SigmaskHow::SIG_SETMASK,
        Some(&nix::sys::signal::SigSet::empty()),
        None,
    );
    // SAFETY: all pointers are to live, null-terminated arrays of NUL-terminated strings.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr().cast(), environment.as_ptr().cast()) };
    Errno::last()
}

/// The highest number of a signal.
fn last_signal() -> libc::c_int {
    #[cfg(target_os = "linux")]
    return libc::SIGRTMAX();
    #[cfg(not(target_os = "linux"))]
    31
}
