//! Policies of other tools become rules, and rules become permissions of Claude Code.
//!
//! Each format is a file that turns what is written into wishes: which commands, which decision, what decides first. `rules`
//! makes rules of wishes. The law of it all: nothing comes out milder than it went in. What rules cannot say becomes stricter,
//! or is left out, and each such line is told. A refusal that cannot be written takes the permissions with it that it
//! would have cut.

mod claude;
mod gemini;
mod rules;
mod sudoers;
mod to_claude;
mod words;

use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources, Span};

pub use to_claude::to_claude;

/// The formats that become rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `settings.json` of Claude Code.
    Claude,
    /// A policy file of the Gemini CLI.
    Gemini,
    /// A sudoers file.
    Sudoers,
}

/// How to convert.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only what Codex knows: no `exact`.
    pub only_codex: bool,
    /// Allow what allows anything, and accept it by name in the file.
    pub accept_banned: bool,
    /// Users, and groups as `%name`, whose lines of a sudoers file are meant.
    pub users: Vec<String>,
    /// The host whose lines of a sudoers file are meant.
    pub host: Option<String>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// What is worth knowing; nothing is lost.
    Note,
    /// It is there, and refuses or asks more than it did.
    Stricter,
    /// It is not there.
    LeftOut,
}

/// Something to be told about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What became of it.
    pub became: Became,
    /// Where it is written.
    pub at: Span,
    /// Why, in words.
    pub message: String,
}

/// What a conversion gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The rules, or the settings.
    pub text: String,
    /// What is not the same, line by line.
    pub told: Vec<Told>,
    /// How many lines became what they were.
    pub exact: usize,
}

/// Converts a text to rules.
///
/// # Errors
/// A text that is not in the format, with places.
pub fn to_rules(
    format: Format,
    sources: &Sources,
    source: SourceId,
    options: &Options,
) -> Result<Converted, Vec<Diagnostic>> {
    let (name, text) = sources.get(source).map_or(("", ""), |source| (source.name.as_str(), source.text.as_str()));
    let text = text.strip_prefix('\u{feff}').map_or(text, |_| text);
    let mut told = Vec::new();
    let (what, wishes) = match format {
        Format::Claude => ("permissions of Claude Code", claude::wishes(text, source, &mut told)?),
        Format::Gemini => ("policy of the Gemini CLI", gemini::wishes(text, source, &mut told)?),
        Format::Sudoers => ("sudoers", sudoers::wishes(text, source, options, &mut told)?),
    };
    Ok(rules::rules(&format!("Converted from {name}: {what}."), sources, wishes, told, options))
}

/// One line of another policy.
#[derive(Clone, Debug)]
struct Wish {
    at: Span,
    /// As it is written, on one line.
    written: String,
    decision: Decision,
    means: Meaning,
    /// The words of its author.
    justification: Option<String>,
    /// What else must hold, which rules cannot say.
    only_when: Option<String>,
    /// Of two that fit a command, the higher one decides.
    rank: u64,
}

/// Which commands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    /// These words, and whatever follows.
    Prefix(Vec<String>),
    /// These words and nothing else.
    Exactly(Vec<String>),
    /// These words, and at least one more.
    More(Vec<String>),
    /// All there are.
    All,
    /// Some of the commands that begin with `from`, and no others.
    Part {
        /// Words that each of them has.
        from: Vec<String>,
        /// A prefix all of whose commands are among them.
        surely: Option<Vec<String>>,
        /// Text that each of them begins with.
        literal: String,
        why: String,
    },
}

impl Meaning {
    /// No command can be said to be meant, and none not to be.
    fn unknown(why: &str) -> Self {
        Self::Part { from: Vec::new(), surely: None, literal: String::new(), why: why.to_owned() }
    }
}

fn span(source: SourceId, range: std::ops::Range<usize>) -> Span {
    let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: clamp(range.start), end: clamp(range.end) }
}

#[cfg(test)]
mod tests;
