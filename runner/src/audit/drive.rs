//! The audit of all sources: one thread reads, unpacks and cuts into blocks, as many workers as there are cores judge, and
//! each adds up for itself.
//!
//! Memory is bounded by the queue, the caches and the tables, whatever the input. From time to time the reader waits until
//! everything it has handed out is done; the sums are then exactly those of what was read, and can be written down.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policy::audit::{Auditor, Entry, Tally};

use super::input::{self, Format, Keeps, Out, Parser};
use super::lines::{Block, Blocks};
use super::notes::{Notes, SourceNote};
use super::progress::Progress;
use super::select::Select;
use super::source::{self, Source};
use super::state::{self, Place, State};
use super::work::{self, Worker};

/// How much of a beginning is looked at to know the format.
const HEAD: usize = 1 << 20;
/// How many bytes of findings all workers keep together.
const CACHES: usize = 28 << 20;
/// How many names a worker holds before it hands its sums over.
const NAMES: usize = 4_000;

/// What is to be done.
pub struct Job<'a> {
    /// Who judges.
    pub auditor: Auditor<'a>,
    /// Which entries are looked at.
    pub select: &'a Select,
    /// The sources.
    pub sources: &'a [Source],
    /// The format, where it is stated.
    pub input: Option<&'static Format>,
    /// What the sums are of, without the sources: sums of the same can be put together.
    pub of: &'a str,
    /// Where the state is written, and what it is of.
    pub state: Option<(&'a Path, String)>,
    /// How often the state is written.
    pub every: Duration,
    /// Stop after about so many commands.
    pub stop_after: Option<u64>,
    /// How many workers.
    pub workers: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    /// The sums.
    pub tally: Tally,
    /// What is known of the sources.
    pub notes: Notes,
    /// Whether all of it was read.
    pub complete: bool,
}

enum Unit {
    Lines { source: usize, format: &'static Format, block: Block },
    Entries { source: usize, out: Out },
}

/// Units on their way, and how many are not done yet.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Unit>,
    open: usize,
    closed: bool,
}

