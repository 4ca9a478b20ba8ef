//! Results of osquery about processes: `process_events`, `bpf_process_events`, `es_process_events`, as events, batches or
//! snapshots. `json_cmdline` has the words; `cmdline` has them joined with blanks, and that doubt is judged.

use policy::audit::{Entry, Recorded, What};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count_json, moment, text};

pub(super) const FORMAT: Format = Format {
    name: "osquery",
    about: "results of osquery about processes (process_events and its kin)",
    keeps: Keeps::Nothing,
    looks: |head| {
        count_json(head, |value| {
            value.get("name").is_some()
                && ["columns", "snapshot", "diffResults"].iter().any(|key| value.get(key).is_some())
        })
    },
    parser: || Box::new(Osquery),
};

struct Osquery;

impl Parser for Osquery {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let line = line.trim_ascii();
        if line.is_empty() {
            out.asides += 1;
            return;
        }
        let value: Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(error) => return out.malformed(number, format!("no JSON: {error}"), line),
        };
        let list = |found: Option<&Value>| found.and_then(Value::as_array).cloned().unwrap_or_default();
        let rows = match (value.get("columns"), value.get("snapshot"), value.get("diffResults")) {
            (Some(columns), ..) if text(&value, "action") != Some("removed") => vec![columns.clone()],
            (Some(_), ..) => Vec::new(),
            (_, snapshot @ Some(_), _) => list(snapshot),
            (_, _, Some(batch)) => list(batch.get("added")),
            _ => return out.malformed(number, "no result of osquery", line),
        };
        let before = out.entries.len();
        for row in &rows {
            out.entries.extend(entry(row, &value));
        }
        out.asides += u64::from(out.entries.len() == before);
    }
}

/// The command of a row; nothing where the row is about something else, or about an execution that failed.
fn entry(row: &Value, line: &Value) -> Option<Entry> {
    let failed = text(row, "exit_code").is_some_and(|code| code.starts_with('-')) && text(row, "syscall").is_some();
    if failed || text(row, "syscall").is_some_and(|call| !call.starts_with("exec")) {
        return None;
    }
    let words = text(row, "json_cmdline").and_then(|words| serde_json::from_str::<Vec<String>>(words).ok());
    let what = match (words.filter(|words| !words.is_empty()), text(row, "cmdline")) {
        (Some(words), _) => What::Argv { words, program: None, certain: Vec::new() },
        (None, Some(joined)) if !joined.trim().is_empty() => What::Joined { text: joined.trim().to_owned() },
        // The kernel was asked too late for the words.
        (None, Some(_)) => What::Unknown { why: "a program whose words were not recorded".into() },
        (None, None) => return None,
    };
    let time =
        [row.get("time"), line.get("unixTime")].into_iter().flatten().find_map(moment::of).filter(|time| *time > 0);
    Some(Entry {
        what,
        cwd: text(row, "cwd").map(|cwd| cwd.trim_matches('"')).filter(|cwd| !cwd.is_empty()).map(str::to_owned),
        session: text(line, "hostIdentifier").map(str::to_owned),
        time,
        recorded: Recorded::Ran,
    })
}
