//! Finds what was caught: compares what the layers hold with what was there before.
//!
//! An overlay's upper directory holds exactly what was written: whiteouts (device 0:0) for what was removed, opaque
//! directories where one took the place of another, and copies of everything else (`Documentation/filesystems/overlayfs`).
//! A copy that equals its original is no effect.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::compare::effect::{Aspect, Effect, Kind};
use crate::mask::is_mask;
use crate::sys::attribute::short_attribute;

/// Effects listed in full; more are counted.
const MOST: usize = 2000;

/// One layer that catches writes.
#[derive(Debug)]
pub(super) struct Caught {
    dir: PathBuf,
    at: PathBuf,
    top: Top,
    before: Before,
}

/// The directory at the top of a layer, which is ours to make and so not quite as on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Top {
    /// Its mode before.
    pub(super) mode: u32,
    /// Whether on the host it belongs to another user, who alone could change it.
    pub(super) foreign: bool,
}

/// How the layer's content was before.
#[derive(Debug)]
enum Before {
    /// Empty, over this directory.
    Overlay { lower: PathBuf },
    /// This, by path below the top.
    Plain(BTreeMap<PathBuf, Entry>),
}

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    mode: u32,
    owner: (u32, u32),
    content: Vec<u8>,
}

/// The effects found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) effects: Vec<Effect>,
    pub(super) unlisted: u64,
    /// Where the containment gave way and the host would not have.
    pub(super) doubts: Vec<String>,
}

impl Found {
    fn push(&mut self, effect: Effect) {
        if self.effects.len() < MOST {
            self.effects.push(effect);
        } else {
            self.unlisted += 1;
        }
    }

    fn created(&mut self, at: &Path, kind: Kind) {
        self.push(Effect::Created { path: text(at), kind });
    }

    fn removed(&mut self, at: &Path, kind: Kind) {
        self.push(Effect::Removed { path: text(at), kind });
    }

    fn changed(&mut self, at: &Path, what: Vec<Aspect>) {
        if !what.is_empty() {
            self.push(Effect::Changed { path: text(at), what });
        }
    }
}

impl Caught {
    /// The upper directory of an overlay.
    pub(super) fn overlay(dir: PathBuf, lower: PathBuf, at: PathBuf, top: Top) -> Self {
        Self { dir, at, top, before: Before::Overlay { lower } }
    }

    /// A directory made anew, as it is now.
    pub(super) fn plain(dir: &Path, at: &Path, foreign: bool) -> std::io::Result<Self> {
        let mut entries = BTreeMap::new();
        record(dir, Path::new(""), &mut entries)?;
        let top = Top { mode: fs::symlink_metadata(dir)?.mode() & 0o7777, foreign };
        Ok(Self { dir: dir.into(), at: at.into(), top, before: Before::Plain(entries) })
    }

    /// Takes what is there now as how it was before: what palisade itself puts there is no effect.
    pub(super) fn again(&mut self) -> std::io::Result<()> {
        if let Before::Plain(entries) = &mut self.before {
            entries.clear();
            record(&self.dir, Path::new(""), entries)?;
        }
        Ok(())
    }

