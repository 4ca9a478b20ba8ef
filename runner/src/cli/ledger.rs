//! The command line of `palisade ledger`, and the options of verbs that write to it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// Options of verbs that write to the ledger.
#[derive(Clone, Debug, Default, Args)]
pub struct BookArgs {
    /// Keep what happens in the ledger, in this file [default: PALISADE_LEDGER, or `ledger.sqlite` in the state directory].
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "no_ledger")]
    pub ledger: Option<OsString>,
    /// Keep nothing in a ledger.
    #[arg(long)]
    pub no_ledger: bool,
}

/// Options of `ledger`.
#[derive(Debug, Args)]
#[command(after_help = LEDGER_HELP)]
pub struct LedgerArgs {
    /// The file [default: PALISADE_LEDGER, or `ledger.sqlite` in the state directory].
    #[arg(long, value_name = "FILE", global = true)]
    pub ledger: Option<PathBuf>,
    /// How to write the answer.
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,
    /// What to do with it.
    #[command(subcommand)]
    pub verb: LedgerVerb,
}

/// What is done with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// The runs, newest first.
    List {
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u32,
    },
    /// Everything that is kept of a run.
    Show {
        /// The run, or the beginning of its name; `last` is the newest.
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// The answer to a question in SQL.
    Query {
        /// One statement that reads.
        #[arg(value_name = "SQL")]
        sql: String,
    },
    /// All records, or those of a run, as one JSON object a line.
    Export {
        /// The run.
        #[arg(value_name = "RUN")]
        run: Option<String>,
    },
    /// Removes the oldest runs; the chain goes on, and a record says what is gone.
    Prune {
        /// Keep what is at most this many days old.
        #[arg(long, value_name = "DAYS")]
        keep_days: u32,
    },
    /// Is every record as it was written, and none missing?
    Verify {
        /// It must still hold this head, as an earlier `verify` printed it.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<String>,
        /// Say also which rules, profiles and programs have changed since a run used them.
        #[arg(long)]
        files: bool,
    },
}

const LEDGER_HELP: &str = "`codex exec`, `codex resume`, `compare --codex` and `hook run` write to the ledger unless `--no-ledger`, or PALISADE_LEDGER=off, \
says otherwise; `run` only with `--ledger`, or where PALISADE_LEDGER names a file. What is written is acknowledged before the verb goes on, and \
outlives a kill at any moment; of `hook run` not a loss of power. Several may write at once.

What looks like a secret is masked before it is written: private keys, JSON web tokens, keys and tokens of OpenAI, Anthropic, GitHub, GitLab, \
Slack, AWS, Google, npm, Stripe and PyPI by their beginnings, what follows `Authorization:` and `Bearer`, passwords in addresses, and values of names \
that end in password, passwd, secret, token, api_key, access_key, private_key or credentials. Other secrets are not known to be any.

For `query` there are: runs (run, began, ended, verb, user, cwd, mode, status, hashes, facts), commands (seq, time, run, id, command, cwd, outcome, \
exit, milliseconds, output, facts), verdicts (… decision, codex, rules), denials (… who, why), effects (… effect, path), files (seq, time, run, kind, path, name, blake3) and \
records.

Each record has a hash over itself and the hash before it. That is no signature: who can write the file can write all of it anew. Keep the head that \
`verify` prints elsewhere, and give it with `--head`.

The status is 0; 1 when `verify` finds something; 2 for wrong usage, or a ledger that is not there or cannot be read; 125 when it cannot be written.

Examples:
  palisade ledger list
  palisade ledger show last
  palisade ledger query \"SELECT who, count(*) FROM denials GROUP BY who\"
  palisade ledger verify --head 4711:5f0c...";
