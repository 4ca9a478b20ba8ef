//! Every recorded case, answered as the real Codex answered it. `cases.jsonl` and `more.jsonl` came out of the binaries.

use serde_json::{Map, Value as Json, json};

use super::flags::{CommandLine, Surface, Typed};
use super::outcome::{Effective, Resolution};
use super::release::{RELEASES, Release};
use super::resolve::resolve;
use super::scene::{Client, Document, Folder, Kind, Machine, Scene};
use super::servers::ServerState;
use super::value::{Node, Table, Value};
use crate::source::{Source, Sources, Span};

const CASES: &str = include_str!("../../../tests/cases/requirements/cases.jsonl");
const MORE: &str = include_str!("../../../tests/cases/requirements/more.jsonl");

const HOME: &str = "/home/dev";

fn cases(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

fn texts(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().expect("text").to_owned()).collect()
}

/// The scene of a case.
fn scene(case: &Json) -> Scene {
    let mut sources = Sources::default();
    let cwd = case["cwd"].as_str().unwrap_or("/home/dev/proj").to_owned();
    let codex = format!("{HOME}/.codex");
    let mut documents = Vec::new();
    for (name, text) in case["files"].as_object().expect("files") {
        let (kind, folder, file) = match name.as_str() {
            "requirements" => (Kind::Requirements, "/etc/codex".to_owned(), "requirements.toml".to_owned()),
            "managed_config" => (Kind::Managed, "/etc/codex".into(), "managed_config.toml".into()),
            "system_config" => (Kind::System, "/etc/codex".into(), "config.toml".into()),
            "user_config" => (Kind::User, codex.clone(), "config.toml".into()),
            "project_config" => {
                (Kind::Project(format!("{HOME}/proj")), format!("{HOME}/proj/.codex"), "config.toml".into())
            }
            name => match (name.strip_prefix("profile:"), name.strip_prefix("home:")) {
                (Some(profile), _) => {
                    (Kind::Profile(profile.to_owned()), codex.clone(), format!("{profile}.config.toml"))
                }
                (_, Some(path)) => match path.strip_suffix("/.codex/config.toml") {
                    Some(folder) => {
                        let folder = format!("{HOME}/{folder}");
                        (Kind::Project(folder.clone()), format!("{folder}/.codex"), "config.toml".into())
                    }
                    None => continue,
                },
                _ => panic!("{name}"),
            },
        };
        let name = format!("{folder}/{file}");
        documents.push(Document::new(&mut sources, kind, &name, &folder, text.as_str().expect("text").to_owned()));
    }
    let mut folders = Vec::new();
    let mut at = Some(cwd.as_str());
    while let Some(path) = at.filter(|path| !path.is_empty()) {
        let markers = if path == "/home/dev/proj" { vec![".git".to_owned()] } else { Vec::new() };
        folders.push(Folder { path: path.to_owned(), markers });
        at = path.rfind('/').map(|end| &path[..end]);
    }
    let surface = match case["mode"].as_str().expect("mode") {
        "exec" | "turn" => Surface::Exec,
        "interactive" => Surface::Interactive,
        _ => Surface::AppServer,
    };
    let line = CommandLine::new(&mut sources, surface, &texts(&case["flags"]));
    let client = (case["mode"] == "session").then(|| client(&mut sources, &case["thread_start"]));
    let host = case["host"].as_str().unwrap_or("devbox-07.corp.example").to_owned();
    let checkout = Some(format!("{HOME}/proj"));
    let machine = Machine { home: HOME.into(), codex_home: codex, cwd, host, folders, checkout };
    Scene { sources, documents, machine, line, client }
}

