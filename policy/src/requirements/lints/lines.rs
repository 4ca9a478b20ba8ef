//! Lines that do less, or more, than they seem to.

use super::told::{Told, lint};
use crate::diagnostic::Label;
use crate::likeness::nearest;
use crate::requirements::demands;
use crate::requirements::features;
use crate::requirements::permissions::BUILT_IN;
use crate::requirements::release::Release;
use crate::requirements::value::{Node, Table, at};

/// Programs that run whatever their arguments name.
const RUNNERS: &[&str] = &[
    "bash", "bun", "bunx", "cargo", "deno", "docker", "env", "go", "node", "npm", "npx", "perl", "pipx", "pnpm",
    "podman", "python", "python3", "ruby", "sh", "ssh", "sudo", "uv", "uvx", "yarn", "zsh",
];

/// Approval words, strictest first.
const STRICTNESS: &[&str] = &["untrusted", "on-request", "on-failure", "never"];

fn words<'a>(table: &'a Table, path: &[&str]) -> Option<(&'a Node, Vec<&'a str>)> {
    let node = at(table, path)?;
    Some((node, node.value.list()?.iter().filter_map(|item| item.value.text()).collect()))
}

/// Whether a path is the whole disk, or a whole home.
fn is_wide(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let rooted = path.starts_with('/');
    match parts.as_slice() {
        [] => rooted,
        ["~"] | [":root"] => true,
        ["home" | "root" | "Users"] | ["home" | "Users", _] => rooted,
        _ => false,
    }
}

/// Lines of requirements.
pub(super) fn requirements(table: &Table, release: &Release, told: &mut Told) {
    if let Some((node, policies)) = words(table, &["allowed_approval_policies"]) {
        let rank = |word: &&str| STRICTNESS.iter().position(|strict| strict == word);
        let ranks: Vec<usize> = policies.iter().filter_map(rank).collect();
        if let (Some(first), Some(least)) = (ranks.first(), ranks.iter().min())
            && first > least
        {
            let at = node.value.list().and_then(<[Node]>::first).map_or(node.span, |item| item.span);
            told.lint("order-is-fallback", at, || {
                let strictest = STRICTNESS.get(*least).unwrap_or(&"");
                let first = policies.first().unwrap_or(&"");
                let message = format!("a refused approval policy becomes `{first}`, the first entry");
                (message, Some(format!("put \"{strictest}\" first")))
            });
        }
    }
    if let Some((node, modes)) = words(table, &["allowed_web_search_modes"])
        && modes.contains(&"live")
        && !modes.contains(&"cached")
        && !modes.contains(&"indexed")
    {
        told.lint("live-only-search", node.span, || {
            ("the unset default of web search becomes `live`".into(), Some("add \"cached\"".into()))
        });
    }
    modes(table, release, told);
    let policies = at(table, &["allowed_approval_policies"]).and_then(|node| node.value.list()).unwrap_or_default();
    read_otherwise(policies, told);
    profiles(table, told);
    servers(table, told);
    for (name, node) in &demands::profiles(table) {
        let below = node.value.table().and_then(|profile| profile.get("filesystem")?.value.table());
        for (path, node) in below.into_iter().flatten() {
            if is_wide(path) && node.value.text() == Some("write") {
                told.lint("wide-root", node.key, || {
                    let message = format!("the profile `{name}` writes `{path}`");
                    (message, Some("name the folders that are needed".into()))
                });
            }
        }
    }
    for path in [
        &["experimental_network", "enabled"][..],
        &["network_proxy", "enabled"],
        &["permissions", "network", "enabled"],
    ] {
        if let Some(node) = at(table, path).filter(|node| node.value.truth() == Some(false)) {
            told.lint("network-table-closes-nothing", node.key, || {
                ("this switches a proxy off; the sandbox's network stays as users configure it".into(), None)
            });
        }
    }
    pins(table, release, told);
    rules(table, told);
}

fn pins(table: &Table, release: &Release, told: &mut Told) {
    let known = features::Known::to(release);
    let pins = table.get("features").or_else(|| table.get("feature_requirements")).and_then(|node| node.value.table());
    for (name, node) in pins.into_iter().flatten() {
        if known.current(name).is_none() {
            told.lint("unknown-feature", node.key, || {
                let near = nearest(name, features::names(release));
                let message = format!("Codex {} has no feature `{name}`", release.name);
                (message, near.map(|name| format!("did you mean `{name}`?")))
            });
        }
    }
}

fn rules(table: &Table, told: &mut Told) {
    let rules = at(table, &["rules", "prefix_rules"]).and_then(|node| node.value.list()).unwrap_or_default();
    for rule in rules {
        let first = rule.value.table().and_then(|rule| rule.get("pattern")?.value.list()?.first()?.value.table());
        let one = first.and_then(|token| token.get("token")).into_iter();
        let many = first.and_then(|token| token.get("any_of")?.value.list()).unwrap_or_default();
        for node in one.chain(many) {
            if let Some(path) = node.value.text().filter(|text| text.contains('/')) {
                told.lint("rule-of-one-path", node.span, || {
                    let name = path.rsplit('/').next().unwrap_or(path);
                    let message = format!("`{name}` and every other path of the program walk around `{path}`");
                    (message, Some(format!("write \"{name}\"")))
                });
            }
        }
    }
}

