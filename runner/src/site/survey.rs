//! Looks at the disk for one run: where the profile's trees are, what their protected names hold.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::profile::{Profile, Tree};

use super::{Denied, Name, OTHER_NAMES, Object, Revealing, Root, Site, State};
use crate::mask;

/// What the run's caller says about places.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The workspace: absolute, or relative to the working directory.
    pub workspace: PathBuf,
    /// `$HOME`.
    pub home: Option<PathBuf>,
    /// `$TMPDIR` as it is set, whatever it is.
    pub tmpdir: Option<PathBuf>,
    /// Names protected although no profile says so (palisade's own state), as absolute paths.
    pub own_state: Vec<PathBuf>,
}

/// Directories without which usual programs do not start.
const MINIMAL: &[&str] =
    &["/bin", "/sbin", "/usr", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/run/current-system/sw"];

/// Kernel interfaces that are covered where they exist.
const REVEALING: &[&str] = &[
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/sys/firmware",
    "/sys/kernel/debug",
    "/sys/kernel/tracing",
];

/// What belongs to a protected name elsewhere: the directory of the agent's control sockets, per user.
pub const CONTROL: &[(&str, &str)] = &[(".codex", "/tmp/codex-daemon-")];

/// Whether a path is such a directory.
#[must_use]
pub fn is_control(path: &Path) -> bool {
    CONTROL.iter().any(|(_, prefix)| path.to_string_lossy().starts_with(prefix))
}

/// Directories looked at when nested repositories are searched for; beyond it the search ends with a note.
const SEARCH_LIMIT: usize = 4096;

/// Gathers the facts for this profile.
///
/// # Errors
/// What makes the profile unusable here: a workspace that does not exist, a denied path behind a symbolic link.
pub fn survey(profile: &Profile, wish: &Wish) -> Result<Site, Vec<Diagnostic>> {
    let workspace = real(&wish.workspace).map_err(|why| {
        vec![
            Diagnostic::error(
                "workspace",
                format!("the workspace `{}` cannot be used: {why}", wish.workspace.display()),
            )
            .help("name an existing directory with --cwd"),
        ]
    })?;
    let mut surveyor = Surveyor {
        home: wish.home.as_deref().and_then(|home| real(home).ok()),
        tmpdir: wish.tmpdir.clone(),
        workspace,
        mounts: mounts(),
        notes: Vec::new(),
        found: Vec::new(),
    };
    let writable = surveyor.writable(profile, wish);
    let readable = surveyor.readable(profile);
    let denied = surveyor.denied(profile, &writable);
    if !surveyor.found.is_empty() {
        return Err(surveyor.found);
    }
    Ok(Site {
        workspace: surveyor.workspace,
        home: surveyor.home,
        writable,
        readable,
        denied,
        revealing: revealing(),
        notes: surveyor.notes,
    })
}

/// The real path of an existing directory or file.
fn real(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path).map_err(|error| error.to_string())
}

fn revealing() -> Vec<Revealing> {
    REVEALING
        .iter()
        .filter_map(|path| {
            let data = fs::symlink_metadata(path).ok()?;
            // What plain permissions keep from this user need not be covered.
            nix::unistd::access(*path, nix::unistd::AccessFlags::R_OK).ok()?;
            Some(Revealing { path: PathBuf::from(path), directory: data.is_dir() })
        })
        .collect()
}

struct Mount {
    path: PathBuf,
    read_only: bool,
}

/// The mounts of this namespace; octal escapes of `proc(5)` undone.
fn mounts() -> Vec<Mount> {
    /// More than most hosts need, so that one read is enough.
    const USUAL: usize = 1 << 15;
    let mut text = String::with_capacity(USUAL);
    if let Ok(mut file) = fs::File::open("/proc/self/mountinfo") {
        let _ = file.read_to_string(&mut text);
    }
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(4);
            let path = unescape(fields.next()?);
            let read_only = fields.next()?.split(',').any(|option| option == "ro");
            Some(Mount { path: PathBuf::from(path), read_only })
        })
        .collect()
}

