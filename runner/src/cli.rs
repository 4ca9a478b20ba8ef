//! The command line: clap types only, one struct per verb, every flag documented.

mod audit;
pub mod codex;
pub mod compare_codex;
mod formats;
pub mod hook;
pub mod ledger;
pub mod model;
mod policies;
mod requirements;
mod rewriting;
mod seatbelt;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches, Parser, Subcommand};
use policy::codex::version::{VERSIONS, Version};
use policy::decision::Decision;

pub use audit::AuditArgs;
pub use compare_codex::{CompareBackend, CompareFormat};
pub use formats::ReportFormat;
pub use rewriting::{ConvertArgs, ConvertFormat, FmtArgs, From as ConvertFrom, SchemaArgs};

pub use policies::{DiffArgs, FailOnChange, LintArgs, TestArgs};
pub use requirements::{
    AnswerFormat, AsCodexArgs, ExplainArgs, LayerArgs, MachineArgs, RequirementsArgs, RequirementsCheckArgs,
    RequirementsDiffArgs, RequirementsTestArgs, RequirementsVerb, RequirementsVerifyArgs,
};

use crate::backend::Backend;
use crate::guard::Kill;
use crate::modes::Mode;

pub use seatbelt::{SeatbeltArgs, SeatbeltAsk, SeatbeltLint, SeatbeltProfile, SeatbeltTest, SeatbeltVerb};
pub use verify::{VerifyArgs, Who};

/// A sandboxed exec-policy runner and tester for coding agents.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    #[command(about = RUN_ABOUT)]
    Run(Box<RunArgs>),
    /// Runs the same work under full-auto and under bypass, side by side, both contained.
    Compare(CompareArgs),
    /// Makes small attempts inside a sandbox: does it deny what it must, and leave possible what it must?
    Verify(Box<VerifyArgs>),
    /// Shows the plan that a profile becomes, on this host or on another.
    Profile(ProfileArgs),
    /// Says what this host can enforce, and what is missing.
    Doctor(DoctorArgs),
    /// Proposes rules that allow what `run --record` has seen, and nothing wider than needed.
    Learn(LearnArgs),
    /// Judges one command or script against rule files: verdict and reasons.
    Check(Box<CheckArgs>),
    /// Tells what a macOS sandbox profile would decide; simulated, on any system.
    Seatbelt(SeatbeltArgs),
    /// The real Codex: what its runs really executed.
    Codex(Box<codex::CodexArgs>),
    /// The policy as a live hook of a coding agent, before each tool call.
    Hook(hook::HookArgs),
    /// What ran, what was decided, denied and changed, as it was kept.
    Ledger(ledger::LedgerArgs),
    /// A model for the real Codex that says what a script says, on loopback; or the recorder before a real one.
    Model(model::ModelArgs),
    /// Tests rule files by their examples and by case files, with coverage of rules.
    Test(TestArgs),
    /// Says what is wrong with a policy: dead rules, rules that give too much, ways around; each with a witness.
    Lint(LintArgs),
    /// Turns policies of Claude Code, the Gemini CLI and sudo into rules, and rules into permissions of Claude Code.
    Convert(ConvertArgs),
    /// Lays rule files out in one way: what they say, their comments and what they load to stay.
    Fmt(FmtArgs),
    /// Says which commands get another verdict from a changed policy: exact, with witnesses.
    Diff(DiffArgs),
    /// Prints the JSON Schema of a TOML file of ours, for editors.
    Schema(SchemaArgs),
    /// Replays recorded commands against a policy: sessions of agents, shell histories, logs of executions.
    Audit(Box<AuditArgs>),
    /// What Codex runs as under `requirements.toml`, managed config, layers and flags, and by whose word.
    Requirements(RequirementsArgs),
    /// Stands in for `codex execpolicy`: the same arguments, output and exit status.
    #[command(disable_help_flag = true)]
    Execpolicy(ExecpolicyArgs),
}

