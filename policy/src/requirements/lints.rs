//! What is wrong with requirements though they may load: errors of a release, and lines that do less, or more, than they seem to.
//!
//! The rows of `lints/table.rs` say why each matters. Whether a file starts a release is asked of the resolver, so that this
//! page cannot disagree with it.

mod table;

use std::collections::BTreeMap;

pub use table::{LINTS, Lint, find};

use super::keys::{CONFIG, CONFIG_OTHERS, NOT_REQUIREMENTS, REQUIREMENTS};
use super::permissions::{BUILT_IN, CIRCLE};
use super::release::{RELEASES, Release};
use super::resolve::resolve;
use super::scene::{Document, Kind, Scene};
use super::shape::{Unknown, compare};
use super::value::{Node, Table, at};
use crate::diagnostic::{Diagnostic, Label};
use crate::source::Span;

/// Programs that run whatever their arguments name.
const RUNNERS: &[&str] = &[
    "bash", "bun", "bunx", "cargo", "deno", "docker", "env", "go", "node", "npm", "npx", "perl", "pipx", "pnpm",
    "podman", "python", "python3", "ruby", "sh", "ssh", "sudo", "uv", "uvx", "yarn", "zsh",
];

/// Approval words, strictest first.
const STRICTNESS: &[&str] = &["untrusted", "on-request", "on-failure", "never"];

/// Everything that is to be said about the documents of a scene, for one release and in view of the others.
#[must_use]
pub fn check(scene: &Scene, release: &'static Release) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for document in &scene.documents {
        let Ok(table) = &document.read else { continue };
        if document.kind == Kind::Managed {
            managed(table, &mut found);
        } else {
            misfits(table, release, &mut found);
            keys(table, release, &mut found);
            requirements(table, release, &mut found);
        }
    }
    both(scene, &mut found);
    starts(scene, release, &mut found);
    found.sort_by_key(|one| one.labels.first().map(|label| (label.span.source, label.span.start)));
    bounded(found)
}

/// How many findings of one kind are told one by one; a file may be megabytes of them.
const MOST: usize = 200;

/// The first of each kind, and how many more there are.
fn bounded(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for one in &found {
        *seen.entry(one.code.clone()).or_default() += 1;
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for mut one in found {
        let nth = told.entry(one.code.clone()).or_default();
        *nth += 1;
        if *nth > MOST + 1 {
            continue;
        }
        if *nth > MOST {
            let more = seen.get(&one.code).copied().unwrap_or_default() - MOST;
            one.message = format!("and {more} more of this kind");
            one.help = None;
        }
        kept.push(one);
    }
    kept
}

fn lint(code: &str, message: impl Into<String>, at: Span, help: Option<String>) -> Diagnostic {
    let row = find(code);
    Diagnostic {
        code: code.to_owned(),
        severity: row.map_or(crate::diagnostic::Severity::Warning, |row| row.severity),
        message: message.into(),
        labels: vec![Label { span: at, text: String::new() }],
        help,
    }
}

/// Every value that does not fit; the resolver stops at the first.
fn misfits(table: &Table, release: &Release, found: &mut Vec<Diagnostic>) {
    for misfit in compare(table, REQUIREMENTS, release).misfits {
        let mut one = Diagnostic::error("requirements-schema", misfit.message).at(misfit.span, "");
        one.help = misfit.help;
        found.push(one);
    }
}

/// Keys the release ignores, and keys that others ignore.
fn keys(table: &Table, release: &Release, found: &mut Vec<Diagnostic>) {
    let unknown = compare(table, REQUIREMENTS, release).unknown;
    found.extend(unknown.iter().map(|one| ignored(one, release)));
    for key in table.keys() {
        let rows = || REQUIREMENTS.iter().filter(|field| field.name == key);
        let without: Vec<&str> = RELEASES
            .iter()
            .filter(|other| other.ordinal < release.ordinal && !rows().any(|field| field.known.to(other)))
            .map(|other| other.name)
            .collect();
        if let (true, false, Some(node)) =
            (rows().any(|field| field.known.to(release)), without.is_empty(), table.get(key))
        {
            let message = format!("`{key}` is not known to {}, which enforce nothing of it", without.join(", "));
            found.push(lint("older-release-ignores", message, node.key, None));
        }
    }
}

fn ignored(unknown: &Unknown, release: &Release) -> Diagnostic {
    let name = unknown.path.rsplit('.').next().unwrap_or(&unknown.path);
    let nested = unknown.path.contains('.');
    if nested && REQUIREMENTS.iter().any(|field| field.name == name) {
        let message = format!("`{name}` stands below a `[table]`, as `{}`, and is ignored", unknown.path);
        return lint("swallowed-key", message, unknown.span, Some("move the line above the first `[table]`".into()));
    }
    let of_config = CONFIG.iter().any(|field| field.name == name) || CONFIG_OTHERS.contains(&name);
    let instead = NOT_REQUIREMENTS.iter().find(|(key, _)| *key == name).map(|(_, instead)| *instead);
    if !nested && !unknown.elsewhere && (instead.is_some() || of_config) {
        let help = instead.filter(|key| !key.is_empty()).map(|key| format!("the key for it is `{key}`"));
        let message = format!("`{name}` is no key of requirements, and constrains nothing");
        return lint("config-key", message, unknown.span, help);
    }
    if unknown.elsewhere {
        let message = format!("`{}` is not known to Codex {}, which ignores it", unknown.path, release.name);
        return lint("unknown-key", message, unknown.span, Some("another release knows it".into()));
    }
    let help = unknown.nearest.map(|name| format!("did you mean `{name}`?"));
    lint("unknown-key", format!("unknown key `{}`; what it asks for is not enforced", unknown.path), unknown.span, help)
}

fn words<'a>(table: &'a Table, path: &[&str]) -> Option<(&'a Node, Vec<&'a str>)> {
    let node = at(table, path)?;
    Some((node, node.value.list()?.iter().filter_map(|item| item.value.text()).collect()))
}

