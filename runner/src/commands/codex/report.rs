//! What really ran, for people and for machines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::judge::{self, Judgement};
use crate::codex::account::{Account, End, Leftovers};
use crate::codex::asked::Asked;
use crate::codex::deed::{self, Deed, What};
use crate::codex::effects::Changed;
use crate::codex::event::{Settings, Trace, Usage};
use crate::codex::guarded::Rest;
use crate::codex::read::Generation;
use crate::files::Rules;
use crate::verdict_text::shell_words;

/// A trace that was read.
#[derive(Debug, Serialize)]
pub(super) struct TraceFile {
    file: String,
    generations: BTreeSet<Generation>,
    pub(super) lines: u64,
    leftovers: Leftovers,
}

impl TraceFile {
    pub(super) fn new(path: &Path, account: &Account) -> Self {
        Self {
            file: path.display().to_string(),
            generations: account.generations.clone(),
            lines: account.lines,
            leftovers: account.leftovers.clone(),
        }
    }

    /// What of it was not understood, in words.
    pub(super) fn leftovers(&self) -> String {
        leftovers(&self.leftovers)
    }
}

/// A deed with what rules say of it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) deed: Deed,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) judgement: Option<Judgement>,
}

/// The answer for machines.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) traces: Vec<TraceFile>,
    pub(super) settings: Settings,
    /// Each thread with the one that started it.
    pub(super) threads: BTreeMap<String, Option<String>>,
    /// How the best trace says that it ended.
    #[serde(flatten)]
    pub(super) end: End,
    /// Tokens of each thread since it began.
    pub(super) tokens: BTreeMap<String, Usage>,
    pub(super) errors: Vec<String>,
    pub(super) message: Option<String>,
    /// How many turns began.
    pub(super) turns: u64,
    pub(super) deeds: Vec<Row>,
    /// What changed in the workspace, and belongs to no single deed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) effects_besides: Vec<String>,
    /// Why that is not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effects_gap: Option<String>,
    /// What the guard saw, deeds aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) guard: Option<Rest>,
    /// Whether the guard killed what the rules refuse.
    #[serde(skip)]
    pub(super) enforced: bool,
}

impl Report {
    pub(super) fn new(traces: Vec<TraceFile>, accounts: &[Account], deeds: Vec<Deed>) -> Self {
        let mut report = Self {
            traces,
            settings: Settings::default(),
            threads: BTreeMap::new(),
            end: End::Open,
            tokens: BTreeMap::new(),
            errors: Vec::new(),
            message: None,
            turns: 0,
            deeds: deeds.into_iter().map(|deed| Row { deed, judgement: None }).collect(),
            effects_besides: Vec::new(),
            effects_gap: None,
            guard: None,
            enforced: false,
        };
        // The events say how the run ended and what of; the rest of them is said as well elsewhere.
        let events = accounts.iter().filter(|account| account.trace() == Some(Trace::Events));
        let others = accounts.iter().filter(|account| account.trace() != Some(Trace::Events));
        for account in events.chain(others) {
            let now = &mut report.settings;
            let said = &account.settings;
            now.version = now.version.take().or_else(|| said.version.clone());
            now.model = now.model.take().or_else(|| said.model.clone());
            now.cwd = now.cwd.take().or_else(|| said.cwd.clone());
            now.sandbox = now.sandbox.take().or_else(|| said.sandbox.clone());
            now.approval = now.approval.take().or_else(|| said.approval.clone());
            for (thread, parent) in &account.threads {
                let known = report.threads.entry(thread.clone()).or_default();
                *known = known.take().or_else(|| parent.clone());
            }
            for (thread, usage) in &account.usage {
                let total = report.tokens.entry(thread.clone()).or_default();
                *total = total.max(*usage);
            }
            if report.end == End::Open {
                report.end = account.end.clone();
            }
            report.turns = report.turns.max(account.turns);
            report.errors.extend(account.errors.iter().cloned());
            report.message = report.message.take().or_else(|| account.message.clone());
        }
        report
    }

    /// Takes in what was seen to change in the workspace.
    pub(super) fn changed(&mut self, mut changed: Changed) {
        for row in &mut self.deeds {
            let item = row.deed.shown.as_ref().map(|shown| &shown.item);
            // Codex says itself how long a command ran, where it says so at all.
            row.deed.milliseconds =
                row.deed.milliseconds.or_else(|| item.and_then(|item| changed.milliseconds.get(item)).copied());
            row.deed.effects = item.and_then(|item| changed.by_item.remove(item)).unwrap_or_default();
        }
        // Those of a command that was not kept are nobody's now.
        self.effects_besides = changed.by_item.into_values().flatten().chain(changed.besides).collect();
        self.effects_gap = changed.gap;
    }

