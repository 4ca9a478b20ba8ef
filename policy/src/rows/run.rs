//! Applies a row to the words of one command.
//!
//! INVARIANT: where the place of the inner command is not sure, the likely reading is given and, beside it, that anything
//! may be executed. A listed program is never taken for harmless because its words were not understood.

use super::{Form, Inner, Input, Means, Otherwise, Part, command, executes, executes_input, input_text, script};
use crate::options::{Found, Reading};
use crate::word::{Fields, Opaque, Word};

/// How often a command is read again without the words that are in doubt.
const READINGS: usize = 3;
/// How deep sub-commands nest.
const DEEPEST: usize = 4;

/// A command as a row sees it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The words; the first is the program.
    pub(crate) words: &'a [Word],
    /// Standard input.
    pub(crate) input: Input<'a>,
    /// The words as the row's grammar reads them.
    pub(crate) reading: Reading,
}

impl Call<'_> {
    /// The operands from the given one on.
    pub(crate) fn operands(&self, from: usize) -> Vec<Word> {
        self.reading.operands.iter().skip(from).filter_map(|at| self.words.get(*at)).cloned().collect()
    }

    /// The word an operand stands in.
    pub(crate) fn operand_at(&self, operand: usize) -> Option<usize> {
        self.reading.operands.get(operand).copied()
    }

    /// An operand.
    pub(crate) fn operand(&self, operand: usize) -> Option<&Word> {
        self.words.get(self.operand_at(operand)?)
    }

    /// The last word, for what no single word says.
    pub(crate) const fn last(&self) -> usize {
        self.words.len().saturating_sub(1)
    }

    /// Says that anything may be executed where the reading is not sure before a word.
    pub(crate) fn doubt_before(&self, word: usize, out: &mut Vec<Inner>) {
        if let Some((at, why)) = &self.reading.unsure
            && *at <= word
        {
            out.push(executes(format!("may execute another program: {why}"), *at));
        }
    }
}

/// What a command executes according to its row's part.
pub(crate) fn run(part: &'static Part, words: &[Word], input: Input<'_>) -> Vec<Inner> {
    let mut out = Vec::new();
    apply(part, words, input, READINGS, DEEPEST, &mut out);
    out
}

fn apply(part: &'static Part, words: &[Word], input: Input<'_>, again: usize, deep: usize, out: &mut Vec<Inner>) {
    if matches!(words, [_, Word::Known(word)] if matches!(word.as_str(), "--version" | "--help")) {
        return;
    }
    let call = Call { words, input, reading: part.grammar.read(words) };
    let begin = out.len();
    for found in &call.reading.options {
        if matches!(meaning(part, found), Some(Means::Nothing)) {
            return;
        }
    }
    let mut text = None;
    let mut besides = Vec::new();
    for found in &call.reading.options {
        match meaning(part, found) {
            Some(Means::Operand(language)) => text = Some(language),
            // It stands in for no operand.
            Some(means @ Means::ShellFirst(_)) => option(&call, found, means, &mut besides),
            Some(means) => option(&call, found, means, out),
            None => {}
        }
    }
    let by_option = out.len() > begin;
    let start = match (text, call.operand(0), part.form) {
        (Some(language), Some(word), _) => {
            out.push(Inner::Text { language, text: word.clone() });
            call.operand_at(0)
        }
        (Some(_), None, _) => None,
        (None, _, Form::Subcommands(..)) => subcommand(part, &call, again, deep, out),
        (None, _, form) => operands(form, &call, by_option, out),
    };
    out.append(&mut besides);
    let Some((at, _)) = call.reading.unsure else { return };
    let relevant = match part.form {
        Form::Options => may_be_an_option(&call),
        _ => Some(at).filter(|at| start.is_none_or(|start| *at <= start)),
    };
    let Some(at) = relevant else { return };
    let why = call.reading.unsure.as_ref().map_or("", |(_, why)| why.as_str());
    out.push(executes(format!("may execute another program: {why}"), at));
    // The word in doubt may be nothing at all, and an unknown option may have taken the next word.
    if again > 0 && !matches!(part.form, Form::Options) {
        let gone = if matches!(words.get(at), Some(Word::Opaque(_))) { 1 } else { 2 };
        let shorter: Vec<Word> = words
            .iter()
            .enumerate()
            .filter(|(n, _)| *n < at || *n >= at + gone)
            .map(|(_, word)| word.clone())
            .collect();
        let mut other = Vec::new();
        apply(part, &shorter, input, again - 1, deep, &mut other);
        for inner in other {
            if !matches!(inner, Inner::Executes { .. } | Inner::Touches { .. }) && !out.contains(&inner) {
                out.push(inner);
            }
        }
    }
}

