//! What the system log of macOS says of a run: its records as data. Nothing is started here; see [`super::log`].
//!
//! The kernel's part of the sandbox logs one record a refusal, `Sandbox: NAME(PID) deny(N) OPERATION DETAIL`, and later how often
//! the same came again. Rules of a generated profile carry a tag, which the record repeats on a line of its own: by it a record
//! is known to be of this run, whichever process it names.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// How many different denials are kept.
const MOST: usize = 1000;
/// The longest detail that is kept, in bytes.
const LONGEST: usize = 4096;

/// One refusal, and how often it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The program, as the kernel names it: cut to its first letters.
    pub process: String,
    /// The process that met it first.
    pub pid: u32,
    /// The operation.
    pub operation: String,
    /// The path, service or address; empty where the operation has none.
    pub detail: String,
    /// How often.
    pub count: u64,
}

impl std::fmt::Display for Denial {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", format!("{} {}", self.operation, self.detail).trim_end())?;
        write!(out, " ({}, process {}", self.process, self.pid)?;
        if self.count > 1 { write!(out, ", {} times)", self.count) } else { out.write_str(")") }
    }
}

/// The denials that carry a tag, in the order in which they came; each different one once.
#[must_use]
pub fn of_run(text: &str, tag: &str) -> Vec<Denial> {
    let mut found: Vec<Denial> = Vec::new();
    let mut known: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for message in text.lines().filter_map(message) {
        let Some(denial) = parse(&message, tag) else { continue };
        let key = (denial.process.clone(), denial.operation.clone(), denial.detail.clone());
        if let Some(at) = known.get(&key) {
            if let Some(earlier) = found.get_mut(*at) {
                earlier.count = earlier.count.saturating_add(denial.count);
            }
        } else if found.len() < MOST {
            known.insert(key, found.len());
            found.push(denial);
        }
    }
    found
}

/// The message of a record of the sandbox; the log is one JSON object a line, after a line or two about itself.
fn message(line: &str) -> Option<String> {
    let record: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let sender = text("senderImagePath").rsplit('/').next().unwrap_or_default();
    // Anybody can log a line that looks like one of the kernel's: who sent it is part of the record.
    let kernel = record.get("processID").and_then(Value::as_u64) == Some(0) && sender == "Sandbox";
    (kernel || text("subsystem") == "com.apple.sandbox.reporting").then(|| text("eventMessage").to_owned())
}

