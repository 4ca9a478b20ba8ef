//! What is known of programs: how each reads its options, and what an option does that the program's name does not say.
//!
//! One row a program (`table`), one reader (`reading`), two uses: [`touches`] tells what a command does beyond its name,
//! and `meaning` compares rules and commands by what they say and not by how they are spelled. What a program executes
//! of its own operands (`env`, `find -exec`) is no knowledge of this table.

pub(crate) mod reading;
mod table;
mod ways;

use crate::inner::Inner;
use crate::options::{End, Grammar, Long};
use crate::request::last_component;
use crate::word::Word;
use reading::{Extent, Read, Value, Words, read};
use table::PROGRAMS;
pub(crate) use ways::{global_option, is_sub_command, ways};

/// A program and all that is known of its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// What it is called.
    pub(crate) names: &'static str,
    /// Its options; for a program of sub-commands, those that are not of one sub-command.
    pub(crate) grammar: Grammar,
    /// Where those may stand.
    pub(crate) globals: Globals,
    /// How its words differ from what most programs do.
    pub(crate) style: Style,
    /// Its sub-commands, as far as something is known of their options.
    pub(crate) subs: &'static [Sub],
    /// What its options do beyond its name.
    effects: &'static [Effect],
    /// Which operand does something beyond its name, counted from one, and what.
    operand: Option<(usize, Does)>,
    /// Commands that do something beyond the name.
    surprising: &'static [&'static str],
    /// Commands that do not.
    plain: &'static [&'static str],
}

/// Where the options of a program of sub-commands may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Globals {
    /// The program has no sub-commands.
    None,
    /// Before the sub-command only.
    Before,
    /// Anywhere.
    Anywhere,
}

/// How a program's words differ from what most programs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Not at all.
    Usual,
    /// The first word is a cluster of options even without a dash: `tar xf`.
    Bundled,
    /// `name=value` is an option: `dd of=x`.
    Keyed,
    /// A first word that begins with `+` chooses a version of the program: `cargo +nightly`.
    Plus,
    /// Words that begin with `+` are commands of the program's own: `less +!sh`. Those that can leave it are the option
    /// `+!`.
    Started,
    /// What is behind `-c` and `-m` with their value is the program's own: `python3 -m x -c`.
    Module,
}

/// A sub-command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sub {
    /// What it is called.
    pub(crate) names: &'static str,
    /// Its options.
    pub(crate) grammar: Grammar,
    /// What an operand that begins with a sign says: the sign and the option, as in `git push origin +main`.
    pub(crate) signs: &'static [(char, &'static str)],
    effects: &'static [Effect],
}

/// What some options do: their known names, a blank between two.
type Effect = (Does, &'static str);

/// What an option does beyond the name of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Executes a program.
    Executes,
    /// Loads code or settings that can execute any program.
    Loads,
    /// Writes a file.
    Writes,
    /// Removes files.
    Deletes,
    /// Sends data away.
    Sends,
    /// Changes the system.
    Changes,
    /// Works in another place, whose own settings can execute programs.
    Elsewhere,
}

impl Does {
    fn says(self, word: &str) -> String {
        let what = match self {
            Self::Executes => "executes a program",
            Self::Loads => "brings in settings or code that can execute programs",
            Self::Writes => "writes a file",
            Self::Deletes => "removes files",
            Self::Sends => "sends data",
            Self::Changes => "changes the system",
            Self::Elsewhere => "works in another place, whose own settings can execute programs",
        };
        format!("`{word}` {what}")
    }

    fn inner(self, what: String, option: usize, value: usize) -> Inner {
        match self {
            // Which program it is, its value says; a rule that ends at the option has not seen it.
            Self::Executes | Self::Loads => Inner::Executes { what, word: value },
            _ => Inner::Touches { what, word: option },
        }
    }
}

const fn grammar(options: &'static str, end: End, long: Long) -> Grammar {
    Grammar { options, end, long }
}

