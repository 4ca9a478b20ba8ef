//! What changed on disk while Codex ran, seen from outside: names, modes, sizes and times below a folder, looked at again when a command
//! begins and when it ends.
//!
//! A change is a command's where it alone ran between two looks. Whatever else is found belongs to no single one: the
//! events leave commands out, several may run at once, and looking takes time of which a run gets only a small part.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::event::Phase;

/// No folder is looked into deeper than this.
const DEPTH: usize = 24;
/// A folder with more in it is not looked at again and again.
const MOST: usize = 20_000;
/// A look may take this part of the time that has passed.
const SHARE: u32 = 20;
/// How many changes of a run are kept.
const KEPT: usize = 2_000;
/// After so many beginnings and ends one looks only once more, at the end: a stream may go on for ever.
const ITEMS: u32 = 10_000;

/// What there is: each file with what changes when it does.
pub type Seen = BTreeMap<String, (u32, u64, i64, i64)>;

/// Takes a file in; whether it is a folder.
pub fn note(path: &Path, name: &str, seen: &mut Seen) -> bool {
    let Ok(facts) = std::fs::symlink_metadata(path) else { return false };
    // A folder changes when something in it does; that is told by itself.
    let (length, time) = if facts.is_dir() { (0, (0, 0)) } else { (facts.len(), (facts.mtime(), facts.mtime_nsec())) };
    seen.insert(name.to_owned(), (facts.mode(), length, time.0, time.1));
    facts.is_dir()
}

/// Takes in a folder with all that is in it, as long as it is not too much.
pub fn walk(path: &Path, name: &str, seen: &mut Seen) {
    below(path, name, 0, seen);
}

fn below(path: &Path, name: &str, depth: usize, seen: &mut Seen) {
    if !note(path, name, seen) || depth > DEPTH || seen.len() > MOST {
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        below(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), depth + 1, seen);
    }
}

/// What Codex leaves by itself: empty, and nobody asked for it.
const OWN: &[&str] = &["workspace/.codex", "workspace/.agents", "workspace/.aws"];

/// What has changed, in words. A folder that is new stands for what is in it.
#[must_use]
pub fn effects(before: &Seen, after: &Seen) -> Vec<String> {
    let mut effects = Vec::new();
    let new = |name: &str| !before.contains_key(name) && after.contains_key(name);
    // A folder of Codex's own comes and goes as it likes, while nothing is in it.
    let own = |name: &String, all: &Seen| {
        OWN.contains(&name.as_str()) && !all.keys().any(|other| other.starts_with(&format!("{name}/")))
    };
    let parent = |name: &str| name.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
    for (name, facts) in after {
        match before.get(name) {
            Some(was) if was == facts => {}
            Some(_) => effects.push(format!("changing {name}")),
            // git makes these by the dozen, and they say nothing more.
            None if name.starts_with("workspace/.git/objects/") => {}
            None if new(&parent(name)) && name.matches('/').count() > 2 => {}
            None if own(name, after) => {}
            None => effects.push(format!("creating {name}")),
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        if after.contains_key(&parent(name)) && !own(name, before) {
            effects.push(format!("removing {name}"));
        }
    }
    effects
}

/// A workspace that is watched while a run goes on.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    seen: Seen,
    looked: Instant,
    cost: Duration,
    items: u32,
    /// Commands that run, and since when.
    open: BTreeMap<String, Instant>,
    /// The command that has been alone since one looked at its beginning.
    alone: Option<String>,
    changed: Changed,
}

/// What was seen of a run from outside.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// By the item of the events that did it.
    pub by_item: BTreeMap<String, Vec<String>>,
    /// How long each item took, by the clock of who watches.
    pub milliseconds: BTreeMap<String, u64>,
    /// What belongs to no single one.
    pub besides: Vec<String>,
    /// Why it is not all that changed.
    pub gap: Option<String>,
    kept: usize,
}

impl Watch {
    /// Looks for the first time.
    #[must_use]
    pub fn begin(folder: &Path) -> Self {
        let mut watch = Self {
            folder: folder.to_owned(),
            seen: Seen::new(),
            looked: Instant::now(),
            cost: Duration::ZERO,
            items: 0,
            open: BTreeMap::new(),
            alone: None,
            changed: Changed::default(),
        };
        let _ = watch.look();
        watch
    }

