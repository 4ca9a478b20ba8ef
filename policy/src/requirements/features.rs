//! Features: which a release knows, what config makes of them, and what pins make of that.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::keys::{IMPLIES, OLD_FEATURES};
use super::release::{Release, UnknownFeature};
use super::value::Table;
use super::warning::Warning;

/// What changes a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// Config and pins.
    Freely,
    /// Pins alone.
    ByPins,
    /// Nothing.
    Never,
}

/// The names a release lists, each with its default.
fn rows(release: &Release) -> impl Iterator<Item = (&'static str, bool, Changed)> {
    release.features.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, on) = (words.next()?, words.next()? == "true");
        let changed = match words.next() {
            Some("fixed") => Changed::ByPins,
            Some("rigid") => Changed::Never,
            _ => Changed::Freely,
        };
        Some((name, on, changed))
    })
}

/// The names a release lists.
pub fn names(release: &Release) -> impl Iterator<Item = &'static str> {
    rows(release).map(|(name, ..)| name)
}

/// The features of a release, to look many names up.
#[derive(Debug)]
pub struct Known(BTreeMap<&'static str, (bool, Changed)>);

impl Known {
    /// Those of a release.
    #[must_use]
    pub fn to(release: &Release) -> Self {
        Self(rows(release).map(|(name, on, changed)| (name, (on, changed))).collect())
    }

    fn listed(&self, name: &str) -> Option<&'static str> {
        self.0.get_key_value(name).map(|(known, _)| *known)
    }

    /// The name under which the release knows this feature, old names included.
    #[must_use]
    pub fn current(&self, name: &str) -> Option<&'static str> {
        let renamed = || OLD_FEATURES.iter().find(|(old, _)| *old == name).and_then(|(_, new)| self.listed(new));
        self.listed(name).or_else(renamed)
    }

    fn changed(&self, name: &str) -> Changed {
        self.0.get(name).map_or(Changed::Never, |(_, changed)| *changed)
    }
}

/// The name under which a release knows this feature; [`Known`] is for many.
#[must_use]
pub fn current(name: &str, release: &Release) -> Option<&'static str> {
    Known::to(release).current(name)
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
    let features = Known::to(release);
    let mut states: BTreeMap<&'static str, bool> = features.0.iter().map(|(name, (on, _))| (*name, *on)).collect();
    for (name, node) in config.into_iter().flatten() {
        if let (Some(name), Some(on)) = (features.current(name), node.value.truth())
            && features.changed(name) == Changed::Freely
        {
            states.insert(name, on);
        }
    }
    let mut pinned = Vec::new();
    for (name, node) in pins.into_iter().flatten() {
        let listed = features.listed(name).is_some();
        match (features.current(name), node.value.truth()) {
            (Some(known), Some(on)) if listed || release.old_feature_names => {
                if features.changed(known) != Changed::Never {
                    states.insert(known, on);
                    pinned.push((known, on, node));
                }
                if !listed && release.old_feature_warns {
                    warnings.push(Warning::OldFeature { key: name.to_owned() });
                }
            }
            _ if release.unknown_feature == UnknownFeature::Refused => {
                return Err(Failure::new("requirements_features", format!("`{name}` is no feature of this release"))
                    .at(node.key)
                    .help("an older client does not start with this line; later releases warn and ignore it"));
            }
            _ => warnings.push(Warning::UnknownFeature { key: name.to_owned() }),
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
