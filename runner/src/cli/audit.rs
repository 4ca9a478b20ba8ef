//! Options of `audit`.

use std::ffi::OsString;
use std::path::PathBuf;

use policy::decision::Decision;

use super::{FailOn, RulesArgs, decision};
use crate::audit::input::{self, FORMATS};
use crate::audit::progress::Show;
use crate::audit::report::Format;

/// Options of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = AUDIT_HELP)]
pub struct AuditArgs {
    /// Which rules.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Files, directories of them, or `-` for standard input; `.gz` and `.zst` are unpacked.
    #[arg(value_name = "SOURCE", required_unless_present = "stdin")]
    pub sources: Vec<PathBuf>,
    /// What another policy would decide instead: a rule file, a directory, `REV:PATH` of git, or `pack:NAME`.
    #[arg(long, value_name = "OTHER")]
    pub against: Option<OsString>,
    /// What a command gets that no rule matches: allow, prompt or forbidden.
    #[arg(long, default_value = "prompt", value_parser = decision)]
    pub default: Decision,
    /// The format of the sources, instead of the one they look like.
    #[arg(long, value_name = "FORMAT", value_parser = format_name)]
    pub input: Option<&'static str>,
    /// Only commands from this time on: RFC 3339, a date, or seconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub since: Option<i64>,
    /// Only commands before this time.
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub until: Option<i64>,
    /// Only this session, by its name or by how that begins; may be repeated.
    #[arg(long, value_name = "ID")]
    pub session: Vec<String>,
    /// Only commands of this directory and those below; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub cwd: Vec<PathBuf>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The mildest decision that makes the exit status 1.
    #[arg(long, value_enum, default_value_t = FailOn::Forbidden)]
    pub fail_on: FailOn,
    /// Lines that are not understood are counted and shown, and leave the exit status alone.
    #[arg(long)]
    pub lenient: bool,
    /// Write down here how far it is, and go on from there after an interruption.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Stop after about so many commands; the same command goes on.
    #[arg(long, value_name = "COMMANDS", requires = "state")]
    pub stop_after: Option<u64>,
    /// Whether to show how far it is.
    #[arg(long, value_enum, default_value_t = Show::Auto)]
    pub progress: Show,
    /// How many cores to use [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Read standard input.
    #[arg(long, conflicts_with = "sources")]
    pub stdin: bool,
    /// Answer each line of standard input with one line, in order.
    #[arg(long, requires = "stdin", conflicts_with_all = ["state", "format"])]
    pub ndjson: bool,
}

fn format_name(name: &str) -> Result<&'static str, String> {
    input::named(name).map(|format| format.name).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        format!("the formats are {}", names.join(", "))
    })
}

fn moment(text: &str) -> Result<i64, String> {
    input::moment(text).ok_or_else(|| "a time is `2026-11-18T12:00:00Z`, `2026-11-18` or seconds since 1970".into())
}

const AUDIT_HELP: &str = "Inputs, known by their content: codex (session files, `codex exec --json`, hook logs), claude \
(transcripts of Claude Code), record (`run --record`), ndjson (`{\"argv\": […]}` or `{\"script\": \"…\"}` a line, with cwd, session, \
time, shell, recorded), bash, zsh and fish (histories), auditd (raw or enriched), osquery (process events), asciinema \
(versions 1 to 3), tally (sums of other audits).

Programs are taken as on a host as it should be: a bare name, or a path to it in a directory of the system, is the program \
that the rules mean. Name one trace of a run: a session file and the events of the same run are two.

Beyond 10,000 programs or 40,000 sessions the lists are a sample chosen by hash, and say so; the sums stay exact.

Exit status: 0 as it should be; 1 a decision at or above --fail-on; 2 wrong usage, rules that cannot be used, a source or a \
line that cannot be read (the rest is audited all the same), or not all was read.

Examples:
  palisade audit --rules team.rules ~/.codex/sessions
  palisade audit --rules team.rules --against main:team.rules ~/.bash_history
  palisade audit --pack git --since 2026-11-01 --cwd /srv --format html logs > audit.html
  palisade audit --rules team.rules --state audit.state /var/log/fleet/*.ndjson.zst
  palisade audit --rules team.rules --stdin --ndjson < commands.ndjson > verdicts.ndjson
  palisade audit --rules team.rules --format tally part1.ndjson > part1.tally; palisade audit --rules team.rules *.tally";
