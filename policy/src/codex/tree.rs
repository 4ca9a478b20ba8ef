//! Scripts as trees of tree-sitter-bash, of a bounded size and made with bounded effort, and walked without recursion.

use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Point, Tree};

/// The longest script that is parsed: Linux passes no longer word to a shell. Codex itself has no limit.
pub(super) const LONGEST: usize = 128 << 10;

/// How much work the parser may do. It reports every hundred operations, each of which may read the rest of the text again
/// where the text is ambiguous, so a report counts for the length of the text. A script of common words reaches this at
/// some 25 KiB, and much later when most of it is a here-document; a hostile one after a second or two.
const EFFORT: usize = 10_000_000;

/// After so many reports a text with an error is given up, because looking on for the least error is what takes longest.
const REPORTS_PAST_AN_ERROR: u32 = 200;

/// Why a script has no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoTree {
    pub(super) why: &'static str,
    pub(super) at: Range<usize>,
}

/// What a script is that has errors in it.
const BROKEN: &str = "a syntax error";

const TOO_LONG: &str = "a script of more than 128 KiB, which is not read here";
const TIRING: &str = "a script that takes too long to parse";
const NUL: &str = "a NUL byte";

/// Why a text is not read that Codex would have read.
pub(super) const UNREAD: &[&str] = &[TOO_LONG, TIRING, NUL];

/// The tree of a script that is one.
pub(super) fn parse(script: &str) -> Result<Tree, NoTree> {
    let whole = 0..script.len();
    if script.len() > LONGEST {
        return Err(NoTree { why: TOO_LONG, at: whole });
    }
    // No program can be given one, and the parser takes hours over many.
    if let Some(at) = script.find('\0') {
        return Err(NoTree { why: NUL, at: at..at + 1 });
    }
    let tiring = NoTree { why: TIRING, at: whole };
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
        return Err(tiring);
    }
    let (mut reports, mut effort, mut broken_at) = (0, 0, None);
    let mut enough = |state: &ParseState| {
        reports += 1;
        effort += script.len();
        if state.has_error() && reports > REPORTS_PAST_AN_ERROR {
            broken_at = Some(state.current_byte_offset());
        }
        broken_at.is_some() || effort > EFFORT
    };
    let bytes = script.as_bytes();
    let mut text = |at: usize, _: Point| bytes.get(at..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut enough);
    match parser.parse_with_options(&mut text, None, Some(options)) {
        Some(tree) if tree.root_node().has_error() => Err(NoTree { why: BROKEN, at: first_error(&tree) }),
        Some(tree) => Ok(tree),
        None => Err(broken_at.map_or(tiring, |at| NoTree { why: BROKEN, at: at.min(script.len())..script.len() })),
    }
}

/// Shows every node to `visit`, parents before their children and in the order of the text, until it has seen enough.
pub(super) fn walk<'tree, B>(
    tree: &'tree Tree,
    mut visit: impl FnMut(Node<'tree>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut cursor = tree.walk();
    loop {
        visit(cursor.node())?;
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return ControlFlow::Continue(());
            }
        }
    }
}

/// The text of a node.
pub(super) fn text<'a>(node: Node<'_>, script: &'a str) -> &'a str {
    script.get(node.byte_range()).unwrap_or_default()
}

/// Where the text stops being a script.
fn first_error(tree: &Tree) -> Range<usize> {
    let found = walk(tree, |node| {
        if node.is_error() || node.is_missing() {
            ControlFlow::Break(node.byte_range())
        } else {
            ControlFlow::Continue(())
        }
    });
    match found {
        ControlFlow::Break(range) => range,
        ControlFlow::Continue(()) => tree.root_node().byte_range(),
    }
}

/// The named children of a node.
pub(super) fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}
