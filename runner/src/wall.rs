//! Loading rules behind a wall: whatever a rule file does, the answer is a diagnostic, soon, and within bounded memory.
//!
//! The rule engine counts steps and looks at its heap between them; this wall stops what happens inside one step: a
//! single huge allocation, a panic, a computation without end. Time is processor time of the loading thread, so a busy
//! machine does not turn good rules into bad ones.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use policy::diagnostic::Diagnostic;
use policy::load::{Banned, File, Language, Limits, Loaded, Options, STACK, load_on_this_thread};
use policy::ruleset::RuleSet;
use policy::source::{Source, SourceId, Sources, Span};

use crate::sys::budget::{self, Gate, Stopped};

/// Memory for a load, whatever the size of its files.
const MEMORY: usize = 256 << 20;
/// Memory on top, for every byte of rule text.
const MEMORY_PER_BYTE: usize = 64;
/// Processor time for a load, whatever the size of its files.
const TIME: Duration = Duration::from_millis(1_000);
/// Processor time on top, for every mebibyte of rule text.
const TIME_PER_MEBIBYTE: Duration = Duration::from_secs(1);

/// Loads rule files as [`policy::load::load`] does, stopped when they take too much.
#[must_use]
pub fn load(files: Vec<File>, language: Language, banned: Banned, cwd: &str, home: Option<&str>) -> Loaded {
    let text: usize = files.iter().map(|file| file.text.as_ref().map_or(0, String::len)).sum();
    let memory = MEMORY.saturating_add(text.saturating_mul(MEMORY_PER_BYTE));
    let mebibytes = u32::try_from(text >> 20).unwrap_or(u32::MAX).saturating_add(1);
    let time = TIME.saturating_add(TIME_PER_MEBIBYTE.saturating_mul(mebibytes));
    let kept: Vec<Source> = files
        .iter()
        .map(|file| Source { name: file.name.clone(), text: file.text.clone().unwrap_or_default() })
        .collect();

    let gate = Gate::new();
    let progress: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
    let (answer, answered) = mpsc::sync_channel(1);
    let (cwd, home) = (cwd.to_owned(), home.map(str::to_owned));
    let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(STACK).spawn(move || {
        budget::limit(memory, gate);
        let options = Options {
            language,
            banned,
            cwd: &cwd,
            home: home.as_deref(),
            limits: Limits::default(),
            progress: Some(progress),
        };
        let loaded = load_on_this_thread(files, options);
        budget::release();
        let _ = answer.send(loaded);
        gate.wake();
    });
    let thread = match thread {
        Ok(thread) => thread,
        Err(error) => {
            let message = format!("cannot start the thread that reads rules: {error}");
            let help =
                format!("it reserves {} MiB of address space; is there a limit on it (`ulimit -v`)?", STACK >> 20);
            return refused(kept, Diagnostic::error("stack-unavailable", message).help(help));
        }
    };
    let started = Instant::now();
    loop {
        if let Ok(loaded) = answered.try_recv() {
            let _ = thread.join();
            return loaded;
        }
        let at = progress.load(Ordering::Relaxed);
        if let Some(why) = gate.stopped() {
            return refused(kept, stopped(why, at, memory));
        }
        if budget::processor_time(&thread).unwrap_or_else(|| started.elapsed()) > time {
            let message = format!("reading the rule file takes more than {:.1} seconds", time.as_secs_f64());
            let help = "write the rules out, or compute less";
            return refused(kept, Diagnostic::error("too-many-steps", message).at(whole(at), "").help(help));
        }
        // The answer may have come since it was looked for above; only a thread that ended without one has failed.
        if thread.is_finished() {
            return answered.try_recv().unwrap_or_else(|_| refused(kept, stopped(Stopped::Panic, at, memory)));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn whole(file: usize) -> Span {
    Span { source: SourceId(u32::try_from(file).unwrap_or(u32::MAX)), start: 0, end: 0 }
}

fn stopped(why: Stopped, file: usize, memory: usize) -> Diagnostic {
    match why {
        Stopped::Memory => Diagnostic::error(
            "too-much-memory",
            format!("the rule file needs more than {} MiB of memory", memory >> 20),
        )
        .at(whole(file), "")
        .help("look for a string or a list that is multiplied"),
        Stopped::Panic => {
            Diagnostic::error("eval", "the rule engine cannot cope with this file and gave up").at(whole(file), "")
        }
    }
}

fn refused(kept: Vec<Source>, why: Diagnostic) -> Loaded {
    let mut sources = Sources::default();
    for source in kept {
        sources.add(source);
    }
    Loaded { ruleset: RuleSet::default(), sources, diagnostics: vec![why], placeless: false, examples: Vec::new() }
}
