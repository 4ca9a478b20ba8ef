//! The ban: rules that allow a program through which anything can be executed.
//!
//! Which programs those are is in the tables of wrappers and interpreters. A prefix is banned while it names nothing of
//! what will be executed: `["python3"]`, `["python3", "-c"]` and `["sudo", "-n"]` are, `["python3", "script.py"]` and
//! `["sudo", "ls"]` are not. `load` refuses such rules; what a command carries is looked at again when it is judged.

use crate::inner::{Inner, Input};
use crate::pattern::PatternElement;
use crate::request::last_component;
use crate::rows::{Bare, Form, Means, Part, Sub, is_standard_input};
use crate::unfold;
use crate::word::Word;

/// Programs of Codex's own list that execute nothing else but should not be allowed whatever follows their options.
const DESTRUCTIVE: &[&str] = &["rm"];

/// How many spellings of one pattern are looked at.
const MOST: usize = 10_000;
/// How many programs deep wrappers are followed.
const DEEPEST: usize = 6;

/// One prefix that a rule should not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Its words, joined with blanks: the name under which a file can accept it.
    pub prefix: String,
    /// Why, in words.
    pub why: String,
    /// The narrower rule that would do.
    pub instead: String,
}

/// Why a pattern should not be allowed, if so; the first element is the program.
#[must_use]
pub fn banned(pattern: &[PatternElement]) -> Option<Ban> {
    let (heads, rest) = pattern.split_first()?;
    bans(heads.words(), rest).into_iter().next()
}

/// Every prefix among those a rule allows that should not be allowed.
#[must_use]
pub fn bans(heads: &[String], rest: &[PatternElement]) -> Vec<Ban> {
    let mut found: Vec<Ban> = Vec::new();
    for head in heads {
        let Some(name) = last_component(head) else { continue };
        if !DESTRUCTIVE.contains(&name) && !unfold::is_listed(name) {
            continue;
        }
        let count = rest.iter().fold(1_usize, |count, element| count.saturating_mul(element.words().len()));
        if count > MOST {
            found.push(Ban {
                prefix: head.clone(),
                why: format!("the pattern stands for {count} commands, too many to look at"),
                instead: "write several rules".to_owned(),
            });
            continue;
        }
        for number in 0..count {
            let words = spelling(head, rest, number);
            if let Some((why, instead)) = open(&words, DEEPEST) {
                let prefix = shown(&words);
                if !found.iter().any(|ban| ban.prefix == prefix) {
                    found.push(Ban { prefix, why, instead });
                }
            }
        }
    }
    found
}

/// The names that a rule file accepts: `# palisade: accept-banned "python3" "bash -c"`.
#[must_use]
pub fn accepted(text: &str) -> Vec<String> {
    let names = |line: &str| {
        let rest = line.trim().strip_prefix('#')?.trim_start().strip_prefix("palisade:")?.trim_start();
        shlex::split(rest.strip_prefix("accept-banned")?)
    };
    text.lines().filter_map(names).flatten().collect()
}

/// One of the commands that a pattern stands for, by its number.
fn spelling(head: &str, rest: &[PatternElement], mut number: usize) -> Vec<Word> {
    let mut words = vec![Word::known(head)];
    for element in rest {
        let all = element.words();
        if let Some(word) = all.get(number % all.len().max(1)) {
            words.push(Word::known(word));
        }
        number /= all.len().max(1);
    }
    words
}

fn shown(words: &[Word]) -> String {
    words.iter().map(Word::written).collect::<Vec<_>>().join(" ")
}

/// Words as a rule writes them, with one more.
fn as_rule(words: &[Word], more: &[&str]) -> String {
    let words: Vec<String> =
        words.iter().map(Word::written).chain(more.iter().copied()).map(|word| format!("\"{word}\"")).collect();
    format!("`[{}]`", words.join(", "))
}

