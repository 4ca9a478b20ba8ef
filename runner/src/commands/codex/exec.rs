//! `palisade codex exec` and `resume`: prepare, follow, put the traces together, judge, report.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use serde::Serialize;

use super::live::Live;
use super::prepare;
use super::report::{self, Report, TraceFile};
use crate::cli::Format;
use crate::cli::codex::CodexRunArgs;
use crate::codex::deed::deeds;
use crate::codex::event::Usage;
use crate::codex::finish::Finish;
use crate::codex::follow::{Followed, Limits, Start, follow};
use crate::codex::invocation::{Git, Invocation, Mode, Release, Spelling};
use crate::codex::price::{Cost, Prices};
use crate::codex::sessions;
use crate::commands::sandbox::{complain, say};
use crate::exit;

/// The report for machines.
#[derive(Debug, Serialize)]
struct RunReport<'a> {
    event: &'static str,
    codex: &'a Path,
    version: String,
    mode: Mode,
    words: &'a [String],
    finish: &'a Finish,
    status: u8,
    pid: u32,
    milliseconds: u128,
    first_output_milliseconds: Option<u128>,
    /// The thread of this run.
    thread: Option<&'a str>,
    /// Tokens of this run alone, sub-agents left out.
    used: Usage,
    /// Tokens of the sub-agents.
    used_by_agents: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
    stderr: &'a str,
    findings: usize,
    #[serde(flatten)]
    report: &'a Report,
}

/// A thread that is gone on with.
struct Earlier {
    file: PathBuf,
    length: u64,
    usage: Usage,
}

/// Runs Codex; gives the exit status.
pub(super) fn main(args: &CodexRunArgs, prompt: Option<&str>, resume: Option<&str>) -> u8 {
    match run(args, prompt, resume) {
        Ok(status) | Err(status) => status,
    }
}

fn run(args: &CodexRunArgs, prompt: Option<&str>, resume: Option<&str>) -> Result<u8, u8> {
    let rules = super::rules(&args.rules)?;
    let prices = prepare::prices(args)?;
    let prompt = prepare::prompt(args, prompt)?;
    let cwd = prepare::cwd(args)?;
    let home = prepare::home(args)?;
    let earlier = resume.map(|thread| earlier(&home, thread)).transpose()?;
    let (program, release) = prepare::program(args)?;
    let trace = args.trace.as_deref().map(create).transpose()?;
    let invocation = Invocation {
        mode: args.mode,
        model: args.model.clone(),
        settings: args.config.clone(),
        git: if args.skip_git_repo_check { Git::Skip } else { Git::Required },
        resume: resume.map(str::to_owned),
        prompt,
    };
    let limits = Limits {
        hard: Duration::from_secs_f64(args.timeout),
        idle: Duration::from_secs_f64(args.idle_timeout),
        first_output: Duration::from_secs_f64(args.first_output_timeout),
    };
    let mut live = Live::new(args.format, trace);
    // A file system may keep whole seconds only.
    let began = SystemTime::now() - Duration::from_secs(1);
    let mut spelling = Spelling::of(Some(release));
    let mut again = true;
    let (words, followed, finish) = loop {
        let (words, input) = invocation.words(spelling);
        let start = Start {
            program: program.clone(),
            words: words.clone(),
            environment: prepare::environment(args, &home),
            cwd: cwd.clone(),
            input,
            limits,
        };
        let followed = follow(start, &mut live).map_err(|error| {
            say(format_args!("`{}` cannot be started: {error}", program.display()));
            exit::SETUP
        })?;
        let account = &followed.account;
        let finish = Finish::of(followed.stop, followed.ended, &account.end, account.lines, &followed.errors);
        if again && args.mode == Mode::FullAuto && not_known(&finish, spelling) {
            again = false;
            say(format_args!("this Codex does not know `{}`; once more with the other spelling", spelling.option()));
            spelling = spelling.other();
            continue;
        }
        break (words, followed, finish);
    };
    let thread = followed.account.threads.first().map(|(id, _)| id.clone());
    let mut report = gather(&followed, &home, began, earlier.as_ref());
    report.settings.version.get_or_insert_with(|| release.to_string());
    if let Some(rules) = &rules {
        report.judge(rules);
    }
    let (used, used_by_agents) = used(&report, thread.as_deref(), earlier.as_ref());
    let cost = prices.as_ref().map(|prices: &Prices| prices.cost(model(args, &report), used));
    let strange = resume.zip(thread.as_deref()).filter(|(asked, named)| asked != named);
    let mut status = finish.status();
    if status == exit::OK && (strange.is_some() || report.findings() > 0) {
        status = exit::FINDINGS;
    }
    let told = RunReport {
        event: "report",
        codex: &program,
        version: release.to_string(),
        mode: args.mode,
        words: &words,
        finish: &finish,
        status,
        pid: followed.pid,
        milliseconds: followed.took.as_millis(),
        first_output_milliseconds: followed.first_output.map(|time| time.as_millis()),
        thread: thread.as_deref(),
        used,
        used_by_agents,
        cost,
        stderr: &followed.errors,
        findings: report.findings(),
        report: &report,
    };
    match args.format {
        Format::Json => live.put(&serde_json::to_string(&told).map_or_else(|_| String::new(), |line| line + "\n")),
        Format::Text => live.put(&text(&told, release)),
    }
    if let Some((asked, named)) = strange {
        say(format_args!("Codex began the thread {named} instead of going on with {asked}"));
    }
    if finish != Finish::Completed {
        say(&finish);
    }
    if let Some(error) = &live.trace_error {
        say(format_args!("the trace is not whole: {error}"));
        status = status.max(exit::FINDINGS);
    }
    if let Some(path) = &args.report
        && let Err(error) = std::fs::write(path, format!("{:#}\n", serde_json::json!(told)))
    {
        say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        status = status.max(exit::FINDINGS);
    }
    Ok(status)
}

