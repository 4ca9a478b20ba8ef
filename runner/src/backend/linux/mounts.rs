//! The mount steps of a plan, carried out in a mount table of our own.
//!
//! The tree is not built anew: the private copy of the host's is made read-only in place, and what the profile grants
//! is laid over it. Every path is opened without following symbolic links and compared with what was judged.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::fstat;

use super::StepError;
use crate::plan::Step;
use crate::site::{Object, State};
use crate::sys::mount::{self as tree, Depth, NO_DEV, NO_SUID, READ_ONLY};

const NOTHING: Option<&str> = None;

/// Device nodes of a private `/dev`.
pub const NODES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];

/// Links of a private `/dev`.
pub const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// What a mount step leaves behind for later steps.
#[derive(Debug, Default)]
pub struct Mounted {
    /// A writable view of our own `/proc`, before it was made read-only; needed to write id maps. None where the host's
    /// is locked read-only.
    pub proc: Option<OwnedFd>,
    /// Empty, unreadable stand-ins for denied paths: a directory and a file.
    masks: Option<(OwnedFd, OwnedFd)>,
}

impl Mounted {
    /// Carries out one mount step; other steps are none of its business.
    ///
    /// # Errors
    /// What could not be done, in words.
    pub fn apply(&mut self, step: &Step) -> Result<(), StepError> {
        match step {
            Step::ReadOnlyTree => read_only_tree(),
            Step::FreshRoot { readable } => fresh_root(readable),
            Step::PrivateDev { shm_bytes, queues } => private_dev(*shm_bytes, *queues),
            Step::PrivateTmp => {
                let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
                StepError::at("private /tmp", mount(Some("tmpfs"), "/tmp", Some("tmpfs"), flags, Some("mode=1777")))
            }
            Step::Writable { root, mounts_below } => writable(root, mounts_below),
            Step::Pin { path } => cover_with_itself(path, 0),
            Step::Protect { path, exists } => protect(path, *exists),
            Step::Deny { path, state } => self.deny(path, *state),
            Step::FreshProc => self.fresh_proc(),
            Step::Cover { path, directory } => self.cover(path, *directory),
            _ => Ok(()),
        }
    }

    /// Keeps a view of the visible `/proc` as it is before anything is made read-only.
    ///
    /// # Errors
    /// What could not be done, in words.
    pub fn keep_proc(&mut self) -> Result<(), StepError> {
        let step = "a view of /proc";
        let proc = StepError::at(step, tree::open_exact(Path::new("/proc")))?;
        self.proc = Some(StepError::at(step, tree::copy_of(&proc, Depth::Top))?);
        Ok(())
    }

    fn fresh_proc(&mut self) -> Result<(), StepError> {
        let at = |result| StepError::at("a /proc of its own", result);
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        match mount(Some("proc"), "/proc", Some("proc"), flags, NOTHING) {
            // Where the visible one is locked read-only a new one must be too (`mount_too_revealing` in fs/namespace.c).
            Err(Errno::EPERM) => {
                return at(mount(Some("proc"), "/proc", Some("proc"), flags | MsFlags::MS_RDONLY, NOTHING));
            }
            mounted => at(mounted)?,
        }
        let proc = StepError::at("a /proc of its own", tree::open_exact(Path::new("/proc")))?;
        let writable = StepError::at("a /proc of its own", tree::copy_of(&proc, Depth::Top))?;
        self.proc = Some(writable);
        at(tree::change(&proc, Depth::Top, READ_ONLY, 0))
    }

