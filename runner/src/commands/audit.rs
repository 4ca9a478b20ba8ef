//! `palisade audit`: recorded commands replayed against a policy.

use std::ffi::OsStr;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

use policy::audit::{Auditor, Tally, What};
use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::load::{Banned, File, Language};
use policy::source::Sources;

use super::sandbox::{complain, print};
use crate::audit::drive::{self, Job};
use crate::audit::filter::{self, Filter};
use crate::audit::input;
use crate::audit::notes::Notes;
use crate::audit::progress::Progress;
use crate::audit::report::{self, Format, PromptRow, Report};
use crate::audit::select::Select;
use crate::audit::source::{self, Source};
use crate::cli::{AuditArgs, FailOn};
use crate::files::{self, Rules};
use crate::{exit, packs};

/// How often the state is written.
const EVERY: Duration = Duration::from_secs(5);
/// How many proposed rules are tried out.
const TRIED: usize = 200;
/// How many names a line of sums holds.
const NAMES: usize = 2_000;

/// Audits and reports; gives the exit status.
pub(super) fn main(args: &AuditArgs) -> u8 {
    match audit(args) {
        Ok(status) => status,
        Err(wrong) => {
            complain(&[wrong], &Sources::default());
            exit::USAGE
        }
    }
}

fn wrong(why: impl Into<String>) -> Diagnostic {
    Diagnostic::error("audit", why)
}

fn audit(args: &AuditArgs) -> Result<u8, Diagnostic> {
    if args.rules.rules.is_empty() && args.rules.packs.is_empty() {
        return Err(wrong("there are no rules").help("name rule files with `--rules`, or a shipped pack with `--pack`"));
    }
    let banned = super::banned(args.rules.accept_banned);
    let texts = policy_texts(args)?;
    let Some(rules) = loaded(texts.clone(), banned) else { return Ok(exit::USAGE) };
    let (mut other, mut other_texts) = (None, Vec::new());
    if let Some(name) = &args.against {
        other_texts = super::diff::texts(OsStr::new(name))?;
        other = loaded(other_texts.clone(), banned);
        if other.is_none() {
            return Ok(exit::USAGE);
        }
    }
    let select = select(args)?;
    let auditor = Auditor { rules: &rules.set, against: other.as_ref().map(|other| &other.set), default: args.default };
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.jobs.map_or_else(cores, usize::from);
    let input = args.input.and_then(input::named);
    if args.ndjson {
        let filter = Filter { auditor, select: &select, sources: &rules.sources, input, workers };
        let out = BufWriter::with_capacity(1 << 16, std::io::stdout());
        let seen = filter::run(&filter, std::io::stdin(), out);
        let seen = seen.map_err(|error| wrong(format!("a line cannot be read or answered: {error}")))?;
        let failed = seen.malformed > 0 && !args.lenient;
        return Ok(if failed { exit::USAGE } else { fails(args, seen.strictest) });
    }
    let names = if args.stdin { vec![PathBuf::from("-")] } else { args.sources.clone() };
    let sources = source::find(&names);
    if args.state.is_some() && sources.iter().any(Source::is_standard_input) {
        return Err(wrong("standard input cannot be read twice, so there is no `--state` for it").help("name a file"));
    }
    let of = fingerprint(&texts, &other_texts, args, &select);
    let state = args.state.as_deref().map(|path| {
        let names: Vec<String> = sources.iter().map(Source::name).collect();
        (path, format!("{of} {:?} {names:?}", args.input))
    });
    let total = sources.iter().map(|source| source.size).sum::<Option<u64>>();
    let mut progress = Progress::new(args.progress, total);
    let job = Job {
        auditor,
        select: &select,
        sources: &sources,
        input,
        of: &of,
        state,
        every: EVERY,
        stop_after: args.stop_after,
        workers,
    };
    let done = drive::run(&job, &mut progress);
    progress.end();
    let done = done.map_err(wrong)?;
    if let Some(path) = args.state.as_deref().filter(|_| done.complete) {
        // It is over; the next audit begins anew.
        let _ = std::fs::remove_file(path);
    }
    let status = status(args, &done.tally, &done.notes, done.complete);
    if args.format == Format::Tally {
        said(&done.notes);
        for part in done.tally.parts(NAMES) {
            print(&format!("{}\n", input::tally_line(&of, &part)));
        }
        return Ok(status);
    }
    let mut report = report::report(&done.tally, done.notes, done.complete, &rules, other.as_ref(), args.default);
    verify(&mut report, &texts, args);
    print(&report::written(&report, args.format));
    Ok(status)
}