fn client(sources: &mut Sources, params: &Json) -> Client {
    let source = sources.add(Source { name: "thread/start".into(), text: params.to_string() });
    let span = Span { source, start: 0, end: 1 };
    let typed = |key: &str| params[key].as_str().map(|value| Typed { value: value.to_owned(), span });
    fn of(value: &Json, span: Span) -> Node {
        let value = match value {
            Json::String(text) => Value::Text(text.clone()),
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Array(items) => Value::List(items.iter().map(|item| of(item, span)).collect()),
            Json::Object(table) => {
                Value::Table(table.iter().map(|(key, value)| (key.clone(), of(value, span))).collect())
            }
            other => panic!("{other}"),
        };
        Node { value, span, key: span }
    }
    let mut config = Table::new();
    for (key, value) in params["config"].as_object().into_iter().flatten() {
        super::value::put(&mut config, &key.split('.').collect::<Vec<_>>(), of(value, span));
    }
    Client {
        approval: typed("approvalPolicy"),
        sandbox: typed("sandbox"),
        reviewer: typed("approvalsReviewer"),
        config,
    }
}

/// What the surface of a case would have shown.
fn shown(case: &Json, resolution: &Resolution, release: &Release) -> Json {
    let effective = match &resolution.effective {
        Ok(effective) => effective,
        Err(failure) => return json!({ "outcome": "error", "error_class": failure.class }),
    };
    match case["mode"].as_str().expect("mode") {
        "session" => session(resolution, effective, release),
        "exec" => exec(effective),
        "interactive" => json!({
            "outcome": "ok",
            "approval_policy": effective.approval.word(),
            "sandbox_mode": effective.mode,
            "network_access": effective.network.unwrap_or(true),
            "auto_review": effective.reviewer == "auto_review" && effective.approval.word() != "never",
        }),
        "mcp" => {
            let state = |state: &ServerState| match state {
                ServerState::Enabled => "enabled".to_owned(),
                ServerState::Off => "disabled: None".to_owned(),
                ServerState::Refused(..) => "disabled: requirements (/etc/codex/requirements.toml)".to_owned(),
            };
            let servers: Map<String, Json> =
                effective.servers.iter().map(|(name, server)| (name.clone(), state(server).into())).collect();
            json!({ "outcome": "ok", "servers": servers })
        }
        "features" => {
            let state = |name: String| {
                (name.clone(), effective.features.get(name.as_str()).map_or(Json::Null, |on| (*on).into()))
            };
            let features: Map<String, Json> = texts(&case["ask_features"]).into_iter().map(state).collect();
            json!({ "outcome": "ok", "features": features })
        }
        _ => turn(case, effective),
    }
}

fn turn(case: &Json, effective: &Effective) -> Json {
    let web = match effective.web_search.as_str() {
        "disabled" => "absent",
        "indexed" => "live",
        other => other,
    };
    let mut shown = json!({ "outcome": "ok", "web_search": web });
    if let Some(region) = &effective.residency {
        shown["residency_header"] = region.as_str().into();
    }
    if let Some(command) = case["command"].as_str() {
        let words: Vec<&str> = command.split_whitespace().collect();
        let fits = |token: &Node, word: &str| {
            let token = token.value.table().expect("a table");
            let one = token.get("token").and_then(|node| node.value.text()) == Some(word);
            one || token
                .get("any_of")
                .and_then(|node| node.value.list())
                .into_iter()
                .flatten()
                .any(|node| node.value.text() == Some(word))
        };
        let decision = |rule: &Node| {
            let rule = rule.value.table().expect("a table");
            let pattern = rule["pattern"].value.list().expect("a list");
            let base = words[0].rsplit('/').next().expect("a name");
            let program = fits(&pattern[0], words[0]) || fits(&pattern[0], base);
            let rest = pattern.iter().zip(&words).skip(1).all(|(token, word)| fits(token, word));
            let all = pattern.len() <= words.len() && program && rest;
            all.then(|| rule["decision"].value.to_string())
        };
        let found: Vec<String> = effective.rules.iter().filter_map(decision).collect();
        let fate = if found.iter().any(|word| word == "forbidden") {
            "forbidden"
        } else if found.iter().any(|word| word.starts_with("prompt")) {
            "needs_approval"
        } else {
            "ran"
        };
        shown["command_fate"] = fate.into();
    }
    shown
}

fn exec(effective: &Effective) -> Json {
    let mut shown =
        json!({ "outcome": "ok", "approval_policy": effective.approval.word(), "sandbox_mode": effective.mode });
    if effective.mode == "workspace-write" {
        let mut writable = vec!["workdir".to_owned()];
        writable.extend((!effective.exclude_slash_tmp).then(|| "/tmp".to_owned()));
        writable.extend((!effective.exclude_tmpdir).then(|| "$TMPDIR".to_owned()));
        writable.extend(effective.roots.iter().cloned());
        shown["writable"] = writable.into();
    }
    if effective.network == Some(true) {
        shown["network_access"] = true.into();
    }
    shown
}