    /// A command, or a patch, begins or ends.
    pub fn item(&mut self, phase: Phase, id: &str) {
        if self.changed.gap.is_some() || self.items >= ITEMS || phase == Phase::Updated {
            return;
        }
        self.items += 1;
        let found = (self.looked.elapsed() >= self.cost * SHARE).then(|| self.look());
        let looked = found.is_some();
        let found = found.unwrap_or_default();
        if phase == Phase::Started {
            self.keep(None, found);
            self.alone = (looked && self.open.is_empty()).then(|| id.to_owned());
            self.open.insert(id.to_owned(), Instant::now());
        } else {
            let whose = self.alone.take().filter(|alone| alone == id);
            self.keep(whose.as_deref(), found);
            if let Some(begun) = self.open.remove(id) {
                let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.changed.milliseconds.insert(id.to_owned(), took);
            }
        }
    }

    /// Looks for the last time.
    #[must_use]
    pub fn end(mut self) -> Changed {
        if self.changed.gap.is_none() {
            let found = self.look();
            self.keep(None, found);
        }
        self.changed
    }

    fn keep(&mut self, item: Option<&str>, mut found: Vec<String>) {
        if self.changed.kept + found.len() > KEPT {
            found.truncate(KEPT.saturating_sub(self.changed.kept));
            self.changed.gap = Some(format!("more than {KEPT} changes"));
        }
        self.changed.kept += found.len();
        match item {
            Some(item) if !found.is_empty() => self.changed.by_item.entry(item.to_owned()).or_default().extend(found),
            _ => self.changed.besides.extend(found),
        }
    }

    /// What has changed since one looked last.
    fn look(&mut self) -> Vec<String> {
        let began = Instant::now();
        let mut now = Seen::new();
        walk(&self.folder, "workspace", &mut now);
        if now.len() > MOST {
            self.changed.gap = Some(format!("the workspace has more than {MOST} files"));
            return Vec::new();
        }
        let found = if self.seen.is_empty() { Vec::new() } else { effects(&self.seen, &now) };
        self.seen = now;
        self.looked = Instant::now();
        self.cost = began.elapsed();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched() -> (tempfile::TempDir, Watch) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("old"), "x").expect("a file");
        let mut watch = Watch::begin(folder.path());
        // The machine may be slow at any moment; what is asked here is not how often one looks.
        watch.cost = Duration::ZERO;
        (folder, watch)
    }

    fn item(watch: &mut Watch, phase: Phase, id: &str) {
        watch.item(phase, id);
        watch.cost = Duration::ZERO;
    }

    #[test]
    fn a_change_is_of_the_command_that_alone_ran() {
        let (folder, mut watch) = watched();
        let write = |name: &str| std::fs::write(folder.path().join(name), "yy").expect("a file");
        write("between");
        item(&mut watch, Phase::Started, "one");
        write("old");
        item(&mut watch, Phase::Completed, "one");
        item(&mut watch, Phase::Started, "two");
        item(&mut watch, Phase::Started, "three");
        write("of either");
        item(&mut watch, Phase::Completed, "two");
        std::fs::remove_file(folder.path().join("old")).expect("removed");
        item(&mut watch, Phase::Completed, "three");
        item(&mut watch, Phase::Completed, "never begun");
        write("at the end");
        let changed = watch.end();
        let one = BTreeMap::from([("one".to_owned(), vec!["changing workspace/old".to_owned()])]);
        assert_eq!((changed.by_item, changed.gap), (one, None));
        assert_eq!(changed.milliseconds.keys().collect::<Vec<_>>(), ["one", "three", "two"]);
        assert_eq!(
            changed.besides,
            [
                "creating workspace/between",
                "creating workspace/of either",
                "removing workspace/old",
                "creating workspace/at the end"
            ]
        );
    }

    #[test]
    fn what_codex_leaves_by_itself_is_no_effect_until_there_is_something_in_it() {
        let (folder, mut watch) = watched();
        let own = folder.path().join(".codex");
        std::fs::create_dir(&own).expect("made");
        item(&mut watch, Phase::Started, "one");
        std::fs::remove_dir(&own).expect("removed");
        item(&mut watch, Phase::Completed, "one");
        item(&mut watch, Phase::Started, "two");
        std::fs::create_dir(&own).and_then(|()| std::fs::write(own.join("config.toml"), "x")).expect("made");
        item(&mut watch, Phase::Completed, "two");
        let changed = watch.end();
        assert_eq!(changed.by_item.keys().collect::<Vec<_>>(), ["two"], "{changed:?}");
        assert!(changed.besides.is_empty(), "{changed:?}");
    }

    #[test]
    fn a_workspace_that_takes_long_is_looked_at_seldom_and_nothing_is_guessed() {
        let (folder, mut watch) = watched();
        watch.cost = Duration::from_secs(60);
        watch.item(Phase::Started, "one");
        std::fs::write(folder.path().join("new"), "").expect("a file");
        watch.item(Phase::Completed, "one");
        let changed = watch.end();
        assert!(changed.by_item.is_empty() && changed.besides == ["creating workspace/new"], "{changed:?}");
    }
}
