//! The command line of `palisade model`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::codex::invocation::Mode;

/// Options of `model`.
#[derive(Debug, Args)]
#[command(after_help = MODEL_HELP)]
pub struct ModelArgs {
    /// What the model says and calls, in TOML.
    #[arg(long, value_name = "FILE", required_unless_present = "upstream", conflicts_with = "upstream")]
    pub script: Option<PathBuf>,
    /// Pass everything through to this model server, and record it. palisade connects to nothing else, and only with this.
    #[arg(long, value_name = "URL", requires = "record")]
    pub upstream: Option<String>,
    /// Write a script that replays what passes to this file.
    #[arg(long, value_name = "FILE", requires = "upstream")]
    pub record: Option<PathBuf>,
    /// Listen on this port of loopback [default: any that is free].
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Append everything asked and answered to this file, as `codex show` reads it.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Ask also for what the script expects in this mode.
    #[arg(long, value_enum, conflicts_with = "upstream")]
    pub mode: Option<Mode>,
    /// Write a CODEX_HOME that knows only this model to this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "upstream")]
    pub home: Option<PathBuf>,
    /// Run this, with CODEX_HOME set, and end when it ends. `{}` in a word is the address of the model.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const MODEL_HELP: &str = "A server of the Responses API on 127.0.0.1, for the real Codex: no account, no key, no other connection. Without COMMAND its \
address is the first line of standard output, and it serves until SIGINT or SIGTERM.

A script is TOML. `prompt`, `rules` (for `compare --codex`), `last` (what is said when nothing is left), `code-mode = true` (a model whose \
only tool is a program) `[files]` and `trust` (for `compare --codex`) and `pause-ms` stand on top; then a `[[call]]` for each thing the model does, with one of:
  run = \"SHELL TEXT\"    with `workdir`, `tty`, `yield-ms`, `escalate = \"WHY\"`
  patch = \"TEXT\"        a patch
  type = \"TEXT\"         standard input of a running command: the last, or `into = \"ID\"`; with `yield-ms`
  agent = \"TASK\"        a sub-agent; its calls name this one as `thread`. It is waited for, or `wait = false` and then `wait-for = \"ID\"`
  code = \"PROGRAM\"      JavaScript, where the model is in code mode
  tool = \"NAME\"         any tool, with `namespace` and `arguments` or `input`
  say = \"TEXT\"          ends the turn; a resumed thread goes on behind it
  status = 503, fail = \"CODE\", events = [...], cut = true, silent = true    how a server fails
`id`, `about`, `thinks`, `pause-ms`, `usage` and `beside = true` (in the answer of the call before) go with all. `expect` says what should come \
out: `outcome` (a class of outcomes as `codex show` has them, `refused`, `denied`, or a list), `exit`, `says`, `says-not`, and the same in \
`full-auto`, `bypass` and `read-only`.

With `--upstream` credentials pass, and neither they nor what looks like a secret is written to the script or the log. https:// needs \
the certificate authorities of this machine; http:// is taken for loopback only. Proxies in the environment are not used.

The status is 0; 1 when something did not come as the script expects; 2 for wrong usage or a script that cannot be read; 125 when it cannot \
listen or write; else that of COMMAND.

Examples:
  palisade model --script calls.toml --log model.jsonl -- codex exec --json 'run the script'
  palisade model --upstream https://api.openai.com/v1 --record calls.toml -- codex exec --json -c model_provider=p \\
      -c 'model_providers.p={name=\"p\",base_url=\"{}\",env_key=\"OPENAI_API_KEY\"}' 'make the tests pass'";