/// The texts of the policy.
fn policy_texts(args: &AuditArgs) -> Result<Vec<File>, Diagnostic> {
    let mut texts = Vec::new();
    for name in &args.rules.packs {
        texts.push(packs::find(name)?);
    }
    for path in &args.rules.rules {
        texts.extend(files::texts(path)?);
    }
    Ok(texts)
}

/// The rules, or nothing after it was said what is wrong with them.
fn loaded(texts: Vec<File>, banned: Banned) -> Option<Rules> {
    match files::load_files(texts, Language::Extended, banned) {
        Ok(rules) => {
            complain(&rules.warnings, &rules.sources);
            Some(rules)
        }
        Err(refusal) => {
            complain(&refusal.diagnostics, &refusal.sources);
            None
        }
    }
}

fn select(args: &AuditArgs) -> Result<Select, Diagnostic> {
    let mut directories = Vec::new();
    for path in &args.cwd {
        let whole = std::path::absolute(path)
            .map_err(|error| wrong(format!("`{}` is no directory: {error}", path.display())))?;
        let text = whole.to_str().ok_or_else(|| wrong(format!("`{}` is not UTF-8", path.display())))?;
        directories.push(text.to_owned());
    }
    Ok(Select { since: args.since, until: args.until, sessions: args.session.clone(), directories })
}

/// What sums are of: everything that decides what is counted, and not where it was read.
fn fingerprint(texts: &[File], other: &[File], args: &AuditArgs, select: &Select) -> String {
    let mut hash = blake3::Hasher::new();
    let mut add = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    for file in texts.iter().chain(other) {
        add(file.text.as_deref().unwrap_or_default());
    }
    add(&format!("{} {} {} {}", texts.len(), other.len(), args.default, args.rules.accept_banned));
    add(&serde_json::to_string(select).unwrap_or_default());
    hash.finalize().to_string()
}

fn fails(args: &AuditArgs, strictest: Option<Decision>) -> u8 {
    let fails = match args.fail_on {
        FailOn::Never => false,
        FailOn::Allow => strictest.is_some(),
        FailOn::Prompt => strictest >= Some(Decision::Prompt),
        FailOn::Forbidden => strictest >= Some(Decision::Forbidden),
    };
    if fails { exit::FINDINGS } else { exit::OK }
}

fn status(args: &AuditArgs, tally: &Tally, notes: &Notes, complete: bool) -> u8 {
    let unread = notes.problems().next().is_some() || (notes.malformed() > 0 && !args.lenient);
    if unread || !complete {
        return exit::USAGE;
    }
    let decisions = [Decision::Allow, Decision::Prompt, Decision::Forbidden].into_iter().zip(tally.decisions);
    fails(args, decisions.filter(|(_, count)| *count > 0).map(|(decision, _)| decision).max())
}

/// What went wrong, on standard error, where the answer has no room for it.
fn said(notes: &Notes) {
    for note in &notes.sources {
        if let Some(problem) = &note.problem {
            super::sandbox::say(format!("{}: {problem}", note.name));
        }
        if note.malformed > 0 {
            super::sandbox::say(format!("{}: {} malformed lines", note.name, note.malformed));
        }
    }
}

/// Tries the proposed rules out: each is loaded with the policy, and samples of what it is to settle are judged again.
fn verify(report: &mut Report, texts: &[File], args: &AuditArgs) {
    let proposed = |row: &&mut PromptRow| row.rule.is_some();
    let text: Vec<String> = report.prompts.iter().filter_map(|row| row.rule.clone()).take(TRIED).collect();
    let new = File { name: "proposed".into(), text: Ok(text.join("\n")) };
    let all: Vec<File> = texts.iter().cloned().chain([new]).collect();
    let Ok(rules) = files::load_files(all, Language::Extended, super::banned(args.rules.accept_banned)) else { return };
    let auditor = Auditor { rules: &rules.set, against: None, default: args.default };
    for row in report.prompts.iter_mut().filter(proposed).take(TRIED) {
        let held = |words: &&Vec<String>| {
            let what = What::Argv { words: (*words).clone(), program: None, certain: Vec::new() };
            auditor.judge(&what).decision == Decision::Allow
        };
        let (held, of) = (row.samples.iter().filter(held).count(), row.samples.len());
        row.verified = (of > 0).then_some((held, of));
        if held == 0 && of > 0 {
            row.why = Some("a rule for these words alone does not settle it".into());
            row.rule = None;
        }
    }
}
