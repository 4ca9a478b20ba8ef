//! The command line of `palisade hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use policy::decision::Decision;

use super::{RulesArgs, decision};

/// Options of `hook`.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: HookVerb,
}

/// What is done with a hook.
#[derive(Debug, Subcommand)]
pub enum HookVerb {
    /// Judges the call that an agent describes on standard input; what an agent runs before each tool call.
    Run(HookRunArgs),
}

/// Options of `hook run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
pub struct HookRunArgs {
    /// Which rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// What a command gets that no rule matches: allow, prompt or forbidden
    #[arg(long, value_name = "DECISION", default_value = "prompt", value_parser = decision)]
    pub default: Decision,
    /// A tool that is allowed though nothing is known of it, by its name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub allow_tool: Vec<String>,
    /// Append each call with its verdict to this file, one JSON object a line; `codex show` reads it
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

const RUN_HELP: &str = "Codex and Claude Code run a hook before each tool call, with the call as JSON on standard input. A call that is \
allowed gives status 0 and no output. Every other gives status 2 and the reason on standard error, the one answer that no version \
misreads: after any other status, a crash included, the agents let the call run. So whatever cannot be read or judged is denied, \
and so is what would have to be asked for, since nobody can be asked.

Shell text is judged with everything it would execute. A patch, or a file that is written or edited, is judged as the command \
`apply_patch FILE...`. Tools that only read, plan or look are allowed; any other is denied unless `--allow-tool` names it. What is \
typed into a running command comes past no hook: forbid interactive shells by rule.

CODEX_HOME/hooks.json, for Codex since 0.125 (0.169 runs it once it is trusted there):
  {\"hooks\": {\"PreToolUse\": [{\"matcher\": \"*\", \"hooks\": [{\"type\": \"command\", \"timeout\": 60,
    \"command\": \"palisade hook run --rules /etc/palisade/team.rules --default allow\"}]}]}}

.claude/settings.json, for Claude Code, has the same member `hooks`.

The status is 0 or 2.

Examples:
  palisade hook run --rules team.rules --default allow --log calls.ndjson < call.json";
