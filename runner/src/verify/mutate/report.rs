//! What became of the mutants, for people, for machines and for a CI.

use std::fmt::Write;

use serde_json::json;

use super::{Fate, Mutant, Mutation};
use crate::report::{Item, Kind, Outcome, Page};

/// Who was put on the bench.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The subject.
    pub subject: &'a str,
    /// The user it ran for.
    pub uid: u32,
    /// The percentage that had to be reached.
    pub at_least: f64,
}

/// Whether every profile's mutants were noticed as far as was asked.
#[must_use]
pub fn is_good(mutations: &[Mutation], at_least: f64) -> bool {
    mutations.iter().all(|mutation| percentage(mutation.score()) >= at_least)
}

/// Of nothing, everything was found.
fn percentage((found, all): (usize, usize)) -> f64 {
    if all == 0 { 100.0 } else { found as f64 * 100.0 / all as f64 }
}

/// For people: survivors first, then what covers what, the numbers last.
#[must_use]
pub fn text(about: &About<'_>, mutations: &[Mutation]) -> String {
    let mut out = String::new();
    for fate in [Fate::Survived, Fate::Covered, Fate::NotApplicable] {
        for (mutant, profiles) in alike(mutations, fate) {
            let _ = writeln!(out, "{:14}  {}  {} ({})", fate.name(), mutant.name, told(mutant), profiles.join(", "));
        }
        out.push_str(if out.is_empty() || out.ends_with("\n\n") { "" } else { "\n" });
    }
    for mutation in mutations {
        let (found, all) = mutation.score();
        let counts = Fate::ALL.map(|fate| format!("{} {}", mutation.count(fate), fate.name())).join(", ");
        let _ = writeln!(
            out,
            "{}, uid {}, {}: {} mutants: {counts}: score {found}/{all}, {:.1} %",
            about.subject,
            about.uid,
            mutation.profile,
            mutation.mutants.len(),
            percentage((found, all))
        );
    }
    out
}

/// The same mutant under several profiles is told once.
fn alike(mutations: &[Mutation], fate: Fate) -> Vec<(&Mutant, Vec<&str>)> {
    let mut found: Vec<(&Mutant, Vec<&str>)> = Vec::new();
    for mutation in mutations {
        for mutant in mutation.mutants.iter().filter(|mutant| mutant.fate == fate) {
            match found.iter_mut().find(|(other, _)| other.name == mutant.name && told(other) == told(mutant)) {
                Some((_, profiles)) => profiles.push(&mutation.profile),
                None => found.push((mutant, vec![&mutation.profile])),
            }
        }
    }
    found
}

fn told(mutant: &Mutant) -> String {
    let by = mutant.noticed_by.join(", ");
    match (&mutant.reason, mutant.fate) {
        (Some(reason), Fate::NotApplicable) => format!("this host refuses by itself: {reason}"),
        (Some(reason), _) => reason.clone(),
        (None, Fate::Covered) => format!("by {}: without both, {by}", mutant.covered_by.join(" and ")),
        (None, _) => by,
    }
}

/// For machines.
#[must_use]
pub fn json(about: &About<'_>, mutations: &[Mutation]) -> String {
    let mutations: Vec<_> = mutations
        .iter()
        .map(|mutation| {
            let counts = Fate::ALL.map(|fate| (fate.name().to_owned(), json!(mutation.count(fate))));
            let (found, all) = mutation.score();
            json!({
                "profile": mutation.profile,
                "counts": serde_json::Map::from_iter(counts),
                "score": { "found": found, "of": all, "percent": percentage((found, all)) },
                "mutants": mutation.mutants,
            })
        })
        .collect();
    let page = json!({
        "schema": 1, "subject": about.subject, "uid": about.uid, "at_least": about.at_least, "mutations": mutations,
    });
    format!("{page:#}\n")
}

/// For a CI: one check a mutant.
#[must_use]
pub fn page(about: &About<'_>, mutations: &[Mutation]) -> Page {
    let items = mutations.iter().flat_map(|mutation| mutation.mutants.iter().map(move |mutant| item(mutation, mutant)));
    let numbers = mutations.iter().map(|mutation| {
        let (found, all) = mutation.score();
        format!("{} {found}/{all}", mutation.profile)
    });
    Page {
        verb: "verify",
        items: items.collect(),
        kinds: vec![Kind {
            code: "mutant".to_owned(),
            meaning: "a part of the sandbox whose absence no probe notices".to_owned(),
            explain: "a probe is missing, or the part does nothing on this host".to_owned(),
        }],
        summary: format!(
            "{}, uid {}: mutants noticed: {}",
            about.subject,
            about.uid,
            numbers.collect::<Vec<_>>().join(", ")
        ),
    }
}

fn item(mutation: &Mutation, mutant: &Mutant) -> Item {
    let name = format!("without {}", mutant.name);
    let mut item = match mutant.fate {
        Fate::Noticed | Fate::Covered => Item::passed(name),
        Fate::Survived => Item::told(name, Outcome::Fail, format!("nobody notices: {}", told(mutant))),
        Fate::NotApplicable => {
            let mut item = Item::told(name, Outcome::Skipped, format!("not-applicable: {}", told(mutant)));
            item.shown = false;
            item
        }
    };
    item.group.clone_from(&mutation.profile);
    item.code = Some("mutant".to_owned());
    item
}

#[cfg(test)]
mod tests;
