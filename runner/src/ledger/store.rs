//! Opening a ledger and appending to it. A record that was appended is acknowledged: it outlives whatever happens to palisade.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::Value;

use super::chain::{GENESIS, Head, Link};
use super::fault::Fault;
use super::schema;
use crate::moment::rfc3339;
use crate::secrets::mask_value;
use crate::state;

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The beginning of a run: who, where, what, under which files and programs.
    Run,
    /// A command, and what became of it.
    Command,
    /// What was decided about one.
    Verdict,
    /// That one was denied, and by whom.
    Denial,
    /// What one changed.
    Effect,
    /// The end of a run.
    End,
    /// That older records were removed.
    Prune,
}

impl Kind {
    /// As the file has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Command => "command",
            Self::Verdict => "verdict",
            Self::Denial => "denial",
            Self::Effect => "effect",
            Self::End => "end",
            Self::Prune => "prune",
        }
    }
}

/// What is appended.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The run.
    pub run: String,
    /// What it tells of.
    pub kind: Kind,
    /// The facts.
    pub body: Value,
}

/// What an acknowledged record outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of any process.
    Kill,
    /// Also a loss of power.
    Power,
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

/// No record holds a text longer than this, in bytes; its middle is left out.
const LONGEST: usize = 64 << 10;

/// How many bytes may wait beside the file when nobody is to wait for the disk: reading them takes half a millisecond.
const MOST_WAITING: u64 = 1 << 20;

impl Ledger {
    /// Opens a ledger, and makes it where there is none, readable by its owner only.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(path: &Path, durability: Durability, patience: Duration) -> Result<Self, Fault> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            state::make(folder).map_err(|error| {
                Fault::new(
                    path,
                    format!("`{}` cannot be made: {error}", folder.display()),
                    "name another file with `--ledger=FILE`",
                )
            })?;
        }
        // SQLite gives its own files the mode of this one. A FIFO or a directory is refused by it below.
        let _ = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NONBLOCK)
            .open(path);
        let wrong = |error: rusqlite::Error| Fault::of(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(wrong)?;
        connection.busy_timeout(patience).map_err(wrong)?;
        schema::known(&connection, path)?;
        let mode = log_beside(&connection, Instant::now() + patience).map_err(wrong)?;
        if mode != "wal" {
            return Err(Fault::new(
                path,
                "its file system cannot share memory, which several writers need",
                "name a file on a local disk with `--ledger=FILE`",
            ));
        }
        let synchronous = if durability == Durability::Power { "FULL" } else { "NORMAL" };
        connection
            .execute_batch(&format!("PRAGMA synchronous = {synchronous}; PRAGMA secure_delete = ON"))
            .map_err(wrong)?;
        if durability == Durability::Kill && waiting(path) < MOST_WAITING {
            // The last to close a WAL waits for the disk; one that is left is taken over by the next, which reads all of it.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(wrong)?;
        }
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Appends records, all or none; gives the head of the chain. They are acknowledged when this returns.
    ///
    /// # Errors
    /// Why nothing was appended.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Head, Fault> {
        let path = self.path.clone();
        let wrong = |error: rusqlite::Error| Fault::of(&path, &error);
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrong)?;
        let head = put(&change, entries).map_err(wrong)?;
        change.commit().map_err(wrong)?;
        Ok(head)
    }

    pub(super) fn parts(&mut self) -> (&mut Connection, &Path) {
        (&mut self.connection, &self.path)
    }
}

/// Has changes written to a log beside the file, which lets others read meanwhile; gives how they are written from now on.
///
/// SQLite waits for a lock by itself, but for this one: where several make the same file at once, two could wait for each
/// other, so it says at once that it is busy, and who asks again finds the log made.
fn log_beside(connection: &Connection, until: Instant) -> rusqlite::Result<String> {
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(1));
            }
            other => return other,
        }
    }
}

/// How many bytes wait beside the file to be moved into it.
fn waiting(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// The last record; before the first one its place is taken by what all chains begin with.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Head> {
    let last = "SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1";
    let last = connection.query_row(last, [], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? })).optional()?;
    Ok(last.unwrap_or_else(|| Head { seq: 0, hash: GENESIS.into() }))
}

/// Appends within a change.
pub(super) fn put(change: &Transaction<'_>, entries: &[Entry]) -> rusqlite::Result<Head> {
    let mut head = head(change)?;
    let time = rfc3339(SystemTime::now());
    let mut insert = change.prepare_cached(
        "INSERT INTO records (seq, time, run, kind, body, before, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for entry in entries {
        let body = short(&mask_value(&entry.body, &[])).to_string();
        let (seq, kind) = (head.seq + 1, entry.kind.name());
        let hash = Link { before: &head.hash, seq, time: &time, run: &entry.run, kind, body: &body }.hash();
        insert.execute(params![seq, time, entry.run, kind, body, head.hash, hash])?;
        head = Head { seq, hash };
    }
    Ok(head)
}

/// The value with long texts cut in their middle; masked before, so that no secret is cut out of its pattern.
fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST => {
            let from = (0..=LONGEST / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            let to =
                (text.len() - LONGEST / 2..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let (head, tail) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
            Value::String(format!("{head}\n[{} bytes are left out]\n{tail}", to - from))
        }
        Value::Array(list) => Value::Array(list.iter().map(short).collect()),
        Value::Object(members) => Value::Object(members.iter().map(|(key, one)| (key.clone(), short(one))).collect()),
        other => other.clone(),
    }
}

/// A new name for a run: the moment, and what tells it from others of that moment.
#[must_use]
pub fn run_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now();
    let nanos = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mine = format!("{nanos} {} {}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let moment: String = rfc3339(now).chars().filter(|letter| letter.is_ascii_alphanumeric()).take(15).collect();
    let rest = blake3::hash(mine.as_bytes()).to_hex();
    format!("{moment}-{}", rest.get(..8).unwrap_or_default())
}
