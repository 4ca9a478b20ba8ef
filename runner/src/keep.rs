//! The process between palisade and a program that is not its own, Codex or another launcher of a sandbox: whatever
//! happens to palisade, SIGKILL included, it ends all that the program has started.
//!
//! It leads the process group, adopts orphans (child subreaper, `prctl(2)`), and is told of palisade's end by the kernel
//! (parent-death signal). Nobody else has this place: what a killed palisade leaves goes to init.

use std::ffi::{CString, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::{Pid, getppid};

use crate::exit;
use crate::sys::process::{self, Change};
use crate::sys::spawn::{self, Group};

/// The hidden verb.
pub const VERB: &str = "__keep";

/// Tells a keeper to end what it keeps; the kernel sends it when palisade has ended.
pub const END: Signal = Signal::SIGUSR1;

/// How long what is told to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// What palisade is told to start a program under a keeper: `parent` is whose end ends it, the program is a path.
#[must_use]
pub fn words(parent: u32, program: &Path, words: impl IntoIterator<Item = impl Into<OsString>>) -> Vec<OsString> {
    let head = [VERB.into(), parent.to_string().into(), program.into()];
    head.into_iter().chain(words.into_iter().map(Into::into)).collect()
}

/// Starts a program and stays until it and everything below it has ended; gives its status.
pub fn inside(arguments: &[OsString]) -> u8 {
    let [parent, program, ..] = arguments else { return exit::USAGE };
    let failed = |why: &dyn std::fmt::Display| {
        let _ = writeln!(std::io::stderr(), "palisade: `{}` cannot be started: {why}", program.to_string_lossy());
        exit::SETUP
    };
    let mut watched = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, END] {
        watched.add(signal);
    }
    let ready =
        watched.thread_block().and_then(|()| process::adopt_orphans()).and_then(|()| process::told_of_parents_end(END));
    if let Err(errno) = ready {
        return failed(&errno.desc());
    }
    // It may have ended before the kernel was told.
    if parent.to_str().and_then(|pid| pid.parse().ok()) != Some(getppid().as_raw()) {
        return exit::SETUP;
    }
    let text = |word: &OsString| CString::new(word.as_bytes());
    let argv = arguments.get(1..).unwrap_or_default().iter().map(text).collect::<Result<Vec<_>, _>>();
    let variable =
        |(name, value): (OsString, OsString)| CString::new([name.as_bytes(), b"=", value.as_bytes()].concat());
    let environment = std::env::vars_os().map(variable).collect::<Result<Vec<_>, _>>();
    let (Ok(file), Ok(argv), Ok(environment)) = (text(program), argv, environment) else {
        return failed(&"a word of it holds a NUL");
    };
    // What is blocked here must not be there: Codex would wait for its own children for ever.
    let child = match spawn::spawn(&file, &argv, &environment, Group::Inherited) {
        Ok(child) => child,
        Err(errno) => return failed(&errno.desc()),
    };
    let mut ended = None;
    while ended.is_none() {
        match watched.wait() {
            Ok(Signal::SIGCHLD) => ended = reap(child),
            // The group got it too.
            Ok(Signal::SIGINT | Signal::SIGQUIT) | Err(_) => {}
            Ok(END) => {
                let _ = kill(child, Signal::SIGTERM);
                rest(Instant::now() + GRACE);
                process::hunt();
                return exit::SETUP;
            }
            Ok(signal) => drop(kill(child, signal)),
        }
    }
    // palisade around Codex has helpers that end by themselves, once they have put back what they changed.
    let is_palisade = std::env::current_exe().is_ok_and(|own| own.as_os_str() == program);
    if is_palisade {
        rest(Instant::now() + GRACE);
    }
    process::hunt();
    like(ended.unwrap_or_default())
}

/// Ends as the program has ended.
fn like(status: i32) -> u8 {
    let status = ExitStatus::from_raw(status);
    if let Some(signal) = status.signal() {
        if let Ok(signal) = Signal::try_from(signal) {
            let mut one = SigSet::empty();
            one.add(signal);
            let _ = one.thread_unblock();
            let _ = raise(signal);
        }
        return exit::SIGNALLED.wrapping_add(u8::try_from(signal).unwrap_or_default());
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Takes in whoever has ended; the status of this one, if it is among them.
fn reap(child: Pid) -> Option<i32> {
    let mut ended = None;
    while let Ok(Some((pid, change))) = process::changed(None) {
        if let Change::Ended(status) = change
            && pid == child
        {
            ended = Some(status);
        }
    }
    ended
}

/// Waits until nobody is left, or until then.
fn rest(until: Instant) {
    while Instant::now() < until {
        loop {
            match process::changed(None) {
                Err(Errno::ECHILD) => return,
                Ok(None) | Err(_) => break,
                Ok(Some(_)) => {}
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
