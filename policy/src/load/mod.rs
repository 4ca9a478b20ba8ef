//! Rule files to a rule set: the only module that names starlark.
//!
//! [`load`] takes texts (or what went wrong when they were read) and gives rules and *all* findings of all files in one
//! go. `builtins` are the functions a rule file calls, `arguments` checks what they are given, `outcome` turns engine errors
//! into diagnostics, `nesting` and [`Limits`] keep a hostile file from taking the process down.
//!
//! What the limits cannot see: one step that allocates or computes without end (`"a" * 10**9`). Steps and heap are
//! looked at between steps. A caller that loads rules of strangers puts [`load_on_this_thread`] behind a wall of its
//! own, as the runner does with an allocation budget and a time limit per thread.

mod arguments;
mod builtins;
mod collector;
pub(crate) mod dict_order;
pub(crate) mod lex;
mod nesting;
mod outcome;
mod same;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use starlark::environment::{Globals, GlobalsBuilder, Module};
use starlark::eval::Evaluator;
use starlark::syntax::{AstModule, Dialect};

use crate::ban;
use crate::decision::Decision;
use crate::diagnostic::{Diagnostic, Severity};
use crate::example::{self, Examples};
use crate::request::{BasenameFallback, CodexMatching};
use crate::rule::Length;
use crate::ruleset::{RuleSet, RuleSetBuilder};
use crate::source::{Source, SourceId, Sources, Span};
use collector::{Collector, Item};

/// One rule file, read or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name shown to people.
    pub name: String,
    /// Its text, or what went wrong when it was read.
    pub text: Result<String, Diagnostic>,
}

/// Which builtins there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Exactly those of Codex 0.169.0.
    Codex169,
    /// Those, and `reviewer`, which later versions know, and `exact`, which is ours.
    Extended,
}

/// What becomes of a rule that allows a program through which anything can be executed. In Codex's own language nothing
/// is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Banned {
    /// It is an error, unless the file accepts it by name.
    Refuse,
    /// It is a warning.
    Warn,
    /// Nothing, as in Codex.
    Ignore,
}

/// How much a rule file may ask for. A file that asks for more is an error with a place, never a wait or a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls and turns of loops.
    pub steps: u64,
    /// Bytes on the engine's heap, looked at every thousand steps.
    pub heap: usize,
    /// Frames of calls, module and builtin included, as in Codex.
    pub call_depth: usize,
    /// Levels of nesting in the text. Codex has no such limit and dies of stack overflow somewhere between 10,000 and 20,000.
    pub nesting: usize,
    /// Rules, network rules and host executables of all files together.
    pub rules: usize,
    /// Bytes of text in all rules and examples of all files together.
    pub rule_text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            heap: 128 << 20,
            call_depth: 50,
            nesting: 12_000,
            rules: 1_000_000,
            rule_text: 128 << 20,
        }
    }
}

/// The stack that [`load_on_this_thread`] needs under the default limits: reserved, and touched only by deep files.
pub const STACK: usize = 512 << 20;

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Which builtins there are.
    pub language: Language,
    /// What becomes of rules that allow too much.
    pub banned: Banned,
    /// The working directory; relative paths in examples are taken from it.
    pub cwd: &'a str,
    /// The home directory, for examples that begin with `~`.
    pub home: Option<&'a str>,
    /// How much a file may ask for.
    pub limits: Limits,
    /// Told the number of the file that is being worked on.
    pub progress: Option<&'a AtomicUsize>,
}

impl<'a> Options<'a> {
    /// The default limits and the extended language, with examples tried in a given directory.
    #[must_use]
    pub fn in_directory(cwd: &'a str) -> Self {
        let (language, banned) = (Language::Extended, Banned::Refuse);
        Self { language, banned, cwd, home: None, limits: Limits::default(), progress: None }
    }
}

/// What a load gives.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The rules of the files that had no errors. Use them only when there are no errors at all.
    pub ruleset: RuleSet,
    /// The texts, for places.
    pub sources: Sources,
    /// Everything that was found, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the same texts give the same answer in any working and home directory.
    pub placeless: bool,
    /// The examples of each `prefix_rule` call, by its number in the rule set.
    pub examples: Vec<Examples>,
}

