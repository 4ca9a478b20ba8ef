//! The audit as a filter: one line in, one line out, in order, so that an existing engine can spread the work.
//!
//! Each line is read by itself, in the format that was stated or in the one it looks like; a line that was not understood is
//! answered too. Blocks are answered as soon as they are there, so that the filter never waits for more than a line.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, PoisonError};

use policy::audit::{Auditor, Entry, Finding, Recorded, What};
use policy::decision::Decision;
use policy::ruleset::RuleSet;
use policy::source::Sources;
use serde::Serialize;

use super::input::{self, Format, Out};
use super::lines::{Block, Blocks};
use super::select::Select;
use super::work;
use crate::verdict_text::shell_words;

/// The answer to a line.
#[derive(Serialize)]
struct Answer<'a> {
    /// The strictest decision; null where the line holds no command that was looked at.
    decision: Option<Decision>,
    /// Its commands.
    commands: Vec<Told<'a>>,
    /// How many commands filters left out.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u64,
    /// Why the line was not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<&'a str>,
}

/// A command with its finding.
#[derive(Serialize)]
struct Told<'a> {
    decision: Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Decision>,
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    recorded: Recorded,
    /// Each program, with what is decided about it alone.
    programs: &'a [(String, Decision)],
    /// The rules that matched, and whether they decide.
    rules: Vec<Ruled>,
    /// What cannot be known.
    opaque: &'a [String],
}

#[derive(Serialize)]
struct Ruled {
    rule: String,
    decides: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What the filter needs.
pub struct Filter<'a> {
    /// Who judges.
    pub auditor: Auditor<'a>,
    /// Which entries are looked at.
    pub select: &'a Select,
    /// The places of rules.
    pub sources: &'a Sources,
    /// The format, where it is stated.
    pub input: Option<&'static Format>,
    /// How many workers.
    pub workers: usize,
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Lines that were not understood.
    pub malformed: u64,
    /// The strictest decision.
    pub strictest: Option<Decision>,
}

#[derive(Default)]
struct Belt {
    waiting: BTreeMap<u64, Block>,
    ready: BTreeMap<u64, Vec<u8>>,
    next_in: u64,
    next_out: u64,
    closed: bool,
    broken: bool,
    seen: Seen,
}

