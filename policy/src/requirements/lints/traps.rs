//! Every trap that is known of these files, as data: which finding tells of it, on which file, and what really happens.
//!
//! A trap that no finding tells of is red here, and so is a finding or a class of failure that no trap and no case is about.

use super::super::failure::CLASSES;
use super::super::flags::{CommandLine, Surface};
use super::super::outcome::Resolution;
use super::super::release::find;
use super::super::resolve::resolve;
use super::super::scene::{Document, Kind, Machine, PROJECT, Scene};
use super::tests::told;
use super::{LINTS, find as lint_of};
use crate::source::Sources;

/// What a file stands for: requirements, managed config, the system's, the user's, the project's.
type File = (char, &'static str);

struct Trap {
    /// Its number: limits of requirements are 1, what differs between releases is 3.
    at: &'static str,
    says: &'static str,
    /// What tells of it, when `check` looks at the files of an admin for this release.
    code: &'static str,
    release: &'static str,
    files: &'static [File],
    /// What is in force then all the same: key and value.
    shows: &'static [(&'static str, &'static str)],
}

const fn trap(
    at: &'static str,
    says: &'static str,
    code: &'static str,
    release: &'static str,
    files: &'static [File],
    shows: &'static [(&'static str, &'static str)],
) -> Trap {
    Trap { at, says, code, release, files, shows }
}

const WRITES: &str = "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n";
const READS: &str = "allowed_sandbox_modes = [\"read-only\"]\n";
const OPEN: &str =
    "sandbox_mode = \"workspace-write\"\n[sandbox_workspace_write]\nwritable_roots = [\"/\"]\nnetwork_access = true\n";
const MATCHER: &str = "[mcp_servers.a.identity]\nurl = { match = \"prefix\", value = \"https://a\" }\n";
const ARGS: &str = "[mcp_servers.a.identity]\ncommand = { executable = \"a\", args = [] }\n";
const RULE: &str = "[rules]\nprefix_rules = [{ pattern = [{ token = \"rm\" }], decision = \"prompt-user\" }]\n";
const DENY: &str = "[experimental_network]\nunix_sockets = { \"/run/a\" = \"deny\" }\n";
const NONE: &str = "[experimental_network]\nunix_sockets = { \"/run/a\" = \"none\" }\n";
const PINNED: &str = "default_permissions = \"team\"\nallowed_permission_profiles = { team = true }\n\
                      [permissions.team]\nextends = \":workspace\"\n";
const OLD_PROFILE: &str = "profile = \"x\"\n[profiles.x]\nmodel = \"m\"\n";

/// The traps, in order.
const TRAPS: &[Trap] = &[
    trap(
        "1.1",
        "a list of modes accepts any writable root",
        "modes-leave-network",
        "0.169.0",
        &[('r', WRITES), ('u', OPEN)],
        &[("writable_roots", "/")],
    ),
    trap(
        "1.2",
        "a list of modes accepts an open network",
        "modes-leave-network",
        "0.125.0",
        &[('r', WRITES), ('u', OPEN)],
        &[("network_access", "true")],
    ),
    trap(
        "1.3",
        "a list of read-only accepts a profile that opens the network",
        "modes-leave-network",
        "0.169.0",
        &[
            ('r', READS),
            (
                'u',
                "default_permissions = \"p\"\n[permissions.p.filesystem]\n\":root\" = \"read\"\n\
                 [permissions.p.network]\nenabled = true\n",
            ),
        ],
        &[("sandbox_mode", "read-only"), ("network_access", "true")],
    ),
    trap(
        "1.4",
        "a managed network that is off leaves the sandbox's as it is",
        "network-table-closes-nothing",
        "0.169.0",
        &[('r', "[experimental_network]\nenabled = false\n"), ('u', OPEN)],
        &[("network_access", "true")],
    ),
    trap(
        "1.5",
        "only a list of profiles that requirements define pins writes and network",
        "profiles-silence-modes",
        "0.169.0",
        &[('r', PINNED), ('u', OPEN)],
        &[("network_access", "false"), ("writable_roots", "none")],
    ),
    trap(
        "1.6",
        "and not one of profiles that others define",
        "profile-of-users",
        "0.169.0",
        &[
            ('r', "default_permissions = \"team\"\nallowed_permission_profiles = { team = true }\n"),
            ('u', "[permissions.team]\nextends = \":workspace\"\n[permissions.team.network]\nenabled = true\n"),
        ],
        &[("network_access", "true")],
    ),
    trap(
        "1.7",
        "`codex sandbox -P` ignores what must not be read",
        "sandbox-command-walks-around",
        "0.169.0",
        &[('r', "[permissions.filesystem]\ndeny_read = [\"/srv\"]\n")],
        &[("deny_read", "/srv")],
    ),
    trap("1.8", "and a list of profiles", "sandbox-command-walks-around", "0.169.0", &[('r', PINNED)], &[]),
    trap("1.9", "and a list of modes", "sandbox-command-walks-around", "0.169.0", &[('r', READS)], &[]),
    trap(
        "3.1",
        "reviewers are ignored before 0.125.0",
        "older-release-ignores",
        "0.169.0",
        &[('r', "allowed_approvals_reviewers = [\"user\"]\n")],
        &[],
    ),
    trap(
        "3.2",
        "so is what must not be read",
        "older-release-ignores",
        "0.125.0",
        &[('r', "[permissions.filesystem]\ndeny_read = [\"/srv\"]\n")],
        &[],
    ),
    trap(
        "3.3",
        "so are hosts",
        "older-release-ignores",
        "0.125.0",
        &[('r', "[[remote_sandbox_config]]\nhostname_patterns = [\"a\"]\nallowed_sandbox_modes = [\"read-only\"]\n")],
        &[],
    ),
    trap("3.4", "so are hooks", "older-release-ignores", "0.169.0", &[('r', "[hooks]\nmanaged_dir = \"/h\"\n")], &[]),
    trap("3.5", "profiles are ignored before 0.169.0", "older-release-ignores", "0.169.0", &[('r', PINNED)], &[]),
    trap(
        "3.6",
        "an unknown pin stops 0.117.0",
        "other-release-refuses",
        "0.169.0",
        &[('r', "[features]\nnone_such = true\n")],
        &[],
    ),
    trap(
        "3.7",
        "and is warned of after",
        "unknown-feature",
        "0.125.0",
        &[('r', "[features]\nnone_such = true\n")],
        &[],
    ),
    trap(
        "3.8",
        "`indexed` stops older releases",
        "other-release-refuses",
        "0.169.0",
        &[('r', "allowed_web_search_modes = [\"indexed\"]\n")],
        &[],
    ),
    trap("3.9", "`prompt-user` stops older releases", "other-release-refuses", "0.169.0", &[('r', RULE)], &[]),
    trap(
        "3.10",
        "a matcher of addresses stops older releases",
        "other-release-refuses",
        "0.169.0",
        &[('r', MATCHER)],
        &[],
    ),
    trap(
        "3.11",
        "a matcher of arguments stops older releases",
        "other-release-refuses",
        "0.169.0",
        &[('r', ARGS)],
        &[],
    ),
    trap("3.12", "`deny` of a socket stops 0.125.0", "other-release-refuses", "0.169.0", &[('r', DENY)], &[]),
    trap("3.13", "and 0.117.0 ignores the table", "older-release-ignores", "0.169.0", &[('r', DENY)], &[]),
    trap("3.14", "`none` of a socket stops 0.169.0", "other-release-refuses", "0.125.0", &[('r', NONE)], &[]),
    trap("3.15", "so that it does not start", "requirements-schema", "0.169.0", &[('r', NONE)], &[]),
    trap("3.16", "and 0.117.0 ignores the table", "older-release-ignores", "0.125.0", &[('r', NONE)], &[]),
    trap(
        "3.17",
        "`auto_review` in managed config stops 0.117.0",
        "other-release-refuses",
        "0.169.0",
        &[('m', "approvals_reviewer = \"auto_review\"\n")],
        &[("approvals_reviewer", "auto_review")],
    ),
    trap(
        "3.18",
        "and in the system's config",
        "other-release-refuses",
        "0.125.0",
        &[('s', "approvals_reviewer = \"auto_review\"\n")],
        &[],
    ),
    trap(
        "3.19",
        "`untrusted` in managed config stops 0.169.0",
        "other-release-refuses",
        "0.125.0",
        &[('m', "approval_policy = \"untrusted\"\n")],
        &[("approval_policy", "untrusted")],
    ),
    trap(
        "3.20",
        "so that it does not start",
        "approval-value-removed",
        "0.169.0",
        &[('m', "approval_policy = \"untrusted\"\n")],
        &[],
    ),
    trap(
        "3.21",
        "`on-failure` is read in three ways",
        "on-failure-is-on-request",
        "0.169.0",
        &[('r', "allowed_approval_policies = [\"on-failure\"]\n")],
        &[("approval_policy", "on-request")],
    ),
    trap(
        "3.22",
        "in managed config too",
        "on-failure-is-on-request",
        "0.117.0",
        &[('m', "approval_policy = \"on-failure\"\n")],
        &[("approval_policy", "on-failure")],
    ),
    trap(
        "3.23",
        "managed config wins since 0.169.0",
        "two-managed-files",
        "0.169.0",
        &[('r', "allowed_approval_policies = [\"on-request\"]\n"), ('m', "approval_policy = \"never\"\n")],
        &[("approval_policy", "never")],
    ),
    trap(
        "3.24",
        "and requirements before",
        "two-managed-files",
        "0.125.0",
        &[('r', "allowed_approval_policies = [\"on-request\"]\n"), ('m', "approval_policy = \"never\"\n")],
        &[("approval_policy", "on-request")],
    ),
    trap(
        "3.25",
        "a selected profile stops 0.169.0",
        "other-release-refuses",
        "0.125.0",
        &[('m', OLD_PROFILE)],
        &[("model", "m")],
    ),
    trap("3.26", "so that it does not start", "legacy-profile-removed", "0.169.0", &[('m', OLD_PROFILE)], &[]),
    trap(
        "3.27",
        "a built-in profile stops older releases",
        "other-release-refuses",
        "0.169.0",
        &[('s', "default_permissions = \":workspace\"\n")],
        &[("sandbox_mode", "workspace-write")],
    ),
    trap(
        "3.28",
        "the bypass flag stops 0.169.0 and runs read-only before",
        "bypass-does-not-start",
        "0.169.0",
        &[('r', READS)],
        &[],
    ),
    trap(
        "3.29",
        "a typo is silent, or one of three that are named",
        "unknown-key",
        "0.125.0",
        &[('r', "allowed_sandbox_mode = [\"read-only\"]\n")],
        &[],
    ),
];

fn kind(sign: char) -> Kind {
    match sign {
        'm' => Kind::Managed,
        's' => Kind::System,
        'u' => Kind::User,
        'p' => Kind::Project(PROJECT.into()),
        'c' => Kind::CloudRequirements,
        _ => Kind::Requirements,
    }
}

fn resolved(files: &[File], surface: Surface, words: &[&str], release: &str) -> Resolution {
    let mut sources = Sources::default();
    let documents = files
        .iter()
        .map(|(sign, text)| Document::new(&mut sources, kind(*sign), "file", "/etc/codex", (*text).to_owned()))
        .collect();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let line = CommandLine::new(&mut sources, surface, &words);
    let scene = Scene { sources, documents, machine: Machine::made_up(""), line, client: None };
    resolve(&scene, find(release).expect("a release"))
}

#[test]
fn every_trap_is_told_of_and_is_one() {
    for Trap { at, says, code, release, files, shows } in TRAPS {
        let admins: Vec<(Kind, &str)> =
            files.iter().filter(|(sign, _)| *sign != 'u').map(|(sign, text)| (kind(*sign), *text)).collect();
        let found: Vec<String> = told(&admins, release).into_iter().map(|one| one.code).collect();
        assert!(found.iter().any(|one| one == code), "{at}, {says}: `{code}` is not told, but {found:?}");
        let resolution = resolved(files, Surface::Interactive, &[], release);
        for (key, value) in *shows {
            let setting = resolution.settings.iter().find(|setting| setting.key == *key);
            let found = setting.map(|setting| setting.value.as_str());
            assert_eq!(found, Some(*value), "{at}, {says}: {key}; {:?}", resolution.effective.as_ref().err());
        }
    }
}

#[test]
fn traps_are_numbered_without_a_gap_and_explain_themselves() {
    let mut expected = 1;
    let mut part = "1";
    for trap in TRAPS {
        let (of, number) = trap.at.split_once('.').expect("two numbers");
        expected = if of == part { expected } else { 1 };
        part = of;
        assert_eq!(number.parse(), Ok(expected), "{}", trap.at);
        expected += 1;
        let known =
            lint_of(trap.code).is_some() || CLASSES.iter().any(|(class, _)| class.replace('_', "-") == trap.code);
        assert!(known, "{} has no row", trap.code);
    }
    assert!(LINTS.len() > 20);
}

/// A class of failures, a release, files and flags that have it.
type Refused = (&'static str, &'static str, &'static [File], Surface, &'static [&'static str]);

const TRUST: &str = "[projects.\"/home/dev/proj\"]\ntrust_level = \"trusted\"\n";

/// Every class of failures.
const REFUSED: &[Refused] = {
    use Surface::{Exec, Interactive};
    &[
        ("approval_value_removed", "0.169.0", &[('u', "approval_policy = \"untrusted\"\n")], Interactive, &[]),
        ("cli_feature_unknown", "0.125.0", &[], Interactive, &["--enable", "none_such"]),
        ("cli_override_syntax", "0.117.0", &[], Exec, &["-c", "nothing"]),
        ("cli_usage", "0.169.0", &[], Exec, &["--full-auto"]),
        ("config_invalid", "0.125.0", &[('u', "sandbox_mode = 3\n")], Interactive, &[]),
        ("config_permissions", "0.169.0", &[('u', "default_permissions = \"none\"\n")], Interactive, &[]),
        ("legacy_profile_removed", "0.169.0", &[('u', OLD_PROFILE)], Interactive, &[]),
        ("managed_config_invalid", "0.169.0", &[('m', "broken =\n")], Interactive, &[]),
        ("managed_config_schema", "0.125.0", &[('m', "approval_policy = \"sometimes\"\n")], Interactive, &[]),
        ("model_catalog", "0.125.0", &[('u', "model_catalog_json = \"none.json\"\n")], Interactive, &[]),
        ("model_catalog", "0.169.0", &[], Exec, &["-m", ""]),
        ("model_provider", "0.125.0", &[('u', "model_provider = \"none\"\n")], Interactive, &[]),
        ("never_needs_full_access", "0.169.0", &[('r', READS)], Exec, &["--yolo"]),
        ("profile_not_found", "0.125.0", &[], Interactive, &["-p", "none"]),
        ("project_config_syntax", "0.169.0", &[('u', TRUST), ('p', "broken =\n")], Interactive, &[]),
        ("requirements_auth", "0.169.0", &[('r', "allowed_login_methods = []\n")], Exec, &[]),
        ("requirements_empty_list", "0.125.0", &[('r', "allowed_approval_policies = []\n")], Interactive, &[]),
        (
            "requirements_features",
            "0.169.0",
            &[('r', "[features]\ncode_mode_only = true\ncode_mode = false\n")],
            Interactive,
            &[],
        ),
        ("requirements_features", "0.117.0", &[('r', "[features]\ncollab = true\n")], Interactive, &[]),
        (
            "requirements_mcp",
            "0.169.0",
            &[('r', "[mcp_servers.a.identity]\nurl = { match = \"regex\", expression = \"(\" }\n")],
            Interactive,
            &[],
        ),
        (
            "requirements_missing_read_only",
            "0.117.0",
            &[('r', "allowed_sandbox_modes = [\"workspace-write\"]\n")],
            Interactive,
            &[],
        ),
        (
            "requirements_network",
            "0.125.0",
            &[('r', "[experimental_network]\nallowed_domains = [\"*\"]\n")],
            Interactive,
            &[],
        ),
        ("requirements_permissions", "0.169.0", &[('r', "default_permissions = \":workspace\"\n")], Interactive, &[]),
        ("requirements_rules", "0.117.0", &[('r', "[rules]\nprefix_rules = []\n")], Interactive, &[]),
        ("requirements_schema", "0.169.0", &[('r', "enforce_residency = \"eu\"\n")], Interactive, &[]),
        ("requirements_syntax", "0.125.0", &[('r', "a = 1\na = 2\n")], Interactive, &[]),
        (
            "requirements_value",
            "0.169.0",
            &[('r', "[auto_review]\nrequired_on_models = [\"a/b\"]\n")],
            Interactive,
            &[],
        ),
    ]
};

#[test]
fn every_class_of_failures_has_a_case_with_a_place() {
    for (class, release, files, surface, words) in REFUSED {
        let resolution = resolved(files, *surface, words, release);
        let failure = resolution.effective.expect_err(class);
        assert_eq!(failure.class, *class, "{}", failure.message);
        assert!(failure.span.is_some(), "{class} has no place: {}", failure.message);
    }
    for (class, _) in CLASSES {
        assert!(REFUSED.iter().any(|(of, ..)| of == class), "{class} has no case");
    }
}

#[test]
fn text_that_is_no_toml_stops_every_release_in_any_layer_in_force_and_in_no_other() {
    for release in super::super::release::RELEASES {
        let fails = |files: &[File]| resolved(files, Surface::Interactive, &[], release.name).effective.is_err();
        for sign in ['r', 'c', 'm', 's', 'u'] {
            assert!(fails(&[(sign, "broken =\n")]), "{sign} in {}", release.name);
        }
        assert!(fails(&[('u', TRUST), ('p', "broken =\n")]), "a project that is trusted, in {}", release.name);
        assert!(!fails(&[('p', "broken =\n")]), "a project nobody decided about, in {}", release.name);
    }
}

#[test]
fn a_bad_value_below_a_good_one_is_never_seen() {
    for (bad, good) in [
        ("approval_policy = \"untrusted\"\n", "approval_policy=on-request"),
        ("sandbox_mode = 3\n", "sandbox_mode=read-only"),
    ] {
        let of = |words: &[&str]| resolved(&[('u', bad)], Surface::Interactive, words, "0.169.0").effective;
        assert!(of(&[]).is_err(), "{bad}");
        assert!(of(&["-c", good]).is_ok(), "{bad}");
    }
}
