//! Session files on disk: the one of a thread, and those that a run has written.
//!
//! `CODEX_HOME/sessions/YYYY/MM/DD/rollout-TIME-ID.jsonl`, one file a thread, appended to when it is resumed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::account::Account;
use super::lines::Lines;

/// How much is read at once, in bytes.
const CHUNK: usize = 1 << 16;

/// The file of a thread, if there is one.
#[must_use]
pub fn of(home: &Path, thread: &str) -> Option<PathBuf> {
    let end = format!("-{thread}.jsonl");
    all(home).into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&end)))
}

/// The files that were written to since then, in the order of their names, which is that of their beginnings.
#[must_use]
pub fn written_since(home: &Path, then: SystemTime) -> Vec<PathBuf> {
    let recent = |path: &PathBuf| {
        std::fs::metadata(path).and_then(|facts| facts.modified()).is_ok_and(|modified| modified >= then)
    };
    all(home).into_iter().filter(recent).collect()
}

fn all(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(home.join("sessions"), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < 4 {
                folders.push((path, depth + 1));
            } else if kind.is_file() && path.extension().is_some_and(|kind| kind == "jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Reads a trace to its end, from this byte on.
///
/// # Errors
/// The error of opening or reading.
pub fn account_from(path: &Path, at: u64) -> io::Result<Account> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    account_of(&mut file)
}

/// Reads a trace to its end.
///
/// # Errors
/// The error of reading.
pub fn account_of(from: &mut dyn Read) -> io::Result<Account> {
    let mut account = Account::default();
    let mut lines = Lines::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => lines.push(chunk.get(..count).unwrap_or_default(), |line| account.take(line, |_| {})),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    lines.finish(|line| account.take(line, |_| {}));
    Ok(account)
}
