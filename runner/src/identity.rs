//! What this machine knows about the program a command would start: its file system, for `policy::identity` to look at, and
//! where the command would be started.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use policy::decision::Decision;
use policy::identity::{Case, DEFAULT_PATH, Entry, Files, Surroundings, identify};
use policy::judge::judge;
use policy::request::{Identity, Matching, Request};
use policy::ruleset::RuleSet;
use policy::verdict::Verdict;

/// Judges a command strictly, with this machine's facts about its program.
#[must_use]
pub fn judge_here(rules: &RuleSet, argv: &[String], cwd: &Path, default: Decision) -> Verdict {
    let identity = argv.first().and_then(|word| of(word, cwd, &search_path()));
    judge(rules, &Request { argv, identity: identity.as_ref(), matching: Matching::Strict, default })
}

/// The directories of `PATH`, as they stand there; the usual ones where it is unset.
#[must_use]
pub fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    std::env::split_paths(&path).collect()
}

/// The facts about the program `word` names, seen from `cwd`, which is the workspace as well; `None` where they cannot be
/// put in text.
#[must_use]
pub fn of(word: &str, cwd: &Path, path: &[PathBuf]) -> Option<Identity> {
    let here = cwd.to_str()?;
    // A search ends before a directory that is no text; what lies there or behind it is not certain.
    let entries: Vec<&str> = path.iter().map_while(|entry| entry.to_str()).collect();
    let home = std::env::var("HOME").ok();
    // What the kernel calls the working directory is free of links.
    let without_links =
        if std::env::current_dir().is_ok_and(|own| own == cwd) { None } else { fs::canonicalize(cwd).ok() };
    let disk = Disk::default();
    let text = entries.join(":");
    let around = Surroundings {
        // No entry at all is not one empty entry.
        path: Some(if entries.is_empty() { "/dev/null" } else { &text }),
        cwd: here,
        home: home.as_deref(),
        workspace: without_links.as_ref().and_then(|workspace| workspace.to_str()),
        files: &disk,
        case: CASE,
    };
    let mut known = identify(word, &around)?;
    known.changeable |= entries.len() < path.len() && known.lookup.is_none();
    Some(known)
}

/// Where the search of PATH finds a program, and whether the working directory or the workspace had a say in it, so that it
/// proves nothing.
#[must_use]
pub fn search(name: &str, cwd: &Path, path: &[PathBuf]) -> Option<(PathBuf, bool)> {
    let known = of(name, cwd, path)?;
    Some((known.lookup?.into(), known.through_relative_path || known.changeable))
}

/// macOS does not tell names apart by case unless a volume was made to; the stricter reading is right for both.
const CASE: Case = if matches!(std::env::consts::OS.as_bytes(), b"macos") { Case::Folds } else { Case::Exact };

/// The file system of this machine. What was looked at once is not looked at again.
#[derive(Default)]
struct Disk {
    seen: RefCell<Vec<(String, Entry)>>,
}

impl Files for Disk {
    fn look(&self, path: &str) -> Entry {
        if let Some((_, entry)) = self.seen.borrow().iter().find(|(seen, _)| seen == path) {
            return entry.clone();
        }
        let entry = on_disk(Path::new(path));
        self.seen.borrow_mut().push((path.to_owned(), entry.clone()));
        entry
    }
}

