//! The `palisade` binary: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else, while the process is as its caller started it.
    if let Some(status) = palisade::probe::stage::enter(std::env::args_os()) {
        return status;
    }
    palisade::commands::main(std::env::args_os())
}
