//! Compiled rule sets, and other things that take time to work out, kept between runs. Losing the cache costs time and nothing else.
//!
//! An entry is named by everything it depends on, carries a checksum, and is used only from a directory that nobody else
//! can write and that lies where no sandboxed command may write: not below the working directory, not in a directory
//! for temporary files. The sandbox protects [`cache_dir`] on top. Anything odd means that there is no cache.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use policy::load::{Banned, Language};
use policy::ruleset::RuleSet;

/// No more entries than this are kept.
const MOST_ENTRIES: usize = 64;
/// So many are left when there are more: looking at all of them takes time, which not every new entry should take.
const LEFT_ENTRIES: usize = 48;
/// No larger entry is kept.
const LARGEST: usize = 64 << 20;
const HASH: usize = 32;

/// Where one compiled rule set, or another text, is or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    directory: PathBuf,
    name: String,
}

/// The directory of compiled rule sets, whether or not it exists or can be used: what a sandbox has to protect.
#[must_use]
pub fn cache_dir() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("palisade").join("rules"))
}

/// The entry for these files; `None` where one of them was not read or there is no usable directory.
#[must_use]
pub fn entry(files: &[policy::load::File], language: Language, banned: Banned) -> Option<Entry> {
    let name = name(files, language, banned)?;
    Some(Entry { directory: directory()?, name })
}

/// The entry for a text that depends on this and nothing else; `None` where there is no usable directory.
#[must_use]
pub fn text(depends_on: &str) -> Option<Entry> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"text");
    hasher.update(depends_on.as_bytes());
    Some(Entry { directory: directory()?, name: hasher.finalize().to_hex().to_string() })
}

fn directory() -> Option<PathBuf> {
    let cwd = std::env::current_dir().ok()?;
    usable(&cache_dir()?, &cwd, &temporary())
}

fn name(files: &[policy::load::File], language: Language, banned: Banned) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(concat!(env!("CARGO_PKG_VERSION"), " layout 5").as_bytes());
    part(format!("{language:?}").as_bytes());
    // What is refused or warned of is not kept, so what is kept is the same under both.
    part(if banned == Banned::Ignore { b"as in Codex" } else { b"without banned rules" });
    for file in files {
        part(file.name.as_bytes());
        part(file.text.as_ref().ok()?.as_bytes());
    }
    Some(hasher.finalize().to_hex().to_string())
}

fn temporary() -> Vec<PathBuf> {
    let named = std::env::var_os("TMPDIR").map(PathBuf::from);
    ["/tmp", "/var/tmp", "/dev/shm"].into_iter().map(PathBuf::from).chain(named).collect()
}

/// The directory with every link resolved, made if need be, when nobody else can write it or replace it.
fn usable(directory: &Path, cwd: &Path, temporary: &[PathBuf]) -> Option<PathBuf> {
    let me = nix::unistd::geteuid().as_raw();
    let directory = match fs::canonicalize(directory) {
        Ok(found) => found,
        Err(_) => {
            // Judge the place before making anything in it.
            let existing = directory.ancestors().skip(1).find_map(|parent| fs::canonicalize(parent).ok())?;
            placed_well(&existing, cwd, temporary).then_some(())?;
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).ok()?;
            fs::canonicalize(directory).ok()?
        }
    };
    placed_well(&directory, cwd, temporary).then_some(())?;
    let about = fs::symlink_metadata(&directory).ok()?;
    let ours = about.is_dir() && about.uid() == me && about.mode() & 0o077 == 0;
    let unmoved = directory.ancestors().skip(1).all(|parent| {
        fs::symlink_metadata(parent).is_ok_and(|about| {
            let others_write = about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0;
            (about.uid() == me || about.uid() == 0) && !others_write
        })
    });
    (ours && unmoved).then_some(directory)
}

fn placed_well(directory: &Path, cwd: &Path, temporary: &[PathBuf]) -> bool {
    let below = |place: &Path| {
        directory.starts_with(place) || fs::canonicalize(place).is_ok_and(|place| directory.starts_with(place))
    };
    // A shell started in `/` is below nothing in particular.
    (cwd == Path::new("/") || !below(cwd)) && !temporary.iter().any(|place| below(place))
}

impl Entry {
    /// The rule set it holds, if it holds one that is whole and ours.
    #[must_use]
    pub fn read(&self) -> Option<RuleSet> {
        postcard::from_bytes(self.whole()?.get(HASH..)?).ok()
    }

    /// The text it holds, under the same conditions.
    #[must_use]
    pub fn read_text(&self) -> Option<String> {
        String::from_utf8(self.whole()?.split_off(HASH)).ok()
    }

    /// What it holds, its checksum in front.
    fn whole(&self) -> Option<Vec<u8>> {
        let me = nix::unistd::geteuid().as_raw();
        let path = self.directory.join(&self.name);
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path).ok()?;
        let about = file.metadata().ok()?;
        let ours = about.is_file() && about.uid() == me && about.mode() & 0o022 == 0;
        let size = usize::try_from(about.len()).ok().filter(|size| *size <= LARGEST)?;
        ours.then_some(())?;
        let mut bytes = Vec::with_capacity(size + 1);
        file.read_to_end(&mut bytes).ok()?;
        let (sum, body) = bytes.split_at_checked(HASH)?;
        let whole = self.sum(body) == sum;
        whole.then_some(bytes)
    }

    /// Keeps a rule set, and drops the oldest entries when there are too many. A failure is no loss.
    pub fn write(&self, rules: &RuleSet) {
        if let Ok(body) = postcard::to_allocvec(rules) {
            self.put(&body);
        }
    }

    /// Keeps a text, as [`Self::write`] does.
    pub fn write_text(&self, text: &str) {
        self.put(text.as_bytes());
    }

    fn put(&self, body: &[u8]) {
        if body.len() + HASH > LARGEST {
            return;
        }
        let temporary = self.directory.join(format!(".{}.{}", self.name, std::process::id()));
        let whole = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&temporary)
            .and_then(|mut file: File| {
                file.write_all(&self.sum(body))?;
                file.write_all(body)
            });
        let kept = whole.and_then(|()| fs::rename(&temporary, self.directory.join(&self.name)));
        if kept.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        self.evict();
    }

    /// The checksum also covers the name, so that an entry under another's name is not whole.
    fn sum(&self, body: &[u8]) -> [u8; HASH] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name.as_bytes());
        hasher.update(body);
        *hasher.finalize().as_bytes()
    }

    fn evict(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let entries: Vec<_> = entries.flatten().collect();
        if entries.len() <= MOST_ENTRIES {
            return;
        }
        let mut entries: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        entries.sort();
        let surplus = entries.len().saturating_sub(LEFT_ENTRIES);
        for (_, path) in entries.iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests;
