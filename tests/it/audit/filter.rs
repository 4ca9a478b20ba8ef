//! The filter: one line in, one line out, in order.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::{many, palisade};

fn filtered(args: &[&str], input: &[u8]) -> (Vec<Value>, i32) {
    let mut child = palisade(Path::new("/tmp"))
        .args(["--stdin", "--ndjson"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("joined").expect("written");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (lines, output.status.code().expect("a status"))
}

#[test]
fn every_line_is_answered_by_one_line_in_order() {
    let text = many(7_000);
    let (answers, status) = filtered(&["--jobs", "4"], text.as_bytes());
    assert_eq!((answers.len(), status), (7_000, 1));
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer["commands"][0]["time"], (1_790_000_000 + number as u64) * 1000, "line {number}");
    }
    let decided = |name: &str| answers.iter().filter(|answer| answer["decision"] == name).count();
    assert_eq!(decided("forbidden"), 1000);
    assert_eq!(answers[2]["commands"][0]["rules"][0]["decides"], true);
}

#[test]
fn what_is_not_understood_is_answered_too() {
    let input = b"{\"argv\":[\"ls\"]}\n\n{broken\n\xff\xfe\x00\n{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"command_execution\",\"command\":\"git push -f\",\"exit_code\":0,\"status\":\"completed\"}}";
    let (answers, status) = filtered(&[], input);
    assert_eq!((answers.len(), status), (5, 2));
    let decisions: Vec<&Value> = answers.iter().map(|answer| &answer["decision"]).collect();
    assert_eq!(decisions, [&Value::from("allow"), &Value::Null, &Value::Null, &Value::Null, &Value::from("forbidden")]);
    assert!(
        answers[2]["malformed"].is_string()
            && answers[3]["malformed"].is_string()
            && answers[1].get("malformed").is_none()
    );
    let (_, status) = filtered(&["--lenient", "--fail-on", "never"], input);
    assert_eq!(status, 0);
}

#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let mut child = palisade(Path::new("/tmp"))
        .args(["--stdin", "--ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut answers = BufReader::new(child.stdout.take().expect("piped"));
    for (line, decision) in [("[\"ls\"]", "allow"), ("[\"git\",\"push\"]", "prompt")] {
        writeln!(stdin, "{line}").expect("written");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("read");
        assert!(answer.contains(&format!("{{\"decision\":\"{decision}\"")), "{answer}");
    }
    drop(stdin);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
