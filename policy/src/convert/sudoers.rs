//! A sudoers file: of the lines that fit a user the last command that fits decides; what follows `NOPASSWD:` is allowed, the rest is asked
//! about, and what follows `!` is refused.
//!
//! `lexing` puts the text into logical lines, `reading` finds aliases and the specifications of users. Arguments are
//! matched as one text: none given means any, `""` none, and a wildcard in them matches blanks as well.

mod lexing;
mod reading;

use super::words::words;
use super::{Became, Meaning, Options, Told, Wish};
use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::request::last_component;
use crate::source::SourceId;
use reading::{File, Item, Specification};

/// Reads what is wished.
pub(super) fn wishes(
    text: &str,
    source: SourceId,
    options: &Options,
    told: &mut Vec<Told>,
) -> Result<Vec<Wish>, Vec<Diagnostic>> {
    let file = reading::file(text, source, told)?;
    let chosen = chosen(&file, options, told)?;
    let mut found = Vec::new();
    for specification in chosen {
        for item in &specification.items {
            wish(item, &file, specification, &mut found, told);
        }
    }
    Ok(found)
}

/// The specifications that are meant.
fn chosen<'a>(
    file: &'a File,
    options: &Options,
    told: &mut Vec<Told>,
) -> Result<Vec<&'a Specification>, Vec<Diagnostic>> {
    let mut names: Vec<String> = Vec::new();
    for specification in &file.specifications {
        let users = specification.users.iter().map(|user| user.as_str()).collect::<Vec<_>>().join(", ");
        if !names.contains(&users) {
            names.push(users);
        }
    }
    if options.users.is_empty() && names.len() > 1 {
        let at = file.specifications.first().map(|one| one.at);
        let wrong =
            Diagnostic::error("convert-user", "the file speaks of several users, and rules are not about users");
        let wrong = at.map_or(wrong.clone(), |at| wrong.at(at, ""));
        return Err(vec![
            wrong.help(format!("name one with `--user`, and the groups it is in as `%group`: {}", names.join("; "))),
        ]);
    }
    let mut chosen = Vec::new();
    for specification in &file.specifications {
        if !options.users.is_empty() && !means(&file.resolved(&specification.users), &options.users) {
            continue;
        }
        let hosts = file.resolved(&specification.hosts);
        let here: Vec<String> = options.host.iter().cloned().collect();
        if !means(&hosts, &here) {
            let message = match &options.host {
                Some(host) => format!("it is for {}, and not for {host}", hosts.join(", ")),
                None => format!("it is for the host {} only; `--host` names the host", hosts.join(", ")),
            };
            told.push(Told { became: Became::LeftOut, at: specification.at, message });
            // Refusals for one host are refusals.
            if options.host.is_some() || specification.items.iter().all(|item| !item.negated) {
                continue;
            }
        }
        chosen.push(specification);
    }
    if chosen.is_empty() && !options.users.is_empty() {
        let wrong = Diagnostic::error("convert-user", format!("no line is about {}", options.users.join(" or ")));
        return Err(vec![wrong.help(format!("the file speaks of {}", names.join("; ")))]);
    }
    Ok(chosen)
}

/// Whether a list means one of these: its last word that fits decides.
fn means(list: &[String], who: &[String]) -> bool {
    let mut answer = false;
    for word in list {
        let bangs = word.chars().take_while(|letter| *letter == '!').count();
        let name = word.get(bangs..).unwrap_or_default().trim();
        if name == "ALL" || who.iter().any(|one| one == name) {
            answer = bangs % 2 == 0;
        }
    }
    answer
}

