//! Which program a word would start, from a description of the surroundings: search of PATH, links, case.
//!
//! The file system is a value behind [`Files`], so that nothing here touches a disk; the runner implements it over the real
//! one. What comes out is data for the judge ([`Identity`]), which looks nothing up. Two uses, two standards: every name the
//! way to the file passes is known to restrictive rules, and whatever a command in the sandbox could have put there, or
//! what two systems would read in two ways, is marked so that no allowing rule trusts it.

use crate::pattern::canonical;
use crate::request::{Identity, absolute, last_component};

mod described;
mod walk;

pub use described::Tree;
use walk::{LONGEST_NAME, LONGEST_PATH, Walk};

/// The directories that are searched where `PATH` is unset; a sandbox is given the same ones.
pub const DEFAULT_PATH: &str = "/usr/bin:/bin";

/// What lies under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing that can be reached.
    Missing,
    /// A directory.
    Directory,
    /// A file of any other kind.
    File {
        /// Whether anyone may execute it.
        executable: bool,
    },
    /// A symbolic link, with the text in it.
    Link(String),
}

/// A file system to look at.
pub trait Files {
    /// What lies under an absolute path, as `lstat(2)` sees it: links on the way are followed, the last one is not.
    fn look(&self, path: &str) -> Entry;
}

/// Whether names that differ in case only are the same file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// They are not.
    #[default]
    Exact,
    /// They are, as macOS has it.
    Folds,
}

/// Where a command would be started.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The text of `PATH`; `None` where it is unset.
    pub path: Option<&'a str>,
    /// The working directory, absolute.
    pub cwd: &'a str,
    /// The home directory.
    pub home: Option<&'a str>,
    /// The directory that commands in the sandbox may write to, without links in it; the working directory where it is
    /// `None`. A workspace that is all of `/` tells nothing apart and counts as none.
    pub workspace: Option<&'a str>,
    /// What is on disk.
    pub files: &'a dyn Files,
    /// How the file system compares names.
    pub case: Case,
}

/// The facts about the program `word` would start; `None` for what no system starts (no text, a NUL in it).
#[must_use]
pub fn identify(word: &str, around: &Surroundings<'_>) -> Option<Identity> {
    if word.is_empty() || word.contains('\0') {
        return None;
    }
    let mut known = Identity { case_folds: around.case == Case::Folds, ..Identity::default() };
    let found = last_component(word).and_then(|name| search(name, around));
    if let Some(found) = &found {
        known.through_relative_path = found.relative;
        known.lookup = Some(absolute(&found.path, around.cwd));
    }
    let start = if word.contains('/') { Some(word) } else { found.as_ref().map(|found| found.path.as_str()) };
    if let Some(start) = start {
        known.resolved = Some(absolute(start, around.cwd));
        let mut walk = Walk::new(around);
        known.real = walk.file_at(start).map(|file| file.path);
        known.changeable = walk.changeable;
        // `/bin/git` and `/usr/bin/git` are one entry where `/bin` is a link; the word's spelling must be the plain one.
        if let Some(found) = found.as_ref().filter(|_| word.contains('/') && known.lookup.as_deref() != Some(word)) {
            let mut other = Walk::new(around);
            let same = walk.entry.as_deref() == Some(word)
                && other.file_at(&found.path).is_some()
                && other.entry == walk.entry
                && !other.changeable;
            if same {
                known.lookup = Some(word.to_owned());
            }
        }
        note(&mut known, walk.links);
    }
    if let Some(path) = at_home(word, around.home) {
        let mut walk = Walk::new(around);
        let real = walk.file_at(&path).map(|file| file.path);
        note(&mut known, std::iter::once(absolute(&path, around.cwd)).chain(walk.links).chain(real));
    }
    other_spellings(&mut known, around);
    if known.case_folds {
        fold(&mut known, word);
    }
    Some(known)
}

