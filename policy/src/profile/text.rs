//! A profile as the text that [`super::parse`] reads: for a profile that did not come from a file and is to become one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{CallGroup, Environment, Files, Limits, Network, Private, Profile};

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    description: &'a str,
    best_effort: &'a BTreeSet<String>,
    files: &'a Files,
    network: BTreeMap<&'static str, Network>,
    private: &'a Private,
    system_calls: BTreeMap<&'static str, &'a BTreeSet<CallGroup>>,
    limits: &'a Limits,
    environment: &'a Environment,
    layers: BTreeMap<&'static str, bool>,
}

/// The text; reading it gives the same profile.
#[must_use]
pub fn text(profile: &Profile) -> String {
    let written = Written {
        name: &profile.name,
        description: &profile.description,
        best_effort: &profile.best_effort,
        files: &profile.files,
        network: BTreeMap::from([("access", profile.network)]),
        private: &profile.private,
        system_calls: BTreeMap::from([("refuse", &profile.refuse)]),
        limits: &profile.limits,
        environment: &profile.environment,
        layers: BTreeMap::from([("landlock", profile.landlock)]),
    };
    toml::to_string(&written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::profile::{Tree, parse};
    use crate::source::{Source, Sources};

    #[test]
    fn a_profile_that_is_written_is_read_as_it_was() {
        for text in [
            include_str!("../../../sandbox-profiles/read-only.toml"),
            include_str!("../../../sandbox-profiles/workspace-write.toml"),
            include_str!("../../../sandbox-profiles/danger-full-access.toml"),
        ] {
            let read = |text: String| {
                let mut sources = Sources::default();
                let id = sources.add(Source { name: "profile".into(), text });
                parse(&sources, id).expect("a profile")
            };
            let mut profile = read(text.to_owned());
            profile.files.deny_read.push(Tree::Path("/srv/a \"b\"".into()));
            assert_eq!(read(super::text(&profile)), profile);
        }
    }
}
