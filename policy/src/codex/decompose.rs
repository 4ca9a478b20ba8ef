//! From a script to the commands Codex sees in it, or to the reason why it sees none.
//!
//! A script is plain when its tree holds nothing but commands of known words, joined by `&&`, `||`, `;`, `|` and newlines.
//! One other node anywhere makes the whole script opaque: Codex then judges the wrapper's own words, and a rule for a
//! program inside is not asked. Nothing is opened twice: a plain command that is itself a shell stays as it is.

use std::ops::{ControlFlow, Range};
use std::path::Path;

use tree_sitter::{Node, Tree};

use super::tree::{named_children, parse, text, walk};
use super::version::Version;
use super::words::value;

/// What Codex makes of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decomposition {
    /// These commands, in the order of the text, each judged by its words.
    Plain(Vec<Vec<String>>),
    /// One command with a here-document, judged by its words (0.117.0 and 0.125.0).
    HeredocPrefix(Vec<String>),
    /// The wrapper's own words are judged and nothing else.
    Opaque {
        /// What is in the way, in words.
        why: &'static str,
        /// Where it stands in the script, in bytes.
        at: Range<usize>,
    },
}

/// The script that a command hands to a shell, as Codex recognises one: exactly three words, `-c` or `-lc` between them.
#[must_use]
pub fn wrapped(argv: &[String]) -> Option<&str> {
    let [shell, option, script] = argv else { return None };
    (matches!(option.as_str(), "-c" | "-lc") && is_shell(shell)).then_some(script)
}

/// Whether a first word is a shell to Codex: by its last component, whatever extensions that has.
fn is_shell(word: &str) -> bool {
    let mut name = word;
    loop {
        if matches!(name, "bash" | "sh" | "zsh") {
            return true;
        }
        // Compared as paths: `bash/` equals its own stem and is looked at no further.
        match Path::new(name).file_stem().and_then(|stem| stem.to_str()) {
            Some(stem) if Path::new(stem) != Path::new(name) => name = stem,
            _ => return false,
        }
    }
}

/// What a version of Codex makes of a script.
#[must_use]
pub fn decompose(script: &str, version: Version) -> Decomposition {
    let tree = match parse(script) {
        Ok(tree) => tree,
        Err(none) => return Decomposition::Opaque { why: none.why, at: none.at },
    };
    match plain(&tree, script, version) {
        Ok(commands) => Decomposition::Plain(commands),
        Err(obstacle) => {
            let prefix = version.traits().heredoc_prefix.then(|| heredoc_prefix(&tree, script)).flatten();
            prefix.map_or(Decomposition::Opaque { why: obstacle.why, at: obstacle.at }, Decomposition::HeredocPrefix)
        }
    }
}

/// What keeps a script from being plain.
struct Obstacle {
    why: &'static str,
    at: Range<usize>,
}

impl Obstacle {
    fn at(node: Node<'_>) -> Self {
        Self { why: reason(node.kind()), at: node.byte_range() }
    }
}

/// The nodes a plain script may hold.
const PLAIN: &[&str] = &[
    "program",
    "list",
    "pipeline",
    "command",
    "command_name",
    "word",
    "string",
    "string_content",
    "raw_string",
    "number",
    "concatenation",
];

/// The signs a plain script may hold; newlines are signs without a letter.
const SIGNS: &[&str] = &["&&", "||", ";", "|", "\"", "'"];

fn plain(tree: &Tree, script: &str, version: Version) -> Result<Vec<Vec<String>>, Obstacle> {
    let mut commands = Vec::new();
    let mut around = None;
    let found = walk(tree, |node| {
        let kind = node.kind();
        if kind == "redirected_statement" {
            // The redirection inside of it is the better place to point at.
            around.get_or_insert_with(|| Obstacle::at(node));
        } else if !(if node.is_named() { PLAIN } else { SIGNS }).contains(&kind) && !kind.trim().is_empty() {
            return ControlFlow::Break(Obstacle::at(node));
        } else if kind == "command" {
            commands.push(node);
        }
        ControlFlow::Continue(())
    });
    let obstacle = match found {
        ControlFlow::Break(obstacle) => Some(obstacle),
        ControlFlow::Continue(()) => around,
    };
    if let Some(obstacle) = obstacle {
        return Err(obstacle);
    }
    if commands.is_empty() {
        return Err(Obstacle { why: "no command in it", at: 0..script.len() });
    }
    commands.into_iter().map(|command| plain_words(command, script, version)).collect()
}

