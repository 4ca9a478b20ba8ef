//! The command line of an intended invocation of Codex, read as its releases read it.
//!
//! One row a flag. What the rows cannot say, such as flags that exclude each other, is in `refuse`.

use super::failure::Failure;
use super::release::Release;
use super::shape::{ALWAYS, Known, SINCE_125, SINCE_169, UNTIL_125};
use super::value::{Node, Value, of_flag};
use crate::likeness::nearest;
use crate::source::{Source, SourceId, Sources, Span};

/// How Codex is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surface {
    /// `codex`, with its own screen.
    Interactive,
    /// `codex exec`.
    Exec,
    /// `codex app-server`, for editors and other clients; the flags stand before the word.
    AppServer,
}

/// The words of an invocation, each with its place in a text made of them.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The text of the whole.
    pub source: SourceId,
    /// How Codex is started.
    pub surface: Surface,
    /// The arguments.
    pub words: Vec<(String, Span)>,
}

impl CommandLine {
    /// Writes an invocation down among the sources, so that its words have places.
    #[must_use]
    pub fn new(sources: &mut Sources, surface: Surface, words: &[String]) -> Self {
        let mut text = String::from(match surface {
            Surface::Exec => "codex exec",
            Surface::Interactive | Surface::AppServer => "codex",
        });
        let mut ranges = Vec::new();
        for word in words {
            text.push(' ');
            let start = text.len();
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./,:@~+".contains(letter);
            if !word.is_empty() && word.chars().all(plain) {
                text.push_str(word);
            } else {
                text.push_str(&format!("'{}'", word.replace('\'', "'\\''").replace('\n', " ")));
            }
            ranges.push(start..text.len());
        }
        if surface == Surface::AppServer {
            text.push_str(" app-server");
        }
        let source = sources.add(Source { name: "command line".into(), text });
        let span = |range: std::ops::Range<usize>| Span {
            source,
            start: u32::try_from(range.start).unwrap_or(u32::MAX),
            end: u32::try_from(range.end).unwrap_or(u32::MAX),
        };
        Self { source, surface, words: words.iter().cloned().zip(ranges.into_iter().map(span)).collect() }
    }
}

/// A value given by a flag of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed<T> {
    /// The value.
    pub value: T,
    /// Where it was given.
    pub span: Span,
}

/// What the flags of an invocation say.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `-c`, `--enable` and `--disable`, in order: a path of keys and a value.
    pub overrides: Vec<(Vec<String>, Node)>,
    /// The mode asked for, by whichever flag wins.
    pub sandbox: Option<Typed<String>>,
    /// The approval policy asked for.
    pub approval: Option<Typed<String>>,
    /// `--profile`.
    pub profile: Option<Typed<String>>,
    /// `--model`.
    pub model: Option<Typed<String>>,
    /// `--add-dir`.
    pub add_dirs: Vec<Typed<String>>,
    /// `--cd`.
    pub cd: Option<Typed<String>>,
    /// `--ignore-user-config`.
    pub ignore_user_config: bool,
    /// `--ignore-rules`.
    pub ignore_rules: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Everywhere,
    NotExec,
    Exec,
}

struct Row {
    long: &'static str,
    short: Option<char>,
    takes: bool,
    at: Where,
    known: Known,
}

const fn row(long: &'static str, short: Option<char>, takes: bool, at: Where, known: Known) -> Row {
    Row { long, short, takes, at, known }
}

