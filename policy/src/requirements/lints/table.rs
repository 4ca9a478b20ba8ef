//! Every code of `requirements check`, one row each: what it says, why it matters, what to write instead.

use crate::diagnostic::Severity;

/// One kind of finding.
#[derive(Debug)]
pub struct Lint {
    /// The stable name.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it says, in one line.
    pub says: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

/// Every code, sorted.
pub const LINTS: &[Lint] = &[
    Lint {
        code: "any-package",
        severity: Severity::Warning,
        says: "an allowed MCP command runs whatever its arguments name",
        why: "Only the command is compared, not its arguments: allowing `npx` allows every package of the registry, and \
              allowing a shell or an interpreter allows every program.",
        instead: "Allow a program that is itself the server, or, where every client is 0.169.0, compare the arguments: \
                  `command = { executable = \"npx\", args = [{ match = \"exact\", value = \"@corp/docs-mcp\" }] }`.",
    },
    Lint {
        code: "args-not-compared",
        severity: Severity::Warning,
        says: "`args` beside `command` is ignored",
        why: "The identity of a server is its command alone; a list of arguments beside it looks like a limit and is none.",
        instead: "Take it out, or use `command = { executable = …, args = […] }` where every client is 0.169.0.",
    },
    Lint {
        code: "bypass-does-not-start",
        severity: Severity::Note,
        says: "the bypass flag stops 0.169.0 and runs read-only before",
        why: "Where full access is refused and `never` is in force, 0.169.0 does not start at all; older releases run \
              read-only and ask nothing. Scripts that use the flag break at the update.",
        instead: "Tell users to ask for `--sandbox workspace-write`, or leave `never` out of the allowed policies.",
    },
    Lint {
        code: "command-hides-url",
        severity: Severity::Warning,
        says: "with `command` and `url` in one identity only the command counts",
        why: "The address is not compared, so a server of that name with any address is not allowed, and one with that \
              command is.",
        instead: "Give one of both; two servers need two names.",
    },
    Lint {
        code: "config-key",
        severity: Severity::Warning,
        says: "a key of ordinary config means nothing in requirements",
        why: "Codex ignores it, the older releases without a word: nothing is constrained by it.",
        instead: "Use the list of allowed values that belongs to it, or put the key in `managed_config.toml` as a default.",
    },
    Lint {
        code: "deny-read-no-full-access",
        severity: Severity::Warning,
        says: "`deny_read` makes full access impossible, though the list of modes allows it",
        why: "Files can only be hidden inside a sandbox, so any entry takes `danger-full-access` away since 0.125.0; 0.117.0 \
              does not know `deny_read` and gives full access with every file readable.",
        instead: "Take `danger-full-access` out of the list, so that every release does the same.",
    },
    Lint {
        code: "host-name-is-no-proof",
        severity: Severity::Note,
        says: "a host name widens what is allowed",
        why: "The name is looked up on the machine itself; whoever can set it chooses the entry. 0.117.0 does not know the \
              table and uses the base list.",
        instead: "Put the wider list only on the machines that need it, by their own file.",
    },
    Lint {
        code: "live-only-search",
        severity: Severity::Warning,
        says: "allowing only `live` turns web search from cached to live for everybody",
        why: "The default counts as configured: where `cached` is not allowed, a user who never asked for it searches live.",
        instead: "Add \"cached\", or leave the list empty to allow only `disabled`.",
    },
    Lint {
        code: "modes-leave-network",
        severity: Severity::Note,
        says: "a list of modes limits neither writable roots nor the network",
        why: "A user may set `writable_roots = [\"/\"]` and `network_access = true` in workspace-write, and a profile that only \
              reads may open the network: all of it counts as an allowed mode.",
        instead: "Where every client is 0.169.0, define profiles in requirements and list them in `allowed_permission_profiles`: \
                  it is the only key that pins writes and network together.",
    },
    Lint {
        code: "network-table-closes-nothing",
        severity: Severity::Warning,
        says: "`enabled = false` does not close the network of the sandbox",
        why: "The table is about the managed proxy. Without it, `network_access = true` in workspace-write still reaches \
              everything.",
        instead: "Pin the network with `allowed_permission_profiles`, or enable the proxy and list its domains.",
    },
    Lint {
        code: "older-release-ignores",
        severity: Severity::Note,
        says: "an older release does not know a key and does not enforce it",
        why: "Unknown keys are ignored without a word before 0.169.0: such a client runs unconstrained by this line.",
        instead: "Keep older clients out of the fleet, or constrain them by a key they know.",
    },
    Lint {
        code: "on-failure-is-on-request",
        severity: Severity::Note,
        says: "releases read `on-failure` differently",
        why: "0.117.0 takes it as it is, 0.125.0 warns that it is deprecated, and 0.169.0 reads it as `on-request`: one list \
              is two policies in a fleet of several releases.",
        instead: "Write \"on-request\".",
    },
    Lint {
        code: "order-is-fallback",
        severity: Severity::Warning,
        says: "the first allowed approval policy, which replaces every refused one, is not the strictest",
        why: "A refused value becomes the first entry. With `never` first, a user who asked for too much, or an untrusted \
              project, is asked for nothing at all.",
        instead: "Write the strictest policy first.",
    },
    Lint {
        code: "other-release-refuses",
        severity: Severity::Warning,
        says: "another release does not start with this file",
        why: "One word or form that a release does not know stops every client of that release.",
        instead: "Use what all releases of the fleet know, or roll the file out with the update.",
    },
    Lint {
        code: "profile-of-users",
        severity: Severity::Warning,
        says: "an allowed profile is not defined in the requirements",
        why: "Whoever defines a profile decides what it grants. A name that is allowed here and defined in a user's or a \
              project's config grants what they write there, the whole disk and the network included.",
        instead: "Define `[permissions.<name>]` in the requirements; then config may not define it again.",
    },
    Lint {
        code: "profiles-silence-modes",
        severity: Severity::Note,
        says: "a list of profiles silences `sandbox_mode` and `--sandbox`, also where they are stricter",
        why: "With a list, 0.169.0 uses the managed default profile; a user who asks for read-only gets it only by naming the \
              profile `:read-only`. There is no warning.",
        instead: "Make the strictest profile that work allows the default, and tell users to select profiles.",
    },
    Lint {
        code: "rule-of-one-path",
        severity: Severity::Warning,
        says: "a rule names a program by its path, and any other spelling walks around it",
        why: "`rm` matches `/bin/rm` too, but `/bin/rm` matches neither `rm` nor `/usr/bin/rm`, which is often the same file.",
        instead: "Name the program by its last component alone.",
    },
    Lint {
        code: "sandbox-command-walks-around",
        severity: Severity::Note,
        says: "`codex sandbox -P` does not read requirements",
        why: "`codex sandbox -P <profile>` ignores requirements, what must not be read included, and even a file that is \
              broken, unless `--include-managed-config` is given. It is no way to see what is in force either.",
        instead: "Ask `palisade requirements explain`, and do not count on requirements for `codex sandbox`.",
    },
    Lint {
        code: "swallowed-key",
        severity: Severity::Warning,
        says: "a top-level key below a `[table]` belongs to that table and is ignored",
        why: "In TOML every line after a header is in its table: the constraint is not there, and 0.117.0 and 0.125.0 say nothing.",
        instead: "Move the line above the first `[table]`.",
    },
    Lint {
        code: "two-managed-files",
        severity: Severity::Warning,
        says: "requirements and managed config both constrain the same thing",
        why: "Which wins turned round: `requirements.toml` in 0.117.0 and 0.125.0, `managed_config.toml` in 0.169.0, also \
              where it is looser.",
        instead: "Keep one of both files, or give both the same values.",
    },
    Lint {
        code: "unknown-feature",
        severity: Severity::Warning,
        says: "a pinned feature does not exist in this release",
        why: "0.117.0 does not start with it; later releases warn and pin nothing.",
        instead: "Look the name up in `codex features list` of the release.",
    },
    Lint {
        code: "unknown-key",
        severity: Severity::Warning,
        says: "a key that no table has",
        why: "It is ignored: 0.117.0 and 0.125.0 say nothing, 0.169.0 names at most three such keys in one warning.",
        instead: "Correct the spelling, or take the line out.",
    },
    Lint {
        code: "wide-root",
        severity: Severity::Warning,
        says: "the whole disk or a whole home can be written",
        why: "Whoever can write a home can change shells, keys and Codex's own configuration; whoever can write `/` needs no \
              sandbox.",
        instead: "Name the folders that are needed.",
    },
];

/// The row of a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.code == code)
}

#[cfg(test)]
mod tests {
    use super::LINTS;

    #[test]
    fn codes_are_sorted_and_every_row_says_why_and_what_instead() {
        assert!(LINTS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for lint in LINTS {
            assert!(
                !lint.says.ends_with('.') && lint.why.ends_with('.') && lint.instead.ends_with('.'),
                "{}",
                lint.code
            );
        }
    }
}
