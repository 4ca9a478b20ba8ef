//! The stage: the file tree the command will see, built on a small file system in memory.
//!
//! Overlays catch what is written to the host's places; what is made anew lies on the stage itself and is compared with
//! how it was before. Needs Linux 6.6: overlays of a user namespace keep their marks in `user.*` attributes, which a file
//! system in memory has since then. Renaming a directory of the host inside gives EXDEV (`redirect_dir` is not for user
//! namespaces), upon which `mv` copies.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;

use super::walk::{Caught, Top};
use super::{Failed, bait};
use crate::backend::linux::mounts::{LINKS, NODES};
use crate::compare::ground::{Face, Ground, Place, Shown};
use crate::sys::mount::{self as tree, Depth, READ_ONLY};

/// Where the stage is mounted in the first process's own view; any directory would do.
const STAGE: &str = "/tmp";

/// What may be written in all before the stage is full.
const SIZE: &str = "mode=700,size=1g,nr_inodes=400k";

/// A built stage.
#[derive(Debug)]
pub(super) struct Stage {
    /// The root of the tree the command will see.
    pub(super) root: PathBuf,
    /// A writable `/proc` of the containment, which the command never sees.
    pub(super) proc: OwnedFd,
    /// The same, as a path.
    pub(super) proc_path: PathBuf,
    /// Where pathname sockets are bound; shown in the bait.
    pub(super) run: PathBuf,
    /// Where what the command writes is caught.
    pub(super) caught: Vec<Caught>,
    /// What could not be made as on the host.
    pub(super) gaps: Vec<String>,
    /// The host's directories below the overlays; open as long as the stage stands.
    lowers: Vec<OwnedFd>,
    /// Whether owners can be kept: root has all ids here, an ordinary user only its own.
    owners: bool,
}

impl Stage {
    /// Builds it, in a mount table of our own.
    pub(super) fn build(ground: &Ground) -> Result<Self, Failed> {
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        Failed::at("a mount table of its own", mount(None::<&str>, "/", None::<&str>, private, None::<&str>))?;
        // Everything of the host is opened before the stage covers a part of it.
        let opened = ground.places.iter().map(|place| open(&place.at)).collect::<Vec<_>>();
        let sys = open(Path::new("/sys")).and_then(|sys| tree::copy_of(&sys, Depth::Recursive));
        let top = PathBuf::from(STAGE);
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        Failed::at("the stage", mount(Some("stage"), STAGE, Some("tmpfs"), flags, Some(SIZE)))?;
        for name in ["anew", "dev", "bait", "upper", "work", "proc", "root"] {
            Failed::at("the stage", fs::create_dir(top.join(name)))?;
        }
        let no_exec = flags | MsFlags::MS_NOEXEC;
        let proc_path = top.join("proc");
        Failed::at("a /proc of its own", mount(Some("proc"), &proc_path, Some("proc"), no_exec, None::<&str>))?;
        let proc = Failed::at("a /proc of its own", open(&proc_path))?;
        let mut stage = Self {
            root: top.join("root"),
            proc,
            proc_path,
            run: top.join("bait/run"),
            caught: Vec::new(),
            gaps: ground.gaps.clone(),
            lowers: Vec::new(),
            owners: ground.uid == 0,
        };
        bind(&top.join("anew"), &stage.root)?;
        for (place, opened) in ground.places.iter().zip(opened) {
            match opened {
                Ok(fd) => match stage.place(place, fd) {
                    Err(failed) if place.at == Path::new("/") => return Err(failed),
                    Err(Failed(why)) => stage.gaps.push(why),
                    Ok(()) => {}
                },
                Err(errno) => stage.gaps.push(format!("{} is not shown: {}", place.at.display(), errno.desc())),
            }
        }
        stage.kernel(sys)?;
        stage.dev(&top)?;
        stage.bait(&top)?;
        let plain = [("anew", "/", !stage.owners), ("dev", "/dev", !stage.owners), ("bait", bait::TOP, false)];
        for (name, at, foreign) in plain {
            let caught = Caught::plain(&top.join(name), Path::new(at), foreign);
            stage.caught.push(Failed::at("the stage", caught)?);
        }
        Ok(stage)
    }

    fn inside(&self, at: &Path) -> PathBuf {
        self.root.join(at.strip_prefix("/").unwrap_or(at))
    }

    fn place(&mut self, place: &Place, host: OwnedFd) -> Result<(), Failed> {
        let inside = self.inside(&place.at);
        let step = format!("showing {}", place.at.display());
        match &place.shown {
            Shown::Anew(face) => {
                if place.at != Path::new("/") {
                    Failed::at(&step, fs::create_dir(&inside))?;
                }
                Failed::at(&step, dress(&inside, *face, self.owners))
            }
            Shown::Link { target } => Failed::at(&step, symlink(target, &inside)),
            Shown::Copied => {
                let from = format!("/proc/self/fd/{}", host.as_raw_fd());
                let data = Failed::at(&step, fs::metadata(&from))?;
                Failed::at(&step, fs::copy(&from, &inside))?;
                if self.owners {
                    Failed::at(&step, chown(&inside, Some(data.uid()), Some(data.gid())))?;
                }
                Ok(())
            }
            Shown::Overlay(face) => {
                if fs::symlink_metadata(&inside).is_err() {
                    Failed::at(&step, fs::create_dir(&inside))?;
                }
                match self.overlay(&place.at, &inside, host.as_fd(), *face) {
                    Ok(()) => self.lowers.push(host),
                    Err(Failed(why)) => {
                        self.gaps.push(format!("{} cannot be changed inside: {why}", place.at.display()));
                        self.read_only(&step, &inside, &host)?;
                    }
                }
                Ok(())
            }
            Shown::ReadOnly => {
                if fs::symlink_metadata(&inside).is_err() {
                    let is_directory =
                        nix::sys::stat::fstat(&host).is_ok_and(|data| data.st_mode & libc::S_IFMT == libc::S_IFDIR);
                    let made = if is_directory { fs::create_dir(&inside) } else { fs::File::create(&inside).map(drop) };
                    Failed::at(&step, made)?;
                }
                self.read_only(&step, &inside, &host)
            }
        }
    }

