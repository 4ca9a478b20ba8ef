//! From a path to the file behind it, component by component as `path_resolution(7)` has it.
//!
//! The links of procfs that lead to a process's root and working directory are followed to ours: a command that names its
//! program through them starts what it would start without. Where they lead for another process is not asked, so what was
//! reached through one is never certain.

use crate::pattern::canonical;

use super::{Case, Entry, Files, Surroundings};

/// `NAME_MAX` of Linux.
pub(super) const LONGEST_NAME: usize = 255;
/// `PATH_MAX` of Linux, without the final NUL.
pub(super) const LONGEST_PATH: usize = 4095;
/// Links that are followed on one way.
const MOST_LINKS: usize = 40;

/// A file at the end of a way.
pub(super) struct Reached {
    /// Its path, without any link.
    pub(super) path: String,
    pub(super) executable: bool,
}

/// One way through a file system, and what was seen on it.
pub(super) struct Walk<'a> {
    files: &'a dyn Files,
    cwd: &'a str,
    workspace: Option<String>,
    case: Case,
    /// The path without links of the directory entry that the given path names, before that is followed.
    pub(super) entry: Option<String>,
    /// Links that stood in the place of the file, in the order they were followed.
    pub(super) links: Vec<String>,
    /// Whether a command in the sandbox can have decided where the way leads.
    pub(super) changeable: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(around: &Surroundings<'a>) -> Self {
        let workspace = around.workspace.unwrap_or(around.cwd).trim_end_matches('/');
        Self {
            files: around.files,
            cwd: around.cwd,
            workspace: (!workspace.is_empty()).then(|| compared(workspace, around.case)),
            case: around.case,
            entry: None,
            links: Vec::new(),
            changeable: false,
        }
    }

    /// The file that a path leads to.
    pub(super) fn file_at(&mut self, path: &str) -> Option<Reached> {
        if path.len() > LONGEST_PATH {
            return None;
        }
        // INVARIANT: `at` is an absolute path without links; empty for the root.
        let mut at = String::new();
        let mut file = None;
        let mut links = 0;
        let mut todo: Vec<String> = Vec::new();
        ahead(&mut todo, path);
        if !path.starts_with('/') {
            ahead(&mut todo, self.cwd);
        }
        while let Some(part) = todo.pop() {
            // Not even `file/` or `file/.` is a way to a file.
            if file.is_some() {
                return None;
            }
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                name if name.len() > LONGEST_NAME => return None,
                _ => {}
            }
            let next = format!("{at}/{part}");
            self.changeable |= self.in_workspace(&next);
            let last = todo.is_empty();
            if last && self.entry.is_none() {
                self.entry = Some(next.clone());
            }
            let entry = match of_process(&at, &part) {
                Some(Magic::Directory) => Entry::Directory,
                Some(Magic::Root) => Entry::Link("/".to_owned()),
                Some(Magic::WorkingDirectory) => Entry::Link(self.cwd.to_owned()),
                // What these lead to only the process knows.
                Some(Magic::Unknown) => {
                    self.changeable = true;
                    return None;
                }
                None => self.files.look(&next),
            };
            match entry {
                Entry::Missing => return None,
                Entry::Directory => at = next,
                Entry::File { executable } => {
                    at = next;
                    file = Some(executable);
                }
                Entry::Link(target) => {
                    links += 1;
                    if links > MOST_LINKS || target.is_empty() {
                        return None;
                    }
                    self.changeable |= of_process(&at, &part).is_some();
                    if last {
                        self.links.push(next);
                    }
                    if target.starts_with('/') {
                        at.clear();
                    }
                    ahead(&mut todo, &target);
                }
            }
        }
        file.map(|executable| Reached { path: at, executable })
    }

    fn in_workspace(&self, path: &str) -> bool {
        let Some(workspace) = &self.workspace else { return false };
        compared(path, self.case).strip_prefix(workspace.as_str()).is_some_and(|below| below.starts_with('/'))
    }
}

/// Puts the components of a path before what is still to do.
fn ahead(todo: &mut Vec<String>, path: &str) {
    todo.extend(path.split('/').rev().map(str::to_owned));
}

/// The form in which paths are compared.
pub(super) fn compared(path: &str, case: Case) -> String {
    match case {
        Case::Exact => path.to_owned(),
        Case::Folds => canonical(path).into_owned(),
    }
}

/// What procfs has for each process (`proc(5)`).
enum Magic {
    Directory,
    Root,
    WorkingDirectory,
    Unknown,
}

/// What a name in a directory is, if that is procfs's of a process.
fn of_process(directory: &str, name: &str) -> Option<Magic> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if directory.is_empty() {
        return (name == "proc").then_some(Magic::Directory);
    }
    let below = directory.strip_prefix("/proc")?;
    if below.is_empty() {
        return (number(name) || matches!(name, "self" | "thread-self")).then_some(Magic::Directory);
    }
    let mut parts = below.split('/').skip(1);
    parts.next().filter(|process| number(process) || matches!(*process, "self" | "thread-self"))?;
    match (parts.next(), parts.next(), parts.next()) {
        (Some("task"), None, _) => return number(name).then_some(Magic::Directory),
        (None, ..) | (Some("task"), Some(_), None) => {}
        _ => return None,
    }
    match name {
        "task" => Some(Magic::Directory),
        "root" => Some(Magic::Root),
        "cwd" => Some(Magic::WorkingDirectory),
        "exe" | "fd" | "map_files" => Some(Magic::Unknown),
        _ => None,
    }
}
