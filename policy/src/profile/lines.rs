//! The lines of a profile, one row each: what `best_effort` may name and what `palisade profile` prints.

/// One line of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// `table.key`.
    pub name: &'static str,
    /// What is lost when it cannot be enforced.
    pub claim: &'static str,
}

/// Every line that needs something from the host, sorted by name.
pub const LINES: &[Line] = &[
    Line { name: "files.deny_read", claim: "denied files cannot be read" },
    Line { name: "files.protect", claim: "protected names stay as they are" },
    Line { name: "files.read", claim: "nothing outside the readable trees is read" },
    Line { name: "files.write", claim: "nothing outside the writable trees is changed" },
    Line { name: "layers.landlock", claim: "a second wall stands behind the mounts" },
    Line { name: "limits", claim: "resource limits hold" },
    Line { name: "network.access", claim: "no network is reached" },
    Line { name: "private.dev", claim: "no device of the host is reached" },
    Line { name: "private.ipc", claim: "no shared memory or message queue is shared with the host" },
    Line {
        name: "private.processes",
        claim: "no process of the host is seen or signalled, and none of the command's survives it",
    },
    Line { name: "private.tmp", claim: "the host's /tmp is out of reach" },
    Line { name: "system_calls.refuse", claim: "the refused groups of system calls fail" },
];

#[cfg(test)]
mod tests {
    #[test]
    fn lines_are_sorted_and_unique() {
        assert!(super::LINES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
