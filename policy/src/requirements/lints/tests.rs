//! Each lint on a file that deserves it, and on one that does not.

use super::super::flags::{CommandLine, Surface};
use super::super::release::{find, newest};
use super::super::scene::{Document, Kind, Machine, Scene};
use super::{LINTS, check};
use crate::diagnostic::Severity;
use crate::source::Sources;

fn codes(files: &[(Kind, &str)], release: &str) -> Vec<String> {
    told(files, release).into_iter().map(|one| one.code).collect()
}

/// What `check` tells of files.
pub(super) fn told(files: &[(Kind, &str)], release: &str) -> Vec<crate::diagnostic::Diagnostic> {
    let mut sources = Sources::default();
    let documents = files
        .iter()
        .map(|(kind, text)| Document::new(&mut sources, kind.clone(), "file", "/etc/codex", (*text).to_owned()))
        .collect();
    let line = CommandLine::new(&mut sources, Surface::Interactive, &[]);
    let scene = Scene { sources, documents, machine: Machine::default(), line, client: None };
    check(&scene, find(release).expect("a release"))
}

/// A code, a file that has it, and the same file without.
const PAIRS: &[(&str, &str, &str)] = &[
    (
        "any-package",
        "[mcp_servers.a.identity]\ncommand = \"/usr/bin/npx\"\n",
        "[mcp_servers.a.identity]\ncommand = \"docs-mcp\"\n",
    ),
    (
        "args-not-compared",
        "[mcp_servers.a.identity]\ncommand = \"x\"\nargs = [\"y\"]\n",
        "[mcp_servers.a.identity]\ncommand = \"x\"\n",
    ),
    (
        "bypass-does-not-start",
        "allowed_sandbox_modes = [\"read-only\"]\n",
        "allowed_sandbox_modes = [\"read-only\"]\nallowed_approval_policies = [\"on-request\"]\n",
    ),
    (
        "command-hides-url",
        "[mcp_servers.a.identity]\ncommand = \"x\"\nurl = \"https://y\"\n",
        "[mcp_servers.a.identity]\nurl = \"https://y\"\n",
    ),
    (
        "on-failure-is-on-request",
        "allowed_approval_policies = [\"on-failure\"]\n",
        "allowed_approval_policies = [\"on-request\"]\n",
    ),
    (
        "profile-of-users",
        "default_permissions = \":workspace\"\nallowed_permission_profiles = { \":workspace\" = true, team = true }\n",
        "default_permissions = \":workspace\"\nallowed_permission_profiles = { \":workspace\" = true, team = true }\n[permissions.team]\nextends = \":workspace\"\n",
    ),
    (
        "sandbox-command-walks-around",
        "[permissions.filesystem]\ndeny_read = [\"/srv\"]\n",
        "[permissions.filesystem]\ndeny_read = []\n",
    ),
    ("config-key", "sandbox_mode = \"read-only\"\n", "allowed_sandbox_modes = [\"read-only\"]\n"),
    (
        "deny-read-no-full-access",
        "allowed_sandbox_modes = [\"read-only\", \"danger-full-access\"]\n[permissions.filesystem]\ndeny_read = [\"/a\"]\n",
        "allowed_sandbox_modes = [\"read-only\", \"danger-full-access\"]\n[permissions.filesystem]\ndeny_read = []\n",
    ),
    (
        "host-name-is-no-proof",
        "[[remote_sandbox_config]]\nhostname_patterns = [\"x\"]\nallowed_sandbox_modes = [\"read-only\"]\n",
        "allowed_sandbox_modes = [\"read-only\"]\n",
    ),
    (
        "live-only-search",
        "allowed_web_search_modes = [\"live\"]\n",
        "allowed_web_search_modes = [\"live\", \"cached\"]\n",
    ),
    (
        "modes-leave-network",
        "allowed_sandbox_modes = [\"read-only\"]\n",
        "allowed_approval_policies = [\"on-request\"]\n",
    ),
    (
        "network-table-closes-nothing",
        "[experimental_network]\nenabled = false\n",
        "[experimental_network]\nenabled = true\n",
    ),
    ("older-release-ignores", "allow_appshots = true\n", "enforce_residency = \"us\"\n"),
    (
        "order-is-fallback",
        "allowed_approval_policies = [\"never\", \"on-request\"]\n",
        "allowed_approval_policies = [\"on-request\", \"never\"]\n",
    ),
    (
        "other-release-refuses",
        "allowed_web_search_modes = [\"indexed\"]\n",
        "allowed_web_search_modes = [\"cached\"]\n",
    ),
    (
        "profiles-silence-modes",
        "[allowed_permission_profiles]\n\":read-only\" = true\n\":workspace\" = true\n",
        "allowed_sandbox_modes = [\"read-only\"]\n",
    ),
    (
        "rule-of-one-path",
        "[rules]\nprefix_rules = [{ pattern = [{ any_of = [\"/bin/rm\"] }], decision = \"forbidden\" }]\n",
        "[rules]\nprefix_rules = [{ pattern = [{ any_of = [\"rm\"] }], decision = \"forbidden\" }]\n",
    ),
    (
        "swallowed-key",
        "[experimental_network]\nenabled = true\nallowed_sandbox_modes = [\"read-only\"]\n",
        "allowed_sandbox_modes = [\"read-only\"]\n[experimental_network]\nenabled = true\n",
    ),
    ("unknown-feature", "[features]\nno_such = true\n", "[features]\napps = true\n"),
    ("unknown-key", "allowed_sandbox_mode = [\"read-only\"]\n", "allowed_sandbox_modes = [\"read-only\"]\n"),
    (
        "wide-root",
        "[permissions.corp.filesystem]\n\":root\" = \"write\"\n",
        "[permissions.corp.filesystem]\n\":root\" = \"read\"\n",
    ),
];

