//! Speaking to the person: on standard error, on a terminal in the state its owner left it in. Only one thread has the terminal;
//! the others ask it to speak for them.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::Instant;

use nix::sys::eventfd::{EfdFlags, EventFd};
use policy::verdict::Consent;

use crate::consent;
use crate::terminal::Relay;

/// How to reach the person.
pub(super) enum Voice<'a> {
    /// By oneself.
    Own(&'a mut Option<Relay>),
    /// Through the thread that has the terminal.
    Lent(&'a Mouth),
}

impl Voice<'_> {
    pub(super) fn tell(&mut self, text: String) {
        match self {
            Self::Own(relay) => tell(&text, relay),
            Self::Lent(mouth) => mouth.say(Word::Told(text)),
        }
    }

    /// Shows it and asks whether to run it. Nobody to ask is a no.
    pub(super) fn ask(&mut self, text: String, until: Option<Instant>) -> Consent {
        match self {
            Self::Own(relay) => ask(&text, until, relay),
            Self::Lent(mouth) => {
                let (reply, answered) = mpsc::sync_channel(1);
                mouth.say(Word::Asked { text, until, reply });
                answered.recv().unwrap_or(Consent::No)
            }
        }
    }
}

enum Word {
    Told(String),
    Asked { text: String, until: Option<Instant>, reply: SyncSender<Consent> },
}

/// What other threads speak through.
#[derive(Clone, Debug)]
pub(super) struct Mouth {
    words: Sender<Word>,
    rung: Arc<EventFd>,
}

impl Mouth {
    fn say(&self, word: Word) {
        // Nobody hears it once the run is over.
        if self.words.send(word).is_ok() {
            let _ = self.rung.write(1);
        }
    }
}

/// What the thread that has the terminal hears them with.
#[derive(Debug)]
pub(super) struct Hearing {
    words: Receiver<Word>,
    rung: Arc<EventFd>,
}

/// A pair of them.
///
/// # Errors
/// The errno of `eventfd(2)`.
pub(super) fn pair() -> nix::Result<(Mouth, Hearing)> {
    let (sender, words) = mpsc::channel();
    let rung = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
    Ok((Mouth { words: sender, rung: rung.clone() }, Hearing { words, rung }))
}

impl Hearing {
    /// Can be read when there is something to speak.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.rung.as_fd()
    }

    /// Speaks what there is.
    pub(super) fn speak(&self, relay: &mut Option<Relay>) {
        self.each(relay, ask);
    }

    /// Says what there is; nobody is asked any more.
    pub(super) fn end(&self) {
        self.each(&mut None, |_, _, _| Consent::No);
    }

    fn each(&self, relay: &mut Option<Relay>, answer: impl Fn(&str, Option<Instant>, &mut Option<Relay>) -> Consent) {
        let _ = self.rung.read();
        while let Ok(word) = self.words.try_recv() {
            match word {
                Word::Told(text) => tell(&text, relay),
                Word::Asked { text, until, reply } => {
                    let _ = reply.send(answer(&text, until, relay));
                }
            }
        }
    }
}

fn ask(text: &str, until: Option<Instant>, relay: &mut Option<Relay>) -> Consent {
    relay.iter_mut().for_each(Relay::pause);
    let answer = consent::ask(text, until);
    relay.iter_mut().for_each(Relay::resume);
    answer
}

/// Says something on standard error.
pub(super) fn tell(text: &str, relay: &mut Option<Relay>) {
    use std::io::Write;
    relay.iter_mut().for_each(Relay::pause);
    let _ = std::io::stderr().write_all(text.as_bytes());
    relay.iter_mut().for_each(Relay::resume);
}
