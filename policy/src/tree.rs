//! The whole tree of what a command executes: wrappers and shell text are opened, each command found gets its verdict, and
//! the strictest of all is on top.
//!
//! A rule decides about one command; this module says which commands there are. What is executed but cannot be known is
//! at least `prompt`; what a command does beyond its name (`sort -o`) is no part of what a rule for that name allows.

use std::ops::Range;

use serde::Serialize;
use smallvec::SmallVec;

use crate::decision::Decision;
use crate::inner::{Inner, Input};
use crate::judge::{self, Facts};
use crate::program_text::line as one_line;
use crate::programs;
use crate::request::{Identity, last_component};
use crate::ruleset::RuleSet;
use crate::shell::is_followed_builtin;
use crate::shell::{
    Access, Command, CommandInput, Dialect, OpaquePart, Part, Redirection, Settings, danger, decompose,
};
use crate::unfold;
use crate::verdict::{Reason, Verdict};
use crate::word::Word;

/// How deep commands carry commands; what is deeper is opaque.
const DEEPEST: u32 = 24;

/// How many nodes a tree has at most.
const MOST: usize = 20_000;

/// How much text its nodes hold at most, in bytes: what wrappers carry is written out anew at each level.
const MOST_TEXT: usize = 2 << 20;

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// One command.
    Command(&'a [Word]),
    /// Shell text.
    Script {
        /// The text.
        text: &'a str,
        /// Who reads it.
        dialect: Dialect,
    },
}

/// What is known of the place where it would run.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The facts about the program a word names.
    pub identify: &'a dyn Fn(&str) -> Option<Identity>,
    /// The home directory, for `~`.
    pub home: Option<&'a str>,
    /// What a command gets that no rule matches.
    pub default: Decision,
}

/// One thing that is executed, with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// How deep it stands below the root.
    pub depth: u32,
    /// What it is.
    pub kind: Kind,
    /// What is decided about it alone.
    pub verdict: Verdict,
    /// Where it is: bytes of the text of the nearest script above it.
    pub at: Option<Range<u32>>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A command.
    Command {
        /// Its words; none where only files are opened.
        words: Vec<Word>,
        /// The files the shell opens for it.
        redirections: Vec<Redirection>,
    },
    /// Shell text; what it executes stands below it.
    Script {
        /// The shell that reads it.
        shell: String,
        /// The text.
        text: String,
    },
    /// A part of a script that cannot be known.
    Opaque,
}

/// The tree, each node before what it executes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// The nodes; never empty.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The strictest decision of all nodes.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.nodes.iter().map(|node| node.verdict.decision()).max().unwrap_or(Decision::Forbidden)
    }

    /// The nodes that decide.
    pub fn deciding(&self) -> impl Iterator<Item = &Node> {
        let decision = self.decision();
        self.nodes.iter().filter(move |node| node.verdict.decision() == decision)
    }

    /// One verdict for all of it: the reasons of all nodes, each once.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let mut because: SmallVec<[Reason; 1]> = SmallVec::new();
        for reason in self.nodes.iter().flat_map(|node| node.verdict.because()) {
            if !because.contains(reason) {
                because.push(reason.clone());
            }
        }
        Verdict::from_reasons(because)
    }
}

/// Judges a command or a script with everything it executes.
#[must_use]
pub fn judge(rules: &RuleSet, subject: Subject<'_>, around: &Surroundings<'_>) -> Tree {
    let mut growing = Growing { rules, around, nodes: Vec::new(), text: 0, todo: Vec::new() };
    match subject {
        Subject::Command(words) => growing.command(&Found::of(words.to_vec()), 0, Covered::No),
        Subject::Script { text, dialect } => {
            growing.script(dialect.name(), dialect, text, None, 0, Covered::No);
        }
    }
    // Depth first, without nesting: what a node executes stands right below it.
    while let Some((depth, todo, covered)) = growing.todo.pop() {
        match todo {
            Todo::Command(found) => growing.command(&found, depth, covered),
            Todo::Script { shell, dialect, text, arguments } => {
                growing.script(&shell, dialect, &text, Some(&arguments), depth, covered);
            }
            Todo::Opaque(OpaquePart { what, at }) => {
                growing.node(depth, Kind::Opaque, Some(at), SmallVec::from_iter([opaque(what)]));
            }
        }
    }
    Tree { nodes: growing.nodes }
}

