//! What is wrong with requirements though they may load: errors of a release, and lines that do less, or more, than they seem to.
//!
//! The rows of `lints/table.rs` say why each matters; `lints/lines.rs` looks at single lines, `lints/keys.rs` at keys that mean
//! nothing here or elsewhere. Whether a file starts a release is asked of the resolver, so that this page cannot disagree with it.

mod keys;
mod lines;
mod table;
mod told;

pub use table::{LINTS, Lint, find};

use self::told::{Told, lint};
use super::permissions::CIRCLE;
use super::release::{RELEASES, Release};
use super::resolve::resolve;
use super::scene::{Document, Kind, Scene};
use crate::diagnostic::{Diagnostic, Label, Severity};

/// Everything that is to be said about the documents of a scene, for one release and in view of the others.
#[must_use]
pub fn check(scene: &Scene, release: &'static Release) -> Vec<Diagnostic> {
    let mut told = Told::default();
    for document in &scene.documents {
        let Ok(table) = &document.read else { continue };
        match document.kind {
            Kind::Managed | Kind::MdmManaged | Kind::System => lines::config(table, &mut told),
            _ => {
                keys::misfits(table, release, &mut told);
                keys::ignored(table, release, &mut told);
                keys::older(table, release, &mut told);
                lines::requirements(table, release, &mut told);
            }
        }
    }
    both(scene, &mut told);
    starts(scene, release, &mut told);
    told.finish()
}

/// Both files of an admin, and what both speak of.
fn both(scene: &Scene, told: &mut Told) {
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
            told.add("two-managed-files", || {
                let message =
                    format!("`{key}` here and `{list}` there both decide, and which wins depends on the release");
                let mut one = lint("two-managed-files", message, node.key, Some("keep one of both".into()));
                let text = "wins in 0.117.0 and 0.125.0; the other in 0.169.0".into();
                one.labels.push(Label { span: other.key, text });
                one
            });
        }
    }
    if let (false, Some(first), Some(other)) =
        (told.has("two-managed-files"), managed.values().next(), required.values().next())
    {
        told.add("two-managed-files", || {
            let message =
                "requirements and managed config are both there; of what both come to speak of, the release decides";
            let mut one = lint("two-managed-files", message, first.key, Some("keep one of both".into()));
            one.severity = Severity::Note;
            one.labels.push(Label { span: other.key, text: "the other file".into() });
            one
        });
    }
}

/// What the resolver says: the release asked for must start, the others are told of.
fn starts(scene: &Scene, release: &'static Release, told: &mut Told) {
    let others = RELEASES.iter().filter(|other| other.ordinal != release.ordinal);
    for other in std::iter::once(release).chain(others) {
        let Err(failure) = resolve(scene, other).effective else { continue };
        if other.ordinal == release.ordinal {
            if !(told.has("requirements-schema") && failure.class == "requirements_schema") {
                let one = failure.diagnostic();
                told.add(&one.code.clone(), || one);
            }
        } else if let Some(span) = failure.span
            && !told.error_at(span)
        {
            told.lint("other-release-refuses", span, || {
                (format!("Codex {} does not start with this: {}", other.name, failure.message), failure.help)
            });
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
#[cfg(test)]
mod traps;