    /// Covers a kernel interface with something empty.
    fn cover(&mut self, path: &Path, directory: bool) -> Result<(), StepError> {
        let name = format!("covering {}", path.display());
        let Ok(target) = tree::open_exact(path) else { return Ok(()) };
        if directory {
            let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            return StepError::at(name, mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some("size=4k,nr_inodes=1")));
        }
        let empty = StepError::at(&name, tree::open_exact(Path::new("/dev/null")))?;
        let copy = StepError::at(&name, tree::copy_of(&empty, Depth::Top))?;
        StepError::at(name, tree::change(&copy, Depth::Top, READ_ONLY, 0).and_then(|()| tree::place(&copy, &target)))
    }

    fn deny(&mut self, path: &Path, state: State) -> Result<(), StepError> {
        let name = format!("denying {}", path.display());
        if state == State::Missing {
            return protect(path, false);
        }
        // What a root of its own does not show need not be hidden.
        let target = match tree::open_exact(path) {
            Err(nix::errno::Errno::ENOENT) => return Ok(()),
            opened => StepError::at(&name, opened)?,
        };
        let (directory, file) = self.masks()?;
        let mask = if state == State::Directory { directory } else { file };
        let copy = StepError::at(&name, tree::copy_of(mask, Depth::Top))?;
        StepError::at(name, tree::change(&copy, Depth::Top, READ_ONLY, 0).and_then(|()| tree::place(&copy, &target)))
    }

    /// Makes the stand-ins: on a small file system mounted for a moment where nobody looks yet.
    fn masks(&mut self) -> Result<&(OwnedFd, OwnedFd), StepError> {
        if self.masks.is_none() {
            let step = "stand-ins for denied paths";
            let scratch = Path::new("/proc");
            let at = |result| StepError::at(step, result);
            at(mount(Some("tmpfs"), scratch, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("size=16k")))?;
            let (directory, file) = (scratch.join("directory"), scratch.join("file"));
            let made = fs::create_dir(&directory).and_then(|()| fs::write(&file, ""));
            made.map_err(|error| StepError::new(step, error))?;
            for path in [&directory, &file] {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(path, fs::Permissions::from_mode(0o000))
                    .map_err(|error| StepError::new(step, error))?;
            }
            let held =
                |path: &Path| StepError::at(step, tree::open_exact(path).and_then(|fd| tree::copy_of(&fd, Depth::Top)));
            let pair = (held(&directory)?, held(&file)?);
            at(umount2(scratch, MntFlags::MNT_DETACH))?;
            self.masks = Some(pair);
        }
        self.masks.as_ref().ok_or_else(|| StepError::new("stand-ins for denied paths", "not there"))
    }
}

fn read_only_tree() -> Result<(), StepError> {
    let step = "making every mount read-only";
    let root = StepError::at(step, tree::open_exact(Path::new("/")))?;
    StepError::at(step, tree::change(&root, Depth::Recursive, READ_ONLY | NO_SUID | NO_DEV, 0))
}

