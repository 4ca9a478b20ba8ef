//! Permission profiles: what one grants, and under which word it counts against a list of modes.

use std::collections::{BTreeMap, HashSet};

use super::failure::Failure;
use super::release::Release;
use super::scene::absolute;
use super::value::{Node, Table, Value, at};
use super::warning::{Warning, add};

/// What a profile grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// No sandbox at all.
    pub unconfined: bool,
    /// Paths and special names with their access.
    pub paths: BTreeMap<String, Access>,
    /// Whether the network is open.
    pub network: bool,
    /// Further roots that are workspaces.
    pub workspace_roots: Vec<String>,
}

/// What may be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Nothing.
    Deny,
}

const SPECIAL_NEW: &[&str] = &[":root", ":minimal", ":workspace_roots", ":project_roots", ":tmpdir", ":slash_tmp"];
const SPECIAL_OLD: &[&str] = &[":root", ":minimal", ":project_roots", ":tmpdir"];
const WORKSPACE: &str = ":workspace_roots";

/// What is said of profiles without an end.
pub const CIRCLE: &str = "profiles extend each other in a circle";

/// Names of profiles that come with the newer releases.
pub const BUILT_IN: &[&str] = &[":read-only", ":workspace", ":danger-full-access"];

/// Where profiles are defined.
#[derive(Clone, Copy, Debug)]
pub struct Defined<'a> {
    /// In config.
    pub config: Option<&'a Table>,
    /// In requirements.
    pub requirements: Option<&'a Table>,
    /// The user's home.
    pub home: &'a str,
    /// The working directory.
    pub cwd: &'a str,
}

impl Defined<'_> {
    fn find(&self, name: &str) -> Option<&Node> {
        let of = |table: Option<&'_ Table>| table.is_some_and(|table| table.contains_key(name));
        if of(self.requirements) {
            return self.requirements.and_then(|table| table.get(name));
        }
        self.config.and_then(|table| table.get(name))
    }
}

fn wrong(message: String, node: &Node) -> Failure {
    Failure::new("config_permissions", message).at(node.span)
}

/// What the profile `name`, chosen at `chosen`, grants.
///
/// # Errors
/// A name that is not defined, a parent that cannot be one, a path that is not absolute.
pub fn compile(
    name: &str,
    chosen: &Node,
    defined: &Defined<'_>,
    release: &Release,
    warnings: &mut Vec<Warning>,
) -> Result<Grants, Failure> {
    if release.permission_profiles {
        if let Some(grants) = built_in(name) {
            return Ok(grants);
        }
        return extended(name, chosen, defined, release, warnings);
    }
    if defined.config.is_none() {
        let message = format!("`default_permissions = \"{name}\"` needs a `[permissions]` table");
        return Err(wrong(message, chosen).help("built-in profiles are not known to this release"));
    }
    let node = defined.find(name).ok_or_else(|| undefined(name, chosen))?;
    let table = node.value.table().ok_or_else(|| wrong(format!("`permissions.{name}` is no table"), node))?;
    let mut grants = Grants::default();
    let filesystem = table.get("filesystem").and_then(|node| node.value.table());
    if filesystem.is_none_or(Table::is_empty) {
        add(warnings, Warning::ProfileWithoutFilesystem);
    }
    lay(&mut grants, filesystem, defined, release, warnings)?;
    grants.network = at(table, &["network", "enabled"]).and_then(|node| node.value.truth()).unwrap_or(false);
    let full = grants.full_write();
    if !full && !grants.workspace() && grants.paths.values().any(|access| *access == Access::Write) {
        return Err(wrong(format!("permissions profile `{name}` writes outside the workspace only"), node)
            .help("0.169.0 can enforce this; before, write `:project_roots` too"));
    }
    Ok(grants)
}

fn undefined(name: &str, chosen: &Node) -> Failure {
    wrong(format!("`{name}` is no defined permission profile"), chosen)
        .help(format!("define `[permissions.{name}]`, or use one of {}", BUILT_IN.join(", ")))
}

fn built_in(name: &str) -> Option<Grants> {
    let paths = |list: &[(&str, Access)]| list.iter().map(|(path, access)| ((*path).to_owned(), *access)).collect();
    match name {
        ":read-only" => Some(Grants { paths: paths(&[(":root", Access::Read)]), ..Grants::default() }),
        ":workspace" => Some(Grants {
            paths: paths(&[
                (":root", Access::Read),
                (WORKSPACE, Access::Write),
                (":tmpdir", Access::Write),
                (":slash_tmp", Access::Write),
            ]),
            ..Grants::default()
        }),
        ":danger-full-access" => Some(Grants { unconfined: true, network: true, ..Grants::default() }),
        _ => None,
    }
}

