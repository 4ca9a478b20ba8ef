use super::super::{Settings, load};
use super::*;
use crate::source::Source;

fn codes(text: &str) -> Vec<String> {
    let text = format!("(version 1)(deny default){text}");
    let parameters = BTreeMap::from([("GIVEN".to_owned(), "/g".to_owned())]);
    let settings = Settings { parameters: &parameters, import: &|_| None };
    let profile = load(Source { name: "t.sb".into(), text }, &settings)
        .profile
        .unwrap_or_else(|why| panic!("{}", why.found.message));
    lint(&profile, &parameters).into_iter().map(|found| found.code).collect()
}

/// A lint, a profile in which it finds something, and one alike in which it does not.
const CASES: &[(&str, &str, &str)] = &[
    (
        "seatbelt-dead-rule",
        "(deny file-read* (subpath \"/d/s\"))(allow file-read* (subpath \"/d\"))",
        "(allow file-read* (subpath \"/d\"))(deny file-read* (subpath \"/d/s\"))",
    ),
    ("seatbelt-dead-rule", "(deny mach-lookup)(allow mach-lookup)", "(deny mach-lookup)(allow mach-register)"),
    (
        "seatbelt-dead-rule",
        "(deny mach-lookup (global-name \"com.x.a\" \"com.y\"))(allow mach-lookup (global-name-prefix \"com.x.\") (global-name \"com.y\"))",
        "(deny mach-lookup (global-name \"com.x.a\" \"com.z\"))(allow mach-lookup (global-name-prefix \"com.x.\"))",
    ),
    (
        "seatbelt-dead-rule",
        "(deny network-outbound (remote ip \"*:80\"))(allow network-outbound (remote ip \"*:80\") (remote ip \"*:443\"))",
        "(deny network-outbound (remote ip \"*:80\"))(allow network-outbound (remote tcp \"*:80\"))",
    ),
    (
        "seatbelt-dead-rule",
        "(deny file-read* (require-all (subpath \"/d/s\") (vnode-type SYMLINK)))(allow file-read* (subpath \"/d\"))",
        "(deny file-read* (require-any (subpath \"/d/s\") (vnode-type SYMLINK)))(allow file-read* (subpath \"/d\"))",
    ),
    (
        "seatbelt-dead-rule",
        "(deny file-read* (regex #\"^/a\"))(allow file-read* (regex #\"^/a\"))",
        "(deny file-read* (process-attribute a))(allow file-read* (process-attribute b))",
    ),
    ("seatbelt-case", "(deny file-write* (subpath \"/w/.git\"))", "(deny file-write* (subpath \"/w/.1\"))"),
    ("seatbelt-unanchored", "(deny file-read* (regex #\"/x$\"))", "(deny file-read* (regex #\"^/x$\"))"),
    ("seatbelt-alias", "(allow file-read* (subpath \"/tmp/x\"))", "(allow file-read* (subpath \"/private/tmp/x\"))"),
    ("seatbelt-alias", "(allow file-write* (subpath \"/var\"))", "(allow file-read-metadata (literal \"/var\"))"),
    ("seatbelt-alias", "(allow file-write* (regex #\"^/tmp/x\"))", "(allow file-write* (regex #\"^/tmpx/x\"))"),
    (
        "seatbelt-alias",
        "(allow network-outbound (remote unix-socket (literal \"/var/run/x\")))",
        "(allow network-outbound (remote unix-socket (literal \"/private/var/run/x\")))",
    ),
    (
        "seatbelt-or",
        "(allow file-read-metadata (literal \"/S\") (vnode-type DIRECTORY))",
        "(allow file-read-metadata (require-all (literal \"/S\") (vnode-type DIRECTORY)))",
    ),
    (
        "seatbelt-or",
        "(allow file-write* (subpath \"/w\") (require-not (subpath \"/w/g\")))",
        "(allow file-write* (subpath \"/w\") (literal \"/x\"))",
    ),
    (
        "seatbelt-open",
        "(allow process-info-pidinfo (target self))",
        "(deny process-info*)(allow process-info-pidinfo (target self))",
    ),
    (
        "seatbelt-child",
        "(allow file-read-data (subpath \"/\"))(deny file-read* (literal \"/p\"))",
        "(allow file-read-data (subpath \"/\"))(deny file-read* file-read-data (literal \"/p\"))",
    ),
    ("seatbelt-sockets", "(allow network-outbound)", "(allow network-outbound (remote ip \"*:*\"))"),
    (
        "seatbelt-no-sandbox",
        "(allow process-exec (literal \"/bin/ps\") (with no-sandbox))",
        "(allow process-exec (literal \"/bin/ps\"))",
    ),
    (
        "seatbelt-moved",
        "(allow file-write* (subpath \"/w\"))(deny file-write* (subpath \"/w/a/.git\"))",
        "(allow file-write* (subpath \"/w\"))(deny file-write* (subpath \"/w/a/.git\"))(deny file-write-unlink (literal \"/w/a\") (literal \"/w\"))",
    ),
    ("seatbelt-unanchored", "(allow file-read* (regex #\"/x$\"))", "(allow file-read* (regex #\"^/x$\"))"),
    ("seatbelt-cooked", "(deny file-read* (regex \"^/\\.x$\"))", "(deny file-read* (regex #\"^/\\.x$\"))"),
    (
        "seatbelt-order",
        "(deny file-read-data (literal \"/w/k\"))(allow file-read* (subpath \"/w\"))",
        "(allow file-read* (subpath \"/w\"))(deny file-read-data (literal \"/w/k\"))",
    ),
    ("seatbelt-parameter", "", "(allow file-read* (subpath (param \"GIVEN\")))"),
    (
        "seatbelt-parameter",
        "(allow file-read* (subpath (param \"GIVEN\")))(if (param \"ELSE\") (deny signal))",
        "(allow file-read* (subpath (param \"GIVEN\")))",
    ),
    ("seatbelt-import", "(import \"system.sb\")", ""),
];

#[test]
fn each_lint_finds_what_it_is_for_and_nothing_beside() {
    for (code, bad, good) in CASES {
        assert!(codes(bad).iter().any(|found| found == code), "{code} is not found in {bad}: {:?}", codes(bad));
        assert!(!codes(good).iter().any(|found| found == code), "{code} is found in {good}");
    }
}

#[test]
fn what_a_closed_default_leaves_open_is_told_until_it_is_named() {
    assert!(codes("").contains(&"seatbelt-left-open".to_owned()));
    let all: String = operations::all()
        .filter(|operation| operation.builtin() == Some(Action::Allow))
        .map(|operation| format!("(deny {operation})"))
        .collect();
    assert!(!codes(&all).contains(&"seatbelt-left-open".to_owned()));
}

#[test]
fn a_profile_too_large_to_compare_is_told_to_be_so() {
    let rules =
        |count: usize| (0..count).map(|at| format!("(allow file-read* (literal \"/{at}\"))")).collect::<String>();
    assert!(codes(&rules(1200)).contains(&"seatbelt-limit".to_owned()));
    assert!(!codes(&rules(20)).contains(&"seatbelt-limit".to_owned()));
}
