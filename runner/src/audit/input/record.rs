//! What the guard writes with `run --record`: every program that was started, with what was proved about it.

use policy::audit::{Entry, Recorded, What};
use serde::Deserialize;

use super::{Format, Keeps, Out, Parser, count_json, moment};

pub(super) const FORMAT: Format = Format {
    name: "record",
    about: "`palisade run --record`",
    keeps: Keeps::Nothing,
    looks: |head| {
        count_json(head, |value| ["argv", "via", "decision", "action"].iter().all(|key| value.get(key).is_some()))
    },
    parser: || Box::new(Record),
};

struct Record;

#[derive(Deserialize)]
struct Line {
    argv: Vec<String>,
    argv_hex: Option<serde::de::IgnoredAny>,
    program: Option<String>,
    #[serde(default)]
    certain: Vec<String>,
    cwd: Option<String>,
    time: Option<String>,
    action: String,
    answer: Option<String>,
}

impl Parser for Record {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        if line.trim_ascii().is_empty() {
            out.asides += 1;
            return;
        }
        let line: Line = match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(error) => return out.malformed(number, format!("no line of a record: {error}"), line),
        };
        let recorded = match (line.action.as_str(), line.answer.as_deref()) {
            ("ran", _) => Recorded::Ran,
            ("asked", Some("yes")) => Recorded::Agreed,
            ("asked" | "killed", _) => Recorded::Refused,
            _ => Recorded::Unsaid,
        };
        let what = if line.argv_hex.is_some() || line.argv.is_empty() {
            What::Unknown { why: "words that are no text".into() }
        } else {
            What::Argv { words: line.argv, program: line.program, certain: line.certain }
        };
        let time = line.time.as_deref().and_then(moment::parse);
        out.entries.push(Entry { what, cwd: line.cwd, session: None, time, recorded });
    }
}
