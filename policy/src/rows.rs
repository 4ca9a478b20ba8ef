//! The shape of a row of the two tables: what one program executes beyond itself, as data.
//!
//! A row says how the program reads its words ([`Grammar`]), which of its options execute something ([`Means`]) and
//! where its operands do ([`Form`]); odd programs have a function. `run` applies a row to a command. Which programs there
//! are is in `wrappers` and `interpreters`; what is done about the answer is decided elsewhere.

mod run;

pub(crate) use run::{Call, from_input, is_standard_input, joined, joined_script, run, split, text_or_words};

use crate::inner::{Inner, Input};
use crate::options::{End, Grammar, Long};
use crate::word::Word;

/// One program.
#[derive(Debug)]
pub(crate) struct Row {
    /// The names it goes by, in lower case; versions and `.exe` are taken off before a name is looked up.
    pub(crate) names: &'static [&'static str],
    /// What it does with its words.
    pub(crate) part: Part,
    /// What a rule that allows no more than its name would allow.
    pub(crate) bare: Bare,
    /// Commands, and what they execute beyond themselves.
    pub(crate) examples: &'static [Example],
}

/// A command as a line of words, and what it executes, one text for each thing.
pub(crate) type Example = (&'static str, &'static [&'static str]);

/// What allowing the bare program comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Anything can be executed through it: such a rule is refused.
    Anything,
    /// It has a use of its own, and what executes is seen when a command is judged.
    Itself,
}

/// What a program, or one of its sub-commands, does with its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// How the words are read.
    pub(crate) grammar: Grammar,
    /// The options that mean something here, by the names they are known by.
    pub(crate) means: &'static [(&'static str, Means)],
    /// What the operands are.
    pub(crate) form: Form,
}

/// What an option says about what is executed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Means {
    /// Its value is text for this shell.
    Shell(&'static str),
    /// The same, and what the operands say is executed after it.
    ShellFirst(&'static str),
    /// Its value is a program text in this language.
    Text(&'static str),
    /// Its value is a command, cut at blanks without a shell.
    Split,
    /// It decides what is executed, in these words; the value is shown behind them.
    Executes(&'static str),
    /// It makes the program touch more than its name says.
    Touches(&'static str),
    /// With it nothing is executed.
    Nothing,
    /// With it the first operand is program text in this language.
    Operand(&'static str),
}

/// What the operands of a program are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// A command, after this many operands of the program's own.
    Command(usize, Otherwise),
    /// A command, joined with blanks and given to a shell, after this many operands of the program's own.
    Joined(usize, Otherwise),
    /// A package that is fetched and executed, with its arguments.
    Fetched,
    /// A file with a program in this language; without one the program is read from standard input.
    File(&'static str),
    /// A file with a program in this language; without one nothing is executed.
    OnlyFile(&'static str),
    /// A program text in this language, unless an option gave one.
    Program(&'static str),
    /// A name for something that is executed, described in these words; without one it is executed all the same.
    Names(&'static str),
    /// Whatever they are, this is executed.
    Always(&'static str),
    /// The operands execute nothing; options may.
    Options,
    /// A sub-command first. What one that is not listed executes, in words; empty for nothing.
    Subcommands(&'static [Sub], &'static str),
    /// As the function says; a rule that allows no more than this many operands allows anything.
    Special(usize, fn(&Call<'_>, &mut Vec<Inner>)),
    /// As the function says, which knows these sub-commands.
    Verbs(fn(&Call<'_>, &mut Vec<Inner>), &'static [Sub]),
}

/// What happens when there is no inner command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// Nothing is executed.
    Nothing,
    /// A shell is started, which reads standard input.
    Shell,
}

/// One sub-command.
#[derive(Debug)]
pub(crate) struct Sub {
    /// Its names.
    pub(crate) names: &'static [&'static str],
    /// What it does with the words after its name.
    pub(crate) part: Part,
    /// What a rule that ends with the sub-command's name would allow.
    pub(crate) bare: Bare,
}

/// A grammar whose options end at the first operand.
pub(crate) const fn first(options: &'static str) -> Grammar {
    Grammar { options, end: End::Operand, long: Long::TwoDashes }
}

/// A grammar whose options and operands mix.
pub(crate) const fn mixed(options: &'static str) -> Grammar {
    Grammar { options, end: End::Nowhere, long: Long::TwoDashes }
}

/// A grammar of long options with one dash, ending at the first operand.
pub(crate) const fn dashed(options: &'static str) -> Grammar {
    Grammar { options, end: End::Operand, long: Long::OneDash }
}

/// A grammar of long options with one dash, mixed with operands.
pub(crate) const fn dashed_mixed(options: &'static str) -> Grammar {
    Grammar { options, end: End::Nowhere, long: Long::OneDash }
}

/// A row that must not be allowed bare.
pub(crate) const fn row(
    names: &'static [&'static str],
    grammar: Grammar,
    means: &'static [(&'static str, Means)],
    form: Form,
    examples: &'static [Example],
) -> Row {
    Row { names, part: Part { grammar, means, form }, bare: Bare::Anything, examples }
}

/// A row of a program that has a use of its own.
pub(crate) const fn tool(
    names: &'static [&'static str],
    grammar: Grammar,
    means: &'static [(&'static str, Means)],
    form: Form,
    examples: &'static [Example],
) -> Row {
    Row { names, part: Part { grammar, means, form }, bare: Bare::Itself, examples }
}

/// A sub-command.
pub(crate) const fn sub(
    names: &'static [&'static str],
    grammar: Grammar,
    means: &'static [(&'static str, Means)],
    form: Form,
) -> Sub {
    Sub { names, part: Part { grammar, means, form }, bare: Bare::Itself }
}

/// A sub-command that must not be allowed by its name alone.
pub(crate) const fn risky(
    names: &'static [&'static str],
    grammar: Grammar,
    means: &'static [(&'static str, Means)],
    form: Form,
) -> Sub {
    Sub { names, part: Part { grammar, means, form }, bare: Bare::Anything }
}

