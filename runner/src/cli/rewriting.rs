//! The verbs that write rules anew, and that say how files are written: their options.

use std::path::PathBuf;

use super::Compat;

/// Options of `fmt`.
#[derive(Debug, clap::Args)]
#[command(after_help = FMT_HELP)]
pub struct FmtArgs {
    /// Rule files, or directories of them; `-` is standard input, laid out to standard output.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Write nothing; name the files whose layout is another.
    #[arg(long)]
    pub check: bool,
}

const FMT_HELP: &str = "Four blanks a level, 120 columns, blanks around `=`, double quotes where nothing need be escaped; \
a bracket that does not fit on its line, or whose first element stands on its own line, has a line for each element. Blank \
lines and comments stay. A file is read before and after: the same program, the same rules, examples and findings; else \
nothing is written. It is replaced as a whole and keeps its mode. A file with wrong syntax is left as it is.

Exit status: 0 all files are laid out so; 1 with --check, some are not; 2 wrong usage, or files that cannot be read or \
written.

Examples:
  palisade fmt rules
  palisade fmt --check rules/*.rules
  palisade fmt - < team.rules";

/// Options of `convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = CONVERT_HELP)]
pub struct ConvertArgs {
    /// The policy to convert; `-` is standard input. Rules may be a directory of rule files.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What it is written for [default: told by its name, `.rules` becoming permissions of Claude Code].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub from: Option<From>,
    /// Write the result to a file that is not there yet, instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Whose rules they are to be; for `codex` without `exact`, which Codex does not know.
    #[arg(long, value_enum, default_value_t = Compat::Strict)]
    pub compat: Compat,
    /// Allow programs through which anything can be executed, and accept them by name, instead of asking about them.
    #[arg(long)]
    pub accept_banned: bool,
    /// Of a sudoers file: the user, and as `%group` the groups, whose lines are meant; may be repeated.
    #[arg(long = "user", value_name = "NAME")]
    pub users: Vec<String>,
    /// Of a sudoers file: the host whose lines are meant.
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = ConvertFormat::Text)]
    pub format: ConvertFormat,
}

/// What a policy is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum From {
    /// `settings.json` of Claude Code.
    Claude,
    /// A policy file of the Gemini CLI.
    Gemini,
    /// A sudoers file.
    Sudoers,
    /// Rules, which become permissions of Claude Code.
    Rules,
}

/// How `convert` writes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ConvertFormat {
    /// The result on standard output, what is not the same on standard error.
    Text,
    /// Both as one JSON object.
    Json,
}

const CONVERT_HELP: &str = "Nothing becomes milder: what rules cannot say becomes stricter, or is left out, and each such line is told with its \
place; what a refusal that was left out may have cut is asked about. The result loads and passes the ban; comments in it name the \
lines it comes from. Allowing a program through which anything can be executed becomes a question, unless --accept-banned.

Exit status: 0 everything is said as it was; 1 something became stricter or was left out; 2 wrong usage, or a file that \
cannot be read.

Examples:
  palisade convert .claude/settings.json > claude.rules
  palisade convert --from gemini ~/.gemini/policies/my-rules.toml -o gemini.rules
  palisade convert --from sudoers --user alice --user %wheel /etc/sudoers
  palisade convert team.rules > settings.json";

/// Options of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = SCHEMA_HELP)]
pub struct SchemaArgs {
    /// The kind of file; without it the kinds are listed.
    #[arg(value_name = "KIND", conflicts_with = "out_dir")]
    pub kind: Option<String>,
    /// Write every schema into this directory, as `KIND.schema.json`.
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
}

const SCHEMA_HELP: &str =
    "Editors with taplo in them, such as Even Better TOML, complete and check a file whose first line says \
where its schema is:

  #:schema ./.palisade/profile.schema.json

or all files of a name, by a rule in `.taplo.toml`:

  [[rule]]
  include = [\"**/*.cases.toml\"]
  schema.path = \"./.palisade/cases.schema.json\"

Exit status: 0; 2 wrong usage, or a directory that cannot be written.

Examples:
  palisade schema
  palisade schema profile > profile.schema.json
  palisade schema --out-dir .palisade";
