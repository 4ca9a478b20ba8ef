//! `check`: one command or script against rule files.

use std::io::{Read, Write};

use policy::decision::Decision;
use policy::judge::judge;
use policy::load::Banned;
use policy::request::{BasenameFallback, CodexMatching, Matching, Request};
use policy::tree::{Kind, Node};
use policy::verdict::{By, Reason, Verdict};
use serde::Serialize;

use crate::cli::{CheckArgs, CheckFormat, Compat, FailOn};
use crate::files::{self, Rules};
use crate::judging::{What, judge_here};
use crate::render::{self, Colour};
use crate::{exit, verdict_text};

/// The answer for machines: `--format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// `allow`, `prompt` or `forbidden`.
    decision: Decision,
    /// The words that were judged; empty for a script.
    command: &'a [String],
    /// The script that was judged, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a str>,
    /// Why, never empty; the decision is the strictest of theirs.
    reasons: Vec<Because<'a>>,
    /// Everything that would be executed, each before what it executes itself; one for a command that executes nothing
    /// else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeAnswer<'a>>,
}

/// One command, script or opaque part of an [`Answer`].
#[derive(Debug, Serialize)]
struct NodeAnswer<'a> {
    /// How deep it stands.
    depth: u32,
    /// `command`, `script` or `opaque`, with what belongs to it.
    #[serde(flatten)]
    kind: &'a Kind,
    /// Where it begins in the nearest script above it: line and column from 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<(usize, usize)>,
    /// What is decided about it alone.
    decision: Decision,
    /// Why.
    reasons: Vec<Because<'a>>,
}

/// One reason of an [`Answer`].
#[derive(Debug, Serialize)]
pub(super) struct Because<'a> {
    /// `rule`, `no_rule`, `opaque` or `empty`.
    kind: &'static str,
    /// What this reason asks for.
    decision: Decision,
    /// The rule file; for rules only, as are the next seven.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// The words the rule matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<Vec<String>>,
    /// The name the program was matched under, when it is not the first word.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    /// Whether the rule was reached by the spelling of the command or by its meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    /// The rule's justification.
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
    /// `FILE:LINE:COLUMN` of the calls that led to the rule, from the nearest outwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<String>,
    /// What is opaque, for opaque parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
}

/// Runs the verb.
pub fn run(args: &CheckArgs) -> u8 {
    if args.rules.rules.is_empty() && args.rules.packs.is_empty() {
        return complain("there are no rules: name rule files with `--rules`, or a shipped pack with `--pack`");
    }
    let script = match script(args) {
        Ok(script) => script,
        Err(why) => return complain(&why),
    };
    let colour = Colour::of(&std::io::stderr());
    let as_codex = args.compat == Compat::Codex || args.format == CheckFormat::Codex;
    let banned = if as_codex { Banned::Ignore } else { super::banned(args.rules.accept_banned) };
    let rules = match files::load_rules(&args.rules.rules, &args.rules.packs, banned) {
        Ok(rules) => rules,
        Err(refusal) => {
            let _ = std::io::stderr().write_all(refusal.text(colour).as_bytes());
            return exit::USAGE;
        }
    };
    if !rules.warnings.is_empty() {
        let warnings = render::diagnostics(&rules.warnings, &rules.sources, colour);
        let _ = std::io::stderr().write_all(warnings.as_bytes());
    }
    if let Some(script) = super::check_codex::script(args, script.as_deref()) {
        return super::check_codex::run(args, script, &rules);
    }
    if as_codex {
        return match verdict_of_codex(args, &rules) {
            Ok(verdict) => {
                let text = match args.format {
                    CheckFormat::Text => verdict_text::report(&verdict, &args.command, &rules.set, &rules.sources),
                    CheckFormat::Json => json(&verdict, args, None, &[], &rules),
                    CheckFormat::Codex => super::execpolicy::answer(
                        &verdict,
                        &args.command,
                        &rules.set,
                        super::execpolicy::Layout::Compact,
                    ),
                };
                answer(args, &text, verdict.decision())
            }
            Err(why) => complain(&why),
        };
    }
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(error) => return complain(&format!("cannot tell the working directory: {error}")),
    };
    let what = script.as_deref().map_or(What::Command(&args.command), What::Script);
    let tree = judge_here(&rules.set, what, &cwd, args.default);
    let text = match args.format {
        CheckFormat::Json => json(&tree.verdict(), args, script.as_deref(), &tree.nodes, &rules),
        _ => verdict_text::tree(&tree, &rules.set, &rules.sources),
    };
    answer(args, &text, tree.decision())
}

