//! `palisade codex show`: reads the traces, puts them together, judges where rules were named, and prints.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::source::Sources;

use super::report::{self, Report, TraceFile};
use crate::cli::Format;
use crate::cli::codex::ShowArgs;
use crate::codex::account::Account;
use crate::codex::deed::deeds;
use crate::codex::sessions::account_of;
use crate::commands::sandbox::{complain, print};
use crate::exit;

/// Reads, judges, prints; gives the exit status.
pub(super) fn main(args: &ShowArgs) -> u8 {
    let rules = match super::rules(&args.rules) {
        Ok(rules) => rules,
        Err(status) => return status,
    };
    let mut files = Vec::new();
    let mut accounts = Vec::new();
    for path in &args.files {
        match read(path) {
            Ok(account) => {
                files.push(TraceFile::new(path, &account));
                accounts.push(account);
            }
            Err(wrong) => {
                complain(&[wrong], &Sources::default());
                return exit::USAGE;
            }
        }
    }
    let deeds = deeds(&accounts);
    let mut report = Report::new(files, &accounts, deeds);
    if let Some(rules) = &rules {
        report.judge(rules);
    }
    match args.format {
        Format::Text => print(&report::text(&report)),
        Format::Json => print(&report::json(&report)),
    }
    if report.findings() > 0 || (rules.is_some() && report.not_kept() > 0) { exit::FINDINGS } else { exit::OK }
}

fn read(path: &Path) -> Result<Account, Diagnostic> {
    let wrong = |error: io::Error| {
        Diagnostic::error("trace", format!("`{}` cannot be read: {error}", path.display()))
            .help("name files: events of `codex exec --json`, session files, hook logs; or `-` for standard input")
    };
    let mut from: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(wrong)?) };
    let account = account_of(&mut from).map_err(wrong)?;
    if account.generations.is_empty() && account.leftovers.preamble + account.leftovers.unknown > 0 {
        return Err(Diagnostic::error(
            "trace",
            format!("`{}` holds no line that Codex, a hook or a scripted model would write", path.display()),
        )
        .help("events are what `codex exec --json` prints; without `--json` it prints text for people"));
    }
    Ok(account)
}
