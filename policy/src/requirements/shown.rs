//! What a surface of Codex shows of an answer, as JSON: the side of a comparison that is palisade's own.
//!
//! The keys are those of the recorded cases. A surface shows less than is resolved; what it does not show is not made up.

use serde_json::{Map, Value as Json, json};

use super::outcome::{Approval, Effective, Resolution};
use super::release::{OnFailure, Release};
use super::resolve::{resolve, resolve_prompt};
use super::scene::{Kind, Scene};
use super::servers::ServerState;
use super::value::{Node, Table, Value, at};

/// How Codex is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A thread of an app server, its config and its requirements.
    Session,
    /// The header that `exec` prints.
    Exec,
    /// The permissions that the screen's first prompt tells the model.
    Screen,
    /// The list of MCP servers.
    Servers,
    /// The list of features; which of them are looked up.
    Features(Vec<String>),
    /// The first request to a model, and what becomes of a command the model asks for.
    Turn(Option<String>),
}

/// What is resolved of a scene for a way to ask.
#[must_use]
pub fn resolved(way: &Way, scene: &Scene, release: &'static Release) -> Resolution {
    if *way == Way::Screen { resolve_prompt(scene, release) } else { resolve(scene, release) }
}

/// What the surface would show.
#[must_use]
pub fn shown(way: &Way, resolution: &Resolution, release: &Release) -> Json {
    let effective = match &resolution.effective {
        Ok(effective) => effective,
        Err(failure) => return json!({ "outcome": "error", "error_class": failure.class }),
    };
    match way {
        Way::Session => session(resolution, effective, release),
        Way::Exec => exec(resolution, effective, release),
        Way::Screen => json!({
            "outcome": "ok",
            "approval_policy": effective.approval.word(),
            "sandbox_mode": on_screen(effective),
            "network_access": effective.network.unwrap_or(true),
            "auto_review": effective.reviewer == "auto_review" && effective.approval.word() != "never",
        }),
        Way::Servers => {
            let state = |state: &ServerState| match state {
                ServerState::Enabled => "enabled".to_owned(),
                ServerState::Off => "disabled: None".to_owned(),
                ServerState::Refused(..) => "disabled: requirements (/etc/codex/requirements.toml)".to_owned(),
            };
            let servers: Map<String, Json> =
                effective.servers.iter().map(|(name, server)| (name.clone(), state(server).into())).collect();
            json!({ "outcome": "ok", "servers": servers })
        }
        Way::Features(names) => {
            let state = |name: &String| {
                (name.clone(), effective.features.get(name.as_str()).map_or(Json::Null, |on| (*on).into()))
            };
            json!({ "outcome": "ok", "features": names.iter().map(state).collect::<Map<String, Json>>() })
        }
        Way::Turn(command) => turn(command.as_deref(), effective),
    }
}

fn turn(command: Option<&str>, effective: &Effective) -> Json {
    let web = match effective.web_search.as_str() {
        "disabled" => "absent",
        "indexed" => "live",
        other => other,
    };
    let mut shown = Map::new();
    shown.insert("outcome".into(), "ok".into());
    shown.insert("web_search".into(), web.into());
    if let Some(region) = &effective.residency {
        shown.insert("residency_header".into(), region.as_str().into());
    }
    if let Some(command) = command {
        shown.insert("command_fate".into(), fate(command, effective).into());
    }
    shown.into()
}

