//! The signal that interrupts a call of a thread of palisade's own, and does nothing else.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, pthread_sigmask, sigaction};

/// What interrupts; whoever gets it without having asked ignores it (`signal(7)`).
pub(super) const INTERRUPT: Signal = Signal::SIGURG;

extern "C" fn nothing(_: libc::c_int) {}

/// From now on it interrupts the calls of this thread.
pub(super) fn let_in() -> nix::Result<()> {
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(INTERRUPT, &action) }?;
    pthread_sigmask(SigmaskHow::SIG_UNBLOCK, Some(&SigSet::from(INTERRUPT)), None)
}
