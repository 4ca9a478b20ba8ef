//! The command line of `palisade requirements`.

use std::path::PathBuf;

use policy::requirements::release::{RELEASES, Release, find};

use super::formats::{ReportFormat, report_format};
use super::policies::FailOnChange;

/// Options of `requirements`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct RequirementsArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: RequirementsVerb,
}

/// The verbs below `requirements`.
#[derive(Debug, clap::Subcommand)]
pub enum RequirementsVerb {
    /// Says what Codex runs as here, under these constraints, and by whose word.
    Explain(Box<ExplainArgs>),
    /// Says what is wrong with requirements: what stops a release, what is ignored, what does less than it seems.
    Check(RequirementsCheckArgs),
    /// Runs cases that say what a team expects of its requirements.
    Test(RequirementsTestArgs),
    /// Says which outcomes change between two sets of requirements, looser or stricter, with an invocation for each.
    Diff(RequirementsDiffArgs),
    /// Asks a real Codex and compares its answers with the resolver's, key by key.
    Verify(Box<RequirementsVerifyArgs>),
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AnswerFormat {
    /// For people.
    Text,
    /// For machines; the README documents it.
    Json,
}

/// Options of `requirements explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPLAIN_HELP)]
pub struct ExplainArgs {
    /// The release of Codex: 0.117.0, 0.125.0 or 0.169.0.
    #[arg(long, value_name = "VERSION", default_value = "0.169.0", value_parser = release)]
    pub codex_version: &'static Release,
    /// Every release side by side.
    #[arg(long, conflicts_with = "codex_version")]
    pub all_versions: bool,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text)]
    pub format: AnswerFormat,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub files: LayerArgs,
    /// The intended invocation, after `--`: `codex exec --sandbox workspace-write`, or its flags alone.
    #[arg(last = true, value_name = "INVOCATION")]
    pub invocation: Vec<String>,
}

/// Which machine is asked about.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Machine")]
pub struct MachineArgs {
    /// Look for every file below this folder, as if it were `/`.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The home of the user [default: $HOME].
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Codex's folder [default: $CODEX_HOME, or `.codex` in the home].
    #[arg(long, value_name = "DIR")]
    pub codex_home: Option<PathBuf>,
    /// The working directory [default: the current directory].
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// The host name, for `remote_sandbox_config` [default: this host's].
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
}

/// Files that stand in for those of the machine; a file named here must exist.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files instead of the machine's")]
pub struct LayerArgs {
    /// Read no file of the machine, only those named here.
    #[arg(long)]
    pub only_named: bool,
    /// Stands in for `/etc/codex/requirements.toml`.
    #[arg(long, value_name = "FILE")]
    pub requirements: Option<PathBuf>,
    /// Stands in for `/etc/codex/managed_config.toml`.
    #[arg(long, value_name = "FILE")]
    pub managed_config: Option<PathBuf>,
    /// Stands in for `/etc/codex/config.toml`.
    #[arg(long, value_name = "FILE")]
    pub system_config: Option<PathBuf>,
    /// Stands in for `config.toml` in Codex's folder.
    #[arg(long, value_name = "FILE")]
    pub user_config: Option<PathBuf>,
    /// Stands in for `.codex/config.toml` of the working directory.
    #[arg(long, value_name = "FILE")]
    pub project_config: Option<PathBuf>,
    /// Requirements that Codex would fetch for a company's login; palisade fetches nothing.
    #[arg(long, value_name = "FILE")]
    pub cloud_requirements: Option<PathBuf>,
    /// Requirements from the managed preferences of macOS, decoded to TOML.
    #[arg(long, value_name = "FILE")]
    pub mdm_requirements: Option<PathBuf>,
    /// Managed config from the managed preferences of macOS, decoded to TOML.
    #[arg(long, value_name = "FILE")]
    pub mdm_config: Option<PathBuf>,
}