/// A command without variables of its own.
pub(crate) fn command(words: Vec<Word>) -> Inner {
    Inner::Command { words, environment: Vec::new() }
}

/// Text for a shell without arguments.
pub(crate) fn script(shell: &str, text: Word) -> Inner {
    Inner::Script { shell: shell.to_owned(), text, arguments: Vec::new() }
}

/// Something that is executed and cannot be known.
pub(crate) fn executes(what: impl Into<String>, word: usize) -> Inner {
    Inner::Executes { what: what.into(), word }
}

/// Standard input is executed, which a rule accepts that matches up to this word, as long as it is palisade's own.
pub(crate) fn executes_input(what: impl Into<String>, word: usize, input: &Input<'_>) -> Inner {
    executes(what, if matches!(input, Input::Unknown) { Inner::NO_WORD } else { word })
}

/// What is known of standard input, when it is a text.
pub(crate) const fn input_text<'a>(input: &Input<'a>) -> Option<&'a Word> {
    match input {
        Input::Text(text) => Some(text),
        Input::Inherited | Input::Unknown => None,
    }
}

/// A program's name without what varies from system to system: case, `.exe`, a version, a flavour.
pub(crate) fn plain_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let name = [".exe", ".cmd", ".bat", ".com"].iter().find_map(|end| lower.strip_suffix(end)).unwrap_or(&lower);
    if name.starts_with("ld-") && name.contains(".so") || name.starts_with("ld.so") {
        return "ld.so".to_owned();
    }
    const FLAVOURS: &[&str] = &[
        ".basic",
        ".tiny",
        ".nox",
        ".gtk",
        ".gtk2",
        ".gtk3",
        ".athena",
        ".traditional",
        ".openbsd",
        ".static",
        "-static",
        ".real",
        ".distrib",
        ".orig",
        "-dbg",
        "-nox",
        "-gtk",
        "-minimal",
        "-full",
        "-musl",
    ];
    let name = FLAVOURS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    // `python3.13t`, `python3.8m`.
    let built =
        name.strip_suffix(['t', 'm', 'd']).filter(|name| name.ends_with(|letter: char| letter.is_ascii_digit()));
    let name = built.unwrap_or(name);
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'));
    if plain.is_empty() { name.to_owned() } else { plain.to_owned() }
}
