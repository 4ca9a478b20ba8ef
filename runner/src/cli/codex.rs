//! The command line of `palisade codex`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, RulesArgs};

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
    /// Shows what really ran, from the traces a run has left: events, session files, hook logs.
    Show(ShowArgs),
}

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
