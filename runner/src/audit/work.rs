//! One worker: parses blocks that can be read apart, judges, and adds up for itself.

use policy::audit::{Auditor, Entry, Tally, What};

use super::cache::{Cache, Made};
use super::input::{Format, Out};
use super::lines::Block;
use super::select::Select;
use crate::verdict_text::shell_words;

/// How long a sample of a command is, in characters.
const SAMPLE: usize = 160;

/// The worker.
#[derive(Debug)]
pub struct Worker<'a> {
    auditor: Auditor<'a>,
    select: &'a Select,
    cache: Cache,
    /// Its sums.
    pub tally: Tally,
}

impl<'a> Worker<'a> {
    /// One of several, which together keep `cache` bytes of findings.
    #[must_use]
    pub fn new(auditor: Auditor<'a>, select: &'a Select, cache: usize) -> Self {
        Self { auditor, select, cache: Cache::of(cache), tally: Tally::new(auditor.rules.len()) }
    }

    /// Judges an entry and counts it.
    pub fn take(&mut self, mut entry: Entry) {
        if !self.select.takes(&entry, &mut self.tally.left_out) {
            return;
        }
        let what = std::mem::replace(&mut entry.what, What::Unknown { why: String::new() });
        let Self { auditor, cache, tally, .. } = self;
        let mut full = Vec::new();
        cache.with(
            what,
            |what| Made { finding: auditor.judge(what), often: [0; 4], text: sample(what) },
            |made| {
                if let Some(often) = made.often.get_mut(entry.recorded as usize) {
                    *often += 1;
                }
                tally.enter(&entry, &made.finding);
            },
            |made| full.push(made),
        );
        for made in full {
            tally.add(&made.finding, made.often, &made.text);
        }
    }

    /// Its sums so far; it goes on with none.
    pub fn give(&mut self) -> Tally {
        let Self { cache, tally, .. } = self;
        cache.settle(|finding, often, text| tally.add(finding, often, text));
        self.hand_over()
    }

    /// The same without what its findings have still to add.
    pub fn hand_over(&mut self) -> Tally {
        std::mem::replace(&mut self.tally, Tally::new(self.auditor.rules.len()))
    }
}

/// Reads the lines of a block by a parser that keeps nothing.
#[must_use]
pub fn parsed(format: &Format, block: &Block) -> Out {
    let mut out = Out::default();
    let mut parser = (format.parser)();
    let mut number = block.first;
    each_line(&block.bytes, |line| {
        parser.line(number, line, &mut out);
        number += 1;
    });
    parser.end(&mut out);
    too_long(block, &mut out);
    out
}

/// Each line of a block, without its line feed.
pub fn each_line(bytes: &[u8], mut each: impl FnMut(&[u8])) {
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        each(bytes.get(from..end).unwrap_or_default());
        from = end + 1;
    }
    if from < bytes.len() {
        each(bytes.get(from..).unwrap_or_default());
    }
}

/// Tells of a line that was too long to be kept.
pub fn too_long(block: &Block, out: &mut Out) {
    if let Some((line, length)) = block.too_long {
        out.malformed(line, format!("a line of {length} bytes, more than is kept of one"), b"");
    }
}

/// A command on one line, as people see it, and not all of it where it is long.
#[must_use]
pub fn sample(what: &What) -> String {
    let text = match what {
        What::Argv { words, .. } => shell_words(words),
        What::Joined { text } | What::Script { text, .. } => text.clone(),
        What::Unknown { why } => format!("({why})"),
    };
    let mut shown: String =
        text.chars().take(SAMPLE).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
