//! Where palisade keeps what outlives a run: the state directory of the user, by the base directory rules of freedesktop.org.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

/// The state directory: below XDG_STATE_HOME, or below the home directory. Nothing where neither is set to an absolute path.
#[must_use]
pub fn directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    base.map(|base| base.join("palisade"))
}

/// Makes a directory, readable by its owner only, with all above it.
///
/// # Errors
/// The error of making it.
pub fn make(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A directory of one run, below the state directory. It goes when this does; one whose palisade was killed goes with the next.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    _lock: Flock<File>,
}

impl Held {
    /// Makes one whose name begins so, and removes those of the same name that nobody holds any more.
    ///
    /// # Errors
    /// The error of making it.
    pub fn new(top: &Path, name: &str) -> io::Result<Self> {
        make(top)?;
        sweep(top, name);
        for number in 0..1000_u32 {
            let path = top.join(format!("{name}-{}-{number}", std::process::id()));
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            // Another may sweep it between the two; then it is gone, or a third has made it anew, and the next number is tried.
            if let Some(lock) = lock(&path).filter(|lock| is_at(lock, &path)) {
                return Ok(Self { path, _lock: lock });
            }
        }
        Err(io::Error::other("no name is free"))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The lock of a directory, if nobody has it (`flock(2)`); the kernel gives it back whenever its holder ends.
fn lock(path: &Path) -> Option<Flock<File>> {
    Flock::lock(File::open(path).ok()?, FlockArg::LockExclusiveNonblock).ok()
}

/// Whether what is locked is what has this name now.
fn is_at(lock: &File, path: &Path) -> bool {
    let same = |held: Metadata, named: Metadata| (held.dev(), held.ino()) == (named.dev(), named.ino());
    lock.metadata().and_then(|held| Ok(same(held, path.symlink_metadata()?))).unwrap_or(false)
}

fn sweep(top: &Path, name: &str) {
    let begin = format!("{name}-");
    for entry in std::fs::read_dir(top).into_iter().flatten().flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(&begin) {
            continue;
        }
        // Held until it is gone: whoever has just made it could take it as theirs meanwhile.
        if let Some(_held) = lock(&path).filter(|lock| is_at(lock, &path)) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_have_each_one_of_their_own() {
        let top = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..6 {
                let top = top.path();
                scope.spawn(move || {
                    for _ in 0..200 {
                        let held = Held::new(top, "compare").unwrap();
                        let mine = held.path().join("mine");
                        std::fs::write(&mine, number.to_string()).unwrap();
                        std::thread::yield_now();
                        assert_eq!(std::fs::read_to_string(&mine).unwrap(), number.to_string());
                    }
                });
            }
        });
        assert_eq!(top.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn what_nobody_holds_is_swept_and_what_is_held_stays() {
        let top = tempfile::tempdir().unwrap();
        let left = top.path().join("compare-1-0");
        std::fs::create_dir(&left).unwrap();
        let first = Held::new(top.path(), "compare").unwrap();
        assert!(!left.exists());
        let second = Held::new(top.path(), "compare").unwrap();
        assert!(first.path().exists() && second.path() != first.path());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }
}
