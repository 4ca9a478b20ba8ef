//! Codex's built-in list of dangerous commands, of which there is one: `rm` with force.
//!
//! The older versions look at the first words of a command; 0.169.0 looks for any literal command in any text that parses,
//! through `sudo`, `env`, `trap` and shells, and takes what is wrapped too deep for dangerous as it is.

use std::ops::ControlFlow;

use super::decompose::{Decomposition, decompose, wrapped};
use super::tree::{UNREAD, named_children, parse, walk};
use super::version::{DangerSearch, Version, Words};
use super::words::value;

/// Why a command is dangerous to Codex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// `rm` with force.
    ForcedRemoval,
    /// More wrappers around a command than are looked through (0.169.0).
    TooDeep,
    /// It holds a text that is not read here, and Codex may find anything in it.
    Unread,
}

impl Danger {
    /// The reason in words.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::ForcedRemoval => "`rm` with force",
            Self::TooDeep => "more wrappers around a command than are looked through",
            Self::Unread => "a text that is not read here, so taken for dangerous",
        }
    }
}

/// How many wrappers 0.169.0 looks through. `sudo`, `env` and a shell count one each, `trap` counts two.
const DEEPEST: usize = 8;

/// Whether a version finds the words of a command dangerous.
#[must_use]
pub fn command(argv: &[String], version: Version) -> Option<Danger> {
    match version.traits().danger {
        DangerSearch::WholeScript => below(argv, 0),
        DangerSearch::FirstWords => {
            let inside = |text| match decompose(text, version) {
                Decomposition::Plain(commands) => {
                    commands.iter().any(|words| first_words(words)).then_some(Danger::ForcedRemoval)
                }
                Decomposition::HeredocPrefix(_) => None,
                Decomposition::Opaque { why, .. } => UNREAD.contains(&why).then_some(Danger::Unread),
            };
            if first_words(argv) { Some(Danger::ForcedRemoval) } else { wrapped(argv).and_then(inside) }
        }
    }
}

/// Whether a version finds a script dangerous that no rule says anything about.
#[must_use]
pub fn script(text: &str, version: Version) -> Option<Danger> {
    match decompose(text, version) {
        Decomposition::Plain(commands) => commands.iter().find_map(|words| command(words, version)),
        Decomposition::HeredocPrefix(words) => command(&words, version),
        Decomposition::Opaque { .. } => {
            let wrapper = ["bash".to_owned(), "-c".to_owned(), text.to_owned()];
            command(&wrapper, version)
        }
    }
}

fn first_words(argv: &[String]) -> bool {
    let sudos = argv.iter().take_while(|word| *word == "sudo").count();
    let mut words = argv.iter().skip(sudos).map(String::as_str);
    words.next() == Some("rm") && matches!(words.next(), Some("-f" | "-rf"))
}

/// Looks through the wrappers of a command. It calls itself at most [`DEEPEST`] deep.
fn below(argv: &[String], depth: usize) -> Option<Danger> {
    if depth > DEEPEST {
        return Some(Danger::TooDeep);
    }
    if let Some(text) = wrapped(argv) {
        return inside(text, depth + 1);
    }
    let (program, arguments) = argv.split_first()?;
    match program.rsplit('/').next()? {
        "rm" => forced(arguments).then_some(Danger::ForcedRemoval),
        "sudo" => below(arguments, depth + 1),
        "env" => below(after_options_of_env(arguments), depth + 1),
        "trap" => {
            let text = match arguments {
                [end, text, ..] if end == "--" => text,
                [text, ..] => text,
                [] => return None,
            };
            if text.starts_with('-') {
                return None;
            }
            if depth + 1 > DEEPEST { Some(Danger::TooDeep) } else { inside(text, depth + 2) }
        }
        _ => None,
    }
}

fn forced(arguments: &[String]) -> bool {
    arguments
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--force" || (word.starts_with('-') && !word.starts_with("--") && word.contains('f')))
}

/// What `env` starts, as 0.169.0 sees it: an option it does not know is taken for the program.
fn after_options_of_env(arguments: &[String]) -> &[String] {
    let mut rest = arguments;
    while let Some((word, after)) = rest.split_first() {
        if word == "--" {
            return after;
        }
        let option = matches!(word.as_str(), "-i" | "--ignore-environment");
        if !option && (word.starts_with('-') || !word.contains('=')) {
            break;
        }
        rest = after;
    }
    rest
}

/// Every command of a text whose program is literal, with the words that are; the others are left out as if not there.
fn inside(text: &str, depth: usize) -> Option<Danger> {
    let tree = match parse(text) {
        Ok(tree) => tree,
        Err(none) => return UNREAD.contains(&none.why).then_some(Danger::Unread),
    };
    let mut found = None;
    let done = walk(&tree, |node| {
        if node.kind() != "command" {
            return ControlFlow::Continue(());
        }
        let mut words = Vec::new();
        for child in named_children(node) {
            if child.kind() == "command_name" {
                match child.named_child(0).map(|name| value(name, text, Words::Certain)) {
                    Some(Ok(name)) => words.push(name),
                    _ => return ControlFlow::Continue(()),
                }
            } else if let (false, Ok(word)) = (words.is_empty(), value(child, text, Words::Certain)) {
                words.push(word);
            }
        }
        match below(&words, depth) {
            Some(Danger::ForcedRemoval) => return ControlFlow::Break(Danger::ForcedRemoval),
            other => found = found.or(other),
        }
        ControlFlow::Continue(())
    });
    match done {
        ControlFlow::Break(danger) => Some(danger),
        ControlFlow::Continue(()) => found,
    }
}