/// The session file of a thread, and what it says up to now. Codex would begin a new thread where there is none.
fn earlier(home: &Path, thread: &str) -> Result<Earlier, u8> {
    let wrong = |why: String| {
        let found = Diagnostic::error("thread", why).help(
            "the id is in the output of the earlier run, and in the names of the files below `sessions` in CODEX_HOME",
        );
        complain(&[found], &Sources::default());
        exit::USAGE
    };
    let hex = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    if thread.len() != 36 || !thread.chars().all(hex) {
        return Err(wrong(format!("`{thread}` is no id of a thread")));
    }
    let Some(file) = sessions::of(home, thread) else {
        return Err(wrong(format!("there is no thread `{thread}` in `{}`", home.display())));
    };
    let unreadable = |error: std::io::Error| wrong(format!("`{}` cannot be read: {error}", file.display()));
    let length = std::fs::metadata(&file).map_err(unreadable)?.len();
    let account = sessions::account_from(&file, 0).map_err(unreadable)?;
    let usage = account.usage.get(thread).copied().unwrap_or_default();
    Ok(Earlier { file, length, usage })
}

fn create(path: &Path) -> Result<std::fs::File, u8> {
    std::fs::File::create(path).map_err(|error| {
        let wrong = Diagnostic::error("trace", format!("`{}` cannot be written: {error}", path.display()));
        complain(&[wrong], &Sources::default());
        exit::USAGE
    })
}

/// Whether Codex refused the spelling of the mode, and nothing else.
fn not_known(finish: &Finish, spelling: Spelling) -> bool {
    let Finish::Refused { exit: 2, message } = finish else { return false };
    message.contains(&format!("unexpected argument '{}'", spelling.option()))
}

/// The events and the session files of this run: of its thread, and of those that it started.
fn gather(followed: &Followed, home: &Path, began: SystemTime, earlier: Option<&Earlier>) -> Report {
    let mut files = vec![TraceFile::new(Path::new("(standard output of codex)"), &followed.account)];
    let mut accounts = vec![followed.account.clone()];
    let mut ours: Vec<String> = followed.account.threads.iter().map(|(id, _)| id.clone()).collect();
    let mut left = sessions::written_since(home, began);
    // A sub-agent may start another; files are in the order of their beginnings, but parents are looked for until none is new.
    loop {
        let before = left.len();
        left.retain(|path| {
            let at = earlier.filter(|earlier| earlier.file == *path).map_or(0, |earlier| earlier.length);
            let Ok(whole) = sessions::account_from(path, 0) else { return true };
            let known = |id: &String| ours.contains(id);
            let belongs = whole.threads.iter().any(|(id, parent)| known(id) || parent.as_ref().is_some_and(known));
            if !belongs {
                return true;
            }
            let account = if at == 0 { whole } else { sessions::account_from(path, at).unwrap_or(whole) };
            ours.extend(account.threads.iter().map(|(id, _)| id.clone()));
            files.push(TraceFile::new(path, &account));
            accounts.push(account);
            false
        });
        if left.len() == before {
            break;
        }
    }
    let deeds = deeds(&accounts);
    Report::new(files, &accounts, deeds)
}

/// The tokens of this run, and those of its sub-agents.
fn used(report: &Report, thread: Option<&str>, earlier: Option<&Earlier>) -> (Usage, Usage) {
    let (mut own, mut agents) = (Usage::default(), Usage::default());
    for (id, usage) in &report.tokens {
        if Some(id.as_str()) == thread || id.is_empty() {
            own = own.max(*usage);
        } else {
            agents = agents.plus(*usage);
        }
    }
    (earlier.map_or(own, |earlier| own.since(earlier.usage)), agents)
}

fn model<'a>(args: &'a CodexRunArgs, report: &'a Report) -> Option<&'a str> {
    args.model.as_deref().or(report.settings.model.as_deref())
}

fn text(told: &RunReport<'_>, release: Release) -> String {
    let mut out = format!("\n{} {release}, {}\n\n", told.codex.display(), told.mode.name());
    out.push_str(&report::deeds(told.report));
    let used = told.used;
    out.push_str(&format!(
        "this run: {} tokens in ({} cached), {} out; {} ms\n",
        used.input, used.cached, used.output, told.milliseconds
    ));
    if told.used_by_agents != Usage::default() {
        let agents = told.used_by_agents;
        out.push_str(&format!("its sub-agents: {} tokens in, {} out\n", agents.input, agents.output));
    }
    if let Some(cost) = &told.cost {
        out.push_str(&format!("cost: {cost}\n"));
    }
    out
}
