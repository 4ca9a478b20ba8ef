//! Codex's settings on macOS, as case files write them, to what is wanted.

use serde::Deserialize;

use super::{Network, Place, Root, Sockets, Wanted, Writing, within};

/// A configuration of Codex. All paths are physical.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    sandbox: Sandbox,
    cwd: String,
    tmpdir: Option<String>,
    #[serde(default)]
    writable_roots: Vec<String>,
    #[serde(default)]
    exclude_slash_tmp: bool,
    #[serde(default)]
    exclude_tmpdir_env_var: bool,
    #[serde(default)]
    existing: Vec<String>,
    #[serde(default)]
    gitdir_targets: Vec<String>,
    #[serde(default)]
    network: bool,
    proxy: Option<Proxy>,
    #[serde(default)]
    managed_network: bool,
    unix_sockets: Option<UnixSockets>,
    read_roots: Option<Vec<String>>,
    #[serde(default)]
    deny_read: Vec<String>,
    #[serde(default)]
    deny_read_globs: Vec<String>,
    #[serde(default)]
    minimal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sandbox {
    ReadOnly,
    WorkspaceWrite,
    FullDiskWrite,
    DangerFullAccess,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proxy {
    #[serde(default)]
    ports: Vec<u16>,
    #[serde(default)]
    configured: bool,
    #[serde(default)]
    allow_local_binding: bool,
}

/// `"all"`, or a list of paths.
#[derive(Clone, Debug)]
struct UnixSockets(Sockets);

impl<'de> Deserialize<'de> for UnixSockets {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match serde_json::Value::deserialize(from)? {
            serde_json::Value::String(word) if word == "all" => Ok(Self(Sockets::All)),
            serde_json::Value::Array(paths) => {
                let mut found = std::collections::BTreeSet::new();
                for path in paths {
                    let path = path.as_str().ok_or_else(|| Error::custom("`unix_sockets` lists paths"))?;
                    // A relative one is ignored, as Codex does.
                    if path.starts_with('/') {
                        found.insert(path.to_owned());
                    }
                }
                let places: Vec<Place> = found.into_iter().map(|path| Place::new(path, "unix_sockets")).collect();
                Ok(Self(if places.is_empty() { Sockets::None } else { Sockets::Below(places) }))
            }
            serde_json::Value::Null => Ok(Self(Sockets::None)),
            _ => Err(Error::custom("`unix_sockets` is \"all\" or a list of paths")),
        }
    }
}

/// Names that Codex keeps as they are at the top of a writable root.
const NAMES: &[&str] = &[".git", ".agents", ".codex"];

impl Settings {
    /// What these settings come to; none where nothing is confined.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        if self.sandbox == Sandbox::DangerFullAccess && !self.managed_network {
            return None;
        }
        let places = |paths: &[String], line: &str| -> Vec<Place> {
            paths.iter().map(|path| Place::new(path.clone(), line)).collect()
        };
        Some(Wanted {
            title: format!("Codex's settings for {}", self.cwd),
            read: self.read_roots.as_ref().map(|roots| places(roots, "read_roots")),
            minimal: self.minimal,
            write: self.writing(),
            deny_read: places(&self.deny_read, "deny_read"),
            deny_globs: places(&self.deny_read_globs, "deny_read_globs"),
            network: self.reached(),
            sockets: self.unix_sockets.as_ref().map_or(Sockets::None, |sockets| sockets.0.clone()),
            ..Wanted::default()
        })
    }

    fn writing(&self) -> Writing {
        match self.sandbox {
            Sandbox::ReadOnly => Writing::Nothing,
            Sandbox::FullDiskWrite | Sandbox::DangerFullAccess => Writing::Everything,
            Sandbox::WorkspaceWrite => {
                let mut roots = vec![Place::new(self.cwd.clone(), "cwd")];
                if !self.exclude_slash_tmp {
                    roots.push(Place::new("/private/tmp", "/tmp"));
                }
                if let Some(tmpdir) = self.tmpdir.as_ref().filter(|_| !self.exclude_tmpdir_env_var) {
                    roots.push(Place::new(tmpdir.clone(), "TMPDIR"));
                }
                roots.extend(self.writable_roots.iter().map(|path| Place::new(path.clone(), "writable_roots")));
                let mut seen = std::collections::BTreeSet::new();
                roots.retain(|place| seen.insert(place.path.clone()));
                Writing::Roots(roots.into_iter().map(|place| self.root(place)).collect())
            }
        }
    }

    fn root(&self, place: Place) -> Root {
        let top = place.path.trim_end_matches('/').to_owned();
        let mut protected: Vec<Place> = Vec::new();
        if place.path == self.cwd {
            protected.extend(NAMES.iter().map(|name| Place::new(format!("{top}/{name}"), "protected name")));
        }
        // What a `.git` file points to is protected where it lies.
        if NAMES.iter().any(|name| self.existing.contains(&format!("{top}/{name}"))) || place.path == self.cwd {
            let targets = self.gitdir_targets.iter().filter(|target| within(target, &top));
            protected.extend(targets.map(|target| Place::new(target.clone(), "gitdir_targets")));
        }
        Root { place, protected, names: NAMES.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn reached(&self) -> Network {
        let listed = self.unix_sockets.as_ref().is_some_and(|sockets| sockets.0 != Sockets::None);
        let (ports, configured, local_binding) = match &self.proxy {
            Some(proxy) => (proxy.ports.clone(), proxy.configured, proxy.allow_local_binding),
            None => (Vec::new(), false, false),
        };
        if !ports.is_empty() || configured || self.managed_network || (!self.network && listed) {
            Network::Proxy { ports, local_binding }
        } else if self.network {
            Network::On
        } else {
            Network::Off
        }
    }
}
