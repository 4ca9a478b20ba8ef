//! Asking a person: on the terminal, never on the standard streams, which are the command's.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use policy::verdict::Consent;

use crate::sys::signals::Blocked;

/// Signals that mean no. They are left for whoever acts on them.
const NO: [Signal; 4] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGHUP];

/// Shows `text` and asks whether to run it. Nobody to ask is a no, and so is no answer before `until`.
#[must_use]
pub fn ask(text: &str, until: Option<Instant>) -> Consent {
    question(text, "run it?", until)
}

/// Shows `text` and puts another question. Nobody to ask is a no.
#[must_use]
pub fn question(text: &str, question: &str, until: Option<Instant>) -> Consent {
    let Ok(terminal) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty") else { return Consent::No };
    let foreground = Foreground::take(&terminal);
    let consent = match write!(&terminal, "{text}palisade: {question} [y/N] ") {
        Ok(()) if answered(&terminal, until) => read(&terminal),
        _ => Consent::No,
    };
    drop(foreground);
    consent
}

/// Waits for an answer; false when time is up or a signal says no.
fn answered(terminal: &std::fs::File, until: Option<Instant>) -> bool {
    // Only signals that are blocked, because palisade reads them, arrive here; the others act by themselves.
    let signals = Blocked::of(&NO);
    loop {
        let mut fds = vec![PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        fds.extend(signals.iter().map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN)));
        let limit = until.map_or(PollTimeout::NONE, |until| {
            PollTimeout::try_from(until.saturating_duration_since(Instant::now())).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, limit) {
            Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return false,
            Ok(_) => return fds.first().and_then(PollFd::any).unwrap_or(false),
        }
    }
}

/// One line, read byte by byte so that what follows is left for others.
fn read(mut terminal: &std::fs::File) -> Consent {
    use std::io::Read;
    let mut answer = Vec::new();
    let mut byte = [0];
    while answer.len() < 64 && matches!(terminal.read(&mut byte), Ok(1)) && byte != *b"\n" {
        answer.extend(byte);
    }
    match answer.trim_ascii().to_ascii_lowercase().as_slice() {
        b"y" | b"yes" => Consent::Yes,
        _ => Consent::No,
    }
}

/// Palisade's group as the foreground one of the terminal while it asks; put back when dropped.
struct Foreground<'a> {
    terminal: &'a std::fs::File,
    before: nix::unistd::Pid,
}

impl<'a> Foreground<'a> {
    fn take(terminal: &'a std::fs::File) -> Option<Self> {
        let before = nix::unistd::tcgetpgrp(terminal).ok().filter(|group| *group != nix::unistd::getpgrp())?;
        set_foreground(terminal, nix::unistd::getpgrp());
        Some(Self { terminal, before })
    }
}

impl Drop for Foreground<'_> {
    fn drop(&mut self) {
        set_foreground(self.terminal, self.before);
    }
}

/// A group in the background may set the foreground one only while it does not listen to SIGTTOU (`tcsetpgrp(3)`).
fn set_foreground(terminal: &std::fs::File, group: nix::unistd::Pid) {
    let mut set = SigSet::empty();
    set.add(Signal::SIGTTOU);
    let mut before = SigSet::empty();
    let _ = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), Some(&mut before));
    let _ = nix::unistd::tcsetpgrp(terminal, group);
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
}
