//! What a script is decomposed into: the commands it may execute, and the parts that cannot be known.

use std::ops::Range;

use serde::Serialize;

use crate::word::Word;

/// One part of a script, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A command the script may execute.
    Command(Command),
    /// Something that may execute what cannot be known from the text.
    Opaque(OpaquePart),
}

/// A command a script may execute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Its words; none where only files are opened or variables set.
    pub words: Vec<Word>,
    /// Variables set for this command alone.
    pub environment: Vec<(String, Word)>,
    /// Files it opens by redirection.
    pub redirections: Vec<Redirection>,
    /// What it reads, where the script says so.
    pub input: CommandInput,
    /// Why its meaning is not sure, in words: the search path was changed, an option changed how words are read, …
    pub doubts: Vec<String>,
    /// Whether the shell itself carries it out by executing what was decomposed besides (`eval`, `exec`, `command`): a
    /// rule can restrict it, but it needs none to be allowed.
    pub transparent: bool,
    /// Where it is: bytes of the script, or of the word that holds its text.
    #[serde(skip)]
    pub at: Range<u32>,
}

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandInput {
    /// What the script itself reads.
    Inherited,
    /// Another command's output, or a file.
    Unknown,
    /// A here-document or a here-string.
    Text(Word),
}

/// A file opened by the shell for a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redirection {
    /// For what it is opened.
    pub access: Access,
    /// Its name.
    pub target: Word,
}

/// For what a redirection opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// `<`
    Read,
    /// `>`, `>|`, `>>`, `<>`, `&>`: it is created, cut short or added to.
    Write,
    /// `/dev/tcp/HOST/PORT` and `/dev/udp/…`: bash opens a connection.
    Network,
}

/// Something that may execute what cannot be known from the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpaquePart {
    /// Which construct, and why it cannot be known, in words.
    pub what: String,
    /// Where it is.
    #[serde(skip)]
    pub at: Range<u32>,
}

impl Redirection {
    /// Whether it leaves no trace: nothing, the streams that are open already.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        const STREAMS: &[&str] =
            &["/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/zero", "/dev/full", "/dev/tty"];
        self.access == Access::Read
            || (self.access == Access::Write && self.target.text().is_some_and(|name| STREAMS.contains(&name)))
    }
}
