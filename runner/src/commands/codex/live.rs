//! What a run says while it runs: for people a transcript, for machines one JSON object a line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};

use serde_json::json;

use super::report::one_line;
use crate::cli::Format;
use crate::codex::event::{Command, Event, Item, Kind, Phase};
use crate::codex::follow::Listener;
use crate::verdict_text::shell_words;

/// How many lines of a command's output a transcript shows.
const SHOWN: usize = 12;

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
}

impl Live {
    pub(super) fn new(format: Format, trace: Option<File>) -> Self {
        let trace = trace.map(BufWriter::new);
        Self {
            format,
            out: BufWriter::new(io::stdout()),
            trace,
            trace_error: None,
            gone: None,
            begun: BTreeSet::new(),
            turns: 0,
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
            Event::Unknown { raw } => format!("not known: {}\n", one_line(&raw.to_string())),
            _ => return None,
        })
    }

    fn item(&mut self, phase: Phase, item: &Item) -> Option<String> {
        let first = self.begun.insert(item.id.clone()) || item.id.is_empty();
        if phase == Phase::Completed {
            self.begun.remove(&item.id);
        }
        Some(match &item.kind {
            Kind::Command(command) => {
                let head = if first { format!("$ {}\n", typed(command)) } else { String::new() };
                if phase == Phase::Completed { head + &ended(command) } else { head }
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

    fn event(&mut self, event: &Event) {
        let text = match self.format {
            Format::Text => self.text(event),
            Format::Json => serde_json::to_string(event).ok().map(|line| line + "\n"),
        };
        if let Some(text) = text {
            self.write(&text);
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

fn typed(command: &Command) -> String {
    match command.argv.as_slice() {
        [_, option, script] if option == "-lc" || option == "-c" => one_line(script),
        words => one_line(&shell_words(words)),
    }
}

/// The beginning of the output, and the status where it is not 0.
fn ended(command: &Command) -> String {
    let mut out = String::new();
    let lines = command.output.lines().count();
    for line in command.output.lines().take(SHOWN) {
        out.push_str(&format!("  {}\n", one_line(line)));
    }
    if lines > SHOWN {
        out.push_str(&format!("  … {} more lines\n", lines - SHOWN));
    }
    match command.exit {
        Some(0) => {}
        Some(exit) => out.push_str(&format!("  exit {exit}\n")),
        None => out.push_str("  no exit status\n"),
    }
    out
}

/// A text without what would disturb a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\n' && letter != '\t' { '\u{fffd}' } else { letter })
        .collect()
}
