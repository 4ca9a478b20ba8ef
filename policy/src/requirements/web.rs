//! Web search: what is configured, what requirements leave of it, what the first turn offers.

use super::outcome::How;
use super::resolve::Run;
use super::value::at;
use super::warning::{Warning, add};

/// What takes the place of a refused mode, first allowed first.
const FALLBACKS: &[&str] = &["cached", "indexed", "live", "disabled"];

/// The mode of the first turn under a sandbox of this mode.
pub(super) fn resolve(run: &mut Run<'_>, mode: &str) -> String {
    let declared = run.declared("web_search", None);
    let (said, wanted) = match &declared {
        Some(declared) => {
            let text = declared.node.value.to_string();
            (Some(run.said(&text, declared.node.span)), text)
        }
        None => {
            // The switch of older releases still speaks where the key does not.
            let old = at(&run.layers.merged, &["features", "web_search_request"]).cloned();
            match old.filter(|node| node.value.truth() == Some(true)) {
                Some(node) => (Some(run.said("live", node.span)), "live".to_owned()),
                None => (None, "cached".to_owned()),
            }
        }
    };
    let list = run.demands.get("allowed_web_search_modes").cloned();
    let items = list.as_ref().and_then(|node| node.value.list()).unwrap_or_default();
    let words: Vec<&str> = items.iter().filter_map(|item| item.value.text()).collect();
    let allowed = |word: &str| list.is_none() || word == "disabled" || words.contains(&word);
    let by = list.as_ref().map(|node| run.said(&node.value.to_string(), node.span));
    let mut in_force = wanted.clone();
    let mut how = if said.is_some() { How::AsDeclared } else { How::Default };
    let mut why =
        if said.is_some() { "the highest layer or flag that speaks of it" } else { "nothing speaks of it" }.to_owned();
    if let (false, Some(node)) = (allowed(&wanted), &list) {
        in_force = FALLBACKS.iter().find(|word| allowed(word)).map_or("disabled", |word| word).to_owned();
        how = How::Constrained;
        why = format!("`{wanted}` is not allowed; of what is, the first of cached, indexed, live takes its place");
        let source = Some(run.file(node.span));
        add(&mut run.warnings, Warning::Fallback { key: "web_search_mode", rejected: wanted, used: None, source });
    }
    if mode == "danger-full-access" && in_force != "disabled" && in_force != "live" && allowed("live") {
        why = format!("full access turns `{in_force}` into live, also when it is written explicitly");
        in_force = "live".into();
        how = if said.is_some() { How::Ignored } else { How::Default };
    }
    run.setting("web_search", &in_force, how, said, by, &why);
    in_force
}
