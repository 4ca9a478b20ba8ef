//! Programs on the search path, and who could have put them there.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Every place on `PATH` with an executable of this name, links resolved, each once, in order.
#[must_use]
pub fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        let candidate = folder.join(name);
        let Ok(meta) = candidate.metadata() else { continue };
        let Ok(real) = candidate.canonicalize() else { continue };
        if meta.is_file() && meta.permissions().mode() & 0o111 != 0 && found.iter().all(|(_, known)| *known != real) {
            found.push((candidate, real));
        }
    }
    found.into_iter().map(|(candidate, _)| candidate).collect()
}

/// Whether only these users can have changed the file or any folder on the way to it.
///
/// # Errors
/// The first path that somebody else could have changed, with the reason.
pub fn only_writable_by(path: &Path, owners: &[u32]) -> Result<(), String> {
    let real = path.canonicalize().map_err(|error| format!("`{}`: {error}", path.display()))?;
    for part in real.ancestors() {
        let meta = part.symlink_metadata().map_err(|error| format!("`{}`: {error}", part.display()))?;
        if !owners.contains(&meta.uid()) {
            return Err(format!("`{}` belongs to uid {}", part.display(), meta.uid()));
        }
        if meta.mode() & 0o022 != 0 {
            return Err(format!("`{}` can be written by others than its owner", part.display()));
        }
    }
    Ok(())
}