/// Answers every line of `from` on `to`.
///
/// # Errors
/// Something cannot be read or written.
pub fn run(filter: &Filter<'_>, from: impl Read, mut to: impl Write + Send) -> io::Result<Seen> {
    let belt = Mutex::new(Belt::default());
    let changed = Condvar::new();
    let lock = || belt.lock().unwrap_or_else(PoisonError::into_inner);
    let most = 2 * filter.workers as u64 + 2;
    std::thread::scope(|scope| {
        for _ in 0..filter.workers.max(1) {
            scope.spawn(|| {
                loop {
                    let (number, block) = {
                        let mut belt = lock();
                        loop {
                            if let Some(first) = belt.waiting.pop_first() {
                                break first;
                            }
                            if belt.closed {
                                return;
                            }
                            belt = changed.wait(belt).unwrap_or_else(PoisonError::into_inner);
                        }
                    };
                    let (answers, seen) = filter.block(&block);
                    let mut belt = lock();
                    belt.ready.insert(number, answers);
                    belt.seen.malformed += seen.malformed;
                    belt.seen.strictest = belt.seen.strictest.max(seen.strictest);
                    changed.notify_all();
                }
            });
        }
        let writer = scope.spawn(|| -> io::Result<()> {
            loop {
                let answers = {
                    let mut belt = lock();
                    loop {
                        let next = belt.next_out;
                        if let Some(answers) = belt.ready.remove(&next) {
                            break answers;
                        }
                        if belt.closed && belt.next_out == belt.next_in {
                            return to.flush();
                        }
                        belt = changed.wait(belt).unwrap_or_else(PoisonError::into_inner);
                    }
                };
                let written = to.write_all(&answers).and_then(|()| to.flush());
                let mut belt = lock();
                belt.next_out += 1;
                belt.broken |= written.is_err();
                changed.notify_all();
                written?;
            }
        });
        let mut blocks = Blocks::new(from, Vec::new(), 0, 0);
        let read = loop {
            let block = match blocks.block() {
                Ok(Some(block)) => block,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let mut belt = lock();
            while belt.next_in - belt.next_out >= most && !belt.broken {
                belt = changed.wait(belt).unwrap_or_else(PoisonError::into_inner);
            }
            if belt.broken {
                break Ok(());
            }
            let number = belt.next_in;
            belt.waiting.insert(number, block);
            belt.next_in += 1;
            changed.notify_all();
        };
        lock().closed = true;
        changed.notify_all();
        let written = writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer ended")));
        read.and(written)
    })?;
    Ok(lock().seen)
}

impl Filter<'_> {
    fn block(&self, block: &Block) -> (Vec<u8>, Seen) {
        let mut answers = Vec::with_capacity(block.bytes.len() * 2);
        let mut seen = Seen::default();
        let mut number = block.first;
        work::each_line(&block.bytes, |line| {
            let mut out = Out::default();
            let blank = line.trim_ascii().is_empty();
            match self.input.or_else(|| input::detect(line)) {
                Some(format) if !blank => {
                    let mut parser = (format.parser)();
                    parser.line(number, line, &mut out);
                    parser.end(&mut out);
                }
                None if !blank => out.malformed(number, "its format is not known", line),
                _ => {}
            }
            self.answer(out, &mut answers, &mut seen);
            number += 1;
        });
        if block.too_long.is_some() {
            let mut out = Out::default();
            work::too_long(block, &mut out);
            self.answer(out, &mut answers, &mut seen);
        }
        (answers, seen)
    }

    fn answer(&self, out: Out, answers: &mut Vec<u8>, seen: &mut Seen) {
        let all = out.entries.len();
        let mut left_out = policy::audit::LeftOut::default();
        let looked_at: Vec<(Entry, Finding)> = out
            .entries
            .into_iter()
            .filter(|entry| self.select.takes(entry, &mut left_out))
            .map(|entry| {
                let finding = self.auditor.judge(&entry.what);
                (entry, finding)
            })
            .collect();
        let told = |(entry, finding): &'_ (Entry, Finding)| -> (Decision, String, Vec<Ruled>) {
            let rules = finding
                .rules
                .iter()
                .map(|(id, decides)| Ruled { rule: place(self.auditor.rules, self.sources, id.0), decides: *decides });
            (finding.decision, command(&entry.what), rules.collect())
        };
        let commands: Vec<Told<'_>> = looked_at
            .iter()
            .map(|both| {
                let (decision, command, rules) = told(both);
                let (entry, finding) = both;
                Told {
                    decision,
                    against: finding.against.map(|other| other.decision),
                    command,
                    session: &entry.session,
                    cwd: &entry.cwd,
                    time: entry.time,
                    recorded: entry.recorded,
                    programs: &finding.programs,
                    rules,
                    opaque: &finding.opaque,
                }
            })
            .collect();
        let decision = commands.iter().map(|told| told.decision).max();
        seen.strictest = seen.strictest.max(decision);
        seen.malformed += out.malformed.len() as u64;
        let answer = Answer {
            decision,
            left_out: (all - commands.len()) as u64,
            commands,
            malformed: out.malformed.first().map(|malformed| malformed.why.as_str()),
        };
        let _ = serde_json::to_writer(&mut *answers, &answer);
        answers.push(b'\n');
    }
}

/// The command on one line of JSON: words as a shell would read them, or the script.
fn command(what: &What) -> String {
    match what {
        What::Argv { words, .. } => shell_words(words),
        What::Joined { text } | What::Script { text, .. } => text.clone(),
        What::Unknown { why } => format!("({why})"),
    }
}

/// Where a rule stands.
#[must_use]
pub fn place(rules: &RuleSet, sources: &Sources, id: u32) -> String {
    let rule = rules.rule(policy::verdict::RuleId(id));
    rule.and_then(|rule| rule.at()).map_or_else(|| format!("rule {id}"), |at| sources.place(at).to_string())
}
