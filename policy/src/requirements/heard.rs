//! What a real Codex says when it is asked, read into the same JSON that [`super::shown`] gives: the other side of a comparison.
//!
//! Messages differ per release and are read by their shape; what is not recognised is kept as it is, class or kind `other`,
//! so that it shows up as a difference and is never taken for agreement. Nothing here starts a program.

mod words;

use regex::Regex;
use serde_json::{Map, Value as Json, json};

pub use words::{class, warning};

use super::shown::DECLARED;

/// What an app server answered.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// To `thread/start`: the whole message, result or error.
    pub thread: Option<Json>,
    /// To `config/read`.
    pub config: Option<Json>,
    /// To `configRequirements/read`.
    pub requirements: Option<Json>,
    /// Notifications, in order.
    pub notes: Vec<Json>,
    /// Standard error.
    pub errors: String,
}

/// A failure, classified.
#[must_use]
pub fn failure(text: &str) -> Json {
    let text = plain(text);
    let class = class(&text);
    let mut heard = Map::new();
    heard.insert("outcome".into(), "error".into());
    heard.insert("error_class".into(), class.into());
    if class == "other" {
        let telling = find(r"(?im)^.*(error|invalid|cannot|unexpected|no longer|not found|must).*$", &text);
        let line: String = telling.unwrap_or(&text).trim().chars().take(240).collect();
        heard.insert("message".into(), line.into());
    }
    heard.into()
}

/// Text without colours.
#[must_use]
pub fn plain(text: &str) -> String {
    Regex::new("\x1b\\[[0-9;]*m").map_or_else(|_| text.to_owned(), |colour| colour.replace_all(text, "").into_owned())
}

fn find<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    Regex::new(pattern).ok()?.find(text).map(|found| found.as_str())
}

fn groups<'a>(pattern: &str, text: &'a str) -> Option<regex::Captures<'a>> {
    Regex::new(pattern).ok()?.captures(text)
}

fn group<'a>(found: &regex::Captures<'a>, at: usize) -> &'a str {
    found.get(at).map_or("", |one| one.as_str())
}

/// A thread of an app server.
#[must_use]
pub fn session(said: &Session) -> Json {
    let Some(thread) = &said.thread else { return failure(&said.errors) };
    if let Some(message) = thread.pointer("/error/message").and_then(Json::as_str) {
        return failure(message);
    }
    let Some(result) = thread.get("result") else { return failure(&thread.to_string()) };
    let text = |path: &str| result.pointer(path).and_then(Json::as_str).unwrap_or_default();
    let mut heard = Map::new();
    let mut put = |key: &str, value: Json| heard.insert(key.to_owned(), value);
    put("outcome", "ok".into());
    put("approval_policy", approval(result.get("approvalPolicy").unwrap_or(&Json::Null)));
    put("approvals_reviewer", current(text("/approvalsReviewer")).into());
    let kind = text("/sandbox/type");
    let mode = match kind {
        "readOnly" => "read-only",
        "workspaceWrite" => "workspace-write",
        "dangerFullAccess" => "danger-full-access",
        "externalSandbox" => "external-sandbox",
        other => other,
    };
    put("sandbox_mode", mode.into());
    let on = |path: &str| result.pointer(path).and_then(Json::as_bool).unwrap_or(false);
    if matches!(kind, "workspaceWrite" | "readOnly") {
        put("network_access", on("/sandbox/networkAccess").into());
    }
    if kind == "workspaceWrite" {
        put("writable_roots", result.pointer("/sandbox/writableRoots").cloned().unwrap_or_else(|| json!([])));
        put("exclude_slash_tmp", on("/sandbox/excludeSlashTmp").into());
        put("exclude_tmpdir_env_var", on("/sandbox/excludeTmpdirEnvVar").into());
    }
    if let Some(active) = result.get("activePermissionProfile") {
        put("permission_profile", active.get("id").cloned().unwrap_or(Json::Null));
    }
    if let Some(read) = said.config.as_ref().and_then(|config| config.get("result")) {
        let declared = declared(read);
        if !declared.is_empty() {
            put("declared", declared.into());
        }
        let layers = read.get("layers").and_then(Json::as_array).into_iter().flatten();
        let off = layers.filter(|layer| layer.get("disabledReason").is_some_and(|why| !why.is_null()));
        let disabled: Vec<Json> = off.filter_map(|layer| layer.pointer("/name/dotCodexFolder").cloned()).collect();
        if !disabled.is_empty() {
            put("disabled_layers", disabled.into());
        }
    }
    let view = said.requirements.as_ref().map(view).unwrap_or_default();
    if !view.is_empty() {
        put("requirements", view.into());
    }
    let mut warnings: Vec<Json> = Vec::new();
    for note in &said.notes {
        let method = note.get("method").and_then(Json::as_str).unwrap_or_default();
        if matches!(method, "configWarning" | "warning" | "deprecationNotice") {
            let of = |key: &str| note.pointer(key).and_then(Json::as_str);
            let summary = of("/params/summary").or_else(|| of("/params/message")).unwrap_or_default();
            let found = warning(summary, of("/params/details").unwrap_or_default());
            warnings.extend(found.filter(|found| !warnings.contains(found)));
        }
    }
    if !warnings.is_empty() {
        put("warnings", warnings.into());
    }
    heard.into()
}

