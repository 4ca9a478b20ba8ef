//! What a generated profile grants works, and what it withholds is refused: made-up wishes, held against the simulator.

use std::collections::BTreeMap;

use policy::seatbelt::{Outcome, Profile, Query, Settings, decide, last_match, load};
use policy::source::Source;

use super::*;

fn simulated(generated: &Generated) -> Profile {
    let parameters: BTreeMap<String, String> = generated.parameters.iter().cloned().collect();
    let source = Source { name: "generated".into(), text: generated.text.clone() };
    let loaded = load(source, &Settings { parameters: &parameters, import: &|_| None });
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    loaded.profile.unwrap_or_else(|why| panic!("{}\n{}", why.found.message, generated.text))
}

fn asked(operation: &str, path: &str) -> Query {
    let mut query = Query::new(operation).unwrap();
    query.tell("path", path).unwrap();
    query.tell("vnode", "REGULAR-FILE").unwrap();
    query
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn path(&mut self) -> String {
        const NAMES: &[&str] = &["a", "b", ".git", "ab", "a b", "[x]", "\"q\\", "(", "*"];
        let mut path = String::new();
        for _ in 0..=self.below(4) {
            path.push('/');
            path.push_str(NAMES[self.below(NAMES.len())]);
        }
        path
    }

    fn places(&mut self, most: usize) -> Vec<Place> {
        (0..self.below(most)).map(|_| Place::new(self.path(), "line")).collect()
    }

    fn wanted(&mut self) -> Wanted {
        let roots = (0..=self.below(3))
            .map(|_| Root {
                place: Place::new(self.path(), "files.write"),
                protected: self.places(2),
                names: vec![".git".into(), "ab".into()],
            })
            .collect();
        Wanted {
            title: "made up".into(),
            read: (self.below(2) == 0).then(|| self.places(3)),
            minimal: self.below(2) == 0,
            write: if self.below(5) == 0 { Writing::Nothing } else { Writing::Roots(roots) },
            deny_read: self.places(3),
            ..Wanted::default()
        }
    }
}

fn roots(wanted: &Wanted) -> &[Root] {
    match &wanted.write {
        Writing::Roots(roots) => roots,
        _ => &[],
    }
}

/// What must stay as it is.
fn protected(wanted: &Wanted) -> Vec<String> {
    let mut paths = Vec::new();
    for root in roots(wanted) {
        paths.extend(root.names.iter().map(|name| format!("{}/{name}", root.place.path)));
        paths.extend(root.protected.iter().map(|place| place.path.clone()));
    }
    paths.retain(|path| !roots(wanted).iter().any(|root| root.place.path == *path));
    paths.extend(wanted.deny_read.iter().map(|place| place.path.clone()));
    paths
}

#[test]
fn a_hardened_profile_grants_what_is_wanted_and_nothing_else() {
    let mut numbers = Numbers(7);
    let (mut granted, mut withheld) = (0, 0);
    for _ in 0..150 {
        let wanted = numbers.wanted();
        let generated = generate(&wanted, Layout::Hardened).unwrap();
        let profile = simulated(&generated);
        for _ in 0..60 {
            let path = numbers.path();
            let in_root = roots(&wanted).iter().any(|root| within(&path, &root.place.path));
            let kept = protected(&wanted).iter().any(|kept| within(&path, kept));
            let holds_kept = protected(&wanted).iter().any(|kept| within(kept, &path));
            let denied = wanted.deny_read.iter().any(|place| within(&path, &place.path));
            let reads = wanted.read.as_ref().is_none_or(|read| read.iter().any(|place| within(&path, &place.path)));
            let expected = |holds: bool| if holds { Outcome::Allow } else { Outcome::Deny };
            let mut check = |operation: &str, holds: bool| {
                let query = asked(operation, &path);
                let verdict = decide(&profile, &query, None);
                let text = || format!("{operation} {path}\n{:?}\n{}", generated.parameters, generated.text);
                assert_eq!(verdict.outcome, expected(holds), "{}", text());
                // It means the same to whoever believes that the last match wins.
                if let Some(believed) = last_match(&profile, &query) {
                    assert_eq!(believed, verdict.outcome, "believed otherwise: {}", text());
                }
                if holds { granted += 1 } else { withheld += 1 }
            };
            check("file-write-create", in_root && !kept);
            check("file-write-data", in_root && !kept);
            check("file-write-mode", in_root && !kept);
            // What holds a protected name cannot be moved away either, up to the root.
            check("file-write-unlink", in_root && !kept && !holds_kept);
            check("file-link", in_root && !kept);
            check("file-write-setugid", false);
            check("file-read-data", (reads || in_root) && !denied);
            check("process-exec*", !denied);
        }
    }
    assert!(granted > 5_000 && withheld > 5_000, "{granted} granted, {withheld} withheld");
}

