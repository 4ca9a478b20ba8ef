//! The extended history of zsh: `: 1700000000:0;command`. A line feed in a command stands behind a backslash, and bytes that
//! zsh uses itself are written as 0x83 and the byte with its sixth bit turned over.

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count};

pub(super) const FORMAT: Format = Format {
    name: "zsh",
    about: "the history of zsh, extended or not",
    keeps: Keeps::Something,
    looks: |head| 2 * count(head, |line| start(line).is_some()),
    parser: || Box::new(Zsh::default()),
};

#[derive(Default, Deserialize, Serialize)]
struct Zsh {
    /// Where the command that is being read begins, and when it ran.
    open: Option<(u64, Option<i64>)>,
    bytes: Vec<u8>,
}

/// The time of a line that begins a command, and its text.
fn start(line: &[u8]) -> Option<(i64, &[u8])> {
    let rest = line.strip_prefix(b": ")?.trim_ascii_start();
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let seconds = std::str::from_utf8(rest.get(..colon)?).ok()?.parse::<i64>().ok()?;
    let rest = rest.get(colon + 1..)?;
    let end = rest.iter().position(|byte| *byte == b';')?;
    rest.get(..end)?.iter().all(u8::is_ascii_digit).then(|| (seconds * 1000, rest.get(end + 1..).unwrap_or_default()))
}

/// Undoes what zsh does to bytes it uses itself.
fn plain(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            0x83 => out.extend(bytes.next().map(|byte| byte ^ 32)),
            byte => out.push(*byte),
        }
    }
    out
}

impl Zsh {
    fn give(&mut self, out: &mut Out) {
        let Some((number, time)) = self.open.take() else { return };
        let bytes = std::mem::take(&mut self.bytes);
        match String::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => out.asides += 1,
            Ok(text) => {
                let what = What::Script { text, shell: Shell::Zsh };
                out.entries.push(Entry { what, cwd: None, session: None, time, recorded: Recorded::Ran });
            }
            Err(error) => out.malformed(number, "bytes that are no UTF-8", error.as_bytes()),
        }
    }
}

impl Parser for Zsh {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let text = if self.open.is_some() {
            line
        } else {
            let (time, text) = start(line).map_or((None, line), |(time, text)| (Some(time), text));
            self.open = Some((number, time));
            text
        };
        let (text, goes_on) = match text.strip_suffix(b"\\") {
            // A blank that zsh puts behind a final backslash of the command keeps the two apart.
            Some(text) if self.bytes.len() < crate::codex::lines::LONGEST => (text, true),
            _ => (text, false),
        };
        self.bytes.extend(plain(text));
        if goes_on {
            self.bytes.push(b'\n');
        } else {
            self.give(out);
        }
    }

    fn end(&mut self, out: &mut Out) {
        self.give(out);
    }

    fn save(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, kept: &Value) -> Option<()> {
        *self = Self::deserialize(kept).ok()?;
        Some(())
    }
}