fn on_disk(path: &Path) -> Entry {
    let Ok(about) = fs::symlink_metadata(path) else { return Entry::Missing };
    let kind = about.file_type();
    if kind.is_symlink() {
        let Ok(target) = fs::read_link(path) else { return Entry::Missing };
        // What is no text can be named by no rule; that there is something stays true.
        return target.to_str().map_or(Entry::File { executable: true }, |target| Entry::Link(target.to_owned()));
    }
    if kind.is_dir() {
        return Entry::Directory;
    }
    Entry::File { executable: kind.is_file() && about.permissions().mode() & 0o111 != 0 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_link_is_known_by_the_file_behind_it_and_a_relative_entry_is_told() {
        let root = tempfile::tempdir().expect("a directory");
        let real_root = fs::canonicalize(root.path()).expect("it exists");
        let tool = real_root.join("tool");
        fs::write(&tool, "").expect("written");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("executable");
        std::os::unix::fs::symlink(&tool, real_root.join("other")).expect("linked");
        fs::write(real_root.join("plain"), "").expect("written");

        let known = of("other", &real_root, std::slice::from_ref(&real_root)).expect("facts");
        assert_eq!(known.resolved.as_deref(), real_root.join("other").to_str());
        assert_eq!(known.real.as_deref(), tool.to_str());
        assert!(!known.through_relative_path);
        let known = of("tool", &real_root, &[PathBuf::from(".")]).expect("facts");
        assert!(known.through_relative_path && known.resolved.as_deref() == tool.to_str());
        assert_eq!(of("plain", &real_root, std::slice::from_ref(&real_root)).expect("facts").resolved, None);
        let known = of("./other", &real_root, &[]).expect("facts");
        assert_eq!(
            (known.resolved.as_deref(), known.real.as_deref()),
            (real_root.join("other").to_str(), tool.to_str())
        );
    }

    #[test]
    fn a_path_that_is_no_text_ends_the_search_and_certainty() {
        use std::os::unix::ffi::OsStrExt;
        let strange = PathBuf::from(std::ffi::OsStr::from_bytes(b"/a\xff"));
        let here = Path::new("/");
        let known = of("sh", here, &[strange.clone(), "/bin".into()]).expect("facts");
        assert!(known.changeable && known.lookup.is_none());
        let known = of("sh", here, &["/bin".into(), strange]).expect("facts");
        assert!(!known.changeable && known.lookup.as_deref() == Some("/bin/sh"));
        assert_eq!(of("sh", here, &[]).expect("facts").lookup, None);
    }

    #[test]
    fn a_workspace_reached_through_a_link_is_still_the_workspace() {
        let root = tempfile::tempdir().expect("a directory");
        let work = root.path().join("work");
        fs::create_dir(&work).expect("made");
        fs::write(work.join("tool"), "").expect("written");
        fs::set_permissions(work.join("tool"), fs::Permissions::from_mode(0o755)).expect("executable");
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&work, &link).expect("linked");
        for (cwd, path) in [(&link, &work), (&work, &link), (&link, &link)] {
            let known = of("tool", cwd, std::slice::from_ref(path)).expect("facts");
            assert!(known.changeable && known.lookup.is_some());
            assert!(search("tool", cwd, std::slice::from_ref(path)).is_some_and(|(_, uncertain)| uncertain));
        }
        let known =
            of("tool", root.path().parent().unwrap_or(root.path()).join("x").as_path(), &[work]).expect("facts");
        assert!(!known.changeable);
    }

    #[test]
    fn nothing_is_looked_at_twice_and_little_at_all() {
        /// Counts what the disk is asked for.
        struct Counted(Disk, RefCell<BTreeMap<String, usize>>);
        impl Files for Counted {
            fn look(&self, path: &str) -> Entry {
                let known = self.0.seen.borrow().len();
                let entry = self.0.look(path);
                *self.1.borrow_mut().entry(path.to_owned()).or_default() += self.0.seen.borrow().len() - known;
                entry
            }
        }
        let files = Counted(Disk::default(), RefCell::default());
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let around = Surroundings {
            path: Some(path),
            cwd: "/root/project/below",
            home: Some("/root"),
            workspace: None,
            files: &files,
            case: Case::Exact,
        };
        assert!(identify("env", &around).is_some_and(|known| known.real.is_some()));
        let looks = files.1.borrow();
        assert!(looks.values().all(|times| *times <= 1), "{looks:?}");
        assert!(looks.len() <= 10, "{looks:?}");
    }
}
