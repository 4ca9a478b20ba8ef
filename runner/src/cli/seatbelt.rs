//! The command line of `palisade seatbelt`.

use std::path::PathBuf;

use super::Format;
use crate::seatbelt::generate::Layout;

/// Options of `seatbelt`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct SeatbeltArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: SeatbeltVerb,
}

const HELP: &str =
    "Nothing here was enforced or verified on macOS: every answer says so, names the rule and the clause of the \
order that made it decide, and how sure that clause is. What cannot be told is `unknown`, with the reason.

Examples:
  palisade seatbelt check team.sb file-read-data /Users/dev/.ssh/id
  palisade seatbelt explain team.sb -D HOME=/Users/dev network-outbound tcp:198.51.100.7:443
  palisade seatbelt lint team.sb
  palisade seatbelt test cases.jsonl";

/// The verbs of `seatbelt`.
#[derive(Debug, clap::Subcommand)]
pub enum SeatbeltVerb {
    /// What a profile decides about one operation, and by which rule.
    #[command(after_help = ASK_HELP)]
    Check(SeatbeltAsk),
    /// As `check`, with the way to the answer and the rules that match and lost.
    #[command(after_help = ASK_HELP)]
    Explain(SeatbeltAsk),
    /// What is probably not as meant in a profile.
    #[command(after_help = LINT_HELP)]
    Lint(SeatbeltLint),
    /// Runs cases: what profiles should decide, one JSON object a line.
    #[command(after_help = TEST_HELP)]
    Test(SeatbeltTest),
}

/// A profile and what it is read with.
#[derive(Debug, clap::Args)]
pub struct SeatbeltProfile {
    /// The profile, in SBPL; `-` reads standard input.
    #[arg(value_name = "PROFILE")]
    pub profile: PathBuf,
    /// A parameter, as `sandbox-exec` takes it; may be repeated.
    #[arg(short = 'D', long = "define", value_name = "KEY=VALUE", value_parser = pair)]
    pub define: Vec<(String, String)>,
    /// A directory in which imports such as `system.sb` are looked for; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub import_dir: Vec<PathBuf>,
}

/// One question to a profile.
#[derive(Debug, clap::Args)]
pub struct SeatbeltAsk {
    #[command(flatten)]
    pub profile: SeatbeltProfile,
    /// The operation, such as `file-write-create` or `mach-lookup`.
    #[arg(value_name = "OPERATION")]
    pub operation: String,
    /// What it is asked for: a path, a connection, a name; or facts as NAME=VALUE.
    #[arg(value_name = "ARGUMENT")]
    pub argument: Vec<String>,
    /// Follow the links that every macOS has (`/tmp`, `/var`, `/etc`) and firmlinks first.
    #[arg(long)]
    pub resolve: bool,
    /// A symbolic link to follow first, with those of `--resolve`; may be repeated.
    #[arg(long, value_name = "LINK=TARGET", value_parser = pair)]
    pub link: Vec<(String, String)>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

const ASK_HELP: &str = "Facts: path=/x, vnode=DIRECTORY, target=self|same-sandbox|others, local=/remote= an end of a connection \
(tcp:127.0.0.1:80, udp:[::1]:53, unix:/path), extension=CLASS, and every filter on a name, such as global-name=, \
local-name=, sysctl-name=, preference-domain=, socket-domain=. A word alone is the usual fact of the operation. A fact \
that is not told is not known.

The status is 0 for allow; 1 for deny and for unknown; 2 for wrong usage, or a profile that cannot be read, that macOS would \
reject, or that uses what is not simulated.

Examples:
  palisade seatbelt check team.sb file-write-data /dev/null vnode=CHARACTER-DEVICE
  palisade seatbelt check team.sb --resolve file-read-data /tmp/x
  palisade seatbelt check team.sb network-outbound unix:/private/var/run/docker.sock
  palisade seatbelt explain team.sb mach-lookup com.apple.trustd.agent";

/// Options of `seatbelt lint`.
#[derive(Debug, clap::Args)]
pub struct SeatbeltLint {
    #[command(flatten)]
    pub profile: SeatbeltProfile,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

const LINT_HELP: &str = "The status is 0 when there is nothing but notes; 1 for findings; 2 for a profile that cannot be read, that \
macOS would reject, or that uses what is not simulated.";

/// Options of `seatbelt test`.
#[derive(Debug, clap::Args)]
pub struct SeatbeltTest {
    /// Files of cases; `-` reads standard input.
    #[arg(required = true, value_name = "CASES")]
    pub cases: Vec<PathBuf>,
    /// The profile of cases that name none.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// A parameter for every case; may be repeated.
    #[arg(short = 'D', long = "define", value_name = "KEY=VALUE", value_parser = pair)]
    pub define: Vec<(String, String)>,
    /// A directory in which imports are looked for; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub import_dir: Vec<PathBuf>,
    /// The shape of the profiles that are made for cases with a `mode`.
    #[arg(long, value_enum, default_value_t = Layout::Codex)]
    pub layout: Layout,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

const TEST_HELP: &str = r#"A case is one line:
  {"id": "secrets", "profile": "(version 1)(deny default)…", "params": {"HOME": "/Users/dev"},
   "op": "file-read-data", "arg": {"path": "/Users/dev/.ssh/id"}, "expect": "deny"}
`profile` is a text; `mode` instead of it gives settings of Codex; a case with neither is asked of --profile. `expect` is allow,
deny, undetermined (or unknown), rejected, unsupported or unsandboxed. `decided_by`, `rule`, `modifiers`, `resolved` and
`traversal` are compared where a case has them; `confidence` and `why` are for readers.

The status is 0; 1 when a case fails; 2 for wrong usage, or cases that cannot be read."#;

/// `KEY=VALUE`
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is KEY=VALUE".into()),
    }
}
