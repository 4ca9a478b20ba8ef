//! Keys and values that the release asked for, or an older one, makes nothing of.

use std::ops::ControlFlow;

use super::told::Told;
use crate::diagnostic::Diagnostic;
use crate::requirements::demands::fields_of_permission;
use crate::requirements::features;
use crate::requirements::keys::{CONFIG, CONFIG_OTHERS, NOT_REQUIREMENTS, REQUIREMENTS};
use crate::requirements::release::{RELEASES, Release};
use crate::requirements::shape::{Met, Sink, Stranger, compare, compare_below};
use crate::requirements::value::{Table, at};
use crate::source::Span;

/// Everything a comparison with the keys of requirements meets, profiles included, which `demands` reads by their names.
fn meet(table: &Table, release: &Release, sink: &mut Sink<'_>) {
    compare(table, REQUIREMENTS, release, sink);
    let below = table.get("permissions").filter(|_| release.permission_profiles);
    for (name, node) in below.and_then(|node| node.value.table()).into_iter().flatten() {
        if let Some(inner) = node.value.table() {
            compare_below(["permissions", name], inner, fields_of_permission(name), release, sink);
        }
    }
}

/// Every value that does not fit; the resolver stops at the first.
pub(super) fn misfits(table: &Table, release: &Release, told: &mut Told) {
    meet(table, release, &mut |met| {
        if let Met::Misfit(misfit) = met {
            told.add("requirements-schema", || {
                let misfit = misfit();
                let mut one = Diagnostic::error("requirements-schema", misfit.message).at(misfit.span, "");
                one.help = misfit.help;
                one
            });
        }
        ControlFlow::Continue(())
    });
}

/// Keys the release ignores.
pub(super) fn ignored(table: &Table, release: &Release, told: &mut Told) {
    meet(table, release, &mut |met| {
        if let Met::Stranger(stranger) = met {
            stranger_told(stranger, release, told);
        }
        ControlFlow::Continue(())
    });
    let known = features::Known::to(release);
    for free in ["features", "feature_requirements", "computer_use", "browser_use", "in_app_browser"] {
        for (name, node) in table.get(free).and_then(|node| node.value.table()).into_iter().flatten() {
            // Where every name may stand, one of a key of requirements is taken for another thing.
            let feature = free.starts_with("feature") && known.current(name).is_some();
            if !feature && is_key(name) {
                swallowed(name, &format!("{free}.{name}"), node.key, told);
            }
        }
    }
}

fn is_key(name: &str) -> bool {
    REQUIREMENTS.iter().any(|field| field.name == name)
}

fn swallowed(name: &str, path: &str, span: Span, told: &mut Told) {
    told.lint("swallowed-key", span, || {
        let message = format!("`{name}` stands below a `[table]`, as `{path}`, and is ignored");
        (message, Some("move the line above the first `[table]`".into()))
    });
}

fn stranger_told(stranger: &Stranger<'_>, release: &Release, told: &mut Told) {
    let (name, nested) = (stranger.name(), stranger.nested());
    if nested && is_key(name) {
        swallowed(name, &stranger.path(), stranger.span, told);
        return;
    }
    let of_config = CONFIG.iter().any(|field| field.name == name) || CONFIG_OTHERS.contains(&name);
    let instead = NOT_REQUIREMENTS.iter().find(|(key, _)| *key == name).map(|(_, instead)| *instead);
    if !nested && !stranger.elsewhere && (instead.is_some() || of_config) {
        told.lint("config-key", stranger.span, || {
            let help = instead.filter(|key| !key.is_empty()).map(|key| format!("the key for it is `{key}`"));
            (format!("`{name}` is no key of requirements, and constrains nothing"), help)
        });
        return;
    }
    // What stands beside a command has a finding of its own.
    if !stranger.warned && name == "args" {
        return;
    }
    told.lint("unknown-key", stranger.span, || {
        if stranger.elsewhere {
            let message = format!("`{}` is not known to Codex {}, which ignores it", stranger.path(), release.name);
            return (message, Some("another release knows it".into()));
        }
        let help = stranger.nearest().map(|name| format!("did you mean `{name}`?"));
        (format!("unknown key `{}`; what it asks for is not enforced", stranger.path()), help)
    });
}

/// Keys that an older release does not know, and so does not enforce.
pub(super) fn older(table: &Table, release: &Release, told: &mut Told) {
    let before = || RELEASES.iter().filter(|other| other.ordinal < release.ordinal);
    let mut tell = |path: &dyn Fn() -> String, span: Span, knows: &dyn Fn(&Release) -> bool| {
        let without: Vec<&str> = before().filter(|other| !knows(other)).map(|other| other.name).collect();
        if !without.is_empty() {
            told.lint("older-release-ignores", span, || {
                let enforce = if without.len() == 1 { "enforces" } else { "enforce" };
                let message =
                    format!("`{}` is not known to {}, which {enforce} nothing of it", path(), without.join(", "));
                (message, None)
            });
        }
    };
    for (key, node) in table {
        let knows = |other: &Release| REQUIREMENTS.iter().any(|field| field.name == key && field.known.to(other));
        if knows(release) {
            tell(&|| key.to_owned(), node.key, &knows);
        }
    }
    // Below a key that an older release knows there are keys that it does not.
    let Some(oldest) = RELEASES.first().filter(|oldest| oldest.ordinal < release.ordinal) else { return };
    compare(table, REQUIREMENTS, oldest, &mut |met| {
        if let Met::Stranger(stranger) = met
            && stranger.nested()
            && stranger.known_to(release)
        {
            tell(&|| stranger.path(), stranger.span, &|other| stranger.known_to(other));
        }
        ControlFlow::Continue(())
    });
    // Profiles are names of the newest releases; before, one name below `permissions` is known.
    let profiles = at(table, &["permissions"]).and_then(|node| node.value.table()).into_iter().flatten();
    for (name, node) in profiles.filter(|(name, _)| *name != "filesystem" && release.permission_profiles) {
        tell(&|| format!("permissions.{name}"), node.key, &|other| other.permission_profiles);
    }
}
