//! Shortening a ledger: the oldest runs go, and a record says so, from which the chain goes on.

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde_json::json;

use super::fault::Fault;
use super::store::{Entry, Kind, Ledger, put, run_id};

/// What was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// How many records.
    pub records: i64,
    /// The number of the last of them; 0 where nothing was old enough.
    pub up_to: i64,
}

/// Removes all runs that had ended before this moment (RFC 3339); a run with a younger record stays whole, and all behind it.
///
/// # Errors
/// Why nothing was removed.
pub fn prune(ledger: &mut Ledger, before: &str) -> Result<Pruned, Fault> {
    let (connection, path) = ledger.parts();
    let path = path.to_owned();
    let wrong = |error: rusqlite::Error| Fault::of(&path, &error);
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrong)?;
    let first_kept = "SELECT min(seq) FROM records WHERE run IN (SELECT run FROM records WHERE time >= ?1)";
    let first_kept: Option<i64> = change.query_row(first_kept, [before], |row| row.get(0)).map_err(wrong)?;
    let last = "SELECT seq, hash FROM records WHERE ?1 IS NULL OR seq < ?1 ORDER BY seq DESC LIMIT 1";
    let last: Option<(i64, String)> =
        change.query_row(last, params![first_kept], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(wrong)?;
    let Some((up_to, hash)) = last else { return Ok(Pruned { records: 0, up_to: 0 }) };
    let body = json!({ "up_to": up_to, "hash": hash, "before": before });
    put(&change, &[Entry { run: run_id(), kind: Kind::Prune, body }]).map_err(wrong)?;
    let records = change.execute("DELETE FROM records WHERE seq <= ?1", [up_to]).map_err(wrong)?;
    change.commit().map_err(wrong)?;
    // The space is given back where nobody else reads; else the next one does it.
    let _ = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    Ok(Pruned { records: i64::try_from(records).unwrap_or(i64::MAX), up_to })
}
