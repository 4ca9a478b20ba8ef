//! A ledger that is written, read, changed by hand and found out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/ledger.sqlite");
    (folder, path)
}

fn open(path: &Path) -> Ledger {
    Ledger::open(path, Durability::Kill, Duration::from_millis(300)).unwrap()
}

fn entry(run: &str, kind: Kind, body: Value) -> Entry {
    Entry { run: run.into(), kind, body }
}

fn filled(path: &Path) -> Head {
    let mut ledger = open(path);
    ledger.append(&[entry("r1", Kind::Run, json!({ "verb": "run", "cwd": "/w" }))]).unwrap();
    ledger.append(&[entry("r1", Kind::Command, json!({ "command": "ls", "exit": 0 }))]).unwrap();
    ledger
        .append(&[
            entry("r1", Kind::Denial, json!({ "command": "rm", "by": "policy", "why": "no" })),
            entry("r1", Kind::End, json!({ "status": 0 })),
        ])
        .unwrap()
}

fn check(path: &Path, head: Option<&Head>) -> Checked {
    verify(&reader(path, Duration::from_secs(1)).unwrap(), path, head).unwrap()
}

/// Changes the file as somebody with sqlite3 would.
fn by_hand(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_was_appended_is_seen_in_the_views_and_verifies() {
    let (_folder, path) = place();
    let head = filled(&path);
    let checked = check(&path, Some(&head));
    assert_eq!((checked.records, checked.wrong, checked.head), (4, 0, Some(head.to_string())));
    assert_eq!(Head::read(&head.to_string()), Some(head));
    let connection = reader(&path, Duration::from_secs(1)).unwrap();
    let row = |sql: &str| table(&connection, sql).unwrap().remove(0);
    assert_eq!(row("SELECT * FROM runs")["verb"], "run");
    assert_eq!(row("SELECT status FROM runs")["status"], 0);
    assert_eq!(row("SELECT exit FROM commands")["exit"], 0);
    assert_eq!(row("SELECT who FROM denials")["who"], "policy");
    for (view, columns) in VIEWS {
        table(&connection, &format!("SELECT {columns} FROM {view}")).unwrap_or_else(|why| panic!("{view}: {why}"));
    }
    assert!(table(&connection, "DELETE FROM records").is_err(), "a reader does not write");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn every_edit_by_hand_is_found() {
    for (sql, said) in [
        ("UPDATE records SET body = replace(body, 'ls', 'rm') WHERE seq = 2", "record 2 (command of run r1"),
        ("UPDATE records SET time = '2020' WHERE seq = 3", "record 3"),
        ("UPDATE records SET run = 'r2' WHERE seq = 1", "record 1"),
        ("UPDATE records SET kind = 'effect' WHERE seq = 2", "record 2"),
        ("UPDATE records SET before = hash WHERE seq = 2", "record 2"),
        ("DELETE FROM records WHERE seq = 2", "1 records are missing before record 3"),
        ("DELETE FROM records WHERE seq = 4", "the last record is 3, and 4 were written"),
        ("DELETE FROM records WHERE seq < 3", "up to 2 are missing"),
        ("DELETE FROM records", "the last record is 0, and 4 were written"),
    ] {
        let (_folder, path) = place();
        filled(&path);
        by_hand(&path, sql);
        let checked = check(&path, None);
        assert!(checked.findings.iter().any(|finding| finding.contains(said)), "{sql}: {checked:?}");
    }
    // A tail that is cut off with its count is found by a head that was kept.
    let (_folder, path) = place();
    let head = filled(&path);
    by_hand(&path, "DELETE FROM records WHERE seq = 4; UPDATE sqlite_sequence SET seq = 3");
    assert_eq!(check(&path, None).wrong, 0);
    assert!(check(&path, Some(&head)).findings[0].contains("is not in it"));
}

#[test]
fn a_pruned_ledger_verifies_and_says_what_is_gone() {
    let (_folder, path) = place();
    let head = filled(&path);
    std::thread::sleep(Duration::from_millis(5));
    let moment = crate::moment::rfc3339(std::time::SystemTime::now());
    std::thread::sleep(Duration::from_millis(5));
    let mut ledger = open(&path);
    ledger.append(&[entry("r2", Kind::Run, json!({ "verb": "run" }))]).unwrap();
    assert_eq!(prune(&mut ledger, "2000").unwrap(), Pruned { records: 0, up_to: 0 });
    assert_eq!(prune(&mut ledger, &moment).unwrap(), Pruned { records: 4, up_to: 4 });
    let checked = check(&path, None);
    assert_eq!((checked.records, checked.wrong), (2, 0), "{checked:?}");
    assert!(check(&path, Some(&head)).findings[0].contains("was pruned"));
    by_hand(&path, "DELETE FROM records WHERE kind = 'prune'");
    assert!(check(&path, None).wrong > 0);
}

#[test]
fn secrets_are_masked_before_they_are_stored_and_long_texts_are_cut() {
    let (folder, path) = place();
    let secret = format!("ghp_{}", "abcdefghijklmnopqrstuvwxyz0123456789");
    let output = format!("token {secret}\n{}", "x".repeat(300_000));
    let body =
        json!({ "command": format!("curl -H 'Authorization: Bearer {secret}'"), "output": output, "list": [secret] });
    open(&path).append(&[entry("r", Kind::Command, body)]).unwrap();
    assert_eq!(check(&path, None).wrong, 0);
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder.path().join("deep")).unwrap() {
        all.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let text = String::from_utf8_lossy(&all);
    assert!(!text.contains(&secret) && text.contains("[masked: github-token]") && text.contains("bytes are left out"));
    assert!(all.len() < 1_000_000, "{}", all.len());
}

#[test]
fn what_is_no_ledger_is_told_and_left_alone() {
    let (folder, path) = place();
    let fault = |path: &Path| Ledger::open(path, Durability::Kill, Duration::from_millis(100)).unwrap_err();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are notes and no database, and long enough to be seen as that").unwrap();
    assert!(fault(&text).what.contains("no ledger"), "{}", fault(&text));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("these are notes"));
    assert!(fault(folder.path()).what.contains("cannot be opened"), "{}", fault(folder.path()));
    let other = folder.path().join("other.sqlite");
    by_hand(&other, "CREATE TABLE t (a)");
    assert!(fault(&other).what.contains("none of palisade's"), "{}", fault(&other));
    filled(&path);
    by_hand(&path, "PRAGMA user_version = 99");
    assert!(fault(&path).what.contains("newer palisade (schema 99"), "{}", fault(&path));
    assert!(reader(&folder.path().join("none"), Duration::ZERO).unwrap_err().what.contains("there is none"));
}

/// A file as the first palisade wrote it: its schema, word for word, and two records with the hashes that it gave them.
const FIRST: &str = include_str!("../../../tests/cases/ledger/schema-1.sql");

#[test]
fn a_file_of_the_first_schema_is_read_as_it_is_and_brought_forward_when_it_is_written() {
    let (folder, _) = place();
    let path = folder.path().join("old.sqlite");
    by_hand(&path, FIRST);
    let version = |path: &Path| -> i64 {
        Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let kept = check(&path, None);
    assert_eq!((kept.records, kept.wrong), (2, 0), "{kept:?}");
    let files = |path: &Path| {
        let connection = reader(path, Duration::from_secs(1)).unwrap();
        for (view, columns) in VIEWS {
            table(&connection, &format!("SELECT {columns} FROM {view}")).unwrap_or_else(|why| panic!("{view}: {why}"));
        }
        table(&connection, "SELECT kind, path, blake3 FROM files").unwrap()
    };
    let read = files(&path);
    assert_eq!((read.len(), read[0]["path"].as_str()), (1, Some("/w/a.rules")));
    assert_eq!(version(&path), 1, "who reads changes nothing");
    open(&path).append(&[entry("old", Kind::End, json!({ "status": 0 }))]).unwrap();
    assert_eq!(version(&path), i64::try_from(VERSION).unwrap());
    assert_eq!(files(&path), read);
    let head = Head::read(kept.head.as_deref().unwrap()).unwrap();
    let now = check(&path, Some(&head));
    assert_eq!((now.records, now.wrong), (3, 0), "the chain goes on over the change: {now:?}");
    // A second opening has nothing to do.
    drop(open(&path));
    assert_eq!(check(&path, Some(&head)), now);
}

#[test]
fn a_file_that_several_bring_forward_at_once_is_brought_forward_once() {
    let (folder, _) = place();
    let path = folder.path().join("old.sqlite");
    by_hand(&path, FIRST);
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut ledger = Ledger::open(&path, Durability::Kill, Duration::from_secs(30)).unwrap();
                ledger.append(&[entry(&format!("w{writer}"), Kind::Command, json!({}))]).unwrap();
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let checked = check(&path, None);
    assert_eq!((checked.records, checked.wrong), (8, 0), "{checked:?}");
}

#[test]
fn a_locked_ledger_is_told_in_time_and_a_full_disk_loses_nothing_acknowledged() {
    let (_folder, path) = place();
    filled(&path);
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut ledger = open(&path);
    let began = std::time::Instant::now();
    let fault = ledger.append(&[entry("r", Kind::End, json!({}))]).unwrap_err();
    assert!(fault.what.contains("locked by another process"), "{fault}");
    assert!(began.elapsed() < Duration::from_secs(5));
    holder.execute_batch("ROLLBACK").unwrap();
    // As many pages as it has: SQLite then answers as on a full disk.
    let (connection, _) = ledger.parts();
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let mut kept = 4;
    let fault = loop {
        match ledger.append(&[entry("r", Kind::Command, json!({ "output": "y".repeat(2000) }))]) {
            Ok(_) => kept += 1,
            Err(fault) => break fault,
        }
        assert!(kept < 1000);
    };
    assert!(fault.what.contains("no space left"), "{fault}");
    drop(ledger);
    let checked = check(&path, None);
    assert_eq!((checked.records, checked.wrong), (kept, 0));
}

#[test]
fn several_writers_at_once_lose_nothing() {
    let (_folder, path) = place();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                for number in 0..25 {
                    let mut ledger = Ledger::open(&path, Durability::Kill, Duration::from_secs(30)).unwrap();
                    let body = json!({ "writer": writer, "number": number });
                    ledger.append(&[entry(&format!("w{writer}"), Kind::Command, body)]).unwrap();
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let checked = check(&path, None);
    assert_eq!((checked.records, checked.wrong), (100, 0), "{checked:?}");
}

#[test]
fn many_may_make_the_same_file_at_once() {
    for _ in 0..40 {
        let (_folder, path) = place();
        let start = std::sync::Barrier::new(6);
        std::thread::scope(|scope| {
            for number in 0..6 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut ledger = Ledger::open(path, Durability::Kill, Duration::from_secs(30)).unwrap();
                    ledger.append(&[entry("r", Kind::Command, json!({ "number": number }))]).unwrap();
                });
            }
        });
        let checked = check(&path, None);
        assert_eq!((checked.records, checked.wrong), (6, 0), "{checked:?}");
    }
}

#[test]
fn what_short_lived_writers_leave_beside_the_file_does_not_grow() {
    let (_folder, path) = place();
    let log = path.with_file_name("ledger.sqlite-wal");
    let mut longest = 0;
    for number in 0..400 {
        open(&path).append(&[entry("r", Kind::Verdict, json!({ "number": number }))]).unwrap();
        longest = longest.max(std::fs::metadata(&log).map_or(0, |log| log.len()));
    }
    assert!((1 << 20..3 << 20).contains(&longest), "{longest}");
    let checked = check(&path, None);
    assert_eq!((checked.records, checked.wrong), (400, 0));
}
