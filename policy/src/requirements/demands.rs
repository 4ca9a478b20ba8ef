//! Requirements: each source read and checked, the sources made one, and what no shape can say checked on the whole.

mod hosts;

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use self::hosts::host_fits;
use super::failure::Failure;
use super::keys::{CONFIG, GRANULAR, NETWORK, PROFILE, REQUIREMENTS};
use super::permissions::BUILT_IN;
use super::release::{Origin, Release, Union};
use super::scene::{Document, Kind, Scene, absolute};
use super::shape::{Field, Met, compare, first_misfit, fits};
use super::value::{Node, Table, Value, at, merge};

/// Names below `[permissions]` that are no profiles.
const NO_PROFILES: &[&str] = &["filesystem", "network"];

/// All requirements as one table, checked.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Every key with the value that holds.
    pub table: Table,
    /// Keys that mean nothing, strongest source first; no more than a release names.
    pub unknown: Vec<String>,
}

/// The documents of a kind of source.
const fn kind(origin: Origin) -> Kind {
    match origin {
        Origin::Cloud => Kind::CloudRequirements,
        Origin::Mdm => Kind::MdmRequirements,
        Origin::File => Kind::Requirements,
        Origin::ManagedMdm => Kind::MdmManaged,
        Origin::ManagedFile => Kind::Managed,
    }
}

/// Keys that only a source on this machine may give.
const LOCAL: &[&str] = &[
    "allowed_login_methods",
    "allowed_chatgpt_workspaces",
    "cli_auth_credentials_store",
    "chatgpt_base_url",
    "config_server",
];

/// Reads and merges the sources of a scene as `release` does.
///
/// # Errors
/// The first thing that keeps the release from starting.
pub fn gather(scene: &Scene, release: &Release) -> Result<Demands, Failure> {
    let mut demands = Demands::default();
    let mut tables = Vec::new();
    for origin in release.sources {
        let Some(document) = scene.documents.iter().find(|document| document.kind == kind(*origin)) else { continue };
        let table = match origin {
            Origin::ManagedMdm | Origin::ManagedFile => managed(document, release)?,
            _ => {
                let mut table = source(document, scene, release, &mut demands.unknown)?;
                if *origin == Origin::Cloud && release.union == Union::Merged {
                    table.retain(|key, _| !LOCAL.contains(&key));
                }
                table
            }
        };
        tables.push(table);
    }
    demands.table = match release.union {
        Union::WholeKeys => whole_keys(tables),
        Union::Merged => merged(tables),
    };
    Ok(demands)
}

fn whole_keys(tables: Vec<Table>) -> Table {
    let mut whole = Table::new();
    for table in tables {
        for (key, node) in table {
            match whole.get_mut(&key) {
                None => {
                    whole.insert(key, node);
                }
                Some(held) if key.as_str() == "apps" => unite_apps(held, &node),
                Some(_) => {}
            }
        }
    }
    whole
}

/// Apps of a weaker source join; a `false` anywhere stays.
fn unite_apps(held: &mut Node, other: &Node) {
    let (Value::Table(held), Some(other)) = (&mut held.value, other.value.table()) else { return };
    let mut new = Vec::new();
    for (app, node) in other {
        let off = at(other, &[app, "enabled"]).is_some_and(|node| node.value.truth() == Some(false));
        if !held.contains_key(app) {
            new.push((app.into(), node.clone()));
        } else if off {
            held.insert(app, node.clone());
        }
    }
    held.join(new);
}

/// Lists that are united instead of replaced, and whether repeated texts are dropped.
const UNITED: &[&[&str]] =
    &[&["rules", "prefix_rules"], &["permissions", "filesystem", "deny_read"], &["auto_review", "required_on_models"]];

fn merged(tables: Vec<Table>) -> Table {
    let mut whole = Table::new();
    for mut table in tables.into_iter().rev() {
        if whole.is_empty() {
            whole = table;
            continue;
        }
        for path in UNITED {
            let under = at(&whole, path).and_then(|node| node.value.list()).unwrap_or_default();
            if let (false, Some(items)) = (under.is_empty(), list_at(&mut table, path)) {
                let told = |node: &Node| format!("{} {}", node.value.kind(), node.value);
                let held: HashSet<String> = items.iter().map(told).collect();
                items.extend(under.iter().filter(|node| !held.contains(&told(node))).cloned());
            }
        }
        merge(&mut whole, &table);
    }
    whole
}