/// What the rules of requirements alone make of a command that the sandbox lets run.
fn fate(command: &str, effective: &Effective) -> &'static str {
    let words: Vec<&str> = command.split_whitespace().collect();
    let Some((program, rest)) = words.split_first() else { return "ran" };
    let base = program.rsplit('/').next().unwrap_or(program);
    let names = |token: &Node, word: &str| {
        let Some(token) = token.value.table() else { return false };
        let one = token.get("token").and_then(|node| node.value.text()) == Some(word);
        let many = token.get("any_of").and_then(|node| node.value.list()).unwrap_or_default();
        one || many.iter().any(|node| node.value.text() == Some(word))
    };
    let decision = |rule: &Node| {
        let rule = rule.value.table()?;
        let (first, others) = rule.get("pattern")?.value.list()?.split_first()?;
        let fits = names(first, program) || names(first, base);
        let all = others.len() <= rest.len() && fits && others.iter().zip(rest).all(|(token, word)| names(token, word));
        all.then(|| rule.get("decision").map(|node| node.value.to_string()))?
    };
    let found: Vec<String> = effective.rules.iter().filter_map(decision).collect();
    if found.iter().any(|word| word == "forbidden") {
        "forbidden"
    } else if found.iter().any(|word| word.starts_with("prompt")) {
        "needs_approval"
    } else {
        "ran"
    }
}

/// The prompt knows three modes, and calls a profile by what it comes to.
fn on_screen(effective: &Effective) -> &str {
    let Some(grants) = &effective.grants else { return &effective.mode };
    // What `$TMPDIR` would grant is nothing where it is not set.
    let nothing = !grants.workspace() && !grants.writes(":slash_tmp") && effective.roots.is_empty();
    match effective.mode.as_str() {
        "external-sandbox" => "danger-full-access",
        "workspace-write" if nothing => "read-only",
        mode => mode,
    }
}

fn exec(resolution: &Resolution, effective: &Effective, release: &Release) -> Json {
    let mut shown = Map::new();
    shown.insert("outcome".into(), "ok".into());
    shown.insert("approval_policy".into(), effective.approval.word().into());
    shown.insert("sandbox_mode".into(), effective.mode.as_str().into());
    let grants = effective.grants.as_ref().filter(|_| release.permission_profiles);
    if grants.is_some_and(|grants| !grants.workspace()) && effective.mode == "workspace-write" {
        shown.insert("sandbox_mode".into(), "custom".into());
    } else if effective.mode == "workspace-write" {
        let mut writable = vec!["workdir".to_owned()];
        writable.extend((!effective.exclude_slash_tmp).then(|| "/tmp".to_owned()));
        writable.extend((!effective.exclude_tmpdir).then(|| "$TMPDIR".to_owned()));
        // The header leaves out what a profile grants beside the workspace.
        let mut granted = grants.map(super::permissions::Grants::roots).unwrap_or_default();
        if release.permission_profiles && resolution.layers.merged.contains_key("default_permissions") {
            // And, where a layer selects a profile that another one's mode outweighs, what the legacy table grants.
            let table = at(&resolution.layers.merged, &["sandbox_workspace_write", "writable_roots"]);
            let roots = table.and_then(|node| node.value.list()).unwrap_or_default();
            granted.extend(roots.iter().filter_map(|node| node.value.text().map(str::to_owned)));
        }
        writable.extend(effective.roots.iter().filter(|root| !granted.contains(root)).cloned());
        shown.insert("writable".into(), writable.into());
    }
    if effective.network == Some(true) {
        shown.insert("network_access".into(), true.into());
    }
    shown.into()
}

fn session(resolution: &Resolution, effective: &Effective, release: &Release) -> Json {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Json| shown.insert(key.to_owned(), value);
    put("outcome", "ok".into());
    put("approval_policy", json!(effective.approval));
    put("approvals_reviewer", effective.reviewer.as_str().into());
    put("sandbox_mode", effective.mode.as_str().into());
    if let (Some(network), false) = (effective.network, effective.mode == "external-sandbox") {
        put("network_access", network.into());
    }
    if effective.mode == "workspace-write" {
        put("writable_roots", effective.roots.clone().into());
        put("exclude_slash_tmp", effective.exclude_slash_tmp.into());
        put("exclude_tmpdir_env_var", effective.exclude_tmpdir.into());
    }
    if release.permission_profiles {
        put("permission_profile", effective.profile.clone().map_or(Json::Null, Json::from));
    }
    let declared = if resolution.readable { declared(resolution, release) } else { Map::new() };
    if !declared.is_empty() {
        put("declared", declared.into());
    }
    let disabled: Vec<String> = resolution
        .layers
        .layers
        .iter()
        .filter(|layer| resolution.readable && layer.disabled.is_some())
        .filter_map(|layer| match &layer.document {
            Some(Kind::Project(folder)) => Some(format!("{folder}/.codex")),
            _ => None,
        })
        .collect();
    if !disabled.is_empty() {
        put("disabled_layers", disabled.into());
    }
    let view = view(&resolution.demands, release);
    if !view.is_empty() {
        put("requirements", view.into());
    }
    if !resolution.warnings.is_empty() {
        put("warnings", json!(resolution.warnings));
    }
    shown.into()
}

