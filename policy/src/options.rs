//! How programs read their options: which take a value, where operands begin. One line of text describes a program.
//!
//! A line names each option, a blank between two: `i,ignore-environment u,unset= color?`. Names of one letter follow one
//! dash and can be clustered, longer ones follow two; names of one option are joined by commas and the first is the one
//! it is known by. `=` takes a value (glued or the next word), `?` takes one only if it is glued, `!` takes a value as `=`
//! does and ends the options, as `-c` of python does. Long names can be abbreviated as `getopt_long(3)` allows.

use smallvec::SmallVec;

use crate::word::Word;

/// How a program reads its words.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// Its options, as described above.
    pub options: &'static str,
    /// Where options end.
    pub end: End,
    /// How long names are written.
    pub long: Long,
}

/// Where options end, apart from `--`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the first operand, as for most programs that execute their operands.
    Operand,
    /// Nowhere: options and operands mix, as GNU programs allow.
    Nowhere,
}

/// How long names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Long {
    /// `--name`, `--name=value`.
    TwoDashes,
    /// `-name`, `-name value`, `-name=value`, and the same with two dashes: no clusters.
    OneDash,
}

/// One option that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name the option is known by; for an unknown one, its own.
    pub name: String,
    /// The word it stands in.
    pub word: usize,
    /// Its value, if it takes one and has one.
    pub value: Option<Word>,
    /// The word its value stands in: `word` itself where the value is glued to the name or there is none.
    pub value_at: usize,
    /// Whether the grammar has it.
    pub known: bool,
}

/// What the words of a command are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The options in order.
    pub options: Vec<Found>,
    /// Which words are operands, in order.
    pub operands: SmallVec<[usize; 8]>,
    /// The first word from which on the reading is not sure, with the reason in words: an unknown option may take the next
    /// word as its value, an opaque word may be an option or several words.
    pub unsure: Option<(usize, String)>,
    /// Whether an option has ended the options.
    ended: bool,
}

impl Reading {
    /// Whether an option was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|found| found.name == name)
    }

    /// The last value given to an option.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|found| found.name == name).and_then(|found| found.value.as_ref())
    }

    /// Whether an option has ended the options.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    fn doubt(&mut self, word: usize, why: impl FnOnce() -> String) {
        if self.unsure.is_none() {
            self.unsure = Some((word, why()));
        }
    }
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// No value.
    Nothing,
    /// A value, glued or as the next word.
    Value,
    /// A value, after which nothing is an option any more.
    Last,
    /// A value only if it is glued.
    Glued,
}

/// The rows of a description: the names of one option, and what it takes.
fn rows(options: &'static str) -> impl Iterator<Item = (&'static str, Takes)> {
    options.split_ascii_whitespace().map(|row| {
        let (names, takes) = match row.as_bytes().last() {
            // The option `?` itself takes nothing.
            _ if row.len() == 1 => (row.len(), Takes::Nothing),
            Some(b'=') => (row.len() - 1, Takes::Value),
            Some(b'!') => (row.len() - 1, Takes::Last),
            Some(b'?') => (row.len() - 1, Takes::Glued),
            _ => (row.len(), Takes::Nothing),
        };
        (row.get(..names).unwrap_or(row), takes)
    })
}

/// A name in a description that begins with what was asked for.
struct Name {
    at: usize,
    /// Whether it is no longer than that.
    exact: bool,
}