fn list_at<'a>(table: &'a mut Table, path: &[&str]) -> Option<&'a mut Vec<Node>> {
    let (first, rest) = path.split_first()?;
    match &mut table.get_mut(first)?.value {
        Value::Table(inner) if !rest.is_empty() => list_at(inner, rest),
        Value::List(items) if rest.is_empty() => Some(items.to_mut()),
        _ => None,
    }
}

/// The three keys of managed config that constrain.
fn managed(document: &Document, release: &Release) -> Result<Table, Failure> {
    let read = document.read.as_ref().map_err(|wrong| Failure::no_toml("managed_config_invalid", wrong))?;
    let mut table = Table::new();
    let list = |node: &Node, words: &[&str]| {
        let item = |word: &&str| Node { value: Value::Text((*word).into()), span: node.span, key: node.span };
        let items: Vec<Node> = words.iter().map(item).collect();
        Node { value: Value::List(items.into()), ..node.clone() }
    };
    let keys: &[&str] = if release.managed_reviewer {
        &["approval_policy", "sandbox_mode", "approvals_reviewer"]
    } else {
        &["approval_policy", "sandbox_mode"]
    };
    for key in keys {
        let Some(node) = read.get(key) else { continue };
        if let Some(field) = CONFIG.iter().find(|field| field.name == *key) {
            fits(node, &field.shape, release).map_err(|misfit| {
                let mut failure = Failure::new("managed_config_schema", misfit.message).at(misfit.span);
                failure.help = misfit.help;
                failure
            })?;
        }
        let word = node.value.text().unwrap_or_default();
        let (key, demanded) = match (*key, word) {
            ("approval_policy", _) => {
                let item = Node { key: node.span, ..node.clone() };
                ("allowed_approval_policies", Node { value: Value::List(vec![item].into()), ..node.clone() })
            }
            ("sandbox_mode", "read-only") => ("allowed_sandbox_modes", list(node, &["read-only"])),
            ("sandbox_mode", word) => ("allowed_sandbox_modes", list(node, &["read-only", word])),
            (_, "user") => ("allowed_approvals_reviewers", list(node, &["user"])),
            _ => ("allowed_approvals_reviewers", list(node, &["auto_review", "user"])),
        };
        table.insert(key, demanded);
    }
    Ok(table)
}

fn schema(message: impl Into<String>, node: &Node) -> Failure {
    Failure::new("requirements_schema", message).at(node.span)
}

/// One file of requirements: compared with the shapes, aliases and hosts resolved, unknown keys taken out.
fn source(document: &Document, scene: &Scene, release: &Release, unknown: &mut Vec<String>) -> Result<Table, Failure> {
    let read = document.read.as_ref().map_err(|wrong| Failure::no_toml("requirements_syntax", wrong))?;
    fit(read, REQUIREMENTS, release)?;
    let mut here = switches(read);
    strangers(read, REQUIREMENTS, release, "", &mut here);
    here.sort();
    unknown.extend(here);
    let known = REQUIREMENTS.iter().filter(|field| field.known.to(release));
    let mut table: Table = known.filter_map(|field| Some((field.name, read.get(field.name)?.clone()))).collect();
    if let Some(pins) = table.remove("feature_requirements") {
        if table.contains_key("features") {
            return Err(Failure::new("requirements_schema", "`features` and `feature_requirements` are one key")
                .at(pins.key)
                .help("keep `[features]` only"));
        }
        table.insert("features", pins);
    }
    if let (Some(_), Some(node)) = (table.get("network_proxy"), table.get("experimental_network")) {
        return Err(schema("`network_proxy` and `experimental_network` are one key", node).help("keep one of both"));
    }
    if release.permission_profiles {
        permissions(&table, release, unknown)?;
    }
    if let Some(hosts) = table.remove("remote_sandbox_config")
        && let Some(list) = remote(&hosts, &scene.machine.host)
    {
        table.insert("allowed_sandbox_modes", list.clone());
    }
    super::layers::rewrite(&mut table, &["permissions", "filesystem", "deny_read"], &|path| {
        absolute(path, &document.folder, &scene.machine.home)
    });
    for key in ["log_dir", "sqlite_home", "model_catalog_json"] {
        super::layers::rewrite(&mut table, &[key], &|path| absolute(path, &document.folder, &scene.machine.home));
    }
    Ok(table)
}