/// What a command may touch, as the command line says it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Sandbox")]
pub struct SandboxArgs {
    /// What the command may touch; `full-auto` and `bypass` are understood too [default: workspace-write].
    #[arg(long, value_enum, conflicts_with = "profile", hide_possible_values = false)]
    pub mode: Option<Mode>,
    /// A profile of your own instead of a mode.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Who builds the sandbox.
    #[arg(long, value_enum, default_value_t = Backend::USUAL)]
    pub backend: Backend,
    /// One more tree that may be written; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub writable: Vec<PathBuf>,
    /// A file or tree that must not be read; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub deny_read: Vec<PathBuf>,
    /// What of the network is reached, whatever the profile says.
    #[arg(long, value_enum)]
    pub network: Option<Network>,
    /// A variable that passes although the profile takes it away; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub keep_env: Vec<String>,
    /// Run in this directory, which is also the workspace [default: the current directory].
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Give up what this host cannot enforce instead of stopping; the report names the claims that are lost.
    #[arg(long)]
    pub degrade: bool,
}

/// What of the network is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// Nothing but local streams between the command's own processes.
    Off,
    /// The host's network.
    #[value(alias = "on")]
    Host,
}

/// Options of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = RUN_HELP)]
pub struct RunArgs {
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    /// A rule file, or a directory of them; may be repeated.
    #[arg(short, long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// A shipped rule pack by name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub pack: Vec<String>,
    /// Only warn of rules that allow a program through which anything can be executed.
    #[arg(long)]
    pub accept_banned: bool,
    /// What a command gets that no rule matches: allow, prompt or forbidden [default: prompt; allow without rules].
    #[arg(long, value_name = "DECISION", value_parser = decision)]
    pub default: Option<Decision>,
    /// End the command after this many seconds (status 124).
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<f64>,
    #[command(flatten)]
    pub as_codex: AsCodexArgs,
    #[command(flatten)]
    pub guard: GuardArgs,
    /// Show the verdict and the plan; run nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write what was decided, planned and what happened to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub book: ledger::BookArgs,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Judging what the command starts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Guard")]
pub struct GuardArgs {
    /// Judge every program that the command and its descendants start, and kill the refused ones before they run.
    #[arg(long)]
    pub guard: bool,
    /// What is killed with a refused program.
    #[arg(long, value_enum, default_value_t = Kill::Process, requires = "guard")]
    pub guard_kill: Kill,
    /// Write every program that is started to this file, one JSON object a line; traces as `--guard` does.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Say afterwards what the sandbox refused: call, path or address, layer, process, and which line would permit it; with
    /// `--backend seatbelt` as the system log of macOS tells it.
    #[arg(long)]
    pub denials: bool,
}

impl GuardArgs {
    /// Whether the run is traced.
    #[must_use]
    pub const fn wanted(&self) -> bool {
        self.guard || self.record.is_some() || self.denials
    }
}

const RUN_ABOUT: &str = "Runs a command behind both walls: the policy first, the sandbox after";

const RUN_HELP: &str =
    "Without rules every command is permitted and only the sandbox stands. With rules, a command that \
no rule matches is asked for on a terminal and refused where there is none; `--default` says otherwise.

With `--guard` the same rules judge every program that is started below the command, whoever starts it and however. A \
refused one is killed before its first instruction, and standard error says by which rule and who started it. `sh -c TEXT` \
is then judged by what the text starts. Without a terminal, a program to be asked for is refused.

The status is the command's own; 124 timed out, 125 could not be set up, 126 refused by policy or not executable, \
127 not found, 128+N ended by signal N; 2 wrong usage or input that cannot be read.

Examples:
  palisade run -- make test
  palisade run --mode read-only -- git log
  palisade run --rules policy.rules --timeout 60 -- ./build.sh
  palisade run --dry-run --backend bwrap -- true
  palisade run --as-codex --codex-line 'codex exec --sandbox workspace-write' -- make test
  palisade run --guard --rules policy.rules --default allow -- make test
  palisade run --guard --guard-kill tree --pack files --default allow -- ./untrusted.sh
  palisade run --denials -- make test
  palisade run --record build.ndjson -- make        (then: palisade learn build.ndjson)";

/// Options of `learn`.
#[derive(Debug, clap::Args)]
#[command(after_help = LEARN_HELP)]
pub struct LearnArgs {
    /// Records, as `palisade run --record FILE` writes them.
    #[arg(required = true, value_name = "FILE")]
    pub records: Vec<PathBuf>,
}

const LEARN_HELP: &str = "Programs are grouped by their sub-commands; where many variants of a word were seen the rule ends \
before it. A prefix that would allow anything, such as `bash -c`, is not proposed: a comment says so, with the exact words. \
Programs that the guard killed are left out. Read the rules before you use them.

The status is 0, or 2 for a record that cannot be read.

Examples:
  palisade run --record build.ndjson -- make
  palisade learn build.ndjson > build.rules
  palisade run --guard --rules build.rules -- make";

/// Options of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPARE_HELP)]
pub struct CompareArgs {
    /// Commands from a file: one per line, run by `sh -c`; or TOML, with names and expectations, when named `*.toml`.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub file: Option<PathBuf>,
    /// Only commands of this name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Say which commands there are; run nothing.
    #[arg(long)]
    pub list: bool,
    /// Instead of commands, the probes of `verify`: of what works under bypass, how much full-auto refuses.
    #[arg(long, conflicts_with_all = ["file", "command", "only", "list", "workspace", "on_host", "rules", "pack"])]
    pub probes: bool,
    /// Work in this directory, copy-on-write, instead of the demonstration's.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// A rule file, or a directory of them, to judge the commands by; may be repeated.
    #[arg(short, long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// A shipped rule pack by name; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub pack: Vec<String>,
    /// Only warn of rules that allow a program through which anything can be executed.
    #[arg(long)]
    pub accept_banned: bool,
    /// How many commands at once [default: as many as there are cores]; with `--codex`, how many runs [default: 4], of which one may
    /// be full-auto.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// End a command after this many seconds [default: 20]; with `--codex`, a whole run of Codex [default: 300].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// Who builds full-auto's sandbox; `seatbelt` on macOS, with `--on-host`.
    #[arg(long, value_enum, default_value_t = CompareBackend::USUAL)]
    pub backend: CompareBackend,
    /// Run bypass bare on this host, in a throw-away copy of the workspace. It can harm this host; asks first.
    #[arg(long)]
    pub on_host: bool,
    /// Take `--on-host` as answered with yes.
    #[arg(long, requires = "on_host")]
    pub yes: bool,
    #[command(flatten)]
    pub codex: compare_codex::CodexCompareArgs,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub format: CompareFormat,
    /// Commands, each one argument of shell text, after `--` [default: the demonstration].
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

const COMPARE_HELP: &str = "Both sides run in a containment: namespaces of their own, copy-on-write over all files, a \
network that ends in palisade. Bypass has what it would have on the host, and harms nothing.

With `--codex` the real Codex is run in read-only, full-auto and bypass, each on fresh ground: a workspace, a folder beside it, a home \
with bait for a secret, a probe on loopback. A scripted model tells it what to do, so nothing but the mode differs, and nobody is asked \
or connected to. The shipped scripts touch only that bait. Bypass is bare: for a script or a prompt of your own it needs `--on-host`. In a \
script @RUN@, @PORT@ and @OUTSIDE@ stand for the name of the run, the port of the probe and the folder; `[files]` are laid in \
the workspace, `rules` and `--rules` are given to Codex and to palisade.

The status is 0; 1 when an expectation failed or a side did not start; 2 for wrong usage or input that cannot be read; \
125 when the containment cannot be built.

Examples:
  palisade compare
  palisade compare --workspace . -- 'make test' 'npm install'
  palisade compare --file expectations.toml --format junit
  palisade compare --codex
  palisade compare --codex --codex-path old/codex --codex-path new/codex --format html > modes.html
  palisade compare --codex --prompt 'make the tests pass' --on-host";

/// Options of `profile`.
#[derive(Debug, clap::Args)]
pub struct ProfileArgs {
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    /// Plan for the host this file describes instead of this one; `--format json` prints such a description.
    #[arg(long, value_name = "FILE")]
    pub host: Option<PathBuf>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1e9 => Ok(value),
        _ => Err("a number of seconds above 0".into()),
    }
}

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Which rules to judge by; shared by every verb that judges.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RulesArgs {
    /// A rule file, or a directory whose `*.rules` are used (repeatable)
    #[arg(short = 'r', long = "rules", value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// A shipped rule pack: containers, files, git, network, packages, privilege, system (repeatable)
    #[arg(long = "pack", value_name = "NAME")]
    pub packs: Vec<String>,
    /// Only warn of rules that allow a program through which anything can be executed
    #[arg(long)]
    pub accept_banned: bool,
}

/// Options of `check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 as it should be; 1 a decision at or above --fail-on; 2 wrong usage, or rules that cannot be used."
)]
pub struct CheckArgs {
    /// Which rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Judge a script instead of words; `-` reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "command")]
    pub script: Option<String>,
    /// How to write the answer; `codex` is what `codex execpolicy check` prints, from its own matching
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// The mildest decision that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Forbidden)]
    pub fail_on: FailOn,
    /// What a command gets that no rule matches: allow, prompt or forbidden
    #[arg(long, default_value = "prompt", value_parser = decision)]
    pub default: Decision,
    /// Which matching to use
    #[arg(long, value_enum, default_value_t = Compat::Strict)]
    pub compat: Compat,
    /// With `--compat codex`: the version that reads a script: 0.117.0, 0.125.0 or 0.169.0
    #[arg(long, value_name = "VERSION", default_value = "0.169.0", value_parser = codex_version)]
    pub codex_version: Version,
    /// With Codex's matching: let a path fall back to the rules of its last component (always so in scripts)
    #[arg(long)]
    pub resolve_host_executables: bool,
    /// The words of the command, after `--`
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// How `check` writes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// As Codex prints it.
    Codex,
}

