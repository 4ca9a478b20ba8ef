//! Features: which a release knows, what config makes of them, and what pins make of that.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::keys::{IMPLIES, OLD_FEATURES};
use super::release::{Release, UnknownFeature};
use super::value::Table;
use super::warning::Warning;

/// The names a release lists.
pub fn names(release: &Release) -> impl Iterator<Item = &'static str> {
    release.features.lines().filter_map(|line| line.split(' ').next())
}

/// The name under which a release knows this feature, old names included.
#[must_use]
pub fn current(name: &str, release: &Release) -> Option<&'static str> {
    let listed = |name: &str| names(release).find(|known| *known == name);
    listed(name).or_else(|| OLD_FEATURES.iter().find(|(old, _)| *old == name).and_then(|(_, new)| listed(new)))
}

/// The state of every feature after config and pins.
///
/// # Errors
/// A pin that is unknown to a release that refuses such, or that cannot hold.
pub fn resolve(
    config: Option<&Table>,
    pins: Option<&Table>,
    release: &Release,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<&'static str, bool>, Failure> {
    let mut states: BTreeMap<&'static str, bool> = release
        .features
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()? == "true"))
        })
        .collect();
    // Features that have become what they are: config does not change the fixed ones, nor pins the rigid ones.
    let marked = |name: &str, marks: &[&str]| {
        let line = |line: &&str| line.split(' ').next() == Some(name);
        release
            .features
            .lines()
            .find(line)
            .and_then(|line| line.split(' ').nth(2))
            .is_some_and(|mark| marks.contains(&mark))
    };
    for (name, node) in config.into_iter().flatten() {
        if let (Some(name), Some(on)) = (current(name, release), node.value.truth())
            && !marked(name, &["fixed", "rigid"])
        {
            states.insert(name, on);
        }
    }
    let mut pinned = Vec::new();
    for (name, node) in pins.into_iter().flatten() {
        let listed = names(release).any(|known| known == name);
        match (current(name, release), node.value.truth()) {
            (Some(known), Some(on)) if listed || release.old_feature_names => {
                if !marked(known, &["rigid"]) {
                    states.insert(known, on);
                    pinned.push((known, on, node));
                }
                if !listed && release.old_feature_warns {
                    warnings.push(Warning::OldFeature { key: name.clone() });
                }
            }
            _ if release.unknown_feature == UnknownFeature::Refused => {
                return Err(Failure::new("requirements_features", format!("`{name}` is no feature of this release"))
                    .at(node.key)
                    .help("an older client does not start with this line; later releases warn and ignore it"));
            }
            _ => warnings.push(Warning::UnknownFeature { key: name.clone() }),
        }
    }
    for implied in IMPLIES.iter().filter(|implied| implied.known.to(release)) {
        let on = |states: &BTreeMap<&str, bool>, name| states.get(name).copied().unwrap_or(false);
        if on(&states, implied.feature) && !on(&states, implied.needs) {
            let (changed, to) = if implied.switches_on { (implied.needs, true) } else { (implied.feature, false) };
            states.insert(changed, to);
        }
    }
    for (name, on, node) in pinned {
        if states.get(name) != Some(&on) {
            return Err(Failure::new(
                "requirements_features",
                format!("`{name} = {on}` cannot hold beside another feature that is on or off"),
            )
            .at(node.key));
        }
    }
    Ok(states)
}
