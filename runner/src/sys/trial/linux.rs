//! The steps of each trial, and the child that performs them.
//!
//! A trial is a list of [`Step`]s, built (with everything that allocates) before the fork. The child performs them in
//! order and names each one on a pipe before it starts it, so that a step which kills the child is known too.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};

use libc::{c_int, c_ulong};

use super::{MOUNT_PROC, Refused, Trial};

/// One thing to try.
enum Step {
    /// `unshare(2)` with these flags.
    Unshare(c_int),
    /// Write bytes to an existing file in one `write(2)`, as `/proc/self/uid_map` wants it.
    Write(&'static CStr, Vec<u8>),
    /// `mount(2)`: source, target, type, flags, options; the last two texts may be empty.
    Mount(&'static CStr, &'static CStr, &'static CStr, c_ulong, CString),
    /// Make a directory.
    Directory(&'static CStr),
    /// Create a file that does not exist.
    Create(&'static CStr),
    /// Go on in a child, which is pid 1 after a new pid namespace.
    Fork,
    /// Set `no_new_privs`, then install a seccomp filter that allows everything.
    Filter,
}

type Steps = Vec<(&'static str, Step)>;

/// Tries it, in a child, and says which step was refused.
///
/// # Errors
/// The step that was refused; a fork or a pipe that fails is one too.
pub fn attempt(trial: Trial) -> Result<(), Refused> {
    run(&steps(trial))
}

fn steps(trial: Trial) -> Steps {
    match trial {
        Trial::User => user(),
        Trial::Mount => with([mount_namespace(libc::CLONE_NEWNS), vec![tmpfs()]]),
        Trial::Pid => with([vec![("make a pid namespace", Step::Unshare(libc::CLONE_NEWPID)), ("fork", Step::Fork)]]),
        Trial::Proc => with([
            vec![("make a pid namespace", Step::Unshare(libc::CLONE_NEWPID)), ("fork", Step::Fork)],
            mount_namespace(libc::CLONE_NEWNS),
            vec![(
                MOUNT_PROC,
                Step::Mount(
                    c"proc",
                    c"/proc",
                    c"proc",
                    libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
                    CString::default(),
                ),
            )],
        ]),
        Trial::Ipc => with([vec![("make an ipc namespace", Step::Unshare(libc::CLONE_NEWIPC))]]),
        Trial::Net => with([vec![("make a net namespace", Step::Unshare(libc::CLONE_NEWNET))]]),
        Trial::Uts => with([vec![("make a uts namespace", Step::Unshare(libc::CLONE_NEWUTS))]]),
        Trial::Cgroup => with([vec![("make a cgroup namespace", Step::Unshare(libc::CLONE_NEWCGROUP))]]),
        Trial::Overlay => with([
            mount_namespace(libc::CLONE_NEWNS),
            vec![
                tmpfs(),
                ("make the layers", Step::Directory(c"/dev/upper")),
                ("make the layers", Step::Directory(c"/dev/work")),
                ("make the layers", Step::Directory(c"/dev/merged")),
                (
                    "mount an overlay",
                    Step::Mount(
                        c"overlay",
                        c"/dev/merged",
                        c"overlay",
                        0,
                        c"lowerdir=/usr,upperdir=/dev/upper,workdir=/dev/work,userxattr".into(),
                    ),
                ),
                ("write into the overlay", Step::Create(c"/dev/merged/palisade-trial")),
            ],
        ]),
        Trial::Filter => vec![("install a seccomp filter", Step::Filter)],
    }
}

fn user() -> Steps {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    vec![
        ("make a user namespace", Step::Unshare(libc::CLONE_NEWUSER)),
        ("map ids into the user namespace", Step::Write(c"/proc/self/setgroups", b"deny".to_vec())),
        ("map ids into the user namespace", Step::Write(c"/proc/self/uid_map", format!("{uid} {uid} 1").into())),
        ("map ids into the user namespace", Step::Write(c"/proc/self/gid_map", format!("{gid} {gid} 1").into())),
    ]
}

fn with<const PARTS: usize>(parts: [Steps; PARTS]) -> Steps {
    user().into_iter().chain(parts.into_iter().flatten()).collect()
}

fn mount_namespace(flags: c_int) -> Steps {
    let slave = Step::Mount(c"none", c"/", c"", libc::MS_REC | libc::MS_SLAVE, CString::default());
    vec![("make a mount namespace", Step::Unshare(flags)), ("detach the mounts from the host's", slave)]
}

/// `/dev` exists everywhere and nothing of it is needed by the steps that follow.
fn tmpfs() -> (&'static str, Step) {
    ("mount a tmpfs", Step::Mount(c"tmpfs", c"/dev", c"tmpfs", libc::MS_NOSUID | libc::MS_NODEV, CString::default()))
}

/// The step number that says that all steps were done.
const DONE: u8 = u8::MAX;
/// One step number and one error number.
const RECORD: usize = 5;

fn run(steps: &[(&'static str, Step)]) -> Result<(), Refused> {
    let no_child = |error: nix::errno::Errno| Refused { doing: "start a child", errno: Some(error as i32) };
    let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(no_child)?;
    // SAFETY: between this fork and its `_exit` the child makes only async-signal-safe calls and allocates nothing.
    let child = match unsafe { nix::unistd::fork() }.map_err(no_child)? {
        nix::unistd::ForkResult::Child => perform(steps, &write),
        nix::unistd::ForkResult::Parent { child } => child,
    };
    drop(write);
    let mut said = Vec::new();
    let heard = File::from(read).read_to_end(&mut said);
    let _ = nix::sys::wait::waitpid(child, None);
    let last = said.len().checked_sub(RECORD).and_then(|start| said.get(start..));
    match (heard, last) {
        (Ok(_), Some(&[DONE, ..])) => Ok(()),
        (Ok(_), Some(&[step, a, b, c, d])) => {
            let errno = i32::from_ne_bytes([a, b, c, d]);
            let doing = steps.get(usize::from(step)).map_or("start", |(doing, _)| doing);
            Err(Refused { doing, errno: (errno != 0).then_some(errno) })
        }
        _ => Err(Refused { doing: "start", errno: None }),
    }
}

/// The child's side: never returns, never allocates.
fn perform(steps: &[(&'static str, Step)], pipe: &OwnedFd) -> ! {
    for (index, (_, step)) in steps.iter().enumerate() {
        let index = u8::try_from(index).unwrap_or(DONE - 1);
        say(pipe, index, 0);
        let result = match step {
            Step::Unshare(flags) => unshare(*flags),
            Step::Write(path, bytes) => write_file(path, libc::O_WRONLY, bytes),
            Step::Create(path) => write_file(path, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL, b""),
            Step::Mount(source, target, kind, flags, options) => mount(source, target, kind, *flags, options),
            Step::Directory(path) => make_directory(path),
            Step::Fork => fork_on(),
            Step::Filter => install_filter(),
        };
        if let Err(errno) = result {
            say(pipe, index, errno);
            exit(1);
        }
    }
    say(pipe, DONE, 0);
    exit(0)
}

fn say(pipe: &OwnedFd, step: u8, errno: i32) {
    let [a, b, c, d] = errno.to_ne_bytes();
    let record = [step, a, b, c, d];
    // SAFETY: the pointer and length describe `record`, which outlives the call.
    let _ = unsafe { libc::write(pipe.as_raw_fd(), record.as_ptr().cast(), RECORD) };
}

fn exit(status: c_int) -> ! {
    // SAFETY: `_exit` has no preconditions; it runs no destructor of the parent's copied state.
    unsafe { libc::_exit(status) }
}

/// Turns a C result into the error number it left behind.
fn checked(result: c_int) -> Result<c_int, i32> {
    if result >= 0 {
        return Ok(result);
    }
    // SAFETY: the pointer to this thread's errno is always valid.
    Err(unsafe { *libc::__errno_location() })
}

fn unshare(flags: c_int) -> Result<(), i32> {
    // SAFETY: `unshare` takes no pointer; only this single-threaded child changes.
    checked(unsafe { libc::unshare(flags) }).map(drop)
}

fn write_file(path: &CStr, flags: c_int, bytes: &[u8]) -> Result<(), i32> {
    // SAFETY: the path is NUL-terminated and the mode is given, as O_CREAT wants it.
    let fd = checked(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, 0o600) })?;
    if bytes.is_empty() {
        return Ok(());
    }
    // SAFETY: the pointer and length describe `bytes`; the descriptor was just opened and ends with the child.
    let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    checked(if written < 0 { -1 } else { 0 }).map(drop)
}

fn make_directory(path: &CStr) -> Result<(), i32> {
    // SAFETY: the path is NUL-terminated.
    checked(unsafe { libc::mkdir(path.as_ptr(), 0o755) }).map(drop)
}

fn mount(source: &CStr, target: &CStr, kind: &CStr, flags: c_ulong, options: &CStr) -> Result<(), i32> {
    let or_null = |text: &CStr| if text.is_empty() { std::ptr::null() } else { text.as_ptr() };
    // SAFETY: every pointer is null or a NUL-terminated string that outlives the call; type and data may be null.
    let result =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), or_null(kind), flags, or_null(options).cast()) };
    checked(result).map(drop)
}

/// Continues in a new child; the waiting half ends as that child ended.
fn fork_on() -> Result<(), i32> {
    // SAFETY: the child of a single-threaded child; it keeps to async-signal-safe calls as well.
    let pid = checked(unsafe { libc::fork() })?;
    if pid == 0 {
        return Ok(());
    }
    let mut status = 0;
    // SAFETY: `status` is valid for writing; `pid` is our own child.
    let _ = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    exit(c_int::from(status != 0))
}

fn install_filter() -> Result<(), i32> {
    // SAFETY: PR_SET_NO_NEW_PRIVS takes no pointer and changes this child only.
    checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let mut allow = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW }; // return ALLOW
    let program = libc::sock_fprog { len: 1, filter: &raw mut allow };
    // SAFETY: the program and its single instruction outlive the call, which copies them.
    checked(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }).map(drop)
}

/// The Landlock ABI of the running kernel (`landlock_create_ruleset` with the version flag).
///
/// # Errors
/// The error number: ENOSYS when not built in, EOPNOTSUPP when switched off at boot, EPERM behind an outer filter.
pub fn landlock_abi() -> Result<u32, i32> {
    landlock_query(1)
}

/// The Landlock errata that are fixed in the running kernel, as numbers (`landlock_create_ruleset` with the errata flag).
#[must_use]
pub fn landlock_errata() -> Vec<u32> {
    let bits = landlock_query(2).unwrap_or(0);
    (1..=u32::BITS).filter(|number| bits & (1 << (number - 1)) != 0).collect()
}

fn landlock_query(flag: u32) -> Result<u32, i32> {
    // SAFETY: with a query flag the kernel demands a null pointer and size zero, and creates nothing.
    let answer =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, flag) };
    checked(c_int::try_from(answer).unwrap_or(0)).map(c_int::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_without_steps_succeeds() {
        assert_eq!(run(&[]), Ok(()));
    }

    #[test]
    fn a_refused_step_is_named_with_its_error_number() {
        let steps = [
            ("write", Step::Write(c"/dev/null", b"x".to_vec())),
            ("make a directory", Step::Directory(c"/proc/palisade")),
        ];
        assert_eq!(run(&steps), Err(Refused { doing: "make a directory", errno: Some(libc::ENOENT) }));
    }

    #[test]
    fn a_refusal_behind_a_second_fork_arrives() {
        let steps = [("fork", Step::Fork), ("create", Step::Create(c"/proc/palisade/x"))];
        assert_eq!(run(&steps), Err(Refused { doing: "create", errno: Some(libc::ENOENT) }));
    }

    #[test]
    fn any_process_may_filter_itself() {
        assert_eq!(attempt(Trial::Filter), Ok(()));
    }
}