    /// Judges every deed.
    pub(super) fn judge(&mut self, rules: &Rules) {
        for row in &mut self.deeds {
            row.judgement = judge::of(&row.deed, &self.settings, rules).map(|judged| {
                // Every program of it was judged by the same rules before it ran, and what they refuse was killed.
                let held = self.enforced && row.deed.programs.is_some();
                Judgement { finding: judged.finding && !held, ..judged }
            });
        }
    }

    /// How many commands were only counted, because there were too many.
    pub(super) fn not_kept(&self) -> u64 {
        self.traces.iter().map(|trace| trace.leftovers.not_kept).sum()
    }

    /// How many deeds were forbidden and ran, or may have.
    pub(super) fn findings(&self) -> usize {
        self.deeds.iter().filter(|row| row.judgement.as_ref().is_some_and(|judged| judged.finding)).count()
    }
}

pub(super) fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).map_or_else(|_| String::new(), |text| text + "\n")
}

/// How many changes that belong to no deed a report for people shows.
const BESIDES: usize = 20;
/// How much of a command a line shows, in characters.
const WIDEST: usize = 100;

pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    for trace in &report.traces {
        let kinds: Vec<&str> = trace.generations.iter().map(|generation| generation.name()).collect();
        let kinds = if kinds.is_empty() { "empty".to_owned() } else { kinds.join(", ") };
        let _ = writeln!(out, "{}: {kinds}, {}{}", trace.file, count(trace.lines, "line"), trace.leftovers());
    }
    let said = &report.settings;
    let settings: Vec<String> = [
        ("codex ", &said.version),
        ("", &said.sandbox),
        ("approvals ", &said.approval),
        ("", &said.model),
        ("in ", &said.cwd),
    ]
    .iter()
    .filter_map(|(before, word)| word.as_ref().map(|word| format!("{before}{word}")))
    .collect();
    if !settings.is_empty() {
        let _ = writeln!(out, "{}", settings.join(", "));
    }
    for (thread, parent) in &report.threads {
        let of = parent.as_ref().map(|parent| format!(", started by {parent}")).unwrap_or_default();
        let _ = writeln!(out, "thread {thread}{of}");
    }
    out.push('\n');
    out.push_str(&deeds(report));
    out
}

/// What was not understood or kept whole, behind a number of lines; nothing, if there is none.
fn leftovers(left: &Leftovers) -> String {
    let parts = [
        (left.preamble, "no object"),
        (left.unknown, "not known"),
        (left.unknown_items, "of an unknown type"),
        (left.cut, "longer than is kept"),
        (left.not_kept, "of commands beyond what is kept, in no list and not judged"),
    ];
    parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!(", {number} {what}")).collect()
}

/// Every deed and what they amount to.
pub(super) fn deeds(report: &Report) -> String {
    let mut out = String::new();
    for row in &report.deeds {
        deed_text(&mut out, row);
    }
    if !report.deeds.is_empty() {
        out.push('\n');
    }
    summary(&mut out, report);
    out
}

fn deed_text(out: &mut String, row: &Row) {
    let deed = &row.deed;
    let _ = writeln!(out, "{}", shown(&deed.what, deed.tool.as_deref()));
    let seen: Vec<&str> = deed.seen.iter().map(|trace| deed::name(*trace)).collect();
    let only = if seen.len() == 1 { "only " } else { "" };
    let time = deed.milliseconds.map(|time| format!(", {time} ms")).unwrap_or_default();
    let _ = writeln!(out, "    {}{time}; told {only}by {}", deed.outcome, seen.join(", "));
    if deed.missing_from_events == Some(true) {
        out.push_str("    not in the events\n");
    }
    if let Some(programs) = &deed.programs {
        let _ =
            writeln!(out, "    {} started, {} killed by the guard", count(programs.count, "program"), programs.killed);
        for killed in programs.first.iter().filter(|program| !program.ran) {
            let rule = killed.rule.as_ref().map(|rule| format!("  {rule}")).unwrap_or_default();
            let _ = writeln!(out, "    killed: {}{rule}", one_line(&shell_words(&killed.argv)));
        }
    }
    for effect in &deed.effects {
        let _ = writeln!(out, "    {}", one_line(effect));
    }
    for contradiction in &deed.contradictions {
        let _ = writeln!(out, "    contradiction: {contradiction}");
    }
    if let Some(judged) = &row.judgement {
        let places = if judged.rules.is_empty() { String::new() } else { format!("  {}", judged.rules.join(" ")) };
        let codex = judged.codex.map(|codex| format!(", by codex {codex}")).unwrap_or_default();
        let _ = writeln!(out, "    {}{codex}{places}", judged.decision);
        if judged.finding {
            let how = if deed.outcome.ran() { "ran" } else { "may have run" };
            let _ = writeln!(out, "    finding: it is forbidden and {how}");
        }
    }
}

