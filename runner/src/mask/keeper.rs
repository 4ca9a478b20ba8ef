//! The keeper: a process that makes the masks and outlives palisade just long enough to take them away.
//!
//! It waits until palisade closes its end of a pipe, which also happens when palisade is killed, then until the
//! sandbox's first process is gone, and removes what it made. It never touches a directory that is not a mask.

use std::fs::{self, Metadata};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sched::CloneFlags;
use nix::sys::stat::{Mode, umask};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;

use super::{MAKING, MARK, MODE, is_being_made, is_mask};
use crate::sys::process::{self, Fork};

/// A running keeper, seen from palisade.
#[derive(Debug)]
pub struct Keeper {
    /// Closing it, by dropping or by dying, starts the removal.
    hold: OwnedFd,
    done: OwnedFd,
    pid: Pid,
}

/// A keeper that is removing its masks.
#[derive(Debug)]
pub struct Released {
    done: OwnedFd,
    pid: Pid,
}

impl Released {
    /// Waits until the masks are gone; those another run still uses are removed when that run ends.
    pub fn wait(self) {
        if matches!(fs::File::from(self.done).read(&mut [0]), Ok(1)) {
            let _ = nix::sys::wait::waitpid(self.pid, None);
        }
    }
}

/// How the keeper learns that the sandbox has ended.
#[derive(Debug)]
pub enum Watch {
    /// A descriptor of the sandbox's first process (`pidfd_open(2)`).
    Process(OwnedFd),
    /// The read end of bubblewrap's `--info-fd`, which names that process.
    Info(OwnedFd),
}

/// The far end of the readiness pipe, handed to the keeper.
#[derive(Debug)]
pub struct Ready(pub OwnedFd);

impl Keeper {
    /// Starts a keeper for these masks. It says on `ready` when they stand: one byte `r`, or text that says what failed.
    ///
    /// # Errors
    /// The errno of the pipes or of the fork.
    pub fn start(paths: &[PathBuf], watch: Watch, ready: Ready) -> nix::Result<Self> {
        let (held, hold) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let (done, report) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        match process::fork_into(CloneFlags::empty())? {
            Fork::Parent(pid) => Ok(Self { hold, done, pid }),
            Fork::Child => {
                drop((hold, done));
                let keep = [held.as_fd(), report.as_fd(), ready.0.as_fd(), watch.as_fd()];
                detach(&keep);
                work(paths, &held, report, watch, ready);
                process::end(0)
            }
        }
    }

    /// Tells the keeper that the sandbox is about to end; it removes the masks as soon as it has.
    pub fn release(self) -> Released {
        drop(self.hold);
        Released { done: self.done, pid: self.pid }
    }
}

impl Watch {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Process(fd) | Self::Info(fd) => fd.as_fd(),
        }
    }
}

/// Leaves palisade's session, signals, descriptors and mode of new files.
fn detach(keep: &[std::os::fd::BorrowedFd<'_>]) {
    use std::os::fd::AsRawFd;
    let _ = nix::unistd::setsid();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
        process::ignore(signal);
    }
    let kept: Vec<_> = keep.iter().map(AsRawFd::as_raw_fd).collect();
    let _ = process::close_all_but(&kept);
    let _ = std::env::set_current_dir("/");
    // A mask has the mode that is asked for.
    umask(Mode::empty());
}

struct Mask {
    path: PathBuf,
    lock: Flock<fs::File>,
    /// Whether this keeper made the directory: in a sticky directory it may be the only one that can remove it.
    made: bool,
}

fn work(paths: &[PathBuf], held: &OwnedFd, report: OwnedFd, watch: Watch, ready: Ready) {
    let mut ready = fs::File::from(ready.0);
    let mut masks = Vec::new();
    let mut failed = None;
    for path in paths {
        match stand(path) {
            Ok(Some(mask)) => masks.push(mask),
            Ok(None) => {}
            Err(errno) => failed = Some(format!("cannot put a mask at `{}`: {}", path.display(), errno.desc())),
        }
    }
    let _ = match failed {
        None => ready.write_all(b"r"),
        Some(text) => ready.write_all(text.as_bytes()),
    };
    drop(ready);
    wait(held.as_fd(), PollTimeout::NONE);
    ended(watch);
    let used = masks.into_iter().filter_map(|mask| remove(mask, FlockArg::LockExclusiveNonblock));
    // Whoever only joined a mask that is still used leaves it to its maker, and to the last that uses it.
    let left: Vec<_> = used.filter(|mask| mask.made).collect();
    // One byte says that nothing is left to do; without it another run still uses a mask.
    if left.is_empty() {
        let _ = fs::File::from(report).write_all(b"d");
        return;
    }
    drop(report);
    for mask in left {
        remove(mask, FlockArg::LockExclusive);
    }
}

fn wait(fd: std::os::fd::BorrowedFd<'_>, timeout: PollTimeout) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    loop {
        match nix::poll::poll(&mut fds, timeout) {
            Err(Errno::EINTR) => {}
            Err(_) | Ok(0) => return false,
            Ok(_) => return true,
        }
    }
}

