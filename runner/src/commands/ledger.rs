//! `palisade ledger`: list, show, query, export, prune, verify.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::ledger::Connection;
use serde_json::{Value, json};

use super::book::{self, PATIENCE};
use super::sandbox::{print, say};
use crate::cli::Format;
use crate::cli::ledger::{LedgerArgs, LedgerVerb};
use crate::exit;
use crate::ledger::{Durability, Fault, Head, Ledger, Row, VIEWS, prune, reader, records, rows, table, verify};
use crate::moment::rfc3339;

/// Does what was asked; gives the exit status.
pub(super) fn main(args: &LedgerArgs) -> u8 {
    let named = args.ledger.clone().or_else(|| book::of_environment().ok().flatten()).or_else(book::default_path);
    let Some(path) = named else {
        say("the ledger has no place: neither XDG_STATE_HOME nor HOME is set; name a file with `--ledger FILE`");
        return exit::USAGE;
    };
    match run(args, &path) {
        Ok(status) => status,
        Err(Wrong::Ledger(fault)) => {
            book::complain(&fault);
            exit::USAGE
        }
        Err(Wrong::Write(fault)) => {
            book::complain(&fault);
            exit::SETUP
        }
        Err(Wrong::Asked(why, help)) => {
            say(why);
            say(format_args!("help: {help}"));
            exit::USAGE
        }
    }
}

enum Wrong {
    Ledger(Fault),
    Write(Fault),
    Asked(String, String),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Ledger(fault)
    }
}

fn run(args: &LedgerArgs, path: &Path) -> Result<u8, Wrong> {
    if let LedgerVerb::Prune { keep_days } = &args.verb {
        return prune_old(args, path, *keep_days);
    }
    let connection = reader(path, PATIENCE)?;
    match &args.verb {
        LedgerVerb::List { last } => {
            // Commands of hooks are runs of their own and would hide the others.
            let sql = format!(
                "SELECT runs.run, began, verb, mode, status, (SELECT count(*) FROM commands WHERE commands.run = runs.run) AS commands, \
                 (SELECT count(*) FROM denials WHERE denials.run = runs.run) AS denials, cwd FROM runs ORDER BY began DESC, run DESC LIMIT {last}"
            );
            out(args, &asked(&connection, &sql)?);
        }
        LedgerVerb::Query { sql } => out(args, &asked(&connection, sql)?),
        LedgerVerb::Show { run } => {
            let run = find(&connection, run)?;
            let mut all = Vec::new();
            records(&connection, Some(&run), |row| {
                all.push(row);
                Ok(())
            })
            .map_err(sql_wrong)?;
            match args.format {
                Format::Json => print(&format!("{}\n", json!(all))),
                Format::Text => all.iter().for_each(|row| print(&shown(row))),
            }
        }
        LedgerVerb::Export { run } => {
            let run = run.as_deref().map(|run| find(&connection, run)).transpose()?;
            let mut to = std::io::stdout().lock();
            let written = records(&connection, run.as_deref(), |row| {
                to.write_all(format!("{}\n", Value::Object(row)).as_bytes()).map_err(|error| error.to_string())
            });
            if let Err(why) = written {
                say(format_args!("the export ended too early: {why}"));
                return Ok(exit::SETUP);
            }
        }
        LedgerVerb::Verify { head, files } => return check(args, path, &connection, head.as_deref(), *files),
        LedgerVerb::Prune { .. } => {}
    }
    Ok(exit::OK)
}

fn sql_wrong(why: String) -> Wrong {
    let known: Vec<String> = VIEWS.iter().map(|(name, columns)| format!("{name} ({columns})")).collect();
    Wrong::Asked(why, format!("there are: {}", known.join("; ")))
}

fn asked(connection: &Connection, sql: &str) -> Result<Vec<Row>, Wrong> {
    table(connection, sql).map_err(sql_wrong)
}

/// The run whose name begins so, or the newest.
fn find(connection: &Connection, named: &str) -> Result<String, Wrong> {
    let sql = if named == "last" {
        "SELECT run FROM runs ORDER BY began DESC, run DESC LIMIT 1".to_owned()
    } else {
        format!(
            "SELECT DISTINCT run FROM records WHERE substr(run, 1, {}) = '{}' LIMIT 2",
            named.chars().count(),
            named.replace('\'', "''")
        )
    };
    let found = asked(connection, &sql)?;
    match found.as_slice() {
        [one] => Ok(one.get("run").and_then(Value::as_str).unwrap_or_default().to_owned()),
        [] => Err(Wrong::Asked(
            format!("there is no run `{named}`"),
            "`palisade ledger list` says which there are".into(),
        )),
        _ => Err(Wrong::Asked(format!("several runs begin with `{named}`"), "give more of the name".into())),
    }
}

