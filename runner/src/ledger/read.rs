//! Reading a ledger: by SQL on a connection that cannot write.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

use super::fault::Fault;
use super::schema;

/// A row: names and values.
pub type Row = Map<String, Value>;

/// Opens a ledger for reading only.
///
/// # Errors
/// Why it cannot be read.
pub fn reader(path: &Path, patience: Duration) -> Result<Connection, Fault> {
    if !path.exists() {
        return Err(Fault::new(
            path,
            "there is none",
            "`palisade run --ledger`, `codex exec`, `compare --codex` and `hook run` write one",
        ));
    }
    let wrong = |error: rusqlite::Error| Fault::of(path, &error);
    // What was written last lies in the WAL beside the file; reading that takes a shared index, which has to be made. So the
    // connection may write there, and no statement of it may.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrong)?;
    connection.busy_timeout(patience).map_err(wrong)?;
    let found = schema::known(&connection, path)?;
    if found == 0 {
        return Err(Fault::new(path, "it is empty", "name another file with `--ledger=FILE`"));
    }
    schema::lend(&connection, found).map_err(wrong)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(wrong)?;
    Ok(connection)
}

/// The rows that a statement gives; each is handed out when it is there.
///
/// # Errors
/// What is wrong with the statement, in SQLite's words; or what the caller says.
pub fn rows(connection: &Connection, sql: &str, mut each: impl FnMut(Row) -> Result<(), String>) -> Result<(), String> {
    let mut statement = connection.prepare(sql).map_err(|error| error.to_string())?;
    if !statement.readonly() {
        return Err("a query may only read".into());
    }
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut found = statement.query([]).map_err(|error| error.to_string())?;
    while let Some(row) = found.next().map_err(|error| error.to_string())? {
        let mut given = Row::new();
        for (at, name) in names.iter().enumerate() {
            let value = match row.get_ref(at).map_err(|error| error.to_string())? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Real(number) => number.into(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
            };
            given.insert(name.clone(), value);
        }
        each(given)?;
    }
    Ok(())
}

/// All rows of a statement.
///
/// # Errors
/// As [`rows`].
pub fn table(connection: &Connection, sql: &str) -> Result<Vec<Row>, String> {
    let mut all = Vec::new();
    rows(connection, sql, |row| {
        all.push(row);
        Ok(())
    })?;
    Ok(all)
}

/// The records of a run; of all runs where none is named. A body is an object again.
///
/// # Errors
/// As [`rows`].
pub fn records(
    connection: &Connection,
    run: Option<&str>,
    mut each: impl FnMut(Row) -> Result<(), String>,
) -> Result<(), String> {
    let only = run.map_or_else(String::new, |run| format!(" WHERE run = '{}'", run.replace('\'', "''")));
    rows(connection, &format!("SELECT * FROM records{only} ORDER BY seq"), |mut row| {
        if let Some(body) = row.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok()) {
            row.insert("body".into(), body);
        }
        each(row)
    })
}