/// How many unknown keys a release names.
const NAMED: usize = 3;

/// The first value that does not fit is what a release says.
fn fit(table: &Table, fields: &'static [Field], release: &Release) -> Result<(), Failure> {
    first_misfit(table, fields, release).map_or(Ok(()), |misfit| {
        let older = misfit.parts && !release.permission_profiles;
        let class = if older { "requirements_syntax" } else { "requirements_schema" };
        let mut failure = Failure::new(class, misfit.message).at(misfit.span);
        failure.help = misfit.help;
        Err(failure)
    })
}

/// Adds the first keys that a release does not know, as it names them.
fn strangers(table: &Table, fields: &'static [Field], release: &Release, before: &str, unknown: &mut Vec<String>) {
    let mut named = 0;
    compare(table, fields, release, &mut |met| {
        if let Met::Stranger(stranger) = met
            && stranger.warned
        {
            unknown.push(format!("{before}{}", stranger.path()));
            named += 1;
        }
        if named < NAMED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
}

/// Switches of granular approval that are none, as Codex names them: without the word before them.
fn switches(table: &Table) -> Vec<String> {
    let policies = table.get("allowed_approval_policies").and_then(|node| node.value.list()).unwrap_or_default();
    let of = |(at, node): (usize, &Node)| {
        let switches = node.value.table()?.get("granular")?.value.table()?.clone();
        let unknown = switches.keys().filter(|key| GRANULAR.iter().all(|field| field.name != *key));
        Some(unknown.map(|key| format!("allowed_approval_policies.{at}.{key}")).collect::<Vec<_>>())
    };
    policies.iter().enumerate().filter_map(of).flatten().take(NAMED).collect()
}

/// What stands below a name of `[permissions]`, of which 0.169.0 mixes two fixed ones with free ones.
#[must_use]
pub fn fields_of_permission(name: &str) -> &'static [Field] {
    match name {
        "filesystem" => DENY,
        "network" => NETWORK,
        _ => PROFILE,
    }
}

fn permissions(table: &Table, release: &Release, unknown: &mut Vec<String>) -> Result<(), Failure> {
    let Some(node) = table.get("permissions") else { return Ok(()) };
    let Some(below) = node.value.table() else { return Err(schema("`permissions` must be a table", node)) };
    for (name, node) in below {
        let Some(inner) = node.value.table() else {
            return Err(schema(format!("`permissions.{name}` must be a table"), node));
        };
        if let (true, Some((key, node))) = (name == "network", inner.iter().find(|(key, _)| is_profile_key(key))) {
            let message = format!("`permissions.network` is the managed network, and has no `{key}`");
            return Err(schema(message, node).help("a profile cannot be called `network` here"));
        }
        let fields = fields_of_permission(name);
        fit(inner, fields, release)?;
        // Codex does not warn of keys below a profile.
        if NO_PROFILES.contains(&name) {
            strangers(inner, fields, release, &format!("permissions.{name}."), unknown);
        }
    }
    Ok(())
}

fn is_profile_key(key: &str) -> bool {
    PROFILE.iter().any(|field| field.name == key)
}

const DENY: &[super::shape::Field] =
    &[super::shape::field("deny_read", super::shape::Shape::List(&super::shape::Shape::Text))];

fn remote<'a>(hosts: &'a Node, host: &str) -> Option<&'a Node> {
    let matching = |entry: &&Node| {
        let patterns = entry.value.table().and_then(|table| table.get("hostname_patterns")?.value.list());
        patterns
            .into_iter()
            .flatten()
            .filter_map(|pattern| pattern.value.text())
            .any(|pattern| host_fits(pattern, host))
    };
    hosts.value.list()?.iter().find(matching)?.value.table()?.get("allowed_sandbox_modes")
}