fn wish(item: &Item, file: &File, specification: &Specification, found: &mut Vec<Wish>, told: &mut Vec<Told>) {
    let note = |told: &mut Vec<Told>, message: String| told.push(Told { became: Became::Note, at: item.at, message });
    let decision = match (item.negated, item.no_password || file.never_asks) {
        (true, _) => Decision::Forbidden,
        (false, true) if item.no_exec => {
            let message = format!(
                "{}: `NOEXEC` keeps it from executing others, which no rule says; it is asked about",
                item.text
            );
            told.push(Told { became: Became::Stricter, at: item.at, message });
            Decision::Prompt
        }
        (false, true) => Decision::Allow,
        (false, false) => Decision::Prompt,
    };
    if let Some(runas) =
        specification.runas_of(item).filter(|runas| !matches!(runas.as_str(), "ALL" | "root" | "ALL:ALL" | "ALL : ALL"))
    {
        note(told, format!("{}: as whom it runs (`{runas}`) is not in rules", item.text));
    }
    let command = item.text.as_str();
    let mut add = |means: Meaning, digest: bool| {
        let mut conditions = item.conditions.clone();
        if digest {
            conditions.push("a digest of the file".to_owned());
        }
        let only_when = (!conditions.is_empty()).then(|| format!("it holds only under {}", conditions.join(" and ")));
        found.push(Wish {
            at: item.at,
            written: item.written.clone(),
            decision,
            means,
            justification: None,
            only_when,
            rank: found.len() as u64,
        });
    };
    if command == "ALL" {
        return add(Meaning::All, item.digest);
    }
    if let Some(why) = no_command(command) {
        told.push(Told { became: Became::LeftOut, at: item.at, message: format!("{command}: {why}") });
        return;
    }
    if !command.starts_with(['/', '^']) {
        let what = format!("{command}: it is no alias that the file defines, and no absolute path");
        told.push(Told { became: Became::LeftOut, at: item.at, message: what });
        if item.negated {
            add(Meaning::unknown("what it refuses is not known"), false);
        }
        return;
    }
    add(meaning(command), item.digest);
}

fn no_command(command: &str) -> Option<&'static str> {
    match command.split_whitespace().next()? {
        "sudoedit" => Some("editing files as another user is no command of rules"),
        "list" => Some("listing what sudo allows is no command of rules"),
        _ => None,
    }
}

/// Which commands a path with arguments means.
fn meaning(command: &str) -> Meaning {
    let (path, arguments) = match command.split_once(char::is_whitespace) {
        Some((path, arguments)) => (path, arguments.trim()),
        None => (command, ""),
    };
    const WILD: &[char] = &['*', '?', '[', ']'];
    if path.starts_with('^') {
        return Meaning::unknown("a regular expression is no prefix of words");
    }
    if path.ends_with('/') || path.contains(WILD) {
        let literal = path.split(WILD).next().unwrap_or_default().to_owned();
        let why =
            if path.ends_with('/') { "every program of a directory is meant" } else { "a wildcard stands in the path" };
        return Meaning::Part { from: Vec::new(), surely: None, literal, why: why.to_owned() };
    }
    let path = unescaped(path);
    let part = |from: Vec<String>, why: &str| Meaning::Part {
        from,
        surely: None,
        literal: command.to_owned(),
        why: why.to_owned(),
    };
    if last_component(&path).is_none_or(str::is_empty) {
        return Meaning::unknown("the path names no program");
    }
    match arguments {
        "" => Meaning::Prefix(vec![path]),
        "\"\"" => Meaning::Exactly(vec![path]),
        "*" => Meaning::Prefix(vec![path]),
        // Quotes are letters like others there.
        text if text.contains(['"', '\'']) => part(vec![path], "quotes are part of its arguments"),
        text if text.starts_with('^') => part(vec![path], "a regular expression is no prefix of words"),
        text => {
            let (plain, rest) = match text.find(WILD) {
                Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
                None => (text, None),
            };
            let found = words(&unescaped(plain));
            let mut all = vec![path];
            all.extend(found.words);
            let why = "a wildcard in arguments stands for any text, and a pattern is a prefix of whole words";
            match (found.trouble, rest) {
                (Some(trouble), _) => part(all, &trouble),
                (None, None) => Meaning::Exactly(all),
                (None, Some("*")) if plain.ends_with(' ') => Meaning::More(all),
                (None, Some(_)) => {
                    // The last word goes on.
                    if !plain.is_empty() && !plain.ends_with(' ') {
                        all.pop();
                    }
                    part(all, why)
                }
            }
        }
    }
}

/// A text without the backslashes that sudoers wants.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(|next| matches!(next, ',' | ':' | '=' | ' ' | '#')) => {}
            letter => out.push(letter),
        }
    }
    out
}
