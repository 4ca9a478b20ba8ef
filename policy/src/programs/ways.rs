//! How what is known of a program is spelled: options that do more than its name says, as words of a command.

use super::{Does, Effect, Globals, Program, find};
use crate::options::{Long, Takes};

/// Words behind `name` (and `sub`, its next word) that do more than the name says, the worst first. What they do to a
/// certain command, `touches` tells.
pub(crate) fn ways(name: &str, sub: Option<&str>) -> Vec<Vec<String>> {
    let Some(program) = find(name) else { return Vec::new() };
    let mut found: Vec<(bool, Vec<String>)> = Vec::new();
    let mut add = |effects: &'static [Effect], sub: Option<&'static super::Sub>| {
        for (does, options) in effects {
            let words = options.split(' ').map(|option| spelled(program, sub, option));
            found.extend(words.map(|words| (!matches!(does, Does::Executes | Does::Loads), words)));
        }
    };
    let sub = sub.and_then(|sub| program.sub(sub));
    add(sub.map_or(&[][..], |sub| sub.effects), sub);
    if sub.is_none() || program.globals == Globals::Anywhere {
        add(program.effects, None);
    }
    if let Some((number, _)) = program.operand {
        found.push((true, vec!["file".to_owned(); number]));
    }
    found.sort_by_key(|(mild, _)| *mild);
    found.into_iter().map(|(_, words)| words).collect()
}

/// An option that may stand before the sub-command of a program, with its value.
pub(crate) fn global_option(name: &str) -> Option<Vec<String>> {
    let program = find(name).filter(|program| program.globals != Globals::None && !program.subs.is_empty())?;
    // One with a value is what a comparison of words sees least of.
    let row = program.grammar.options.split_ascii_whitespace().find(|row| row.len() > 1 && row.ends_with('='))?;
    let option = row.trim_end_matches('=').split(',').next()?;
    Some(spelled(program, None, option))
}

/// Whether a word is a sub-command of a program.
pub(crate) fn is_sub_command(name: &str, word: &str) -> bool {
    find(name).is_some_and(|program| program.sub(word).is_some())
}

/// An option by the name it is known by, with a value where it takes one.
fn spelled(program: &'static Program, sub: Option<&'static super::Sub>, option: &str) -> Vec<String> {
    let grammar = sub.map_or(&program.grammar, |sub| &sub.grammar);
    let dashes = if option.len() == 1 || grammar.long == Long::OneDash { "-" } else { "--" };
    let takes = grammar.pair(option).or_else(|| program.grammar.pair(option)).map(|(_, takes)| takes);
    match takes {
        Some(Takes::Value | Takes::Last) => vec![format!("{dashes}{option}"), "file".to_owned()],
        Some(Takes::Glued) if option.len() > 1 => vec![format!("{dashes}{option}=file")],
        _ => vec![format!("{dashes}{option}")],
    }
}