fn plain_words(command: Node<'_>, script: &str, version: Version) -> Result<Vec<String>, Obstacle> {
    let mut words = Vec::new();
    for child in named_children(command) {
        let node = if child.kind() == "command_name" { child.named_child(0).unwrap_or(child) } else { child };
        if child.kind() == "command_name" && node.kind() != "word" {
            return Err(Obstacle { why: "a program that is not one bare word", at: node.byte_range() });
        }
        let word = value(node, script, version.traits().words);
        words.push(word.map_err(|node| Obstacle {
            why: if reason(node.kind()) == OTHER { "a word the shell may change" } else { reason(node.kind()) },
            at: node.byte_range(),
        })?);
    }
    Ok(words)
}

/// The words of the only command of a script with a here-document; what else is attached to it is not looked at.
fn heredoc_prefix(tree: &Tree, script: &str) -> Option<Vec<String>> {
    let mut heredoc = false;
    let mut commands = Vec::new();
    let _: ControlFlow<()> = walk(tree, |node| {
        heredoc |= node.kind() == "heredoc_redirect";
        if node.kind() == "command" {
            commands.push(node);
        }
        ControlFlow::Continue(())
    });
    let [command] = commands.as_slice() else { return None };
    let mut words = Vec::new();
    for child in named_children(*command) {
        let node = match child.kind() {
            "command_name" => child.named_child(0)?,
            "word" | "number" => child,
            kind if ATTACHED.contains(&kind) => continue,
            _ => return None,
        };
        if !matches!(node.kind(), "word" | "number") || node.named_child_count() > 0 {
            return None;
        }
        words.push(text(node, script).to_owned());
    }
    (heredoc && !words.is_empty()).then_some(words)
}

/// What may hang on the one command of a heredoc prefix.
const ATTACHED: &[&str] =
    &["comment", "file_redirect", "heredoc_body", "heredoc_redirect", "herestring_redirect", "variable_assignment"];

const OTHER: &str = "a construct that is not taken apart";

/// Nodes and signs in words.
fn reason(kind: &str) -> &'static str {
    REASONS.iter().find(|(kinds, _)| kinds.contains(&kind)).map_or(OTHER, |(_, why)| why)
}

const REASONS: &[(&[&str], &str)] = &[
    (&["file_redirect", "redirected_statement"], "a redirection"),
    (&["heredoc_redirect", "heredoc_body"], "a here-document"),
    (&["herestring_redirect"], "a here-string"),
    (&["variable_assignment", "variable_assignments"], "an assignment"),
    (&["declaration_command", "unset_command"], "a declaration"),
    (&["test_command"], "a test in brackets"),
    (&["negated_command"], "a negated command"),
    (&["subshell"], "a subshell"),
    (&["compound_statement"], "a group of commands"),
    (&["if_statement", "case_statement"], "a condition"),
    (&["for_statement", "c_style_for_statement", "while_statement"], "a loop"),
    (&["function_definition"], "a function"),
    (&["command_substitution"], "a command substitution"),
    (&["process_substitution"], "a process substitution"),
    (&["simple_expansion", "expansion"], "an expansion"),
    (&["arithmetic_expansion"], "an arithmetic expansion"),
    (&["brace_expression"], "a brace expression"),
    (&["ansi_c_string", "translated_string", "$"], "a quoted text with a dollar sign"),
    (&["extglob_pattern", "regex"], "a pattern"),
    (&["comment"], "a comment"),
    (&["&"], "a command in the background"),
    (&["|&"], "a pipe of both outputs"),
    (&[";;", ";&", ";;&"], "a separator of cases"),
    (&["string"], "an escape within double quotes"),
    (&["word", "number"], "a word the shell may change"),
    (&["concatenation"], "pieces that join to nothing"),
];

#[cfg(test)]
mod tests;
