//! The combinations that are resolved on both sides: what an invocation can ask for, and what the requirements of either side
//! speak of.

use std::collections::BTreeSet;

use super::Demanded;
use crate::requirements::flags::{CommandLine, Surface};
use crate::requirements::permissions::BUILT_IN;
use crate::requirements::release::Release;
use crate::requirements::value::{Node, Table, at};
use crate::source::Sources;

/// One combination.
pub(super) struct Point {
    pub(super) line: CommandLine,
    pub(super) host: String,
}

impl Point {
    /// The invocation, and the host where it matters.
    pub(super) fn witness(&self, sources: &Sources) -> String {
        let text = sources.get(self.line.source).map_or("codex", |source| source.text.as_str());
        if self.host.is_empty() { text.to_owned() } else { format!("{text} (on the host {})", self.host) }
    }
}

/// All of them, and what they are made of.
pub(super) struct Space {
    pub(super) base: CommandLine,
    pub(super) points: Vec<Point>,
    pub(super) enumerated: Vec<String>,
}

/// Alternatives of one kind: the words of each, none being the first.
type Axis = Vec<Vec<String>>;

fn axis(all: &[&[&str]]) -> Axis {
    let words = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    std::iter::once(Vec::new()).chain(all.iter().map(words)).collect()
}

pub(super) fn space(sides: &[Demanded; 2], release: &Release, sources: &mut Sources) -> Space {
    let base = CommandLine::new(sources, Surface::Interactive, &[]);
    let hosts = hosts(sides);
    let profiles = profiles(sides, release);
    let trust: Axis = axis(&[
        &["-c", "projects={\"/home/dev/proj\"={trust_level=\"trusted\"}}"],
        &["-c", "projects={\"/home/dev/proj\"={trust_level=\"untrusted\"}}"],
    ]);
    let preset: &[&str] = if release.permission_profiles { &["--approve-for-me"] } else { &["--full-auto"] };
    let modes = axis(&[
        &["-s", "read-only"],
        &["-s", "workspace-write"],
        &["-s", "danger-full-access"],
        &["-s", "workspace-write", "-c", "sandbox_workspace_write={network_access=true,writable_roots=[\"/srv\"]}"],
        &["--dangerously-bypass-approvals-and-sandbox"],
        preset,
    ]);
    let mut asks = axis(&[
        &["-c", "approval_policy=on-failure"],
        &["-c", "approval_policy={granular={sandbox_approval=true,rules=true,mcp_elicitations=true}}"],
    ]);
    asks.extend(release.ask_words.iter().map(|word| vec!["-a".to_owned(), (*word).to_owned()]));
    let mut lines: BTreeSet<(Surface, Vec<String>)> = BTreeSet::new();
    let mut add = |surface: Surface, words: Vec<&Vec<String>>| {
        lines.insert((surface, words.into_iter().flatten().cloned().collect()));
    };
    let both = [Surface::Interactive, Surface::Exec];
    let none = Vec::new();
    for surface in both {
        for mode in &modes {
            for ask in asks.iter().filter(|ask| fits(surface, mode, ask)) {
                for trust in &trust {
                    add(surface, vec![mode, ask, trust]);
                }
            }
        }
        for profile in &profiles {
            for ask in asks.iter().filter(|ask| fits(surface, &none, ask)) {
                for trust in &trust {
                    add(surface, vec![profile, ask, trust]);
                }
            }
        }
    }
    let mut searches: Axis = axis(&[&["--search"]]);
    let words: &[&str] = if release.permission_profiles {
        &["disabled", "cached", "indexed", "live"]
    } else {
        &["disabled", "cached", "live"]
    };
    searches.extend(words.iter().map(|word| vec!["-c".to_owned(), format!("web_search={word}")]));
    for mode in &modes {
        for search in &searches {
            add(Surface::Interactive, vec![mode, search]);
        }
    }
    let mut reviewers = axis(&[&["-c", "approvals_reviewer=user"]]);
    let reviewer = if release.auto_review { "auto_review" } else { "guardian_subagent" };
    reviewers.push(vec!["-c".to_owned(), format!("approvals_reviewer={reviewer}")]);
    for surface in both {
        for reviewer in &reviewers {
            add(surface, vec![reviewer]);
        }
    }
    let features = features(sides, release);
    for feature in &features {
        for flag in ["--enable", "--disable"] {
            add(Surface::Interactive, vec![&vec![flag.to_owned(), feature.clone()]]);
        }
    }
    let servers = servers(sides);
    for server in &servers {
        add(Surface::Interactive, vec![server]);
    }
    let mut points = Vec::new();
    for host in &hosts {
        for (surface, words) in &lines {
            points.push(Point { line: CommandLine::new(sources, *surface, words), host: host.clone() });
        }
    }
    let named = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let enumerated = vec![
        format!("the screen and `exec`, each with {} choices of a mode or preset", modes.len()),
        format!("{} choices of an approval policy, as far as a surface takes them; 3 states of trust", asks.len()),
        format!("{} choices of web search beside every mode; {} of a reviewer", searches.len(), reviewers.len()),
        format!("{} choices of a permission profile", profiles.len()),
        format!("features that either side pins, on and off: {}", named(&features)),
        format!("{} made-up MCP servers, those that either side identifies and one that neither does", servers.len()),
        format!(
            "hosts: {}",
            hosts
                .iter()
                .map(|host| if host.is_empty() { "one that no pattern names" } else { host })
                .collect::<Vec<_>>()
                .join(", ")
        ),
        "every end of a rule's pattern as a command".to_owned(),
    ];
    Space { base, points, enumerated }
}