/// Makes a mask, or joins one that another run made; `None` when something real is there, or nobody here could make it.
fn stand(path: &Path) -> nix::Result<Option<Mask>> {
    /// How often a directory that looks like a mask being made is looked at again, a millisecond apart.
    const LOOKS: u32 = 250;
    let mut looks = 0;
    loop {
        let made = match make(path) {
            Ok(()) => true,
            Err(error) => match Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)) {
                Errno::EEXIST => false,
                // Whoever cannot create the name out here cannot create it inside either.
                Errno::EACCES | Errno::EPERM | Errno::EROFS => return Ok(None),
                errno => return Err(errno),
            },
        };
        let opened = fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(path);
        let file = match opened {
            Ok(file) => file,
            // Another run removed its mask at this moment; now the name is free.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => return Ok(None),
        };
        let data = file.metadata().map_err(|_| Errno::EIO)?;
        // One that its maker was killed over is finished, and removed in the end, by whoever finds it.
        let unfinished = is_being_made(&data) && data.uid() == nix::unistd::geteuid().as_raw();
        if !made && !is_mask(&data) && !unfinished {
            // A file system may know no such mode, or it is somebody else's.
            if looks < LOOKS && (data.mode() & 0o7777 == MODE || is_being_made(&data)) {
                looks += 1;
                std::thread::sleep(std::time::Duration::from_millis(1));
                continue;
            }
            return Ok(None);
        }
        // INVARIANT: a mask is only removed under an exclusive lock, so nobody takes one that is in use for a leftover; one that
        // was removed while it was being made is noticed below and made again.
        let lock = Flock::lock(file, FlockArg::LockShared).map_err(|(_, errno)| errno)?;
        if made || unfinished {
            // In this order, so that at each moment the one or the other says what it is.
            let mark = TimeSpec::new(MARK.0, MARK.1);
            nix::sys::stat::futimens(&*lock, &mark, &mark)?;
            let _ = lock.set_permissions(fs::Permissions::from_mode(MODE));
        }
        if is_at(path, &data) {
            return Ok(Some(Mask { path: path.to_path_buf(), lock, made }));
        }
    }
}

/// Whether this directory is what stands there now.
fn is_at(path: &Path, data: &Metadata) -> bool {
    fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (data.dev(), data.ino()))
}

/// Makes what is to be a mask, with its whole mode from the first moment on.
fn make(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().mode(MAKING).create(path)
}

/// Removes a mask that nobody else uses; gives it back when somebody does and we must not wait.
fn remove(mask: Mask, how: FlockArg) -> Option<Mask> {
    let Mask { path, lock, made } = mask;
    // Taking the exclusive lock gives up the shared one first (`flock(2)`), which is what lets the last user win.
    match lock.relock(how) {
        Ok(()) => {
            // Another run that used it may have removed it already, and a third have made its own.
            if lock.metadata().is_ok_and(|data| is_at(&path, &data)) {
                let _ = fs::remove_dir(&path);
            }
            None
        }
        Err(_) => Some(Mask { path, lock, made }),
    }
}

/// Waits until the sandbox's first process is gone, ending it when palisade did not live to do so.
fn ended(watch: Watch) {
    const GRACE: u16 = 200;
    let pidfd = match watch {
        Watch::Process(pidfd) => Some(pidfd),
        Watch::Info(info) => first_number(&told(info)).and_then(|pid| process::pidfd_open(pid).ok()),
    };
    let Some(pidfd) = pidfd else { return };
    if !wait(pidfd.as_fd(), PollTimeout::from(GRACE)) {
        let _ = process::pidfd_kill(pidfd.as_fd(), libc::SIGKILL);
        wait(pidfd.as_fd(), PollTimeout::NONE);
    }
}

/// What bubblewrap tells of its first process. It tells nothing when it was killed before, and what it left behind then
/// may hold the pipe open without ever becoming a sandbox: so this does not wait for the end of the pipe.
fn told(info: OwnedFd) -> String {
    const PATIENCE: u16 = 1000;
    let mut text = String::new();
    let mut pipe = fs::File::from(info);
    let mut buffer = [0; 256];
    while !text.contains('}') && wait(pipe.as_fd(), PollTimeout::from(PATIENCE)) {
        match pipe.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => text.push_str(&String::from_utf8_lossy(buffer.get(..length).unwrap_or(&[]))),
        }
    }
    text
}

/// The number in bubblewrap's `{"child-pid": N}`.
fn first_number(text: &str) -> Option<i32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text[start..].split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::is_leftover;

    #[test]
    fn a_mask_is_known_from_the_moment_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".git");
        make(&path).expect("made");
        let data = fs::symlink_metadata(&path).expect("there");
        assert!(!is_mask(&data) && is_leftover(&data, &path), "{:o}", data.mode());
        // Whoever comes by finishes it.
        let mask = stand(&path).expect("taken over").expect("a mask");
        let data = fs::symlink_metadata(&path).expect("there");
        assert!(is_mask(&data) && !mask.made, "{:o}", data.mode());
        assert!(remove(mask, FlockArg::LockExclusiveNonblock).is_none() && !path.exists());
        assert!(is_leftover(&data, &path), "looked at before another run took it away");
        // What another run has made meanwhile is left to it.
        let (first, second) =
            (stand(&path).expect("made").expect("a mask"), stand(&path).expect("there").expect("a mask"));
        assert!(remove(first, FlockArg::LockExclusiveNonblock).is_some(), "it is used");
        fs::remove_dir(&path).expect("removed by another run");
        let third = stand(&path).expect("made").expect("a mask");
        assert!(remove(second, FlockArg::LockExclusiveNonblock).is_none() && path.exists());
        assert!(remove(third, FlockArg::LockExclusiveNonblock).is_none() && !path.exists());
        // A directory that somebody closed for writing is none.
        fs::DirBuilder::new().mode(MODE).create(&path).expect("made");
        assert!(!is_leftover(&fs::symlink_metadata(&path).expect("there"), &path));
        assert!(stand(&path).expect("looked at").is_none());
    }
}