fn approval(value: &Value, release: &Release) -> Json {
    let json = json!(Approval::of(value));
    let old = release.on_failure == OnFailure::OnRequest && json == "on-failure";
    if old { "on-request".into() } else { json }
}

/// Keys of which config tells who declared them.
pub const DECLARED: &[&str] =
    &["approval_policy", "approvals_reviewer", "sandbox_mode", "default_permissions", "web_search", "model"];

fn declared(resolution: &Resolution, release: &Release) -> Map<String, Json> {
    let mut declared = Map::new();
    for key in DECLARED {
        let Some(node) = resolution.layers.merged.get(key) else { continue };
        let active = |layer: &&super::layers::Layer| layer.disabled.is_none() && layer.table.contains_key(key);
        let mut layers = resolution.layers.layers.iter().rev().filter(active);
        let mut layer = layers.next();
        if node.value.table().is_some() {
            // Codex looks for who said the key itself, and finds a word below the table that is in force.
            let word =
                |layer: &&super::layers::Layer| layer.table.get(key).is_some_and(|node| node.value.table().is_none());
            layer = layers.find(word).or(layer);
        }
        let value = match *key {
            "approval_policy" => approval(&node.value, release),
            "approvals_reviewer" if node.value.text() != Some("user") => release.auto_review_shown.into(),
            _ => json!(node.value),
        };
        declared.insert((*key).to_owned(), json!({ "value": value, "from": layer.map(|layer| layer.kind) }));
    }
    declared
}

/// The merged requirements as an app server shows them.
fn view(demands: &Table, release: &Release) -> Map<String, Json> {
    let mut view = Map::new();
    let list = |key: &str| demands.get(key).and_then(|node| node.value.list());
    if let Some(items) = list("allowed_approval_policies") {
        let items: Vec<_> = items.iter().map(|item| approval(&item.value, release)).collect();
        view.insert("allowedApprovalPolicies".into(), items.into());
    }
    if let Some(items) = list("allowed_approvals_reviewers") {
        let word = |node: &Node| if node.value.text() == Some("user") { "user" } else { release.auto_review_shown };
        view.insert("allowedApprovalsReviewers".into(), items.iter().map(word).collect::<Vec<_>>().into());
    }
    if let Some(items) = list("allowed_sandbox_modes") {
        let words = items.iter().filter_map(|item| item.value.text()).filter(|word| *word != "external-sandbox");
        view.insert("allowedSandboxModes".into(), words.collect::<Vec<_>>().into());
    }
    if let Some(items) = list("allowed_web_search_modes") {
        let mut words: Vec<_> = items.iter().filter_map(|item| item.value.text()).collect();
        if !words.contains(&"disabled") {
            words.push("disabled");
        }
        view.insert("allowedWebSearchModes".into(), words.into());
    }
    for (key, name) in [
        ("features", "featureRequirements"),
        ("enforce_residency", "enforceResidency"),
        ("allowed_permission_profiles", "allowedPermissionProfiles"),
        ("default_permissions", "defaultPermissions"),
    ] {
        let empty = |node: &&Node| key == "features" && node.value.table().is_some_and(Table::is_empty);
        if let Some(node) = demands.get(key).filter(|node| !empty(node)) {
            view.insert(name.into(), json!(node.value));
        }
    }
    view
}
