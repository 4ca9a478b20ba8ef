//! A profile of palisade and what lies on disk where it points, to what is wanted.

use std::collections::BTreeMap;
use std::path::Path;

use policy::profile::{Profile, Tree};
use policy::seatbelt::resolve;

use super::{Network, Place, Root, Sockets, Wanted, Writing};
use crate::site::Site;

/// What a profile comes to on macOS.
///
/// # Errors
/// A path that is not UTF-8.
pub fn wanted(profile: &Profile, site: &Site) -> Result<Wanted, String> {
    let read = if profile.reads_everything() {
        None
    } else {
        let mut roots = Vec::new();
        for tree in profile.files.read.iter().filter(|tree| **tree != Tree::Minimal) {
            if let Some(path) = locate(tree, site)? {
                roots.push(Place::new(path, format!("files.read {tree}")));
            }
        }
        Some(roots)
    };
    let mut roots = Vec::new();
    for root in site.writable.iter().filter(|root| root.tree != Tree::Root) {
        let mut protected = Vec::new();
        for name in &root.names {
            protected.push(Place::new(physical(&name.path)?, "files.protect"));
        }
        let place = Place::new(physical(&root.object.path)?, format!("files.write {}", root.tree));
        roots.push(Root { place, protected, names: profile.files.protect.clone() });
    }
    let write = match (profile.writes_everything(), roots.is_empty()) {
        (true, _) => Writing::Everything,
        (false, true) => Writing::Nothing,
        (false, false) => Writing::Roots(roots),
    };
    let mut deny_read = Vec::new();
    for denied in &site.denied {
        deny_read.push(Place::new(physical(&denied.path)?, "files.deny_read"));
    }
    // What is not there yet is denied as well: here a rule needs no file to stand on.
    for tree in &profile.files.deny_read {
        if let Some(path) = locate(tree, site)?
            && !deny_read.iter().any(|known| known.path == path)
        {
            deny_read.push(Place::new(path, format!("files.deny_read {tree}")));
        }
    }
    Ok(Wanted {
        title: format!("{}: {}", profile.name, profile.description),
        read,
        minimal: profile.files.read.contains(&Tree::Minimal),
        write,
        deny_read,
        deny_globs: Vec::new(),
        network: match profile.network {
            policy::profile::Network::Off => Network::Off,
            policy::profile::Network::Host => Network::On,
        },
        sockets: Sockets::None,
    })
}

/// Where a word of the profile points, as the kernel of macOS sees it.
fn locate(tree: &Tree, site: &Site) -> Result<Option<String>, String> {
    Ok(match tree {
        Tree::Root | Tree::Minimal => None,
        Tree::Tmpdir => match site.writable.iter().find(|root| root.tree == Tree::Tmpdir) {
            Some(root) => Some(physical(&root.object.path)?),
            None => None,
        },
        Tree::Workspace => Some(physical(&site.workspace)?),
        Tree::Home(rest) => match &site.home {
            Some(home) if rest.is_empty() => Some(physical(home)?),
            Some(home) => Some(physical(&home.join(rest))?),
            None => None,
        },
        Tree::Path(path) => Some(physical(Path::new(path))?),
    })
}

/// The path with links followed: those of this host where it is there, and those that every macOS has.
fn physical(path: &Path) -> Result<String, String> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let text = real.to_str().ok_or_else(|| format!("`{}` is not UTF-8", path.display()))?;
    resolve(text, &BTreeMap::new())
        .map(|resolved| resolved.path)
        .map_err(|at| format!("`{at}` leads through more links than the kernel follows"))
}
