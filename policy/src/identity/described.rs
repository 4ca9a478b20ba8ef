//! A file system written down.

use std::collections::BTreeMap;

use super::walk::compared;
use super::{Case, Entry, Files};

/// A file system as a value: what is not in it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    case: Case,
    entries: BTreeMap<String, Entry>,
}

impl Tree {
    /// An empty one.
    #[must_use]
    pub fn new(case: Case) -> Self {
        Self { case, entries: BTreeMap::new() }
    }

    /// The same with an executable file.
    #[must_use]
    pub fn program(self, path: &str) -> Self {
        self.with(path, Entry::File { executable: true })
    }

    /// The same with a file that is not executable.
    #[must_use]
    pub fn file(self, path: &str) -> Self {
        self.with(path, Entry::File { executable: false })
    }

    /// The same with a directory.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.with(path, Entry::Directory)
    }

    /// The same with a symbolic link.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.with(path, Entry::Link(target.to_owned()))
    }

    /// Puts an entry under an absolute path without links, and the directories above it where they are missing.
    fn with(mut self, path: &str, entry: Entry) -> Self {
        let path = compared(path.trim_end_matches('/'), self.case);
        for (at, _) in path.match_indices('/').skip(1) {
            if let Some(above) = path.get(..at) {
                self.entries.entry(above.to_owned()).or_insert(Entry::Directory);
            }
        }
        self.entries.insert(path, entry);
        self
    }

    /// The path without links of what lies under a path, and what that is; the last link is not followed.
    fn find(&self, path: &str, depth: usize) -> Option<(String, Entry)> {
        let mut at = String::new();
        let mut entry = Entry::Directory;
        for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
            while let Entry::Link(target) = &entry {
                let above = at.rfind('/').and_then(|end| at.get(..end)).unwrap_or("");
                let whole = if target.starts_with('/') { target.clone() } else { format!("{above}/{target}") };
                (at, entry) = if depth < 40 { self.find(&whole, depth + 1)? } else { return None };
            }
            if entry != Entry::Directory {
                return None;
            }
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            at = format!("{at}/{}", compared(part, self.case));
            entry = self.entries.get(&at)?.clone();
        }
        Some((at, entry))
    }
}

impl Files for Tree {
    fn look(&self, path: &str) -> Entry {
        self.find(path, 0).map_or(Entry::Missing, |(_, entry)| entry)
    }
}
