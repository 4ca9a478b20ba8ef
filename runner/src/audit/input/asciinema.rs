//! Recordings of asciinema, of versions 1, 2 and 3: what was recorded (`command`), and what was typed, where the recording has
//! that (`--stdin`, `--capture-input`), or where the shell marks its command lines (OSC 133 and 633).
//!
//! What was typed is followed as far as it can be: text, rubbing out, giving up a line. A line for which more was done, such as
//! calling an earlier one back, cannot be known, and is judged as that.

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, text};

pub(super) const FORMAT: Format = Format {
    name: "asciinema",
    about: "recordings of asciinema, versions 1 to 3",
    keeps: Keeps::Something,
    looks: |head| {
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let header = serde_json::from_slice::<Value>(first).ok();
        let version = header.as_ref().and_then(|header| header.get("version")).and_then(Value::as_i64);
        let later = header.is_some_and(|header| header.get("width").is_some() || header.get("term").is_some());
        let begins = String::from_utf8_lossy(head.get(..400).unwrap_or(head)).replace([' ', '\n', '\r', '\t'], "");
        let one = begins.starts_with('{') && begins.contains("\"version\":1,") && begins.contains("\"width\":");
        if one || (later && version.is_some_and(|version| (1..=3).contains(&version))) { 1000 } else { 0 }
    },
    parser: || Box::new(Asciinema::default()),
};

#[derive(Default, Deserialize, Serialize)]
struct Asciinema {
    version: Option<i64>,
    /// When it began, in milliseconds since 1970, and how far it is, in seconds.
    begun: Option<i64>,
    at: f64,
    /// The text of a recording of version 1, which is one object.
    whole: String,
    /// What has been typed of a line.
    typed: String,
    /// Why what was typed is not what was executed, if it is not.
    lost: Option<String>,
    /// Whether the shell marks its command lines, which are exact; then typing says nothing more.
    marked: bool,
    /// The end of the output, in which a mark may have begun.
    tail: String,
    given: u64,
}

/// No mark is longer, in bytes.
const LONGEST_MARK: usize = 64 << 10;

impl Asciinema {
    fn give(&mut self, what: What, out: &mut Out) {
        let time = self.begun.map(|begun| begun + (self.at * 1000.0) as i64);
        self.given += 1;
        out.entries.push(Entry { what, cwd: None, session: None, time, recorded: Recorded::Ran });
    }

    fn header(&mut self, header: &Value, out: &mut Out) {
        self.begun = header.get("timestamp").and_then(Value::as_i64).map(|seconds| seconds * 1000);
        let command = text(header, "command").or_else(|| text(header, "cmd"));
        if let Some(command) = command.filter(|command| !command.trim().is_empty()) {
            // asciinema hands it to `sh -c`.
            self.give(What::Script { text: command.to_owned(), shell: Shell::Bash }, out);
        }
    }

    fn typed(&mut self, keys: &str, out: &mut Out) {
        let mut keys = keys.chars().peekable();
        while let Some(key) = keys.next() {
            match key {
                '\r' | '\n' => {
                    let typed = std::mem::take(&mut self.typed);
                    let lost = self.lost.take();
                    if self.marked {
                        continue;
                    }
                    match lost {
                        Some(why) => self.give(What::Unknown { why }, out),
                        None if typed.trim().is_empty() => {}
                        None => self.give(What::Script { text: typed, shell: Shell::Bash }, out),
                    }
                }
                '\u{7f}' | '\u{8}' => drop(self.typed.pop()),
                // Control-U rubs the line out; control-C and control-D give it up.
                '\u{15}' | '\u{3}' | '\u{4}' => {
                    self.typed.clear();
                    self.lost = None;
                }
                '\u{17}' => {
                    let kept = self.typed.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                    self.typed.truncate(kept);
                }
                '\u{1b}' => {
                    // Pasted text is put between two of these, which change nothing.
                    let rest: String = keys.clone().take(5).collect();
                    if matches!(rest.as_str(), "[200~" | "[201~") {
                        keys.nth(4);
                    } else {
                        self.lost = Some("a line that was edited while it was typed".into());
                        while keys.next_if(|key| !key.is_ascii_alphabetic() && *key != '~').is_some() {}
                        keys.next();
                    }
                }
                '\t' => self.lost = Some("a line that was completed while it was typed".into()),
                key if key.is_control() => {
                    self.lost = Some("a line that was edited while it was typed".into());
                }
                key => self.typed.push(key),
            }
            if self.typed.len() > LONGEST_MARK {
                self.lost = Some("a line that is too long".into());
                self.typed.clear();
            }
        }
    }