/// Prints the answer and gives the status that `--fail-on` asks for.
pub(super) fn answer(args: &CheckArgs, text: &str, decision: Decision) -> u8 {
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return exit::USAGE;
    }
    let fails = match args.fail_on {
        FailOn::Never => false,
        FailOn::Allow => true,
        FailOn::Prompt => decision >= Decision::Prompt,
        FailOn::Forbidden => decision >= Decision::Forbidden,
    };
    if fails { exit::FINDINGS } else { exit::OK }
}

pub(super) fn complain(why: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "error: {why}");
    exit::USAGE
}

fn script(args: &CheckArgs) -> Result<Option<String>, String> {
    match args.script.as_deref() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| format!("cannot read the script: {error}"))?;
            Ok(Some(text))
        }
        Some(text) => Ok(Some(text.to_owned())),
        None if args.command.is_empty() => {
            Err("there is no command: give its words after `--`, or `--script TEXT`".into())
        }
        None => Ok(None),
    }
}

/// What Codex's own matching says of one command.
fn verdict_of_codex(args: &CheckArgs, rules: &Rules) -> Result<Verdict, String> {
    let cwd = std::env::current_dir().map_err(|error| format!("cannot tell the working directory: {error}"))?;
    let cwd = cwd.to_str().ok_or("the name of the working directory is not UTF-8")?;
    let home = std::env::var("HOME").ok();
    let basename_fallback = if args.resolve_host_executables { BasenameFallback::On } else { BasenameFallback::Off };
    let matching = Matching::Codex(CodexMatching { basename_fallback, cwd, home: home.as_deref() });
    let request = Request { argv: &args.command, identity: None, matching, default: args.default };
    Ok(judge(&rules.set, &request))
}

fn json(verdict: &Verdict, args: &CheckArgs, script: Option<&str>, nodes: &[Node], rules: &Rules) -> String {
    let mut reasons: Vec<Because<'_>> = Vec::new();
    if nodes.is_empty() {
        reasons.extend(verdict.because().iter().map(|reason| because(reason, &args.command, rules)));
    }
    // Where each node's text is: the nearest script above it.
    let mut texts: Vec<(u32, &str)> = Vec::new();
    let mut shown = Vec::new();
    for node in nodes {
        texts.retain(|(depth, _)| *depth < node.depth);
        let words = match &node.kind {
            Kind::Command { words, .. } => verdict_text::written(words),
            _ => Vec::new(),
        };
        let why = || node.verdict.because().iter().map(|reason| because(reason, &words, rules));
        reasons.extend(why().filter(|reason| reason.decision == verdict.decision()));
        let at = node.at.as_ref().zip(texts.last()).map(|(at, (_, text))| place(text, at.start as usize));
        let decision = node.verdict.decision();
        shown.push(NodeAnswer { depth: node.depth, kind: &node.kind, at, decision, reasons: why().collect() });
        if let Kind::Script { text, .. } = &node.kind {
            texts.push((node.depth, text));
        }
    }
    let answer = Answer { decision: verdict.decision(), command: &args.command, script, reasons, nodes: shown };
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    text
}

/// Line and column of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or("");
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

pub(super) fn because<'a>(reason: &'a Reason, argv: &[String], rules: &'a Rules) -> Because<'a> {
    let plain = |kind| Because {
        kind,
        decision: reason.decision(),
        file: None,
        line: None,
        column: None,
        matched: None,
        program: None,
        by: None,
        justification: None,
        via: Vec::new(),
        what: None,
    };
    match reason {
        Reason::Rule { id, matched, program, by, .. } => {
            let rule = rules.set.rule(*id);
            let place = rule.and_then(|rule| rule.at()).map(|at| rules.sources.place(at));
            Because {
                file: place.as_ref().map(|place| place.file.clone()),
                line: place.as_ref().map(|place| place.line),
                column: place.as_ref().map(|place| place.column),
                matched: argv.get(..*matched as usize).map(<[String]>::to_vec),
                program: program.as_deref(),
                by: Some(*by),
                justification: rule.and_then(|rule| rule.justification()),
                via: rule
                    .map_or(&[][..], |rule| rule.via())
                    .iter()
                    .map(|at| rules.sources.place(*at).to_string())
                    .collect(),
                ..plain("rule")
            }
        }
        Reason::NoRule { .. } => plain("no_rule"),
        Reason::Opaque { what, .. } => Because { what: Some(what), ..plain("opaque") },
        Reason::Executes { what } => Because { what: Some(what), ..plain("executes") },
        Reason::Carries => plain("carries"),
        Reason::Empty => plain("empty"),
    }
}
