//! The rules that Codex would judge by: those of requirements, written in the rule language, and the files beside the layers.

use std::path::{Path, PathBuf};

use policy::load::File;
use policy::requirements::flags;
use policy::requirements::outcome::{Effective, Resolution};
use policy::requirements::release::find;
use policy::requirements::scene::Scene;
use policy::requirements::value::Node;

use super::folders;
use crate::files::read;

/// Every rule file, requirements first.
pub(super) fn rules(scene: &Scene, resolution: &Resolution, effective: &Effective, root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let required: Vec<String> = effective.rules.iter().filter_map(|rule| written(rule, scene, effective)).collect();
    if !required.is_empty() {
        files.push(File { name: "rules of requirements".to_owned(), text: Ok(required.concat()) });
    }
    let ignored = find(resolution.release).and_then(|release| flags::read(&scene.line, release).ok());
    if ignored.is_some_and(|flags| flags.ignore_rules) {
        return files;
    }
    for folder in folders(scene, resolution) {
        let folder = root.join(folder.trim_start_matches('/')).join("rules");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "rules")).collect();
        paths.sort();
        files.extend(paths.iter().map(|path| read(path)));
    }
    files
}

/// One rule of requirements, as a rule file has it.
fn written(rule: &Node, scene: &Scene, effective: &Effective) -> Option<String> {
    let quoted = |text: &str| serde_json::to_string(text).ok();
    let fields = rule.value.table()?;
    let token = |token: &Node| {
        let token = token.value.table()?;
        match (token.get("token"), token.get("any_of")) {
            (Some(word), _) => quoted(word.value.text()?),
            (None, Some(words)) => {
                let words: Option<Vec<String>> =
                    words.value.list()?.iter().map(|word| quoted(word.value.text()?)).collect();
                Some(format!("[{}]", words?.join(", ")))
            }
            (None, None) => None,
        }
    };
    let pattern: Option<Vec<String>> = fields.get("pattern")?.value.list()?.iter().map(token).collect();
    let mut decision = fields.get("decision")?.value.text()?;
    let mut why = vec![format!("required at {}", scene.sources.place(rule.span))];
    if decision != "forbidden" {
        // Where Codex can ask nobody, what would be asked is refused.
        decision = if effective.approval.word() == "never" { "forbidden" } else { "prompt" };
        if decision == "forbidden" {
            why.push("to be asked for, and Codex asks nobody".to_owned());
        }
    }
    if let Some(text) = fields.get("justification").and_then(|node| node.value.text()) {
        why.push(text.to_owned());
    }
    let why = quoted(&why.join("; "))?;
    Some(format!(
        "prefix_rule(pattern = [{}], decision = \"{decision}\", justification = {why})\n",
        pattern?.join(", ")
    ))
}
