//! Verifying a ledger: every record against its hash, every hash against the one before, the beginning and the end.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use super::chain::{GENESIS, Head, Link};
use super::fault::Fault;

/// How many findings are told; all are counted.
const TOLD: usize = 20;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// How many records there are.
    pub records: u64,
    /// The end of the chain, `NUMBER:HASH`; nothing of an empty one.
    pub head: Option<String>,
    /// How many things are wrong.
    pub wrong: u64,
    /// The first of them, in words.
    pub findings: Vec<String>,
}

impl Checked {
    fn wrong(&mut self, what: String) {
        self.wrong += 1;
        if self.findings.len() < TOLD {
            self.findings.push(what);
        }
    }
}

/// Verifies a ledger, and that it still holds this head.
///
/// # Errors
/// Why it cannot be read.
pub fn verify(connection: &Connection, path: &Path, kept: Option<&Head>) -> Result<Checked, Fault> {
    let fault = |error: rusqlite::Error| Fault::of(path, &error);
    let mut checked = Checked { records: 0, head: None, wrong: 0, findings: Vec::new() };
    let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fault)?;
    if whole != "ok" {
        checked.wrong(format!("the file is damaged: {whole}"));
    }
    let mut statement = connection
        .prepare("SELECT seq, time, run, kind, body, before, hash FROM records ORDER BY seq")
        .map_err(fault)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut last: Option<Head> = None;
    let mut begin: Option<Head> = None;
    // What a record says was removed before it.
    let mut removed: Vec<Head> = Vec::new();
    let mut kept_is_there = kept.is_none();
    while let Some(row) = rows.next().map_err(fault)? {
        let text = |at: usize| -> Result<String, Fault> {
            let value = row.get_ref(at).map_err(fault)?;
            Ok(String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned())
        };
        let seq: i64 = row.get(0).map_err(fault)?;
        let (time, run, kind, body, before, hash) = (text(1)?, text(2)?, text(3)?, text(4)?, text(5)?, text(6)?);
        let named = format!("record {seq} ({kind} of run {run}, {time})");
        let link = Link { before: &before, seq, time: &time, run: &run, kind: &kind, body: &body };
        if link.hash() != hash {
            checked.wrong(format!("{named} is not as it was written"));
        }
        match &last {
            None => begin = Some(Head { seq: seq - 1, hash: before.clone() }),
            Some(last) if seq != last.seq + 1 => {
                let missing = seq - last.seq - 1;
                checked.wrong(format!("{missing} records are missing before {named}"));
            }
            Some(last) if before != last.hash => checked.wrong(format!("{named} does not follow record {}", last.seq)),
            Some(_) => {}
        }
        if kind == "prune" {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let (up_to, hash) = (body.get("up_to").and_then(Value::as_i64), body.get("hash").and_then(Value::as_str));
            removed.extend(up_to.zip(hash).map(|(seq, hash)| Head { seq, hash: hash.to_owned() }));
        }
        kept_is_there = kept_is_there || kept.is_some_and(|kept| kept.seq == seq && kept.hash == hash);
        checked.records += 1;
        last = Some(Head { seq, hash });
    }
    if let Some(begin) = &begin
        && (begin.seq != 0 || begin.hash != GENESIS)
        && !removed.contains(begin)
    {
        checked.wrong(format!("the records up to {} are missing, and none says that they were pruned", begin.seq));
    }
    let counted = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'records'";
    let counted: i64 = connection.query_row(counted, [], |row| row.get(0)).map_err(fault)?;
    let end = last.as_ref().map_or(0, |last| last.seq);
    if counted != end {
        checked.wrong(format!("the last record is {end}, and {counted} were written"));
    }
    if let Some(kept) = kept.filter(|_| !kept_is_there) {
        let gone = removed.iter().any(|removed| removed.seq >= kept.seq);
        if gone {
            checked.wrong(format!("the head {kept} was pruned; nothing can be said of it"));
        } else {
            checked.wrong(format!("the head {kept} is not in it"));
        }
    }
    checked.head = last.map(|last| last.to_string());
    Ok(checked)
}
