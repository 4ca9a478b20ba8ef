//! What a run says while it runs: for people a transcript, for machines one JSON object a line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;

use serde_json::json;

use super::report::{add_line, one_line};
use crate::cli::Format;
use crate::codex::account::Said;
use crate::codex::effects::{Changed, Watch};
use crate::codex::event::{Event, Item, Kind, Phase};
use crate::codex::follow::Listener;
use crate::codex::quick::{What, three_words, words};
use crate::verdict_text::shell_words;

/// How many lines of a command's output a transcript shows.
const SHOWN: usize = 12;
/// How many items are open at most.
const OPEN: usize = 4096;

/// Tells what happens, on standard output, and keeps the lines as they came.
pub(super) struct Live {
    format: Format,
    out: BufWriter<Stdout>,
    trace: Option<BufWriter<File>>,
    /// What could not be written to the trace.
    pub(super) trace_error: Option<io::Error>,
    /// Why standard output can no longer be written.
    pub(super) gone: Option<io::Error>,
    begun: BTreeSet<String>,
    turns: u64,
    /// What is being put together; kept for its room.
    scratch: String,
    watch: Option<Watch>,
}

impl Live {
    pub(super) fn new(format: Format, trace: Option<File>, workspace: &Path) -> Self {
        let trace = trace.map(BufWriter::new);
        Self {
            format,
            out: BufWriter::new(io::stdout()),
            trace,
            trace_error: None,
            gone: None,
            begun: BTreeSet::new(),
            turns: 0,
            scratch: String::new(),
            watch: Some(Watch::begin(workspace)),
        }
    }

    /// What has changed in the workspace, at the end.
    pub(super) fn changed(&mut self) -> Changed {
        self.watch.take().map(Watch::end).unwrap_or_default()
    }

    fn watches(&mut self, phase: Phase, id: &str) {
        if let Some(watch) = &mut self.watch {
            watch.item(phase, id);
        }
    }

    /// Writes to standard output; a reader that has gone away is noted.
    pub(super) fn put(&mut self, text: &str) {
        self.write(text);
        self.flush();
    }

    fn write(&mut self, text: &str) {
        if self.gone.is_none() {
            self.gone = self.out.write_all(text.as_bytes()).err();
        }
    }

    fn flush(&mut self) {
        if self.gone.is_none() {
            self.gone = self.out.flush().err();
        }
    }

    fn trace_failed(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.trace_error = Some(error);
            self.trace = None;
        }
    }

    fn event(&mut self, event: &Event) {
        let text = match self.format {
            Format::Text => self.text(event),
            Format::Json => serde_json::to_string(event).ok().map(|line| line + "\n"),
        };
        if let Some(text) = text {
            self.write(&text);
        }
    }

    fn text(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::Thread { id, .. } => format!("thread {id}\n"),
            Event::TurnStarted => {
                self.turns += 1;
                format!("turn {}\n", self.turns)
            }
            Event::Item { phase, item } => self.item(*phase, item)?,
            Event::Error { message } => format!("error: {}\n", one_line(message)),
            Event::TurnFailed { message } => format!("failed: {}\n", one_line(message)),
            _ => return None,
        })
    }

    /// Whether nothing was said of this item yet.
    fn first(&mut self, phase: Phase, id: &str) -> bool {
        let known = match phase {
            Phase::Completed => self.begun.remove(id),
            Phase::Started | Phase::Updated => {
                // A stream that only begins things must not fill the memory.
                if self.begun.len() >= OPEN {
                    self.begun.clear();
                }
                self.begun.contains(id) || !self.begun.insert(id.to_owned())
            }
        };
        !known || id.is_empty()
    }

    fn item(&mut self, phase: Phase, item: &Item) -> Option<String> {
        let first = self.first(phase, &item.id);
        Some(match &item.kind {
            Kind::Command(command) => {
                let mut out = String::new();
                if first {
                    typed(&command.argv, &mut out);
                }
                if phase == Phase::Completed {
                    ended(&command.output, command.exit, &mut out);
                }
                out
            }
            Kind::Patch { changes } if phase == Phase::Completed => {
                let files: Vec<String> =
                    changes.iter().map(|change| format!("{} {}", change.kind, change.path)).collect();
                format!("patch {}: {}\n", item.status.as_deref().unwrap_or("completed"), one_line(&files.join(", ")))
            }
            Kind::Message { text } => format!("{}\n", printable(text)),
            Kind::Reasoning { text } => format!("({})\n", one_line(text)),
            Kind::Warning { text } => format!("warning: {}\n", one_line(text)),
            Kind::Search { query } if phase == Phase::Completed => format!("searched: {}\n", one_line(query)),
            Kind::Mcp { server, tool, failure, .. } if phase == Phase::Completed => {
                let failure = failure.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
                format!("{server} {tool}{failure}\n")
            }
            Kind::Agents { tool, receivers, .. } if phase == Phase::Completed => {
                format!("{tool} {}\n", receivers.join(" "))
            }
            _ => return None,
        })
    }
}

