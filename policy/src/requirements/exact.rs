//! Values that requirements replace, ways to log in that they narrow, and the provider of models.

use super::failure::Failure;
use super::keys::EXACT;
use super::outcome::How;
use super::resolve::Run;
use super::value::{Node, Table, Value, at};
use super::warning::Warning;

/// What Codex uses where config says nothing, of keys whose replacement it warns of even then.
const DEFAULTS: &[(&str, &str)] = &[("chatgpt_base_url", "https://chatgpt.com/backend-api/")];

/// Applies exact values.
pub(super) fn apply(run: &mut Run<'_>) {
    for key in EXACT {
        let Some(node) = run.demands.get(key).cloned() else { continue };
        let configured = run.layers.merged.get(key).cloned();
        let differs = match (&configured, &node.value) {
            (Some(configured), Value::Table(wanted)) => leaves_differ(&configured.value, wanted),
            (Some(configured), wanted) => configured.value != *wanted,
            (None, wanted) => DEFAULTS.iter().any(|(name, value)| name == key && wanted.text() != Some(value)),
        };
        if differs {
            run.warnings.push(Warning::Override { key: (*key).to_owned(), source: run.file(node.span) });
        }
        let said = configured.map(|configured| run.said(&configured.value.to_string(), configured.span));
        let text = node.value.to_string();
        let by = Some(run.said(&text, node.span));
        run.setting(key, &text, How::Constrained, said, by, "requirements give the exact value");
    }
    windows(run);
}

fn leaves_differ(configured: &Value, wanted: &Table) -> bool {
    let Some(table) = configured.table() else { return true };
    wanted.iter().any(|(key, node)| match (table.get(key), &node.value) {
        (Some(held), Value::Table(wanted)) => leaves_differ(&held.value, wanted),
        (Some(held), wanted) => held.value != *wanted,
        (None, _) => false,
    })
}

fn windows(run: &mut Run<'_>) {
    let Some(node) = at(&run.demands, &["windows", "allowed_sandbox_implementations"]).cloned() else { return };
    let configured = at(&run.layers.merged, &["windows", "sandbox"]).and_then(|node| node.value.text());
    let listed = |word: &str| node.value.list().unwrap_or_default().iter().any(|item| item.value.text() == Some(word));
    if configured.is_none_or(|word| !listed(word)) {
        let rejected = configured.unwrap_or("None").to_owned();
        let source = Some(run.file(node.span));
        run.warnings.push(Warning::Fallback { key: "windows.sandbox", rejected, used: None, source });
    }
}

/// The ways to log in that are left.
///
/// # Errors
/// None is.
pub(super) fn logins(run: &mut Run<'_>) -> Result<(), Failure> {
    let list = run.demands.get("allowed_login_methods").cloned();
    let workspaces = run.demands.get("allowed_chatgpt_workspaces").cloned();
    let Some(node) = list.as_ref().or(workspaces.as_ref()).cloned() else { return Ok(()) };
    let words = |node: &Node| -> Vec<String> {
        node.value.list().unwrap_or_default().iter().filter_map(|item| item.value.text().map(str::to_owned)).collect()
    };
    let mut left = list.as_ref().map_or_else(|| vec!["chatgpt".to_owned(), "api".to_owned()], words);
    if workspaces.as_ref().is_some_and(|node| words(node).is_empty()) {
        left.retain(|word| word != "chatgpt");
    }
    let ids = run.layers.merged.get("forced_chatgpt_workspace_id").map(|node| match node.value.text() {
        Some(text) => vec![text.to_owned()],
        None => words(node),
    });
    if let (Some(allowed), Some(ids)) = (workspaces.as_ref().map(words), ids)
        && !ids.iter().any(|id| allowed.contains(id))
    {
        left.retain(|word| word != "chatgpt");
    }
    let forced = run.layers.merged.get("forced_login_method").cloned();
    if let Some(forced) = &forced {
        left.retain(|word| forced.value.text() == Some(word));
    }
    if left.is_empty() {
        let at = forced.map_or(node.span, |forced| forced.span);
        return Err(Failure::new("requirements_auth", "requirements and config leave no way to log in")
            .at(at)
            .help(format!("required at {}", run.scene.sources.place(node.span))));
    }
    let said = forced.map(|forced| run.said(&forced.value.to_string(), forced.span));
    let by = Some(run.said(&node.value.to_string(), node.span));
    run.setting("login", &left.join(", "), How::Constrained, said, by, "requirements narrow the ways to log in");
    Ok(())
}

/// The provider of models must be one.
///
/// # Errors
/// It is defined nowhere.
pub(super) fn provider(run: &Run<'_>) -> Result<(), Failure> {
    defined_whole(run)?;
    let declared = run.declared("model_provider", None).map(|declared| declared.node);
    let Some(node) = run.demands.get("model_provider").cloned().or(declared) else { return Ok(()) };
    let name = node.value.text().unwrap_or_default();
    let defined = |table: &Table| at(table, &["model_providers", name]).is_some();
    if run.release.providers.contains(&name) || defined(&run.layers.merged) || defined(&run.demands) {
        return Ok(());
    }
    Err(Failure::new("model_provider", format!("the provider `{name}` is defined nowhere"))
        .at(node.span)
        .help(format!("define `[model_providers.{name}]`")))
}

/// A catalog of models that is named must be a file.
///
/// # Errors
/// It is none, as far as somebody has looked.
pub(super) fn catalog(run: &Run<'_>) -> Result<(), Failure> {
    let Some(present) = &run.scene.machine.catalogs else { return Ok(()) };
    let node = run.demands.get("model_catalog_json").or_else(|| run.layers.merged.get("model_catalog_json"));
    match node.and_then(|node| Some((node.value.text()?, node.span))) {
        Some((path, span)) if !present.contains(path) => {
            Err(Failure::new("model_catalog", format!("the catalog of models `{path}` is no file"))
                .at(span)
                .help("Codex does not start without it, whoever named it; put it there, or take the key out"))
        }
        _ => Ok(()),
    }
}

/// Names that are Codex's own.
const RESERVED: &[&str] = &["openai", "ollama", "lmstudio"];

/// Every provider that is defined must have a name, and none may be called as one of Codex's own.
fn defined_whole(run: &Run<'_>) -> Result<(), Failure> {
    for (table, own) in [(&run.demands, false), (&run.layers.merged, true)] {
        let Some(node) = table.get("model_providers").filter(|_| own || run.release.permission_profiles) else {
            continue;
        };
        let wrong =
            |node: &Node| Failure::new("config_invalid", "`model_providers` must be a table of tables").at(node.span);
        for (name, node) in node.value.table().ok_or_else(|| wrong(node))? {
            let fields = node.value.table().ok_or_else(|| wrong(node))?;
            if RESERVED.contains(&name) {
                let class = if own { "config_invalid" } else { "model_provider" };
                return Err(Failure::new(class, format!("`{name}` is a provider of Codex's own")).at(node.key));
            }
            let named = fields.get("name").and_then(|node| node.value.text());
            if named.is_none_or(|name| name.trim().is_empty()) {
                return Err(Failure::new("model_provider", format!("the provider `{name}` has no name"))
                    .at(node.key)
                    .help("write `name = \"…\"` in it"));
            }
        }
    }
    Ok(())
}