/// What is still to be judged.
enum Todo {
    Command(Found),
    Script { shell: String, dialect: Dialect, text: String, arguments: Vec<Word> },
    Opaque(OpaquePart),
}

/// Whether a rule that allows the command above named this one with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covered {
    No,
    Yes,
}

/// A command that was found, with what stands around it.
#[derive(Clone, Debug)]
struct Found {
    words: Vec<Word>,
    environment: Vec<(String, Word)>,
    redirections: Vec<Redirection>,
    input: CommandInput,
    doubts: Vec<String>,
    transparent: bool,
    /// Whether a shell carries it out, whose builtins were followed already.
    by_shell: bool,
    at: Option<Range<u32>>,
}

impl Found {
    fn of(words: Vec<Word>) -> Self {
        Self {
            words,
            environment: Vec::new(),
            redirections: Vec::new(),
            input: CommandInput::Inherited,
            doubts: Vec::new(),
            transparent: false,
            by_shell: false,
            at: None,
        }
    }
}

impl From<Command> for Found {
    fn from(command: Command) -> Self {
        let Command { words, environment, redirections, input, doubts, transparent, at } = command;
        Self { words, environment, redirections, input, doubts, transparent, by_shell: true, at: Some(at) }
    }
}

struct Growing<'a> {
    rules: &'a RuleSet,
    around: &'a Surroundings<'a>,
    nodes: Vec<Node>,
    /// Bytes of text in the nodes.
    text: usize,
    /// What is to come, the next one last.
    todo: Vec<(u32, Todo, Covered)>,
}

type Reasons = SmallVec<[Reason; 1]>;

fn opaque(what: impl Into<String>) -> Reason {
    Reason::Opaque { decision: Decision::Prompt, what: what.into() }
}