impl Program {
    const fn new(names: &'static str, options: &'static str) -> Self {
        Self {
            names,
            grammar: grammar(options, End::Nowhere, Long::TwoDashes),
            globals: Globals::None,
            style: Style::Usual,
            subs: &[],
            effects: &[],
            operand: None,
            surprising: &[],
            plain: &[],
        }
    }

    const fn one_dash(mut self) -> Self {
        self.grammar.long = Long::OneDash;
        self
    }

    /// Options end at the first operand.
    const fn strict(mut self) -> Self {
        self.grammar.end = End::Operand;
        self
    }

    const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    const fn subs(mut self, globals: Globals, subs: &'static [Sub]) -> Self {
        self.globals = globals;
        self.subs = subs;
        self
    }

    const fn does(mut self, effects: &'static [Effect]) -> Self {
        self.effects = effects;
        self
    }

    const fn operand(mut self, number: usize, does: Does) -> Self {
        self.operand = Some((number, does));
        self
    }

    const fn surprising(mut self, examples: &'static [&'static str]) -> Self {
        self.surprising = examples;
        self
    }

    const fn plain(mut self, examples: &'static [&'static str]) -> Self {
        self.plain = examples;
        self
    }

    /// The sub-command of this name, if it has one.
    pub(crate) fn sub(&self, name: &str) -> Option<&'static Sub> {
        self.subs.iter().find(|sub| sub.names.split(' ').any(|known| known == name))
    }
}

impl Sub {
    const fn signs(mut self, signs: &'static [(char, &'static str)]) -> Self {
        self.signs = signs;
        self
    }

    const fn new(names: &'static str, options: &'static str) -> Self {
        Self { names, grammar: grammar(options, End::Nowhere, Long::TwoDashes), signs: &[], effects: &[] }
    }

    const fn one_dash(mut self) -> Self {
        self.grammar.long = Long::OneDash;
        self
    }

    const fn strict(mut self) -> Self {
        self.grammar.end = End::Operand;
        self
    }

    const fn does(mut self, effects: &'static [Effect]) -> Self {
        self.effects = effects;
        self
    }
}

const SLOTS: usize = 1_024;

/// Where the rows are: row number plus one by the hash of each name, zero where free.
static PLACES: [u8; SLOTS] = places();

const fn hash(name: &[u8]) -> usize {
    let mut mixed = 0x811c_9dc5_u32;
    let mut rest = name;
    while let [byte, behind @ ..] = rest {
        mixed = (mixed ^ *byte as u32).wrapping_mul(0x0100_0193);
        rest = behind;
    }
    (mixed ^ mixed >> 15) as usize % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "done while compiling: what is out of bounds does not build")]
const fn places() -> [u8; SLOTS] {
    let mut places = [0; SLOTS];
    let mut row = 0;
    while row < PROGRAMS.len() {
        let mut rest = PROGRAMS[row].names.as_bytes();
        while !rest.is_empty() {
            let mut length = 0;
            while length < rest.len() && rest[length] != b' ' {
                length += 1;
            }
            let (name, behind) = rest.split_at(length);
            rest = if let [_, behind @ ..] = behind { behind } else { behind };
            let mut at = hash(name);
            while places[at] != 0 {
                at = (at + 1) % SLOTS;
            }
            assert!(row < 255, "a row number is a byte");
            places[at] = row as u8 + 1;
        }
        row += 1;
    }
    places
}

fn of(name: &str) -> Option<&'static Program> {
    let mut at = hash(name.as_bytes());
    loop {
        let row = PLACES.get(at)?.checked_sub(1)?;
        let program = PROGRAMS.get(usize::from(row))?;
        if program.names.split(' ').any(|known| known == name) {
            return Some(program);
        }
        at = (at + 1) % SLOTS;
    }
}

/// What is known of a program; `name` may be a path or carry a version, as in `/usr/bin/python3.12`.
pub(crate) fn find(name: &str) -> Option<&'static Program> {
    let name = last_component(name)?;
    of(name).or_else(|| {
        let bare = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'));
        if bare.len() == name.len() { None } else { of(bare) }
    })
}

