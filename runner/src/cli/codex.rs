//! The command line of `palisade codex`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, GuardArgs, RulesArgs, seconds};
use crate::codex::invocation::{Mode, Release};
use crate::passage::Way;

/// Options of `codex`.
#[derive(Debug, Args)]
pub struct CodexArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: CodexVerb,
}

/// What is done with Codex.
#[derive(Debug, Subcommand)]
pub enum CodexVerb {
    /// Starts the real Codex on a prompt, follows it, and shows what really ran.
    Exec(ExecArgs),
    /// Goes on with a thread of an earlier run, in a mode that is said again.
    Resume(ResumeArgs),
    /// Shows what really ran, from the traces a run has left: events, session files, hook logs.
    Show(ShowArgs),
}

/// Options of `codex exec`.
#[derive(Debug, Args)]
#[command(after_help = EXEC_HELP)]
pub struct ExecArgs {
    #[command(flatten)]
    pub run: CodexRunArgs,
    /// Go on with an earlier thread, whose id its run printed.
    #[arg(long = "continue", value_name = "THREAD")]
    pub thread: Option<String>,
    /// How to go on with it: `resume` as Codex does; `context` begins a new thread with its conversation before the prompt.
    #[arg(long, value_enum, default_value_t = Via::Resume, requires = "thread")]
    pub via: Via,
    /// What to ask for; `-`, or nothing, reads it from standard input.
    #[arg(value_name = "PROMPT", conflicts_with = "prompt_file")]
    pub prompt: Option<String>,
}

/// How an earlier thread is gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    /// Codex goes on with its own thread.
    Resume,
    /// A new thread is told the conversation of the earlier one.
    Context,
}

/// Options of `codex resume`.
#[derive(Debug, Args)]
#[command(after_help = RESUME_HELP)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub run: CodexRunArgs,
    /// The thread: the id that the earlier run printed.
    #[arg(value_name = "THREAD")]
    pub thread: String,
    /// What to ask for; `-`, or nothing, reads it from standard input.
    #[arg(value_name = "PROMPT", conflicts_with = "prompt_file")]
    pub prompt: Option<String>,
}

/// Which Codex is started.
#[derive(Clone, Debug, Default, Args)]
pub struct WhichCodex {
    /// The program [default: the first `codex` on PATH].
    #[arg(long, value_name = "PATH")]
    pub codex: Option<PathBuf>,
    /// The version, from an installed npm package; when there is none, the command that installs it is told.
    #[arg(long, value_name = "VERSION", conflicts_with = "codex", value_parser = release)]
    pub codex_version: Option<Release>,
    /// Where to look for that package first: an npm prefix, or a folder with `node_modules`; may be repeated.
    #[arg(long, value_name = "DIR", requires = "codex_version")]
    pub codex_packages: Vec<PathBuf>,
}

fn release(text: &str) -> Result<Release, String> {
    Release::parse(text).ok_or_else(|| "three numbers, such as 0.169.0".to_owned())
}

/// What `exec` and `resume` share.
#[derive(Debug, Args)]
pub struct CodexRunArgs {
    /// What Codex may do; approvals are never asked for, whatever the mode.
    #[arg(long, value_enum, default_value_t = Mode::ReadOnly)]
    pub mode: Mode,
    /// Which Codex.
    #[command(flatten)]
    pub which: WhichCodex,
    /// The model [default: the one that is configured].
    #[arg(short, long, value_name = "NAME")]
    pub model: Option<String>,
    /// A setting of Codex, as its own `-c` takes it; may be repeated.
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
    pub config: Vec<String>,
    /// Run in this directory, which is also the workspace [default: the current directory].
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Accept a workspace without git. Bypass always does.
    #[arg(long)]
    pub skip_git_repo_check: bool,
    /// Where Codex keeps its configuration and sessions [default: CODEX_HOME, or .codex in the home directory].
    #[arg(long, value_name = "DIR")]
    pub codex_home: Option<PathBuf>,
    /// A variable for Codex and the commands it runs; may be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub environment: Vec<(String, String)>,
    /// A variable of this process that passes; may be repeated. Commands see it too.
    #[arg(long, value_name = "NAME")]
    pub keep_env: Vec<String>,
    /// Read the prompt from this file.
    #[arg(long, value_name = "FILE")]
    pub prompt_file: Option<PathBuf>,
    /// End the run after this many seconds (status 124).
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "300")]
    pub timeout: f64,
    /// End the run after this many seconds without a line of it (status 124). A silent command says nothing while it runs.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "180")]
    pub idle_timeout: f64,
    /// End the run when it has said nothing at all after this many seconds (status 124).
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    pub first_output_timeout: f64,
    /// End the run when it has used more tokens than this, in and out, sub-agents included (status 1).
    #[arg(long, value_name = "NUMBER")]
    pub max_tokens: Option<u64>,
    /// End the run when it has cost more than this by the prices (status 1); a model without prices ends it too.
    #[arg(long, value_name = "DOLLARS", requires = "prices", value_parser = dollars)]
    pub max_cost: Option<f64>,
    /// A table of prices, in TOML, to say what the run costs.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Which rules to judge by what ran.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Judging what Codex starts.
    #[command(flatten)]
    pub guard: GuardArgs,
    /// Run all of Codex in palisade's own workspace-write sandbox, with a network that ends at the model's host: for bypass.
    #[arg(long, help_heading = "Sandbox")]
    pub outer: bool,
    /// With `--outer`, a host to let through instead of the configured model's; port 443 unless said; may be repeated.
    #[arg(long, value_name = "HOST[:PORT]", requires = "outer", value_parser = Way::parse, help_heading = "Sandbox")]
    pub model_host: Vec<Way>,
    /// Leave events.jsonl, report.json and, with the guard, guard.ndjson in this directory.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write the lines that Codex prints to this file, as they come; one of more than 8 MiB is cut.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write what was observed to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub book: super::ledger::BookArgs,
    /// How to write what happens: for people, or one JSON object a line, the report last.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