impl Growing<'_> {
    fn node(&mut self, depth: u32, kind: Kind, at: Option<Range<u32>>, because: Reasons) -> usize {
        self.text += match &kind {
            Kind::Command { words, .. } => words.iter().map(|word| word.written().len()).sum(),
            Kind::Script { text, .. } => text.len(),
            Kind::Opaque => 0,
        };
        self.nodes.push(Node { depth, kind, verdict: Verdict::from_reasons(because), at });
        self.nodes.len() - 1
    }

    fn too_much(&mut self, depth: u32, at: Option<Range<u32>>) -> bool {
        let why = if depth > DEEPEST {
            "commands that carry commands, nested too deeply"
        } else if self.nodes.len() >= MOST || self.text > MOST_TEXT {
            "more commands than are looked at"
        } else {
            return false;
        };
        if !self.nodes.last().is_some_and(|node| node.verdict.because() == [opaque(why)]) {
            self.node(depth, Kind::Opaque, at, SmallVec::from_iter([opaque(why)]));
        }
        true
    }

    fn script(
        &mut self,
        shell: &str,
        dialect: Dialect,
        text: &str,
        arguments: Option<&[Word]>,
        depth: u32,
        covered: Covered,
    ) {
        if self.too_much(depth, None) {
            return;
        }
        let kind = Kind::Script { shell: shell.to_owned(), text: text.to_owned() };
        let parts = decompose(text, dialect, &Settings { arguments, home: self.around.home });
        self.node(depth, kind, None, SmallVec::from_iter([Reason::Carries]));
        self.todo.extend(parts.into_iter().rev().map(|part| {
            let todo = match part {
                Part::Command(command) => Todo::Command(command.into()),
                Part::Opaque(part) => Todo::Opaque(part),
            };
            (depth + 1, todo, covered)
        }));
    }

    fn command(&mut self, found: &Found, depth: u32, covered: Covered) {
        if self.too_much(depth, found.at.clone()) {
            return;
        }
        let default = if covered == Covered::Yes { Decision::Allow } else { self.around.default };
        let mut because = Reasons::new();
        for redirection in &found.redirections {
            because.extend(opened(redirection, default));
        }
        because.extend(found.doubts.iter().map(opaque));
        let dangers = found.environment.iter().filter_map(|(name, value)| danger(name, value.text()));
        for why in dangers {
            if !found.doubts.contains(&why) {
                because.push(opaque(why));
            }
        }
        let kind = Kind::Command { words: found.words.clone(), redirections: found.redirections.clone() };
        let mut inner = Vec::new();
        match found.words.first() {
            None if because.is_empty() => because.push(Reason::Carries),
            None => {}
            Some(Word::Opaque(first)) => {
                because.push(Reason::NoRule { decision: default });
                because.push(opaque(format!("the program `{}` is not known: {}", first.written, first.why)));
            }
            Some(Word::Known(first)) => inner = self.known_program(first, found, default, &mut because),
        }
        self.node(depth, kind, found.at.clone(), because);
        for (inner, covered) in inner.into_iter().rev() {
            let todo = match inner {
                Inner::Command { words, environment } => {
                    let input = found.input.clone();
                    Todo::Command(Found { environment, input, at: found.at.clone(), ..Found::of(words) })
                }
                Inner::Script { shell, text, arguments } => {
                    let Some(dialect) = Dialect::of(&shell) else { continue };
                    let text = match text {
                        Word::Known(text) => text,
                        // How it goes on is not known and asked about; how it begins is executed all the same.
                        Word::Opaque(opaque) => whole_words(&opaque.prefix).to_owned(),
                    };
                    if text.is_empty() {
                        continue;
                    }
                    Todo::Script { shell, dialect, text, arguments }
                }
                Inner::Text { .. } | Inner::Executes { .. } | Inner::Touches { .. } => continue,
            };
            self.todo.push((depth + 1, todo, covered));
        }
    }

    /// Adds the reasons of a command whose program is known; gives what it executes.
    fn known_program(
        &self,
        first: &str,
        found: &Found,
        default: Decision,
        because: &mut Reasons,
    ) -> Vec<(Inner, Covered)> {
        let words = found.words.as_slice();
        let identity = (self.around.identify)(first);
        let names = judge::names(self.rules, first, identity.as_ref());
        let mut by_rules = Reasons::new();
        let facts = Facts { word: first, names: &names, identity: identity.as_ref() };
        let possible = judge::strict(self.rules, words, facts, &mut by_rules);
        let reach = by_rules.iter().filter_map(|reason| match reason {
            Reason::Rule { decision: Decision::Allow, matched, .. } => Some(*matched as usize),
            _ => None,
        });
        let reach = reach.max().unwrap_or(0);
        for id in possible {
            let Some(rule) = self.rules.rule(id) else { continue };
            let decision = by_rules.iter().map(Reason::decision).max().unwrap_or(Decision::Allow);
            if rule.decision() > decision {
                let rest: Vec<String> = rule.rest().iter().map(|element| element.words().join("|")).collect();
                because.push(opaque(format!(
                    "it may be `{} {}`, by a word that is not known",
                    rule.head(),
                    rest.join(" ")
                )));
            }
        }
        if reach == 0 && runs_from_anywhere(first, identity.as_ref()) {
            because
                .push(opaque(format!("`{first}` is a file outside of the system's directories: it can do anything")));
        }
        let mut carried = Vec::new();
        let mut says_nothing_more = true;
        let followed = found.by_shell && is_followed_builtin(first);
        let inner = if followed { Vec::new() } else { executes(first, &names, words, &found.input) };
        for inner in inner {
            match inner {
                Inner::Touches { what, word } => {
                    if reach > word {
                        continue;
                    }
                    by_rules.retain(|reason| !matches!(reason, Reason::Rule { decision: Decision::Allow, .. }));
                    if default > Decision::Allow && reach > 0 {
                        because
                            .push(Reason::Opaque { decision: default, what: format!("{what}, which no rule allows") });
                    }
                }
                Inner::Executes { what, word } => {
                    if reach <= word {
                        says_nothing_more = false;
                        because.push(Reason::Executes { what });
                    }
                }
                Inner::Text { language, text } => {
                    says_nothing_more = false;
                    because.push(Reason::Executes { what: format!("{language} text: `{}`", one_line(text.written())) });
                }
                Inner::Script { shell, text, arguments } => match text {
                    Word::Known(_) if Dialect::of(&shell).is_some() => {
                        let covered = covers(reach, words.len().saturating_sub(1));
                        carried.push((Inner::Script { shell, text, arguments }, covered));
                    }
                    text => {
                        says_nothing_more = false;
                        because.push(Reason::Executes {
                            what: format!("text for `{shell}`: `{}`", one_line(text.written())),
                        });
                        carried.push((Inner::Script { shell, text, arguments }, Covered::No));
                    }
                },
                Inner::Command { words: inner, environment } => {
                    let start = words.len().saturating_sub(inner.len());
                    carried.push((Inner::Command { words: inner, environment }, covers(reach, start)));
                }
            }
        }
        let carries = !carried.is_empty() && says_nothing_more && is_transparent(first, identity.as_ref());
        if by_rules.is_empty() {
            by_rules.push(if found.transparent || carries {
                Reason::Carries
            } else {
                Reason::NoRule { decision: default }
            });
        }
        by_rules.extend(because.drain(..));
        *because = by_rules;
        carried
    }
}

