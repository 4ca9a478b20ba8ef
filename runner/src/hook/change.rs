//! A change of a file: made whole or not at all, and only if the file is still the one that was read.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::replace;

/// No file of hooks or settings is larger; in bytes.
const LARGEST: u64 = 16 << 20;

/// A file as it was read, and as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it is, links followed.
    pub file: PathBuf,
    /// What it held; nothing where there is none.
    pub before: Option<String>,
    /// What it is to hold; nothing where it is to go.
    pub after: Option<String>,
}

impl Change {
    /// Whether there is anything to do.
    #[must_use]
    pub fn any(&self) -> bool {
        self.before != self.after
    }

    /// Makes it so. The file is replaced by a new one beside it, so that nobody ever reads a half.
    ///
    /// # Errors
    /// The error of the write; one of its own when the file has changed since it was read. The file is as it was then.
    pub fn make(&self) -> io::Result<()> {
        if !self.any() {
            return Ok(());
        }
        if read(&self.file)? != self.before {
            return Err(io::Error::other("somebody has changed it meanwhile"));
        }
        let Some(text) = &self.after else { return fs::remove_file(&self.file) };
        let folder = self.file.parent().unwrap_or_else(|| Path::new("/"));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        replace::whole(&self.file, text)
    }
}

/// What a file holds; nothing where there is none.
///
/// # Errors
/// Any other error, and a file that is too large or no text.
pub fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::metadata(file) {
        Ok(facts) if !facts.is_file() => return Err(io::Error::other("it is no file")),
        Ok(facts) if facts.len() > LARGEST => return Err(io::Error::other("it is larger than 16 MiB")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(_) | Err(_) => {}
    }
    fs::read_to_string(file).map(Some)
}

/// A path with its links followed as far as it exists.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_rights_and_only_if_it_is_still_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.json");
        fs::write(&file, "old").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("rights");
        let change = Change { file: file.clone(), before: Some("old".into()), after: Some("new".into()) };
        change.make().expect("a change");
        assert_eq!(fs::read_to_string(&file).expect("a file"), "new");
        assert_eq!(fs::metadata(&file).expect("a file").mode() & 0o7777, 0o640);
        assert!(change.make().expect_err("changed").to_string().contains("meanwhile"));
        Change { file: file.clone(), before: Some("new".into()), after: None }.make().expect("a removal");
        assert!(!file.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left beside it");
    }
}
