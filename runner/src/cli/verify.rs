//! The options of `verify`.

use std::path::PathBuf;

use super::formats::{ReportFormat, report_format};
use super::requirements::AsCodexArgs;
use crate::backend::Backend;
use crate::probe::Class;
use crate::probe::expect::Mode;

/// Options of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct VerifyArgs {
    /// Whose sandbox: `native`, `bwrap`, `seatbelt`, `none`, `codex` (the first on PATH) or `codex=PATH`.
    #[arg(long, visible_alias = "backend", value_name = "SUBJECT", value_parser = who, default_value = USUAL)]
    pub subject: Who,
    /// With `seatbelt`, on any system: decide what the probes would ask of the generated profile, and run nothing.
    #[arg(long)]
    pub simulate: bool,
    /// Any other launcher, by its command line; `{}` stands for the command, `{workspace}`, `{tmp}` and `{home}` for places.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["subject", "profile"], requires = "mode")]
    pub subject_command: Option<String>,
    /// Which modes; may be repeated [default: the three with a sandbox].
    #[arg(long, value_enum, conflicts_with = "profile")]
    pub mode: Vec<Mode>,
    /// A profile of your own instead of modes: what it grants must work, what it withholds must be refused.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    #[command(flatten)]
    pub as_codex: AsCodexArgs,
    /// Give up what cannot be expressed of Codex's configuration instead of stopping; it is said.
    #[arg(long, requires = "as_codex")]
    pub degrade: bool,
    /// Only this probe, such as `FW-03`; may be repeated.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Only probes of this class; may be repeated.
    #[arg(long, value_enum)]
    pub class: Vec<Class>,
    /// Say which probes there are; run nothing.
    #[arg(long, conflicts_with = "explain")]
    pub list: bool,
    /// Say what a probe asks, why it matters, what each mode owes and who should refuse; run nothing.
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,
    /// Fail when a question could not be put.
    #[arg(long)]
    pub no_skip: bool,
    /// Also say what the sandbox adds to having none: of what works without it, how much it refuses.
    #[arg(long, value_enum)]
    pub against: Option<Against>,
    /// Take one part of the sandbox away at a time, and demand that a probe notices each.
    #[arg(long, conflicts_with_all = ["subject_command", "against", "baseline", "no_skip"])]
    pub mutate: bool,
    /// Also say who refused: measured for palisade's own sandboxes, layer by layer; a guess from the errno for others.
    #[arg(long, conflicts_with = "mutate")]
    pub attribute: bool,
    /// Only parts whose names hold this word; may be repeated.
    #[arg(long, value_name = "WORD", requires = "mutate")]
    pub mutant: Vec<String>,
    /// How many of a hundred parts must be noticed at least.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, requires = "mutate")]
    pub at_least: f64,
    /// Accept the findings this file lists, each with a reason and a last day; what is new or expired fails.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Build the bait below this directory: outside /tmp and $TMPDIR, open to the user.
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub scratch: PathBuf,
    /// How to write the answer: text, json, junit, sarif, tap or github.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = report_format)]
    pub format: ReportFormat,
}

/// What a subject is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Against {
    /// No sandbox.
    None,
}

/// Whose sandbox is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// palisade's own, from the kernel alone.
    Native,
    /// palisade's, built by bubblewrap.
    Bwrap,
    /// palisade's on macOS, by `sandbox-exec`.
    Seatbelt,
    /// Nobody's: shows what fails when nothing stands in the way.
    None,
    /// The real Codex's: the first on PATH, or this one.
    Codex(Option<PathBuf>),
}

/// Who is verified unless somebody else is named.
const USUAL: &str = match Backend::USUAL {
    Backend::Seatbelt => "seatbelt",
    _ => "native",
};

fn who(word: &str) -> Result<Who, String> {
    match word.split_once('=') {
        None if word == "native" => Ok(Who::Native),
        None if word == "bwrap" => Ok(Who::Bwrap),
        None if word == "seatbelt" => Ok(Who::Seatbelt),
        None if word == "none" => Ok(Who::None),
        None if word == "codex" => Ok(Who::Codex(None)),
        Some(("codex", path)) if !path.is_empty() => Ok(Who::Codex(Some(path.into()))),
        _ => Err(
            "the subjects are native, bwrap, seatbelt, none, codex and codex=PATH; --subject-command takes any other"
                .to_owned(),
        ),
    }
}

const HELP: &str = "Each probe is one small attempt, made inside the sandbox in a process of its own, at bait that is laid out for \
it and removed again; scenarios are asked from outside, by starting the sandbox in odd ways. What really happened is seen from outside. The same attempts without a sandbox come first: they show that \
an attempt can succeed on this host.

pass            as the profile owes it
fail            not as the profile owes it
error           the subject did not start, or the attempt broke
weak            worked, though it had better be refused
unproven        refused, but nothing shows that it could ever have worked here
skip            the question could not be put
not-applicable  this host refuses it without any sandbox, or has nothing to ask about
noted           only reported

The status is 0; 1 when a probe failed or is in error, or with `--no-skip` was skipped; 2 for wrong usage or input that \
cannot be read; 125 when the bait cannot be laid out.

A baseline is TOML: an [[accept]] for each finding, with `id`, `reason`, `until = 2027-01-31` and, if need be, `profile`. \
Nothing in error is ever accepted.

Examples:
  palisade verify
  palisade verify --mode read-only --class network
  palisade verify --profile team.toml --format json
  palisade verify --as-codex --codex-line 'codex exec --sandbox workspace-write'
  palisade verify --subject none --mode read-only      (nothing stands in the way: see it fail)
  palisade verify --backend seatbelt --simulate        (on any system; every line is marked as simulated)
  palisade verify --subject codex=/opt/codex/bin/codex
  palisade verify --class scenarios                    (asked from outside: killed, misled, short of something)
  palisade verify --mode read-only --subject-command 'bwrap --ro-bind / / --dev /dev --unshare-all -- {}'
  palisade verify --mode workspace-write --scratch /opt/scratch \
    --subject-command 'firejail --quiet --noprofile --net=none --read-only=/ --read-write={workspace} -- {}'
  palisade verify --mode workspace-write --subject-command 'srt -s settings.json {}'
  palisade verify --explain FW-03";
