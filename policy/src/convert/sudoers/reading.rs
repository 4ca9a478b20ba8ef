//! Aliases and specifications of users in logical lines.

use std::collections::BTreeMap;

use super::lexing::{Piece, lines};
use crate::convert::{Became, Told};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// Aliases within aliases; what is deeper defines itself.
const DEEPEST: usize = 20;

/// What a sudoers file says.
pub(super) struct File {
    pub(super) specifications: Vec<Specification>,
    /// `Defaults !authenticate`: nobody is asked for a password.
    pub(super) never_asks: bool,
    names: BTreeMap<String, Vec<String>>,
}

impl File {
    /// A list with its aliases written out.
    pub(super) fn resolved(&self, list: &[String]) -> Vec<String> {
        let mut all = Vec::new();
        self.resolve(list, false, DEEPEST, &mut all);
        all
    }

    fn resolve(&self, list: &[String], negated: bool, deep: usize, all: &mut Vec<String>) {
        for word in list {
            let bangs = word.chars().take_while(|letter| *letter == '!').count();
            let name = word.get(bangs..).unwrap_or_default().trim();
            let negated = negated != (bangs % 2 == 1);
            match (self.names.get(name), deep.checked_sub(1)) {
                (Some(inner), Some(deep)) => self.resolve(inner, negated, deep, all),
                _ => all.push(format!("{}{name}", if negated { "!" } else { "" })),
            }
        }
    }
}

/// Who may run what, where.
pub(super) struct Specification {
    pub(super) at: Span,
    pub(super) users: Vec<String>,
    pub(super) hosts: Vec<String>,
    pub(super) items: Vec<Item>,
}

impl Specification {
    /// As whom a command runs, where that is said.
    pub(super) fn runas_of(&self, item: &Item) -> Option<String> {
        item.runas.clone()
    }
}

/// One command of a list, with all that holds for it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) at: Span,
    /// The command.
    pub(super) text: String,
    /// As it is written, and by which alias.
    pub(super) written: String,
    pub(super) negated: bool,
    pub(super) no_password: bool,
    pub(super) no_exec: bool,
    pub(super) digest: bool,
    pub(super) conditions: Vec<String>,
    runas: Option<String>,
}

/// Reads a file.
pub(super) fn file(text: &str, source: SourceId, told: &mut Vec<Told>) -> Result<File, Vec<Diagnostic>> {
    let lines = lines(text);
    let mut wrong = Vec::new();
    let mut file = File { specifications: Vec::new(), never_asks: false, names: BTreeMap::new() };
    let mut commands: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    // Aliases may be used before they are defined.
    for line in &lines {
        if let Some((kind, definitions)) = alias(line) {
            for definition in definitions {
                let Some(at) = definition.find(|letter| letter == '=') else {
                    let help = "such as `Cmnd_Alias SERVICES = /usr/bin/systemctl restart app`";
                    wrong.push(
                        Diagnostic::error("convert-syntax", "an alias has no `=`")
                            .at(definition.at(source), "")
                            .help(help),
                    );
                    continue;
                };
                let (name, members) = (definition.until(at).text(), definition.from(at + 1).split(','));
                if kind.starts_with("Cm") {
                    commands.insert(name, members);
                } else {
                    file.names.insert(name, members.iter().map(Piece::text).collect());
                }
            }
        }
    }
    for line in &lines {
        let written = line.text();
        let first = written.split_whitespace().next().unwrap_or_default();
        if alias(line).is_some() {
            continue;
        }
        if first.starts_with("Defaults") {
            defaults(line, source, &mut file, told);
        } else if first.starts_with("@include") || first.starts_with("#include") {
            let message = format!("{written}: what stands there is not read, neither permissions nor refusals");
            told.push(Told { became: Became::LeftOut, at: line.at(source), message });
        } else {
            match specification(line, source, &commands, told) {
                Ok(found) => file.specifications.extend(found),
                Err(found) => wrong.push(found),
            }
        }
    }
    if wrong.is_empty() { Ok(file) } else { Err(wrong) }
}

/// The kind of an alias line, and its definitions.
fn alias(line: &Piece) -> Option<(&'static str, Vec<Piece>)> {
    let text = line.text();
    let kinds = ["Cmnd_Alias", "Cmd_Alias", "User_Alias", "Runas_Alias", "Host_Alias"];
    let kind = kinds
        .into_iter()
        .find(|kind| text.strip_prefix(kind).is_some_and(|rest| rest.starts_with(char::is_whitespace)))?;
    Some((kind, line.from(kind.len()).split(':')))
}

