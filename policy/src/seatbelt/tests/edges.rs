//! One rule of the language a row: a profile, a question and its answer, at the edge where a reading slip would show.

use super::super::*;
use super::{loaded, query};

/// A profile after `(version 1)(deny default)`, a question, and what is answered by what.
const EDGES: &[(&str, &str, &str)] = &[
    // The reader.
    ("(allow file-read* (literal \"/a\\\"b\"))", "file-read-data /a\"b", "allow by rule"),
    ("(allow file-read* (literal \"/a\\\\b\"))", "file-read-data /a\\b", "allow by rule"),
    ("(allow file-read* (regex #\"^/a\\\\b$\"))", "file-read-data /a\\b", "allow by rule"),
    ("; é (\n(allow file-read*;x\n(literal \"/é\"))", "file-read-data /é", "allow by rule"),
    ("(allow file-read* (file-mode #o0004))", "file-read-data path=/a file-mode=644", "allow by rule"),
    ("(allow file-read* (file-mode #o0006))", "file-read-data path=/a file-mode=644", "deny by profile-default"),
    // Rules: operations, filters and modifiers in any order; several operations; aliases of them.
    ("(allow (with report) (literal \"/a\") file-read* file-write*)", "file-write-data /a", "allow by rule"),
    ("(deny (with no-log) file-read* (literal \"/a\") (with send-signal 9))", "file-read-data /a", "deny by rule"),
    ("(allow file-unlink (literal \"/a\"))", "file-write-unlink /a", "allow by rule"),
    ("(allow system-misc)", "system-swap", "allow by unfiltered"),
    ("(allow ipc-posix-shm-read* (ipc-posix-name \"a\"))", "ipc-posix-shm-read-data a", "allow by rule"),
    ("(allow file-issue-extension-read (literal \"/a\"))", "file-issue-extension path=/a", "allow by rule"),
    ("(allow sysctl-write (sysctl-name \"a\"))", "sysctl-read a", "deny by profile-default"),
    ("(allow iokit-open* (iokit-user-client-class \"X\"))", "iokit-open X", "allow by rule"),
    (
        "(allow iokit-open-user-client (iokit-registry-entry-class \"X\"))",
        "iokit-open-user-client iokit-registry-entry-class=X",
        "allow by rule",
    ),
    ("(allow file-lock (subpath \"/w\"))", "file-lock path=/w/x", "allow by rule"),
    ("(allow file* (subpath \"/w\"))", "file-lock path=/w/x", "allow by rule"),
    // Default: filtered rules on it, and the last statement.
    ("(allow default (literal \"/a\"))", "file-read-data /a", "allow by rule"),
    ("(allow default (literal \"/a\"))", "file-read-data /b", "deny by profile-default"),
    ("(allow default)", "file-read-data /a", "allow by profile-default"),
    ("(allow default)(deny default)", "file-read-data /a", "deny by profile-default"),
    // The order: an exact floor under a wider filter, two levels up, and what is fixed.
    ("(deny file-write*)(allow file* (subpath \"/w\"))", "file-write-data /w/x", "deny by unfiltered"),
    (
        "(allow file* (subpath \"/w\"))(deny file-write-data (literal \"/w/k\"))",
        "file-write-data /w/x",
        "allow by rule",
    ),
    ("(allow network*)(deny network-bind (local ip \"*:22\"))", "network-bind tcp:0.0.0.0:22", "deny by rule"),
    (
        "(allow network*)(deny network-bind (local ip \"*:22\"))",
        "network-inbound tcp:0.0.0.0:22",
        "allow by unfiltered",
    ),
    ("(allow default)", "file-write-setugid /a", "deny by builtin-default"),
    ("(allow file-write-setugid (subpath \"/w\"))", "file-write-setugid /w/x", "allow by rule"),
    ("(allow file-write-setugid (subpath \"/w\"))", "file-write-setugid /x", "deny by builtin-default"),
    ("(deny nvram* (nvram-variable \"a\"))", "nvram-get a", "deny by rule"),
    ("(deny nvram* (nvram-variable \"a\"))", "nvram-get b", "allow by builtin-default"),
    ("(deny file* (subpath \"/\"))", "file-link /a", "allow by builtin-default"),
    ("(deny file-map-executable)", "file-map-executable /a", "deny by unfiltered"),
    // Paths.
    ("(allow file-read* (subpath \"/\"))", "file-read-data /", "allow by rule"),
    ("(allow file-read* (literal \"/a/\"))", "file-read-data /a", "deny by profile-default"),
    ("(allow file-read* (prefix \"/a/b\"))", "file-read-data /a/bc", "allow by rule"),
    ("(allow file-read* (path-ancestors \"/a/b\"))", "file-read-data /", "allow by rule"),
    ("(allow file-read* (path-ancestors \"/a/b/\"))", "file-read-data /a/b", "deny by profile-default"),
    ("(allow file-read* (path-ancestors \"/\"))", "file-read-data /", "deny by profile-default"),
    ("(allow file-read* (literal \"/A\"))", "file-read-data /a", "deny by profile-default"),
    ("(allow file-read* (literal \"/tmp/x\"))", "file-read-data /private/tmp/x", "deny by profile-default"),
    // Patterns.
    ("(allow file-read* (regex #\"b\"))", "file-read-data /abc", "allow by rule"),
    ("(allow file-read* (regex #\"^/(a|b)+$\" #\"^/z\"))", "file-read-data /abab", "allow by rule"),
    ("(allow file-read* (regex #\"^/[^/]+$\"))", "file-read-data /a/b", "deny by profile-default"),
    ("(allow file-read* (regex #\"^/a\\.b\\-c$\"))", "file-read-data /a.b-c", "allow by rule"),
    ("(allow file-read* (regex #\"^/A$\"))", "file-read-data /a", "deny by profile-default"),
    ("(allow file-read* (regex #\"^/\\d+$\"))", "file-read-data /1", "unknown"),
    ("(allow file-read* (regex #\"^/a(?=b)\"))", "file-read-data /ab", "unknown"),
    // Combinations, and what is not told.
    ("(allow file-read* (require-any (literal \"/a\") (vnode-type TTY)))", "file-read-data /a", "allow by rule"),
    ("(allow file-read* (require-any (literal \"/b\") (vnode-type TTY)))", "file-read-data /a", "unknown"),
    (
        "(allow file-read* (require-all (literal \"/b\") (vnode-type TTY)))",
        "file-read-data /a",
        "deny by profile-default",
    ),
    ("(allow file-read* (require-not (vnode-type TTY)))", "file-read-data /a", "unknown"),
    ("(deny file-read* (require-not (vnode-type TTY)))", "file-read-data /a", "deny by profile-default"),
    ("(allow file-read*)(deny file-read* (uid 0))", "file-read-data /a", "unknown"),
    ("(allow file-read* (tty))", "file-read-data path=/a vnode-type=REGULAR-FILE", "deny by profile-default"),
    // Extensions are not held unless it is said; targets; names of services by kind.
    ("(allow file-read* (extension \"a\" \"b\"))", "file-read-data path=/x extension=b", "allow by rule"),
    ("(allow file-read* (require-not (extension \"a\")))", "file-read-data /x", "allow by rule"),
    ("(allow signal (target others))", "signal self", "deny by profile-default"),
    ("(allow signal (target others))", "signal same-sandbox", "unknown"),
    ("(allow signal (target same-sandbox))", "signal self", "allow by rule"),
    ("(allow mach-lookup (xpc-service-name \"a\"))", "mach-lookup global-name=a", "deny by profile-default"),
    ("(allow mach-lookup (global-name-regex #\"^com[.]x\"))", "mach-lookup com.x.y", "allow by rule"),
    ("(allow mach-lookup (local-name-prefix \"\"))", "mach-lookup local-name=anything", "allow by rule"),
    // Sockets.
    ("(allow system-socket (socket-domain AF_ROUTE))", "system-socket socket-domain=17", "allow by rule"),
    ("(allow system-socket (socket-domain 30))", "system-socket AF_INET6", "allow by rule"),
    // Connections.
    ("(allow network-outbound (remote ip))", "network-outbound udp:192.0.2.1:9", "allow by rule"),
    ("(allow network-outbound (remote ip))", "network-outbound unix:/s", "deny by profile-default"),
    (
        "(allow network-outbound (remote tcp4 \"*:80\"))",
        "network-outbound tcp:[2001:db8::1]:80",
        "deny by profile-default",
    ),
    ("(allow network-outbound (remote udp6 \"*:*\"))", "network-outbound udp:[2001:db8::1]:53", "allow by rule"),
    (
        "(allow network-outbound (remote ip \"localhost:*\"))",
        "network-outbound tcp:127.0.0.2:1",
        "deny by profile-default",
    ),
    ("(allow network-outbound (remote ip \"*:80\" \"*:443\"))", "network-outbound tcp:192.0.2.1:443", "allow by rule"),
    ("(allow network-outbound (remote ip \"*:80\"))", "network-outbound ip:192.0.2.1", "unknown"),
    ("(allow network-outbound (to tcp \"localhost:1\"))", "network-outbound tcp:[::1]:1", "allow by rule"),
    ("(allow network-outbound (remote unix-socket))", "network-outbound unix:/s", "allow by rule"),
    ("(allow network-outbound (remote unix-socket))", "network-outbound tcp:127.0.0.1:1", "deny by profile-default"),
    (
        "(allow network-outbound (remote unix-socket (path-literal \"/s\")))",
        "network-outbound unix:/t",
        "deny by profile-default",
    ),
    ("(allow network-bind (subpath \"/run\"))", "network-bind unix:/run/s", "allow by rule"),
    ("(allow file* (subpath \"/run\"))", "network-outbound unix:/run/s", "deny by profile-default"),
    ("(allow network-bind (local ip \"*:*\"))", "network-inbound tcp:0.0.0.0:1", "deny by profile-default"),
    // A filter outside of its family.
    ("(allow process-fork (literal \"/a\"))", "process-fork path=/a", "deny by profile-default"),
    ("(allow mach-lookup (subpath \"/\"))", "mach-lookup global-name=a", "deny by profile-default"),
    // Scheme.
    ("(if (param \"NO\") (allow file-read*))", "file-read-data /a", "deny by profile-default"),
    (
        "(define f (require-any (literal \"/a\") (literal \"/b\")))(allow file-read* f)",
        "file-read-data /b",
        "allow by rule",
    ),
    (
        "(define (w p) (allow file-read* file-write* (subpath p)))(w \"/a\")(w \"/b\")",
        "file-write-data /b/x",
        "allow by rule",
    ),
    ("(with-filter (subpath \"/w\") (allow file-read*))", "file-read-data /w/a", "allow by rule"),
    ("(with-filter (subpath \"/w\") (allow file-read*))", "file-read-data /a", "deny by profile-default"),
    (
        "(with-filter (subpath \"/w\") (with-filter (require-not (literal \"/w/k\")) (allow file-read* (prefix \"/\"))))",
        "file-read-data /w/k",
        "deny by profile-default",
    ),
    ("(allow file-read* (literal (string-append (getenv \"HOME\") \"/x\")))", "file-read-data /h/x", "allow by rule"),
];

