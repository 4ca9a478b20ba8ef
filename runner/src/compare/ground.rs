//! The ground a containment stands on: every place of the host's file tree, and how it is shown inside.
//!
//! An overlay cannot be laid over a directory that has mounts of the host below it (a user namespace may not look behind
//! them), so such a directory, `/` first, is built anew: its links are copied and its directories overlaid one by one.
//! Surveyed once per run; a containment only carries it out.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;
use serde::{Deserialize, Serialize};

/// How a place is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shown", rename_all = "snake_case")]
pub enum Shown {
    /// Copy-on-write: reads come from the host, writes are caught.
    Overlay(Face),
    /// A directory made anew, because mounts lie below it.
    Anew(Face),
    /// A symbolic link made anew.
    Link {
        /// Where it leads.
        target: PathBuf,
    },
    /// A small file, copied.
    Copied,
    /// As it is, but read-only.
    ReadOnly,
}

/// What a directory looks like: only these can be said of the top of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// Its mode.
    pub mode: u32,
    /// Its owner, where it can be kept.
    pub uid: u32,
    /// Its group, where it can be kept.
    pub gid: u32,
    /// Whether it belongs to another user than the one who looks, and root is not looking.
    pub foreign: bool,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where.
    pub at: PathBuf,
    /// How it is shown.
    pub shown: Shown,
}

/// All places, outer before inner, and who looks at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The places.
    pub places: Vec<Place>,
    /// What is not as on the host.
    pub gaps: Vec<String>,
    /// The user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// File systems that show the kernel and hold no files.
const OF_THE_KERNEL: &[&str] = &[
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Places that are made in their own way.
pub const APART: &[&str] = &["/proc", "/sys", "/dev", "/demo"];

/// Files up to this size are copied where a directory is made anew.
const SMALL: u64 = 256 << 10;

/// How deep, and into how many directories, places are looked for that an ordinary user may write below ones it may not.
const DEPTH: usize = 3;
const DIRECTORIES: usize = 8192;

struct Mounted {
    path: PathBuf,
    read_only: bool,
    of_the_kernel: bool,
}

/// Looks at the host. `needed` are places that must be writable inside as they are outside: the workspace, a home.
#[must_use]
pub fn survey(needed: &[PathBuf]) -> Ground {
    let mut surveyor = Surveyor {
        mounts: mounts(),
        places: Vec::new(),
        gaps: Vec::new(),
        uid: nix::unistd::geteuid().as_raw(),
        gid: nix::unistd::getegid().as_raw(),
    };
    surveyor.directory(Path::new("/"));
    if surveyor.uid != 0 {
        surveyor.foreign(needed);
    }
    let Surveyor { places, gaps, uid, gid, .. } = surveyor;
    Ground { places, gaps, uid, gid }
}

/// The mounts as `proc(5)` lists them; of several at one place the last is seen.
fn mounts() -> Vec<Mounted> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut mounts: Vec<Mounted> = Vec::new();
    for line in text.lines() {
        let Some((place, about)) = line.split_once(" - ") else { continue };
        let mut fields = place.split(' ').skip(4);
        let (Some(path), Some(options)) = (fields.next(), fields.next()) else { continue };
        let path = PathBuf::from(unescape(path));
        let mut about = about.split(' ');
        let kind = about.next().unwrap_or_default();
        let super_options = about.nth(1).unwrap_or_default();
        let read_only = options.split(',').chain(super_options.split(',')).any(|option| option == "ro");
        mounts.retain(|other| other.path != path);
        mounts.push(Mounted { path, read_only, of_the_kernel: OF_THE_KERNEL.contains(&kind) });
    }
    mounts
}