/// Why a prefix allows anything, and what would do instead; nothing where it names enough.
fn open(words: &[Word], deep: usize) -> Option<(String, String)> {
    let name = last_component(words.first()?.text()?)?;
    let texts: Option<Vec<&str>> = words.iter().skip(1).map(Word::text).collect();
    let version = |texts: &[&str]| matches!(texts, ["--version" | "--help"]);
    if let Some(texts) = &texts
        && DESTRUCTIVE.contains(&name)
        && texts.iter().all(|text| text.starts_with('-'))
        && !version(texts)
    {
        return Some((
            "it deletes whatever follows".to_owned(),
            format!("name what may go: {}", as_rule(words, &["build"])),
        ));
    }
    let row = unfold::find(name)?;
    if let [_, Word::Known(word)] = words
        && matches!(word.as_str(), "--version" | "--help" | "-version" | "-help" | "version" | "help" | "-V")
    {
        return None;
    }
    if let Some(found) = part_is_open(name, &row.part, row.bare, words, words) {
        return Some(found);
    }
    let deeper = deep.checked_sub(1)?;
    unfold::inner(name, words, Input::Inherited).into_iter().find_map(|inner| {
        let Inner::Command { words: mut inner, .. } = inner else { return None };
        inner.retain(|word| word.text().is_some());
        let (why, _) = open(&inner, deeper)?;
        let instead = "name the inner command and what it may do".to_owned();
        Some((format!("`{name}` executes `{}`: {why}", shown(&inner)), instead))
    })
}

/// Whether a program or sub-command is named and nothing of what it executes.
fn part_is_open(name: &str, part: &Part, bare: Bare, words: &[Word], all: &[Word]) -> Option<(String, String)> {
    let reading = part.grammar.read(words);
    let assigns = |at: &&usize| {
        words.get(**at).and_then(|word| word.prefix().split_once('=')).is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    // Variables that are set for a command do not name it, and standard input is no name.
    let input = |at: &&usize| words.get(**at).and_then(Word::text).is_some_and(is_standard_input);
    let operands = reading.operands.iter().skip_while(|at| assigns(at) || input(at)).count();
    let told = reading.options.iter().any(|found| {
        found.value.is_some()
            && part.means.iter().any(|(name, means)| {
                *name == found.name && !matches!(means, Means::Nothing | Means::Touches(_) | Means::Operand(_))
            })
    });
    let anything = bare == Bare::Anything;
    let like = |more: &[&str]| as_rule(all, more);
    let narrow = |why: String, instead: String| Some((why, instead));
    match part.form {
        Form::Subcommands(subs, _) | Form::Verbs(_, subs) => {
            let Some(at) = reading.operands.first() else {
                let why = format!("some sub-commands and options of `{name}` execute whatever they are given");
                return if anything && !told {
                    narrow(why, format!("name the sub-command: {}", as_rule(all.get(..1).unwrap_or(all), &["status"])))
                } else {
                    None
                };
            };
            let rest = words.get(*at..)?;
            let sub: &Sub = subs
                .iter()
                .find(|sub| rest.first().and_then(Word::text).is_some_and(|text| sub.names.contains(&text)))?;
            let name = format!("{name} {}", rest.first().map(Word::written).unwrap_or_default());
            if sub.bare == Bare::Itself && !matches!(sub.part.form, Form::Subcommands(..)) {
                return None;
            }
            part_is_open(&name, &sub.part, sub.bare, rest, all)
        }
        _ if !anything => None,
        Form::Command(after, _) | Form::Joined(after, _) | Form::Special(after, _) if operands <= after && !told => {
            narrow(
                format!("`{name}` executes what follows, whatever it is"),
                format!(
                    "name what is executed: {}",
                    like(if after > 0 && operands == 0 { &["…", "ls"] } else { &["ls"] })
                ),
            )
        }
        Form::Fetched | Form::Names(_) if operands == 0 && !told => {
            narrow(format!("`{name}` executes whatever is named next"), format!("name it: {}", like(&["build"])))
        }
        Form::File(_) | Form::OnlyFile(_) if operands == 0 && !told => narrow(
            format!("`{name}` runs whatever program it is given"),
            format!("name the file: {}", as_rule(all.get(..1).unwrap_or(all), &["script"])),
        ),
        Form::Program(_) if operands == 0 && !told => narrow(
            format!("`{name}` runs whatever program text it is given"),
            format!("name the text: {}", like(&["…"])),
        ),
        Form::Options if operands == 0 && !told => narrow(
            format!("options of `{name}` execute whatever they name"),
            format!("name what it is for: {}", like(&["…"])),
        ),
        Form::Always(what) if words.len() == 1 => {
            narrow(format!("`{name}` {what}"), format!("name what it is for: {}", like(&["…"])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
