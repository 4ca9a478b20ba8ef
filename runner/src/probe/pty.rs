//! A terminal as bait, seen from its other end: what was typed into it, who stood in front, how large it is.

use std::io::{Error, Result};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::chown;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{Pid, read, tcgetpgrp, ttyname};

use crate::sys::terminal::size;

use super::stage;
use super::subject::Identity;

/// What can happen to the caller's terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTerminal {
    /// Something was typed into it.
    Typed,
    /// A process group of an attempt's stood in front.
    Foreground,
    /// Its size was changed.
    Resized,
}

/// Both ends of a terminal; it lives as long as this value.
pub(super) struct Pty {
    pub(super) master: OwnedFd,
    slave: OwnedFd,
    /// Its node, for the subject's user.
    pub(super) path: PathBuf,
    /// What was typed, as far as it was collected.
    typed: Vec<u8>,
    /// Whether an attempt stood in front at some moment.
    front: bool,
}

impl Pty {
    /// A new one, which nobody echoes or edits.
    pub(super) fn open(identity: Identity) -> Result<Self> {
        let pair = openpty(&Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }, None)?;
        let mut raw = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut raw);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &raw)?;
        let path = ttyname(&pair.slave)?;
        if identity != Identity::own() {
            chown(&path, Some(identity.uid), Some(identity.gid)).map_err(Error::other)?;
        }
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
        }
        Ok(Self { master: pair.master, slave: pair.slave, path, typed: Vec::new(), front: false })
    }

    /// Looks once, while the subject runs: both are over with its session.
    pub(super) fn look(&mut self) {
        let mut text = [0; 64];
        while let Ok(length @ 1..) = read(&self.slave, &mut text) {
            self.typed.extend_from_slice(&text[..length]);
        }
        self.front |= tcgetpgrp(&self.master).is_ok_and(is_attempt);
    }

    /// Whether something happened to it.
    pub(super) fn saw(&self, what: OnTerminal, id: &str) -> bool {
        match what {
            OnTerminal::Typed => self.typed.windows(id.len()).any(|part| part == id.as_bytes()),
            OnTerminal::Foreground => self.front,
            OnTerminal::Resized => size(self.master.as_fd()).is_ok_and(|size| (size.ws_row, size.ws_col) != (24, 80)),
        }
    }
}

/// Whether a process makes attempts: its launcher has the same words, but not there.
fn is_attempt(process: Pid) -> bool {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(stage::ATTEMPT.as_bytes())
}