/// What no shape can say, checked on the whole.
///
/// # Errors
/// The first thing that keeps the release from starting.
pub fn check(table: &Table) -> Result<(), Failure> {
    slugs(table)?;
    super::servers::check(table)?;
    for key in ["allowed_approval_policies", "allowed_approvals_reviewers"] {
        if let Some(node) = table.get(key).filter(|node| node.value.list().is_some_and(<[Node]>::is_empty)) {
            return Err(Failure::new("requirements_empty_list", format!("`{key}` must not be empty"))
                .at(node.span)
                .help("leave the key out to allow everything"));
        }
    }
    let windows = at(table, &["windows", "allowed_sandbox_implementations"]);
    if let Some(node) = windows.filter(|node| node.value.list().is_some_and(<[Node]>::is_empty)) {
        return Err(Failure::new(
            "requirements_empty_list",
            "`windows.allowed_sandbox_implementations` must not be empty",
        )
        .at(node.span));
    }
    if let Some(node) = table.get("allowed_sandbox_modes") {
        let names = node.value.list().unwrap_or_default();
        if !names.iter().any(|item| item.value.text() == Some("read-only")) {
            return Err(Failure::new("requirements_missing_read_only", "a list of modes must include `read-only`")
                .at(node.span)
                .help("add \"read-only\": it is what every refused mode falls back to"));
        }
    }
    rules(table)
}

fn slugs(table: &Table) -> Result<(), Failure> {
    let slugs = at(table, &["auto_review", "required_on_models"]).and_then(|node| node.value.list());
    for node in slugs.unwrap_or_default() {
        let text = node.value.text().unwrap_or_default();
        if text.is_empty() || text.trim() != text || text.contains('/') {
            return Err(
                Failure::new("requirements_value", format!("`{text}` is no plain name of a model")).at(node.span)
            );
        }
    }
    Ok(())
}