fn unescape(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

struct Surveyor {
    workspace: PathBuf,
    home: Option<PathBuf>,
    tmpdir: Option<PathBuf>,
    mounts: Vec<Mount>,
    notes: Vec<String>,
    found: Vec<Diagnostic>,
}

impl Surveyor {
    /// Where a tree's word points, if it points anywhere; `None` says so in a note.
    fn locate(&mut self, tree: &Tree) -> Option<PathBuf> {
        let path = match tree {
            Tree::Root => PathBuf::from("/"),
            Tree::Minimal => return None,
            Tree::Workspace => return Some(self.workspace.clone()),
            Tree::Tmpdir => {
                let path = self.tmpdir.clone()?;
                if !path.is_absolute() {
                    self.notes.push(format!("TMPDIR `{}` is not absolute and is left out", path.display()));
                    return None;
                }
                path
            }
            Tree::Home(rest) => self.home.as_ref()?.join(rest),
            Tree::Path(path) => PathBuf::from(path),
        };
        match real(&path) {
            Ok(path) => Some(path),
            Err(why) => {
                self.notes.push(format!("`{tree}` ({}) is left out: {why}", path.display()));
                None
            }
        }
    }

    fn writable(&mut self, profile: &Profile, wish: &Wish) -> Vec<Root> {
        let mut roots: Vec<Root> = Vec::new();
        for tree in &profile.files.write {
            let Some(path) = self.locate(tree) else { continue };
            if roots.iter().any(|root| root.object.path == path) {
                continue;
            }
            let Ok(data) = fs::symlink_metadata(&path) else { continue };
            let names = if path == Path::new("/") { Vec::new() } else { self.names(profile, &path) };
            roots.push(Root {
                tree: tree.clone(),
                mounted_read_only: self.mount_of(&path).is_some_and(|mount| mount.read_only),
                writable_mounts_below: self
                    .mounts
                    .iter()
                    .filter(|mount| !mount.read_only && mount.path != path && mount.path.starts_with(&path))
                    .map(|mount| mount.path.clone())
                    .collect(),
                object: Object { path, device: data.dev(), inode: data.ino() },
                names,
            });
        }
        roots.sort_by_key(|root| root.object.path.components().count());
        self.linked_repositories(&mut roots);
        // Where everything may be written nothing is confined, and palisade's own state is no exception.
        for path in wish.own_state.iter().filter(|_| !profile.writes_everything()) {
            if let Ok(path) = real(path)
                && let Some(root) =
                    roots.iter_mut().rev().find(|root| path.starts_with(&root.object.path) && path != root.object.path)
            {
                root.names.push(Name { path, state: State::Directory });
            }
        }
        roots
    }

    fn mount_of(&self, path: &Path) -> Option<&Mount> {
        self.mounts
            .iter()
            .filter(|mount| path.starts_with(&mount.path))
            .max_by_key(|mount| mount.path.components().count())
    }

    fn names(&mut self, profile: &Profile, root: &Path) -> Vec<Name> {
        let mut names: Vec<Name> = profile
            .files
            .protect
            .iter()
            .map(|name| {
                let path = root.join(name);
                Name { state: state_of(&path), path }
            })
            .collect();
        if profile.files.protect.iter().any(|name| name == ".git")
            && profile.files.nested_repositories > 0
            && root == self.workspace
        {
            let mut budget = SEARCH_LIMIT;
            nested(root, profile.files.nested_repositories, &mut budget, &mut names);
            if budget == 0 {
                self.notes.push(format!(
                    "nested repositories were looked for in {SEARCH_LIMIT} directories only; deeper ones are not protected"
                ));
            }
        }
        names
    }

    /// What `.git` files lead to, where that lies in a writable tree: the repository behind a worktree or submodule.
    fn linked_repositories(&self, roots: &mut [Root]) {
        let files: Vec<PathBuf> = roots
            .iter()
            .flat_map(|root| &root.names)
            .filter(|name| name.state == State::File && name.path.file_name().is_some_and(|name| name == ".git"))
            .map(|name| name.path.clone())
            .collect();
        for path in files.iter().flat_map(|file| git_targets(file)) {
            if let Some(root) =
                roots.iter_mut().rev().find(|root| path.starts_with(&root.object.path) && path != root.object.path)
                && !root.names.iter().any(|name| name.path == path)
            {
                root.names.push(Name { state: state_of(&path), path });
            }
        }
    }

    fn readable(&mut self, profile: &Profile) -> Vec<PathBuf> {
        if profile.reads_everything() {
            return Vec::new();
        }
        let mut paths = Vec::new();
        for tree in &profile.files.read {
            if *tree == Tree::Minimal {
                paths.extend(MINIMAL.iter().map(PathBuf::from).filter(|path| fs::symlink_metadata(path).is_ok()));
            } else if let Some(path) = self.locate(tree) {
                paths.push(path);
            }
        }
        paths.sort();
        paths.dedup();
        paths
    }

    fn denied(&mut self, profile: &Profile, writable: &[Root]) -> Vec<Denied> {
        let mut denied = control(profile);
        for tree in &profile.files.deny_read {
            let path = match tree {
                Tree::Home(rest) => match &self.home {
                    Some(home) => home.join(rest),
                    None => continue,
                },
                Tree::Path(path) => PathBuf::from(path),
                Tree::Workspace => self.workspace.clone(),
                Tree::Tmpdir | Tree::Root | Tree::Minimal => {
                    self.found.push(
                        Diagnostic::error("deny-read", format!("`{tree}` cannot be hidden"))
                            .help("name the files and directories that hold secrets"),
                    );
                    continue;
                }
            };
            match self.deny(&path, writable) {
                Ok(Some(entry)) => denied.push(entry),
                Ok(None) => {}
                Err(why) => self.found.push(Diagnostic::error("deny-read", why)),
            }
        }
        denied
    }

    fn deny(&mut self, path: &Path, writable: &[Root]) -> Result<Option<Denied>, String> {
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(format!("denied path `{}` holds `..`", path.display()));
        }
        match real(path) {
            Ok(path) => {
                let data = fs::symlink_metadata(&path).map_err(|error| error.to_string())?;
                let links = if data.is_dir() { 1 } else { data.nlink() };
                if links > 1 {
                    self.notes.push(format!(
                        "{OTHER_NAMES} `{}` has {links} names; the others stay readable",
                        path.display()
                    ));
                }
                let state = if data.is_dir() { State::Directory } else { State::File };
                Ok(Some(Denied { path, state, links }))
            }
            Err(_) => {
                let mut missing = path.to_path_buf();
                while let Some(parent) = missing.parent() {
                    if let Ok(parent) = real(parent) {
                        let Some(last) = missing.file_name() else { return Ok(None) };
                        let path = parent.join(last);
                        if state_of(&path) == State::Link {
                            return Err(format!(
                                "denied path `{}` leads through a dangling symbolic link",
                                path.display()
                            ));
                        }
                        let creatable = writable.iter().any(|root| path.starts_with(&root.object.path));
                        return Ok(creatable.then_some(Denied { path, state: State::Missing, links: 0 }));
                    }
                    missing = parent.to_path_buf();
                }
                Ok(None)
            }
        }
    }
}