struct Shared<'a> {
    queue: Mutex<Queue>,
    changed: Condvar,
    workers: Vec<Mutex<Worker<'a>>>,
    sums: Mutex<(Tally, Notes)>,
    commands: AtomicU64,
    of: &'a str,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared<'_> {
    /// Hands a unit to the workers, when they have room for it.
    fn send(&self, unit: Unit) {
        let mut queue = locked(&self.queue);
        while queue.waiting.len() > self.workers.len() {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.waiting.push_back(unit);
        queue.open += 1;
        self.changed.notify_all();
    }

    /// Waits until everything is done.
    fn wait(&self) {
        let mut queue = locked(&self.queue);
        while queue.open > 0 {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything is done; then the sums are whole.
    fn whole(&self) -> MutexGuard<'_, (Tally, Notes)> {
        self.wait();
        let mut sums = locked(&self.sums);
        for worker in &self.workers {
            sums.0.merge(locked(worker).give());
        }
        sums
    }

    fn work(&self, worker: &Mutex<Worker<'_>>) {
        loop {
            let unit = {
                let mut queue = locked(&self.queue);
                loop {
                    if let Some(unit) = queue.waiting.pop_front() {
                        break unit;
                    }
                    if queue.closed {
                        return;
                    }
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
            };
            self.changed.notify_all();
            self.one(unit, &mut locked(worker));
            locked(&self.queue).open -= 1;
            self.changed.notify_all();
        }
    }

    fn one(&self, unit: Unit, worker: &mut Worker<'_>) {
        let (source, mut out) = match unit {
            Unit::Lines { source, format, block } => (source, work::parsed(format, &block)),
            Unit::Entries { source, out } => (source, out),
        };
        let mut commands = out.entries.len() as u64;
        for entry in out.entries.drain(..) {
            worker.take(entry);
        }
        for (of, tally) in std::mem::take(&mut out.tallies) {
            if of == self.of {
                commands += tally.commands() + tally.left_out.rows().iter().map(|(_, count)| count).sum::<u64>();
                worker.tally.merge(tally);
            } else {
                out.malformed(0, "sums of another policy, or of other options", b"");
            }
        }
        self.commands.fetch_add(commands, Ordering::Relaxed);
        let handed = (worker.tally.names() > NAMES).then(|| worker.hand_over());
        let mut sums = locked(&self.sums);
        sums.1.take(source, &mut out, commands);
        if let Some(handed) = handed {
            sums.0.merge(handed);
        }
    }
}

/// Reads, judges and adds up.
///
/// # Errors
/// The state cannot be used or written.
pub fn run(job: &Job<'_>, progress: &mut Progress) -> Result<Done, String> {
    let mut begin = Place::default();
    let note = |source: &Source| SourceNote { name: source.name(), ..SourceNote::default() };
    let mut notes = Notes { sources: job.sources.iter().map(note).collect(), first: Vec::new() };
    let mut tally = Tally::new(job.auditor.rules.len());
    if let Some((path, of)) = &job.state {
        let shown = path.display();
        let read = state::read(path).map_err(|error| format!("the state `{shown}` cannot be used: {error}"))?;
        if let Some(state) = read {
            if state.of != *of {
                return Err(format!(
                    "the state `{shown}` is of another audit: other rules, options or sources; name another file, or remove it"
                ));
            }
            unchanged(&state, job.sources)
                .map_err(|why| format!("cannot go on from `{shown}`: {why}; remove it to begin anew"))?;
            (begin, notes, tally) = (state.place, state.notes, state.tally);
        }
    }
    let workers = job.workers.max(1);
    let worker = || Mutex::new(Worker::new(job.auditor, job.select, CACHES / workers));
    let shared = Shared {
        queue: Mutex::default(),
        changed: Condvar::new(),
        workers: (0..workers).map(|_| worker()).collect(),
        sums: Mutex::new((tally, notes)),
        commands: AtomicU64::new(0),
        of: job.of,
    };
    let complete = std::thread::scope(|scope| {
        for worker in &shared.workers {
            scope.spawn(|| shared.work(worker));
        }
        let read = Reader { job, shared: &shared, progress, saved: Instant::now(), lines: 0 }.all(begin);
        locked(&shared.queue).closed = true;
        shared.changed.notify_all();
        read
    })?;
    let (tally, notes) = {
        let mut sums = shared.whole();
        (std::mem::replace(&mut sums.0, Tally::new(0)), std::mem::take(&mut sums.1))
    };
    Ok(Done { tally, notes, complete })
}

/// Whether sources are as they were when a state was written.
fn unchanged(state: &State, sources: &[Source]) -> Result<(), String> {
    for (source, note) in sources.iter().zip(&state.notes.sources) {
        if note.size.is_some_and(|size| source.size != Some(size)) {
            return Err(format!("`{}` has another size than when it was read", source.name()));
        }
    }
    let (Some(source), Some((length, hash))) = (sources.get(state.place.source), &state.place.head) else {
        return Ok(());
    };
    let mut head = Vec::new();
    let read = source::open(source, 0, &Arc::default()).and_then(|stream| stream.take(*length).read_to_end(&mut head));
    match read {
        Ok(_) if blake3::hash(&head).to_string() == *hash => Ok(()),
        _ => Err(format!("`{}` does not begin any more as it did", source.name())),
    }
}

struct Reader<'a, 'b> {
    job: &'a Job<'a>,
    shared: &'a Shared<'a>,
    progress: &'b mut Progress,
    saved: Instant,
    /// How many lines this run has read.
    lines: u64,
}

/// Why reading a source ended.
enum Ended {
    Here,
    Stopped,
}

impl Reader<'_, '_> {
    /// Reads all sources from here on; whether all were read.
    fn all(&mut self, begin: Place) -> Result<bool, String> {
        let mut before: u64 = self.job.sources.iter().take(begin.source).filter_map(|source| source.size).sum();
        let first = begin.source;
        let mut begin = Some(begin);
        for (at, source) in self.job.sources.iter().enumerate().skip(first) {
            let place = begin.take().unwrap_or_else(|| Place { source: at, ..Place::default() });
            let count = Arc::new(AtomicU64::new(0));
            let (ended, problem) = match &source.problem {
                Some(problem) => (Ended::Here, Some(problem.clone())),
                None => self.one(source, place, before, &count)?,
            };
            if matches!(ended, Ended::Stopped) {
                return Ok(false);
            }
            let mut sums = locked(&self.shared.sums);
            if let Some(note) = sums.1.sources.get_mut(at) {
                note.problem = problem;
                note.size = source.size;
            }
            drop(sums);
            before += source.size.unwrap_or_default();
        }
        Ok(true)
    }

    /// Reads one source; what went wrong with it comes back.
    fn one(
        &mut self,
        source: &Source,
        mut place: Place,
        before: u64,
        count: &Arc<AtomicU64>,
    ) -> Result<(Ended, Option<String>), String> {
        let at = place.source;
        let went_wrong = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("it is cut off: {error}"),
            _ => format!("cannot be read: {error}"),
        };
        let mut stream = match source::open(source, place.at, count) {
            Ok(stream) => stream,
            Err(error) => return Ok((Ended::Here, Some(went_wrong(error)))),
        };
        let mut head = Vec::new();
        let mut failed = None;
        if place.at > 0 {
            self.progress.from(before + count.load(Ordering::Relaxed));
        }
        if place.at == 0 {
            failed = stream.by_ref().take(HEAD as u64).read_to_end(&mut head).err();
            if head.is_empty() {
                return Ok((Ended::Here, failed.map(went_wrong)));
            }
            place.head = Some((head.len() as u64, blake3::hash(&head).to_string()));
        }
        let kept = place.format.as_deref().and_then(input::named);
        let Some(format) = kept.or(self.job.input).or_else(|| input::detect(&head)) else {
            return Ok((Ended::Here, Some("its format is not known; `--input` states one".into())));
        };
        place.format = Some(format.name.to_owned());
        if let Some(note) = locked(&self.shared.sums).1.sources.get_mut(at) {
            note.format = Some(format.name.to_owned());
        }
        let mut parser = (format.parser)();
        if !place.kept.is_null() {
            parser.load(&place.kept).ok_or("the state holds what its parser does not understand")?;
        }
        // What could not be read any further ends the stream here.
        let rest: Box<dyn Read + Send> = if failed.is_some() { Box::new(io::empty()) } else { stream };
        let mut blocks = Blocks::new(rest, head, place.line, place.at);
        loop {
            match blocks.block() {
                Ok(Some(block)) => {
                    self.lines += block.lines;
                    self.block(&mut place, format, parser.as_mut(), block);
                }
                Ok(None) => break,
                Err(error) => failed = Some(error),
            }
            self.progress.at(before + count.load(Ordering::Relaxed), self.shared.commands.load(Ordering::Relaxed));
            place.kept = serde_json::Value::Null;
            // Where to stop is known only when what was read is judged.
            if self.job.stop_after.is_some_and(|most| self.lines >= most) {
                self.shared.wait();
            }
            let stop = self.job.stop_after.is_some_and(|most| self.shared.commands.load(Ordering::Relaxed) >= most);
            if failed.is_none() && (stop || self.saved.elapsed() >= self.job.every) && self.job.state.is_some() {
                place.kept = parser.save();
                self.save(&place)?;
            }
            if stop && failed.is_none() {
                return Ok((Ended::Stopped, None));
            }
        }
        let mut out = Out::default();
        if format.keeps == Keeps::Something {
            parser.end(&mut out);
        }
        self.shared.send(Unit::Entries { source: at, out });
        Ok((Ended::Here, failed.map(went_wrong)))
    }

    fn block(&self, place: &mut Place, format: &'static Format, parser: &mut dyn Parser, block: Block) {
        place.line = block.first + block.lines - 1;
        place.at = block.end;
        if let Some(note) = locked(&self.shared.sums).1.sources.get_mut(place.source) {
            note.lines += block.lines;
        }
        if format.keeps == Keeps::Nothing {
            self.shared.send(Unit::Lines { source: place.source, format, block });
            return;
        }
        let mut out = Out::default();
        let mut number = block.first;
        work::each_line(&block.bytes, |line| {
            if block.too_long.is_none() {
                parser.line(number, line, &mut out);
            }
            number += 1;
        });
        work::too_long(&block, &mut out);
        self.shared.send(Unit::Entries { source: place.source, out });
    }

    /// Writes the state down.
    fn save(&mut self, place: &Place) -> Result<(), String> {
        let Some((path, of)) = &self.job.state else { return Ok(()) };
        let sums = self.shared.whole();
        let (tally, notes) = (sums.0.clone(), sums.1.clone());
        drop(sums);
        let state = State { version: state::VERSION, of: of.clone(), place: place.clone(), tally, notes };
        state::write(path, &state)
            .map_err(|error| format!("the state `{}` cannot be written: {error}", path.display()))?;
        self.saved = Instant::now();
        Ok(())
    }
}

/// Judges entries for tests and for the filter: the same worker, alone.
#[must_use]
pub fn alone(auditor: Auditor<'_>, select: &Select, entries: Vec<Entry>) -> Tally {
    let mut worker = Worker::new(auditor, select, CACHES);
    entries.into_iter().for_each(|entry| worker.take(entry));
    worker.give()
}
