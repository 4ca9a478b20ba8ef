//! `settings.json` of Claude Code: `permissions.deny` before `ask` before `allow`, whatever their order and length.
//!
//! `Bash(npm test)` is that command alone; `Bash(npm test:*)` and `Bash(npm test *)` are it and whatever follows, at the end
//! of a word; any other `*` stands for any text, blanks included. The tools besides `Bash` are not about commands.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::words::{beginning, whole, words};
use super::{Became, Meaning, Told, Wish, span};
use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

type Table<'a> = BTreeMap<String, &'a RawValue>;

/// Reads what is wished.
pub(super) fn wishes(text: &str, source: SourceId, told: &mut Vec<Told>) -> Result<Vec<Wish>, Vec<Diagnostic>> {
    let reader = Reader { text, source };
    let top: Table<'_> = reader.table(text)?;
    for (key, value) in &top {
        if matches!(key.as_str(), "hooks" | "sandbox") {
            told.push(reader.left_out(value, format!("`{key}` is not in rules")));
        }
    }
    let Some(permissions) = top.get("permissions") else {
        let wrong = Diagnostic::error("convert-syntax", "the settings have no `permissions`");
        return Err(vec![
            wrong.at(span(source, 0..text.len().min(1)), "").help("is this `settings.json` of Claude Code?"),
        ]);
    };
    let mut wishes = Vec::new();
    for (key, value) in reader.table(permissions.get())? {
        let (decision, rank) = match key.as_str() {
            "deny" => (Decision::Forbidden, 2),
            "ask" => (Decision::Prompt, 1),
            "allow" => (Decision::Allow, 0),
            _ => {
                told.extend(reader.other(&key, value));
                continue;
            }
        };
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| {
            vec![
                reader
                    .wrong(value, &format!("`{key}` is no list"))
                    .help("write a list of rules, such as `Bash(git status:*)`"),
            ]
        })?;
        for item in items {
            let written: String = serde_json::from_str(item.get())
                .map_err(|_| vec![reader.wrong(item, "a rule is no text").help("such as \"Bash(git status:*)\"")])?;
            let at = reader.at(item);
            match means(&written) {
                Ok(means) => {
                    wishes.push(Wish { at, written, decision, means, justification: None, only_when: None, rank })
                }
                Err(why) => told.push(Told { became: Became::LeftOut, at, message: format!("{written}: {why}") }),
            }
        }
    }
    wishes.sort_by_key(|wish| wish.at.start);
    Ok(wishes)
}

/// Which commands a rule means; an error in words where it means none.
fn means(written: &str) -> Result<Meaning, String> {
    let rule = written.trim();
    let (tool, content) = match rule.split_once('(') {
        None => (rule, None),
        Some((tool, rest)) => match rest.strip_suffix(')') {
            Some(content) => (tool, Some(content)),
            None => return Err(format!("`{rule}` has no `)` at its end; it means nothing there either")),
        },
    };
    if tool != "Bash" {
        return Err(format!("it is about the tool `{tool}`, and rules are about commands"));
    }
    let Some(content) = content.map(str::trim_start).filter(|text| !matches!(*text, "" | "*" | ":*")) else {
        return Ok(Meaning::All);
    };
    if content.contains(OPERATORS) && !content.contains(['\'', '"', '\\']) {
        return Ok(several(content));
    }
    let any = "`*` stands for any text, and a pattern is a prefix of whole words";
    if let Some(prefix) = content.strip_suffix(":*") {
        return Ok(match prefix.find('*') {
            Some(star) => inner(prefix.get(..star).unwrap_or_default(), any),
            None => whole(prefix, true),
        });
    }
    let Some(star) = content.find('*') else { return Ok(whole(content, false)) };
    let (before, last) = (content.get(..star).unwrap_or_default(), star + 1 == content.len());
    Ok(match before.strip_suffix(' ') {
        Some(prefix) if last && !prefix.trim().is_empty() => whole(prefix, true),
        _ if last => beginning(before, any),
        _ => inner(before, any),
    })
}

/// What stands between the commands of a script.
const OPERATORS: &[char] = &['|', ';', '&', '\n'];

/// A pattern over several commands: whatever fits it has each of them, so the first that says its program stands for all.
fn several(content: &str) -> Meaning {
    let why = "it is about several commands at once, and a rule is about one";
    let parts: Vec<&str> = content.split(OPERATORS).map(str::trim).filter(|part| !part.is_empty()).collect();
    let last = parts.len().saturating_sub(1);
    let from = parts.iter().enumerate().find_map(|(number, part)| {
        let part = if number == last { part.strip_suffix(":*").unwrap_or(part) } else { part };
        let mut words = words(part.split('*').next().unwrap_or_default());
        // A word that goes on, or that a wildcard follows, is not certain.
        if part.contains('*') && !words.ended {
            words.words.pop();
        }
        Some(words.words).filter(|words| !words.is_empty())
    });
    let from = from.unwrap_or_default();
    Meaning::Part { from, surely: None, literal: String::new(), why: why.to_owned() }
}

/// Commands of which a wildcard stands in the middle: how they go on behind it is not looked at.
fn inner(before: &str, why: &str) -> Meaning {
    match beginning(before, why) {
        Meaning::More(from) | Meaning::Prefix(from) | Meaning::Exactly(from) => {
            Meaning::Part { from, surely: None, literal: before.trim_start().to_owned(), why: why.to_owned() }
        }
        Meaning::Part { from, literal, why, .. } => Meaning::Part { from, surely: None, literal, why },
        Meaning::All => Meaning::All,
    }
}

struct Reader<'a> {
    text: &'a str,
    source: SourceId,
}

impl<'a> Reader<'a> {
    fn table(&self, text: &'a str) -> Result<Table<'a>, Vec<Diagnostic>> {
        serde_json::from_str(text).map_err(|error| {
            let from = text.as_ptr() as usize - self.text.as_ptr() as usize;
            let lines: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (from + lines + error.column().saturating_sub(1)).min(self.text.len());
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default().to_owned();
            let place = span(self.source, at..(at + 1).min(self.text.len().max(at)));
            vec![Diagnostic::error("convert-syntax", format!("this is no JSON object: {said}")).at(place, "")]
        })
    }

    /// Where a value stands: it is a part of the text.
    fn at(&self, value: &RawValue) -> Span {
        let from = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        span(self.source, from..from + value.get().len())
    }

    fn wrong(&self, value: &RawValue, message: &str) -> Diagnostic {
        Diagnostic::error("convert-syntax", message).at(self.at(value), "")
    }

    fn left_out(&self, value: &RawValue, message: String) -> Told {
        Told { became: Became::LeftOut, at: self.at(value), message }
    }

    /// What else stands among the permissions.
    fn other(&self, key: &str, value: &RawValue) -> Option<Told> {
        let said: String = serde_json::from_str(value.get()).unwrap_or_default();
        let message = match (key, said.as_str()) {
            ("defaultMode", "default" | "plan") => return None,
            ("defaultMode", "bypassPermissions") => {
                "what no rule matches is allowed there; here that is `--default allow`".to_owned()
            }
            ("defaultMode", "dontAsk") => {
                "what no rule matches is refused there; here that is `--default forbidden`, and without it such a command is asked about"
                    .to_owned()
            }
            ("defaultMode", mode) => format!("the mode `{mode}` is not in rules"),
            ("additionalDirectories", _) => "directories belong into `files.write` of a profile".to_owned(),
            _ => format!("`{key}` is not in rules"),
        };
        Some(self.left_out(value, message))
    }
}
