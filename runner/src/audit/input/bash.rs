//! The history of bash, with times (`#1700000000` before each command, of however many lines) or without; any other list of
//! shell commands, one a line, reads the same.

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count};

pub(super) const FORMAT: Format = Format {
    name: "bash",
    about: "the history of bash, with times or without; or any shell commands, one a line",
    keeps: Keeps::Something,
    looks: |head| {
        let times = count(head, |line| time(line).is_some());
        if times > 0 {
            return times * 2;
        }
        // Any text may be a list of commands, if nothing speaks against it.
        usize::from(
            !head.is_empty()
                && !is_binary(head)
                && !matches!(head.trim_ascii().first(), None | Some(b'{' | b'[' | b'<')),
        )
    },
    parser: || Box::new(Bash::default()),
};

#[derive(Default, Deserialize, Serialize)]
struct Bash {
    /// The time of the command that is being read.
    time: Option<i64>,
    text: String,
    /// Whether the file has times, so that a command goes on to the next one.
    timed: bool,
}

/// The time of a line that is one, in milliseconds.
fn time(line: &[u8]) -> Option<i64> {
    let digits = line.strip_prefix(b"#")?;
    let plausible = (9..=11).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    plausible.then(|| std::str::from_utf8(digits).ok()?.parse::<i64>().ok().map(|seconds| seconds * 1000))?
}

/// Whether bytes are no text: a NUL, or too many bytes that no text has.
fn is_binary(bytes: &[u8]) -> bool {
    let strange =
        bytes.iter().filter(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x1b)).count();
    bytes.contains(&0) || strange * 20 > bytes.len()
}

impl Bash {
    fn give(&mut self, out: &mut Out) {
        let text = std::mem::take(&mut self.text);
        let time = self.time.take();
        if !text.trim().is_empty() {
            let what = What::Script { text, shell: Shell::Bash };
            out.entries.push(Entry { what, cwd: None, session: None, time, recorded: Recorded::Ran });
        }
    }
}

impl Parser for Bash {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        if let Some(time) = time(line) {
            self.give(out);
            self.time = Some(time);
            self.timed = true;
            out.asides += 1;
            return;
        }
        if line.trim_ascii().is_empty() && !self.timed {
            out.asides += 1;
            return;
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return out.malformed(number, "bytes that are no UTF-8", line);
        };
        if text.contains('\0') {
            return out.malformed(number, "no text", line);
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        if !self.timed || self.time.is_none() || self.text.len() > crate::codex::lines::LONGEST {
            self.give(out);
        }
    }

    fn end(&mut self, out: &mut Out) {
        self.give(out);
        if !self.timed {
            out.remark = Some("taken for shell commands, one a line");
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