/// Whether options or operands of the program are known that do more than its name says.
pub(crate) fn has_effects(name: &str) -> bool {
    find(name).is_some_and(|program| {
        program.operand.is_some()
            || !program.effects.is_empty()
            || program.subs.iter().any(|sub| !sub.effects.is_empty() || !sub.signs.is_empty())
    })
}

/// Whether the program has options that begin with no dash.
pub(crate) fn has_bare_options(name: &str) -> bool {
    name.ends_with("dd") || name.ends_with("tar")
}

/// What the options of a command do beyond what the program's name says. `words[0]` is the program and is passed over:
/// `name` is what it is known as. Nothing is said of a program that is in no table.
#[must_use]
pub fn touches(name: &str, words: &[Word]) -> Vec<Inner> {
    let Some(program) = find(name) else { return Vec::new() };
    let reading = read(Some(program), words);
    let effects = || reading.sub.map_or(&[][..], |sub| sub.effects).iter().map(|effect| (true, effect));
    let all = || program.effects.iter().map(|effect| (false, effect)).chain(effects());
    let mut found = Vec::new();
    for given in &reading.givens {
        for (of_sub, (does, options)) in all() {
            let here = match program.globals {
                Globals::Before => given.sub == of_sub,
                Globals::None | Globals::Anywhere => true,
            };
            // An abbreviation that the table cannot tell from another may still be this one to the program.
            let fits = |option: &str| match given.known {
                true => option == given.name,
                false => given.long && given.name.len() > 1 && option.starts_with(given.name),
            };
            if here && options.split(' ').any(fits) {
                let value = match given.value {
                    Value::Text { word, .. } | Value::Unknown { word, .. } => word,
                    Value::None | Value::Maybe { .. } => given.word,
                };
                let written = words.get(given.word).map_or("", Word::written);
                let inner = does.inner(does.says(written), given.word, value);
                if !found.contains(&inner) {
                    found.push(inner);
                }
                break;
            }
        }
    }
    if let Some((number, does)) = program.operand
        && let Some(word) = second(&reading, words, number)
    {
        found.push(does.inner(does.says(words.get(word).map_or("", Word::written)), word, word));
    }
    let one_dash = program.grammar.long == Long::OneDash;
    unknown(&reading, words, one_dash, &mut found, all().map(|(_, effect)| effect));
    found
}

/// The word that is the operand of this number, or that may become it.
fn second(reading: &Read<'_>, words: &[Word], number: usize) -> Option<usize> {
    let mut seen = 0;
    for operand in &reading.operands {
        seen += 1;
        let one = words.get(operand.word).is_some_and(Word::is_one);
        if seen >= number || (!one && words.get(operand.word).is_some_and(|word| !word.prefix().starts_with('-'))) {
            return Some(operand.word);
        }
    }
    None
}

/// Words whose value is not known and may be one of the options that do something.
fn unknown<'a>(
    reading: &Read<'_>,
    words: &[Word],
    one_dash: bool,
    found: &mut Vec<Inner>,
    effects: impl Iterator<Item = &'a Effect> + Clone,
) {
    for at in &reading.open {
        let Some(word) = words.get(*at) else { continue };
        let cut = words.at(*at).is_some_and(|seen| seen.extent == Extent::Many);
        let possible = |spelled: &str| cut || spelled.starts_with(word.prefix()) || word.prefix().len() <= 1;
        let could = |does: Does, option: &'a str| {
            let one = option.len() == 1 || one_dash;
            let spelled = if one { format!("-{option}") } else { format!("--{option}") };
            let cluster = word.prefix().starts_with('-') && !word.prefix().starts_with("--") && option.len() == 1;
            (possible(&spelled) || cluster).then_some((does, spelled))
        };
        let first = effects
            .clone()
            .flat_map(|(does, options)| options.split(' ').map(move |option| (*does, option)))
            .filter_map(|(does, option)| could(does, option))
            .min_by_key(|(does, _)| u8::from(!matches!(does, Does::Executes | Does::Loads)));
        if let Some((does, spelled)) = first {
            let what = format!("`{}` may be `{spelled}`", word.written());
            found.push(does.inner(what, *at, *at));
        }
    }
}

#[cfg(test)]
mod tests;