    /// Looks for the marks by which shells say what they execute.
    fn output(&mut self, data: &str, out: &mut Out) {
        let mut all = std::mem::take(&mut self.tail);
        all.push_str(data);
        let mut rest = all.as_str();
        while let Some(at) = rest.find("\u{1b}]") {
            rest = rest.get(at..).unwrap_or_default();
            let ends = ['\u{7}', '\u{1b}'];
            let Some(end) = rest.get(2..).and_then(|body| body.find(ends)).map(|end| end + 2) else {
                if rest.len() < LONGEST_MARK {
                    self.tail = rest.to_owned();
                }
                return;
            };
            let body = rest.get(2..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default();
            let command = body
                .strip_prefix("633;E;")
                .map(|line| unescaped(line.rsplit_once(';').map_or(line, |(line, _)| line)))
                .or_else(|| {
                    body.strip_prefix("133;C")
                        .and_then(|mark| mark.split_once("cmdline_url="))
                        .map(|(_, line)| percent(line))
                });
            if let Some(command) = command.filter(|command| !command.trim().is_empty()) {
                self.marked = true;
                self.give(What::Script { text: command, shell: Shell::Bash }, out);
            }
        }
        // The first half of a mark's beginning.
        if rest.ends_with('\u{1b}') {
            self.tail = "\u{1b}".into();
        }
    }

    fn event(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let event = match serde_json::from_slice::<(f64, String, Value)>(line) {
            Ok(event) => event,
            Err(error) => return out.malformed(number, format!("no event of a recording: {error}"), line),
        };
        let (time, kind, data) = event;
        self.at = if self.version == Some(3) { self.at + time } else { time };
        let given = self.given;
        match (kind.as_str(), data.as_str()) {
            ("i", Some(keys)) => self.typed(keys, out),
            ("o", Some(data)) => self.output(data, out),
            _ => {}
        }
        out.asides += u64::from(self.given == given);
    }

    /// The object that a recording of version 1 is.
    fn whole(&mut self, out: &mut Out) {
        let whole: Value = match serde_json::from_str(&std::mem::take(&mut self.whole)) {
            Ok(whole) => whole,
            Err(error) => return out.malformed(1, format!("no recording of version 1: {error}"), b""),
        };
        self.header(&whole, out);
        for event in whole.get("stdout").and_then(Value::as_array).into_iter().flatten() {
            if let Some(data) = event.get(1).and_then(Value::as_str) {
                self.at += event.get(0).and_then(Value::as_f64).unwrap_or_default();
                self.output(data, out);
            }
        }
    }
}

/// Undoes what VS Code does to a command line: `\x3b`, `\\`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(code) = rest.strip_prefix('x').and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok()) {
            out.push(char::from(code));
            rest = rest.get(3..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = after;
        } else {
            out.push('\\');
        }
    }
    out.push_str(rest);
    out
}

/// Undoes percent signs.
fn percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let code =
            (*first == b'%').then(|| u8::from_str_radix(std::str::from_utf8(rest.get(..2)?).ok()?, 16).ok()).flatten();
        out.push(code.unwrap_or(*first));
        bytes = rest.get(if code.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Parser for Asciinema {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let trimmed = line.trim_ascii();
        if self.version.is_none() {
            let header = serde_json::from_slice::<Value>(trimmed).ok();
            let version = header.as_ref().and_then(|header| header.get("version")).and_then(Value::as_i64);
            self.version = Some(version.filter(|version| matches!(version, 2 | 3)).unwrap_or(1));
            if let (Some(header), Some(2 | 3)) = (header, version) {
                return self.header(&header, out);
            }
        }
        if self.version == Some(1) {
            match std::str::from_utf8(line) {
                Ok(text) if self.whole.len() + text.len() < crate::codex::lines::LONGEST => self.whole.push_str(text),
                _ => out.malformed(number, "a recording of version 1 that is too large, or no text", line),
            }
            return;
        }
        // Version 3 has comments.
        if trimmed.is_empty() || trimmed.first() == Some(&b'#') {
            out.asides += 1;
            return;
        }
        self.event(number, trimmed, out);
    }

    fn end(&mut self, out: &mut Out) {
        if self.version == Some(1) {
            self.whole(out);
        }
        if self.given == 0 {
            out.remark = Some("a recording without what was typed or executed: only its screen is known");
        }
    }

    fn save(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, kept: &Value) -> Option<()> {
        *self = Self::deserialize(kept).ok()?;
        Some(())
    }
}