/// Whether a surface takes these together.
fn fits(surface: Surface, mode: &[String], ask: &[String]) -> bool {
    let typed = ask.first().is_some_and(|word| word == "-a");
    let preset = mode.first().is_some_and(|word| word.starts_with("--"));
    !(typed && (surface == Surface::Exec || preset))
}

/// A host that no pattern fits, and one for each pattern.
fn hosts(sides: &[Demanded; 2]) -> Vec<String> {
    let mut hosts = vec![String::new()];
    let entries = sides.iter().flat_map(|side| &side.raw).filter_map(|table| table.get("remote_sandbox_config"));
    for entry in entries.filter_map(|node| node.value.list()).flatten() {
        let patterns = entry.value.table().and_then(|table| table.get("hostname_patterns")?.value.list());
        for pattern in patterns.into_iter().flatten().filter_map(|node| node.value.text()) {
            let host = pattern.replace('*', "x").replace('?', "0");
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    hosts
}

fn profiles(sides: &[Demanded; 2], release: &Release) -> Axis {
    if !release.permission_profiles {
        return Vec::new();
    }
    let mut names: BTreeSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
    for side in sides {
        names.extend(crate::requirements::demands::profiles(&side.table).keys().map(str::to_owned));
    }
    names.into_iter().map(|name| vec!["-c".to_owned(), format!("default_permissions=\"{name}\"")]).collect()
}

fn features(sides: &[Demanded; 2], release: &Release) -> Vec<String> {
    let pins = |side: &Demanded| {
        let table = side.table.get("features").and_then(|node| node.value.table());
        table.into_iter().flat_map(Table::keys).map(str::to_owned).collect::<Vec<_>>()
    };
    let known = |name: &String| crate::requirements::features::current(name, release).is_some();
    let all: BTreeSet<String> = sides.iter().flat_map(pins).filter(known).collect();
    all.into_iter().collect()
}

/// Servers as a user would configure them: each that a side identifies, and one that none does.
fn servers(sides: &[Demanded; 2]) -> Axis {
    let mut all: BTreeSet<String> = BTreeSet::from(["mcp_servers.unlisted={command=\"unlisted\"}".to_owned()]);
    for side in sides {
        for (name, server) in side.table.get("mcp_servers").and_then(|node| node.value.table()).into_iter().flatten() {
            let identity = server.value.table().and_then(|server| server.get("identity")?.value.table());
            if let Some(config) = identity.and_then(of_identity)
                && !name.contains(['.', '='])
            {
                all.insert(format!("mcp_servers.{name}={{{config}}}"));
            }
        }
    }
    all.into_iter().map(|server| vec!["-c".to_owned(), server]).collect()
}

/// The keys of a server that fits an identity; nothing for one that only a pattern tells.
fn of_identity(identity: &Table) -> Option<String> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let value = |node: &Node| {
        let of = || node.value.table()?.get("value")?.value.text();
        node.value.text().or_else(of).map(str::to_owned)
    };
    match (identity.get("command"), identity.get("url")) {
        (Some(command), _) => match command.value.text() {
            Some(text) => Some(format!("command={}", quoted(text))),
            None => {
                let executable = at(identity, &["command", "executable"])?.value.text()?;
                let args = at(identity, &["command", "args"]).and_then(|node| node.value.list()).unwrap_or_default();
                let args: Vec<String> =
                    args.iter().map(|arg| value(arg).map(|text| quoted(&text))).collect::<Option<_>>()?;
                Some(format!("command={},args=[{}]", quoted(executable), args.join(",")))
            }
        },
        (None, Some(url)) => Some(format!("url={}", quoted(&value(url)?))),
        (None, None) => None,
    }
}