#[test]
fn a_path_is_a_parameter_and_never_text() {
    let odd = "/w/\"quote\\and (paren) [x]*";
    let wanted = Wanted {
        write: Writing::Roots(vec![Root {
            place: Place::new(odd, "files.write"),
            protected: Vec::new(),
            names: vec![".git".into()],
        }]),
        ..Wanted::default()
    };
    for layout in [Layout::Hardened, Layout::Codex] {
        let generated = generate(&wanted, layout).unwrap();
        let rules: String = generated.text.lines().filter(|line| !line.trim_start().starts_with(';')).collect();
        assert!(!rules.contains("paren"), "{rules}");
        let profile = simulated(&generated);
        let outcome = |operation: &str, path: &str| decide(&profile, &asked(operation, path), None).outcome;
        assert_eq!(outcome("file-write-create", &format!("{odd}/x")), Outcome::Allow);
        assert_eq!(outcome("file-write-create", &format!("{odd}/.git")), Outcome::Deny);
        assert_eq!(outcome("file-write-create", "/w/x"), Outcome::Deny);
        assert_eq!(generate(&wanted, layout).unwrap(), generated, "it is deterministic");
    }
}

/// Where case does not count, a name that is not there yet can be made in any letters.
#[test]
fn a_protected_name_is_protected_in_other_letters() {
    let roots = ["/w/a.b", "/"].map(|path| Root {
        place: Place::new(path, "files.write"),
        protected: Vec::new(),
        names: vec![".git".into(), ".codex".into(), "1".into()],
    });
    for (root, top) in roots.into_iter().zip(["/w/a.b", ""]) {
        let wanted = Wanted { write: Writing::Roots(vec![root]), ..Wanted::default() };
        let outcome = |layout: Layout, name: &str| {
            let profile = simulated(&generate(&wanted, layout).unwrap());
            decide(&profile, &asked("file-write-create", &format!("{top}/{name}")), None).outcome
        };
        for name in [".GIT", ".Git/hooks/x", ".codeX", ".git"] {
            assert_eq!(outcome(Layout::Hardened, name), Outcome::Deny, "{name}");
        }
        for name in [".GITX", "xGIT", "sub/.GIT", "GIT", "11"] {
            assert_eq!(outcome(Layout::Hardened, name), Outcome::Allow, "{name}");
        }
        // The gap of the real one.
        assert_eq!(outcome(Layout::Codex, ".GIT"), Outcome::Allow);
    }
    let other = Root { place: Place::new("/w/aXb", "files.write"), protected: Vec::new(), names: Vec::new() };
    let own = Root { place: Place::new("/w/a.b", "files.write"), protected: Vec::new(), names: vec![".git".into()] };
    let wanted = Wanted { write: Writing::Roots(vec![own, other]), ..Wanted::default() };
    let profile = simulated(&generate(&wanted, Layout::Hardened).unwrap());
    let outcome = decide(&profile, &asked("file-write-create", "/w/aXb/.GIT"), None).outcome;
    assert_eq!(outcome, Outcome::Allow, "a path is no pattern");
}