/// A profile with everything it extends: what stands furthest from it first, each over the one before.
fn extended(
    name: &str,
    chosen: &Node,
    defined: &Defined<'_>,
    release: &Release,
    warnings: &mut Vec<Warning>,
) -> Result<Grants, Failure> {
    let mut seen = HashSet::new();
    let mut line: Vec<(&str, &Table)> = Vec::new();
    let (mut name, mut chosen) = (name, chosen);
    let mut grants = loop {
        let node = defined.find(name).ok_or_else(|| undefined(name, chosen))?;
        let table = node.value.table().ok_or_else(|| wrong(format!("`permissions.{name}` is no table"), node))?;
        if !seen.insert(name) {
            return Err(circle(&line, name, chosen));
        }
        line.push((name, table));
        if let Some(node) = table.get("workspace_roots").filter(|node| node.value.table().is_none()) {
            return Err(Failure::new("config_invalid", "`workspace_roots` must be a table of paths")
                .at(node.span)
                .help("write `workspace_roots = { \"/srv/a\" = true }`"));
        }
        match table.get("extends").and_then(|node| Some((node.value.text()?, node))) {
            Some((":danger-full-access", node)) => {
                return Err(wrong("a profile cannot extend `:danger-full-access`".into(), node));
            }
            Some((parent, node)) => match built_in(parent) {
                Some(grants) => break grants,
                None => (name, chosen) = (parent, node),
            },
            None => break Grants::default(),
        }
    };
    let mut roots = HashSet::new();
    for (_, table) in line.into_iter().rev() {
        let filesystem = table.get("filesystem").and_then(|node| node.value.table());
        if table.get("extends").is_none() && filesystem.is_none_or(Table::is_empty) {
            add(warnings, Warning::ProfileWithoutFilesystem);
        }
        let more = table.get("workspace_roots").and_then(|node| node.value.table());
        for (path, node) in more.into_iter().flatten() {
            let root = absolute(path, defined.cwd, defined.home);
            if node.value.truth() == Some(true) && roots.insert(root.clone()) {
                grants.workspace_roots.push(root);
            }
        }
        lay(&mut grants, filesystem, defined, release, warnings)?;
        if let Some(enabled) = at(table, &["network", "enabled"]).and_then(|node| node.value.truth()) {
            grants.network = enabled;
        }
    }
    Ok(grants)
}

/// How many profiles of a circle are named.
const NAMED: usize = 8;

fn circle(line: &[(&str, &Table)], again: &str, chosen: &Node) -> Failure {
    let begin = line.iter().position(|(name, _)| *name == again).unwrap_or(0);
    let mut names: Vec<&str> = line.iter().skip(begin).map(|(name, _)| *name).collect();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…");
    }
    wrong(format!("{CIRCLE}: {} → {again}", names.join(" → ")), chosen).help("take one `extends` of them out")
}

fn lay(
    grants: &mut Grants,
    filesystem: Option<&Table>,
    defined: &Defined<'_>,
    release: &Release,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failure> {
    let special = if release.permission_profiles { SPECIAL_NEW } else { SPECIAL_OLD };
    for (path, node) in filesystem.into_iter().flatten().filter(|(path, _)| *path != "glob_scan_max_depth") {
        let name = match path {
            name if name.starts_with(':') && !special.contains(&name) => {
                add(warnings, Warning::FilesystemPathUnknown { path: path.to_owned() });
                continue;
            }
            ":project_roots" => WORKSPACE.to_owned(),
            name if name.starts_with(':') => name.to_owned(),
            name if name.starts_with('/') || name.starts_with("~/") => {
                let path = absolute(name, defined.cwd, defined.home);
                // The working directory by its path is the workspace all the same.
                let workspace = path == defined.cwd && node.value.text() == Some("write");
                if workspace { WORKSPACE.to_owned() } else { path }
            }
            _ => {
                return Err(Failure::new("config_permissions", format!("`{path}` is no absolute path"))
                    .at(node.key)
                    .help("write an absolute path, `~/…`, or a name that starts with `:`"));
            }
        };
        match &node.value {
            Value::Table(below) => {
                for (sub, node) in below {
                    let access = access(node, release)?;
                    let name = match (sub, name.as_str()) {
                        (".", _) => name.clone(),
                        (sub, WORKSPACE) => absolute(sub, defined.cwd, defined.home),
                        (sub, base) => format!("{base}/{sub}"),
                    };
                    grants.paths.insert(name, access);
                }
            }
            _ => {
                grants.paths.insert(name, access(node, release)?);
            }
        }
    }
    Ok(())
}

fn access(node: &Node, release: &Release) -> Result<Access, Failure> {
    match node.value.text() {
        Some("read") => Ok(Access::Read),
        Some("write") => Ok(Access::Write),
        Some("none") => Ok(Access::Deny),
        Some("deny") if release.permission_profiles => Ok(Access::Deny),
        _ => Err(Failure::new("config_invalid", format!("`{}` is no access to a path", node.value))
            .at(node.span)
            .help(if release.permission_profiles { "one of read, write, deny" } else { "one of read, write, none" })),
    }
}

impl Grants {
    /// Whether the whole disk can be written.
    #[must_use]
    pub fn full_write(&self) -> bool {
        self.unconfined
            || (self.paths.get(":root") == Some(&Access::Write)
                && self.paths.values().all(|access| *access == Access::Write))
    }

    /// Whether the workspace can be written.
    #[must_use]
    pub fn workspace(&self) -> bool {
        self.paths.get(WORKSPACE) == Some(&Access::Write)
    }

    /// Whether `name` can be written.
    #[must_use]
    pub fn writes(&self, name: &str) -> bool {
        self.paths.get(name) == Some(&Access::Write)
    }

    /// Absolute paths that can be written.
    #[must_use]
    pub fn roots(&self) -> Vec<String> {
        let of = |(path, access): (&String, &Access)| {
            let path = if path == ":root" { "/" } else { path.as_str() };
            (*access == Access::Write && path.starts_with('/')).then(|| path.to_owned())
        };
        self.paths.iter().filter_map(of).collect()
    }

    /// The word under which Codex shows it.
    #[must_use]
    pub fn shown(&self) -> &'static str {
        match (self.full_write(), self.network) {
            (true, true) => "danger-full-access",
            (true, false) if self.unconfined => "danger-full-access",
            (true, false) => "external-sandbox",
            _ if self.paths.values().any(|access| *access == Access::Write) => "workspace-write",
            _ => "read-only",
        }
    }

    /// The word under which it counts against a list of modes.
    #[must_use]
    pub fn counts_as(&self, release: &Release) -> &'static str {
        if release.permission_profiles && self.full_write() { "danger-full-access" } else { self.shown() }
    }
}
