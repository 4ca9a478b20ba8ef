//! The process between palisade and bubblewrap: whatever happens to palisade, SIGKILL included, it ends all that
//! bubblewrap has started.
//!
//! `--die-with-parent` does not do it alone: bubblewrap's child waits for its parent's first word before it arranges to be
//! ended, and a parent that was killed in that moment never speaks. The child would wait for ever and become nobody's
//! (bubblewrap 0.8.0, an eventfd that the child itself holds open). Here it is adopted and ended.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use super::super::StepError;
use crate::control;
use crate::sys::process::{self, Change, Fork};

/// Tells the guardian to end everything; the kernel sends it when palisade has ended. Nothing else sends this one
/// (`signal(7)`: unused): what is sent to the whole process group is meant for the command.
pub(super) const END: Signal = Signal::SIGSTKFLT;

/// Stays until bubblewrap has ended, or palisade has, and ends what is left; gives back only in the process that is to
/// become bubblewrap.
///
/// # Errors
/// The step that could not be done, in either process: bubblewrap has not been started then.
pub(super) fn stand(control: &OwnedFd) -> Result<(), StepError> {
    let step = "standing between palisade and bubblewrap";
    let mut watched = SigSet::empty();
    watched.add(Signal::SIGCHLD);
    watched.add(END);
    // What becomes bubblewrap has these blocked too; it reads its children's ends from a descriptor and sets the mask anew
    // for the command.
    StepError::at(step, watched.thread_block())?;
    StepError::at(step, nix::sys::prctl::set_child_subreaper(true))?;
    StepError::at(step, nix::sys::prctl::set_pdeathsig(END))?;
    if control::is_closed(control) {
        process::end(125);
    }
    match StepError::at(step, process::fork_into(nix::sched::CloneFlags::empty()))? {
        Fork::Child => Ok(()),
        Fork::Parent(bubblewrap) => {
            // Whoever waits for the end of a pipe or socket waits for bubblewrap and not for us.
            let _ = process::close_all_but(&[]);
            until_end(bubblewrap, &watched);
            process::hunt();
            process::end(0)
        }
    }
}

fn until_end(bubblewrap: Pid, watched: &SigSet) {
    loop {
        match watched.wait() {
            Ok(Signal::SIGCHLD) => {}
            Ok(_) => return,
            Err(_) => continue,
        }
        loop {
            match process::changed(None) {
                Ok(Some((pid, Change::Ended(_)))) if pid == bubblewrap => return,
                Ok(Some(_)) => {}
                Err(Errno::ECHILD) => return,
                Ok(None) | Err(_) => break,
            }
        }
    }
}
