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

#[test]
fn what_only_macos_grants_is_checked_as_the_rest_is() {
    let with = |table: &str| read(&format!("{}\n[macos]\n{table}", SHIPPED[1]));
    let macos = with(
        "proxy_ports = [43128, 3128, 3128]\nunix_sockets = [\"/run/x\"]\nmach_services = [\"com.apple.FSEvents\", \"com.x.*\"]\nsysctls = [\"kern.proc.*\"]",
    );
    let macos = macos.unwrap().macos;
    assert_eq!(macos.proxy_ports, [3128, 43128]);
    assert_eq!(macos.mach_services.len(), 2);
    for (table, code) in [
        ("proxy_ports = [0]", "profile-port"),
        ("proxy_ports = [65536]", "profile-syntax"),
        ("unix_sockets = [\"run/x\"]", "profile-path"),
        ("mach_services = [\"a\\\")(allow default)\"]", "profile-service"),
        ("mach_services = [\"*\"]", "profile-service"),
        ("sysctls = [\"a*b\"]", "profile-service"),
        ("mach_service = []", "profile-unknown-key"),
    ] {
        let found = with(table).unwrap_err();
        assert_eq!((found.len(), found[0].code.as_str()), (1, code), "{table}: {found:?}");
        assert!(!found[0].labels.is_empty(), "{table}");
    }
    let open = SHIPPED[2].to_owned() + "\n[macos]\nproxy_ports = [1]";
    assert_eq!(read(&open).unwrap_err()[0].code, "profile-port");
}
