//! A terminal of its own for the command, when palisade is started on one.
//!
//! The command never gets the caller's terminal: it could type into it (TIOCSTI) or change it. It gets a new one from
//! the sandbox's own `/dev/pts`, as its controlling terminal, so that job control and window sizes work as usual;
//! palisade passes bytes between the two, with the caller's terminal in raw mode meanwhile.

use std::io::{IsTerminal, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::sys::terminal as sys;

/// Whether palisade stands on a terminal: then the command gets one too.
#[must_use]
pub fn here() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Inside the sandbox, as the leader of a new session: makes the terminal, puts it on the standard streams that were
/// terminals, and gives its other end.
///
/// # Errors
/// The errno of the first call that failed.
pub fn inside() -> nix::Result<OwnedFd> {
    let settings = tcgetattr(std::io::stdin()).ok();
    let size = sys::size(std::io::stdin().as_fd()).ok();
    let pair = nix::pty::openpty(size.as_ref(), settings.as_ref())?;
    sys::make_controlling(pair.slave.as_fd())?;
    let errors = std::io::stderr().is_terminal();
    nix::unistd::dup2_stdin(&pair.slave)?;
    nix::unistd::dup2_stdout(&pair.slave)?;
    if errors {
        nix::unistd::dup2_stderr(&pair.slave)?;
    }
    Ok(pair.master)
}

/// The caller's terminal in raw mode, joined to the command's; dropping it puts the caller's back as it was.
#[derive(Debug)]
pub struct Relay {
    master: Arc<OwnedFd>,
    before: Option<Termios>,
    /// Whether the caller's input has ended.
    input_ended: bool,
}

impl Relay {
    /// Joins the caller's terminal to the command's.
    #[must_use]
    pub fn new(master: Arc<OwnedFd>) -> Self {
        let mut relay = Self { master, before: None, input_ended: false };
        relay.resume();
        relay
    }

    /// Puts the caller's terminal into raw mode, at the start and after a stop.
    pub fn resume(&mut self) {
        let stdin = std::io::stdin();
        if let Ok(before) = tcgetattr(&stdin) {
            let mut raw = before.clone();
            cfmakeraw(&mut raw);
            let _ = tcsetattr(&stdin, SetArg::TCSADRAIN, &raw);
            self.before = Some(before);
        }
        self.resize();
    }

    /// Puts the caller's terminal back as it was.
    pub fn pause(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &before);
        }
    }

    /// Gives the command's terminal the size of the caller's.
    pub fn resize(&self) {
        if let Ok(size) = sys::size(std::io::stdin().as_fd()) {
            let _ = sys::set_size(self.master.as_fd(), &size);
        }
    }

    /// The descriptor that the command's output is read from.
    #[must_use]
    pub fn output(&self) -> Arc<OwnedFd> {
        self.master.clone()
    }

    /// Whether input is still wanted from the caller.
    #[must_use]
    pub const fn wants_input(&self) -> bool {
        !self.input_ended
    }

    /// Passes what the caller typed on.
    pub fn pass_input(&mut self) {
        let mut buffer = [0; 4096];
        match nix::unistd::read(std::io::stdin(), &mut buffer) {
            Ok(0) | Err(_) => self.input_ended = true,
            Ok(length) => {
                let mut rest = buffer.get(..length).unwrap_or_default();
                while let Ok(written @ 1..) = nix::unistd::write(&*self.master, rest) {
                    rest = rest.get(written..).unwrap_or_default();
                    if rest.is_empty() {
                        break;
                    }
                }
            }
        }
    }

    /// Passes what the command wrote on; false when there will be no more.
    pub fn pass_output(&self) -> bool {
        let mut buffer = [0; 16384];
        match nix::unistd::read(&*self.master, &mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(length) => {
                let mut stdout = std::io::stdout();
                stdout.write_all(buffer.get(..length).unwrap_or_default()).and_then(|()| stdout.flush()).is_ok()
            }
        }
    }

    /// Passes on what is left after the command has ended.
    pub fn drain(&self) {
        sys::set_nonblocking(self.master.as_raw_fd());
        while self.pass_output() {}
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.pause();
    }
}