/// Undoes the octal escapes of `proc(5)`.
fn unescape(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

struct Surveyor {
    mounts: Vec<Mounted>,
    places: Vec<Place>,
    gaps: Vec<String>,
    uid: u32,
    gid: u32,
}

impl Surveyor {
    fn push(&mut self, at: &Path, shown: Shown) {
        self.places.push(Place { at: at.to_path_buf(), shown });
    }

    fn directory(&mut self, at: &Path) {
        if APART.iter().any(|apart| at == Path::new(apart)) {
            return;
        }
        let Ok(data) = fs::symlink_metadata(at) else { return };
        let holder = self
            .mounts
            .iter()
            .filter(|mount| at.starts_with(&mount.path))
            .max_by_key(|mount| mount.path.components().count());
        if holder.is_some_and(|mount| mount.read_only || mount.of_the_kernel) && at != Path::new("/") {
            return self.push(at, Shown::ReadOnly);
        }
        let inner = |mount: &&Mounted| mount.path != at && mount.path.starts_with(at);
        if !self.mounts.iter().any(|mount| inner(&mount)) {
            let face = self.face(at, &data);
            return self.push(at, Shown::Overlay(face));
        }
        let face = self.face(at, &data);
        self.push(at, Shown::Anew(face));
        let mut entries: BTreeSet<PathBuf> = match fs::read_dir(at) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => {
                self.gaps.push(format!("what is in {} is not shown: {error}", at.display()));
                BTreeSet::new()
            }
        };
        // Leads to the mounts below stand even where they cannot be listed.
        let depth = at.components().count() + 1;
        entries.extend(
            self.mounts.iter().filter(inner).map(|mount| mount.path.components().take(depth).collect::<PathBuf>()),
        );
        for entry in entries {
            self.entry(&entry);
        }
    }

    fn entry(&mut self, at: &Path) {
        if at.to_str().is_none() {
            return self.gaps.push(format!("{} is not shown: its name is not UTF-8", at.display()));
        }
        let Ok(data) = fs::symlink_metadata(at) else { return };
        if data.is_dir() {
            self.directory(at);
        } else if data.is_symlink() {
            if let Ok(target) = fs::read_link(at) {
                self.push(at, Shown::Link { target });
            }
        } else if data.is_file() {
            let mounted = self.mounts.iter().any(|mount| mount.path == at);
            let changeable = self.uid == 0 || data.uid() == self.uid || allowed(at) & 0o2 != 0;
            if changeable && data.len() <= SMALL && !mounted && fs::File::open(at).is_ok() {
                return self.push(at, Shown::Copied);
            }
            if changeable {
                self.gaps.push(format!("{} cannot be changed inside", at.display()));
            }
            self.push(at, Shown::ReadOnly);
        }
    }

    /// What the top of an overlay shows. An ordinary user owns it inside whoever owns it outside, so its mode says what
    /// that user may do with it.
    fn face(&self, at: &Path, data: &Metadata) -> Face {
        let mode = data.permissions().mode() & 0o7777;
        let foreign = self.uid != 0 && data.uid() != self.uid;
        let mode = if foreign { (mode & !0o700) | allowed(at) << 6 } else { mode };
        Face { mode, uid: data.uid(), gid: data.gid(), foreign }
    }

    /// Overlays of their own for what an ordinary user may change below directories of other users: changing a file
    /// copies its parents first, and parents of other users cannot be copied.
    fn foreign(&mut self, needed: &[PathBuf]) {
        let mut found = BTreeSet::new();
        let mut budget = DIRECTORIES;
        let overlaid: Vec<PathBuf> = self
            .places
            .iter()
            .filter(|place| matches!(place.shown, Shown::Overlay(_)))
            .map(|place| place.at.clone())
            .collect();
        for top in &overlaid {
            self.search(top, DEPTH.saturating_sub(top.components().count() - 1), &mut budget, &mut found);
        }
        if budget == 0 {
            self.gaps.push(format!("only {DIRECTORIES} directories were searched for places that can be written"));
        }
        for path in needed {
            let Ok(path) = fs::canonicalize(path) else { continue };
            let mut steps: Vec<&Path> = path.ancestors().collect();
            steps.reverse();
            for step in steps {
                if self.needs_its_own(step) && overlaid.iter().any(|top| step != top && step.starts_with(top)) {
                    found.insert(step.to_path_buf());
                }
            }
        }
        for path in found {
            if let Ok(data) = fs::symlink_metadata(&path) {
                let face = self.face(&path, &data);
                self.push(&path, Shown::Overlay(face));
            }
        }
    }

    /// Whether an overlay must begin here: the parent is another user's, and this is ours or ours to write.
    fn needs_its_own(&self, at: &Path) -> bool {
        let (Ok(data), Some(parent)) = (fs::symlink_metadata(at), at.parent()) else { return false };
        let parent_is_ours = fs::symlink_metadata(parent).is_ok_and(|parent| parent.uid() == self.uid);
        let ours = data.uid() == self.uid;
        data.is_dir() && ((ours && !parent_is_ours) || (!ours && allowed(at) & 0o2 != 0))
    }

    fn search(&self, top: &Path, depth: usize, budget: &mut usize, found: &mut BTreeSet<PathBuf>) {
        if depth == 0 {
            return;
        }
        let Ok(entries) = fs::read_dir(top) else { return };
        for entry in entries.flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if *budget == 0 {
                return;
            }
            *budget -= 1;
            let path = entry.path();
            if path.to_str().is_some() && self.needs_its_own(&path) {
                found.insert(path.clone());
            }
            self.search(&path, depth - 1, budget, found);
        }
    }
}

/// What this user may do with a path, as the three lowest bits of a mode.
fn allowed(at: &Path) -> u32 {
    [(AccessFlags::R_OK, 4), (AccessFlags::W_OK, 2), (AccessFlags::X_OK, 1)]
        .iter()
        .filter(|(flag, _)| {
            nix::unistd::faccessat(nix::fcntl::AT_FDCWD, at, *flag, nix::fcntl::AtFlags::AT_EACCESS).is_ok()
        })
        .map(|(_, bit)| bit)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_built_anew_and_comes_first() {
        let ground = survey(&[]);
        let root = ground.places.first().unwrap();
        assert_eq!(root.at, Path::new("/"));
        assert!(matches!(root.shown, Shown::Anew(_)));
        assert!(ground.places.iter().all(|place| !APART.iter().any(|apart| place.at.starts_with(apart))));
        let usr = ground.places.iter().find(|place| place.at == Path::new("/usr")).unwrap();
        assert!(matches!(usr.shown, Shown::Overlay(_) | Shown::Anew(_) | Shown::ReadOnly));
    }
}
