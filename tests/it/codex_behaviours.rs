//! `tests/cases/codex/behaviours.tsv`: what programs that follow Codex do, each with the tests that show it of palisade. The table is
//! worth something only while those tests are there, so that is what is tested.

use std::path::Path;

/// Whether a test of this name is in a file, named below `tests/it` or `runner/src`.
fn is_there(named: &str) -> bool {
    let Some((file, name)) = named.split_once(':') else { return false };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = [root.join("../tests/it").join(file), root.join("src").join(file)]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default();
    let begin = format!("fn {name}()");
    let mut before = "";
    text.lines().map(str::trim).any(|line| {
        let found = before == "#[test]" && line.starts_with(&begin);
        before = line;
        found
    })
}

/// What is wrong with a table.
fn wrong(table: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut next = 1;
    for row in table.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [number, what, kept, shown] = cells.as_slice() else {
            wrong.push(format!("{row}: it has not four cells"));
            continue;
        };
        if number.parse() != Ok(next) {
            wrong.push(format!("{number}: the next would be {next}"));
        }
        next += 1;
        let tests: Vec<&str> = shown.split(' ').filter(|word| word.contains(".rs:")).collect();
        wrong.extend(
            tests.iter().filter(|test| !is_there(test)).map(|test| format!("{number}: there is no test {test}")),
        );
        match *kept {
            "yes" if tests.is_empty() || what.is_empty() => wrong.push(format!("{number}: nothing shows it")),
            "yes" => {}
            "no" if !shown.is_empty() => {}
            _ => wrong.push(format!("{number}: neither `yes` nor `no` and why")),
        }
    }
    if next != 67 {
        wrong.push(format!("{} rows", next - 1));
    }
    wrong
}

#[test]
fn every_behaviour_has_tests_that_are_there() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/codex/behaviours.tsv");
    let table = std::fs::read_to_string(file).expect("the table");
    assert_eq!(wrong(&table), Vec::<String>::new());
    // And it can fail: without a row, with a test that is gone, with nothing.
    let without: String =
        table.lines().filter(|line| !line.starts_with("7\t")).map(|line| format!("{line}\n")).collect();
    assert!(!wrong(&without).is_empty());
    let renamed = table.replace(":each_line_is_told_while_it_runs", ":no_such_test");
    assert!(wrong(&renamed).iter().any(|why| why.contains("no_such_test")));
    assert!(!wrong(&table.replace("\tyes\tcodex_exec.rs:each_mode", "\tyes\teach_mode")).is_empty());
}