/// The mildest decision that fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Every decision.
    Allow,
    /// `prompt` and `forbidden`.
    Prompt,
    /// `forbidden`.
    Forbidden,
    /// None.
    Never,
}

/// Whose matching to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Compat {
    /// palisade's own: restrictive rules follow the program, allowing rules need certainty.
    Strict,
    /// Codex's own.
    Codex,
}

/// Reads a decision, as every verb's `--default` does.
///
/// # Errors
/// Names the decisions.
pub fn decision(word: &str) -> Result<Decision, String> {
    Decision::parse(word).ok_or_else(|| "the decisions are allow, prompt and forbidden".to_owned())
}

fn codex_version(name: &str) -> Result<Version, String> {
    Version::parse(name).ok_or_else(|| {
        let known: Vec<&str> = VERSIONS.iter().map(|traits| traits.name).collect();
        format!("the versions are {}", known.join(", "))
    })
}

/// Options of `execpolicy`, which reads them itself.
#[derive(Debug, clap::Args)]
pub struct ExecpolicyArgs {
    /// The arguments of `codex execpolicy`.
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Output for people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Parses the arguments; `Err` holds the status after clap has said what is wrong.
///
/// # Errors
/// The exit status to end with: 0 after `--help` and `--version`, 2 after wrong usage.
pub fn parse(args: &[OsString]) -> Result<Cli, u8> {
    // Building the command line of every verb costs more than starting a sandbox's namespaces; `run` builds its own only.
    let parsed = match args {
        [_, verb, rest @ ..] if verb == "run" => {
            let name = OsString::from("palisade run");
            let command = RunArgs::augment_args(Command::new("palisade run")).about(RUN_ABOUT).max_term_width(100);
            command
                .try_get_matches_from(std::iter::once(&name).chain(rest))
                .and_then(|matches| RunArgs::from_arg_matches(&matches))
                .map(|args| Cli { verb: Verb::Run(Box::new(args)) })
        }
        args => Cli::try_parse_from(args),
    };
    parsed.map_err(|error| {
        let status = if error.use_stderr() { crate::exit::USAGE } else { crate::exit::OK };
        let _ = error.print();
        status
    })
}
