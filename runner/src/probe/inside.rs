//! The stage inside the subject: makes each attempt in a process of its own and writes down what came of it.
//!
//! It opens nothing that stays open: standard output is its only channel, as every other one is a probe's subject.

use std::io::{Error, Result, Write};
use std::path::Path;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use crate::sys::probe_calls::process::{in_child, is_open};
use crate::sys::process::told_of_parents_end;

use super::in_turn;
use super::report::{self, CONTROL, Line};
use super::scene::Scene;

/// How long one attempt may take.
const SECONDS: u32 = 8;

/// Reads the scene.
pub(super) fn read(path: &Path) -> Result<Scene> {
    serde_json::from_slice(&std::fs::read(path)?).map_err(Error::other)
}

pub(super) fn run(scene: &Path) -> Result<()> {
    // Before anything is opened: the census is itself an answer, and the control line carries it.
    let open: Vec<String> = (0..1024).filter(|&number| is_open(number)).map(|number| number.to_string()).collect();
    let scene = read(scene)?;
    let control = Line { id: CONTROL.to_owned(), result: report::Result::Allowed, number: 0, detail: open.join(" ") };
    write(&control)?;
    let mut probes = in_turn();
    probes.retain(|probe| scene.wants(probe.id));
    for probe in probes {
        let ended = in_child(SECONDS, || {
            // Without a pid namespace nothing else ends an attempt whose driver was killed.
            let _ = told_of_parents_end(Signal::SIGKILL);
            i32::from(write(&Line::of(probe.id, (probe.attempt)(&scene))).is_err())
        });
        let (result, number, detail) = match ended {
            Ok(WaitStatus::Exited(_, 0)) => continue,
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                (report::Result::Signal, signal as i32, format!("ended by {signal}"))
            }
            Ok(other) => (report::Result::Broken, 0, format!("the attempt itself failed: {other:?}")),
            Err(errno) => (report::Result::Broken, 0, format!("no process for the attempt: {errno}")),
        };
        write(&Line { id: probe.id.to_owned(), result, number, detail })?;
    }
    Ok(())
}

/// One line in one write, so that lines of two processes never mix.
fn write(line: &Line) -> Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