fn rules(table: &Table) -> Result<(), Failure> {
    let wrong = |message: String, node: &Node| Err(Failure::new("requirements_rules", message).at(node.span));
    let Some(list) = at(table, &["rules", "prefix_rules"]) else { return Ok(()) };
    let rules = list.value.list().unwrap_or_default();
    if rules.is_empty() {
        return wrong("`rules.prefix_rules` must not be empty".into(), list);
    }
    let blank = |node: &Node| node.value.text().is_some_and(|text| text.trim().is_empty());
    for (number, rule) in rules.iter().enumerate() {
        let Some(fields) = rule.value.table() else { continue };
        let name = format!("rule {}", number + 1);
        match fields.get("decision") {
            None => return wrong(format!("{name} has no `decision`"), rule),
            Some(node) if node.value.text() == Some("allow") => {
                return wrong(format!("{name}: a requirement cannot `allow`; only `prompt` and `forbidden`"), node);
            }
            Some(_) => {}
        }
        if let Some(node) = fields.get("justification").filter(|node| blank(node)) {
            return wrong(format!("{name}: `justification` is blank"), node);
        }
        let Some(pattern) = fields.get("pattern") else { continue };
        let tokens = pattern.value.list().unwrap_or_default();
        if tokens.is_empty() {
            return wrong(format!("{name}: `pattern` is empty"), pattern);
        }
        for (place, token) in tokens.iter().enumerate() {
            let Some(fields) = token.value.table() else { continue };
            let name = format!("{name}, token {}", place + 1);
            match (fields.get("token"), fields.get("any_of")) {
                (Some(_), Some(_)) => return wrong(format!("{name}: `token` and `any_of` exclude each other"), token),
                (None, None) => return wrong(format!("{name}: neither `token` nor `any_of`"), token),
                (Some(word), None) if blank(word) => return wrong(format!("{name}: `token` is blank"), word),
                (None, Some(words)) => {
                    let words = words.value.list().unwrap_or_default();
                    if words.is_empty() || words.iter().any(blank) {
                        return wrong(format!("{name}: `any_of` is empty, or holds a blank word"), token);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the managed network cannot be.
///
/// # Errors
/// Two tables of it, a bare `*`, or both forms of one list.
pub fn network(table: &Table, release: &Release) -> Result<(), Failure> {
    let surfaces: Vec<&Node> = [&["experimental_network"][..], &["network_proxy"], &["permissions", "network"]]
        .iter()
        .filter_map(|path| at(table, path))
        .collect();
    if let (true, Some(second)) = (release.permission_profiles, surfaces.get(1)) {
        return Err(Failure::new("requirements_network", "the managed network is given in two tables").at(second.key));
    }
    for node in surfaces {
        let Some(fields) = node.value.table() else { continue };
        if release.network_tables {
            let pairs =
                [("domains", "allowed_domains"), ("domains", "denied_domains"), ("unix_sockets", "allow_unix_sockets")];
            for (new, old) in pairs {
                if let (Some(_), Some(node)) = (fields.get(new), fields.get(old)) {
                    return Err(schema(format!("`{new}` and `{old}` cannot be combined"), node));
                }
            }
        }
        // Seen on both newer binaries: a bare `*` is refused among the denied too.
        let table = fields.get("domains").and_then(|node| node.value.table()).filter(|_| release.network_tables);
        let mut lists =
            ["allowed_domains", "denied_domains"].iter().filter_map(|key| fields.get(key)?.value.list()).flatten();
        let bare = table.and_then(|table| table.get("*")).or_else(|| lists.find(|item| item.value.text() == Some("*")));
        if let Some(node) = bare {
            return Err(Failure::new("requirements_network", "a bare `*` can be neither allowed nor denied")
                .at(node.span)
                .help("name the hosts, or a part of them: `*.corp.example`"));
        }
    }
    Ok(())
}

/// The profiles that requirements define.
#[must_use]
pub fn profiles(table: &Table) -> Table {
    let all = table.get("permissions").and_then(|node| node.value.table()).into_iter().flatten();
    all.filter(|(name, _)| !NO_PROFILES.contains(name)).map(|(name, node)| (name, node.clone())).collect()
}

/// The list of profiles as requirements give it: the allowed names, and the default with its place.
///
/// # Errors
/// A list that contradicts itself or config.
pub fn profile_list(
    table: &Table,
    config: Option<&Table>,
) -> Result<Option<(BTreeSet<String>, String, Node)>, Failure> {
    let wrong = |message: String, node: &Node| Failure::new("requirements_permissions", message).at(node.key);
    let own = profiles(table);
    if let Some((name, node)) = own.iter().find(|(name, _)| config.is_some_and(|config| config.contains_key(name))) {
        return Err(wrong(format!("config defines a profile `{name}` that requirements define too"), node));
    }
    let default = table.get("default_permissions");
    let Some(list) = table.get("allowed_permission_profiles") else {
        return match default {
            Some(node) => Err(wrong("`default_permissions` needs `allowed_permission_profiles`".into(), node)),
            None => Ok(None),
        };
    };
    let entries = list.value.table().into_iter().flatten();
    let mut allowed = BTreeSet::new();
    for (name, node) in entries {
        let defined = BUILT_IN.contains(&name)
            || own.contains_key(name)
            || config.is_some_and(|config| config.contains_key(name));
        if !defined {
            return Err(wrong(format!("the listed profile `{name}` is defined nowhere"), node));
        }
        if node.value.truth() == Some(true) {
            allowed.insert(name.to_owned());
        }
    }
    match default {
        Some(node) => {
            let name = node.value.text().unwrap_or_default();
            if !allowed.contains(name) {
                return Err(wrong(
                    format!("`default_permissions = \"{name}\"` is not among the allowed profiles"),
                    node,
                ));
            }
            Ok(Some((allowed, name.to_owned(), node.clone())))
        }
        None if allowed.contains(":workspace") && allowed.contains(":read-only") => {
            Ok(Some((allowed, ":workspace".to_owned(), list.clone())))
        }
        None => Err(wrong(
            "a list of profiles without both `:workspace` and `:read-only` needs `default_permissions`".into(),
            list,
        )),
    }
}