/// Taking mode, roots, network and rules from what Codex would run as.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "As Codex")]
pub struct AsCodexArgs {
    /// Take mode, roots, network and rules from what Codex would run as here, under requirements, layers and trust.
    #[arg(long, conflicts_with_all = ["mode", "profile"])]
    pub as_codex: bool,
    /// The release of Codex: 0.117.0, 0.125.0 or 0.169.0.
    #[arg(long, value_name = "VERSION", default_value = "0.169.0", value_parser = release)]
    pub codex_version: &'static Release,
    /// The intended invocation of Codex, in one word: `codex exec --sandbox workspace-write` [default: `codex`].
    #[arg(long, value_name = "LINE", requires = "as_codex")]
    pub codex_line: Option<String>,
    /// Look for Codex's files below this folder, as if it were `/`.
    #[arg(long, value_name = "DIR", requires = "as_codex")]
    pub codex_root: Option<PathBuf>,
    /// Stands in for `/etc/codex/requirements.toml`.
    #[arg(long, value_name = "FILE", requires = "as_codex")]
    pub requirements: Option<PathBuf>,
    /// Stands in for `/etc/codex/managed_config.toml`.
    #[arg(long, value_name = "FILE", requires = "as_codex")]
    pub managed_config: Option<PathBuf>,
    /// Stands in for `config.toml` in Codex's folder.
    #[arg(long, value_name = "FILE", requires = "as_codex")]
    pub user_config: Option<PathBuf>,
    /// Stands in for `.codex/config.toml` of the working directory.
    #[arg(long, value_name = "FILE", requires = "as_codex")]
    pub project_config: Option<PathBuf>,
    /// Requirements that Codex would fetch for a company's login.
    #[arg(long, value_name = "FILE", requires = "as_codex")]
    pub cloud_requirements: Option<PathBuf>,
}

/// Options of `requirements check`.
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_HELP)]
pub struct RequirementsCheckArgs {
    /// Files of requirements; one named `managed_config.toml` is read as managed config, one named `config.toml` as the
    /// system's.
    #[arg(value_name = "FILE", required_unless_present_any = ["explain", "list"])]
    pub files: Vec<PathBuf>,
    /// The release that must start with them: 0.117.0, 0.125.0 or 0.169.0.
    #[arg(long, value_name = "VERSION", default_value = "0.169.0", value_parser = release)]
    pub codex_version: &'static Release,
    /// How to write the findings.
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text)]
    pub format: AnswerFormat,
    /// Leave out findings of this code; may be repeated.
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
    /// Say why a code matters and what to write instead.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["files", "list"])]
    pub explain: Option<String>,
    /// List every code.
    #[arg(long, conflicts_with = "files")]
    pub list: bool,
}

/// Options of `requirements test`.
#[derive(Debug, clap::Args)]
#[command(after_help = TEST_HELP)]
pub struct RequirementsTestArgs {
    /// Pages of cases, or directories of them.
    #[arg(value_name = "PATH", required_unless_present = "starter")]
    pub paths: Vec<PathBuf>,
    /// How to write the outcome: text, json (`failed`, and `cases` with `file`, `name`, `codex_version`, `wrong`), junit,
    /// sarif, tap or github.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
    /// Write cases to begin with to standard output.
    #[arg(long, conflicts_with = "paths")]
    pub starter: bool,
    /// Write what is observed into the cases that do not hold, after asking on the terminal; comments stay.
    #[arg(long)]
    pub bless: bool,
    /// Do not ask.
    #[arg(long, requires = "bless")]
    pub yes: bool,
}

/// Options of `requirements diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_HELP)]
pub struct RequirementsDiffArgs {
    /// The requirements before: a file, or a directory with `requirements.toml`, `managed_config.toml` or `config.toml`.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The requirements after.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Which change makes the exit status 1; a change without a certain direction counts as either.
    #[arg(long, value_enum, default_value_t = FailOnChange::Any)]
    pub fail_on: FailOnChange,
    /// The release of Codex: 0.117.0, 0.125.0 or 0.169.0.
    #[arg(long, value_name = "VERSION", default_value = "0.169.0", value_parser = release)]
    pub codex_version: &'static Release,
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
}