const ROWS: &[Row] = &[
    row("config", Some('c'), true, Where::Everywhere, ALWAYS),
    row("enable", None, true, Where::Everywhere, ALWAYS),
    row("disable", None, true, Where::Everywhere, ALWAYS),
    row("sandbox", Some('s'), true, Where::Everywhere, ALWAYS),
    row("ask-for-approval", Some('a'), true, Where::NotExec, ALWAYS),
    row("full-auto", None, false, Where::Everywhere, UNTIL_125),
    row("approve-for-me", None, false, Where::Everywhere, SINCE_169),
    row("dangerously-bypass-approvals-and-sandbox", None, false, Where::Everywhere, ALWAYS),
    row("yolo", None, false, Where::Everywhere, ALWAYS),
    row("profile", Some('p'), true, Where::Everywhere, ALWAYS),
    row("search", None, false, Where::NotExec, ALWAYS),
    row("model", Some('m'), true, Where::Everywhere, ALWAYS),
    row("add-dir", None, true, Where::Everywhere, ALWAYS),
    row("cd", Some('C'), true, Where::Everywhere, ALWAYS),
    row("ignore-user-config", None, false, Where::Exec, SINCE_125),
    row("ignore-rules", None, false, Where::Exec, SINCE_125),
    row("image", Some('i'), true, Where::Everywhere, ALWAYS),
    row("oss", None, false, Where::Everywhere, ALWAYS),
    row("local-provider", None, true, Where::Everywhere, ALWAYS),
    row("remote", None, true, Where::NotExec, ALWAYS),
    row("remote-auth-token-env", None, true, Where::NotExec, ALWAYS),
    row("no-alt-screen", None, false, Where::NotExec, ALWAYS),
    row("no-daemon", None, false, Where::NotExec, SINCE_169),
    row("strict-config", None, false, Where::Everywhere, SINCE_169),
    row("dangerously-bypass-hook-trust", None, false, Where::Everywhere, SINCE_169),
    row("worktree", None, false, Where::Everywhere, SINCE_169),
    row("thread-source", None, true, Where::Exec, SINCE_169),
    row("cyber-access-program", None, true, Where::Exec, SINCE_169),
    row("trust", None, false, Where::Exec, SINCE_169),
    row("skip-git-repo-check", None, false, Where::Exec, ALWAYS),
    row("ephemeral", None, false, Where::Exec, ALWAYS),
    row("output-schema", None, true, Where::Exec, ALWAYS),
    row("color", None, true, Where::Exec, ALWAYS),
    row("json", None, false, Where::Exec, ALWAYS),
    row("output-last-message", Some('o'), true, Where::Exec, ALWAYS),
];

const MODES: &[&str] = &["read-only", "workspace-write", "danger-full-access"];

/// Reads the flags as `release` does. Words that are no flags are the prompt.
///
/// # Errors
/// What the release refuses: usage, a `-c` without `=`, an unknown feature.
pub fn read(line: &CommandLine, release: &Release) -> Result<Flags, Failure> {
    let mut given: Vec<(&'static Row, Option<String>, Span)> = Vec::new();
    let mut words = line.words.iter();
    while let Some((word, span)) = words.next() {
        if word == "--" {
            break;
        }
        let Some((row, inline)) = find(word, line.surface, release, *span)? else { continue };
        let value = match (row.takes, inline) {
            (true, None) => Some(
                words
                    .next()
                    .map(|(value, _)| value.clone())
                    .ok_or_else(|| usage(format!("`--{}` needs a value", row.long), *span))?,
            ),
            (_, inline) => inline,
        };
        given.push((row, value, *span));
    }
    refuse(&given, release)?;
    gather(&given, line.surface, release)
}

/// Whether every word is a flag or the value of one, so that the next word would be a sub-command.
#[must_use]
pub fn only_flags(line: &CommandLine, release: &Release) -> bool {
    let mut words = line.words.iter();
    while let Some((word, span)) = words.next() {
        match find(word, line.surface, release, *span) {
            Ok(Some((row, inline))) => {
                if row.takes && inline.is_none() && words.next().is_none() {
                    return false;
                }
            }
            // A flag that is refused is told of later; it does not make a prompt of what follows.
            Err(_) => {}
            Ok(None) => return false,
        }
    }
    true
}

fn usage(message: String, span: Span) -> Failure {
    Failure::new("cli_usage", message).at(span)
}

/// The row of a word and a value written in the same word, or nothing for a word that is no flag.
fn find(
    word: &str,
    surface: Surface,
    release: &Release,
    span: Span,
) -> Result<Option<(&'static Row, Option<String>)>, Failure> {
    let fits = |row: &&Row| {
        row.known.to(release)
            && match row.at {
                Where::Everywhere => true,
                Where::NotExec => surface != Surface::Exec,
                Where::Exec => surface == Surface::Exec,
            }
    };
    let rows = || ROWS.iter().filter(fits);
    if let Some(long) = word.strip_prefix("--") {
        let (name, inline) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        return match rows().find(|row| row.long == name) {
            Some(row) if row.takes || inline.is_none() => Ok(Some((row, inline))),
            Some(_) => Err(usage(format!("`--{name}` takes no value"), span)),
            None => Err(unknown(word, name, rows().map(|row| row.long), release, span)),
        };
    }
    let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
    let Some(letter) = letters.next() else { return Ok(None) };
    match rows().find(|row| row.short == Some(letter)) {
        Some(row) => {
            let rest = letters.as_str();
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            Ok(Some((row, (!letters.as_str().is_empty()).then(|| rest.to_owned()))))
        }
        None => Err(usage(format!("Codex {} has no flag `{word}` here", release.name), span)),
    }
}

fn unknown<'a>(word: &str, name: &str, known: impl Iterator<Item = &'a str>, release: &Release, span: Span) -> Failure {
    let elsewhere = ROWS.iter().any(|row| row.long == name);
    let mut failure = usage(format!("Codex {} has no flag `{word}` here", release.name), span);
    if elsewhere {
        failure.help = Some("another release, or another way to start Codex, has it".into());
    } else if let Some(name) = nearest(name, known) {
        failure.help = Some(format!("did you mean `--{name}`?"));
    }
    failure
}

