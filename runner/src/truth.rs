//! The truth test: a real Codex, asked in a room that holds a scene's layers and nothing else, and its answer beside the resolver's.
//!
//! `room` makes the room, `ask` puts the question; what the answer means is `policy::requirements::heard`. What is here knows
//! nothing of requirements: it compares two answers key by key.

mod ask;
mod room;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use policy::requirements::release::Release;
use policy::requirements::scene::Scene;
use policy::requirements::shown::{Way, resolved, shown};
use serde::Serialize;
use serde_json::Value;

pub use room::{Codex, find};

/// What a Codex says of its version.
///
/// # Errors
/// It could not be asked.
pub fn version(codex: &Codex, bwrap: &Path) -> Result<String, String> {
    ask::version(codex, bwrap)
}

/// A question: a scene and the way to ask.
#[derive(Clone, Debug)]
pub struct Question {
    /// What to call it.
    pub name: String,
    /// The layers, the machine, the invocation. Every document is named as it is in the room.
    pub scene: Scene,
    /// How to ask.
    pub way: Way,
}

/// One key on which both sides differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// What Codex says.
    pub codex: String,
    /// What the resolver says.
    pub palisade: String,
}

/// What became of a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How many keys were compared.
    pub keys: usize,
    /// Where both differ.
    pub differences: Vec<Difference>,
    /// Why Codex could not be asked.
    pub unasked: Option<String>,
}

/// Asks every question, some at once, and gives the answers in their order.
#[must_use]
pub fn verify(
    codex: &Codex,
    bwrap: &Path,
    release: &'static Release,
    questions: &[Question],
    at_once: usize,
) -> Vec<Answer> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<Answer>>> = Mutex::new(vec![None; questions.len()]);
    std::thread::scope(|scope| {
        for _ in 0..at_once.clamp(1, questions.len().max(1)) {
            scope.spawn(|| {
                while let Some((at, question)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, questions.get(at)?)))
                {
                    let answer = one(codex, bwrap, release, question);
                    let mut answers = answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if let Some(slot) = answers.get_mut(at) {
                        *slot = Some(answer);
                    }
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let none = || Answer { keys: 0, differences: Vec::new(), unasked: Some("nobody asked".into()) };
    answers.into_iter().map(|answer| answer.unwrap_or_else(none)).collect()
}

fn one(codex: &Codex, bwrap: &Path, release: &'static Release, question: &Question) -> Answer {
    let ours = shown(&question.way, &resolved(&question.way, &question.scene, release), release);
    match ask::ask(codex, bwrap, &question.scene, &question.way) {
        Ok(theirs) => {
            let (keys, differences) = compare(&ours, &theirs, question.way == Way::Session);
            Answer { keys, differences, unasked: None }
        }
        Err(why) => Answer { keys: 0, differences: Vec::new(), unasked: Some(why) },
    }
}

/// Both answers, key by key. Only a session shows every warning.
fn compare(ours: &Value, theirs: &Value, warnings: bool) -> (usize, Vec<Difference>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    flat(ours, "", &mut left);
    flat(theirs, "", &mut right);
    let mut keys: Vec<&String> = left.iter().chain(&right).map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| warnings || *key != "warnings");
    let of =
        |side: &[(String, Value)], key: &str| side.iter().find(|(name, _)| name == key).map(|(_, one)| one.clone());
    let text = |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let differs = |key: &&&String| of(&left, key) != of(&right, key);
    let differences = keys
        .iter()
        .filter(differs)
        .map(|key| Difference { key: (**key).clone(), codex: text(of(&right, key)), palisade: text(of(&left, key)) })
        .collect();
    (keys.len(), differences)
}

/// The keys of an answer, those of its tables by their path; warnings in no order.
fn flat(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Object(_) if matches!(path.as_str(), "declared" | "requirements" | "servers" | "features") => {
                flat(value, &path, out);
            }
            Value::Array(items) if path == "warnings" => {
                let mut items = items.clone();
                items.sort_by_key(Value::to_string);
                out.push((path, Value::Array(items)));
            }
            value => out.push((path, value.clone())),
        }
    }
}

/// The program that a path names, and the folder that has to be seen with it.
impl Codex {
    /// Where it lies in the room.
    #[must_use]
    pub fn inside(&self) -> PathBuf {
        Path::new(room::PACKAGE).join(self.program.strip_prefix(&self.package).unwrap_or(&self.program))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::compare;

    #[test]
    fn every_key_that_one_side_alone_has_is_a_difference() {
        let ours = json!({ "outcome": "ok", "declared": { "model": 1 }, "warnings": [{ "b": 1 }, { "a": 2 }] });
        let same = json!({ "outcome": "ok", "declared": { "model": 1 }, "warnings": [{ "a": 2 }, { "b": 1 }] });
        assert_eq!(compare(&ours, &same, true), (3, Vec::new()));
        let other = json!({ "outcome": "ok", "declared": { "web_search": 1 } });
        let keys: Vec<String> = compare(&ours, &other, true).1.into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["declared.model", "declared.web_search", "warnings"]);
        assert_eq!(compare(&ours, &other, false).1.len(), 2);
    }
}
