//! The log of the Linux audit daemon, raw or enriched: `EXECVE` records, with the directory and the session of their event.
//!
//! The records of an event stand near each other, mixed with those of others. A value in quotes is text, one without is hex
//! (`audit_log_untrustedstring`); a long one comes in pieces, `a1[0]=`, `a1[1]=`, and many words come in several records.

use std::collections::{BTreeMap, VecDeque};

use policy::audit::{Entry, Recorded, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count, moment};

pub(super) const FORMAT: Format = Format {
    name: "auditd",
    about: "the log of auditd, raw or enriched",
    keeps: Keeps::Something,
    looks: |head| count(head, |line| Line::read(line).is_some()),
    parser: || Box::new(Auditd::default()),
};

/// How many events are open at once at most.
const OPEN: usize = 256;

#[derive(Default, Deserialize, Serialize)]
struct Auditd {
    open: VecDeque<(String, Execution)>,
}

/// What is known of an event.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Execution {
    /// How many words there are, where an `EXECVE` record was read.
    argc: Option<usize>,
    /// The words, in hex or not, by number and piece.
    words: BTreeMap<(usize, usize), Vec<u8>>,
    cwd: Option<String>,
    session: Option<String>,
}

/// A record.
struct Line<'a> {
    kind: &'a str,
    event: &'a str,
    fields: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (before, rest) = line.split_once("type=")?;
        if !(before.is_empty() || before.starts_with("node=") || before.ends_with(' ')) {
            return None;
        }
        let (kind, rest) = rest.split_once(' ')?;
        let (event, fields) = rest.trim_start().strip_prefix("msg=audit(")?.split_once(')')?;
        // Behind a group separator stand names for the numbers before it.
        let fields = fields.trim_start_matches(':').split('\u{1d}').next()?;
        Some(Self { kind, event, fields })
    }

    fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.split_ascii_whitespace().filter_map(|field| field.split_once('='))
    }

    fn field(&self, name: &str) -> Option<&'a str> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

/// A value that the kernel did not trust: in quotes as it is, or else in hex.
fn value(text: &str) -> Option<Vec<u8>> {
    if let Some(quoted) = text.strip_prefix('"') {
        return Some(quoted.strip_suffix('"')?.as_bytes().to_vec());
    }
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect::<Option<Vec<u8>>>())?
}

/// `a1`, `a1[0]`: which word, and which piece of it.
fn word(name: &str) -> Option<(usize, usize)> {
    let rest = name.strip_prefix('a')?;
    match rest.split_once('[') {
        Some((word, piece)) => Some((word.parse().ok()?, piece.strip_suffix(']')?.parse().ok()?)),
        None => Some((rest.parse().ok()?, 0)),
    }
}

impl Auditd {
    fn event(&mut self, id: &str, out: &mut Out) -> &mut Execution {
        let at = self.open.iter().rposition(|(open, _)| open == id).unwrap_or_else(|| {
            if self.open.len() >= OPEN
                && let Some((event, oldest)) = self.open.pop_front()
            {
                give(&event, oldest, out);
            }
            self.open.push_back((id.to_owned(), Execution::default()));
            self.open.len() - 1
        });
        &mut self.open[at].1
    }
}

/// The entry of an event, if it is one of an execution.
fn give(event: &str, known: Execution, out: &mut Out) {
    let Some(argc) = known.argc else { return };
    let mut words: Vec<Vec<u8>> = Vec::new();
    for ((number, piece), bytes) in &known.words {
        if *number == words.len() && *piece == 0 {
            words.push(bytes.clone());
        } else if *number + 1 == words.len()
            && let Some(last) = words.last_mut()
        {
            last.extend(bytes);
        }
    }
    let texts: Option<Vec<String>> = words.iter().map(|word| String::from_utf8(word.clone()).ok()).collect();
    let what = match texts {
        _ if words.len() != argc || argc == 0 => What::Unknown { why: "words that the record does not hold".into() },
        None => What::Unknown { why: "words that are no text".into() },
        Some(words) => What::Argv { words, program: None, certain: Vec::new() },
    };
    let time = event.split(':').next().and_then(moment::parse);
    out.entries.push(Entry { what, cwd: known.cwd, session: known.session, time, recorded: Recorded::Ran });
}

impl Parser for Auditd {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        if line.trim_ascii().is_empty() {
            out.asides += 1;
            return;
        }
        let Some(record) = Line::read(line) else {
            return out.malformed(number, "no record of auditd", line);
        };
        out.asides += u64::from(record.kind != "EXECVE");
        match record.kind {
            "SYSCALL" => {
                let session = record.field("ses").filter(|session| *session != "4294967295").map(str::to_owned);
                self.event(record.event, out).session = session;
            }
            "CWD" => {
                let cwd = record.field("cwd").and_then(value).and_then(|cwd| String::from_utf8(cwd).ok());
                self.event(record.event, out).cwd = cwd;
            }
            "EXECVE" => {
                let argc = record.field("argc").and_then(|argc| argc.parse::<usize>().ok());
                let mut words = Vec::new();
                for (name, text) in record.fields() {
                    let Some(at) = word(name) else { continue };
                    let Some(bytes) = value(text) else {
                        return out.malformed(
                            number,
                            format!(
                                "`{name}` is neither in quotes nor in hex; `ausearch --raw` writes what can be read"
                            ),
                            line,
                        );
                    };
                    words.push((at, bytes));
                }
                let event = self.event(record.event, out);
                event.argc = argc.or(event.argc);
                event.words.extend(words);
            }
            // The last record of an event.
            "EOE" | "PROCTITLE" => {
                if let Some(at) = self.open.iter().rposition(|(open, _)| open == record.event)
                    && let Some((event, known)) = self.open.remove(at)
                {
                    give(&event, known, out);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Out) {
        for (event, known) in self.open.drain(..) {
            give(&event, known, out);
        }
    }

    fn save(&self) -> Value {
        // Keys of JSON objects are texts.
        let open: Vec<_> = self
            .open
            .iter()
            .map(|(id, event)| (id, event.argc, event.words.iter().collect::<Vec<_>>(), &event.cwd, &event.session))
            .collect();
        serde_json::to_value(open).unwrap_or_default()
    }

    fn load(&mut self, kept: &Value) -> Option<()> {
        type Row = (String, Option<usize>, Vec<((usize, usize), Vec<u8>)>, Option<String>, Option<String>);
        let rows = Vec::<Row>::deserialize(kept).ok()?;
        let known = |(id, argc, words, cwd, session): Row| {
            (id, Execution { argc, words: words.into_iter().collect(), cwd, session })
        };
        self.open = rows.into_iter().map(known).collect();
        Some(())
    }
}