fn is_bypass(row: &Row) -> bool {
    matches!(row.long, "yolo" | "dangerously-bypass-approvals-and-sandbox")
}

/// Flags that exclude each other, and words a flag does not take.
fn refuse(given: &[(&Row, Option<String>, Span)], release: &Release) -> Result<(), Failure> {
    let has = |name: &str| given.iter().find(|(row, ..)| row.long == name);
    let bypass = given.iter().find(|(row, ..)| is_bypass(row));
    // One flag by two names.
    if let Some((.., span)) = given.iter().filter(|(row, ..)| is_bypass(row)).nth(1) {
        return Err(usage("the bypass flag is given twice".to_owned(), *span));
    }
    let excluded: &[(&str, &[&str])] = &[("approve-for-me", &["sandbox", "ask-for-approval"])];
    for (name, others) in excluded {
        for other in *others {
            if let (Some(_), Some((.., span))) = (has(name), has(other)) {
                return Err(usage(format!("`--{name}` and `--{other}` exclude each other"), *span));
            }
        }
    }
    for other in ["ask-for-approval", "full-auto", "approve-for-me"] {
        if let (Some(_), Some((.., span))) = (bypass, has(other)) {
            return Err(usage(format!("the bypass flag and `--{other}` exclude each other"), *span));
        }
    }
    for (row, value, span) in given {
        let words = match row.long {
            "sandbox" => MODES,
            "ask-for-approval" => release.ask_words,
            _ => continue,
        };
        let value = value.as_deref().unwrap_or_default();
        if !words.contains(&value) {
            let mut failure =
                usage(format!("Codex {} does not take `{value}` for `--{}`", release.name, row.long), *span);
            failure.help = Some(format!("one of {}", words.join(", ")));
            return Err(failure);
        }
        if given.iter().filter(|(other, ..)| other.long == row.long).count() > 1 {
            return Err(usage(format!("`--{}` is given twice", row.long), *span));
        }
    }
    Ok(())
}