fn prune_old(args: &LedgerArgs, path: &Path, days: u32) -> Result<u8, Wrong> {
    if !path.exists() {
        // Nothing is made only to be shortened.
        reader(path, PATIENCE)?;
    }
    let age = Duration::from_secs(u64::from(days) * 24 * 3600);
    let before = rfc3339(SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
    let mut ledger = Ledger::open(path, Durability::Power, PATIENCE).map_err(Wrong::Write)?;
    let pruned = prune(&mut ledger, &before).map_err(Wrong::Write)?;
    match args.format {
        Format::Json => print(&format!("{}\n", json!(pruned))),
        Format::Text if pruned.records == 0 => print("nothing is that old\n"),
        Format::Text => print(&format!("{} records are gone, up to number {}\n", pruned.records, pruned.up_to)),
    }
    Ok(exit::OK)
}

fn check(
    args: &LedgerArgs,
    path: &Path,
    connection: &Connection,
    head: Option<&str>,
    files: bool,
) -> Result<u8, Wrong> {
    let kept = head.map(|head| {
        let help = "as `palisade ledger verify` prints it".to_owned();
        Head::read(head).ok_or_else(|| Wrong::Asked(format!("`{head}` is no head: NUMBER:HASH"), help))
    });
    let kept = kept.transpose()?;
    let checked = verify(connection, path, kept.as_ref())?;
    let changed = if files { changed(connection)? } else { Vec::new() };
    match args.format {
        Format::Json => {
            let mut told = json!(checked);
            told["changed_files"] = json!(changed);
            print(&format!("{told}\n"));
        }
        Format::Text => {
            let mut text = String::new();
            for finding in &checked.findings {
                text.push_str(&format!("{finding}\n"));
            }
            if checked.wrong > checked.findings.len() as u64 {
                text.push_str(&format!("and {} more\n", checked.wrong - checked.findings.len() as u64));
            }
            for file in &changed {
                text.push_str(&format!("{file} has changed since it was used\n"));
            }
            let verdict =
                if checked.wrong == 0 { "every record is as it was written" } else { "it is not as it was written" };
            text.push_str(&format!("{} records, {verdict}\n", checked.records));
            if let Some(head) = checked.head.as_ref().filter(|_| checked.wrong == 0) {
                text.push_str(&format!("head {head}\n"));
            }
            print(&text);
        }
    }
    Ok(if checked.wrong > 0 || !changed.is_empty() { exit::FINDINGS } else { exit::OK })
}

/// The files that are not as the last run that used them found them.
fn changed(connection: &Connection) -> Result<Vec<String>, Wrong> {
    let mut last: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut take = |row: Row| {
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(path) = text("path") {
            last.insert(path, text("blake3"));
        }
        Ok(())
    };
    rows(connection, "SELECT path, blake3 FROM files WHERE path IS NOT NULL ORDER BY seq", &mut take)
        .map_err(sql_wrong)?;
    let differs = |(path, was): &(String, Option<String>)| book::hash(&PathBuf::from(path)) != *was;
    Ok(last.into_iter().filter(differs).map(|(path, _)| path).collect())
}

/// Rows for people, in columns; or for machines.
fn out(args: &LedgerArgs, found: &[Row]) {
    if args.format == Format::Json {
        return print(&format!("{}\n", json!(found)));
    }
    let Some(first) = found.first() else { return print("nothing\n") };
    let names: Vec<&String> = first.keys().collect();
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => plain(text),
        Some(other) => other.to_string(),
    };
    let lines: Vec<Vec<String>> =
        found.iter().map(|row| names.iter().map(|name| cell(row.get(*name))).collect()).collect();
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count());
        cells.chain(names.get(at).map(|name| name.len())).max().unwrap_or_default().min(60)
    };
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().enumerate().map(|(at, cell)| format!("{cell:0$}", width(at))).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let head: Vec<String> = names.iter().map(|name| (*name).clone()).collect();
    let text: String = std::iter::once(line(&head)).chain(lines.iter().map(|cells| line(cells))).collect();
    print(&text);
}

/// A text on one line, with nothing in it that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A record for people.
fn shown(row: &Row) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut shown = format!("{}  {}\n", text("time"), text("kind"));
    for (key, value) in row.get("body").and_then(Value::as_object).into_iter().flatten() {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.lines().map(plain).collect::<Vec<_>>().join("\n      "),
            Value::Array(list) if list.is_empty() => continue,
            other => plain(&other.to_string()),
        };
        shown.push_str(&format!("  {key}: {value}\n"));
    }
    shown
}