/// Options of `requirements verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_HELP)]
pub struct RequirementsVerifyArgs {
    /// The real Codex: its native program, or the launcher that npm installs [default: the first on PATH].
    #[arg(long, value_name = "PATH")]
    pub codex: Option<PathBuf>,
    /// Ask about this many made-up combinations of layers and flags too.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub generate: u64,
    /// The number of the first combination; the same number is the same combination.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Leave out the layers of this machine.
    #[arg(long, requires = "generate")]
    pub only_generated: bool,
    /// How many to ask at once [default: one for each processor].
    #[arg(long, value_name = "N")]
    pub at_once: Option<usize>,
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
    #[command(flatten)]
    pub machine: MachineArgs,
    #[command(flatten)]
    pub files: LayerArgs,
    /// The intended invocation, after `--`; without one every surface is asked without flags.
    #[arg(last = true, value_name = "INVOCATION")]
    pub invocation: Vec<String>,
}

fn release(name: &str) -> Result<&'static Release, String> {
    find(name).ok_or_else(|| {
        let known: Vec<&str> = RELEASES.iter().map(|release| release.name).collect();
        format!("the releases are {}", known.join(", "))
    })
}

const EXPLAIN_HELP: &str = "Each value comes with the file, line and column that declared it and the one that constrained it. \
What Codex would fetch from a cloud or from managed preferences is not asked for: give it as a file, or it is listed as unknown.

The status is 0 when Codex starts, 1 when a release that was asked for does not, and 2 for a file or a flag that cannot be \
read by any of them.

Examples:
  palisade requirements explain
  palisade requirements explain --all-versions -- codex exec --sandbox workspace-write
  palisade requirements explain --only-named --requirements new.toml --user-config dev.toml --format json
  palisade requirements explain --root /srv/image --home /home/dev --cwd /home/dev/proj";

const CHECK_HELP: &str = "Errors keep the release from starting. Warnings are lines that do less, or more, than they seem to. Notes are what \
other releases make of the file.

The status is 0 without findings, 1 with an error or a warning, 2 for a file that cannot be read as TOML.

Examples:
  palisade requirements check /etc/codex/requirements.toml
  palisade requirements check requirements.toml managed_config.toml
  palisade requirements check --explain order-is-fallback";

const DIFF_HELP: &str = "Every combination of what an invocation can ask for and of what either side speaks of is resolved under both; what is compared \
is what Codex would run as. The answer is exact for the combinations it names. A key whose effect is not resolved is told \
when it differs.

Exit status: 0 nothing changed that --fail-on names; 1 something did; 2 wrong usage, or files that cannot be read.

Examples:
  palisade requirements diff /etc/codex/requirements.toml new.toml
  palisade requirements diff --fail-on looser old/ new/ --format sarif
  palisade requirements diff --codex-version 0.125.0 old.toml new.toml";

const VERIFY_HELP: &str = "Codex is asked in a room of bubblewrap's that holds copies of the layers and nothing else: no network, no login, no file of \
the host but programs. What needs a cloud or managed preferences cannot be asked on Linux and is said.

The status is 0 without a difference, 1 with one, 2 for wrong usage or a Codex that cannot be asked.

Examples:
  palisade requirements verify
  palisade requirements verify --codex ./codex -- codex exec --sandbox workspace-write
  palisade requirements verify --codex ./codex --only-generated --generate 300 --seed 1";

const TEST_HELP: &str = "A page is TOML: one `[[case]]` each, with layers as files or texts, the invocation, the releases, and the values, \
failures and places expected. In a directory the `*.toml` that hold cases are run; the requirements themselves may lie beside them.

The status is 0 when all hold, 1 when one does not, 2 for a page that cannot be read, or when there is no case.

Examples:
  palisade requirements test --starter > cases.toml
  palisade requirements test cases.toml
  palisade requirements test policy/ --format junit > requirements.xml
  palisade requirements test --bless cases.toml";
