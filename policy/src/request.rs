//! What is to be judged: the words of a command and the facts about its program that the caller found out.
//!
//! Facts are plain values, so a verdict can be repeated anywhere from its request. A missing fact is never taken for
//! a good one: an allowing rule that needs it does not apply.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;

/// What is known about the program a command would start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The absolute path the first word would start: after the search of PATH for a bare name, or joined to the working
    /// directory; normalised by text alone. `None` when nothing was found.
    pub resolved: Option<String>,
    /// The file behind it after every link, when it exists.
    pub real: Option<String>,
    /// What the search of PATH gives for the last component of the first word; in the spelling of that word where both
    /// are one entry of one directory.
    pub lookup: Option<String>,
    /// Whether a command in the sandbox can have decided what the way to the file leads to: a file, a link or a directory on
    /// it lies in the workspace, or it goes through what only another process sees.
    #[serde(default)]
    pub changeable: bool,
    /// Whether names that differ in case only are the same file.
    #[serde(default)]
    pub case_folds: bool,
    /// Whether the search went through an entry of PATH that is not absolute, so that the working directory decided.
    pub through_relative_path: bool,
    /// Further names it is known by, to which restrictive rules apply as well: what it calls itself, and the programs
    /// whose file or content it has.
    #[serde(default)]
    pub also: Vec<String>,
    /// Names and paths that were shown to be this very file, so that an allowing rule for one of them applies whatever
    /// the words say.
    #[serde(default)]
    pub proven: Vec<String>,
}

/// Which matching to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching<'a> {
    /// palisade's own: restrictive rules follow the program, allowing rules need certainty.
    Strict,
    /// Codex's own.
    Codex(CodexMatching<'a>),
}

/// What Codex's own matching depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodexMatching<'a> {
    /// Whether a path falls back to the rules of its last component.
    pub basename_fallback: BasenameFallback,
    /// The working directory of the process.
    pub cwd: &'a str,
    /// The home directory, for a first word that starts with `~`.
    pub home: Option<&'a str>,
}

/// Whether a path falls back to the rules of its last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasenameFallback {
    /// Only exact heads, as in `codex execpolicy check`.
    Off,
    /// As in the running Codex and with `--resolve-host-executables`.
    On,
}

/// One command to judge.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The words.
    pub argv: &'a [String],
    /// What is known about the program; `None` when nothing was asked.
    pub identity: Option<&'a Identity>,
    /// Which matching to use.
    pub matching: Matching<'a>,
    /// What a command gets that no rule matches.
    pub default: Decision,
}

impl<'a> Request<'a> {
    /// A strict request without facts, where a command that no rule matches is prompted for.
    #[must_use]
    pub const fn strict(argv: &'a [String]) -> Self {
        Self { argv, identity: None, matching: Matching::Strict, default: Decision::Prompt }
    }

    /// The same request with facts about the program.
    #[must_use]
    pub const fn with_identity(mut self, identity: &'a Identity) -> Self {
        self.identity = Some(identity);
        self
    }
}

/// The last component of a path, if it has one.
#[must_use]
pub fn last_component(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !matches!(*name, "" | "." | ".."))
}

/// Makes a path absolute and tidy by text alone: joined to `cwd`, without `.`, `..`, double and final slashes.
#[must_use]
pub fn absolute(path: &str, cwd: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let before = if path.starts_with('/') { "" } else { cwd };
    for part in before.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let mut out = String::with_capacity(path.len() + 1);
    for part in parts {
        out.push('/');
        out.push_str(part);
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tidied_by_text_alone() {
        assert_eq!(absolute("./a/../b//c/", "/x/y"), "/x/y/b/c");
        assert_eq!(absolute("/../..", "/x"), "/");
        assert_eq!(absolute("", "/x/y"), "/x/y");
        assert_eq!(last_component("/a/b/"), Some("b"));
        assert_eq!(last_component("/"), None);
        assert_eq!(last_component("a/.."), None);
    }
}