fn gather(given: &[(&Row, Option<String>, Span)], surface: Surface, release: &Release) -> Result<Flags, Failure> {
    let mut flags = Flags::default();
    // An app server takes its sandbox and approvals from the client: flags for a screen are without effect there.
    let screen = surface != Surface::AppServer;
    let last = |name: &str| given.iter().rev().find(|(row, ..)| row.long == name);
    let typed = |name: &str| last(name).and_then(|(_, value, span)| Some(Typed { value: value.clone()?, span: *span }));
    let said = |span: Span, value: &str| Some(Typed { value: value.to_owned(), span });
    if screen {
        flags.sandbox = typed("sandbox");
        flags.approval = typed("ask-for-approval");
        flags.model = typed("model");
        flags.profile = typed("profile");
        flags.add_dirs = given
            .iter()
            .filter(|(row, ..)| row.long == "add-dir")
            .filter_map(|(_, value, span)| Some(Typed { value: value.clone()?, span: *span }))
            .collect();
    }
    flags.cd = typed("cd");
    flags.ignore_user_config = last("ignore-user-config").is_some();
    flags.ignore_rules = last("ignore-rules").is_some();
    if let (true, Some((.., span))) = (screen, last("full-auto")) {
        flags.sandbox = said(*span, "workspace-write");
        flags.approval = said(*span, "on-request");
    }
    // No typed values, unlike the others: it is laid over `-c`, and managed config over it.
    let for_me = if screen { last("approve-for-me").map(|(.., span)| *span) } else { None };
    if let (true, Some((.., span))) = (screen, given.iter().find(|(row, ..)| is_bypass(row))) {
        flags.sandbox = said(*span, "danger-full-access");
        flags.approval = said(*span, "never");
    }
    // Names of features are looked at before any override is read.
    for (row, value, span) in given.iter().filter(|(row, ..)| matches!(row.long, "enable" | "disable")) {
        feature_of(value.as_deref().unwrap_or_default(), row.long == "enable", *span, release)?;
    }
    for (row, value, span) in given {
        let value = value.as_deref().unwrap_or_default();
        match row.long {
            "config" => flags.overrides.push(override_of(value, *span)?),
            "enable" | "disable" => {
                flags.overrides.push(feature_of(value, row.long == "enable", *span, release)?);
            }
            _ => {}
        }
    }
    for (key, word) in
        [("sandbox_mode", "workspace-write"), ("approval_policy", "on-request"), ("approvals_reviewer", "auto_review")]
    {
        if let Some(span) = for_me {
            flags.overrides.push((vec![key.to_owned()], Node { value: Value::Text(word.into()), span, key: span }));
        }
    }
    if let (true, Some((.., span))) = (screen, last("search")) {
        let node = Node { value: Value::Text("live".into()), span: *span, key: *span };
        flags.overrides.push((vec!["web_search".to_owned()], node));
    }
    // Features are laid over the rest, whatever the order of the flags.
    flags.overrides.sort_by_key(|(path, _)| path.first().is_some_and(|first| first == "features"));
    Ok(flags)
}

fn override_of(text: &str, span: Span) -> Result<(Vec<String>, Node), Failure> {
    let wrong = |message: String| Failure::new("cli_override_syntax", message).at(span);
    let (key, value) = text.split_once('=').ok_or_else(|| {
        let mut failure = wrong(format!("`-c {text}` has no `=`"));
        failure.help = Some("write `-c key=value`".into());
        failure
    })?;
    if key.trim().is_empty() {
        return Err(wrong(format!("`-c {text}` names no key")));
    }
    let path = key.trim().split('.').map(str::to_owned).collect();
    Ok((path, Node { value: of_flag(value, span), span, key: span }))
}

fn feature_of(name: &str, on: bool, span: Span, release: &Release) -> Result<(Vec<String>, Node), Failure> {
    if super::features::current(name, release).is_none() {
        let mut failure = Failure::new("cli_feature_unknown", format!("unknown feature `{name}`")).at(span);
        failure.help = nearest(name, super::features::names(release)).map(|known| format!("did you mean `{known}`?"));
        return Err(failure);
    }
    Ok((vec!["features".into(), name.to_owned()], Node { value: Value::Bool(on), span, key: span }))
}