fn meaning(part: &Part, found: &Found) -> Option<Means> {
    part.means.iter().find(|(name, _)| *name == found.name).map(|(_, means)| *means)
}

/// The first operand that may turn out to be an option.
fn may_be_an_option(call: &Call<'_>) -> Option<usize> {
    let end = call.words.iter().position(|word| word.text() == Some("--")).unwrap_or(call.words.len());
    let doubtful = |at: &usize| {
        matches!(call.words.get(*at), Some(Word::Opaque(opaque))
            if opaque.prefix.is_empty() || opaque.prefix.starts_with('-') || opaque.fields == Fields::Many)
    };
    let options = call.reading.options.iter().map(|found| found.word);
    call.reading.operands.iter().copied().chain(options).filter(|at| *at < end).find(doubtful)
}

fn option(call: &Call<'_>, found: &Found, means: Means, out: &mut Vec<Inner>) {
    let shown = found.value.as_ref().map(|value| format!(" `{}`", value.written())).unwrap_or_default();
    match (means, &found.value) {
        (Means::Shell(shell) | Means::ShellFirst(shell), Some(value)) => out.push(script(shell, value.clone())),
        (Means::Text(language), Some(value)) => out.push(Inner::Text { language, text: value.clone() }),
        (Means::Split, Some(Word::Known(text))) => {
            let words = split(text);
            if !words.is_empty() {
                out.push(command(words));
            }
        }
        (Means::Split, Some(value @ Word::Opaque(_))) => {
            out.push(executes(format!("executes `{}`", value.written()), found.value_at));
        }
        (Means::Executes(what), _) => out.push(executes(format!("{what}{shown}"), found.value_at)),
        (Means::Touches(what), _) => {
            out.push(Inner::Touches { what: format!("{what}{shown}"), word: found.value_at });
        }
        (Means::Shell(_) | Means::ShellFirst(_) | Means::Text(_) | Means::Split, None) => {
            // The option is there and what it says is not: an opaque word may hold it.
            if matches!(call.words.get(found.word), Some(Word::Opaque(_))) {
                out.push(executes("executes a text that is not known", found.word));
            }
        }
        (Means::Nothing | Means::Operand(_), _) => {}
    }
}

/// What the operands execute; gives the word up to which the reading has to be sure, none for all of them.
fn operands(form: Form, call: &Call<'_>, by_option: bool, out: &mut Vec<Inner>) -> Option<usize> {
    match form {
        Form::Command(after, otherwise) | Form::Joined(after, otherwise) => {
            // Two dashes may part the program's own operands from the command.
            let marked = after > 0 && call.operand(after).and_then(Word::text) == Some("--");
            let after = after + usize::from(marked);
            let start = call.operand_at(after);
            if start.is_none() {
                if otherwise == Otherwise::Shell && !by_option {
                    out.push(from_input("sh", call));
                }
            } else if matches!(form, Form::Joined(..)) {
                joined_script("sh", &call.operands(after), out);
            } else {
                out.push(command(call.operands(after)));
            }
            start
        }
        Form::Fetched => {
            let start = call.operand_at(0);
            if let (Some(at), Some(word)) = (start, call.operand(0)) {
                out.push(executes(format!("fetches and executes the package `{}`", word.written()), at));
                out.push(command(call.operands(0)));
            }
            start
        }
        Form::File(language) | Form::OnlyFile(language) => {
            let text = |inner: &Inner| matches!(inner, Inner::Text { .. } | Inner::Script { .. });
            if by_option && (call.reading.has_ended() || out.iter().any(text)) {
                return call.operand_at(0).or(Some(call.last()));
            }
            match (call.operand_at(0), call.operand(0)) {
                (Some(at), Some(Word::Known(file))) if is_standard_input(file) => {
                    out.push(text_from_input(language, call, at));
                    Some(at)
                }
                (Some(at), Some(file)) => {
                    out.push(executes(format!("runs the {language} program in `{}`", file.written()), at));
                    Some(at)
                }
                _ if by_option || matches!(form, Form::OnlyFile(_)) => None,
                _ if shows_its_version(call.words) => None,
                _ => {
                    out.push(text_from_input(language, call, call.last()));
                    None
                }
            }
        }
        Form::Program(language) => {
            if by_option {
                return call.operand_at(0).or(Some(call.last()));
            }
            if let Some(text) = call.operand(0) {
                out.push(Inner::Text { language, text: text.clone() });
            }
            call.operand_at(0)
        }
        Form::Names(what) => {
            match (call.operand_at(0), call.operand(0)) {
                (Some(at), Some(word)) => out.push(executes(format!("{what} `{}`", word.written()), at)),
                _ if by_option => {}
                _ => out.push(executes(what, call.last())),
            }
            call.operand_at(0)
        }
        Form::Always(what) => {
            out.push(executes(what, 0));
            Some(0)
        }
        Form::Options | Form::Subcommands(..) => None,
        Form::Special(_, function) | Form::Verbs(function, _) => {
            function(call, out);
            // It tells its own doubts.
            Some(0)
        }
    }
}

