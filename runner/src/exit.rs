//! The exit codes of palisade, one row each; the README quotes this table and a test compares them.

/// One exit code with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The status.
    pub code: u8,
    /// Who gives it: `checkers` or `run, codex`.
    pub verbs: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// As it should be.
pub const OK: u8 = 0;
/// Findings, failures, or a decision at or above `--fail-on`.
pub const FINDINGS: u8 = 1;
/// Usage, or input that could not be read.
pub const USAGE: u8 = 2;
/// The command ran out of time and was ended.
pub const TIMED_OUT: u8 = 124;
/// What was asked could not be set up; nothing ran.
pub const SETUP: u8 = 125;
/// Refused by policy, or not executable.
pub const REFUSED: u8 = 126;
/// No such command.
pub const NOT_FOUND: u8 = 127;
/// Added to the number of the signal that ended the command.
pub const SIGNALLED: u8 = 128;

/// Every code, in order.
pub const EXITS: &[Exit] = &[
    Exit { code: OK, verbs: "checkers", meaning: "as it should be" },
    Exit { code: FINDINGS, verbs: "checkers", meaning: "findings, failures, or a decision at or above `--fail-on`" },
    Exit { code: USAGE, verbs: "all", meaning: "wrong usage, or input that could not be read; nothing ran" },
    Exit { code: TIMED_OUT, verbs: "run, codex", meaning: "the command ran out of time and was ended" },
    Exit {
        code: SETUP,
        verbs: "run, codex, compare, verify",
        meaning: "what was asked could not be set up; nothing ran",
    },
    Exit { code: REFUSED, verbs: "run, codex", meaning: "refused by policy, or not executable" },
    Exit { code: NOT_FOUND, verbs: "run, codex", meaning: "no such command" },
    Exit { code: SIGNALLED, verbs: "run, codex", meaning: "plus N: the command was ended by signal N" },
];

/// The table as the README and `--help` show it.
#[must_use]
pub fn table() -> String {
    let mut out = String::from("| status | from | meaning |\n|---|---|---|\n");
    for exit in EXITS {
        let code = if exit.code == SIGNALLED { "128+N".to_owned() } else { exit.code.to_string() };
        let meaning = exit.meaning.strip_prefix("plus N: ").unwrap_or(exit.meaning);
        out.push_str(&format!("| {code} | {} | {meaning} |\n", exit.verbs));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(super::EXITS.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