/// A text that goes on, up to where it cannot change any more what its words are.
fn whole_words(text: &str) -> &str {
    let end = text.rfind([' ', '\t', '\n', ';', '|', '&', ')']).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or("")
}

fn covers(reach: usize, start: usize) -> Covered {
    if reach > start { Covered::Yes } else { Covered::No }
}

/// Everything a command executes or touches beyond what its name says.
fn executes(first: &str, names: &[&str], words: &[Word], input: &CommandInput) -> Vec<Inner> {
    let input = match input {
        CommandInput::Inherited => Input::Inherited,
        CommandInput::Unknown => Input::Unknown,
        CommandInput::Text(text) => Input::Text(text),
    };
    let called = last_component(first);
    let mut found: Vec<Inner> = Vec::new();
    for name in names.iter().filter(|name| !name.contains('/')) {
        // Programs of many names do what the name says by which they were called.
        if Some(*name) != called && matches!(*name, "busybox" | "toybox" | "coreutils") {
            continue;
        }
        for inner in unfold::inner(name, words, input).into_iter().chain(programs::touches(name, words)) {
            if !found.contains(&inner) {
                found.push(inner);
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// Wrappers that change nothing of what they carry but how long, how fast and with which streams it runs, and shells
/// whose text was opened. What they carry decides; a rule can still forbid them.
const TRANSPARENT: &[&str] = &[
    "env", "nice", "ionice", "chrt", "nohup", "timeout", "time", "stdbuf", "setsid", "command", "builtin", "exec",
    "eval", "bash", "sh", "dash", "zsh", "ksh",
];

fn is_transparent(word: &str, identity: Option<&Identity>) -> bool {
    let name = last_component(word).unwrap_or(word);
    TRANSPARENT.contains(&name)
        && !runs_from_anywhere(word, identity)
        && !identity.is_some_and(|known| known.through_relative_path || known.changeable)
}

/// Directories that only an administrator fills.
const SYSTEM: &[&str] =
    &["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/", "/opt/homebrew/bin/"];

/// Whether a word is the path of a file in one of those directories.
pub(crate) fn in_system(word: &str) -> bool {
    let is_in = |folder: &&str| word.strip_prefix(*folder).is_some_and(|name| !name.is_empty() && !name.contains('/'));
    SYSTEM.iter().any(is_in)
}

/// Whether a word names a file by a path on which nobody relies to be a certain program.
fn runs_from_anywhere(word: &str, identity: Option<&Identity>) -> bool {
    word.contains('/')
        && !in_system(word)
        && !identity.is_some_and(|known| {
            known.lookup.as_deref() == Some(word) && !known.through_relative_path && !known.changeable
        })
}

/// The reason against a file being opened, if there is one.
fn opened(redirection: &Redirection, default: Decision) -> Option<Reason> {
    let name = redirection.target.written();
    match redirection.access {
        Access::Network => Some(opaque(format!("opens a connection: `{name}`"))),
        _ if redirection.is_harmless() || default == Decision::Allow => None,
        _ => Some(Reason::Opaque { decision: default, what: format!("writes `{name}`, which no rule allows") }),
    }
}

#[cfg(test)]
mod tests;