fn current(word: &str) -> &str {
    if word == "guardian_subagent" { "auto_review" } else { word }
}

/// An approval policy with the switches of a granular one sorted.
fn approval(value: &Json) -> Json {
    let Some(switches) = value.get("granular").and_then(Json::as_object) else { return value.clone() };
    let mut sorted: Vec<(String, Json)> = switches.iter().map(|(key, on)| (key.clone(), on.clone())).collect();
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    json!({ "granular": sorted.into_iter().collect::<Map<String, Json>>() })
}

fn declared(read: &Json) -> Map<String, Json> {
    let mut declared = Map::new();
    let origins = read.get("origins").and_then(Json::as_object);
    for key in DECLARED {
        let Some(value) = read.pointer(&format!("/config/{key}")).filter(|value| !value.is_null()) else { continue };
        let below = || {
            let start = format!("{key}.");
            origins.into_iter().flatten().find(|(name, _)| name.starts_with(&start)).map(|(_, origin)| origin)
        };
        let origin = origins.and_then(|origins| origins.get(*key)).or_else(below);
        let from = origin.and_then(|origin| origin.pointer("/name/type")).cloned().unwrap_or(Json::Null);
        declared.insert((*key).to_owned(), json!({ "value": approval(value), "from": from }));
    }
    declared
}

fn view(answer: &Json) -> Map<String, Json> {
    let shown = [
        "allowedApprovalPolicies",
        "allowedApprovalsReviewers",
        "allowedSandboxModes",
        "allowedWebSearchModes",
        "featureRequirements",
        "enforceResidency",
        "allowedPermissionProfiles",
        "defaultPermissions",
    ];
    let all = answer.pointer("/result/requirements");
    let of = |key: &str| all.and_then(|all| all.get(key)).filter(|value| !value.is_null()).cloned();
    let sorted = |value: Json| match value {
        Json::Array(items) => Json::Array(items.iter().map(approval).collect()),
        other => other,
    };
    shown.iter().filter_map(|key| Some(((*key).to_owned(), sorted(of(key)?)))).collect()
}

/// The header that `exec` prints.
#[must_use]
pub fn exec(text: &str) -> Json {
    let text = plain(text);
    let approval = groups(r"(?m)^approval: (\S+)", &text);
    let sandbox = groups(r"(?m)^sandbox: (\S+)(?: \[(.*)\])?(.*)$", &text);
    let (Some(approval), Some(sandbox)) = (approval, sandbox) else { return failure(&text) };
    let mut heard = Map::new();
    heard.insert("outcome".into(), "ok".into());
    heard.insert("approval_policy".into(), group(&approval, 1).into());
    heard.insert("sandbox_mode".into(), group(&sandbox, 1).into());
    if !group(&sandbox, 2).is_empty() {
        heard.insert("writable".into(), group(&sandbox, 2).split(", ").collect::<Vec<_>>().into());
    }
    if group(&sandbox, 3).contains("network access enabled") {
        heard.insert("network_access".into(), true.into());
    }
    heard.into()
}

