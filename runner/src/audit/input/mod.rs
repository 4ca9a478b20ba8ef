//! The formats in which commands are recorded: one row and one file each.
//!
//! A parser takes lines and gives entries. What it understands and holds no command is an aside; what it does not understand is
//! malformed, is counted and shown, and ends nothing. A parser that keeps nothing between lines can read any block by
//! itself, so all cores read at once; the others read in order, and can be written down to go on later.

mod argv;
mod asciinema;
mod auditd;
mod bash;
mod claude;
mod codex;
mod fish;
mod moment;
mod osquery;
mod record;
mod tally;
mod zsh;

use policy::audit::{Entry, Tally};
use serde_json::Value;

pub use moment::parse as moment;
pub use tally::line as tally_line;

/// What lines have given.
#[derive(Debug, Default)]
pub struct Out {
    /// The commands.
    pub entries: Vec<Entry>,
    /// Sums of other audits, each with what they are sums of.
    pub tallies: Vec<(String, Tally)>,
    /// How many lines hold no command.
    pub asides: u64,
    /// Lines that were not understood: number, why, and how they begin.
    pub malformed: Vec<Malformed>,
    /// Something about the whole that should be said.
    pub remark: Option<&'static str>,
}

/// A line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub why: String,
    /// How it begins.
    pub begins: String,
}

/// How much of a malformed line is shown, in bytes.
const SHOWN: usize = 120;

impl Out {
    /// A line that was not understood.
    pub fn malformed(&mut self, line: u64, why: impl Into<String>, bytes: &[u8]) {
        let begins = String::from_utf8_lossy(bytes.get(..SHOWN).unwrap_or(bytes)).into_owned();
        self.malformed.push(Malformed { line, why: why.into(), begins });
    }
}

/// What reads the lines of one format.
pub trait Parser: Send {
    /// Takes a line in, without its line feed.
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out);

    /// The stream has ended.
    fn end(&mut self, _out: &mut Out) {}

    /// What it has kept of earlier lines.
    fn save(&self) -> Value {
        Value::Null
    }

    /// Goes on with what was kept; `None` where that is not understood.
    fn load(&mut self, kept: &Value) -> Option<()> {
        kept.is_null().then_some(())
    }
}

/// Whether a parser keeps something between lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// It does not: any line can be read by itself.
    Nothing,
    /// It does: lines are read in order.
    Something,
}

/// One format.
pub struct Format {
    /// The name after `--input`.
    pub name: &'static str,
    /// What writes it.
    pub about: &'static str,
    /// Whether lines can be read apart.
    pub keeps: Keeps,
    /// How many lines of a beginning look like it.
    pub looks: fn(&[u8]) -> usize,
    /// A new parser.
    pub parser: fn() -> Box<dyn Parser>,
}

/// All formats; where two look alike, the earlier one is meant.
pub const FORMATS: &[Format] = &[
    tally::FORMAT,
    record::FORMAT,
    claude::FORMAT,
    codex::FORMAT,
    osquery::FORMAT,
    asciinema::FORMAT,
    argv::FORMAT,
    auditd::FORMAT,
    fish::FORMAT,
    zsh::FORMAT,
    bash::FORMAT,
];

/// The format of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format that a beginning looks like most; `None` where it looks like none.
#[must_use]
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    let mut best: Option<(&Format, usize)> = None;
    for format in FORMATS {
        let score = (format.looks)(head);
        if score > best.map_or(0, |(_, score)| score) {
            best = Some((format, score));
        }
    }
    best.map(|(format, _)| format)
}

/// How many lines of a beginning are looked at.
const LOOKED_AT: usize = 100;

/// How many lines of a beginning are like this.
fn count(head: &[u8], like: impl Fn(&[u8]) -> bool) -> usize {
    head.split(|byte| *byte == b'\n').take(LOOKED_AT).filter(|line| like(line.trim_ascii())).count()
}

/// The same of lines that are JSON objects or lists.
fn count_json(head: &[u8], like: impl Fn(&Value) -> bool) -> usize {
    count(head, |line| {
        matches!(line.first(), Some(b'{' | b'[')) && serde_json::from_slice(line).is_ok_and(|value| like(&value))
    })
}

/// A string of an object.
fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