fn defaults(line: &Piece, source: SourceId, file: &mut File, told: &mut Vec<Told>) {
    let text = line.text();
    let all = text.starts_with("Defaults ") || text.starts_with("Defaults\t");
    if all && text.contains("!authenticate") {
        file.never_asks = true;
        let message = format!("{text}: nobody is asked for a password, so commands are allowed and not asked about");
        return told.push(Told { became: Became::Note, at: line.at(source), message });
    }
    told.push(Told {
        became: Became::Note,
        at: line.at(source),
        message: format!("{text}: settings of sudo are not in rules"),
    });
}

/// A line `users hosts = commands`, and what follows a further `hosts =`.
fn specification(
    line: &Piece,
    source: SourceId,
    commands: &BTreeMap<String, Vec<Piece>>,
    told: &mut Vec<Told>,
) -> Result<Vec<Specification>, Diagnostic> {
    let help = "such as `alice ALL = (root) NOPASSWD: /usr/bin/systemctl restart app`";
    let wrong = |message: &str| Diagnostic::error("convert-syntax", message).at(line.at(source), "").help(help);
    let equals = line.find(|letter| letter == '=').ok_or_else(|| wrong("this is no line of a sudoers file"))?;
    let left = joined_lists(&line.until(equals).text());
    let (users, hosts) = left.rsplit_once(' ').ok_or_else(|| wrong("a line names users and hosts before its `=`"))?;
    let list = |text: &str| -> Vec<String> { text.split(',').map(|word| word.trim().to_owned()).collect() };
    let users = list(users);
    let (mut found, mut hosts, mut rest) = (Vec::new(), list(hosts), line.from(equals + 1));
    loop {
        let (here, next) = match further(&rest) {
            Some((colon, equals)) => {
                let hosts = list(&joined_lists(&rest.until(equals).text().chars().skip(colon + 1).collect::<String>()));
                (rest.until(colon), Some((hosts, rest.from(equals + 1))))
            }
            None => (rest.clone(), None),
        };
        let items = items(&here, source, commands, told);
        if items.is_empty() && here.is_empty() {
            return Err(wrong("a line names no command behind its `=`"));
        }
        found.push(Specification {
            at: line.at(source),
            users: users.clone(),
            hosts: std::mem::take(&mut hosts),
            items,
        });
        match next {
            Some((more, behind)) => (hosts, rest) = (more, behind),
            None => return Ok(found),
        }
    }
}

/// A text in which no blanks stand around commas.
fn joined_lists(text: &str) -> String {
    text.split(',').map(str::trim).collect::<Vec<_>>().join(",").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a further `: hosts =` begins, and where its `=` stands.
fn further(rest: &Piece) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let colon = from + Piece(rest.0.iter().skip(from).copied().collect()).find(|letter| letter == ':')?;
        let before: String = rest.0.iter().take(colon).map(|(letter, _)| letter).collect();
        let word =
            before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next().unwrap_or_default();
        let tag = TAGS.contains(&word) || word.starts_with("sha");
        let behind = Piece(rest.0.iter().skip(colon + 1).copied().collect());
        let equals = behind.find(|letter| letter == '=');
        if let (false, Some(equals)) = (tag, equals) {
            let hosts: String = behind.0.iter().take(equals).map(|(letter, _)| letter).collect();
            let is_list = hosts.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-,!+*/ \t".contains(letter));
            if is_list && !OPTIONS.contains(&hosts.trim()) && !hosts.trim().is_empty() && !hosts.trim().starts_with('/')
            {
                return Some((colon, colon + 1 + equals));
            }
        }
        from = colon + 1;
    }
}

const TAGS: &[&str] = &[
    "NOPASSWD",
    "PASSWD",
    "NOEXEC",
    "EXEC",
    "SETENV",
    "NOSETENV",
    "LOG_INPUT",
    "NOLOG_INPUT",
    "LOG_OUTPUT",
    "NOLOG_OUTPUT",
    "MAIL",
    "NOMAIL",
    "FOLLOW",
    "NOFOLLOW",
    "INTERCEPT",
    "NOINTERCEPT",
];
const OPTIONS: &[&str] =
    &["CWD", "CHROOT", "ROLE", "TYPE", "PRIVS", "LIMITPRIVS", "TIMEOUT", "NOTBEFORE", "NOTAFTER", "APPARMOR_PROFILE"];

