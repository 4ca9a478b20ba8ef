//! The rules of both sides, compared as rules: each end of a pattern is a command, and the strictest rule that is a prefix of
//! it decides. Any other command meets the same rules as the longest of these ends that it begins with.

use std::collections::BTreeSet;

use super::order::direction;
use super::{Change, Demanded};
use crate::requirements::value::{Node, Table, at};

/// No file says more; alternatives multiply.
const MOST: usize = 20_000;

/// A rule as words, an alternative each, and its decision.
type Flat = (Vec<String>, String);

pub(super) fn changes(sides: &[Demanded; 2]) -> Vec<Change> {
    let flat = sides.each_ref().map(|side| flat(&side.table));
    let [old, new] = &flat;
    let mut commands: BTreeSet<Vec<String>> = BTreeSet::new();
    for (words, _) in old.iter().chain(new).take(MOST) {
        commands.insert(words.clone());
        // A rule of a path meets the rules of the name too.
        if let Some((first, rest)) = words.split_first()
            && let Some(name) = first.rsplit('/').next().filter(|name| name.len() < first.len())
        {
            commands.insert(std::iter::once(name.to_owned()).chain(rest.iter().cloned()).collect());
        }
    }
    let change = |words: Vec<String>| {
        let (was, is) = (decision(old, &words), decision(new, &words));
        let text = words.join(" ");
        (was != is).then(|| Change {
            key: format!("command `{text}`"),
            direction: direction("command", was, is),
            old: was.to_owned(),
            new: is.to_owned(),
            witness: format!("codex, asked to run `{text}`"),
            combinations: 1,
        })
    };
    commands.into_iter().filter_map(change).collect()
}

/// What the strictest rule says that is a prefix of these words.
fn decision<'a>(rules: &'a [Flat], words: &[String]) -> &'a str {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or(program);
    let fits = |(pattern, _): &&Flat| {
        let first = pattern.first().is_some_and(|first| first == program || first == name);
        let rest = pattern.iter().zip(words).skip(1).all(|(left, right)| left == right);
        first && rest && pattern.len() <= words.len()
    };
    let rank = |word: &str| usize::from(word == "forbidden");
    let strictest = rules.iter().filter(fits).map(|(_, decision)| decision.as_str()).max_by_key(|word| rank(word));
    match strictest {
        None => "not judged",
        Some("forbidden") => "forbidden",
        Some(_) => "prompt",
    }
}

fn flat(table: &Table) -> Vec<Flat> {
    let rules = at(table, &["rules", "prefix_rules"]).and_then(|node| node.value.list()).unwrap_or_default();
    let mut all = Vec::new();
    for rule in rules {
        let Some(rule) = rule.value.table() else { continue };
        let decision = rule.get("decision").map(|node| node.value.to_string()).unwrap_or_default();
        let pattern = rule.get("pattern").and_then(|node| node.value.list()).unwrap_or_default();
        let mut words: Vec<Vec<String>> = vec![Vec::new()];
        for token in pattern {
            let others = alternatives(token);
            let longer = |begun: &Vec<String>| {
                others.iter().map(|word| begun.iter().cloned().chain([word.clone()]).collect()).collect::<Vec<_>>()
            };
            words = words.iter().flat_map(longer).take(MOST).collect();
        }
        all.extend(words.into_iter().map(|words| (words, decision.clone())));
    }
    all
}

fn alternatives(token: &Node) -> Vec<String> {
    let Some(token) = token.value.table() else { return Vec::new() };
    let one = token.get("token").and_then(|node| node.value.text()).map(str::to_owned);
    let many = token.get("any_of").and_then(|node| node.value.list()).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(|node| node.value.text().map(str::to_owned))).collect()
}
