//! Writable trees that would open far more than they seem, and are refused unless the profile says it knows.

use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::profile::{Profile, Tree};

use crate::site::{Root, Site};

/// Directories of the system: a writable one lets a command change what everybody runs.
const SYSTEM: &[&str] = &[
    "/Applications",
    "/Library",
    "/System",
    "/Volumes",
    "/bin",
    "/boot",
    "/cores",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/opt/homebrew",
    "/private",
    "/private/etc",
    "/private/var",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
];
/// Those in which no directory is anybody's own.
const WHOLE: &[&str] = &[
    "/Library",
    "/System",
    "/bin",
    "/boot",
    "/etc",
    "/lib",
    "/lib64",
    "/private/etc",
    "/proc",
    "/sbin",
    "/sys",
    "/usr",
];

/// One diagnostic for each dangerous writable tree that the profile does not accept.
pub(super) fn dangerous(profile: &Profile, site: &Site) -> Vec<Diagnostic> {
    site.writable
        .iter()
        .filter(|root| !accepted(profile, site, root))
        .filter_map(|root| reason(root, site).map(|why| (root, why)))
        .map(|(root, why)| {
            let path = root.object.path.display();
            let word = match root.tree {
                Tree::Workspace => "the workspace".to_owned(),
                Tree::Tmpdir => "TMPDIR".to_owned(),
                ref tree => format!("`{tree}`"),
            };
            Diagnostic::error(
                "dangerous-root",
                format!("{word} is `{path}`, and making that writable is dangerous: {why}"),
            )
            .help(match root.tree {
                Tree::Tmpdir => "point TMPDIR at a directory of its own, or unset it".to_owned(),
                _ => format!(
                    "use a directory below it, or list \"{path}\" in `files.accept_dangerous` of a profile of your own"
                ),
            })
        })
        .collect()
}

fn accepted(profile: &Profile, site: &Site, root: &Root) -> bool {
    profile.files.accept_dangerous.iter().any(|tree| match tree {
        Tree::Root => root.object.path == Path::new("/"),
        Tree::Home(rest) => site.home.as_ref().is_some_and(|home| home.join(rest) == root.object.path),
        Tree::Path(path) => root.object.path == Path::new(path),
        other => *other == root.tree,
    })
}

fn reason(root: &Root, site: &Site) -> Option<String> {
    let path = root.object.path.as_path();
    if path == Path::new("/") {
        return Some("it is the whole file system".into());
    }
    if let Some(system) = SYSTEM.iter().find(|system| path == Path::new(system)) {
        return Some(format!("`{system}` belongs to the system"));
    }
    if let Some(system) = WHOLE
        .iter()
        .find(|system| path.starts_with(system) && !path.starts_with("/usr/local/src") && !path.starts_with("/usr/src"))
    {
        return Some(format!("it lies in `{system}`, which belongs to the system"));
    }
    if let Some(home) = &site.home {
        if path == home {
            return Some("it is the home directory, with its keys and start-up files".into());
        }
        if home.starts_with(path) {
            return Some(format!("it holds the home directory `{}`", home.display()));
        }
    }
    if root.tree == Tree::Tmpdir && site.workspace.starts_with(path) && site.workspace != path {
        let below_another = site.writable.iter().any(|other| {
            other.tree != Tree::Tmpdir && other.object.path != site.workspace && path.starts_with(&other.object.path)
        });
        if !below_another {
            return Some(format!("it holds the workspace `{}`", site.workspace.display()));
        }
    }
    None
}
