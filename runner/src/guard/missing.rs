//! Whether the file that an exec names is missing, as most are that a search of PATH tries.
//!
//! The answer to such a call is the same with and without a tracer, and ENOENT lets nothing run, so the process may change its
//! memory meanwhile as it likes. Whoever is not sure says no.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::fstatat;

use crate::sys::hearing::Call;
use crate::sys::trace;

/// Longest path that is looked at.
const LONGEST: usize = 4096;

/// How many paths are remembered.
const MOST: usize = 1024;

/// Looks for what execs name, and remembers where something was: there it is not worth looking again.
#[derive(Debug, Default)]
pub(super) struct Search {
    found: HashSet<Vec<u8>>,
}

impl Search {
    /// Whether this is `execve(2)` of a path from the root of the process where nothing is.
    pub(super) fn is_missing(&mut self, call: &Call) -> bool {
        let execve = call.native && call.asked.number == libc::SYS_execve;
        let Some(address) = call.asked.arguments.first().filter(|_| execve) else { return false };
        let Ok(path) = trace::text_at(call.thread, *address as usize, LONGEST) else { return false };
        if self.found.contains(&path) {
            return false;
        }
        let root = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC);
        let Ok(root) = openat2(AT_FDCWD, format!("/proc/{}/root", call.thread).as_str(), root) else { return false };
        let missing = leads_nowhere(&root, Path::new(OsStr::from_bytes(&path)));
        if !missing {
            if self.found.len() >= MOST {
                self.found.clear();
            }
            self.found.insert(path);
        }
        missing
    }
}

/// Whether the path leads to a directory below `root`, and on to a name that is not there.
fn leads_nowhere(root: &OwnedFd, path: &Path) -> bool {
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    // Names in these depend on who looks.
    if !path.is_absolute() || !plain || ["/proc", "/dev", "/sys"].iter().any(|top| path.starts_with(top)) {
        return false;
    }
    let at_once = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(root.as_fd(), path, at_once) {
        // No link was on the way.
        Err(Errno::ENOENT) => return true,
        Err(Errno::ELOOP) => {}
        _ => return false,
    }
    let mut from = path;
    while let (Some(above), Some(name)) = (from.parent(), from.file_name()) {
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT);
        match openat2(root.as_fd(), above, how) {
            Ok(above) => return fstatat(&above, name, AtFlags::AT_SYMLINK_NOFOLLOW) == Err(Errno::ENOENT),
            Err(Errno::ENOENT) => from = above,
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_not_there_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("usr/bin")).unwrap();
        std::fs::write(root.join("usr/bin/tool"), "").unwrap();
        std::os::unix::fs::symlink("/usr/bin", root.join("bin")).unwrap();
        std::os::unix::fs::symlink("/nowhere", root.join("usr/bin/dangling")).unwrap();
        std::os::unix::fs::symlink("/proc/self/nowhere", root.join("odd")).unwrap();
        let fd = OwnedFd::from(std::fs::File::open(root).unwrap());
        let missing = |path: &str| leads_nowhere(&fd, Path::new(path));
        for path in ["/usr/bin/none", "/bin/none", "/none/at/all", "/usr/none/tool"] {
            assert!(missing(path), "{path}");
        }
        // The root is that of the process, a link that leads nowhere is there, and who looks matters for some.
        for path in [
            "/usr/bin/tool",
            "/bin/tool",
            "/usr/bin/dangling",
            "/odd/tool",
            "tool",
            "none",
            "/usr/../none",
            "/proc/none",
            "/dev/fd/9",
            "",
        ] {
            assert!(!missing(path), "{path}");
        }
    }
}
