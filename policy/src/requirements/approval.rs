//! When Codex asks, and who is asked.

use super::failure::Failure;
use super::outcome::{Approval, How};
use super::release::OnFailure;
use super::resolve::Run;
use super::value::{Node, Value};
use super::warning::{Warning, add};

/// The approval policy in force.
///
/// # Errors
/// A declared `untrusted` where the release no longer takes it.
pub(super) fn policy(run: &mut Run<'_>, reviewer: &str) -> Result<Approval, Failure> {
    let read = |value: &Value| match (Approval::of(value), run.release.on_failure) {
        (Some(Approval::Word(word)), OnFailure::OnRequest) if word == "on-failure" => {
            Approval::Word("on-request".into())
        }
        (approval, _) => approval.unwrap_or_else(|| Approval::Word(value.to_string())),
    };
    no_removed(run)?;
    // `exec` cannot ask: it says `never` itself, unless a reviewer decides in place of the user.
    let reviewed = run.release.exec_asks_reviewer && reviewer == "auto_review";
    let bypass = run.flags.approval.as_ref().filter(|typed| typed.value == "never");
    let by_exec = run.exec() && (!reviewed || bypass.is_some());
    let declared = run.declared("approval_policy", run.flags.approval.as_ref());
    let (wanted, silent) = match &declared {
        _ if by_exec => (Approval::Word("never".into()), false),
        Some(declared) => (read(&declared.node.value), false),
        None => {
            let distrusted = run.layers.trust.as_ref().is_some_and(|trust| !trust.trusted);
            (Approval::Word(if distrusted { "untrusted" } else { "on-request" }.into()), true)
        }
    };
    let said = declared.as_ref().map(|declared| run.said(&show(&declared.node.value), declared.node.span));
    let list = run.demands.get("allowed_approval_policies").cloned();
    let allowed: Vec<(Approval, &Node)> = list
        .as_ref()
        .and_then(|node| node.value.list())
        .into_iter()
        .flatten()
        .map(|item| (read(&item.value), item))
        .collect();
    let fits = list.is_none() || allowed.iter().any(|(value, _)| *value == wanted);
    let in_force = match allowed.first() {
        Some((first, item)) if !fits => {
            let by = Some(run.said(&show_list(&allowed), item.span));
            let why = format!(
                "`{}`{} is not allowed; the first allowed entry takes its place{}",
                wanted.word(),
                if by_exec { ", which `exec` asks for," } else { "" },
                if silent { ", without a warning" } else { "" },
            );
            if !silent {
                let (rejected, source) = (wanted.word().to_owned(), Some(run.file(item.span)));
                let key = "approval_policy";
                add(&mut run.warnings, Warning::Fallback { key, rejected, used: None, source });
            }
            run.setting("approval_policy", first.word(), How::Constrained, said, by, &why);
            first.clone()
        }
        _ => {
            let by = list.as_ref().map(|node| run.said(&show_list(&allowed), node.span));
            let (how, why) = match (&declared, by_exec) {
                (Some(declared), true) if read(&declared.node.value) != wanted => {
                    (How::Ignored, "`exec` never asks, whatever is configured")
                }
                (None, true) => (How::Default, "`exec` never asks"),
                (Some(_), _) => (How::AsDeclared, "the highest layer or flag that speaks of it"),
                (None, false) if run.layers.trust.as_ref().is_some_and(|trust| !trust.trusted) => {
                    (How::Default, "the project is explicitly untrusted")
                }
                (None, false) => (How::Default, "nothing speaks of it"),
            };
            run.setting("approval_policy", wanted.word(), how, said, by, why);
            wanted
        }
    };
    if run.release.on_failure == OnFailure::Deprecated && in_force.word() == "on-failure" {
        add(&mut run.warnings, Warning::Deprecated { what: "on-failure".into() });
    }
    Ok(in_force)
}

/// A declared word that the release no longer takes.
///
/// # Errors
/// It is declared.
pub(super) fn no_removed(run: &Run<'_>) -> Result<(), Failure> {
    if let (true, Some(node)) = (run.release.untrusted_removed, run.layers.merged.get("approval_policy"))
        && node.value.text() == Some("untrusted")
    {
        return Err(Failure::new(
            "approval_value_removed",
            format!("Codex {} no longer takes `approval_policy = \"untrusted\"`", run.release.name),
        )
        .at(node.span)
        .help("write \"on-request\"; an untrusted project still starts with `untrusted`"));
    }
    Ok(())
}

/// Whether a release understands what a client sends; it refuses the request before it looks at any file.
///
/// # Errors
/// It does not.
pub(super) fn understood(client: &super::scene::Client, release: &super::release::Release) -> Result<(), Failure> {
    let words = [
        ("approval_policy", client.approval.as_ref()),
        ("sandbox_mode", client.sandbox.as_ref()),
        ("approvals_reviewer", client.reviewer.as_ref()),
    ];
    for (key, typed) in words {
        let (Some(typed), Some(field)) = (typed, super::keys::CONFIG.iter().find(|field| field.name == key)) else {
            continue;
        };
        let node = super::value::Node { value: typed.value.clone(), span: typed.span, key: typed.span };
        let old = release.on_failure == super::release::OnFailure::OnRequest && node.value.text() == Some("on-failure");
        let wrong = super::shape::fits(&node, &field.shape, release).map_err(|misfit| misfit.message).err();
        let removed = || old.then(|| format!("Codex {} takes no `on-failure` from a client", release.name));
        if let Some(why) = wrong.or_else(removed) {
            return Err(Failure::new("config_invalid", why).at(typed.span));
        }
    }
    Ok(())
}

fn show(value: &Value) -> String {
    Approval::of(value).map_or_else(|| value.to_string(), |approval| approval.word().to_owned())
}

fn show_list(allowed: &[(Approval, &Node)]) -> String {
    allowed.iter().map(|(approval, _)| approval.word()).collect::<Vec<_>>().join(", ")
}

/// The name of a reviewer since 0.125.0.
fn current(word: &str) -> &str {
    if word == "guardian_subagent" { "auto_review" } else { word }
}

/// Who is asked.
pub(super) fn reviewer(run: &mut Run<'_>) -> String {
    let declared = run.declared("approvals_reviewer", None);
    let wanted = declared.as_ref().and_then(|declared| declared.node.value.text()).map_or("user", current).to_owned();
    let said = declared.as_ref().map(|declared| run.said(&wanted, declared.node.span));
    let list = run.demands.get("allowed_approvals_reviewers").cloned();
    let items = list.as_ref().and_then(|node| node.value.list()).unwrap_or_default();
    let allowed: Vec<&str> = items.iter().filter_map(|item| item.value.text()).map(current).collect();
    let by = items.first().map(|item| run.said(&allowed.join(", "), item.span));
    match (allowed.first(), items.first()) {
        (Some(first), Some(item)) if !allowed.contains(&wanted.as_str()) => {
            if declared.is_some() {
                let (rejected, source) = (wanted.clone(), Some(run.file(item.span)));
                let key = "approvals_reviewer";
                add(&mut run.warnings, Warning::Fallback { key, rejected, used: None, source });
            }
            let why = format!("`{wanted}` is not allowed; the first allowed entry takes its place");
            run.setting("approvals_reviewer", first, How::Constrained, said, by, &why);
            (*first).to_owned()
        }
        _ => {
            let (how, why) = match &declared {
                Some(_) => (How::AsDeclared, "the highest layer or flag that speaks of it"),
                None => (How::Default, "nothing speaks of it"),
            };
            run.setting("approvals_reviewer", &wanted, how, said, by, why);
            wanted
        }
    }
}