fn session(resolution: &Resolution, effective: &Effective, release: &Release) -> Json {
    let mut shown = json!({
        "outcome": "ok",
        "approval_policy": effective.approval,
        "approvals_reviewer": effective.reviewer,
        "sandbox_mode": effective.mode,
    });
    if let (Some(network), false) = (effective.network, effective.mode == "external-sandbox") {
        shown["network_access"] = network.into();
    }
    if effective.mode == "workspace-write" {
        shown["writable_roots"] = effective.roots.clone().into();
        shown["exclude_slash_tmp"] = effective.exclude_slash_tmp.into();
        shown["exclude_tmpdir_env_var"] = effective.exclude_tmpdir.into();
    }
    if release.permission_profiles {
        shown["permission_profile"] = effective.profile.clone().map_or(Json::Null, Json::from);
    }
    let declared = declared(resolution, release);
    if !declared.is_empty() {
        shown["declared"] = declared.into();
    }
    let disabled: Vec<String> = resolution
        .layers
        .layers
        .iter()
        .filter(|layer| layer.disabled.is_some())
        .filter_map(|layer| match &layer.document {
            Some(Kind::Project(folder)) => Some(format!("{folder}/.codex")),
            _ => None,
        })
        .collect();
    if !disabled.is_empty() {
        shown["disabled_layers"] = disabled.into();
    }
    let view = view(&resolution.demands, release);
    if !view.is_empty() {
        shown["requirements"] = view.into();
    }
    if !resolution.warnings.is_empty() {
        shown["warnings"] = json!(resolution.warnings);
    }
    shown
}

fn approval(value: &Value, release: &Release) -> Json {
    let json = json!(super::outcome::Approval::of(value).expect("an approval"));
    let old = release.on_failure == super::release::OnFailure::OnRequest && json == "on-failure";
    if old { "on-request".into() } else { json }
}

fn declared(resolution: &Resolution, release: &Release) -> Map<String, Json> {
    let mut declared = Map::new();
    for key in ["approval_policy", "approvals_reviewer", "sandbox_mode", "default_permissions", "web_search", "model"] {
        let Some(node) = resolution.layers.merged.get(key) else { continue };
        let layer = resolution.layers.layers.iter().rev().find(|layer| layer.table.contains_key(key));
        let value = match key {
            "approval_policy" => approval(&node.value, release),
            "approvals_reviewer" if node.value.text() != Some("user") => release.auto_review_shown.into(),
            _ => json!(node.value),
        };
        declared.insert(key.into(), json!({ "value": value, "from": layer.expect("a layer").kind }));
    }
    declared
}

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
        if let Some(node) = demands.get(key) {
            view.insert(name.into(), json!(node.value));
        }
    }
    view
}

/// Answers of a file that differ, and how many were compared.
fn differences(text: &str) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases(text) {
        let scene = scene(&case);
        for (name, expected) in case["expect"].as_object().expect("answers") {
            let release = RELEASES.iter().find(|release| release.name == name).expect("a known release");
            let mut expected = expected.clone();
            let mut ours = shown(&case, &resolve(&scene, release), release);
            for answer in [&mut expected, &mut ours] {
                if let Some(warnings) = answer["warnings"].as_array_mut() {
                    warnings.sort_by_key(ToString::to_string);
                } else if let Some(answer) = answer.as_object_mut() {
                    answer.shift_remove("warnings");
                }
            }
            count += 1;
            if ours != expected {
                wrong.push(format!("{} {name}\n  codex    {expected}\n  palisade {ours}", case["id"]));
            }
        }
    }
    (wrong, count)
}

#[test]
fn every_recorded_answer_is_ours() {
    let (wrong, count) = differences(CASES);
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 559);
}

#[test]
fn every_answer_recorded_later_is_ours() {
    let (wrong, count) = differences(MORE);
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 441);
}