/// A root of its own with only these trees in it.
fn fresh_root(readable: &[std::path::PathBuf]) -> Result<(), StepError> {
    let step = "a root of its own";
    let at = |result| StepError::at(step, result);
    let io = |result: std::io::Result<()>| result.map_err(|error| StepError::new(step, error));
    let mut trees = Vec::new();
    let mut links = Vec::new();
    let given = readable.iter().map(std::path::PathBuf::as_path);
    for path in given.chain([Path::new("/proc"), Path::new("/dev"), Path::new("/tmp")]) {
        let link = fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
        if link {
            links.push((fs::read_link(path).map_err(|error| StepError::new(step, error))?, path));
            continue;
        }
        // Only what the profile names has content; the other three are empty places for later mounts.
        let named = readable.iter().any(|tree| tree == path);
        let fd = if named {
            Some(StepError::at(step, tree::open_exact(path).and_then(|fd| tree::copy_of(&fd, Depth::Recursive)))?)
        } else {
            None
        };
        let directory = fs::symlink_metadata(path).is_ok_and(|data| data.is_dir());
        trees.push((fd, path, directory));
    }
    // The old /dev and /proc have to stay visible until their successors are mounted from them.
    let old_dev =
        StepError::at(step, tree::open_exact(Path::new("/dev")).and_then(|fd| tree::copy_of(&fd, Depth::Recursive)))?;
    let old_proc =
        StepError::at(step, tree::open_exact(Path::new("/proc")).and_then(|fd| tree::copy_of(&fd, Depth::Recursive)))?;
    at(mount(Some("tmpfs"), "/tmp", Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755,size=1m")))?;
    for (fd, path, directory) in trees {
        let inside = Path::new("/tmp").join(path.strip_prefix("/").unwrap_or(path));
        if directory {
            io(fs::create_dir_all(&inside))?;
        } else {
            io(inside.parent().map_or(Ok(()), fs::create_dir_all))?;
            if !inside.exists() {
                io(fs::write(&inside, ""))?;
            }
        }
        let tree = match (fd, path.to_str()) {
            (Some(fd), _) => fd,
            (None, Some("/dev")) => {
                at(tree::open_exact(&inside).and_then(|target| tree::place(&old_dev, target)))?;
                continue;
            }
            (None, Some("/proc")) => {
                at(tree::open_exact(&inside).and_then(|target| tree::place(&old_proc, target)))?;
                continue;
            }
            (None, _) => continue,
        };
        at(tree::open_exact(&inside).and_then(|target| tree::place(&tree, target)))?;
    }
    for (target, path) in links {
        let inside = Path::new("/tmp").join(path.strip_prefix("/").unwrap_or(path));
        io(inside.parent().map_or(Ok(()), fs::create_dir_all))?;
        if fs::symlink_metadata(&inside).is_err() {
            io(symlink(target, &inside))?;
        }
    }
    at(nix::unistd::chdir("/tmp"))?;
    at(nix::unistd::pivot_root(".", "."))?;
    at(umount2(".", MntFlags::MNT_DETACH))?;
    at(nix::unistd::chdir("/"))?;
    read_only_tree()
}

fn private_dev(shm_bytes: u64, queues: bool) -> Result<(), StepError> {
    let step = "a /dev of its own";
    let at = |result| StepError::at(step, result);
    let io = |result: std::io::Result<()>| result.map_err(|error| StepError::new(step, error));
    let mut nodes = Vec::new();
    for node in NODES {
        let path = Path::new("/dev").join(node);
        let copy = StepError::at(step, tree::open_exact(&path).and_then(|fd| tree::copy_of(&fd, Depth::Top)))?;
        at(tree::change(&copy, Depth::Top, NO_SUID, READ_ONLY | NO_DEV))?;
        nodes.push((path, copy));
    }
    at(mount(Some("tmpfs"), "/dev", Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755,size=64k")))?;
    for (path, copy) in &nodes {
        io(fs::write(path, ""))?;
        at(tree::open_exact(path).and_then(|target| tree::place(copy, target)))?;
    }
    for (name, target) in LINKS {
        io(symlink(target, Path::new("/dev").join(name)))?;
    }
    io(fs::create_dir("/dev/pts"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    at(mount(Some("devpts"), "/dev/pts", Some("devpts"), flags, Some("newinstance,ptmxmode=0666,mode=620")))?;
    io(fs::create_dir("/dev/shm"))?;
    let size = format!("mode=1777,size={shm_bytes}");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    at(mount(Some("tmpfs"), "/dev/shm", Some("tmpfs"), flags, Some(size.as_str())))?;
    if queues {
        io(fs::create_dir("/dev/mqueue"))?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        match mount(Some("mqueue"), "/dev/mqueue", Some("mqueue"), flags, NOTHING) {
            // A kernel without such queues.
            Err(Errno::ENODEV) => {}
            mounted => at(mounted)?,
        }
    }
    at(tree::open_exact(Path::new("/dev")).and_then(|dev| tree::change(&dev, Depth::Top, READ_ONLY, 0)))
}

/// Opens what was judged and nothing else.
fn open_judged(object: &Object) -> Result<OwnedFd, StepError> {
    let step = format!("opening {}", object.path.display());
    let fd = StepError::at(&step, tree::open_exact(&object.path))?;
    let now = StepError::at(&step, fstat(fd.as_fd()))?;
    if (now.st_dev, now.st_ino) != (object.device, object.inode) {
        return Err(StepError::new(step, "it is no longer what was judged: another file has taken its place"));
    }
    Ok(fd)
}

fn writable(root: &Object, mounts_below: &[std::path::PathBuf]) -> Result<(), StepError> {
    let step = format!("making {} writable", root.path.display());
    let target = open_judged(root)?;
    let copy = StepError::at(&step, tree::copy_of(&target, Depth::Recursive))?;
    StepError::at(&step, tree::change(&copy, Depth::Top, 0, READ_ONLY))?;
    StepError::at(&step, tree::place(&copy, &target))?;
    for below in mounts_below {
        // A mount the caller can no longer reach is none the command could write either.
        let Ok(fd) = tree::open_exact(below) else { continue };
        StepError::at(format!("making {} writable", below.display()), tree::change(&fd, Depth::Top, 0, READ_ONLY))?;
    }
    Ok(())
}

/// Makes a path a mount point by laying it over itself, with attributes added.
fn cover_with_itself(path: &Path, attributes: u64) -> Result<(), StepError> {
    let step = format!("holding {} in place", path.display());
    let target = StepError::at(&step, tree::open_exact(path))?;
    let copy = StepError::at(&step, tree::copy_of(&target, Depth::Recursive))?;
    if attributes != 0 {
        StepError::at(&step, tree::change(&copy, Depth::Recursive, attributes, 0))?;
    }
    StepError::at(step, tree::place(&copy, &target))
}

fn protect(path: &Path, exists: bool) -> Result<(), StepError> {
    // A name that was missing has a mask by now, unless nobody here could create it.
    if !exists && fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    cover_with_itself(path, READ_ONLY)
}