/// The first prompt of the screen, with the status of the program that prints it.
#[must_use]
pub fn screen(text: &str, succeeded: Option<bool>) -> Json {
    let text = plain(text);
    let sandbox = groups(r"`sandbox_mode` is `([a-z-]+)`", &text);
    let (Some(true), Some(sandbox)) = (succeeded, sandbox) else { return failure(&text) };
    let start = text.find("<permissions instructions>").unwrap_or(0);
    let part = text.get(start..).unwrap_or_default();
    let part = part.split("</permissions instructions>").next().unwrap_or_default();
    let policies = [
        ("never", "Approval policy is currently never"),
        ("granular", "policy is `granular`"),
        ("untrusted", "`unless-trusted`"),
        ("on-failure", "`on-failure`"),
        ("on-request", "# Escalation Requests|`approvals_reviewer` is|# Approval Requests"),
    ];
    let approval = policies.iter().find(|(_, pattern)| find(pattern, part).is_some()).map(|(name, _)| *name);
    json!({
        "outcome": "ok",
        "approval_policy": approval,
        "sandbox_mode": group(&sandbox, 1),
        "network_access": part.contains("Network access is enabled"),
        "auto_review": part.contains("`approvals_reviewer` is `auto_review`"),
    })
}

/// `codex mcp list --json`.
#[must_use]
pub fn servers(text: &str, succeeded: Option<bool>) -> Json {
    let text = plain(text);
    let list = text.find('[').zip(text.rfind(']')).and_then(|(start, end)| text.get(start..=end));
    let read = list.and_then(|list| serde_json::from_str::<Vec<Json>>(list).ok());
    let (Some(true), Some(read)) = (succeeded, read) else { return failure(&text) };
    let one = |server: &Json| {
        let name = server.get("name")?.as_str()?.to_owned();
        let why = server.get("disabled_reason").and_then(Json::as_str).unwrap_or("None");
        let on = server.get("enabled")?.as_bool()?;
        Some((name, if on { "enabled".into() } else { Json::from(format!("disabled: {why}")) }))
    };
    json!({ "outcome": "ok", "servers": read.iter().filter_map(one).collect::<Map<String, Json>>() })
}

/// `codex features list`, of which some are looked up.
#[must_use]
pub fn features(text: &str, succeeded: Option<bool>, wanted: &[String]) -> Json {
    let text = plain(text);
    if succeeded != Some(true) {
        return failure(&text);
    }
    let state = |name: &String| {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.and_then(|line| line.split_whitespace().last()?.parse::<bool>().ok()).map_or(Json::Null, Json::from)
    };
    let states: Map<String, Json> = wanted.iter().map(|name| (name.clone(), state(name))).collect();
    json!({ "outcome": "ok", "features": states })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_and_a_failure_are_told_apart() {
        let header =
            "--------\napproval: never\nsandbox: workspace-write [workdir, /tmp] (network access enabled)\n--------";
        assert_eq!(exec(header)["writable"], json!(["workdir", "/tmp"]));
        assert_eq!(exec(header)["network_access"], true);
        let wrong = exec("\u{1b}[31mError\u{1b}[0m: config profile `x` not found\n");
        assert_eq!((&wrong["outcome"], &wrong["error_class"]), (&json!("error"), &json!("profile_not_found")));
        assert_eq!(exec("nothing that is known")["error_class"], "other");
    }

    #[test]
    fn what_is_not_recognised_is_kept() {
        let odd = warning("Something that no release has said before", "").expect("kept");
        assert_eq!(odd["kind"], "other");
        assert_eq!(features("a  stable  true\n", Some(true), &["b".into()])["features"]["b"], Json::Null);
    }
}
