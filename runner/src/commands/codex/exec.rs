//! `palisade codex exec` and `resume`: prepare, follow, put the traces together, judge, report.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use serde::Serialize;

use super::around::{Around, Outer};
use super::live::Live;
use super::prepare;
use super::report::{self, Report};
use super::traces::{self, Context};
use crate::cli::Format;
use crate::cli::codex::{CodexRunArgs, Via};
use crate::codex::budget::Budget;
use crate::codex::event::Usage;
use crate::codex::finish::{Ended, Finish};
use crate::codex::follow::{Limits, Start, follow};
use crate::codex::invocation::{Git, Invocation, Mode, Release, Spelling};
use crate::codex::price::{Billing, Cost, Prices};
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
    /// How Codex itself ended, once palisade had ended it where it did.
    codex_exit: Option<u8>,
    codex_signal: Option<i32>,
    pid: u32,
    milliseconds: u128,
    first_output_milliseconds: Option<u128>,
    /// Tokens that came back each second, of the run as a whole; waiting for commands counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_budget: Option<&'a str>,
    /// The thread of this run.
    thread: Option<&'a str>,
    /// Tokens of this run alone, sub-agents left out.
    used: Usage,
    /// Tokens of the sub-agents.
    used_by_agents: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
    /// Who is asked to pay, by Codex's login.
    billing: Billing,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outer: Option<Outer>,
    stderr: &'a str,
    findings: usize,
    #[serde(flatten)]
    report: &'a Report,
}

/// Runs Codex; gives the exit status.
pub(super) fn main(args: &CodexRunArgs, prompt: Option<&str>, earlier: Option<(&str, Via)>) -> u8 {
    match run(args, prompt, earlier) {
        Ok(status) | Err(status) => status,
    }
}

fn run(args: &CodexRunArgs, prompt: Option<&str>, named: Option<(&str, Via)>) -> Result<u8, u8> {
    super::compare::end_with_parent()?;
    let rules = super::rules(&args.rules)?;
    let prices = prepare::prices(args)?;
    let mut prompt = prepare::prompt(args, prompt)?;
    let cwd = prepare::cwd(args)?;
    let home = prepare::home(args)?;
    let mut earlier = named.map(|(thread, _)| traces::earlier(&home, thread)).transpose()?;
    let mut context = None;
    if let Some((thread, Via::Context)) = named
        && let Some(earlier) = earlier.take()
    {
        let (longer, told) = traces::with_context(&earlier, thread, &prompt)?;
        (prompt, context) = (longer, Some(told));
    }
    let resume = named.filter(|(_, via)| *via == Via::Resume).map(|(thread, _)| thread);
    let (program, release) = prepare::program(&args.which)?;
    let artefact = |named: &Option<PathBuf>, name: &str| {
        named.clone().or_else(|| args.output.as_ref().map(|folder| folder.join(name)))
    };
    if let Some(folder) = &args.output {
        prepare::folder(folder)?;
    }
    let trace = artefact(&args.trace, "events.jsonl").as_deref().map(create).transpose()?;
    let invocation = Invocation {
        mode: args.mode,
        model: args.model.clone(),
        settings: args.config.clone(),
        git: if args.skip_git_repo_check { Git::Skip } else { Git::Required },
        resume: resume.map(str::to_owned),
        prompt,
    };
    let verb = if resume.is_some() { "codex resume" } else { "codex exec" };
    let more = serde_json::json!({ "mode": args.mode, "codex": program, "version": release.to_string(), "prompt": invocation.prompt });
    let book = super::ledger::begin(&args.book, verb, &program, &args.rules.rules, &cwd, &more)?;
    let limits = Limits {
        hard: Duration::from_secs_f64(args.timeout),
        idle: Duration::from_secs_f64(args.idle_timeout),
        first_output: Duration::from_secs_f64(args.first_output_timeout),
    };
    let mut around = Around::new(args, &home)?;
    let mut live = Live::new(args.format, trace, &cwd);
    // A file system may keep whole seconds only.
    let began = SystemTime::now() - Duration::from_secs(1);
    let budget = (args.max_tokens.is_some() || args.max_cost.is_some()).then(|| Budget {
        tokens: args.max_tokens,
        dollars: args.max_cost.zip(prices.clone()),
        model: args.model.clone(),
        home: home.clone(),
        began,
        before: earlier.as_ref().map(traces::Earlier::usage).unwrap_or_default(),
    });
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
            budget: budget.clone(),
        };
        let start = around.wrap(args, &home, start)?;
        let followed = follow(start, &mut live).map_err(|error| {
            say(format_args!("`{}` cannot be started: {error}", program.display()));
            exit::SETUP
        })?;
        let account = &followed.account;
        let finish = Finish::of(followed.stop.clone(), followed.ended, &account.end, account.lines, &followed.errors);
        if again && args.mode == Mode::FullAuto && not_known(&finish, spelling) {
            again = false;
            say(format_args!("this Codex does not know `{}`; once more with the other spelling", spelling.option()));
            spelling = spelling.other();
            continue;
        }
        break (words, followed, finish);
    };
    let thread = followed.account.threads.first().map(|(id, _)| id.clone());
    let mut report = traces::gather(&followed, &home, began, earlier.as_ref(), &mut around);
    report.changed(live.changed());
    report.enforced = args.guard.guard;
    report.settings.version.get_or_insert_with(|| release.to_string());
    if let Some(rules) = &rules {
        report.judge(rules);
    }
    let (used, used_by_agents) = traces::used(&report, thread.as_deref(), earlier.as_ref());
    let cost = prices.as_ref().map(|prices: &Prices| prices.cost(model(args, &report), used));
    let strange = resume.zip(thread.as_deref()).filter(|(asked, named)| asked != named);
    let mut status = finish.status();
    let unjudged = rules.is_some() && report.not_kept() > 0;
    if unjudged {
        say(format_args!("{} commands came after as many as are kept, and were not judged", report.not_kept()));
    }
    if status == exit::OK && (strange.is_some() || unjudged || followed.over.is_some() || report.findings() > 0) {
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
        codex_exit: if let Ended::Exited(code) = followed.ended { Some(code) } else { None },
        codex_signal: if let Ended::Signalled(signal) = followed.ended { Some(signal) } else { None },
        pid: followed.pid,
        milliseconds: followed.took.as_millis(),
        first_output_milliseconds: followed.first_output.map(|time| time.as_millis()),
        output_tokens_per_second: speed(used, followed.took),
        over_budget: followed.over.as_deref(),
        thread: thread.as_deref(),
        used,
        used_by_agents,
        cost,
        billing: prepare::billing(&home),
        context,
        outer: around.outer(),
        stderr: &followed.errors,
        findings: report.findings(),
        report: &report,
    };
    match args.format {
        Format::Json => live.put(&serde_json::to_string(&told).map_or_else(|_| String::new(), |line| line + "\n")),
        Format::Text => live.put(&text(&told, release, model(args, &report))),
    }
    if let Some((asked, named)) = strange {
        say(format_args!("Codex began the thread {named} instead of going on with {asked}"));
    }
    if finish != Finish::Completed {
        say(&finish);
        // What it refused is in there already, and nobody asks why what was told to end has ended.
        if !matches!(finish, Finish::Refused { .. } | Finish::Stopped { .. } | Finish::OverBudget { .. }) {
            for line in report::last_words(&followed.errors) {
                say(format_args!("codex said: {line}"));
            }
        }
    }
    if let Some(why) = &followed.over {
        say(format_args!("it ended by itself, and over its budget: {why}"));
    }
    if let Some(error) = live.gone.as_ref().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
        say(format_args!("standard output cannot be written: {error}"));
        status = status.max(exit::FINDINGS);
    }
    if let Some(error) = &live.trace_error {
        say(format_args!("the trace is not whole: {error}"));
        status = status.max(exit::FINDINGS);
    }
    if let Some(path) = artefact(&args.report, "report.json")
        && let Err(error) = std::fs::write(&path, format!("{:#}\n", serde_json::json!(told)))
    {
        say(format_args!("the report `{}` cannot be written: {error}", path.display()));
        status = status.max(exit::FINDINGS);
    }
    super::ledger::end(book, &report, status);
    Ok(status)
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

