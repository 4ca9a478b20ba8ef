//! Where palisade keeps what outlives a run: the state directory of the user, by the base directory rules of freedesktop.org.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

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
pub fn make(path: &std::path::Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
