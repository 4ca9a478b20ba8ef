//! The schema of the file, by versions; each migration is a row and is never changed once released.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use std::path::Path;

/// What came with version 2. A file of version 1 that is only read lends it from here.
macro_rules! files {
    () => {
        "VIEW files AS
            SELECT seq, time, run, one.value ->> '$.kind' AS kind, one.value ->> '$.path' AS path,
                   one.value ->> '$.name' AS name, one.value ->> '$.blake3' AS blake3
            FROM records, json_each(records.body, '$.hashes') AS one
            WHERE records.kind IN ('run', 'verdict')"
    };
}

/// What makes a version of the one before. The number of rows is the version of the file (`PRAGMA user_version`).
const MIGRATIONS: &[&str] = &[
    // 1: the records, and what is to be seen in them.
    "CREATE TABLE records (
        seq    INTEGER PRIMARY KEY AUTOINCREMENT,
        time   TEXT NOT NULL,
        run    TEXT NOT NULL,
        kind   TEXT NOT NULL,
        body   TEXT NOT NULL,
        before TEXT NOT NULL,
        hash   TEXT NOT NULL
    ) STRICT;
    CREATE INDEX records_of_run ON records (run, seq);
    CREATE VIEW runs AS
        SELECT began.run, began.time AS began, ended.time AS ended,
               began.body ->> '$.verb' AS verb, began.body ->> '$.user' AS user, began.body ->> '$.cwd' AS cwd,
               began.body ->> '$.mode' AS mode, ended.body ->> '$.status' AS status, began.body -> '$.hashes' AS hashes,
               began.body AS facts
        FROM records AS began LEFT JOIN records AS ended ON ended.run = began.run AND ended.kind = 'end'
        WHERE began.kind = 'run';
    CREATE VIEW commands AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.cwd' AS cwd,
               body ->> '$.outcome' AS outcome, body ->> '$.exit' AS exit, body ->> '$.milliseconds' AS milliseconds,
               body ->> '$.output' AS output, body AS facts
        FROM records WHERE kind = 'command';
    CREATE VIEW verdicts AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.decision' AS decision,
               body ->> '$.codex' AS codex, body -> '$.rules' AS rules, body AS facts
        FROM records WHERE kind = 'verdict';
    CREATE VIEW denials AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.command' AS command, body ->> '$.by' AS who,
               body ->> '$.why' AS why, body AS facts
        FROM records WHERE kind = 'denial';
    CREATE VIEW effects AS
        SELECT seq, time, run, body ->> '$.id' AS id, body ->> '$.effect' AS effect, body ->> '$.path' AS path, body AS facts
        FROM records WHERE kind = 'effect';",
    // 2: the files that runs and hooks went by, each with its hash, and a way to the records of a kind.
    concat!("CREATE INDEX records_of_kind ON records (kind, seq); CREATE ", files!()),
];

/// The version that this palisade writes.
pub const VERSION: usize = MIGRATIONS.len();

/// What can be asked for beside `records`, each with its columns.
pub const VIEWS: &[(&str, &str)] = &[
    ("runs", "run, began, ended, verb, user, cwd, mode, status, hashes, facts"),
    ("commands", "seq, time, run, id, command, cwd, outcome, exit, milliseconds, output, facts"),
    ("verdicts", "seq, time, run, id, command, decision, codex, rules, facts"),
    ("denials", "seq, time, run, id, command, who, why, facts"),
    ("effects", "seq, time, run, id, effect, path, facts"),
    ("files", "seq, time, run, kind, path, name, blake3"),
    ("records", "seq, time, run, kind, body, before, hash"),
];

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// The version of a file that can be read.
///
/// # Errors
/// A file that is none of ours, or of a newer palisade.
pub(super) fn known(connection: &Connection, path: &Path) -> Result<usize, Fault> {
    let found = version(connection).map_err(|error| Fault::of(path, &error))?;
    if found > VERSION {
        let what = format!("it was written by a newer palisade (schema {found}; this one knows {VERSION})");
        return Err(Fault::new(path, what, "use that palisade, or name another file with `--ledger=FILE`"));
    }
    let names = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: i64 = connection.query_row(names, [], |row| row.get(0)).map_err(|error| Fault::of(path, &error))?;
    // Between the two questions another may have made the tables; its version came with them.
    let found =
        if found == 0 && tables > 0 { version(connection).map_err(|error| Fault::of(path, &error))? } else { found };
    if found == 0 && tables > 0 {
        return Err(Fault::new(
            path,
            "it is a database, and none of palisade's",
            "name another file with `--ledger=FILE`",
        ));
    }
    Ok(found)
}

/// Makes what an older file lacks visible on this connection alone: who only reads changes nothing.
pub(super) fn lend(connection: &Connection, found: usize) -> rusqlite::Result<()> {
    if found < 2 { connection.execute_batch(concat!("CREATE TEMP ", files!())) } else { Ok(()) }
}

/// Brings a file to the version of this palisade; several at once may try.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    if known(connection, path)? == VERSION {
        return Ok(());
    }
    let wrong = |error: rusqlite::Error| Fault::of(path, &error);
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrong)?;
    // Another may have been faster.
    let from = known(&change, path)?;
    for migration in MIGRATIONS.get(from..).unwrap_or_default() {
        change.execute_batch(migration).map_err(wrong)?;
    }
    change.execute_batch(&format!("PRAGMA user_version = {VERSION}")).map_err(wrong)?;
    change.commit().map_err(wrong)
}
