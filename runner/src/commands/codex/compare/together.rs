//! All sides, several at once.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::side::{self, Job, Side, Stop};
use crate::codex::invocation::Mode;
use crate::commands::sandbox::say;

/// Jobs that wait.
#[derive(Debug, Default)]
struct Queue {
    jobs: Vec<usize>,
    next: AtomicUsize,
}

impl Queue {
    fn take(&self) -> Option<usize> {
        self.jobs.get(self.next.fetch_add(1, Ordering::AcqRel)).copied()
    }
}

/// Gives the sides in order, or the first failure.
///
/// A full-auto side has no other beside it: Codex' sandbox puts `.git` and the like into the real `/tmp` for the time of a command, and
/// 0.125 cannot start one when what it saw there is gone again.
pub(super) fn together(jobs: &[Job<'_>], at_once: usize, stop: &Stop) -> Result<Vec<Side>, String> {
    let (single, beside) = (0..jobs.len()).partition(|at| jobs.get(*at).is_some_and(|job| job.mode == Mode::FullAuto));
    let (single, beside) = (Queue { jobs: single, ..Queue::default() }, Queue { jobs: beside, ..Queue::default() });
    let done: Mutex<Vec<Option<Result<Side, String>>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let shows = std::io::stderr().is_terminal();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (over, ended) = tokio::sync::oneshot::channel::<()>();
    let run = |at: usize| {
        let Some(job) = jobs.get(at).filter(|_| stop.signal().is_none()) else { return };
        if shows {
            say(format_args!("{} of {}: {} {}", at + 1, jobs.len(), job.version, job.mode.name()));
        }
        let side = side::run(job);
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = done.get_mut(at) {
            *place = Some(side);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(move || runtime.block_on(watch(stop, ended)));
        let (single, beside, run) = (&single, &beside, &run);
        let workers: Vec<_> = (0..at_once.clamp(1, jobs.len().max(1)))
            .map(|worker| {
                scope.spawn(move || {
                    // The first one alone takes those that run singly.
                    let own = || if worker == 0 { single.take() } else { None };
                    std::iter::from_fn(|| own().or_else(|| beside.take())).for_each(run);
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| drop(worker.join()));
        drop(over);
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// Until all is over: a signal ends every side.
async fn watch(stop: &Stop, over: tokio::sync::oneshot::Receiver<()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut end)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return;
    };
    tokio::select! {
        _ = over => {}
        _ = interrupt.recv() => stop.all(2),
        _ = end.recv() => stop.all(15),
    }
}