    /// Adds what was caught here.
    pub(super) fn collect(&self, found: &mut Found) {
        let changed = fs::symlink_metadata(&self.dir).is_ok_and(|data| data.mode() & 0o7777 != self.top.mode);
        if changed && self.top.foreign {
            found.doubts.push(format!(
                "the mode of {} was changed, which the host refuses: what follows from it could not happen there",
                self.at.display()
            ));
        } else if changed {
            found.changed(&self.at, vec![Aspect::Mode]);
        }
        match &self.before {
            Before::Overlay { lower } => upper(&self.dir, lower, &self.at, found, Merged::Yes),
            Before::Plain(before) => {
                let mut now = BTreeMap::new();
                if record(&self.dir, Path::new(""), &mut now).is_ok() {
                    compare(before, &now, &self.at, found);
                }
            }
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn kind_of(data: &Metadata) -> Kind {
    let kind = data.file_type();
    if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() {
        Kind::File
    } else if kind.is_symlink() {
        Kind::Link
    } else {
        Kind::Special
    }
}

fn is_whiteout(data: &Metadata) -> bool {
    data.file_type().is_char_device() && data.rdev() == 0
}

/// Whether a directory shows what lies below it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merged {
    Yes,
    /// It took the place of another, or lies in one that did.
    No,
}

/// One directory of an upper layer against the directory it lies over.
fn upper(dir: &Path, lower: &Path, at: &Path, found: &mut Found, merged: Merged) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    entries.sort();
    for name in entries {
        let (here, below, at) = (dir.join(&name), lower.join(&name), at.join(&name));
        let Ok(data) = fs::symlink_metadata(&here) else { continue };
        let before = fs::symlink_metadata(&below).ok();
        // A mask of palisade's, from inside or from a run on the host at the same time, is no effect of the command.
        if is_mask(&data) || before.as_ref().is_some_and(is_mask) {
            continue;
        }
        match before {
            Some(before) if is_whiteout(&data) => found.removed(&at, kind_of(&before)),
            None if is_whiteout(&data) => {}
            None => created(&here, &data, &at, found),
            Some(before) => {
                let kinds = (kind_of(&before), kind_of(&data));
                found.changed(&at, aspects(&here, &data, &below, &before));
                match kinds {
                    (Kind::Directory, Kind::Directory) => {
                        let opaque = short_attribute(&here, c"user.overlay.opaque").is_some_and(|value| value == b"y");
                        let merged = if opaque { Merged::No } else { merged };
                        if merged == Merged::No {
                            vanished(&here, &below, &at, found);
                        }
                        upper(&here, &below, &at, found, merged);
                    }
                    (_, Kind::Directory) => children_created(&here, &at, found),
                    _ => {}
                }
            }
        }
    }
}

/// What an opaque directory hides and does not hold itself.
fn vanished(here: &Path, below: &Path, at: &Path, found: &mut Found) {
    let Ok(entries) = fs::read_dir(below) else { return };
    for entry in entries.flatten() {
        if fs::symlink_metadata(here.join(entry.file_name())).is_err()
            && let Ok(before) = entry.metadata()
        {
            found.removed(&at.join(entry.file_name()), kind_of(&before));
        }
    }
}

fn created(here: &Path, data: &Metadata, at: &Path, found: &mut Found) {
    found.created(at, kind_of(data));
    if data.is_dir() {
        children_created(here, at, found);
    }
}

fn children_created(here: &Path, at: &Path, found: &mut Found) {
    let Ok(entries) = fs::read_dir(here) else { return };
    for entry in entries.flatten() {
        let Ok(data) = entry.metadata() else { continue };
        if !is_whiteout(&data) {
            created(&entry.path(), &data, &at.join(entry.file_name()), found);
        }
    }
}

/// In what two files differ.
fn aspects(here: &Path, data: &Metadata, below: &Path, before: &Metadata) -> Vec<Aspect> {
    if kind_of(data) != kind_of(before) {
        return vec![Aspect::Kind];
    }
    let mut what = Vec::new();
    let other_content = match kind_of(data) {
        Kind::File => !same_content(here, data, below, before),
        Kind::Link => fs::read_link(here).ok() != fs::read_link(below).ok(),
        Kind::Directory | Kind::Special => false,
    };
    if other_content {
        what.push(Aspect::Content);
    }
    if data.mode() & 0o7777 != before.mode() & 0o7777 && !data.is_symlink() {
        what.push(Aspect::Mode);
    }
    if (data.uid(), data.gid()) != (before.uid(), before.gid()) {
        what.push(Aspect::Owner);
    }
    what
}

/// Compares bytes; what cannot be read counts as changed.
fn same_content(one: &Path, one_data: &Metadata, other: &Path, other_data: &Metadata) -> bool {
    if one_data.len() != other_data.len() {
        return false;
    }
    let (Ok(mut one), Ok(mut other)) = (File::open(one), File::open(other)) else { return false };
    let mut buffers = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let Ok(length) = one.read(&mut buffers.0) else { return false };
        if length == 0 {
            return true;
        }
        let (Some(left), Some(right)) = (buffers.0.get(..length), buffers.1.get_mut(..length)) else { return false };
        if other.read_exact(right).is_err() || left != right {
            return false;
        }
    }
}

/// Lists a directory with everything below it. Small by construction before a command, bounded by the stage after.
fn record(top: &Path, below: &Path, entries: &mut BTreeMap<PathBuf, Entry>) -> std::io::Result<()> {
    for entry in fs::read_dir(top.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let data = entry.metadata()?;
        let content = match kind_of(&data) {
            Kind::File => digest(&entry.path()),
            Kind::Link => fs::read_link(entry.path())?.into_os_string().into_encoded_bytes(),
            Kind::Directory | Kind::Special => Vec::new(),
        };
        let entry =
            Entry { kind: kind_of(&data), mode: data.mode() & 0o7777, owner: (data.uid(), data.gid()), content };
        let directory = entry.kind == Kind::Directory;
        entries.insert(path.clone(), entry);
        if directory {
            record(top, &path, entries)?;
        }
    }
    Ok(())
}

/// A hash of a file's bytes; the same for all that cannot be read.
fn digest(path: &Path) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    if let Ok(mut file) = File::open(path) {
        while let Ok(length @ 1..) = file.read(&mut buffer) {
            hasher.update(buffer.get(..length).unwrap_or_default());
        }
    }
    hasher.finalize().as_bytes().to_vec()
}

/// Two listings of one directory.
fn compare(before: &BTreeMap<PathBuf, Entry>, now: &BTreeMap<PathBuf, Entry>, at: &Path, found: &mut Found) {
    for (path, entry) in now {
        match before.get(path) {
            None => found.created(&at.join(path), entry.kind),
            Some(old) if old.kind != entry.kind => found.changed(&at.join(path), vec![Aspect::Kind]),
            Some(old) => {
                let what = [
                    (old.content != entry.content, Aspect::Content),
                    (old.mode != entry.mode, Aspect::Mode),
                    (old.owner != entry.owner, Aspect::Owner),
                ];
                found.changed(&at.join(path), what.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect());
            }
        }
    }
    for (path, entry) in before {
        let parent_is_gone =
            path.parent().is_some_and(|parent| before.contains_key(parent) && !now.contains_key(parent));
        if !now.contains_key(path) && !parent_is_gone {
            found.removed(&at.join(path), entry.kind);
        }
    }
}

/// What was found by comparing a directory with how it was: for files that no layer catches.
pub(in crate::compare) fn snapshot(dir: &Path) -> std::io::Result<Snapshot> {
    Caught::plain(dir, dir, false).map(Snapshot)
}

/// A directory as it was.
#[derive(Debug)]
pub(in crate::compare) struct Snapshot(Caught);

impl Snapshot {
    /// What is different now, and how much more than is listed.
    pub(in crate::compare) fn effects(&self) -> (Vec<Effect>, u64) {
        let mut found = Found::default();
        self.0.collect(&mut found);
        (found.effects, found.unlisted)
    }
}