#[test]
fn a_tag_is_on_each_refusal_and_changes_none() {
    let plain = Numbers(3).wanted();
    let wanted = Wanted { tag: Some("palisade-7".into()), ..plain.clone() };
    for layout in [Layout::Hardened, Layout::Codex] {
        let (tagged, plain) =
            (simulated(&generate(&wanted, layout).unwrap()), simulated(&generate(&plain, layout).unwrap()));
        for (rule, without) in tagged.rules.iter().zip(&plain.rules) {
            let told =
                rule.modifiers.iter().any(|one| one.name == "message" && one.argument.as_deref() == Some("palisade-7"));
            assert_eq!(told, rule.action == policy::seatbelt::Action::Deny, "rule {}", rule.number);
            assert_eq!((&rule.operations, &rule.filter), (&without.operations, &without.filter));
        }
    }
    assert!(generate(&Wanted { tag: Some("a\") (allow default".into()), ..wanted }, Layout::Hardened).is_err());
}

#[test]
fn what_is_no_path_is_refused() {
    for path in ["relative", "/a/../b", "/a/./b", "/a\nb", "/a\u{7f}", ""] {
        let wanted = Wanted { deny_read: vec![Place::new(path, "files.deny_read")], ..Wanted::default() };
        let why = generate(&wanted, Layout::Hardened).unwrap_err();
        assert!(why.contains("files.deny_read"), "{path:?}: {why}");
    }
    let root = Root { place: Place::new("/w", "files.write"), protected: Vec::new(), names: vec!["a/b".into()] };
    assert!(generate(&Wanted { write: Writing::Roots(vec![root]), ..Wanted::default() }, Layout::Codex).is_err());
}

#[test]
fn globs_deny_what_they_name() {
    for layout in [Layout::Hardened, Layout::Codex] {
        let globs = ["/p/**/*.env", "/p/*.key", "/p/x?z", "/p/[!a]b", "/p/plain", "/p/odd[.(x)"];
        let wanted = Wanted { deny_globs: globs.map(|glob| Place::new(glob, "line")).to_vec(), ..Wanted::default() };
        let profile = simulated(&generate(&wanted, layout).unwrap());
        let read = |path: &str| decide(&profile, &asked("file-read-data", path), None).outcome == Outcome::Allow;
        for path in ["/p/.env", "/p/a/b/c.env", "/p/a.key", "/p/xyz", "/p/cb", "/p/plain", "/p/plain/x", "/p/odd[.(x)"]
        {
            assert!(!read(path), "{path}");
        }
        for path in ["/p/a/b.key", "/p/x/z", "/p/ab", "/p/plainer", "/q/.env", "/p/envx"] {
            assert!(read(path), "{path}");
        }
    }
}

/// The gaps of the real one that follow from the order of its parts are shown in its layout, and closed in ours.
#[test]
fn the_system_files_of_codex_reopen_what_its_patterns_deny() {
    let wanted = Wanted {
        read: Some(vec![Place::new("/w", "read_roots")]),
        minimal: true,
        deny_globs: vec![Place::new("/private/tmp/**/*.env", "line"), Place::new("/usr/bin/x*", "line")],
        ..Wanted::default()
    };
    for (layout, opened) in [(Layout::Codex, true), (Layout::Hardened, false)] {
        let profile = simulated(&generate(&wanted, layout).unwrap());
        let read = |path: &str| decide(&profile, &asked("file-read-data", path), None).outcome == Outcome::Allow;
        assert_eq!((read("/private/tmp/a.env"), read("/usr/bin/xz")), (opened, opened), "{layout:?}");
        assert!(read("/usr/bin/git") && read("/w/x") && !read("/Users/u/x"), "{layout:?}");
        let mut directory = Query::new("file-read-metadata").unwrap();
        directory.tell("path", "/Users/u").unwrap();
        directory.tell("vnode", "DIRECTORY").unwrap();
        let seen = decide(&profile, &directory, None).outcome == Outcome::Allow;
        assert_eq!(seen, opened, "{layout:?}");
    }
}