/// The control directories that are there; one that is not must stay free for the agent to make.
fn control(profile: &Profile) -> Vec<Denied> {
    let uid = nix::unistd::geteuid();
    CONTROL
        .iter()
        .filter(|(name, _)| profile.files.protect.iter().any(|protected| protected == name))
        .map(|(_, prefix)| PathBuf::from(format!("{prefix}{uid}")))
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|data| data.is_dir()))
        .map(|path| Denied { path, state: State::Directory, links: 1 })
        .collect()
}

fn state_of(path: &Path) -> State {
    match fs::symlink_metadata(path) {
        Err(_) => State::Missing,
        Ok(data) if data.is_symlink() => State::Link,
        Ok(data) if data.is_dir() && mask::is_leftover(&data, path) => State::Missing,
        Ok(data) if data.is_dir() => State::Directory,
        Ok(_) => State::File,
    }
}

/// Finds `.git` directories and files below `top`, at most `depth` levels down.
fn nested(top: &Path, depth: u32, budget: &mut usize, names: &mut Vec<Name>) {
    let Ok(entries) = fs::read_dir(top) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_dir() || entry.file_name() == ".git" {
            continue;
        }
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let git = entry.path().join(".git");
        let state = state_of(&git);
        if matches!(state, State::Directory | State::File) {
            names.push(Name { path: git, state });
        }
        if depth > 1 {
            nested(&entry.path(), depth - 1, budget, names);
        }
    }
}

/// The repository a `.git` file points to, and that repository's common directory (`gitrepository-layout(5)`).
fn git_targets(file: &Path) -> Vec<PathBuf> {
    const MOST: usize = 4096;
    let Ok(text) = fs::read(file) else { return Vec::new() };
    let text = String::from_utf8_lossy(text.get(..text.len().min(MOST)).unwrap_or_default()).into_owned();
    let Some(target) = text.strip_prefix("gitdir:").map(|rest| rest.trim_end_matches(['\n', '\r']).trim_start()) else {
        return Vec::new();
    };
    let Some(base) = file.parent() else { return Vec::new() };
    let Ok(repository) = real(&base.join(target)) else { return Vec::new() };
    let mut targets = vec![repository.clone()];
    if let Ok(common) = fs::read_to_string(repository.join("commondir"))
        && let Ok(common) = real(&repository.join(common.trim_end()))
    {
        targets.push(common);
    }
    targets
}