fn requirements(table: &Table, release: &Release, found: &mut Vec<Diagnostic>) {
    if let Some((node, policies)) = words(table, &["allowed_approval_policies"]) {
        let rank = |word: &&str| STRICTNESS.iter().position(|strict| strict == word);
        let ranks: Vec<usize> = policies.iter().filter_map(rank).collect();
        if let (Some(first), Some(least)) = (ranks.first(), ranks.iter().min())
            && first > least
        {
            let at = node.value.list().and_then(<[Node]>::first).map_or(node.span, |item| item.span);
            let strictest = STRICTNESS.get(*least).unwrap_or(&"");
            let message =
                format!("a refused approval policy becomes `{}`, the first entry", policies.first().unwrap_or(&""));
            found.push(lint("order-is-fallback", message, at, Some(format!("put \"{strictest}\" first"))));
        }
    }
    if let Some((node, modes)) = words(table, &["allowed_web_search_modes"])
        && modes.contains(&"live")
        && !modes.contains(&"cached")
        && !modes.contains(&"indexed")
    {
        let message = "the unset default of web search becomes `live`";
        found.push(lint("live-only-search", message, node.span, Some("add \"cached\"".into())));
    }
    modes(table, release, found);
    let policies = at(table, &["allowed_approval_policies"]).and_then(|node| node.value.list()).unwrap_or_default();
    read_otherwise(policies, found);
    profiles(table, found);
    servers(table, found);
    for (name, node) in &super::demands::profiles(table) {
        let below = node.value.table().and_then(|profile| profile.get("filesystem")?.value.table());
        for (path, node) in below.into_iter().flatten() {
            let wide = matches!(path.as_str(), ":root" | "/" | "~" | "~/" | "/home" | "/root");
            if wide && node.value.text() == Some("write") {
                let message = format!("the profile `{name}` writes `{path}`");
                found.push(lint("wide-root", message, node.key, Some("name the folders that are needed".into())));
            }
        }
    }
    for path in [
        &["experimental_network", "enabled"][..],
        &["network_proxy", "enabled"],
        &["permissions", "network", "enabled"],
    ] {
        if let Some(node) = at(table, path).filter(|node| node.value.truth() == Some(false)) {
            let message = "this switches a proxy off; the sandbox's network stays as users configure it";
            found.push(lint("network-table-closes-nothing", message, node.key, None));
        }
    }
    let pins = table.get("features").or_else(|| table.get("feature_requirements")).and_then(|node| node.value.table());
    for (name, node) in pins.into_iter().flatten() {
        if super::features::current(name, release).is_none() {
            let near = super::shape::nearest(name, super::features::names(release));
            let message = format!("Codex {} has no feature `{name}`", release.name);
            found.push(lint("unknown-feature", message, node.key, near.map(|name| format!("did you mean `{name}`?"))));
        }
    }
    let rules = at(table, &["rules", "prefix_rules"]).and_then(|node| node.value.list()).unwrap_or_default();
    for rule in rules {
        let first = rule.value.table().and_then(|rule| rule.get("pattern")?.value.list()?.first()?.value.table());
        let one = first.and_then(|token| token.get("token")).into_iter();
        let many = first.and_then(|token| token.get("any_of")?.value.list()).unwrap_or_default();
        for node in one.chain(many) {
            if let Some(path) = node.value.text().filter(|text| text.contains('/')) {
                let name = path.rsplit('/').next().unwrap_or(path);
                let message = format!("`{name}` and every other path of the program walk around `{path}`");
                found.push(lint("rule-of-one-path", message, node.span, Some(format!("write \"{name}\""))));
            }
        }
    }
}