/// A file that the search of PATH gives.
struct Searched {
    path: String,
    /// Whether the working directory, or who expands `~`, had a say in it.
    relative: bool,
}

/// The first executable file of that name, as `execvp(3)` and shells find it: an empty entry is the working directory; a
/// directory, a file nobody may execute, a link that leads nowhere and a path that is too long are passed over.
fn search(name: &str, around: &Surroundings<'_>) -> Option<Searched> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let starts = |directory: &str, relative: bool| {
        let path = match directory {
            "" => format!("{}/{name}", around.cwd),
            _ if directory.starts_with('/') => format!("{directory}/{name}"),
            _ => format!("{}/{directory}/{name}", around.cwd),
        };
        let walked = || Walk::new(around).file_at(&path).is_some_and(|file| file.executable);
        let executable = match path.len() {
            length if length > LONGEST_PATH => false,
            // Its links are not asked for, see `walk`.
            _ if path.contains("/proc/") => walked(),
            _ => match around.files.look(&path) {
                Entry::Missing | Entry::Directory => false,
                Entry::File { executable } => executable,
                Entry::Link(_) => walked(),
            },
        };
        executable.then_some(Searched { path, relative })
    };
    around.path.unwrap_or(DEFAULT_PATH).split(':').find_map(|entry| {
        starts(entry, !entry.starts_with('/'))
            // bash expands a tilde that stands in PATH, execvp does not.
            .or_else(|| at_home(entry, around.home).and_then(|directory| starts(&directory, true)))
    })
}

/// The path a shell makes of `~` and `~/below`.
fn at_home(word: &str, home: Option<&str>) -> Option<String> {
    let below = word.strip_prefix('~').filter(|below| below.is_empty() || below.starts_with('/'))?;
    Some(format!("{}{below}", home.filter(|home| !home.is_empty())?))
}

/// Notes paths and their last components as further names.
fn note(known: &mut Identity, paths: impl IntoIterator<Item = String>) {
    for path in paths {
        let told = [known.resolved.as_deref(), known.real.as_deref()];
        if told.contains(&Some(path.as_str())) || known.also.contains(&path) {
            continue;
        }
        let told = told.map(|path| path.and_then(last_component));
        let new = |name: &&str| !told.contains(&Some(*name)) && !known.also.iter().any(|noted| noted == name);
        if let Some(name) = last_component(&path).filter(new) {
            known.also.push(name.to_owned());
        }
        known.also.push(path);
    }
}

/// Notes the names under which links to whole directories of programs show the same file (`/bin` is `/usr/bin`), so that a
/// rule for either path reaches it.
fn other_spellings(known: &mut Identity, around: &Surroundings<'_>) {
    let Some((directory, name)) = known.real.as_deref().and_then(|real| real.rsplit_once('/')) else { return };
    if !matches!(directory, "/usr/bin" | "/usr/sbin") {
        return;
    }
    let leads_here = |link: &&str| match around.files.look(link) {
        Entry::Link(target) => absolute(&target, link.rsplit_once('/').map_or("/", |(above, _)| above)) == directory,
        _ => false,
    };
    let paths: Vec<String> = ["/bin", "/sbin", "/usr/sbin"]
        .iter()
        .filter(|link| leads_here(link))
        .map(|link| format!("{link}/{name}"))
        .collect();
    note(known, paths);
}

/// Notes every name once more as a file system without case sees it.
fn fold(known: &mut Identity, word: &str) {
    let mut names: Vec<String> = vec![word.to_owned()];
    names.extend(last_component(word).map(str::to_owned));
    for path in [&known.resolved, &known.real].into_iter().flatten() {
        names.push(path.clone());
        names.extend(last_component(path).map(str::to_owned));
    }
    names.extend(known.also.iter().cloned());
    for name in names {
        let folded = canonical(&name);
        if folded != name && !known.also.iter().any(|noted| *noted == folded) {
            known.also.push(folded.into_owned());
        }
    }
}

#[cfg(test)]
mod tests;