impl Loaded {
    /// Whether anything is wrong with the files; then no rule of them should be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}

/// Loads rule files on a thread of its own, with the stack that takes.
#[must_use]
pub fn load(files: Vec<File>, options: Options<'_>) -> Loaded {
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let fallback = |code: &str, message: String| {
        let mut sources = Sources::default();
        for name in names {
            sources.add(Source { name, text: String::new() });
        }
        let diagnostics = vec![Diagnostic::error(code, message)];
        Loaded { ruleset: RuleSet::default(), sources, diagnostics, placeless: false, examples: Vec::new() }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("rules".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, move || load_on_this_thread(files, options));
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(_)) => fallback("eval", "reading the rule files failed in an unforeseen way".to_owned()),
            Err(error) => fallback("stack-unavailable", format!("cannot start the thread that reads rules: {error}")),
        }
    })
}

/// Loads rule files on the calling thread, which must have at least [`STACK`] bytes of stack under the default limits.
#[must_use]
pub fn load_on_this_thread(files: Vec<File>, options: Options<'_>) -> Loaded {
    let globals = OnceLock::new();
    std::thread::scope(|scope| {
        // Making the builtins takes as long as parsing some hundred rules, so both are done at once. Where no thread can be had, or
        // it comes too late, they are made when they are wanted.
        let beside = std::thread::Builder::new().name("builtins".to_owned());
        let thread = beside.spawn_scoped(scope, || {
            made(&globals, options.language);
        });
        let loaded = load_with(files, options, &globals);
        // Joined and not left to the scope, which waits for what a thread does and not for its end: the caller may want to fork.
        let _ = thread.map(std::thread::ScopedJoinHandle::join);
        loaded
    })
}

/// The builtins, made once.
fn made(globals: &OnceLock<Globals>, language: Language) -> &Globals {
    globals.get_or_init(|| self::globals(language))
}

fn load_with(files: Vec<File>, options: Options<'_>, globals: &OnceLock<Globals>) -> Loaded {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let mut builder = RuleSetBuilder::new();
    let mut room = Room { rules: options.limits.rules, text: options.limits.rule_text };
    let (mut placeless, mut examples) = (true, Vec::new());
    for (number, file) in files.into_iter().enumerate() {
        if let Some(progress) = options.progress {
            progress.store(number, Ordering::Relaxed);
        }
        match file.text {
            Err(mut unread) => {
                let id = sources.add(Source { name: file.name, text: String::new() });
                if unread.labels.is_empty() {
                    unread = unread.at(Span { source: id, start: 0, end: 0 }, "");
                }
                diagnostics.push(unread);
            }
            Ok(text) => {
                let name = file.name.clone();
                let id = sources.add(Source { name: file.name, text: text.clone() });
                let accepted = ban::accepted(&text);
                let (items, mut found) =
                    evaluate(&name, text, id, (globals, options.language), &options.limits, &mut room);
                if let Some(items) = items {
                    refuse_banned(&items, &options, &accepted, &mut found);
                    placeless &= settle(items, &options, &mut builder, &mut examples, &mut found);
                }
                diagnostics.append(&mut found);
            }
        }
    }
    Loaded { ruleset: builder.build(), sources, diagnostics, placeless, examples }
}

/// What may still be made, over all files.
#[derive(Clone, Copy, Debug)]
struct Room {
    rules: usize,
    text: usize,
}

fn globals(language: Language) -> Globals {
    let standard = GlobalsBuilder::standard().with(builtins::shared);
    match language {
        Language::Codex169 => standard.with(builtins::codex169),
        Language::Extended => standard.with(builtins::extended),
    }
    .build()
}