impl Listener for Live {
    fn started(&mut self, pid: u32) {
        if self.format == Format::Json {
            self.put(&format!("{}\n", json!({ "event": "started", "pid": pid })));
        }
    }

    fn line(&mut self, line: &[u8]) {
        if let Some(trace) = &mut self.trace {
            let written = trace.write_all(line).and_then(|()| trace.write_all(b"\n"));
            self.trace_failed(written);
        }
    }

    fn said(&mut self, said: Said<'_>) {
        let short = match said {
            Said::Event(event) => {
                if let Event::Item { phase, item: Item { id, kind: Kind::Command(_) | Kind::Patch { .. }, .. } } = event
                {
                    self.watches(*phase, id);
                }
                return self.event(event);
            }
            Said::Short(short) => short,
        };
        if matches!(short.what, What::Command { .. } | What::Patch(_)) {
            self.watches(short.phase, &short.id);
        }
        match &short.what {
            // A stream consists of these, so they are written straight from their line.
            What::Command { command, output, exit } if self.format == Format::Text => {
                let mut out = std::mem::take(&mut self.scratch);
                out.clear();
                if self.first(short.phase, &short.id) {
                    match three_words(command) {
                        Some(words) => typed(&words, &mut out),
                        None => typed(&words(command), &mut out),
                    }
                }
                if short.phase == Phase::Completed {
                    ended(output, *exit, &mut out);
                }
                self.write(&out);
                self.scratch = out;
            }
            _ => self.event(&short.event()),
        }
    }

    fn listens(&mut self) -> bool {
        self.flush();
        if let Some(trace) = &mut self.trace {
            let written = trace.flush();
            self.trace_failed(written);
        }
        self.gone.is_none()
    }
}

/// What was typed.
fn typed(argv: &[impl AsRef<str>], out: &mut String) {
    out.push_str("$ ");
    match argv {
        [_, option, script] if matches!(option.as_ref(), "-lc" | "-c") => add_line(out, script.as_ref()),
        words => {
            let words: Vec<String> = words.iter().map(|word| word.as_ref().to_owned()).collect();
            add_line(out, &shell_words(&words));
        }
    }
    out.push('\n');
}

/// The beginning of the output, and the status where it is not 0.
fn ended(output: &str, exit: Option<i64>, out: &mut String) {
    let whole = memchr::memchr_iter(b'\n', output.as_bytes()).count();
    let lines = whole + usize::from(!output.is_empty() && !output.ends_with('\n'));
    for line in output.lines().take(SHOWN) {
        out.push_str("  ");
        add_line(out, line);
        out.push('\n');
    }
    if lines > SHOWN {
        out.push_str(&format!("  … {} more lines\n", lines - SHOWN));
    }
    match exit {
        Some(0) => {}
        Some(exit) => out.push_str(&format!("  exit {exit}\n")),
        None => out.push_str("  no exit status\n"),
    }
}

/// A text without what would disturb a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\n' && letter != '\t' { '\u{fffd}' } else { letter })
        .collect()
}
