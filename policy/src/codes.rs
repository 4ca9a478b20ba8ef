//! Every diagnostic code with one sentence: add a code by adding a row.
//!
//! The codes of rule files are the classes under which Codex's own messages can be sorted, so that a drop-in can be
//! compared with the real one; ours alone are the limits it does not have.

/// One kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable name.
    pub id: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn code(id: &'static str, meaning: &'static str) -> Code {
    Code { id, meaning }
}

/// Every code, sorted by name.
pub const CODES: &[Code] = &[
    code("arg-duplicate", "an argument is given twice"),
    code("arg-extra-positional", "a call has more arguments than the function has parameters"),
    code("arg-missing", "a required argument is left out"),
    code("arg-type", "an argument has the wrong type"),
    code("arg-unknown", "a call names a parameter that does not exist"),
    code("banned-rule", "a rule allows a program that can execute anything"),
    code("case-command", "a case does not say what is judged, or which rule is meant"),
    code("case-syntax", "the text is no case file"),
    code("convert-syntax", "the text is not in the format it is to be converted from"),
    code("convert-user", "a sudoers file speaks of several users, or not of the one asked for"),
    code("eval", "the rule file failed while it was evaluated"),
    code("example-matched", "a `not_match` example is matched by its rule"),
    code("example-unmatched", "a `match` example is not matched by its rule"),
    code("format", "the layout of a rule file would not say the same as the file"),
    code("invalid-decision", "a decision is none of the words that exist"),
    code("invalid-example", "an example is not a command"),
    code("invalid-pattern", "a pattern is empty or holds something else than words"),
    code("invalid-rule", "a rule contradicts itself or names something impossible"),
    code("load-unavailable", "rule files cannot load other files"),
    code("nesting-too-deep", "the text is nested deeper than can be read safely"),
    code("no-rules", "a directory that should hold rule files holds none"),
    code("read-directory", "a directory was given where a file is needed"),
    code("read-missing", "the file does not exist"),
    code("read-not-utf8", "the file is not UTF-8 text"),
    code("read-other", "the file could not be read"),
    code("read-permission", "the file may not be read"),
    code("read-revision", "git does not give the file of a revision"),
    code("recursion-limit", "functions call each other too deeply"),
    code("stack-unavailable", "there is no memory for the stack that reading rules needs"),
    code("syntax", "the text is not in the rule language"),
    code("too-much-memory", "the rule file needs more memory than rules may"),
    code("too-many-rules", "the rule file makes more rules than a rule set may hold"),
    code("too-many-steps", "the rule file computes for longer than rules may"),
    code("unknown-name", "a name is not defined"),
    code("unknown-pack", "there is no shipped pack of that name"),
    code("user-fail", "the rule file called `fail`"),
    code("writable-by-all", "anybody on this machine can change a rule file"),
];

/// The row of a code.
#[must_use]
pub fn find(id: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.id == id)
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_unique_and_each_says_something() {
        for pair in CODES.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for code in CODES {
            assert!(!code.id.is_empty() && !code.meaning.is_empty() && !code.meaning.ends_with('.'), "{}", code.id);
            assert_eq!(super::find(code.id), Some(code));
        }
    }
}
