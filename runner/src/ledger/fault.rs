//! What can go wrong with a ledger, in words that say what to do.

use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};

/// Why a ledger could not be used. What was acknowledged before is in it all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in words.
    pub what: String,
    /// What to do.
    pub help: &'static str,
}

impl Fault {
    pub(super) fn new(path: &Path, what: impl Into<String>, help: &'static str) -> Self {
        Self { path: path.to_owned(), what: what.into(), help }
    }

    pub(super) fn of(path: &Path, error: &Error) -> Self {
        let Error::SqliteFailure(failure, _) = error else {
            return Self::new(path, error.to_string(), "`palisade ledger verify` says whether it is whole");
        };
        let (what, help) = match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (
                "it is locked by another process and did not become free in time".to_owned(),
                "see who has it open: `fuser FILE`; or name another with `--ledger=FILE`",
            ),
            ErrorCode::DiskFull => (
                "there is no space left for it".to_owned(),
                "free some space, then shorten it with `palisade ledger prune`; what was acknowledged is kept",
            ),
            ErrorCode::NotADatabase => ("it is no ledger".to_owned(), "name another file with `--ledger=FILE`"),
            ErrorCode::DatabaseCorrupt => (
                "it is damaged".to_owned(),
                "keep a copy of it; `palisade ledger verify` says from where on, `sqlite3 FILE .recover` saves the rest",
            ),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => (
                "it cannot be written".to_owned(),
                "it and its directory must be yours to write; or name another with `--ledger=FILE`",
            ),
            ErrorCode::CannotOpen => (
                "it cannot be opened".to_owned(),
                "it and its directory must be there and yours to write; or name another with `--ledger=FILE`",
            ),
            ErrorCode::SystemIoFailure => (
                format!("reading or writing it failed: {error}"),
                "the disk may be full or broken; what was acknowledged is kept",
            ),
            _ => (error.to_string(), "`palisade ledger verify` says whether it is whole"),
        };
        Self::new(path, what, help)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the ledger `{}` cannot be used: {}", self.path.display(), self.what)
    }
}