fn model<'a>(args: &'a CodexRunArgs, report: &'a Report) -> Option<&'a str> {
    args.model.as_deref().or(report.settings.model.as_deref())
}

/// Tokens that came back each second, to one place.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 tokens")]
fn speed(used: Usage, took: Duration) -> Option<f64> {
    (used.output > 0 && !took.is_zero()).then(|| (used.output as f64 / took.as_secs_f64() * 10.0).round() / 10.0)
}

fn text(told: &RunReport<'_>, release: Release, model: Option<&str>) -> String {
    let model = model.unwrap_or("a model it does not name");
    let mut out = format!("\n{} {release}, {}, {model}\n\n", told.codex.display(), told.mode.name());
    out.push_str(&report::deeds(told.report));
    // Those that say nothing that is known were passed over until now.
    if let Some(events) = told.report.traces.first() {
        let left = events.leftovers();
        if !left.is_empty() {
            out.push_str(&format!("lines of events: {}{left}\n", events.lines));
        }
    }
    let used = told.used;
    out.push_str(&format!(
        "this run: {} tokens in ({} cached), {} out; {} ms{}\n",
        used.input,
        used.cached,
        used.output,
        told.milliseconds,
        told.output_tokens_per_second.map(|speed| format!(", {speed} tokens a second")).unwrap_or_default()
    ));
    if told.used_by_agents != Usage::default() {
        let agents = told.used_by_agents;
        out.push_str(&format!("its sub-agents: {} tokens in, {} out\n", agents.input, agents.output));
    }
    if let Some(outer) = &told.outer {
        out.push_str(&outer.text());
    }
    if let Some(cost) = &told.cost {
        let whose = if told.billing == Billing::Subscription {
            "; a subscription pays, so this is what it would cost"
        } else {
            ""
        };
        out.push_str(&format!("cost: {cost}{whose}\n"));
    }
    out
}