fn summary(out: &mut String, report: &Report) {
    let missing = report.deeds.iter().filter(|row| row.deed.missing_from_events == Some(true)).count();
    let refused = report.deeds.iter().filter(|row| row.deed.outcome.refused()).count();
    let _ = write!(out, "{}, {refused} refused", count(report.deeds.len() as u64, "deed"));
    if report.deeds.iter().any(|row| row.deed.missing_from_events.is_some()) {
        let _ = write!(out, ", {missing} not in the events");
    }
    if report.deeds.iter().any(|row| row.judgement.is_some()) {
        let _ = write!(out, ", {}", count(report.findings() as u64, "finding"));
    }
    out.push('\n');
    for effect in report.effects_besides.iter().take(BESIDES) {
        let _ = writeln!(out, "besides: {}", one_line(effect));
    }
    if report.effects_besides.len() > BESIDES {
        let _ = writeln!(out, "besides: {} more changes", report.effects_besides.len() - BESIDES);
    }
    if let Some(gap) = &report.effects_gap {
        let _ = writeln!(out, "not all that changed in the workspace is told: {gap}");
    }
    if let Some(rest) = &report.guard {
        let own: u64 = rest.own.values().sum();
        let _ = writeln!(
            out,
            "the guard saw {}, {} of them Codex's own, and killed {}",
            count(rest.programs, "program"),
            own,
            rest.killed
        );
    }
    let has = |trace: Trace| report.traces.iter().any(|file| file.generations.iter().any(|kind| kind.trace() == trace));
    if has(Trace::Events) && !has(Trace::Session) && !has(Trace::Model) {
        out.push_str("the events alone leave out refused commands, some denied ones and all of sub-agents: add the session files\n");
    }
    for (thread, usage) in &report.tokens {
        let of = if report.tokens.len() > 1 { format!(" of {thread}") } else { String::new() };
        let _ = writeln!(
            out,
            "tokens{of}: {} in ({} cached), {} out ({} reasoning)",
            usage.input, usage.cached, usage.output, usage.reasoning
        );
    }
    for error in &report.errors {
        let _ = writeln!(out, "error: {}", one_line(error));
    }
    let _ = match &report.end {
        End::Completed => writeln!(out, "the turn was completed"),
        End::Failed { message } => writeln!(out, "the turn failed: {}", one_line(message)),
        End::Open => writeln!(out, "no end was told: the run was cut off, or no trace given tells it"),
    };
}

/// A deed on one line.
fn shown(what: &What, tool: Option<&str>) -> String {
    let tool = tool.unwrap_or("tool");
    match what {
        What::Asked(Asked::Script { script }) => one_line(script),
        What::Asked(Asked::Words { argv }) | What::Command { argv } => {
            what.script().map_or_else(|| one_line(&shell_words(argv)), one_line)
        }
        What::Asked(asked @ Asked::Patch { .. }) => one_line(&format!("patch {}", shell_words(&asked.patched()))),
        What::Asked(Asked::Typed { text }) => one_line(&format!("typed: {}", text.escape_default())),
        What::Asked(Asked::Code { program }) => one_line(&format!("code: {program}")),
        What::Asked(Asked::Unclear { arguments } | Asked::Other { arguments }) => {
            one_line(&format!("{tool} {arguments}"))
        }
        What::Changed { changes } => {
            let files: Vec<String> = changes.iter().map(|change| change.path.clone()).collect();
            one_line(&format!("patch {}", shell_words(&files)))
        }
    }
}

/// How many of the last lines of standard error go with an end that is no success.
const LAST_WORDS: usize = 3;

/// The last lines of standard error, each without what would disturb a terminal.
pub(super) fn last_words(errors: &str) -> Vec<String> {
    let said: Vec<&str> = errors.lines().filter(|line| !line.trim().is_empty()).collect();
    said.iter().skip(said.len().saturating_sub(LAST_WORDS)).map(|line| one_line(line)).collect()
}

/// The beginning of a text, without what would disturb a terminal.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::new();
    add_line(&mut out, text);
    out
}

/// The same, behind what is there.
pub(super) fn add_line(out: &mut String, text: &str) {
    let text = text.trim_end();
    // Of a text of megabytes only what is shown is looked at.
    let head = text.as_bytes().get(..WIDEST).unwrap_or(text.as_bytes());
    if head.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        // Each byte is a letter that can be shown.
        out.push_str(text.get(..head.len()).unwrap_or(text));
        if text.len() > head.len() {
            out.push('…');
        }
        return;
    }
    let mut letters = text.chars();
    out.extend(letters.by_ref().take(WIDEST).map(|letter| match letter {
        '\n' => '⏎',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }));
    if letters.next().is_some() {
        out.push('…');
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