#[test]
fn each_rule_of_the_language_holds_at_its_edge() {
    for (text, words, expected) in EDGES {
        let loaded = loaded(&format!("(version 1)(deny default){text}"), &[("HOME", "/h")], &[]);
        let profile = loaded.profile.unwrap_or_else(|why| panic!("{text}: {}", why.found.message));
        let verdict = decide(&profile, &query(words), None);
        let by = verdict.decided.map(|decided| format!(" by {}", decided.by.name())).unwrap_or_default();
        assert_eq!(format!("{}{by}", verdict.outcome), *expected, "{text}: {words}");
    }
}

#[test]
fn files_that_are_no_profiles_are_said_to_be_so() {
    for (text, says) in [
        ("", "no version"),
        ("; nothing but a comment\n", "no version"),
        ("{\"a\": [1, 2]}", "not a sandbox profile: `{`"),
        ("<?xml version=\"1.0\"?>\n<plist/>", "not a sandbox profile: `<?xml`"),
        ("#!/bin/sh\nexec sandbox-exec -p '(version 1)'\n", "not a sandbox profile: `exec`"),
        ("#include <sandbox.h>\nconst char *p = \"(version 1)\";", "not a sandbox profile: `#include`"),
        ("R\"\"(\n(deny default)\n)\"\"", "not a sandbox profile: `R`"),
        ("const profile = `(version 1)`;", "not a sandbox profile: `const`"),
        ("(defun a (b) b)", "not a sandbox profile: it begins with `(defun"),
        ("(ns app.core (:require [a.b]))", "not a sandbox profile: it begins with `(ns"),
        ("(version 1)\n#if defined(X)\n(deny default)\n#endif\n", "line of the C preprocessor"),
        ("bplist00\u{1}\u{2}", "not a sandbox profile"),
        ("(version 1)(allow isp-command-send)", "newer than what is simulated"),
    ] {
        let why = loaded(text, &[], &[]).profile.unwrap_err();
        assert!(why.found.message.contains(says), "{text}: {}", why.found.message);
        assert!(!why.found.labels.is_empty() || text.is_empty(), "{text}");
    }
}