/// Words that releases read differently.
fn read_otherwise<'a>(policies: impl IntoIterator<Item = &'a Node>, found: &mut Vec<Diagnostic>) {
    for node in policies.into_iter().filter(|node| node.value.text() == Some("on-failure")) {
        let message = "0.117.0 takes `on-failure` as it is, 0.169.0 reads it as `on-request`";
        found.push(lint("on-failure-is-on-request", message, node.span, Some("write \"on-request\"".into())));
    }
}

/// Profiles that others define, and the command that reads no requirements.
fn profiles(table: &Table, found: &mut Vec<Diagnostic>) {
    let own = super::demands::profiles(table);
    let listed = table.get("allowed_permission_profiles").and_then(|node| node.value.table());
    for (name, node) in listed.into_iter().flatten().filter(|(_, node)| node.value.truth() == Some(true)) {
        if !BUILT_IN.contains(&name.as_str()) && !own.contains_key(name) {
            let message = format!("`{name}` is allowed here and defined by others, who decide what it grants");
            found.push(lint(
                "profile-of-users",
                message,
                node.key,
                Some(format!("define `[permissions.{name}]` here")),
            ));
        }
    }
    let denied = words(table, &["permissions", "filesystem", "deny_read"]);
    let denied = denied.and_then(|(node, paths)| (!paths.is_empty()).then_some(node));
    if let Some(node) = denied.or_else(|| table.get("allowed_permission_profiles")) {
        let message = "`codex sandbox -P` reads no requirements, this among them";
        found.push(lint("sandbox-command-walks-around", message, node.key, None));
    }
}

fn modes(table: &Table, release: &Release, found: &mut Vec<Diagnostic>) {
    let profiles = table.get("allowed_permission_profiles").filter(|_| release.permission_profiles);
    if let Some(node) = profiles {
        let message = "`sandbox_mode` and `--sandbox` are without effect, also where they are stricter";
        found.push(lint("profiles-silence-modes", message, node.key, None));
    }
    if let Some(node) = table.get("remote_sandbox_config") {
        let message = "the host name decides, and a machine's own name is no proof of who it is";
        found.push(lint("host-name-is-no-proof", message, node.key, None));
    }
    let Some((node, modes)) = words(table, &["allowed_sandbox_modes"]) else { return };
    if profiles.is_none() {
        let message = "neither writable roots nor the network are limited by a list of modes";
        found.push(lint("modes-leave-network", message, node.key, None));
    }
    let denied = words(table, &["permissions", "filesystem", "deny_read"]);
    let full =
        node.value.list().unwrap_or_default().iter().find(|item| item.value.text() == Some("danger-full-access"));
    if let (Some((denied, paths)), Some(full)) = (denied, full)
        && !paths.is_empty()
    {
        let mut one =
            lint("deny-read-no-full-access", "full access is listed, and `deny_read` rules it out", full.span, None);
        one.labels.push(Label { span: denied.key, text: "rules it out since 0.125.0".into() });
        one.help = Some("take \"danger-full-access\" out of the list".into());
        found.push(one);
    }
    let asks = words(table, &["allowed_approval_policies"]);
    if !modes.contains(&"danger-full-access") && asks.is_none_or(|(_, policies)| policies.contains(&"never")) {
        let message = "the bypass flag, and full access with `never`, stop 0.169.0; before, they run read-only";
        found.push(lint("bypass-does-not-start", message, node.key, None));
    }
}