/// Words that releases read differently.
fn read_otherwise<'a>(policies: impl IntoIterator<Item = &'a Node>, told: &mut Told) {
    for node in policies.into_iter().filter(|node| node.value.text() == Some("on-failure")) {
        told.lint("on-failure-is-on-request", node.span, || {
            let message = "0.117.0 takes `on-failure` as it is, 0.169.0 reads it as `on-request`";
            (message.into(), Some("write \"on-request\"".into()))
        });
    }
}

/// Profiles that others define, and the command that reads no requirements.
fn profiles(table: &Table, told: &mut Told) {
    let own = demands::profiles(table);
    let listed = table.get("allowed_permission_profiles").and_then(|node| node.value.table());
    for (name, node) in listed.into_iter().flatten().filter(|(_, node)| node.value.truth() == Some(true)) {
        if !BUILT_IN.contains(&name) && !own.contains_key(name) {
            told.lint("profile-of-users", node.key, || {
                let message = format!("`{name}` is allowed here and defined by others, who decide what it grants");
                (message, Some(format!("define `[permissions.{name}]` here")))
            });
        }
    }
    let denied = words(table, &["permissions", "filesystem", "deny_read"]);
    let denied = denied.and_then(|(node, paths)| (!paths.is_empty()).then_some(node));
    let of = |key: &str| table.get(key);
    let shuts = denied.or_else(|| of("allowed_permission_profiles")).or_else(|| of("allowed_sandbox_modes"));
    if let Some(node) = shuts {
        told.lint("sandbox-command-walks-around", node.key, || {
            ("`codex sandbox -P` reads no requirements, this among them".into(), None)
        });
    }
}

fn modes(table: &Table, release: &Release, told: &mut Told) {
    let profiles = table.get("allowed_permission_profiles").filter(|_| release.permission_profiles);
    if let Some(node) = profiles {
        told.lint("profiles-silence-modes", node.key, || {
            ("`sandbox_mode` and `--sandbox` are without effect, also where they are stricter".into(), None)
        });
    }
    if let Some(node) = table.get("remote_sandbox_config") {
        told.lint("host-name-is-no-proof", node.key, || {
            ("the host name decides, and a machine's own name is no proof of who it is".into(), None)
        });
    }
    let Some((node, modes)) = words(table, &["allowed_sandbox_modes"]) else { return };
    if profiles.is_none() {
        told.lint("modes-leave-network", node.key, || {
            ("neither writable roots nor the network are limited by a list of modes".into(), None)
        });
    }
    let denied = words(table, &["permissions", "filesystem", "deny_read"]);
    let full =
        node.value.list().unwrap_or_default().iter().find(|item| item.value.text() == Some("danger-full-access"));
    if let (Some((denied, paths)), Some(full)) = (denied, full)
        && !paths.is_empty()
    {
        told.add("deny-read-no-full-access", || {
            let message = "full access is listed, and `deny_read` rules it out";
            let help = Some("take \"danger-full-access\" out of the list".into());
            let mut one = lint("deny-read-no-full-access", message, full.span, help);
            one.labels.push(Label { span: denied.key, text: "rules it out since 0.125.0".into() });
            one
        });
    }
    let asks = words(table, &["allowed_approval_policies"]);
    if !modes.contains(&"danger-full-access") && asks.is_none_or(|(_, policies)| policies.contains(&"never")) {
        told.lint("bypass-does-not-start", node.key, || {
            ("the bypass flag, and full access with `never`, stop 0.169.0; before, they run read-only".into(), None)
        });
    }
}

fn servers(table: &Table, told: &mut Told) {
    let all = table.get("mcp_servers").and_then(|node| node.value.table()).into_iter().flatten();
    for (name, server) in all {
        let Some(identity) = server.value.table().and_then(|server| server.get("identity")?.value.table()) else {
            continue;
        };
        let Some(command) = identity.get("command") else { continue };
        if let Some(text) = command.value.text() {
            let program = text.rsplit('/').next().unwrap_or(text);
            if RUNNERS.contains(&program) {
                told.lint("any-package", command.span, || {
                    let message = format!("allowing `{text}` as `{name}` allows any package or program it can run");
                    let help = "allow the server's own program, or compare the arguments in 0.169.0".to_owned();
                    (message, Some(help))
                });
            }
        }
        if let Some(url) = identity.get("url") {
            told.lint("command-hides-url", url.key, || (format!("the `url` of `{name}` is not compared"), None));
        }
        if let Some(args) = identity.get("args") {
            told.lint("args-not-compared", args.key, || (format!("any arguments of `{name}` pass"), None));
        }
    }
}

/// Lines of managed config, or of the system's.
pub(super) fn config(table: &Table, told: &mut Told) {
    read_otherwise(table.get("approval_policy"), told);
    let roots = at(table, &["sandbox_workspace_write", "writable_roots"]).and_then(|node| node.value.list());
    for root in roots.unwrap_or_default() {
        if let Some(path) = root.value.text().filter(|path| is_wide(path)) {
            told.lint("wide-root", root.span, || {
                let message = format!("`{path}` can be written by everybody this file manages");
                (message, Some("name the folders that are needed".into()))
            });
        }
    }
    let profiles = table.get("permissions").and_then(|node| node.value.table()).into_iter().flatten();
    for (name, profile) in profiles {
        let below = profile.value.table().and_then(|profile| profile.get("filesystem")?.value.table());
        for (path, node) in below.into_iter().flatten() {
            if is_wide(path) && node.value.text() == Some("write") {
                told.lint("wide-root", node.key, || {
                    let message = format!("the profile `{name}` writes `{path}`");
                    (message, Some("name the folders that are needed".into()))
                });
            }
        }
    }
}