    fn read_only(&self, step: &str, inside: &Path, host: &OwnedFd) -> Result<(), Failed> {
        let copy = Failed::at(step, tree::copy_of(host, Depth::Recursive))?;
        Failed::at(step, tree::change(&copy, Depth::Recursive, READ_ONLY, 0))?;
        Failed::at(step, open(inside).and_then(|target| tree::place(&copy, target)))
    }

    fn overlay(&mut self, at: &Path, inside: &Path, lower: impl AsFd, face: Face) -> Result<(), Failed> {
        let number = self.caught.len();
        let (upper, work) = (format!("{STAGE}/upper/{number}"), format!("{STAGE}/work/{number}"));
        Failed::at("overlay", fs::create_dir(&upper).and_then(|()| fs::create_dir(&work)))?;
        Failed::at("overlay", dress(Path::new(&upper), face, self.owners))?;
        let lower = format!("/proc/self/fd/{}", lower.as_fd().as_raw_fd());
        let options = format!("userxattr,lowerdir={lower},upperdir={upper},workdir={work}");
        let flags = MsFlags::empty();
        Failed::at("overlay", mount(Some("overlay"), inside, Some("overlay"), flags, Some(options.as_str())))?;
        let top = Top { mode: face.mode, foreign: face.foreign };
        self.caught.push(Caught::overlay(PathBuf::from(upper), PathBuf::from(lower), at.to_path_buf(), top));
        Ok(())
    }

    /// `/proc` and `/sys`, with nothing over them, so that a sandbox inside may mount its own. For root `/proc` is
    /// read-only as a whole: its settings are the host's. An ordinary user may not change them anyway.
    fn kernel(&mut self, sys: nix::Result<OwnedFd>) -> Result<(), Failed> {
        for name in ["proc", "sys"] {
            let _ = fs::create_dir(self.root.join(name));
        }
        let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        if self.owners {
            flags |= MsFlags::MS_RDONLY;
            self.gaps.push("/proc and /sys are read-only: no kernel setting and no id map can be written".into());
        } else {
            self.gaps.push("/sys is read-only".into());
        }
        let proc = self.root.join("proc");
        Failed::at("a /proc of its own", mount(Some("proc"), &proc, Some("proc"), flags, None::<&str>))?;
        match sys {
            Ok(sys) => {
                let step = "a read-only /sys";
                Failed::at(step, tree::change(&sys, Depth::Recursive, READ_ONLY, 0))?;
                let target = Failed::at(step, open(&self.root.join("sys")))?;
                Failed::at(step, tree::place(&sys, &target))
            }
            Err(errno) => {
                self.gaps.push(format!("/sys is not shown: {}", errno.desc()));
                Ok(())
            }
        }
    }

    fn dev(&mut self, top: &Path) -> Result<(), Failed> {
        let step = "a /dev of its own";
        let (dev, shown) = (top.join("dev"), self.root.join("dev"));
        let mode = |path: &Path, mode| Failed::at(step, fs::set_permissions(path, fs::Permissions::from_mode(mode)));
        mode(&dev, 0o755)?;
        Failed::at(step, fs::create_dir(&shown))?;
        for (name, target) in LINKS {
            Failed::at(step, symlink(target, dev.join(name)))?;
        }
        for name in ["pts", "shm"] {
            Failed::at(step, fs::create_dir(dev.join(name)))?;
        }
        mode(&dev.join("shm"), 0o1777)?;
        let nodes = NODES.iter().filter(|node| Path::new("/dev").join(node).exists()).collect::<Vec<_>>();
        for node in &nodes {
            Failed::at(step, fs::File::create(dev.join(node)))?;
        }
        // Nobody but root writes into a real /dev.
        mode(&dev, if self.owners { 0o755 } else { 0o555 })?;
        bind(&dev, &shown)?;
        for node in nodes {
            let host = Failed::at(step, open(&Path::new("/dev").join(node)))?;
            let copy = Failed::at(step, tree::copy_of(&host, Depth::Top))?;
            Failed::at(step, open(&shown.join(node)).and_then(|target| tree::place(&copy, target)))?;
        }
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        let options = Some("newinstance,ptmxmode=0666,mode=620");
        Failed::at(step, mount(Some("devpts"), &shown.join("pts"), Some("devpts"), flags, options))
    }

    /// The bait lies on the stage itself: renaming in it is as on a disk, which in an overlay it is not quite.
    fn bait(&mut self, top: &Path) -> Result<(), Failed> {
        let (laid, shown) = (top.join("bait"), self.inside(Path::new(bait::TOP)));
        Failed::at("the bait", bait::lay(&laid))?;
        Failed::at("the bait", fs::create_dir(&shown))?;
        bind(&laid, &shown)
    }
}

fn open(path: &Path) -> nix::Result<OwnedFd> {
    if path == Path::new("/") {
        return nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty());
    }
    nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())
}

fn bind(from: &Path, to: &Path) -> Result<(), Failed> {
    Failed::at("the stage", mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>))
}

/// Gives a directory the look of another; owners only where all ids are there to be given.
fn dress(path: &Path, face: Face, owners: bool) -> std::io::Result<()> {
    if owners {
        chown(path, Some(face.uid), Some(face.gid))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(face.mode))
}
