//! Policy files of the Gemini CLI: of the `[[rule]]`s that fit a command the one with the highest priority decides, of equals the first.
//!
//! `commandPrefix` ends at the end of a word. `commandRegex` is held against the start of the command and may stop anywhere;
//! what it surely begins with is asked of its syntax tree. Both are shorthands of `argsPattern`.

use regex_syntax::hir::Look;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::words::{beginning, whole};
use super::{Became, Meaning, Told, Wish, span};
use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// The tool that runs commands.
const SHELL: &str = "run_shell_command";
const MODES: &[&str] = &["default", "autoEdit", "plan", "yolo"];

/// Reads what is wished.
pub(super) fn wishes(text: &str, source: SourceId, told: &mut Vec<Told>) -> Result<Vec<Wish>, Vec<Diagnostic>> {
    let table = DeTable::parse(text).map_err(|error| {
        let range = error.span().unwrap_or(0..text.len().min(1));
        vec![Diagnostic::error("convert-syntax", error.message().trim().to_owned()).at(span(source, range), "")]
    })?;
    let mut reader = Reader { source, wrong: Vec::new(), told };
    let mut found = Vec::new();
    for (key, value) in table.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("rule", DeValue::Array(rules)) => {
                for rule in rules {
                    let number = found.len() as u64;
                    reader.rule(rule, number, &mut found);
                }
            }
            (name, _) => reader.left_out(span(source, key.span()), format!("`{name}` is not in rules")),
        }
    }
    if reader.wrong.is_empty() { Ok(found) } else { Err(reader.wrong) }
}

struct Reader<'a> {
    source: SourceId,
    wrong: Vec<Diagnostic>,
    told: &'a mut Vec<Told>,
}

impl Reader<'_> {
    fn left_out(&mut self, at: Span, message: String) {
        self.told.push(Told { became: Became::LeftOut, at, message });
    }

    fn bad(&mut self, at: Span, message: String, help: &str) {
        self.wrong.push(Diagnostic::error("convert-syntax", message).at(at, "").help(help));
    }

    fn rule(&mut self, rule: &Spanned<DeValue<'_>>, number: u64, found: &mut Vec<Wish>) {
        let at = span(self.source, rule.span());
        let DeValue::Table(table) = rule.get_ref() else {
            return self.bad(at, "a rule is no table".to_owned(), "a rule begins with `[[rule]]`");
        };
        let get = |name: &str| table.iter().find(|(key, _)| key.get_ref().as_ref() == name).map(|(_, value)| value);
        let place = |value: &Spanned<DeValue<'_>>| span(self.source, value.span());
        let word = |name: &str| get(name).and_then(|value| value.get_ref().as_str());
        let decision = match word("decision") {
            Some("allow") => Decision::Allow,
            Some("ask_user") => Decision::Prompt,
            Some("deny") => Decision::Forbidden,
            _ => {
                let at = get("decision").map_or(at, place);
                return self.bad(
                    at,
                    "the rule has no decision that there is".to_owned(),
                    "`allow`, `ask_user` or `deny`",
                );
            }
        };
        let priority = match get("priority").map(|value| (value.get_ref(), place(value))) {
            Some((DeValue::Integer(number), at)) => match number.as_str().parse::<u64>() {
                Ok(number) if number <= 999 => number,
                _ => {
                    return self.bad(
                        at,
                        "the priority is not between 0 and 999".to_owned(),
                        "the Gemini CLI reads no such file",
                    );
                }
            },
            other => {
                let at = other.map_or(at, |(_, at)| at);
                return self.bad(
                    at,
                    "the rule has no whole number as `priority`".to_owned(),
                    "from 0 to 999; the higher one decides",
                );
            }
        };
        let at = ["commandPrefix", "commandRegex", "argsPattern", "toolName"]
            .iter()
            .find_map(|name| get(name))
            .map_or(at, place);
        let tools = get("toolName").map(texts);
        let of_shell = tools.as_ref().is_none_or(|tools| tools.iter().any(|tool| matches!(*tool, SHELL | "*")));
        if !of_shell || get("mcpName").is_some() {
            return self.left_out(at, "it is about other tools, and rules are about commands".to_owned());
        }
        let mut only_when = Vec::new();
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("subagent" | "toolAnnotations" | "interactive", _) => only_when.push(format!("`{}`", key.get_ref())),
                ("modes", _) => {
                    let modes = texts(value);
                    if !modes.is_empty() && !MODES.iter().all(|mode| modes.contains(mode)) {
                        only_when.push("`modes`".to_owned());
                    }
                }
                ("allowRedirection" | "allow_redirection", DeValue::Boolean(true)) => self.told.push(Told {
                    became: Became::Note,
                    at: span(self.source, key.span()),
                    message: "what a redirection writes is judged by itself here".to_owned(),
                }),
                _ => {}
            }
        }
        let only_when = (!only_when.is_empty()).then(|| format!("it holds only under its {}", only_when.join(" and ")));
        let justification = word("denyMessage").or_else(|| word("deny_message")).map(str::to_owned);
        let wish = |written: String, means: Meaning| Wish {
            at,
            written,
            decision,
            means,
            justification: justification.clone().filter(|text| !text.trim().is_empty()),
            only_when: only_when.clone(),
            // Of equals the earlier one decides.
            rank: (priority << 32) + (u64::from(u32::MAX) - number),
        };
        let prefixes = get("commandPrefix").map(texts).unwrap_or_default();
        if prefixes.iter().any(|prefix| !prefix.is_empty()) {
            found.extend(prefixes.iter().map(|prefix| wish(format!("commandPrefix {prefix:?}"), whole(prefix, true))));
        } else if let Some(pattern) = word("commandRegex").filter(|pattern| !pattern.is_empty()) {
            found.extend(regex(pattern).into_iter().map(|means| wish(format!("commandRegex {pattern:?}"), means)));
        } else if let Some(pattern) = word("argsPattern").filter(|pattern| !pattern.is_empty()) {
            let means = match pattern.strip_prefix("\"command\":\"") {
                Some(pattern) => regex(pattern),
                None => vec![Meaning::unknown("`argsPattern` is held against all arguments, anywhere in them")],
            };
            found.extend(means.into_iter().map(|means| wish(format!("argsPattern {pattern:?}"), means)));
        } else {
            found.push(wish(
                format!("toolName {}", tools.map_or("*".to_owned(), |tools| tools.join(", "))),
                Meaning::All,
            ));
        }
    }
}