/// The commands of a list. What stands before one holds for those behind it as well.
fn items(list: &Piece, source: SourceId, commands: &BTreeMap<String, Vec<Piece>>, told: &mut Vec<Told>) -> Vec<Item> {
    let mut found = Vec::new();
    let mut state = Item {
        at: list.at(source),
        text: String::new(),
        written: String::new(),
        negated: false,
        no_password: false,
        no_exec: false,
        digest: false,
        conditions: Vec::new(),
        runas: None,
    };
    let mut digest = false;
    for piece in list.split(',') {
        let mut rest = piece.clone();
        loop {
            let text = rest.text();
            if text.starts_with('(') {
                let close = rest.0.iter().position(|(letter, _)| *letter == ')').unwrap_or(rest.0.len());
                state.runas =
                    Some(text.chars().skip(1).take(close.saturating_sub(1)).collect::<String>().trim().to_owned());
                rest = rest.from(close + 1);
                continue;
            }
            let word: String =
                text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
            let behind = text.get(word.len()..).unwrap_or_default().trim_start();
            let skipped = text.chars().count() - behind.chars().count();
            if let (true, Some(value)) = (OPTIONS.contains(&word.as_str()), behind.strip_prefix('=')) {
                let value_length = value.chars().take_while(|letter| !letter.is_whitespace()).count();
                if !matches!(word.as_str(), "TIMEOUT" | "ROLE" | "TYPE") {
                    state.conditions.push(format!("`{word}`"));
                }
                rest = rest.from(skipped + 1 + value_length);
            } else if TAGS.contains(&word.as_str()) && behind.starts_with(':') {
                match word.as_str() {
                    "NOPASSWD" => state.no_password = true,
                    "PASSWD" => state.no_password = false,
                    "NOEXEC" => state.no_exec = true,
                    "EXEC" => state.no_exec = false,
                    "SETENV" => told.push(Told {
                        became: Became::Note,
                        at: piece.at(source),
                        message: "SETENV: which variables may be set is not in rules".to_owned(),
                    }),
                    _ => {}
                }
                rest = rest.from(skipped + 1);
            } else if matches!(word.as_str(), "sha224" | "sha256" | "sha384" | "sha512") && behind.starts_with(':') {
                digest = true;
                let value: String = behind.chars().skip(1).collect();
                let blanks = value.chars().take_while(|letter| letter.is_whitespace()).count();
                let length = value.chars().skip(blanks).take_while(|letter| !letter.is_whitespace()).count();
                rest = rest.from(skipped + 1 + blanks + length);
            } else {
                break;
            }
        }
        // A digest alone belongs to the command behind the comma.
        if rest.is_empty() {
            continue;
        }
        let item = Item { at: piece.at(source), digest: std::mem::take(&mut digest), ..state.clone() };
        command(&rest, &item, "", commands, DEEPEST, &mut found);
    }
    found
}

/// A command, or those of an alias.
fn command(
    piece: &Piece,
    state: &Item,
    via: &str,
    commands: &BTreeMap<String, Vec<Piece>>,
    deep: usize,
    found: &mut Vec<Item>,
) {
    let bangs = piece.0.iter().take_while(|(letter, _)| *letter == '!' || letter.is_whitespace()).collect::<Vec<_>>();
    let negated = bangs.iter().filter(|(letter, _)| *letter == '!').count() % 2 == 1;
    let mut rest = piece.from(bangs.len());
    let mut digest = state.digest;
    // In an alias a digest stands before the command as well.
    while let Some(text) = Some(rest.text())
        .filter(|text| text.starts_with("sha2") || text.starts_with("sha3") || text.starts_with("sha5"))
    {
        digest = true;
        let length = text.chars().take_while(|letter| !letter.is_whitespace()).count();
        rest = rest.from(length);
    }
    if rest.is_empty() {
        return;
    }
    let text = rest.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let negated = negated != state.negated;
    if let (Some(members), Some(deep)) = (commands.get(&text), deep.checked_sub(1)) {
        let inner = Item { negated, digest, ..state.clone() };
        for member in members {
            command(member, &inner, &text, commands, deep, found);
        }
        return;
    }
    let bang = if negated { "!" } else { "" };
    let written = if via.is_empty() { format!("{bang}{text}") } else { format!("{bang}{text} (of {via})") };
    found.push(Item { text, written, negated, digest, ..state.clone() });
}
