//! What a command executes beyond itself: the answer of the wrapper and interpreter tables for one command.

use crate::word::Word;

/// One thing that a command executes or does beyond what its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inner {
    /// Another command, executed with these words. Words that follow at run time (`xargs`) are an opaque word at the end.
    Command {
        /// Its words; the first is the program.
        words: Vec<Word>,
        /// Variables that are set for it.
        environment: Vec<(String, Word)>,
    },
    /// Shell text.
    Script {
        /// The shell, by the last component of its name: `sh`, `bash`, `zsh`, `fish`, …; or `bash with aliases`, which expands them.
        shell: String,
        /// The text.
        text: Word,
        /// `$0`, `$1`, … of the text.
        arguments: Vec<Word>,
    },
    /// Program text for another interpreter; shown, not understood.
    Text {
        /// The language, in words: `python`, `awk`, …
        language: &'static str,
        /// The text.
        text: Word,
    },
    /// Something that cannot be known from the words: a file's content, standard input, a remote program. It can be any
    /// program at all.
    Executes {
        /// What, in words: "runs what the makefile says".
        what: String,
        /// The word that says so. An allowing rule that matches up to here and beyond accepts it, which none does where no word says it.
        word: usize,
    },
    /// The command touches more than its name says: it writes a file, deletes, sends.
    Touches {
        /// What, in words: "writes the file named by `-o`".
        what: String,
        /// The word that says so. An allowing rule that matches up to here and beyond accepts it.
        word: usize,
    },
}

impl Inner {
    /// No word says so: what comes from another command, or from a file, nobody who writes a rule can name. Small enough for
    /// what stands before it to be added.
    pub(crate) const NO_WORD: usize = usize::MAX / 2;
}

/// What is known about the standard input of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Whatever palisade's own is.
    Inherited,
    /// The output of another command, or a file: not known.
    Unknown,
    /// This text (a here-document or a here-string).
    Text(&'a Word),
}
