//! The history of fish: `- cmd: …`, `  when: …`, and the paths in it.

use policy::audit::{Entry, Recorded, Shell, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, Keeps, Out, Parser, count};

pub(super) const FORMAT: Format = Format {
    name: "fish",
    about: "the history of fish",
    keeps: Keeps::Something,
    looks: |head| 2 * count(head, |line| line.starts_with(b"- cmd: ")),
    parser: || Box::new(Fish::default()),
};

#[derive(Default, Deserialize, Serialize)]
struct Fish {
    text: Option<String>,
    time: Option<i64>,
}

/// Undoes `\n` and `\\`, the two that fish writes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some('\\') => out.push('\\'),
                other => {
                    out.push('\\');
                    out.extend(other);
                }
            },
            letter => out.push(letter),
        }
    }
    out
}

impl Parser for Fish {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        let Ok(line) = std::str::from_utf8(line) else {
            return out.malformed(number, "bytes that are no UTF-8", line);
        };
        if let Some(text) = line.strip_prefix("- cmd:") {
            self.end(out);
            self.text = Some(plain(text.strip_prefix(' ').unwrap_or(text)));
            return;
        }
        if let Some(when) = line.strip_prefix("  when:").filter(|_| self.text.is_some()) {
            self.time = when.trim().parse::<i64>().ok().map(|seconds| seconds * 1000);
            out.asides += 1;
            return;
        }
        if line.trim().is_empty() || line == "  paths:" || line.starts_with("    - ") {
            out.asides += 1;
            return;
        }
        out.malformed(number, "no line of the history of fish", line.as_bytes());
    }

    fn end(&mut self, out: &mut Out) {
        let time = self.time.take();
        if let Some(text) = self.text.take() {
            let what = What::Script { text, shell: Shell::Fish };
            out.entries.push(Entry { what, cwd: None, session: None, time, recorded: Recorded::Ran });
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
