//! When a node of the tree is a word whose value Codex takes for known, and which value that is.

use tree_sitter::Node;

use super::tree::{named_children, text};
use super::version::Words;

/// Letters that may make an unquoted word something else than it says.
const UNCERTAIN: &[char] = &['{', '}', '*', '?', '[', ']', '\\', '~', '^', '#', '$', '`'];

/// Letters that a backslash changes within double quotes.
const ESCAPED: &[char] = &['$', '`', '"', '\\', '\n'];

/// The value of a word, a number, a quoted text or pieces of them without space between; `Err` is the node that is in the
/// way.
pub(super) fn value<'tree>(node: Node<'tree>, script: &str, words: Words) -> Result<String, Node<'tree>> {
    if node.kind() != "concatenation" {
        return piece(node, script, words);
    }
    let mut joined = String::new();
    for part in named_children(node) {
        joined.push_str(&piece(part, script, words)?);
    }
    // Pieces that join to nothing are not seen as an empty word.
    if joined.is_empty() { Err(node) } else { Ok(joined) }
}

fn piece<'tree>(node: Node<'tree>, script: &str, words: Words) -> Result<String, Node<'tree>> {
    let written = text(node, script);
    let known = match node.kind() {
        "word" | "number" => unquoted(node, written, words).then_some(written),
        "string" => double_quoted(node, written, words),
        "raw_string" => written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')),
        _ => None,
    };
    known.map(str::to_owned).ok_or(node)
}

fn unquoted(node: Node<'_>, written: &str, words: Words) -> bool {
    match words {
        Words::AsWritten => true,
        Words::Certain => node.named_child_count() == 0 && !written.starts_with('=') && !written.contains(UNCERTAIN),
    }
}

fn double_quoted<'a>(node: Node<'_>, written: &'a str, words: Words) -> Option<&'a str> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let literal = named_children(node).iter().all(|part| part.kind() == "string_content");
    let certain =
        || !inner.match_indices('\\').any(|(at, _)| inner.get(at + 1..).is_some_and(|rest| rest.starts_with(ESCAPED)));
    (literal && (words == Words::AsWritten || certain())).then_some(inner)
}