/// A text, or a list of them.
fn texts<'a>(value: &'a Spanned<DeValue<'_>>) -> Vec<&'a str> {
    match value.get_ref() {
        DeValue::Array(all) => all.iter().filter_map(|one| one.get_ref().as_str()).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// What commands a regular expression fits that is held against their start.
fn regex(pattern: &str) -> Vec<Meaning> {
    let why = "a regular expression may stop inside of a word";
    let unknown = || vec![Meaning::unknown("what the regular expression begins with is not certain")];
    let ends_at_word = pattern.ends_with(r"\b") && !pattern.ends_with(r"\\b");
    let Ok(tree) = regex_syntax::parse(pattern.strip_suffix(r"\b").filter(|_| ends_at_word).unwrap_or(pattern)) else {
        return unknown();
    };
    // Anchors are held against more than the command, and flags mean other things there.
    let looks: Vec<Look> = tree.properties().look_set().iter().collect();
    let certain = looks.is_empty() && !pattern.replace("(?:", "").contains("(?");
    let literals =
        Extractor::new().kind(ExtractKind::Prefix).limit_class(8).limit_repeat(4).limit_total(64).extract(&tree);
    let Some(literals) = literals.literals().filter(|all| !all.is_empty()) else { return unknown() };
    let mut found = Vec::new();
    for literal in literals {
        let Ok(text) = std::str::from_utf8(literal.as_bytes()) else { return unknown() };
        // What stands in quotes or behind a backslash is written otherwise in what the expression is held against.
        let plain = text.split(['"', '\\']).next().unwrap_or_default();
        let whole_text = plain.len() == text.len() && literal.is_exact() && certain;
        found.push(match beginning(plain, why) {
            means if whole_text => means,
            Meaning::More(from) | Meaning::Prefix(from) | Meaning::Exactly(from) => {
                Meaning::Part { from, surely: None, literal: plain.to_owned(), why: why.to_owned() }
            }
            Meaning::Part { from, literal, why, .. } => Meaning::Part { from, surely: None, literal, why },
            Meaning::All => Meaning::All,
        });
    }
    found
}
