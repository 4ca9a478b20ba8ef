//! `execpolicy check`: stands in for `codex execpolicy check` of 0.169.0.
//!
//! Arguments, standard output and exit status are the real one's, byte for byte; what is said on standard error is of
//! the same class and better worded. The parser is a clap command of the same shape, because its quirks (where options
//! end, which clusters are options) are clap's own. It does not know palisade's verbs, to start fast.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use policy::decision::Decision;
use policy::judge::judge;
use policy::load::{Banned, Language};
use policy::request::{BasenameFallback, CodexMatching, Matching, Request, last_component};
use policy::ruleset::RuleSet;
use policy::verdict::{Reason, Verdict};
use serde::Serialize;

use crate::files;
use crate::render::Colour;

/// The features `--enable` and `--disable` know in 0.169.0, one a line.
const FEATURES: &str = include_str!("codex_features.txt");

#[derive(Debug, Parser)]
#[command(name = "execpolicy", bin_name = "palisade execpolicy", about = "Stands in for `codex execpolicy` of 0.169.0")]
struct Cli {
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Checks rule files against a command.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Rule files (repeatable).
    #[arg(short = 'r', long = "rules", value_name = "PATH", required = true)]
    rules: Vec<PathBuf>,
    /// Pretty-print the JSON output.
    #[arg(long)]
    pretty: bool,
    /// Let a path fall back to the rules of its last component, gated by `host_executable` definitions.
    #[arg(long)]
    resolve_host_executables: bool,
    /// The words of the command.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[derive(Debug, Args)]
struct Overrides {
    /// Accepted, and without effect here.
    #[arg(short = 'c', long = "config", value_name = "key=value", action = clap::ArgAction::Append, global = true)]
    config: Vec<String>,
    /// Accepted when the feature exists, and without effect here (repeatable).
    #[arg(long = "enable", value_name = "FEATURE", action = clap::ArgAction::Append, global = true)]
    enable: Vec<String>,
    /// Accepted when the feature exists, and without effect here (repeatable).
    #[arg(long = "disable", value_name = "FEATURE", action = clap::ArgAction::Append, global = true)]
    disable: Vec<String>,
}

/// Runs the verb with the words after `execpolicy`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args = std::iter::once(OsString::from("execpolicy")).chain(args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { crate::exit::USAGE } else { crate::exit::OK };
            let _ = error.print();
            return status;
        }
    };
    let named = cli.overrides.enable.iter().chain(&cli.overrides.disable);
    if let Some(unknown) = named.into_iter().find(|name| !FEATURES.lines().any(|known| known == name.as_str())) {
        let _ = writeln!(std::io::stderr(), "error: Codex 0.169.0 has no feature `{unknown}`");
        return 1;
    }
    let Verb::Check(args) = cli.verb;
    check(&args)
}

fn check(args: &CheckArgs) -> u8 {
    let files = args.rules.iter().map(|path| files::read(path)).collect();
    let rules = match files::load_files(files, Language::Codex169, Banned::Ignore) {
        Ok(rules) => rules,
        Err(refusal) => {
            let text = refusal.text(Colour::of(&std::io::stderr()));
            let _ = std::io::stderr().write_all(text.as_bytes());
            return 1;
        }
    };
    let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned)).unwrap_or_default();
    let home = std::env::var("HOME").ok();
    let basename_fallback = if args.resolve_host_executables { BasenameFallback::On } else { BasenameFallback::Off };
    let matching = Matching::Codex(CodexMatching { basename_fallback, cwd: &cwd, home: home.as_deref() });
    let request = Request { argv: &args.command, identity: None, matching, default: Decision::Prompt };
    let verdict = judge(&rules.set, &request);
    let layout = if args.pretty { Layout::Pretty } else { Layout::Compact };
    // A reader that went away is not our failure, as it is not the real one's.
    let _ = std::io::stdout().write_all(answer(&verdict, &args.command, &rules.set, layout).as_bytes());
    0
}

/// How to lay out the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One line.
    Compact,
    /// Indented by two.
    Pretty,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    matched_rules: Vec<Matched<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Matched<'a> {
    #[serde(rename_all = "camelCase")]
    PrefixRuleMatch {
        matched_prefix: Vec<&'a str>,
        decision: Decision,
        #[serde(skip_serializing_if = "Option::is_none")]
        resolved_program: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        justification: Option<&'a str>,
    },
}

/// A verdict of Codex's own matching as `codex execpolicy check` prints it.
#[must_use]
pub fn answer(verdict: &Verdict, argv: &[String], rules: &RuleSet, layout: Layout) -> String {
    let matched_rules: Vec<Matched<'_>> = verdict
        .because()
        .iter()
        .filter_map(|reason| match reason {
            Reason::Rule { id, decision, matched, program, .. } => {
                let key = program.as_deref().and_then(last_component);
                let words = argv.iter().take(*matched as usize).map(String::as_str);
                Some(Matched::PrefixRuleMatch {
                    matched_prefix: key.into_iter().chain(words.skip(usize::from(key.is_some()))).collect(),
                    decision: *decision,
                    resolved_program: program.as_deref(),
                    justification: rules.rule(*id).and_then(|rule| rule.justification()),
                })
            }
            Reason::NoRule { .. }
            | Reason::Opaque { .. }
            | Reason::Executes { .. }
            | Reason::Carries
            | Reason::Empty => None,
        })
        .collect();
    let decision = (!matched_rules.is_empty()).then_some(verdict.decision());
    let answer = Answer { matched_rules, decision };
    let text = match layout {
        Layout::Compact => serde_json::to_string(&answer),
        Layout::Pretty => serde_json::to_string_pretty(&answer),
    };
    text.map_or_else(|_| String::new(), |text| text + "\n")
}
