//! `check --compat codex` on a script: what that version of Codex sees in it, and how it judges what it sees.
//!
//! `codex execpolicy check` judges words alone and opens no script; the running Codex does, and this is its reading. So
//! `--format codex`, which is the check command's output, never comes here.

use std::fmt::Write;

use policy::codex::decompose::{Decomposition, decompose, wrapped};
use policy::codex::{dangerous, known_safe};
use policy::decision::Decision;
use policy::judge::judge;
use policy::request::{BasenameFallback, CodexMatching, Matching, Request};
use policy::source::{Source, Sources, Span};
use policy::verdict::Verdict;
use serde::Serialize;

use super::check::{Because, answer, because, complain};
use crate::cli::{CheckArgs, CheckFormat, Compat};
use crate::files::Rules;
use crate::verdict_text;

/// The shell a script is handed to when the command line gives the script alone.
const SHELL: [&str; 2] = ["/bin/bash", "-lc"];

/// What is judged, with what Codex's own lists say of it.
struct Segment {
    words: Vec<String>,
    verdict: Verdict,
    danger: Option<dangerous::Danger>,
    known_safe: bool,
}

/// The answer for machines.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// The strictest of the segments.
    decision: Decision,
    /// Whose reading this is.
    codex_version: &'static str,
    /// The script.
    script: &'a str,
    /// `plain`, `heredoc-prefix` or `opaque`.
    kind: &'static str,
    /// What keeps the script from being plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    opaque: Option<Obstacle>,
    /// Whether the built-in list of dangerous commands fires where no rule matches.
    dangerous: bool,
    /// What is judged: the commands, or the wrapper around an opaque script.
    segments: Vec<SegmentAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct Obstacle {
    why: &'static str,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
}

#[derive(Debug, Serialize)]
struct SegmentAnswer<'a> {
    decision: Decision,
    command: &'a [String],
    /// Why the built-in list finds it dangerous, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    dangerous: Option<&'static str>,
    /// Whether it is approved by itself under `untrusted`.
    known_safe: bool,
    reasons: Vec<Because<'a>>,
}

/// The script to read as Codex would, if the arguments ask for that: `--script`, or the third word of a shell's.
pub(super) fn script<'a>(args: &'a CheckArgs, given: Option<&'a str>) -> Option<&'a str> {
    let asked = args.compat == Compat::Codex && args.format != CheckFormat::Codex;
    asked.then(|| given.or_else(|| wrapped(&args.command))).flatten()
}

/// Judges a script as Codex would and reports.
pub(super) fn run(args: &CheckArgs, script: &str, rules: &Rules) -> u8 {
    let cwd = match std::env::current_dir().map(|cwd| cwd.into_os_string().into_string()) {
        Ok(Ok(cwd)) => cwd,
        _ => return complain("cannot tell the working directory, or its name is not UTF-8"),
    };
    let home = std::env::var("HOME").ok();
    let version = args.codex_version;
    let reading = decompose(script, version);
    let commands = match &reading {
        Decomposition::Plain(commands) => commands.clone(),
        Decomposition::HeredocPrefix(words) => vec![words.clone()],
        Decomposition::Opaque { .. } if args.command.is_empty() => {
            vec![SHELL.iter().copied().chain([script]).map(str::to_owned).collect()]
        }
        Decomposition::Opaque { .. } => vec![args.command.clone()],
    };
    let heredoc = matches!(reading, Decomposition::HeredocPrefix(_));
    let matching = CodexMatching { basename_fallback: BasenameFallback::On, cwd: &cwd, home: home.as_deref() };
    let segments: Vec<Segment> = commands
        .into_iter()
        .map(|words| {
            let danger = dangerous::command(&words, version);
            // The list is asked only where no rule matches.
            let default = if danger.is_some() { args.default.max(Decision::Prompt) } else { args.default };
            let matching = Matching::Codex(matching);
            let verdict = judge(&rules.set, &Request { argv: &words, identity: None, matching, default });
            let known_safe = !heredoc && known_safe::command(&words, version);
            Segment { words, verdict, danger, known_safe }
        })
        .collect();
    let decision = segments.iter().map(|segment| segment.verdict.decision()).max().unwrap_or(Decision::Forbidden);
    let report = match args.format {
        CheckFormat::Text | CheckFormat::Codex => text(decision, args, script, &reading, &segments, rules),
        CheckFormat::Json => json(decision, args, script, &reading, &segments, rules),
    };
    answer(args, &report, decision)
}

fn obstacle(reading: &Decomposition, script: &str) -> Option<Obstacle> {
    let Decomposition::Opaque { why, at } = reading else { return None };
    let mut sources = Sources::default();
    let source = sources.add(Source { name: String::new(), text: script.to_owned() });
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let place = sources.place(Span { source, start: byte(at.start), end: byte(at.end) });
    Some(Obstacle { why, line: place.line, column: place.column })
}

fn text(
    decision: Decision,
    args: &CheckArgs,
    script: &str,
    reading: &Decomposition,
    segments: &[Segment],
    rules: &Rules,
) -> String {
    let mut out = format!("{decision}\n  codex {}: ", args.codex_version);
    let _ = match (reading, obstacle(reading, script)) {
        (Decomposition::Plain(commands), _) => match commands.len() {
            1 => writeln!(out, "plain, one command"),
            several => writeln!(out, "plain, {several} commands"),
        },
        (_, Some(Obstacle { why, line, column })) => {
            writeln!(out, "opaque, {why} at {line}:{column}; only the words around the script are judged")
        }
        (_, None) => writeln!(out, "heredoc prefix, one command judged by its words"),
    };
    if segments.iter().all(|segment| segment.danger.is_none()) {
        out.push_str("  dangerous: no\n");
    }
    for segment in segments {
        if let Some(danger) = segment.danger {
            let words = verdict_text::shell_words(&segment.words);
            let _ = writeln!(out, "  dangerous: {}, in {words}", danger.why());
        }
    }
    for segment in segments {
        let _ = write!(out, "\n{}", verdict_text::report(&segment.verdict, &segment.words, &rules.set, &rules.sources));
        if segment.known_safe {
            out.push_str("  known to be safe: approved by itself under `untrusted`\n");
        }
    }
    out
}

fn json(
    decision: Decision,
    args: &CheckArgs,
    script: &str,
    reading: &Decomposition,
    segments: &[Segment],
    rules: &Rules,
) -> String {
    let answer = Answer {
        decision,
        codex_version: args.codex_version.traits().name,
        script,
        kind: match reading {
            Decomposition::Plain(_) => "plain",
            Decomposition::HeredocPrefix(_) => "heredoc-prefix",
            Decomposition::Opaque { .. } => "opaque",
        },
        opaque: obstacle(reading, script),
        dangerous: segments.iter().any(|segment| segment.danger.is_some()),
        segments: segments
            .iter()
            .map(|segment| SegmentAnswer {
                decision: segment.verdict.decision(),
                command: &segment.words,
                dangerous: segment.danger.map(dangerous::Danger::why),
                known_safe: segment.known_safe,
                reasons: segment
                    .verdict
                    .because()
                    .iter()
                    .map(|reason| because(reason, &segment.words, rules))
                    .collect(),
            })
            .collect(),
    };
    serde_json::to_string_pretty(&answer).map_or_else(|_| String::new(), |text| text + "\n")
}
