//! The attempts on files that take more than one call, or one that needs preparing.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, SFlag, UtimensatFlags, mknod, utimensat};
use nix::sys::time::TimeSpec;
use nix::unistd::{linkat, mkfifo};

use super::super::Scene;
use super::super::attempt::{Attempt, Setup, Step, Stop, append, terminated, worked};
use crate::sys::probe_calls::files;

const OWNER_ONLY: Mode = Mode::from_bits_truncate(0o600);

pub(super) fn exchange(scene: &Scene) -> Attempt {
    let (inside, outside) = (scene.at("ws/FW-10"), scene.at("out/FW-10"));
    files::exchange(&terminated(&inside)?, &terminated(&outside)?)?;
    worked()
}

pub(super) fn chmod(scene: &Scene) -> Attempt {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(scene.at("out/FW-13"), std::fs::Permissions::from_mode(0o600))?;
    worked()
}

pub(super) fn set_times(scene: &Scene) -> Attempt {
    let then = TimeSpec::new(1_000_000_000, 0);
    utimensat(AT_FDCWD, &scene.at("out/FW-15"), &then, &then, UtimensatFlags::NoFollowSymlink)?;
    worked()
}

pub(super) fn set_attribute(scene: &Scene) -> Attempt {
    files::setxattr(&terminated(&scene.at("out/FW-16"))?, c"user.palisade", b"probe")?;
    worked()
}

pub(super) fn set_flags(scene: &Scene) -> Attempt {
    let file = opened(&scene.at("out/FW-17"), OFlag::O_RDONLY)?;
    files::set_flags_nodump(&file)?;
    worked()
}

pub(super) fn chmod_by_new_number(scene: &Scene) -> Attempt {
    files::fchmodat2(&terminated(&scene.at("out/FW-18"))?, 0o600)?;
    worked()
}

pub(super) fn set_attribute_by_new_number(scene: &Scene) -> Attempt {
    files::setxattrat(&terminated(&scene.at("out/FW-19"))?, c"user.palisade", b"probe")?;
    worked()
}

pub(super) fn set_flags_by_new_number(scene: &Scene) -> Attempt {
    files::file_setattr_nodump(&terminated(&scene.at("out/FW-20"))?)?;
    worked()
}

pub(super) fn link_and_write(outside: &Path, inside: &Path) -> Attempt {
    std::fs::hard_link(outside, inside)?;
    append(inside)
}

pub(super) fn link_by_descriptor(scene: &Scene) -> Attempt {
    let file = files::only_named(&scene.at("out/FW-23")).setup("no descriptor that only names it")?;
    let door = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(AT_FDCWD, door.as_str(), AT_FDCWD, &scene.at("ws/FW-23.link"), AtFlags::AT_SYMLINK_FOLLOW)?;
    worked()
}

pub(super) fn climb(scene: &Scene) -> Attempt {
    let workspace = opened(&scene.at("ws"), OFlag::O_DIRECTORY)?;
    openat(&workspace, "../out/FW-27.new", OFlag::O_CREAT | OFlag::O_WRONLY, OWNER_ONLY)?;
    worked()
}

pub(super) fn make_pipe(scene: &Scene) -> Attempt {
    mkfifo(&scene.at("out/FW-28.new"), OWNER_ONLY)?;
    worked()
}

pub(super) fn nameless(scene: &Scene) -> Attempt {
    let file = files::nameless(&scene.at("out")).step("O_TMPFILE")?;
    let door = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(AT_FDCWD, door.as_str(), AT_FDCWD, &scene.at("out/FW-29.new"), AtFlags::AT_SYMLINK_FOLLOW).step("linkat")?;
    worked()
}

pub(super) fn reopen(scene: &Scene) -> Attempt {
    let file = opened(&scene.at("out/FW-30"), OFlag::O_RDONLY)?;
    let door = format!("/proc/self/fd/{}", file.as_raw_fd());
    append(door.as_ref())
}

pub(super) fn allocate(scene: &Scene) -> Attempt {
    let file = open(&scene.at("out/FW-31"), OFlag::O_WRONLY, Mode::empty()).step("open")?;
    files::allocate(&file, 8192).step("fallocate")?;
    worked()
}

pub(super) fn punch(scene: &Scene) -> Attempt {
    let file = open(&scene.at("out/FW-32"), OFlag::O_RDWR, Mode::empty()).step("open")?;
    files::punch(&file, 8).step("fallocate")?;
    worked()
}

pub(super) fn map(scene: &Scene) -> Attempt {
    let file = opened(&scene.at("out/FW-33"), OFlag::O_RDONLY)?;
    match files::make_map_writable(&file, b'!') {
        Ok(()) => worked(),
        Err(Ok(errno)) => Err(Stop::Skip(format!("mmap for reading: {errno}"))),
        Err(Err(errno)) => Err(errno.into()),
    }
}

pub(super) fn by_handle(scene: &Scene) -> Attempt {
    let path = scene.at("out/FW-34");
    let mount = opened(&scene.at("out"), OFlag::O_DIRECTORY)?;
    let mut handle = match files::name_to_handle(&terminated(&path)?) {
        Err(Errno::EOPNOTSUPP) => return Err(Stop::Skip("this file system has no handles".to_owned())),
        handle => handle.step("name_to_handle_at")?,
    };
    let file = files::open_by_handle(&mount, &mut handle, libc::O_WRONLY).step("open_by_handle_at")?;
    File::from(file).write_all(b"by handle")?;
    worked()
}

pub(super) fn whiteout(scene: &Scene) -> Attempt {
    mknod(&scene.at("ws/FW-44"), SFlag::S_IFCHR, OWNER_ONLY, 0)?;
    worked()
}

/// Opens what the attempt needs before it can begin.
fn opened(path: &Path, flags: OFlag) -> Result<OwnedFd, Stop> {
    open(path, flags | OFlag::O_CLOEXEC, Mode::empty()).setup(&format!("open {}", path.display()))
}