#[test]
fn every_lint_speaks_where_it_must_and_is_silent_where_it_must() {
    for (code, bad, good) in PAIRS {
        let of = |text| codes(&[(Kind::Requirements, text)], newest().name);
        assert!(of(bad).iter().any(|found| found == code), "{code} is silent: {:?}", of(bad));
        assert!(!of(good).iter().any(|found| found == code), "{code} speaks without a cause");
    }
    for lint in LINTS.iter().filter(|lint| lint.code != "two-managed-files") {
        assert!(PAIRS.iter().any(|(code, ..)| *code == lint.code), "{} has no pair", lint.code);
    }
}

#[test]
fn two_files_that_speak_of_one_thing_are_told_of() {
    let required = (Kind::Requirements, "allowed_approval_policies = [\"on-request\"]\n");
    let found = codes(&[required.clone(), (Kind::Managed, "approval_policy = \"never\"\n")], "0.169.0");
    assert!(found.contains(&"two-managed-files".to_owned()), "{found:?}");
    // Where they speak of different things, that both are there is worth a note.
    let severity = |managed| {
        let found = told(&[required.clone(), (Kind::Managed, managed)], "0.169.0");
        found.into_iter().find(|one| one.code == "two-managed-files").map(|one| one.severity)
    };
    assert_eq!(severity("approval_policy = \"never\"\n"), Some(Severity::Warning));
    assert_eq!(severity("sandbox_mode = \"read-only\"\n"), Some(Severity::Note));
    assert_eq!(severity(""), None);
}

#[test]
fn a_release_is_asked_whether_it_starts() {
    let bad = [(Kind::Requirements, "allowed_sandbox_modes = [\"workspace-write\"]\n")];
    assert!(codes(&bad, "0.125.0").contains(&"requirements-missing-read-only".to_owned()));
    let untrusted = [(Kind::Managed, "approval_policy = \"untrusted\"\n")];
    assert_eq!(codes(&untrusted, "0.169.0"), ["approval-value-removed"]);
    assert_eq!(codes(&untrusted, "0.125.0"), ["other-release-refuses"]);
}

#[test]
fn every_value_of_the_wrong_type_is_told_of_at_once() {
    let bad = [(Kind::Requirements, "allowed_sandbox_modes = \"read-only\"\nenforce_residency = \"eu\"\n")];
    let found = codes(&bad, "0.169.0");
    assert_eq!(found.iter().filter(|code| *code == "requirements-schema").count(), 2, "{found:?}");
}

#[test]
fn a_file_of_nothing_but_mistakes_is_told_of_in_bounded_space() {
    let unknown: String = (0..5000).map(|at| format!("x{at} = 1\n")).collect();
    let wrong: String = (0..5000).map(|at| format!("x{at} = 1\n")).collect();
    let found = told(&[(Kind::Requirements, &format!("{unknown}[features]\n{wrong}"))], "0.169.0");
    let more: Vec<_> = found.iter().filter(|one| one.message.ends_with("more of this kind")).collect();
    let told: Vec<_> = more.iter().map(|one| (&*one.code, &*one.message)).collect();
    let rest = "and 4800 more of this kind";
    assert_eq!(told, ["unknown-key", "unknown-feature", "requirements-schema"].map(|code| (code, rest)));
    assert_eq!(found.len(), 3 * 201);
}
