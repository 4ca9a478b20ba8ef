//! Rules for programs that are not there.

use super::{Finding, Level, Lint, first_spelling};

pub(super) const LINT: Lint = Lint {
    code: "unknown-program",
    meaning: "a rule is for a name that is no program on this machine",
    explain: "A misspelt name makes a rule that never matches. The machine that lints is not always the machine that runs, \
so this is asked for by name: `--deny unknown-program`. Builtins of the shell count as programs.",
    level: Level::Off,
    find: |subject, found| {
        for rule in subject.rules.rules() {
            let head = rule.head();
            if !head.contains('/') && !BUILTINS.contains(&head) && !(subject.is_program)(head) {
                let message = format!("`{head}` is no program on this machine");
                let help = "is it spelled right, and is this the machine that the rules are for?";
                let finding = Finding::about(LINT.code, &rule, message, help);
                found.extend(finding.map(|finding| finding.shown_by(first_spelling(&rule))));
            }
        }
    },
};

/// Names that a shell carries out itself (bash 5.2, `enable -a`), beyond those that are programs as well.
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
];
