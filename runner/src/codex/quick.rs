//! A short way for the lines that a stream consists of: commands, patches and messages of the current generation. Pure.
//!
//! What it reads, `current` reads alike, only through a tree of values, which costs several times as much; a test compares them over
//! all recordings. Nothing is copied that can be pointed at, since most of it is never kept. Whatever is in any way unusual (another
//! key, a key twice, another type) is left to the long way.

use std::borrow::Cow;

use serde::Deserialize;

use super::event::{Change, Command, Event, Item, Kind, Phase};

/// An item of a stream, in the words of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Short<'a> {
    /// Where in its life it is.
    pub phase: Phase,
    /// Its id.
    pub id: Cow<'a, str>,
    /// What it is.
    pub what: What<'a>,
    status: Option<Text<'a>>,
}

/// What such an item is.
#[derive(Clone, Debug, PartialEq)]
pub enum What<'a> {
    /// A command.
    Command {
        /// As Codex quotes it.
        command: Cow<'a, str>,
        /// Both streams.
        output: Cow<'a, str>,
        /// The exit status.
        exit: Option<i64>,
    },
    /// Files that a patch changes.
    Patch(Vec<Changed<'a>>),
    /// The model to the user.
    Message(Cow<'a, str>),
    /// The model to itself.
    Reasoning(Cow<'a, str>),
}

/// A file that a patch changes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed<'a> {
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outer<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    item: Inner<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow, default)]
    command: Cow<'a, str>,
    #[serde(borrow, default)]
    aggregated_output: Cow<'a, str>,
    #[serde(default)]
    exit_code: Option<i64>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    changes: Vec<Changed<'a>>,
}

/// A text that may be missing; serde would copy it without a type of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The item of such a line; nothing for any other.
#[must_use]
pub fn read(line: &[u8]) -> Option<Short<'_>> {
    if !line.starts_with(b"{\"type\":\"item.") {
        return None;
    }
    let Outer { kind, item } = serde_json::from_slice(line).ok()?;
    let phase = match kind {
        "item.started" => Phase::Started,
        "item.updated" => Phase::Updated,
        "item.completed" => Phase::Completed,
        _ => return None,
    };
    let what = match item.kind {
        "command_execution" => {
            What::Command { command: item.command, output: item.aggregated_output, exit: item.exit_code }
        }
        "file_change" => What::Patch(item.changes),
        "agent_message" => What::Message(item.text),
        "reasoning" => What::Reasoning(item.text),
        _ => return None,
    };
    Some(Short { phase, id: item.id, what, status: item.status })
}

impl Short<'_> {
    /// The same in words of its own.
    #[must_use]
    pub fn item(&self) -> Item {
        let kind = match &self.what {
            What::Command { command, output, exit } => Kind::Command(Command {
                argv: words(command),
                output: output.clone().into_owned(),
                exit: *exit,
                ..Command::default()
            }),
            What::Patch(changes) => Kind::Patch {
                changes: changes
                    .iter()
                    .map(|Changed { path, kind }| Change { path: path.to_string(), kind: kind.to_string() })
                    .collect(),
            },
            What::Message(text) => Kind::Message { text: text.to_string() },
            What::Reasoning(text) => Kind::Reasoning { text: text.to_string() },
        };
        Item { id: self.id.to_string(), status: self.status.as_ref().map(|text| text.0.to_string()), kind }
    }

    /// The event that says so.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::Item { phase: self.phase, item: self.item() }
    }
}

/// The words of a command that was quoted for a shell; as one word where they cannot be told apart.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    if let Some(words) = three_words(command) {
        return words.map(str::to_owned).to_vec();
    }
    shlex::split(command).unwrap_or_else(|| vec![command.to_owned()])
}

/// The words of a command of the form that Codex nearly always writes: two plain words and one in quotes that hold no other sign of the
/// shell. Nothing for any other; `words` splits them all.
#[must_use]
pub fn three_words(command: &str) -> Option<[&str; 3]> {
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
    };
    let (first, rest) = command.split_once(' ')?;
    let (second, rest) = rest.split_once(' ')?;
    let quote = rest.bytes().next().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let inner = rest.get(1..rest.len().checked_sub(1)?)?;
    let closed = rest.len() >= 2 && rest.as_bytes().last() == Some(&quote);
    let free = match quote {
        b'\'' => memchr::memchr(b'\'', inner.as_bytes()).is_none(),
        _ => memchr::memchr2(b'"', b'\\', inner.as_bytes()).is_none(),
    };
    (closed && free && plain(first) && plain(second)).then_some([first, second, inner])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_form_of_a_command_is_split_as_a_shell_would() {
        for (command, short) in [
            ("/bin/bash -lc 'echo \"a\" \\n; b\nc # d'", true),
            ("bash -c \"it's $HOME\"", true),
            ("/bin/bash -lc ''", true),
            ("/bin/bash -lc 'a'b", false),
            ("/bin/bash -lc 'a' 'b'", false),
            ("/bin/bash -lc 'a", false),
            ("/bin/bash -lc '", false),
            ("/bin/bash -lc \"a\\\"b\"", false),
            ("/bin/bash -lc ls", false),
            ("/bin/bash  -lc 'a'", false),
            ("'/bin/bash' -lc 'a'", false),
            ("#x -lc 'a'", false),
            ("", false),
        ] {
            let found = three_words(command);
            assert_eq!(found.is_some(), short, "{command}");
            if let Some(found) = found {
                assert_eq!(found.map(str::to_owned).to_vec(), shlex::split(command).expect(command), "{command}");
            }
        }
    }
}
