//! A profile of palisade and what lies on disk where it points, to what is wanted.

use std::collections::BTreeMap;
use std::path::Path;

use policy::profile::{LINES, Profile, Tree};
use policy::seatbelt::resolve;

use super::{Network, Place, Root, Sockets, Wanted, Writing};
use crate::site::{CONTROL, Site, State};

/// A line of a profile that SBPL cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The line, `table.key`.
    pub line: &'static str,
    /// What is lost.
    pub claim: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Every line that SBPL cannot carry. Groups of calls that macOS does not have are no gap.
#[must_use]
pub fn gaps(profile: &Profile) -> Vec<Gap> {
    let private = profile.private;
    let limits = profile.limits != policy::profile::Limits::default();
    let asked: &[(bool, &str, &str)] = &[
        (limits, "limits", "resource limits are no part of a sandbox profile"),
        (
            private.dev,
            "private.dev",
            "the device nodes of the host are seen, and its terminals can be read; other devices are not opened",
        ),
        (private.ipc, "private.ipc", "POSIX semaphores are shared with the host"),
        (
            private.processes,
            "private.processes",
            "signals stay inside, but a process may survive the command, and kern.proc tells that others exist",
        ),
        (private.tmp, "private.tmp", "/tmp is the host's"),
    ];
    asked
        .iter()
        .filter(|(wanted, ..)| *wanted)
        .filter_map(|(_, line, why)| {
            let row = LINES.iter().find(|row| row.name == *line)?;
            Some(Gap { line: row.name, claim: row.claim, why })
        })
        .collect()
}

/// Whether a profile confines nothing, so that no sandbox is needed.
#[must_use]
pub fn is_bare(profile: &Profile) -> bool {
    profile.writes_everything()
        && profile.reads_everything()
        && profile.network == policy::profile::Network::Host
        && profile.files.deny_read.is_empty()
        && profile.files.protect.is_empty()
        && profile.refuse.is_empty()
        && profile.limits == policy::profile::Limits::default()
        && ![profile.private.dev, profile.private.ipc, profile.private.processes, profile.private.tmp].contains(&true)
}

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
    // A writable `/` needs no roots, unless names are protected in others that are named as well.
    let everything = profile.writes_everything() && (profile.files.protect.is_empty() || site.writable.len() == 1);
    for root in &site.writable {
        let mut protected = Vec::new();
        for name in &root.names {
            if name.state == State::Link && !name.path.exists() {
                let path = name.path.display();
                return Err(format!(
                    "protected `{path}` is a symbolic link that leads nowhere: what comes there is not held"
                ));
            }
            protected.push(Place::new(physical(&name.path)?, "files.protect"));
        }
        let place = Place::new(physical(&root.object.path)?, format!("files.write {}", root.tree));
        roots.push(Root { place, protected, names: profile.files.protect.clone() });
    }
    let write = match (everything, roots.is_empty()) {
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
    let macos = &profile.macos;
    let (network, sockets) = reached(profile, site)?;
    Ok(Wanted {
        title: format!("{}: {}", profile.name, profile.description),
        read,
        minimal: profile.files.read.contains(&Tree::Minimal),
        write,
        deny_read,
        deny_globs: control(profile)?,
        private_dev: profile.private.dev,
        network,
        sockets,
        own_sockets: workspace_sockets(site)?,
        mach: macos.mach_services.clone(),
        sysctls: macos.sysctls.clone(),
        tag: None,
    })
}

/// The network, and the Unix sockets.
fn reached(profile: &Profile, site: &Site) -> Result<(Network, Sockets), String> {
    let macos = &profile.macos;
    let network = match profile.network {
        policy::profile::Network::Host => Network::On,
        policy::profile::Network::Off if macos.proxy_ports.is_empty() && !macos.local_binding => Network::Off,
        policy::profile::Network::Off => {
            Network::Proxy { ports: macos.proxy_ports.clone(), local_binding: macos.local_binding }
        }
    };
    if macos.unix_sockets.contains(&Tree::Root) {
        return Ok((network, Sockets::All));
    }
    let mut places = Vec::new();
    for tree in &macos.unix_sockets {
        if let Some(path) = locate(tree, site)? {
            places.push(Place::new(path, format!("macos.unix_sockets {tree}")));
        }
    }
    places.sort_by(|one, other| one.path.cmp(&other.path));
    places.dedup_by(|one, other| one.path == other.path);
    Ok((network, if places.is_empty() { Sockets::None } else { Sockets::Below(places) }))
}

/// The workspace, where it may be written. Temporary directories are shared: terminals and agents have their sockets there.
fn workspace_sockets(site: &Site) -> Result<Vec<Place>, String> {
    let own = site.writable.iter().filter(|root| root.tree == Tree::Workspace);
    own.map(|root| Ok(Place::new(physical(&root.object.path)?, "network.access, sockets of its own"))).collect()
}

/// What belongs to protected names elsewhere, whoever's it is and whether it is there yet or not.
fn control(profile: &Profile) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    for (name, prefix) in CONTROL.iter().filter(|(name, _)| profile.files.protect.iter().any(|own| own == name)) {
        let prefix = physical(Path::new(prefix))?;
        for pattern in [format!("{prefix}*"), format!("{prefix}*/**")] {
            places.push(Place::new(pattern, format!("files.protect {name}")));
        }
    }
    Ok(places)
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