/// Parses and runs one file. No items when it stopped half-way: then its examples cannot be judged fairly.
fn evaluate(
    name: &str,
    text: String,
    id: SourceId,
    (globals, language): (&OnceLock<Globals>, Language),
    limits: &Limits,
    room: &mut Room,
) -> (Option<Vec<Item>>, Vec<Diagnostic>) {
    if let Some(at) = nesting::too_deep(&text, limits.nesting) {
        return (None, vec![outcome::too_deep(id, at, limits.nesting)]);
    }
    let dialect = Dialect { enable_f_strings: true, ..Dialect::Extended };
    let ast = match AstModule::parse(name, text, &dialect) {
        Ok(ast) => ast,
        Err(error) => return (None, vec![outcome::diagnostic(&error, id, limits, outcome::Stage::Parsing)]),
    };
    let collector = Collector::new(id, *room);
    let run = Module::with_temp_heap(|module| {
        let mut evaluator = Evaluator::new(&module);
        // These fail only when set twice or to zero; a limit that could not be set must not be silently absent.
        evaluator.set_max_callstack_size(limits.call_depth)?;
        evaluator.set_max_heap_size(limits.heap)?;
        evaluator.set_max_tick_count(limits.steps)?;
        evaluator.extra = Some(&collector);
        evaluator.eval_module(ast, made(globals, language)).map(|_| ())
    });
    let (items, mut found, left) = collector.finish();
    *room = left;
    match run {
        Ok(()) => (Some(items), found),
        Err(error) => {
            // What a builtin found and could not go on after is already told.
            if !outcome::is_told(&error) {
                found.push(outcome::diagnostic(&error, id, limits, outcome::Stage::Running));
            }
            (None, found)
        }
    }
}

/// Finds the rules that allow a program through which anything can be executed, and that the file does not accept by
/// name.
fn refuse_banned(items: &[Item], options: &Options<'_>, accepted: &[String], found: &mut Vec<Diagnostic>) {
    let severity = match (options.language, options.banned) {
        (Language::Codex169, _) | (_, Banned::Ignore) => return,
        (Language::Extended, Banned::Refuse) => Severity::Error,
        (Language::Extended, Banned::Warn) => Severity::Warning,
    };
    for item in items {
        let Item::Rule(rule, _) = item else { continue };
        // A rule for one command and nothing longer leaves nothing open; program text is asked about all the same.
        if rule.decision != Decision::Allow || rule.length == Length::Exactly {
            continue;
        }
        let bans: Vec<ban::Ban> =
            ban::bans(&rule.heads, &rule.rest).into_iter().filter(|ban| !accepted.contains(&ban.prefix)).collect();
        let Some(first) = bans.first() else { continue };
        let more = if bans.len() > 1 { format!(" (and {} more)", bans.len() - 1) } else { String::new() };
        let message = format!("allowing `{}`{more} allows anything: {}", first.prefix, first.why);
        let names: Vec<String> = bans.iter().take(8).map(|ban| format!("\"{}\"", ban.prefix)).collect();
        let help = format!(
            "{}; or accept the risk by name with a line `# palisade: accept-banned {}` in this file",
            first.instead,
            names.join(" ")
        );
        let place = |diagnostic: Diagnostic, span: &Span| diagnostic.at(*span, "called from here");
        let diagnostic = Diagnostic { severity, ..Diagnostic::error("banned-rule", message) }.at(rule.origin.at, "");
        found.push(rule.origin.via.iter().fold(diagnostic, place).help(help));
    }
}

/// Adds the items of a file that ran to its end, and tries their examples. Says whether no example depended on a place.
fn settle(
    items: Vec<Item>,
    options: &Options<'_>,
    builder: &mut RuleSetBuilder,
    kept: &mut Vec<Examples>,
    found: &mut Vec<Diagnostic>,
) -> bool {
    let mut placeless = true;
    let mut rules = Vec::new();
    for item in items {
        match item {
            Item::Rule(rule, examples) => {
                builder.rule(&rule);
                if !examples.matching.is_empty() || !examples.not_matching.is_empty() {
                    rules.push((rule, kept.len()));
                }
                kept.push(examples);
            }
            Item::Network(rule) => builder.network(rule),
            Item::Host(name, host) => builder.host_executable(name, host),
        }
    }
    let place = CodexMatching { basename_fallback: BasenameFallback::On, cwd: options.cwd, home: options.home };
    for (rule, at) in rules {
        let Some(examples) = kept.get(at) else { continue };
        placeless &= examples.matching.iter().chain(&examples.not_matching).all(|words| example::is_placeless(words));
        example::check(&rule, examples, builder.host_executables(), place, found);
    }
    placeless
}

#[cfg(test)]
mod tests;
