//! The command line of `palisade hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use policy::decision::Decision;

use super::codex::WhichCodex;
use super::{Format, RulesArgs, decision};
use crate::hook::place::Agent;

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
    /// Writes the hook into the configuration of an agent.
    Install(Box<HookInstallArgs>),
    /// Proves that the hook is live: asks the agent for a harmless command that it denies.
    Status(HookStatusArgs),
    /// Removes what `install` has added, and nothing else.
    Uninstall(HookUninstallArgs),
}

/// What the hook judges by; `install` writes these options down, `run` gets them.
#[derive(Debug, Args)]
pub struct HookPolicyArgs {
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
    #[command(flatten)]
    pub book: super::ledger::BookArgs,
}

impl HookPolicyArgs {
    /// As words for `hook run`, with paths that hold wherever the agent runs it; `Err` names one that is not UTF-8.
    ///
    /// # Errors
    /// The path.
    pub fn words(&self) -> Result<Vec<String>, PathBuf> {
        let path = |path: &PathBuf| {
            std::path::absolute(path)
                .unwrap_or_else(|_| path.clone())
                .into_os_string()
                .into_string()
                .map_err(PathBuf::from)
        };
        let mut words = Vec::new();
        let mut push = |name: &str, value: String| words.extend([name.to_owned(), value]);
        for rules in &self.rules.rules {
            push("--rules", path(rules)?);
        }
        for pack in &self.rules.packs {
            push("--pack", pack.clone());
        }
        if self.default != Decision::Prompt {
            push("--default", self.default.to_string());
        }
        for tool in &self.allow_tool {
            push("--allow-tool", tool.clone());
        }
        if let Some(log) = &self.log {
            push("--log", path(log)?);
        }
        if self.rules.accept_banned {
            words.push("--accept-banned".into());
        }
        match self.book.ledger.as_ref().filter(|file| !file.is_empty()) {
            Some(file) => words.push(format!("--ledger={}", path(&file.into())?)),
            None if self.book.ledger.is_some() => words.push("--ledger".into()),
            None if self.book.no_ledger => words.push("--no-ledger".into()),
            None => {}
        }
        Ok(words)
    }
}

/// Options of `hook run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
pub struct HookRunArgs {
    /// What to judge by.
    #[command(flatten)]
    pub policy: HookPolicyArgs,
    /// Written by `hook install`, which knows its own entry by it; how much it had to make around the entry.
    #[arg(long, value_name = "N", hide = true)]
    pub installed: Option<u8>,
}

/// Where a hook is installed.
#[derive(Debug, Args)]
pub struct HookPlaceArgs {
    /// For this project instead of for all of this user's: DIR, or the repository around the current directory.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub project: Option<Option<PathBuf>>,
    /// Where Codex keeps its configuration [default: CODEX_HOME, or .codex in the home directory].
    #[arg(long, value_name = "DIR")]
    pub codex_home: Option<PathBuf>,
}

/// Options of `hook install`.
#[derive(Debug, Args)]
#[command(after_help = INSTALL_HELP)]
pub struct HookInstallArgs {
    /// For which agent.
    #[arg(long = "for", value_enum, value_name = "AGENT")]
    pub agent: Agent,
    /// Where.
    #[command(flatten)]
    pub place: HookPlaceArgs,
    /// What to judge by.
    #[command(flatten)]
    pub policy: HookPolicyArgs,
    /// Which Codex it is for: what it wants beside the hook depends on its version.
    #[command(flatten)]
    pub which: WhichCodex,
    /// Mark the project as trusted, which Codex 0.169 wants for a hook of a project; it then uses all of the project's configuration.
    #[arg(long, requires = "project")]
    pub trust_project: bool,
    /// Say what would be written; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Options of `hook status`.
#[derive(Debug, Args)]
#[command(after_help = STATUS_HELP)]
pub struct HookStatusArgs {
    /// For which agent [default: each that has the hook].
    #[arg(long = "for", value_enum, value_name = "AGENT")]
    pub agent: Option<Agent>,
    /// Where.
    #[command(flatten)]
    pub place: HookPlaceArgs,
    /// Which Codex to ask.
    #[command(flatten)]
    pub which: WhichCodex,
    /// Which Claude Code to ask [default: the first `claude` on PATH].
    #[arg(long, value_name = "PATH")]
    pub claude: Option<PathBuf>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Options of `hook uninstall`.
#[derive(Debug, Args)]
#[command(after_help = UNINSTALL_HELP)]
pub struct HookUninstallArgs {
    /// For which agent.
    #[arg(long = "for", value_enum, value_name = "AGENT")]
    pub agent: Agent,
    /// Where.
    #[command(flatten)]
    pub place: HookPlaceArgs,
}

const RUN_HELP: &str = "Codex and Claude Code run a hook before each tool call, with the call as JSON on standard input. A call that is \
allowed gives status 0 and no output. Every other gives status 2 and the reason on standard error, the one answer that no version \
misreads: after any other status, a crash included, the agents let the call run. So whatever cannot be read or judged is denied, \
and so is what would have to be asked for, since nobody can be asked.

Shell text is judged with everything it would execute. A patch, or a file that is written or edited, is judged as the command \
`apply_patch FILE...`. Tools that only read, plan or look are allowed; any other is denied unless `--allow-tool` names it. What is \
typed into a running command comes past no hook: forbid interactive shells by rule.

`palisade hook install` writes the configuration that makes an agent run this.

The status is 0 or 2.

Examples:
  palisade hook run --rules team.rules --default allow --log calls.ndjson < call.json";

const INSTALL_HELP: &str = "For Codex the hook goes into hooks.json below CODEX_HOME, or below .codex of a project; for Claude Code into \
settings.json below .claude of the home directory (or CLAUDE_CONFIG_DIR), or of a project. Codex also needs, in its config.toml: up \
to 0.124 a switch; 0.169 a record that it may trust this very command, without which it skips a hook and says nothing. The record \
is written for every version, the switch for the version that is found. A project's hook is used by 0.169 only where the project \
is trusted, see `--trust-project`.

What is in the files stays as it is, comments and order included. A second installation changes the first. A file that is not \
what the agent reads is refused, and nothing is written. Paths are written in full.

The status is 0; 1 when Codex will not use the hook as it is; 2 for wrong usage, rules or files that cannot be used; 125 when a file \
cannot be written.

Examples:
  palisade hook install --for codex --rules /etc/palisade/team.rules --default allow
  palisade hook install --for claude --project --pack git --default allow
  palisade hook status";

const STATUS_HELP: &str = "A file with an entry is no proof: agents skip hooks in silence. So the hook is called once directly, and then the \
agent is started with a model of palisade's own on loopback, which asks for the command `: palisade-hook-status-NUMBER`. The hook \
denies that command whatever the rules say, after it has loaded them; if the agent reports this denial, the hook is live. If it is not, \
the command runs, and does nothing. No account is used and no other connection is made by palisade; other hooks that are configured run too.

The status is 0 when every hook that was found is live; 1 when one is not, or none is found, or there is no agent to ask; 2 for wrong \
usage or files that cannot be used.

Examples:
  palisade hook status --for codex
  palisade hook status --for codex --project --codex-version 0.169.0";

const UNINSTALL_HELP: &str = "An entry is known by the option `--installed` in its command, a line of config.toml by its comment. What was made around \
them goes too, if nobody else has put something there: a file, a folder, a list. A hook that was written by hand stays.

The status is 0, also when there was nothing to remove; 2 for files that cannot be used; 125 when a file cannot be written.

Examples:
  palisade hook uninstall --for codex";