fn dollars(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|dollars: &f64| dollars.is_finite() && *dollars >= 0.0)
        .ok_or_else(|| "an amount, such as 2.50".into())
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !text.contains('\0') => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE, with a name".into()),
    }
}

const EXEC_HELP: &str = "Codex is started as `codex exec --json`, in a process group of its own, with standard input closed, and with an \
environment of PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TERM, TZ, TMPDIR and what `--env` and `--keep-env` name: commands \
that the model runs see all of it. full-auto is spelled `--full-auto` up to 0.125 and `--sandbox workspace-write` since.

It succeeds when its turn was completed and it ended cleanly; Codex itself also ends with 0 when it was interrupted. On any end, \
SIGINT, SIGTERM and a closed output included, every process below it is ended.

With rules, the commands that ran are judged afterwards; one that is forbidden and ran all the same is a finding. That alone keeps \
Codex from nothing: `palisade hook install` does before a command runs, and `--guard` at each program. The guard traces Codex with all it \
starts, within Codex's own sandbox too, kills what the rules refuse before its first instruction, and its record is one more source of \
what really ran; `--record FILE` keeps it.

With `--outer` Codex runs in palisade's own sandbox: it writes the workspace, /tmp and CODEX_HOME, and reaches the host of its model and no \
other, through a proxy of palisade's (HTTPS_PROXY); the report names what else was asked for. Its own sandbox cannot be built in there, so \
this is for bypass.

`--codex-version` looks for the npm package below `--codex-packages`, $XDG_DATA_HOME/palisade/codex, npm's prefixes, the package of the \
`codex` on PATH and the cache of npx. palisade itself downloads nothing.

A price table: `source = \"where from\"`, then for each model `[models.\"NAME\"]` with `input`, `cached`, `output` and perhaps \
`cache_write`, in US dollars per million tokens; `[models.\"*\"]` is for all others. Tokens of sub-agents are told beside the run's own. The \
report says where the prices are from, and whether a key or a subscription pays.

Codex logs in by itself: `codex login`, `codex login --device-auth` where there is no browser, or a key passed with `--keep-env`.

What a run has used is read from its session files while it runs, after each answer of the model; that answer is paid for when \
`--max-tokens` or `--max-cost` end the run.

The status is 0; 1 when the turn failed, was interrupted or went over its budget, or there are findings; Codex's own when it refused to begin; 2 for \
wrong usage; 124 timed out; 125 could not be set up; 127 no Codex; 128+N ended by signal N.

Examples:
  palisade codex exec 'say what this repository is for'
  palisade codex exec --mode full-auto --keep-env OPENAI_API_KEY --rules team.rules 'make the tests pass'
  palisade codex exec --mode bypass --outer --guard --rules team.rules --prompt-file task.md --format json
  palisade codex exec --codex-version 0.125.0 --continue 01a1f89b-45e2-7040-b544-515c06110566 --via context 'go on'";

const RESUME_HELP: &str = "Codex itself begins a new thread when it does not know the id, and forgets the mode of the thread. So the id is looked \
for in the session files first, the mode is said again (read-only unless `--mode` says otherwise), and the id that Codex names is \
compared. Tokens and cost are those of this run; Codex reports the thread's total. What else holds for `exec` holds here.

Examples:
  palisade codex resume --mode full-auto 01a1f89b-45e2-7040-b544-515c06110566 'now the documentation'";

/// Options of `codex show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
pub struct ShowArgs {
    /// Traces of one run, in any order; `-` reads one from standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

const SHOW_HELP: &str = "A trace is one of these, told from its lines: the events of `codex exec --json` of any version, a session file \
(CODEX_HOME/sessions/**/rollout-*.jsonl; give those of sub-agents too), what a hook was given on its standard input, or the \
log of a scripted model. The events leave much out: what a rule or a hook refused, at random what the sandbox denied, all that \
sub-agents do and what is typed into a running command. With a better trace beside them, what they leave out is named.

With rules, each command is judged by palisade and, as its version would, by Codex. One that is forbidden and ran all the same, \
or may have run, is a finding.

Lines that are no events, that nobody knows or that are longer than 8 MiB are counted and never fatal.

The status is 0; 1 when there are findings; 2 for wrong usage or a file that cannot be read.

Examples:
  palisade codex show events.jsonl
  palisade codex show events.jsonl ~/.codex/sessions/2026/11/20/rollout-*.jsonl
  palisade codex show --rules team.rules --format json session.jsonl
  codex exec --json PROMPT < /dev/null | palisade codex show -";
