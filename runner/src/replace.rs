//! A file gets another text: as a whole or not at all, under its own mode and owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// Replaces the text of a file that is there. A link stays a link; what it points to is replaced.
///
/// # Errors
/// What keeps the new text from being written; the old one is then still there.
pub fn text(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    // A file that may not be written is not replaced, though its directory would let us.
    OpenOptions::new().write(true).open(&path)?;
    whole(&path, text)
}

/// Gives a path this text: as a new file that only its owner reads, or in place of the one that is there. No link is followed.
///
/// # Errors
/// As [`text`].
pub fn whole(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.palisade-{}", std::process::id()));
    let written = write(path, &beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The new name is on the disk when its folder is; one that cannot be read is left to the system.
    File::open(path.parent().unwrap_or_else(|| Path::new("/"))).map_or(Ok(()), |folder| folder.sync_all())
}

fn write(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(path) {
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
    }
    file.sync_all()
}