fn canonical(names: &'static str) -> &'static str {
    names.split(',').next().unwrap_or(names)
}

impl Grammar {
    /// The names of this description that begin with `given`, with what is around each. Long descriptions are searched
    /// and not taken apart, because every option of every command comes through here.
    fn names(&self, given: &str) -> impl Iterator<Item = Name> {
        let text = self.options;
        let no_name = given.is_empty() || given.contains([' ', '\n', ',', '=', '?', '!']);
        let first = given.chars().next().filter(|_| !no_name).unwrap_or('\0');
        text.match_indices(first).filter_map(move |(at, _)| {
            let (before, from) = text.split_at_checked(at)?;
            let behind = from.strip_prefix(given)?;
            let begins = before.ends_with([' ', '\n', ',']) || before.is_empty();
            let rest = behind.strip_prefix(['=', '?', '!']).unwrap_or(behind);
            let exact = rest.is_empty() || rest.starts_with([' ', '\n']) || behind.starts_with(',');
            begins.then_some(Name { at, exact })
        })
    }

    /// The option that has a name at this place of the description.
    fn option_at(&self, at: usize) -> Option<(&'static str, Takes)> {
        let text = self.options;
        let start = text.get(..at)?.rfind([' ', '\n']).map_or(0, |blank| blank + 1);
        rows(text.get(start..)?).next().map(|(names, takes)| (canonical(names), takes))
    }

    /// The option a one-letter name means.
    #[must_use]
    pub(crate) fn short(&self, letter: char) -> Option<(&'static str, Takes)> {
        let mut buffer = [0; 4];
        self.pair(letter.encode_utf8(&mut buffer))
    }

    /// The option that has exactly this name.
    #[must_use]
    pub(crate) fn pair(&self, name: &str) -> Option<(&'static str, Takes)> {
        self.names(name).find(|name| name.exact).and_then(|name| self.option_at(name.at))
    }

    /// Whether the option known by this name has a name that begins like `given`.
    #[must_use]
    pub(crate) fn begins(&self, known: &str, given: &str) -> bool {
        self.names(given).any(|name| self.option_at(name.at).is_some_and(|(canonical, _)| canonical == known))
    }

    /// The option a long name means: that name, or the only one it abbreviates.
    #[must_use]
    pub(crate) fn long(&self, given: &str) -> Option<(&'static str, Takes)> {
        let mut abbreviated: Option<(&'static str, Takes)> = None;
        let mut several = false;
        for name in self.names(given) {
            if name.exact && (given.len() > 1 || self.long == Long::OneDash) {
                return self.option_at(name.at);
            }
            if !name.exact && self.long == Long::TwoDashes {
                let option = self.option_at(name.at)?;
                several |= abbreviated.is_some_and(|(known, _)| known != option.0);
                abbreviated = Some(option);
            }
        }
        abbreviated.filter(|_| !several)
    }

    /// Reads the words after the program's name; `words[0]` is the program and is passed over.
    #[must_use]
    pub fn read(&self, words: &[Word]) -> Reading {
        let mut reading = Reading::default();
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            let is_option = prefix.len() > 1 && prefix.starts_with('-');
            match word {
                Word::Known(text) if text == "--" => {
                    reading.operands.extend(at + 1..words.len());
                    break;
                }
                // Nothing that starts with another character can be an option.
                Word::Opaque(_) if !is_option && (prefix.is_empty() || prefix == "-" || !word.is_one()) => {
                    reading.doubt(at, || format!("`{}` may be an option or several words", word.written()));
                    if self.end == End::Operand {
                        reading.operands.extend(at..words.len());
                        break;
                    }
                    reading.operands.push(at);
                }
                _ if is_option => {
                    at = self.option(words, at, &mut reading);
                    if reading.ended {
                        reading.operands.extend((at + 1).min(words.len())..words.len());
                        break;
                    }
                }
                _ if self.end == End::Operand => {
                    reading.operands.extend(at..words.len());
                    break;
                }
                _ => reading.operands.push(at),
            }
            at += 1;
        }
        reading
    }

    /// Reads the option word at `at`; gives the last word it took.
    fn option(&self, words: &[Word], at: usize, reading: &mut Reading) -> usize {
        let Some(word) = words.get(at) else { return at };
        let text = word.prefix();
        if matches!(word, Word::Opaque(_)) {
            reading.doubt(at, || format!("`{}` is not known", word.written()));
        }
        let long = text.strip_prefix("--").or_else(|| text.strip_prefix('-').filter(|_| self.long == Long::OneDash));
        if let Some(long) = long {
            let (name, glued) = match long.split_once('=') {
                Some((name, value)) => (name, Some(text.len() - value.len())),
                None => (long, None),
            };
            let found = self.long(name);
            if found.is_none() && glued.is_none() {
                reading.doubt(at, || format!("the option `{text}` is not known here"));
            }
            let (canonical, takes) = found.unwrap_or((name, Takes::Glued));
            let mut taken = at;
            let value = match (glued, takes) {
                (Some(start), _) => word.without(start),
                (None, Takes::Value | Takes::Last) => {
                    taken = at + 1;
                    self.next_value(words, taken, reading)
                }
                (None, _) => None,
            };
            let known = found.is_some();
            reading.ended |= takes == Takes::Last;
            reading.options.push(Found { name: canonical.to_owned(), word: at, value, value_at: taken, known });
            return taken.min(words.len());
        }
        for (offset, letter) in text.char_indices().skip(1) {
            let found = self.short(letter);
            let rest = offset + letter.len_utf8();
            let last = rest == text.len() && matches!(word, Word::Known(_));
            let known = found.is_some();
            if !known {
                reading.doubt(at, || format!("the option `-{letter}` is not known here"));
            }
            let (name, takes) = match found {
                Some((name, takes)) => (name.to_owned(), takes),
                None => (letter.to_string(), Takes::Nothing),
            };
            let (value, taken, ends) = match takes {
                Takes::Nothing => (None, at, false),
                Takes::Glued => (if last { None } else { word.without(rest) }, at, true),
                Takes::Value | Takes::Last if last => (self.next_value(words, at + 1, reading), at + 1, true),
                Takes::Value | Takes::Last => (word.without(rest), at, true),
            };
            reading.ended |= takes == Takes::Last;
            reading.options.push(Found { name, word: at, value, value_at: taken, known });
            if ends {
                return taken.min(words.len());
            }
        }
        at
    }

    fn next_value(&self, words: &[Word], at: usize, reading: &mut Reading) -> Option<Word> {
        let value = words.get(at)?;
        if !value.is_one() {
            reading.doubt(at, || format!("`{}` may be several words", value.written()));
        }
        Some(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::known;

    const ENV: Grammar = Grammar {
        options: "i,ignore-environment 0,null u,unset= C,chdir= S,split-string= v,debug block-signal?",
        end: End::Operand,
        long: Long::TwoDashes,
    };

    fn read(words: &[&str]) -> Reading {
        ENV.read(&known(words))
    }

    #[test]
    fn clusters_values_and_abbreviations_are_read_as_getopt_does() {
        let reading = read(&["env", "-iu", "A", "--chd=/", "--block-signal", "-0Cx", "rm", "-v"]);
        let names: Vec<&str> = reading.options.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["i", "u", "C", "block-signal", "0", "C"]);
        assert_eq!(reading.value("u"), Some(&Word::from("A")));
        assert_eq!(reading.value("C"), Some(&Word::from("x")));
        assert_eq!(reading.operands.as_slice(), [6, 7]);
        assert_eq!(reading.unsure, None);
    }

    #[test]
    fn an_unknown_option_leaves_the_rest_unsure() {
        let reading = read(&["env", "-Z", "a", "rm"]);
        assert_eq!(reading.unsure.map(|(at, _)| at), Some(1));
        assert_eq!(reading.operands.as_slice(), [2, 3]);
        assert!(read(&["env", "--frob", "rm"]).unsure.is_some());
        assert!(read(&["env", "--frob=1", "rm"]).unsure.is_none());
    }

    #[test]
    fn an_option_can_be_the_last() {
        let python = Grammar { options: "c! m! I W=", ..ENV };
        let reading = python.read(&known(&["python3", "-Ic", "text", "-m", "x"]));
        assert_eq!(reading.value("c"), Some(&Word::from("text")));
        assert_eq!(reading.operands.as_slice(), [3, 4]);
        assert!(!reading.has("m"));
    }

    #[test]
    fn two_dashes_end_the_options_and_one_dash_is_an_operand() {
        assert_eq!(read(&["env", "--", "-i"]).operands.as_slice(), [2]);
        assert_eq!(read(&["env", "-", "a"]).operands.as_slice(), [1, 2]);
    }
}