#[test]
fn what_a_pattern_denies_is_not_moved_out_of_its_reach() {
    let root = Root { place: Place::new("/w", "files.write"), protected: Vec::new(), names: Vec::new() };
    let wanted = Wanted {
        write: Writing::Roots(vec![root]),
        deny_globs: ["/w/keys/*.pem", "/w/*/secret/x?", "/w/d/**/*.env"].map(|glob| Place::new(glob, "line")).to_vec(),
        ..Wanted::default()
    };
    let profile = simulated(&generate(&wanted, Layout::Hardened).unwrap());
    let moved = |path: &str| decide(&profile, &asked("file-write-unlink", path), None).outcome == Outcome::Allow;
    for path in ["/w", "/w/keys", "/w/keys/a.pem", "/w/other", "/w/other/secret", "/w/d", "/w/d/x/.env"] {
        assert!(!moved(path), "{path}");
    }
    for path in ["/w/keys/a.txt", "/w/other/secrets", "/w/other/secret/y", "/w/d/x/y"] {
        assert!(moved(path), "{path}");
    }
}

#[test]
fn every_operation_that_is_open_by_itself_is_named() {
    let text = generate(&Wanted::default(), Layout::Hardened).unwrap().text;
    let profile = simulated(&Generated { text, parameters: Vec::new() });
    // What is left out is about privileges and system calls: closing them is not known to leave a shell working.
    let left = ["process-info-codesignature", "mach-cross-domain-lookup", "system-privilege", "syscall-unix"];
    for operation in policy::seatbelt::operations::all() {
        let open = operation.builtin() == Some(policy::seatbelt::Action::Allow);
        let named = profile.entry(operation).is_some_and(|entry| !entry.unfiltered.is_empty());
        assert_eq!(open && !named, left.contains(&operation.name()), "{operation}");
    }
}

#[test]
fn with_the_network_on_no_control_socket_is_reached() {
    let wanted = Wanted { network: Network::On, sockets: Sockets::All, ..Wanted::default() };
    let profile = simulated(&generate(&wanted, Layout::Hardened).unwrap());
    let reach = |end: &str| {
        let mut query = Query::new("network-outbound").unwrap();
        query.tell("remote", end).unwrap();
        decide(&profile, &query, None).outcome
    };
    assert_eq!(reach("tcp:198.51.100.7:443"), Outcome::Allow);
    assert_eq!(reach("unix:/private/var/run/mDNSResponder"), Outcome::Allow);
    for socket in [
        "/private/var/run/docker.sock",
        "/Users/u/.docker/run/docker.sock",
        "/private/tmp/com.apple.launchd.X/Listeners",
    ] {
        assert_eq!(reach(&format!("unix:{socket}")), Outcome::Deny, "{socket}");
    }
    let own = Wanted {
        network: Network::On,
        own_sockets: vec![Place::new("/w", "line")],
        write: Writing::Roots(
            ["/w", "/private/tmp"]
                .map(|path| Root { place: Place::new(path, "line"), protected: Vec::new(), names: vec![".git".into()] })
                .into(),
        ),
        ..Wanted::default()
    };
    let profile = simulated(&generate(&own, Layout::Hardened).unwrap());
    let asked = |operation: &str, end: &str, path: &str| {
        let mut query = Query::new(operation).unwrap();
        query.tell(end, path).unwrap();
        decide(&profile, &query, None).outcome
    };
    assert_eq!(asked("network-outbound", "remote", "unix:/w/s"), Outcome::Allow);
    assert_eq!(asked("network-bind", "local", "unix:/w/s"), Outcome::Allow);
    assert_eq!(asked("network-bind", "local", "unix:/w/.git/s"), Outcome::Deny);
    assert_eq!(asked("network-outbound", "remote", "unix:/w/docker.sock"), Outcome::Deny);
    assert_eq!(asked("network-outbound", "remote", "unix:/private/tmp/tmux-501/default"), Outcome::Deny);
    let addresses = Wanted { network: Network::On, ..Wanted::default() };
    let profile = simulated(&generate(&addresses, Layout::Hardened).unwrap());
    let mut query = Query::new("network-outbound").unwrap();
    query.tell("remote", "unix:/anything").unwrap();
    assert_eq!(decide(&profile, &query, None).outcome, Outcome::Deny);
}