fn servers(table: &Table, found: &mut Vec<Diagnostic>) {
    let all = table.get("mcp_servers").and_then(|node| node.value.table()).into_iter().flatten();
    for (name, server) in all {
        let Some(identity) = server.value.table().and_then(|server| server.get("identity")?.value.table()) else {
            continue;
        };
        let Some(command) = identity.get("command") else { continue };
        if let Some(text) = command.value.text() {
            let program = text.rsplit('/').next().unwrap_or(text);
            if RUNNERS.contains(&program) {
                let message = format!("allowing `{text}` as `{name}` allows any package or program it can run");
                let help = "allow the server's own program, or compare the arguments in 0.169.0".to_owned();
                found.push(lint("any-package", message, command.span, Some(help)));
            }
        }
        if let Some(url) = identity.get("url") {
            found.push(lint("command-hides-url", format!("the `url` of `{name}` is not compared"), url.key, None));
        }
        if let Some(args) = identity.get("args") {
            found.push(lint("args-not-compared", format!("any arguments of `{name}` pass"), args.key, None));
        }
    }
}

fn managed(table: &Table, found: &mut Vec<Diagnostic>) {
    read_otherwise(table.get("approval_policy"), found);
    let roots = at(table, &["sandbox_workspace_write", "writable_roots"]).and_then(|node| node.value.list());
    for root in roots.unwrap_or_default() {
        if let Some(path) = root.value.text().filter(|path| matches!(*path, "/" | "~" | "~/" | "/home" | "/root")) {
            let message = format!("`{path}` can be written by everybody this file manages");
            found.push(lint("wide-root", message, root.span, Some("name the folders that are needed".into())));
        }
    }
}

/// Both files speak of the same thing.
fn both(scene: &Scene, found: &mut Vec<Diagnostic>) {
    let read = |kind: &Kind| {
        let document: Option<&Document> = scene.documents.iter().find(|document| document.kind == *kind);
        document.and_then(|document| document.read.as_ref().ok())
    };
    let (Some(required), Some(managed)) = (read(&Kind::Requirements), read(&Kind::Managed)) else { return };
    for (key, list) in [
        ("approval_policy", "allowed_approval_policies"),
        ("sandbox_mode", "allowed_sandbox_modes"),
        ("approvals_reviewer", "allowed_approvals_reviewers"),
    ] {
        if let (Some(node), Some(other)) = (managed.get(key), required.get(list)) {
            let message = format!("`{key}` here and `{list}` there both decide, and which wins depends on the release");
            let mut one = lint("two-managed-files", message, node.key, Some("keep one of both".into()));
            one.labels
                .push(Label { span: other.key, text: "wins in 0.117.0 and 0.125.0; the other in 0.169.0".into() });
            found.push(one);
        }
    }
}

/// What the resolver says: the release asked for must start, the others are told of.
fn starts(scene: &Scene, release: &'static Release, found: &mut Vec<Diagnostic>) {
    let others = RELEASES.iter().filter(|other| other.ordinal != release.ordinal);
    for other in std::iter::once(release).chain(others) {
        let Err(failure) = resolve(scene, other).effective else { continue };
        if other.ordinal == release.ordinal {
            let known = found.iter().any(|one| one.code == "requirements-schema");
            if !(known && failure.class == "requirements_schema") {
                found.push(failure.diagnostic());
            }
        } else if let Some(span) = failure.span {
            let told = found.iter().any(|one| {
                one.severity == crate::diagnostic::Severity::Error
                    && one.labels.first().map(|label| label.span) == Some(span)
            });
            if !told {
                let message = format!("Codex {} does not start with this: {}", other.name, failure.message);
                found.push(lint("other-release-refuses", message, span, failure.help));
            }
        }
    }
}

/// Whether a finding is about a text that says nothing whatever is asked: no TOML, wrong types, profiles without an end.
#[must_use]
pub fn unreadable(found: &Diagnostic) -> bool {
    found.message.starts_with(CIRCLE)
        || matches!(
            found.code.as_str(),
            "requirements-syntax" | "requirements-schema" | "managed-config-invalid" | "managed-config-schema"
        )
}

#[cfg(test)]
mod tests;
