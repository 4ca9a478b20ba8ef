//! The `palisade` binary: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    palisade::commands::main(std::env::args_os())
}
