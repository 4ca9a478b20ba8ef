//! The verbs that look at policies and judge nothing for anybody: their options.

use std::ffi::OsString;
use std::path::PathBuf;

use policy::decision::Decision;

use super::formats::{ReportFormat, report_format};
use super::{Compat, decision};

/// Options of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = TEST_HELP)]
pub struct TestArgs {
    /// Rule files, case files, or directories of them.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Name the rules that decided about no case, and the alternatives that no case has.
    #[arg(long)]
    pub coverage: bool,
    /// Fail when fewer rules in a hundred decided about a case.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub coverage_min: Option<u8>,
    /// Test again after each change of a file, until Ctrl-C (status 130).
    #[arg(long)]
    pub watch: bool,
    /// Only warn of rules that allow a program through which anything can be executed.
    #[arg(long)]
    pub accept_banned: bool,
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
}

const TEST_HELP: &str = "Cases stand beside the rules: `git.cases.toml` is about `git.rules`, another name about all rules of its \
directory, and `rules = [\"a.rules\"]` at its top names others. Commands and scripts are judged as `check` judges them, on a \
host where every bare name is the program that the rules mean.

  [[case]]
  command = \"git push --force\"    # or argv = [\"git\", …], or script = \"…\"
  decision = \"forbidden\"
  rule = \"git push --force\"       # words of the deciding pattern, FILE:LINE, or \"default\"
  note = \"rewrites what others have\"

Only cases count for coverage, not the examples in rules. Formats: text, json, junit, sarif, tap, github.

Exit status: 0 everything held; 1 a case or an example did not, or too little coverage; 2 wrong usage, or input that cannot \
be used.

Examples:
  palisade test rules
  palisade test --coverage team.rules
  palisade test --watch rules
  palisade test --coverage-min 100 --format junit rules > test.xml";

/// Options of `lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = LINT_HELP)]
pub struct LintArgs {
    /// Rule files, or directories of them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// A shipped rule pack by name; may be repeated.
    #[arg(long = "pack", value_name = "NAME")]
    pub packs: Vec<String>,
    /// Say what a code means, why it matters and what to do.
    #[arg(long, value_name = "CODE")]
    pub explain: Option<String>,
    /// Look for this even where it is not looked for by default, and call it an error; may be repeated.
    #[arg(long, value_name = "CODE")]
    pub deny: Vec<String>,
    /// Do not tell of this; may be repeated.
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
    /// With `codex`: also look for what holds for Codex's own matching alone.
    #[arg(long, value_enum, default_value_t = Compat::Strict)]
    pub compat: Compat,
    /// Take out rules that never decide; written only where no verdict is proven to get milder.
    #[arg(long)]
    pub fix: bool,
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
}

const LINT_HELP: &str =
    "The rules of all files are looked at together, as a session would load them. Rules that do not load \
are findings too. Formats: text, json, junit, sarif, tap, github.

Exit status: 0 no finding; 1 findings; 2 wrong usage, or files that cannot be read.

Examples:
  palisade lint rules
  palisade lint --compat codex --deny no-counter-example team.rules
  palisade lint --explain shadowed-rule
  palisade lint --fix team.rules
  palisade lint --format sarif rules > lint.sarif";

/// Options of `diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_HELP)]
pub struct DiffArgs {
    /// The policy as it was: a rule file, a directory of them, `REV:PATH` of git, or `pack:NAME`.
    #[arg(value_name = "OLD")]
    pub old: OsString,
    /// The policy as it is to be.
    #[arg(value_name = "NEW")]
    pub new: OsString,
    /// Which change makes the exit status 1.
    #[arg(long, value_enum, default_value_t = FailOnChange::Any)]
    pub fail_on: FailOnChange,
    /// What a command gets that no rule matches: allow, prompt or forbidden.
    #[arg(long, default_value = "prompt", value_parser = decision)]
    pub default: Decision,
    /// Whose matching to compare; `codex` is that of `codex execpolicy check`.
    #[arg(long, value_enum, default_value_t = Compat::Strict)]
    pub compat: Compat,
    /// Only warn of rules that allow a program through which anything can be executed.
    #[arg(long)]
    pub accept_banned: bool,
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
}

/// Which change of a policy fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOnChange {
    /// A milder verdict, certain or possible.
    Looser,
    /// A stricter one.
    Stricter,
    /// Either.
    Any,
    /// None.
    Never,
}

const DIFF_HELP: &str = "Every command whose verdict changes is in one of the groups, and no other: a group is a \
prefix, with what is excepted from it. `git push …` means those words and whatever follows. `equal` is a proof: no command \
and no script gets another decision. Where only options or wrappers can tell the policies apart, the group says `beyond its \
own decision`. Rules that prompt or forbid follow a program under every path and an option in every spelling, in both \
policies, so what changes for the words shown changes for their other spellings. Formats: text, json, junit, sarif, tap, \
github; there a change that --fail-on does not name is a warning.

Exit status: 0 nothing changed that --fail-on names; 1 something did; 2 wrong usage, or rules that cannot be used.

Examples:
  palisade diff old.rules new.rules
  palisade diff --fail-on looser main:rules rules
  palisade diff pack:git my-git.rules --format json";
