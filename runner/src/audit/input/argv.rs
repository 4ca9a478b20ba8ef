//! NDJSON of commands: a list of words a line, or an object with `argv`, `command` or `script`.
//!
//! `cwd`, `session`, `time`, `shell` and `recorded` (`ran`, `agreed`, `refused`, `unsaid`) are read where they stand; other
//! keys are not. A text under `command` or `cmd` is shell text. What stands in such a log has run, unless it says otherwise.

use policy::audit::{Entry, Recorded, Shell, What};
use serde::Deserialize;
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count_json, moment};

pub(super) const FORMAT: Format = Format {
    name: "ndjson",
    about: "NDJSON of commands: {\"argv\": […]}, {\"script\": \"…\"} or […] a line",
    keeps: Keeps::Nothing,
    looks: |head| {
        count_json(head, |value| {
            value.as_array().is_some_and(|words| !words.is_empty() && words.iter().all(Value::is_string))
                || ["argv", "command", "cmd", "script"]
                    .iter()
                    .any(|key| value.get(key).is_some_and(|given| given.is_string() || given.is_array()))
        })
    },
    parser: || Box::new(Argv),
};

struct Argv;

#[derive(Deserialize)]
struct Line {
    argv: Option<Vec<String>>,
    script: Option<String>,
    command: Option<Given>,
    cmd: Option<Given>,
    #[serde(alias = "directory")]
    cwd: Option<String>,
    #[serde(alias = "session_id", alias = "sessionId")]
    session: Option<String>,
    #[serde(alias = "timestamp", alias = "ts")]
    time: Option<Value>,
    shell: Option<String>,
    recorded: Option<Recorded>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Words(Vec<String>),
}

impl Parser for Argv {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let line = line.trim_ascii();
        if line.is_empty() {
            out.asides += 1;
            return;
        }
        match read(line) {
            Ok(entry) => out.entries.push(entry),
            Err(why) => out.malformed(number, why, line),
        }
    }
}

fn read(line: &[u8]) -> Result<Entry, String> {
    let wrong = |error: serde_json::Error| format!("no line of NDJSON with a command: {error}");
    if line.first() == Some(&b'[') {
        let words = serde_json::from_slice(line).map_err(wrong)?;
        return Ok(entry(of_words(words)));
    }
    let line: Line = serde_json::from_slice(line).map_err(wrong)?;
    let shell = match line.shell.as_deref().map(|shell| shell.rsplit('/').next().unwrap_or(shell)) {
        None | Some("bash" | "sh" | "dash" | "ksh") => Shell::Bash,
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        Some(other) => return Err(format!("`{other}` is no shell that can be read: bash, zsh or fish")),
    };
    let script = |text| What::Script { text, shell };
    let what = match (line.argv, line.script, line.command.or(line.cmd)) {
        (Some(words), _, _) | (None, None, Some(Given::Words(words))) => of_words(words),
        (None, Some(text), _) | (None, None, Some(Given::Text(text))) => script(text),
        (None, None, None) => return Err("an object without `argv`, `command` or `script`".into()),
    };
    let time = match line.time {
        None | Some(Value::Null) => None,
        Some(time) => Some(moment::of(&time).ok_or_else(|| format!("`{time}` is no time"))?),
    };
    Ok(Entry {
        cwd: line.cwd,
        session: line.session,
        time,
        recorded: line.recorded.unwrap_or(Recorded::Ran),
        ..entry(what)
    })
}

fn of_words(words: Vec<String>) -> What {
    if words.is_empty() {
        return What::Unknown { why: "a command without words".into() };
    }
    What::Argv { words, program: None, certain: Vec::new() }
}

const fn entry(what: What) -> Entry {
    Entry { what, cwd: None, session: None, time: None, recorded: Recorded::Ran }
}
