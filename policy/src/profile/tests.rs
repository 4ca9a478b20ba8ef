use super::*;
use crate::source::{Source, Sources};

fn read(text: &str) -> Result<Profile, Vec<crate::diagnostic::Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add(Source { name: "p.toml".into(), text: text.into() });
    parse(&sources, id)
}

const SHIPPED: &[&str] = &[
    include_str!("../../../sandbox-profiles/read-only.toml"),
    include_str!("../../../sandbox-profiles/workspace-write.toml"),
    include_str!("../../../sandbox-profiles/danger-full-access.toml"),
];

#[test]
fn shipped_profiles_are_valid() {
    for text in SHIPPED {
        read(text).unwrap();
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let text = SHIPPED[1].replace("deny_read = []", "deny_reads = []");
    let found = read(&text).unwrap_err();
    assert_eq!(found[0].code, "profile-unknown-key");
    assert!(found[0].message.contains("would not be enforced"), "{}", found[0].message);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `deny_read`?"));
    let at = found[0].labels[0].span;
    assert_eq!(&text[at.start as usize..at.end as usize], "deny_reads");
}

#[test]
fn all_wrong_values_are_reported_at_once() {
    let text = SHIPPED[1]
        .replace("write = [\":workspace\"", "write = [\"relative\", \":workspace\"")
        .replace("\".aws\"]", "\"a/b\"]")
        .replace("[\"layers.landlock\"]", "[\"layers.landlok\"]");
    let codes: Vec<_> = read(&text).unwrap_err().into_iter().map(|found| found.code).collect();
    assert_eq!(codes, ["profile-path", "profile-name", "profile-line"]);
}

#[test]
fn a_kept_variable_wins_over_a_removed_one() {
    let filter = Environment { remove: vec!["*_TOKEN".into()], keep: vec!["MY_TOKEN".into()], set: BTreeMap::new() };
    assert!(filter.passes("MY_TOKEN") && filter.passes("TOKEN") && !filter.passes("GH_TOKEN"));
}