/// One message: the record on its first line, the tag on a later one.
fn parse(message: &str, tag: &str) -> Option<Denial> {
    let (record, rest) = message.split_once('\n')?;
    if !rest.lines().any(|line| line.trim() == tag) {
        return None;
    }
    let (count, record) = match record.split_once(" duplicate report") {
        Some((count, rest)) => (count.trim().parse().ok()?, rest.split_once(" for ")?.1),
        None => (1, record),
    };
    let record = record.trim().strip_prefix("Sandbox: ")?;
    // The name of a program may hold anything, parentheses too.
    let (who, what) = record.split_once(") deny(")?;
    let (process, pid) = who.rsplit_once('(')?;
    let (_, what) = what.split_once(") ")?;
    let (operation, detail) = what.split_once(' ').unwrap_or((what, ""));
    let mut detail = detail.trim_end().to_owned();
    detail.truncate((0..=LONGEST.min(detail.len())).rev().find(|at| detail.is_char_boundary(*at)).unwrap_or(0));
    let shown =
        |text: &str| text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect::<String>();
    Some(Denial {
        process: shown(process),
        pid: pid.parse().ok()?,
        operation: shown(operation),
        detail: shown(&detail),
        count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "palisade-1f-2a";

    /// A line as `log stream --style ndjson` writes it.
    fn line(process: u64, sender: &str, message: &str) -> String {
        serde_json::json!({
            "timezoneName": "", "messageType": "Error", "eventType": "logEvent", "source": null,
            "formatString": "%s\n%s", "userID": 0, "activityIdentifier": 0, "subsystem": "", "category": "",
            "threadID": 2_147_483, "senderImageUUID": "5C2F", "senderImagePath": sender, "processImagePath": "/kernel",
            "timestamp": "2026-11-20 09:14:03.112233+0100", "machTimestamp": 88_123_456_789_u64, "processID": process,
            "senderProgramCounter": 117_532, "parentActivityIdentifier": 0, "eventMessage": message, "traceID": 1,
        })
        .to_string()
    }

    fn kernel(message: &str) -> String {
        line(0, "/System/Library/Extensions/Sandbox.kext/Contents/MacOS/Sandbox", &format!("{message}\n{TAG}"))
    }

    fn told(text: &str) -> Vec<String> {
        of_run(text, TAG).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_record_says_who_was_refused_what() {
        let text = [
            "Filtering the log data using \"processID == 0\"".to_owned(),
            kernel("Sandbox: touch(41575) deny(1) file-write-create /private/etc/a b"),
            kernel("Sandbox: Google Chrome H (x)(7) deny(1) mach-lookup com.apple.sysmond"),
            kernel("Sandbox: bash(8) deny(1) process-fork"),
            kernel("Sandbox: node(9) deny(1) network-outbound 198.51.100.7:443"),
            kernel("2 duplicate reports for Sandbox: touch(41575) deny(1) file-write-create /private/etc/a b"),
            kernel("1 duplicate report for Sandbox: touch(41576) deny(1) file-write-create /private/etc/a b"),
        ];
        assert_eq!(
            told(&text.join("\n")),
            [
                "file-write-create /private/etc/a b (touch, process 41575, 4 times)",
                "mach-lookup com.apple.sysmond (Google Chrome H (x), process 7)",
                "process-fork (bash, process 8)",
                "network-outbound 198.51.100.7:443 (node, process 9)",
            ]
        );
    }

    #[test]
    fn only_the_kernel_speaks_of_this_run() {
        let forged = line(815, "/usr/bin/logger", &format!("Sandbox: a(1) deny(1) signal\n{TAG}"));
        let other = line(0, "/S/Sandbox.kext/Contents/MacOS/Sandbox", "Sandbox: a(1) deny(1) signal\npalisade-1f-2b");
        let untagged = line(0, "/S/Sandbox.kext/Contents/MacOS/Sandbox", "Sandbox: a(1) deny(1) signal");
        let within = kernel("Sandbox: a(1) deny(1) file-read-data /x").replace("\\npalisade-1f-2a", "/palisade-1f-2a");
        let policy = kernel("System Policy: ls(1) deny(1) file-read-data /x");
        let allowed = kernel("Sandbox: a(1) allow file-read-data /x");
        let broken = ["{", "", "[]", "{\"eventMessage\": 1}", "null"].join("\n");
        let odd = kernel("Sandbox: a(b) deny(1) signal");
        for text in [&forged, &other, &untagged, &within, &policy, &allowed, &broken, &odd] {
            assert!(told(text).is_empty(), "{text}");
        }
        let reported = forged.replace("\"subsystem\":\"\"", "\"subsystem\":\"com.apple.sandbox.reporting\"");
        assert_eq!(told(&reported).len(), 1);
    }

    #[test]
    fn what_is_kept_is_bounded_and_harmless_on_a_terminal() {
        let many: String =
            (0..2 * MOST).map(|at| kernel(&format!("Sandbox: a(1) deny(1) signal {at}")) + "\n").collect();
        assert_eq!(told(&many).len(), MOST);
        let long = of_run(&kernel(&format!("Sandbox: a(1) deny(1) file-read-data /{}", "é".repeat(LONGEST))), TAG);
        assert!(long[0].detail.len() <= LONGEST);
        let odd = of_run(&kernel("Sandbox: \u{1b}[31m(1) deny(1) file-read-data /\u{7}x"), TAG);
        assert_eq!((odd[0].process.as_str(), odd[0].detail.as_str()), ("\u{fffd}[31m", "/\u{fffd}x"));
    }
}