fn subcommand(part: &'static Part, call: &Call<'_>, again: usize, deep: usize, out: &mut Vec<Inner>) -> Option<usize> {
    let Form::Subcommands(subs, unlisted) = part.form else { return None };
    let at = call.operand_at(0)?;
    let rest = call.words.get(at..)?;
    let Some(Word::Known(name)) = rest.first() else {
        out.push(executes("executes whatever the sub-command says, which is not known", at));
        return Some(at);
    };
    if let Some(sub) = subs.iter().find(|sub| sub.names.contains(&name.as_str()))
        && let Some(deeper) = deep.checked_sub(1)
    {
        let mut inner = Vec::new();
        apply(&sub.part, rest, call.input, again, deeper, &mut inner);
        out.extend(inner.into_iter().map(|inner| match inner {
            Inner::Executes { what, word } => Inner::Executes { what, word: word + at },
            Inner::Touches { what, word } => Inner::Touches { what, word: word + at },
            other => other,
        }));
    } else if !unlisted.is_empty() {
        out.push(executes(format!("{unlisted} `{name}`"), at));
    }
    Some(at)
}

/// A shell that reads standard input.
pub(crate) fn from_input(shell: &str, call: &Call<'_>) -> Inner {
    match input_text(&call.input) {
        Some(text) => script(shell, text.clone()),
        None => executes_input("starts a shell that reads its commands from standard input", call.last(), &call.input),
    }
}

fn text_from_input(language: &'static str, call: &Call<'_>, word: usize) -> Inner {
    match input_text(&call.input) {
        Some(text) => Inner::Text { language, text: text.clone() },
        None => executes_input(format!("runs the {language} program on standard input"), word, &call.input),
    }
}

/// Whether a file name stands for standard input.
pub(crate) fn is_standard_input(file: &str) -> bool {
    matches!(file, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether a command only asks a program what it is.
fn shows_its_version(words: &[Word]) -> bool {
    matches!(words, [_, Word::Known(word)]
        if matches!(word.as_str(), "--version" | "--help" | "-version" | "-help" | "-V" | "-v" | "-h" | "-?"))
}

/// A text cut into words as a program without a shell does it: blanks, quotes and backslashes.
pub(crate) fn split(text: &str) -> Vec<Word> {
    match shlex::split(text) {
        Some(words) => words.into_iter().map(Word::Known).collect(),
        None => text.split_ascii_whitespace().map(Word::known).collect(),
    }
}

/// Words that are joined to a script. Where one of them is not known the likely command is told too.
pub(crate) fn joined_script(shell: &str, words: &[Word], out: &mut Vec<Inner>) {
    let text = joined(words);
    let plain = words.first().and_then(Word::text).is_some_and(|first| !first.contains(char::is_whitespace));
    if matches!(text, Word::Opaque(_)) && plain {
        out.push(command(words.to_vec()));
    }
    out.push(script(shell, text));
}

/// One operand is text for a shell; several are a command, and joined they are text for a shell too.
pub(crate) fn text_or_words(call: &Call<'_>, out: &mut Vec<Inner>) {
    match call.operands(0).as_slice() {
        [] => {}
        [text] => out.push(script("sh", text.clone())),
        words => {
            out.push(command(words.to_vec()));
            joined_script("sh", words, out);
        }
    }
    call.doubt_before(call.last(), out);
}

/// Words joined with blanks to one text, as `ssh` and `eval` do it.
pub(crate) fn joined(words: &[Word]) -> Word {
    let mut written = String::new();
    let mut prefix = String::new();
    let mut why: Option<&str> = None;
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            written.push(' ');
        }
        written.push_str(word.written());
        if why.is_none() {
            if at > 0 {
                prefix.push(' ');
            }
            prefix.push_str(word.prefix());
        }
        if let Word::Opaque(opaque) = word {
            why = why.or(Some(&opaque.why));
        }
    }
    match why {
        None => Word::Known(written),
        Some(why) => Word::Opaque(Opaque { written, prefix, fields: Fields::One, why: why.to_owned() }),
    }
}
