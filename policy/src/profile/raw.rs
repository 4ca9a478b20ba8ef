//! A profile as serde reads it, and the one step from there to a valid [`Profile`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::macos::is_name;
use super::{CallGroup, Environment, Files, LINES, Limits, Macos, Network, Private, Profile, Tree};
use crate::diagnostic::Diagnostic;
use crate::likeness::nearest;
use crate::source::{SourceId, Sources, Span};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    /// Its name, shown in reports.
    name: String,
    /// One sentence: what it is for.
    #[serde(default)]
    description: String,
    /// Lines that may be given up where the host cannot enforce them; each is told as a gap.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    best_effort: Vec<Spanned<String>>,
    /// What of the file system.
    files: RawFiles,
    /// What of the network.
    network: RawNetwork,
    /// What the command has of its own.
    private: RawPrivate,
    /// Which groups of system calls are refused.
    system_calls: RawCalls,
    /// How much it may take.
    #[serde(default)]
    limits: RawLimits,
    /// Which variables it gets.
    #[serde(default)]
    environment: RawEnvironment,
    /// Further layers.
    layers: RawLayers,
    /// What is granted on macOS beyond the other tables.
    #[serde(default)]
    macos: RawMacos,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawFiles {
    /// Readable trees: `:root`, `:workspace`, `:tmp`, or a path.
    #[schemars(with = "Vec<String>")]
    read: Vec<Spanned<String>>,
    /// Writable trees.
    #[schemars(with = "Vec<String>")]
    write: Vec<Spanned<String>>,
    /// Trees that must not be read.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    deny_read: Vec<Spanned<String>>,
    /// Names that stay read-only at the top of every writable tree.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    protect: Vec<Spanned<String>>,
    /// How deep repositories are looked for, to protect their names as well.
    #[serde(default)]
    nested_repositories: u32,
    /// Writable trees that are dangerous and accepted by name.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    accept_dangerous: Vec<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    /// What of the network is reached.
    access: Network,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPrivate {
    /// A `/dev` of its own.
    dev: bool,
    /// An empty `/tmp` of its own.
    tmp: bool,
    /// Its own System V and POSIX objects.
    ipc: bool,
    /// Only its own processes.
    processes: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCalls {
    /// The groups.
    refuse: Vec<CallGroup>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    /// Size of core files in bytes.
    core_bytes: Option<u64>,
    /// Open descriptors.
    open_files: Option<u64>,
    /// Processes.
    processes: Option<u64>,
    /// Memory in bytes.
    memory_bytes: Option<u64>,
    /// Size of a file in bytes.
    file_bytes: Option<u64>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawEnvironment {
    /// Names, or names with one `*` at an end, that are taken away.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    remove: Vec<Spanned<String>>,
    /// Names that stay even so.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    keep: Vec<Spanned<String>>,
    /// Variables and their values.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    set: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLayers {
    /// Whether Landlock stands behind the mounts.
    landlock: bool,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawMacos {
    /// Ports on loopback that are reached though `network.access` is off: those of proxies.
    #[serde(default)]
    #[schemars(with = "Vec<u16>")]
    proxy_ports: Vec<Spanned<u16>>,
    /// Whether servers may be started on loopback, and reached.
    #[serde(default)]
    local_binding: bool,
    /// Unix sockets that are reached and offered, with those below them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    unix_sockets: Vec<Spanned<String>>,
    /// Mach services that are looked up; a `*` at the end stands for any ending.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    mach_services: Vec<Spanned<String>>,
    /// Kernel variables that are read; a `*` at the end stands for any ending.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    sysctls: Vec<Spanned<String>>,
}

/// The JSON Schema of a profile, from the types that read it.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(RawProfile)
}

/// Reads a profile from the text of `source`.
///
/// # Errors
/// Everything that is wrong with the file: syntax and types as TOML reports them (one, the first), or all values that
/// make no sense. Each with its place.
pub fn parse(sources: &Sources, source: SourceId) -> Result<Profile, Vec<Diagnostic>> {
    let text = sources.get(source).map_or("", |source| source.text.as_str());
    let raw: RawProfile = toml::from_str(text).map_err(|error| vec![from_toml(&error, source, text)])?;
    let mut check = Checker { source, found: Vec::new() };
    let profile = check.profile(raw);
    if check.found.is_empty() { Ok(profile) } else { Err(check.found) }
}

fn from_toml(error: &toml::de::Error, source: SourceId, text: &str) -> Diagnostic {
    let message = error.message().trim().to_owned();
    let (code, help) = match unknown_key(&message) {
        Some(help) => ("profile-unknown-key", Some(help)),
        None => ("profile-syntax", None),
    };
    let range = error.span().unwrap_or(0..text.len().min(1));
    let mut diagnostic = Diagnostic::error(code, consequence(&message)).at(span(source, range), "");
    diagnostic.help = help;
    diagnostic
}

/// The consequence is part of the message: an unknown key is a wish that would not be enforced.
fn consequence(message: &str) -> String {
    match message.strip_prefix("unknown field ") {
        Some(rest) => {
            let key = rest.split(',').next().unwrap_or(rest);
            format!("unknown key {key}; what it asks for would not be enforced")
        }
        None => message.to_owned(),
    }
}

fn unknown_key(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (key, known) = rest.split_once('`')?;
    let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    Some(match nearest(key, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known keys here: {}", names.join(", ")),
    })
}

fn span(source: SourceId, range: Range<usize>) -> Span {
    let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: clamp(range.start), end: clamp(range.end) }
}

struct Checker {
    source: SourceId,
    found: Vec<Diagnostic>,
}

impl Checker {
    fn wrong(&mut self, code: &str, message: String, at: Range<usize>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(code, message).at(span(self.source, at), "");
        diagnostic.help = help;
        self.found.push(diagnostic);
    }

    fn profile(&mut self, raw: RawProfile) -> Profile {
        let files = Files {
            read: self.trees(raw.files.read),
            write: self.trees(raw.files.write),
            deny_read: self.trees(raw.files.deny_read),
            protect: self.names(raw.files.protect),
            nested_repositories: raw.files.nested_repositories,
            accept_dangerous: self.trees(raw.files.accept_dangerous),
        };
        Profile {
            name: raw.name,
            description: raw.description,
            best_effort: self.lines(raw.best_effort),
            files,
            network: raw.network.access,
            private: Private {
                dev: raw.private.dev,
                tmp: raw.private.tmp,
                ipc: raw.private.ipc,
                processes: raw.private.processes,
            },
            refuse: raw.system_calls.refuse.into_iter().collect(),
            limits: Limits {
                core_bytes: raw.limits.core_bytes,
                open_files: raw.limits.open_files,
                processes: raw.limits.processes,
                memory_bytes: raw.limits.memory_bytes,
                file_bytes: raw.limits.file_bytes,
            },
            environment: self.environment(raw.environment),
            landlock: raw.layers.landlock,
            macos: self.macos(raw.macos, raw.network.access),
        }
    }

    fn macos(&mut self, raw: RawMacos, access: Network) -> Macos {
        let mut proxy_ports = Vec::new();
        for port in raw.proxy_ports {
            let at = port.span();
            match port.into_inner() {
                0 => self.wrong("profile-port", "0 is no port".to_owned(), at, None),
                _ if access == Network::Host => {
                    let help = "set `network.access` to `off`, or leave the ports out".to_owned();
                    let message = "a proxy's port narrows nothing while `network.access` is `host`".to_owned();
                    self.wrong("profile-port", message, at, Some(help));
                }
                port => proxy_ports.push(port),
            }
        }
        proxy_ports.sort_unstable();
        proxy_ports.dedup();
        Macos {
            proxy_ports,
            local_binding: raw.local_binding,
            unix_sockets: self.trees(raw.unix_sockets),
            mach_services: self.service_names(raw.mach_services),
            sysctls: self.service_names(raw.sysctls),
        }
    }

    fn service_names(&mut self, raw: Vec<Spanned<String>>) -> Vec<String> {
        let mut names = Vec::new();
        for word in raw {
            let at = word.span();
            let name = word.into_inner();
            if is_name(&name) {
                names.push(name);
            } else {
                let help = "letters, digits and `._-/:%`, with at most one `*`, at the end".to_owned();
                self.wrong("profile-service", format!("`{name}` names no service and no variable"), at, Some(help));
            }
        }
        names
    }

    fn trees(&mut self, raw: Vec<Spanned<String>>) -> Vec<Tree> {
        raw.into_iter()
            .filter_map(|word| {
                let at = word.span();
                match Tree::try_from(word.into_inner()) {
                    Ok(tree) => Some(tree),
                    Err(why) => {
                        self.wrong("profile-path", why, at, None);
                        None
                    }
                }
            })
            .collect()
    }

    fn names(&mut self, raw: Vec<Spanned<String>>) -> Vec<String> {
        raw.into_iter()
            .filter_map(|word| {
                let at = word.span();
                let name = word.into_inner();
                if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
                    let help = "protected names stand for themselves at the top of every writable tree".to_owned();
                    self.wrong("profile-name", format!("`{name}` is not a single file name"), at, Some(help));
                    return None;
                }
                Some(name)
            })
            .collect()
    }

    fn lines(&mut self, raw: Vec<Spanned<String>>) -> BTreeSet<String> {
        raw.into_iter()
            .filter_map(|word| {
                let at = word.span();
                let name = word.into_inner();
                if LINES.iter().any(|line| line.name == name) {
                    return Some(name);
                }
                let help = nearest(&name, LINES.iter().map(|line| line.name)).map_or_else(
                    || format!("lines are {}", LINES.iter().map(|line| line.name).collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.wrong("profile-line", format!("`{name}` names no line of a profile"), at, Some(help));
                None
            })
            .collect()
    }

    fn environment(&mut self, raw: RawEnvironment) -> Environment {
        let mut patterns = |raw: Vec<Spanned<String>>| -> Vec<String> {
            raw.into_iter()
                .filter_map(|word| {
                    let at = word.span();
                    let pattern = word.into_inner();
                    let stars = pattern.matches('*').count();
                    let at_an_end = pattern.starts_with('*') || pattern.ends_with('*');
                    if pattern.is_empty() || stars > 1 || (stars == 1 && !at_an_end) || pattern.contains(['=', '\0']) {
                        let help = "a name, or a name with one `*` at either end".to_owned();
                        self.wrong("profile-variable", format!("`{pattern}` is no variable pattern"), at, Some(help));
                        return None;
                    }
                    Some(pattern)
                })
                .collect()
        };
        let remove = patterns(raw.remove);
        let keep = patterns(raw.keep);
        let mut set = BTreeMap::new();
        for (name, value) in raw.set {
            let at = value.span();
            let value = value.into_inner();
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                self.wrong("profile-variable", format!("`{name}` cannot be set"), at, None);
                continue;
            }
            set.insert(name, value);
        }
        Environment { remove, keep, set }
    }
}
